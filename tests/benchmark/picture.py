# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws the results as a bar chart (SVG)."""

from __future__ import annotations

import statistics

from .comparing import CASES, Results
from .jobs import DEBUG, JOBS, TEMPLATED, URI

_WIDTH, _LEFT, _LONGEST = 880, 320, 370
_KINDS = {DEBUG: "floor", TEMPLATED: "floor", URI: "other"}

# It is seen as an image of its own, on pages of either colour. The licence's line is in two parts, because the license check would
# treat it as this file's own.
_PICTURE = (
    """\
<!--
Copyright (c) 2026, zonefleet.cloudflare contributors
GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-"""
    """Identifier: GPL-3.0-or-later
-->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d">
  <title id="t">{title}</title>
  <desc id="d">{told}</desc>
  <style>
    .page {{ fill: #ffffff; }}
    text {{ fill: #1f2328; font: 14px system-ui, sans-serif; }}
    .title {{ font-size: 17px; font-weight: 600; }}
    .case {{ font-weight: 600; }}
    .floor {{ fill: #9aa4af; }}
    .own {{ fill: #1a7f5a; }}
    .other {{ fill: #c4682b; }}
    @media (prefers-color-scheme: dark) {{
      .page {{ fill: #0d1117; }}
      text {{ fill: #e6edf3; }}
      .floor {{ fill: #6e7681; }}
      .own {{ fill: #3fb883; }}
      .other {{ fill: #e08a4f; }}
    }}
  </style>
  <rect class="page" width="{width}" height="{height}" rx="6"/>
  <text class="title" x="16" y="30">{title}</text>
{bars}
</svg>
"""
)


def draw(results: Results) -> str:
    """Return an SVG: for each case a bar for each way, with its seconds and how many times those of C(debug) they are."""
    seconds = {
        case: {job: statistics.median(run.wall for run in results.of(job, case)) for job in JOBS} for case in CASES
    }
    scale = _LONGEST / max(max(found.values()) for found in seconds.values())
    bars: list[str] = []
    told: list[str] = []
    top = 62
    for case, found in seconds.items():
        bars.append(f'  <text class="case" x="16" y="{top}">{results.zones} zones {case}</text>')
        notes = []
        for job, taken in found.items():
            times = f" ({taken / found[DEBUG]:.1f} times debug)" if job != DEBUG else ""
            notes.append(f"{job.title} {taken:.1f} s{times}")
            width = max(taken * scale, 1)
            bars += [
                f'  <text x="{_LEFT - 10}" y="{top + 26}" text-anchor="end">{job.title}</text>',
                f'  <rect class="{_KINDS.get(job, "own")}" x="{_LEFT}" y="{top + 12}" width="{width:.1f}" height="18" rx="2"/>',
                f'  <text x="{_LEFT + width + 8:.1f}" y="{top + 26}">{taken:.1f} s{times}</text>',
            ]
            top += 28
        told.append(f"{case}: {', '.join(notes)}")
        top += 38
    title = f"Seconds to keep the certificates of {results.zones} zones in order"
    return _PICTURE.format(width=_WIDTH, height=top - 12, title=title, told="; ".join(told), bars="\n".join(bars))
