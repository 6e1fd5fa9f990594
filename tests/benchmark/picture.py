# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws the results as a bar chart (SVG)."""

from __future__ import annotations

from html import escape

from .comparing import CASES, Results, median
from .jobs import COMPARED, DEBUG, IN_PROCESS, JOBS, MANY

_WIDTH, _LEFT, _RIGHT = 880, 320, 190
_BAR, _STEP, _HEAD = 18, 28, 62

# It is seen as an image of its own, on pages of either colour.
_STYLE = """\
    .page { fill: #ffffff; }
    text { fill: #1f2328; font: 14px system-ui, sans-serif; }
    .title { font-size: 17px; font-weight: 600; }
    .case { font-weight: 600; }
    .floor { fill: #9aa4af; }
    .own { fill: #1a7f5a; }
    .other { fill: #c4682b; }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; }
      text { fill: #e6edf3; }
      .floor { fill: #6e7681; }
      .own { fill: #3fb883; }
      .other { fill: #e08a4f; }
    }"""

# Apart from its value: the licence check would take the line for this file's own.
_SPDX = "SPDX-License-Identifier"


def draw(results: Results) -> str:
    """Return an SVG: for each case a bar for each way, with its seconds and how many times those of C(debug) they are."""
    longest = max(run.cost.wall for case in CASES for job in JOBS.values() for run in results.of(job, case))
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    body: list[str] = []
    top = _HEAD
    for case in CASES:
        body.append(f'  <text class="case" x="16" y="{top}">{results.zones} zones {case}</text>')
        top += 12
        for key, seconds, note in _bars(results, case):
            width = max(seconds * scale, 1)
            body += [
                f'  <text x="{_LEFT - 10}" y="{top + 14}" text-anchor="end">{escape(JOBS[key].title)}</text>',
                f'  <rect class="{_kind(key)}" x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR}" rx="2"/>',
                f'  <text x="{_LEFT + width + 8:.1f}" y="{top + 14}">{note}</text>',
            ]
            top += _STEP
        top += 26
    title = f"Seconds to keep the certificates of {results.zones} zones in order"
    told = "; ".join(
        f"{case}: " + ", ".join(f"{JOBS[key].title} {note}" for key, _seconds, note in _bars(results, case))
        for case in CASES
    )
    return "\n".join(
        [
            "<!--",
            "Copyright (c) 2026, zonefleet.cloudflare contributors",
            "GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)",
            f"{_SPDX}: GPL-3.0-or-later",
            "-->",
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top - 12}" role="img" aria-labelledby="t d">',
            f'  <title id="t">{title}</title>',
            f'  <desc id="d">{escape(told)}</desc>',
            f"  <style>\n{_STYLE}\n  </style>",
            f'  <rect class="page" width="{_WIDTH}" height="{top - 12}" rx="6"/>',
            f'  <text class="title" x="16" y="30">{title}</text>',
            *body,
            "</svg>",
            "",
        ]
    )


def _bars(results: Results, case: str) -> list[tuple[str, float, str]]:
    """Return for each way its key, its seconds, and what to write beside its bar."""
    floor = results.of(DEBUG, case)
    bars = []
    for key, job in JOBS.items():
        runs = results.of(job, case)
        if runs:
            seconds = median(runs, lambda run: run.cost.wall)
            times = f" ({seconds / median(floor, lambda run: run.cost.wall):.1f} times debug)" if floor else ""
            bars.append((key, seconds, f"{seconds:.1f} s{times if job is not DEBUG else ''}"))
    return bars


def _kind(key: str) -> str:
    if key in (IN_PROCESS.key, MANY.key):
        return "own"
    return "other" if JOBS[key] in COMPARED else "floor"
