# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ratios, and whether each is as good as it should be."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from .comparing import CASES, FAR, FAR_GROWTH, GROWTH, PLAIN, Results, Run, median
from .jobs import DEBUG, IN_PROCESS, MANY, MODULE, SDK, URI, Job
from .selecting import JUDGED

# The targets hold for so many zones; with fewer, the start of ansible-playbook is most of all times.
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
        """Whether it is as good as it should be."""
        return self.value >= self.target if self.at_least else self.value <= self.target


def judge(results: Results) -> list[Verdict]:
    """Hold what was measured against the targets; what was not measured is left out."""
    verdicts: list[Verdict | None] = []
    for case in CASES:
        verdicts += [
            _ratio(results, case, IN_PROCESS, DEBUG, 2.1, processor=True),
            _ratio(results, case, URI, IN_PROCESS, 8, at_least=True),
            _ratio(results, case, SDK, IN_PROCESS, 12, at_least=True),
            _ratio(results, case, MODULE, IN_PROCESS, 8, at_least=True),
            _growth(results, case),
            _requests(results, case),
        ]
    verdicts += [_tls_cost(results), *_far_away(results)]
    verdicts += [
        Verdict(f"selectors: {JUDGED} certificates read, resolved and planned", found.total, 0.5, unit=" s")
        for found in results.selected
        if found.certificates == JUDGED
    ]
    return [verdict for verdict in verdicts if verdict is not None]


def ratio(results: Results, case: str, job: Job, other: Job) -> tuple[float, float] | None:
    """Return how many times as long one job takes as another, and the same of processor time; medians of the rounds'."""
    return _median_ratio(results.of(job, case), results.of(other, case))


def _median_ratio(runs: list[Run], others: list[Run]) -> tuple[float, float] | None:
    if not runs or not others:
        return None
    # Of one round each: a machine that gets slower meanwhile does so for both.
    pairs = list(zip(runs, others))  # noqa: B905  # a slow job is measured once
    return (
        statistics.median(one.cost.wall / other.cost.wall for one, other in pairs),
        statistics.median(one.cost.processor / other.cost.processor for one, other in pairs),
    )


def _ratio(
    results: Results, case: str, job: Job, other: Job, target: float, *, at_least: bool = False, processor: bool = False
) -> Verdict | None:
    return _judged(
        f"{case}: {job.title} / {other.title}", ratio(results, case, job, other), target, at_least, processor
    )


def _tls_cost(results: Results) -> Verdict | None:
    """Say how many milliseconds of processor time TLS takes for a zone."""
    encrypted, plain = results.of(IN_PROCESS, CASES[0]), results.of(IN_PROCESS, PLAIN)
    if not encrypted or not plain:
        return None
    each = [
        (one.cost.processor - other.cost.processor) / one.zones for one, other in zip(encrypted, plain, strict=True)
    ]
    return Verdict("in order: CPU time that TLS takes for a zone", statistics.median(each) * 1000, 4, unit=" ms")


def _far_away(results: Results) -> list[Verdict | None]:
    """Judge many zones in one task where the API is far away."""
    some, most = (results.zones * growth for growth in FAR_GROWTH)
    beside = _median_ratio(results.of(MANY, FAR, some), results.of(DEBUG, FAR, some))
    what = f"{FAR}: {MANY.title} / {DEBUG.title}, {some} zones"
    growth = _median_ratio(results.of(MANY, FAR, most), results.of(MANY, FAR, some))
    return [
        _judged(what, beside, 0.6),
        _judged(f"{what}, in CPU time", beside, 0.4, processor=True),
        _judged(f"{FAR}: {most} zones / {some} zones, {MANY.title}", growth, 3.2),
    ]


def _growth(results: Results, case: str) -> Verdict | None:
    many = results.zones * GROWTH
    what = f"{case}: {many} zones / {results.zones} zones, in process"
    return _judged(what, _median_ratio(results.of(IN_PROCESS, case, many), results.of(IN_PROCESS, case)), 6)


def _judged(
    what: str, found: tuple[float, float] | None, target: float, at_least: bool = False, processor: bool = False
) -> Verdict | None:
    """Hold wall time against a target, or processor time."""
    return Verdict(what, found[processor], target, at_least, processor=found[1]) if found else None


def _requests(results: Results, case: str) -> Verdict | None:
    runs = results.of(IN_PROCESS, case)
    target = (1, 2)[CASES.index(case)]
    return Verdict(f"{case}: requests per zone", median(runs, lambda run: run.requests), target) if runs else None
