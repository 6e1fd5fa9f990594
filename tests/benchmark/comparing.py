# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the jobs in turn, in several rounds, and checks the result of every run."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import typing as t
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_runs import ROOT

from emulator import Throttle

from .imports import Times, profile
from .jobs import CERTIFICATES, DEBUG, IN_PROCESS, INVENTORY, KEEP, LOOK, MANY, PACED, SLOW, Job
from .measuring import BenchmarkFailed, Cost, Stage
from .selecting import Selected, select
from .serving import AUTHORITIES, Fleet, Orders, Tally, served

IN_ORDER, TO_CHANGE = CASES = ("in order", "to change")
FAR = "in order, 150 ms away"
PLAIN = "in order, without TLS"
KEPT = "in order, with one more certificate"
LIMITED = "to change, with the real rate limit"
GROWTH = 5  # factor for the run with more zones, which shows how the time grows
FAR_GROWTH = (5, 15)  # the same for many zones in one task, 150 ms away
# So many zones to change fit into the window of the default rate limit.
_LIMITED_ZONES = 400
_LOOKED_AT_ZONES = 50
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
    """One play that was run."""

    step: Step
    cost: Cost
    tally: Tally

    @property
    def requests(self) -> float:
        """Requests per zone."""
        return self.tally.requests / self.step.zones


@dataclass
class Results:
    """All measurements.

    :param memory: MiB by job.
    """

    zones: int
    rounds: int
    runs: list[Run] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    profile: Mapping[str, Times] = field(default_factory=dict)
    selected: list[Selected] = field(default_factory=list)

    def of(self, job: Job, case: str, zones: int | None = None) -> list[Run]:
        """Return the runs of a job, one a round; of the slow ones, one."""
        step = Step(job, case, zones or self.zones)
        return [run for run in self.runs if run.step == step]


def median(runs: Iterable[Run], of: Callable[[Run], float]) -> float:
    """Return the median of something over some runs."""
    return statistics.median(map(of, runs))


@contextlib.contextmanager
def comparison(zones: int, jobs: Sequence[Job], say: Callable[[str], None]) -> Iterator[Comparison]:
    """Start the emulators, and create a directory in .cache. Both are removed at the end."""
    parent = ROOT / ".cache"
    parent.mkdir(exist_ok=True)
    cases: dict[str, dict[str, t.Any]] = {
        IN_ORDER: {"zones": zones * GROWTH, "in_order": True},
        TO_CHANGE: {"zones": zones * GROWTH, "in_order": False},
        FAR: {"zones": zones * max(FAR_GROWTH), "in_order": True, "latency": 150},
        PLAIN: {"zones": zones, "in_order": True, "tls": False},
        KEPT: {"zones": zones, "in_order": True, "keep": True},
        LIMITED: {"zones": min(zones, _LIMITED_ZONES), "in_order": False, "throttle": Throttle()},
    }
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as directory,
        served(Path(directory), cases) as fleets,
    ):
        yield Comparison(zones, jobs, say, fleets, Path(directory))


class Comparison:
    """Runs jobs in a directory, against an emulator for each case."""

    def __init__(
        self,
        zones: int,
        jobs: Sequence[Job],
        say: Callable[[str], None],
        fleets: Mapping[str, Fleet],
        directory: Path,
    ) -> None:
        self._zones = zones
        self._jobs = jobs
        self._say = say
        self._fleets = fleets
        self._directory = directory
        self._stage = Stage(directory / "plays")
        self._orders: dict[str, Orders] = {}

    def compare(self, rounds: int) -> Results:
        """Run everything.

        :raises BenchmarkFailed: a job failed, or did something else than it should.
        """
        results = Results(self._zones, rounds)
        self._say("warming up")
        for step in self._every_job(1):
            self._run(step)
        for number in range(rounds):
            results.runs += self.round(number)
        self._say("memory, imports, selectors")
        for step in self._every_job(min(self._zones, _LOOKED_AT_ZONES)):
            if step.case == TO_CHANGE:
                results.memory[step.job.key] = self._run(step, look=True).cost.memory
        results.profile = self.profile()
        results.selected = select()
        return results

    def round(self, number: int = 0) -> list[Run]:
        """Run every job in every case; the slow ones in the first round alone."""
        steps = [*self._every_job(self._zones), *self._further()]
        due = [step for step in steps if number == 0 or step.job not in SLOW]
        runs = []
        # In alternating order, so that no job always follows the same one.
        for step in reversed(due) if number % 2 else due:
            runs.append(self._run(step))
            cost = runs[-1].cost
            self._say(f"round {number + 1}: {step}: {cost.wall:.2f} s, {cost.processor:.2f} s of CPU")
        return runs

    def profile(self, zones: int = _PROFILED_ZONES) -> Mapping[str, Times]:
        """Return the times of the imports of a module process, as the median over some zones."""
        where = self._fleets[IN_ORDER].where()
        return profile(self._stage, self._directory / "imports", where, min(self._zones, zones))

    def _every_job(self, zones: int) -> list[Step]:
        steps = [Step(job, case, zones) for case in CASES for job in self._jobs]
        with_tls = Step(IN_PROCESS, IN_ORDER, zones)
        if with_tls in steps:
            # What TLS costs is less than how much the machine drifts within a round.
            steps.insert(steps.index(with_tls) + 1, Step(IN_PROCESS, PLAIN, zones))
        return steps

    def _further(self) -> Iterator[Step]:
        zones, jobs = self._zones, self._jobs
        for job in (IN_PROCESS, MANY):
            if job in jobs:
                yield from (Step(job, case, zones * GROWTH) for case in CASES)
        if MANY in jobs and DEBUG in jobs:
            yield Step(DEBUG, FAR, zones * FAR_GROWTH[0])
            yield from (Step(MANY, FAR, zones * growth) for growth in FAR_GROWTH)
        if IN_PROCESS in jobs:
            yield Step(LOOK, IN_ORDER, zones)
            yield from (Step(job, KEPT, zones) for job in (IN_PROCESS, KEEP))
            # All zones of a case: there is no list of some.
            yield from (Step(job, IN_ORDER, zones * GROWTH) for job in (INVENTORY, CERTIFICATES))
            yield Step(PACED, LIMITED, min(zones, _LIMITED_ZONES))

    def _run(self, step: Step, *, look: bool = False) -> Run:
        fleet = self._fleets[step.case]
        fleet.reset()
        cost = self._stage.play(step.job, fleet.where(), step.zones, look=look)
        run = Run(step, cost, fleet.tally())
        if step.job.requests is not None:
            self._check(run, step.job.requests[not step.case.startswith(IN_ORDER)], fleet.orders())
        return run

    def _check(self, run: Run, requests: int, orders: Orders) -> None:
        step, tally = run.step, run.tally
        writes = 0 if step.case.startswith(IN_ORDER) else step.zones
        right = (tally.least, tally.most, tally.writes, tally.refused) == (requests, requests, writes, 0)
        if not right or tally.requests != requests * step.zones:
            raise BenchmarkFailed(f"{step}: {requests} requests per zone due: {tally}")
        # All jobs of a case have the same zones and certificates, so the results must be equal.
        known = self._orders.setdefault(step.case, {})
        for zone, order in list(orders.items())[: step.zones]:
            in_order = [item.partition(" ")[0] for item in order[: len(AUTHORITIES)]] == list(AUTHORITIES)
            if not in_order or known.setdefault(zone, order) != order:
                raise BenchmarkFailed(f"{step}: {zone} ended as {order}, not {known.get(zone)}")
