# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the jobs in turn, in several rounds, and checks the result of every run."""

from __future__ import annotations

import functools
import itertools
import tempfile
import typing as t
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ansible_runs import ROOT

from emulator import Throttle

from .imports import Times, profile
from .jobs import AUTHORITIES, CERTIFICATES, DEBUG, IN_PROCESS, INVENTORY, JOBS, KEEP, LOOK, MANY, PACED, URI, Job
from .measuring import BenchmarkFailed, Stage
from .selecting import Selected, select
from .serving import Fleet, served

IN_ORDER, TO_CHANGE = CASES = ("in order", "to change")
FAR = "in order, 150 ms away"
PLAIN = "in order, without TLS"
KEPT = "in order, with one more certificate"
LIMITED = "to change, with the real rate limit"
GROWTH = 5  # factor for the run with more zones, which shows how the time grows
FAR_GROWTH = (5, 15)  # the same for many zones in one task, 150 ms away
# So many zones to change fit into the window of the default rate limit.
_LIMITED_ZONES = 400
_MEMORY_ZONES = 50
_PROFILED_ZONES = 5


@dataclass(frozen=True)
class Step:
    """One play to run."""

    job: Job
    case: str
    zones: int

    def __str__(self) -> str:
        return f"{self.job.title}, {self.zones} zones {self.case}"


@dataclass(frozen=True)
class Run:
    """One play that was run.

    :param processor: Its CPU time, without that which the emulator took for it.
    """

    step: Step
    wall: float
    processor: float
    requests: int
    emulator: float


@dataclass
class Results:
    """All measurements.

    :param memory: MiB by job.
    """

    zones: int
    rounds: int
    memory: Mapping[Job, float]
    profile: Mapping[str, Times]
    selected: list[Selected]
    runs: list[Run]

    def of(self, job: Job, case: str, zones: int | None = None) -> list[Run]:
        """Return the runs of a job, one a round; of the slow one, one."""
        step = Step(job, case, zones or self.zones)
        return [run for run in self.runs if run.step == step]


def compare(zones: int, rounds: int, say: Callable[[str], None]) -> Results:
    """Run everything, with files in a temporary directory in .cache.

    :raises BenchmarkFailed: a job failed, or did something else than it should.
    """
    parent = ROOT / ".cache"
    parent.mkdir(exist_ok=True)
    options: dict[str, dict[str, t.Any]] = {
        IN_ORDER: {"zones": zones * GROWTH},
        TO_CHANGE: {"zones": zones * GROWTH, "in_order": False},
        FAR: {"zones": zones * max(FAR_GROWTH), "latency": 150},
        PLAIN: {"zones": zones, "tls": False},
        KEPT: {"zones": zones, "keep": True},
        LIMITED: {"zones": min(zones, _LIMITED_ZONES), "in_order": False, "throttle": Throttle()},
    }
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as name,
        served(Path(name), options) as fleets,
    ):
        stage = Stage(Path(name) / "plays")
        cases = {case: _Case(fleet, stage) for case, fleet in fleets.items()}
        # First, because this warms up what the runs need.
        say("memory, imports, selectors")
        some = [Step(job, TO_CHANGE, min(zones, _MEMORY_ZONES)) for job in JOBS]
        memory = {step.job: stage.memory(functools.partial(cases[TO_CHANGE].run, step)) for step in some}
        imports = profile(stage, Path(name) / "imports", *cases[IN_ORDER].some(min(zones, _PROFILED_ZONES)))
        return Results(zones, rounds, memory, imports, select(), list(_runs(cases, zones, rounds, say)))


def _runs(cases: Mapping[str, _Case], zones: int, rounds: int, say: Callable[[str], None]) -> Iterator[Run]:
    for number in range(rounds):
        # The slow one starts processes for each zone and takes minutes, so it runs only once.
        due = [step for step in _steps(zones) if number == 0 or step.job != URI]
        # In alternating order, so that no job always follows the same one.
        for step in reversed(due) if number % 2 else due:
            run = cases[step.case].run(step)
            say(f"round {number + 1}: {step}: {run.wall:.2f} s, {run.processor:.2f} s of CPU")
            yield run


def _steps(zones: int) -> list[Step]:
    """Return what a round runs. Each floor is next to its job."""
    steps = [Step(job, case, zones) for case in CASES for job in JOBS]
    # What TLS costs is less than how much the machine drifts within a round.
    steps.insert(JOBS.index(IN_PROCESS) + 1, Step(IN_PROCESS, PLAIN, zones))
    return [
        *steps,
        *(Step(job, case, zones * GROWTH) for job in (IN_PROCESS, MANY) for case in CASES),
        Step(DEBUG, FAR, zones * FAR_GROWTH[0]),
        *(Step(MANY, FAR, zones * growth) for growth in FAR_GROWTH),
        Step(LOOK, IN_ORDER, zones),
        *(Step(job, KEPT, zones) for job in (IN_PROCESS, KEEP)),
        # All zones of a case: there is no list of some.
        *(Step(job, IN_ORDER, zones * GROWTH) for job in (INVENTORY, CERTIFICATES)),
        Step(PACED, LIMITED, min(zones, _LIMITED_ZONES)),
    ]


class _Case:
    """Runs jobs against one fleet."""

    def __init__(self, fleet: Fleet, stage: Stage) -> None:
        self._fleet = fleet
        self._stage = stage
        self._orders: dict[str, list[tuple[str, str]]] = {}

    def some(self, count: int) -> tuple[dict[str, str], dict[str, str]]:
        """Return the first zones, ids by name, and the environment in which they are found."""
        return dict(itertools.islice(self._fleet.ids().items(), count)), self._fleet.environment()

    def run(self, step: Step) -> Run:
        """Run a job, and check its requests and the orders that it leaves."""
        self._fleet.reset()
        zones, environment = self.some(step.zones)
        begun = self._fleet.processor()
        wall, processor = self._stage.play(step.job, zones, environment)
        emulator, counts = self._fleet.processor() - begun, self._fleet.counts()
        ids = list(zones.values())
        due = step.job.due(ids, change=step.case.startswith(TO_CHANGE))
        if counts != due:
            wrong = list(counts.items() ^ due.items())[:4]
            raise BenchmarkFailed(f"{step}: either not made or not due, by method and zone, with their number: {wrong}")
        if step.job.asks:
            self._check(step, self._fleet.orders(), ids)
        return Run(step, wall, processor, sum(counts.values()), emulator)

    def _check(self, step: Step, orders: Mapping[str, list[tuple[str, str]]], zones: Iterable[str]) -> None:
        for zone in zones:
            first, second, *_others = (issuer for issuer, _id in orders[zone])
            # All jobs of a case have the same zones and certificates, so the results must be equal.
            if (first, second) != AUTHORITIES or self._orders.setdefault(zone, orders[zone]) != orders[zone]:
                raise BenchmarkFailed(f"{step}: {zone} ended as {orders[zone]}, not {self._orders.get(zone)}")
