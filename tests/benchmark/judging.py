# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Computes the ratios, and compares them with their targets."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .comparing import CASES, FAR, FAR_GROWTH, GROWTH, IN_ORDER, PLAIN, Results, Run
from .jobs import DEBUG, IN_PROCESS, MANY, MODULE, SDK, URI
from .selecting import JUDGED

# The targets are for this number of zones. With fewer, most of the time is the start of ansible-playbook.
JUDGED_ZONES = 200


@dataclass(frozen=True)
class Verdict:
    """A figure and its target.

    :param processor: The same figure in processor time, where there is one.
    """

    what: str
    value: float
    target: float
    at_least: bool = False
    unit: str = ""
    processor: float | None = None

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return self.value >= self.target if self.at_least else self.value <= self.target


def judge(results: Results) -> list[Verdict]:
    """Compare the measurements with the targets. Targets without a measurement are omitted."""
    verdicts = []
    for case in CASES:
        own, floor = results.of(IN_PROCESS, case), results.of(DEBUG, case)
        verdicts += _ratio(f"{case}: {IN_PROCESS.title} / {DEBUG.title}, in CPU time", own, floor, 2.1, in_cpu=True)
        for job, target in ((URI, 8), (SDK, 12), (MODULE, 8)):
            others = results.of(job, case)
            verdicts += _ratio(f"{case}: {job.title} / {IN_PROCESS.title}", others, own, target, at_least=True)
        more = results.zones * GROWTH
        what = f"{case}: {more} zones / {results.zones} zones, {IN_PROCESS.title}"
        verdicts += _ratio(what, results.of(IN_PROCESS, case, more), own, 6)
    return [*verdicts, *_tls_cost(results), *_far_away(results), *_selectors(results)]


def _ratio(
    what: str,
    runs: Sequence[Run],
    others: Sequence[Run],
    target: float,
    *,
    at_least: bool = False,
    in_cpu: bool = False,
) -> list[Verdict]:
    """Compare the ratio of two groups of runs with a target, in wall time or CPU time."""
    # Pairs of the same round, so that a slower machine affects both.
    pairs = list(zip(runs, others))  # noqa: B905  # a slow job is measured once
    if not pairs:
        return []
    wall = statistics.median(one.cost.wall / other.cost.wall for one, other in pairs)
    processor = statistics.median(one.cost.processor / other.cost.processor for one, other in pairs)
    return [Verdict(what, processor if in_cpu else wall, target, at_least, processor=processor)]


def _tls_cost(results: Results) -> list[Verdict]:
    """Compare the CPU time of TLS for a zone, in milliseconds, with its target."""
    pairs = list(zip(results.of(IN_PROCESS, IN_ORDER), results.of(IN_PROCESS, PLAIN), strict=True))
    if not pairs:
        return []
    cost = statistics.median(one.cost.processor - other.cost.processor for one, other in pairs) / results.zones
    return [Verdict("in order: CPU time that TLS takes for a zone", cost * 1000, 4, unit=" ms")]


def _far_away(results: Results) -> list[Verdict]:
    """Compare many zones in one task with their targets, with a slow network."""
    some, most = (results.zones * growth for growth in FAR_GROWTH)
    many, floor = results.of(MANY, FAR, some), results.of(DEBUG, FAR, some)
    what = f"{FAR}: {MANY.title} / {DEBUG.title}, {some} zones"
    return [
        *_ratio(what, many, floor, 0.6),
        *_ratio(f"{what}, in CPU time", many, floor, 0.4, in_cpu=True),
        *_ratio(f"{FAR}: {most} zones / {some} zones, {MANY.title}", results.of(MANY, FAR, most), many, 3.2),
    ]


def _selectors(results: Results) -> list[Verdict]:
    what = f"selectors: {JUDGED} certificates read, resolved and planned"
    return [Verdict(what, item.seconds, 0.5, unit=" s") for item in results.selected if item.certificates == JUDGED]
