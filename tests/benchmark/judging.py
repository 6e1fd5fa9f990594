# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Computes the ratios, and compares them with their targets."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from .comparing import CASES, FAR, FAR_GROWTH, GROWTH, IN_ORDER, PLAIN, Results, Run
from .jobs import DEBUG, IN_PROCESS, MANY, URI

# The targets are for this number of zones. With fewer, most of the time is the start of ansible-playbook.
JUDGED_ZONES = 200
HEADS = ("", "measured", "in CPU time", "target", "reached")

Row = list[str]


def judge(results: Results) -> list[Row]:
    """Compare the measurements with the targets."""
    zones, rows = results.zones, []
    for case in CASES:
        own, floor = results.of(IN_PROCESS, case), results.of(DEBUG, case)
        more = f"{case}: {zones * GROWTH} zones / {zones} zones, {IN_PROCESS.title}"
        rows += [
            _ratio(f"{case}: {IN_PROCESS.title} / {DEBUG.title}, in CPU time", own, floor, 2.1, in_cpu=True),
            _ratio(f"{case}: {URI.title} / {IN_PROCESS.title}", results.of(URI, case), own, 8, at_least=True),
            _ratio(more, results.of(IN_PROCESS, case, zones * GROWTH), own, 6),
        ]
    pairs = zip(results.of(IN_PROCESS, IN_ORDER), results.of(IN_PROCESS, PLAIN), strict=True)
    tls = statistics.median(one.processor - other.processor for one, other in pairs) / zones * 1000
    some, most = (zones * growth for growth in FAR_GROWTH)
    what = f"{FAR}: {MANY.title} / {DEBUG.title}, {some} zones"
    many, floor = results.of(MANY, FAR, some), results.of(DEBUG, FAR, some)
    largest = results.selected[-1]
    return [
        *rows,
        _row("in order: CPU time that TLS takes for a zone", tls, 4, unit=" ms"),
        _ratio(what, many, floor, 0.6),
        _ratio(f"{what}, in CPU time", many, floor, 0.4, in_cpu=True),
        _ratio(f"{FAR}: {most} zones / {some} zones, {MANY.title}", results.of(MANY, FAR, most), many, 3.2),
        _row(
            f"selectors: {largest.certificates} certificates read, resolved and planned",
            largest.seconds,
            0.5,
            unit=" s",
        ),
    ]


def _ratio(
    what: str,
    runs: Sequence[Run],
    others: Sequence[Run],
    target: float,
    *,
    at_least: bool = False,
    in_cpu: bool = False,
) -> Row:
    """Compare the ratio of two groups of runs with a target, in wall time or CPU time."""
    # Pairs of the same round, so that a slower machine affects both.
    pairs = list(zip(runs, others))  # noqa: B905  # a slow job is measured once
    wall = statistics.median(one.wall / other.wall for one, other in pairs)
    processor = statistics.median(one.processor / other.processor for one, other in pairs)
    return _row(what, processor if in_cpu else wall, target, at_least=at_least, processor=f"{processor:.3g}")


def _row(
    what: str, value: float, target: float, *, at_least: bool = False, unit: str = "", processor: str = "-"
) -> Row:
    reached = value >= target if at_least else value <= target
    limit = f"{'at least' if at_least else 'at most'} {target:g}{unit}"
    return [what, f"{value:.3g}{unit}", processor, limit, "yes" if reached else "**no**"]
