# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the jobs in turns, round after round, and holds every run against what it has to do."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_runs import ROOT

from .imports import Profile, profile
from .jobs import DEBUG, IN_PROCESS, JOBS, LOOK, MANY, PACED, SLOW, Job
from .measuring import BenchmarkFailed, Cost, Stage
from .selecting import Selected, select
from .serving import AUTHORITIES, REAL, Orders, Served, Tally

CASES = ("in order", "to change")
FAR = "in order, 150 ms away"
PLAIN = "in order, without TLS"
_LATENCY = 150  # milliseconds
FAR_GROWTH = (5, 15)  # the same for many zones in one task, 150 ms away
GROWTH = 5  # how many times as many zones the run has that shows how it grows
# So many zones to change fit into the window of the default rate limit.
_PACED_ZONES = 400
_LOOKED_AT_ZONES = 50
_PROFILED_ZONES = 5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """One play.

    :param emulator: Seconds of processor time of the emulator meanwhile.
    """

    turn: int
    job: str
    case: str
    zones: int
    cost: Cost
    tally: Tally
    emulator: float

    @property
    def requests(self) -> float:
        """Requests per zone."""
        return (self.tally.reads + self.tally.writes) / self.zones


@dataclass
class Results:
    """All that was measured."""

    zones: int
    rounds: int
    runs: list[Run] = field(default_factory=list)
    memory: dict[str, float] = field(default_factory=dict)
    profile: Profile | None = None
    selected: list[Selected] = field(default_factory=list)

    def of(self, job: Job, case: str, zones: int | None = None) -> list[Run]:
        """Return the runs of a job, one a round; of the slow ones, one."""
        zones = zones or self.zones
        return [run for run in self.runs if run.job == job.key and run.zones == zones and run.case == case]

    @property
    def paced(self) -> list[Run]:
        """Return the runs with the default rate limit."""
        return [run for run in self.runs if run.job == PACED.key]


def median(runs: Iterable[Run], of: Callable[[Run], float]) -> float:
    """Return the median of something over some runs."""
    return statistics.median(map(of, runs))


@dataclass(frozen=True)
class _Step:
    """One play of a round."""

    job: Job
    case: str
    zones: int
    served: Served


@contextlib.contextmanager
def comparison(zones: int, jobs: Sequence[Job], say: Say) -> Iterator[Comparison]:
    """Start the emulators, and make a directory below .cache; both are gone at the end."""
    parent = ROOT / ".cache"
    parent.mkdir(exist_ok=True)
    most = zones * GROWTH
    far = zones * FAR_GROWTH[-1]
    with (
        tempfile.TemporaryDirectory(prefix="benchmark-", dir=parent) as directory,
        Served(most, in_order=True, edge=True) as in_order,
        Served(most, in_order=False) as to_change,
        Served(min(zones, _PACED_ZONES), in_order=False, throttle=REAL) as throttled,
        Served(far, in_order=True, latency=_LATENCY) as far_away,
        Served(zones, in_order=True, tls=False) as plain,
    ):
        served = {
            CASES[0]: in_order,
            CASES[1]: to_change,
            PACED.key: throttled,
            FAR: far_away,
            PLAIN: plain,
        }
        yield Comparison(zones, jobs, say, served, Path(directory))


class Comparison:
    """Runs jobs in a directory, against an emulator for each case and one that enforces the real limit."""

    def __init__(
        self,
        zones: int,
        jobs: Sequence[Job],
        say: Say,
        served: Mapping[str, Served],
        directory: Path,
    ) -> None:
        self._zones = zones
        self._jobs = jobs
        self._say = say
        self._served = served
        self._directory = directory
        self._stage = Stage(directory / "plays")
        self._orders: dict[str, Orders] = {}

    def compare(self, rounds: int) -> Results:
        """Run everything.

        :raises BenchmarkFailed: a job failed, or did something else than it should.
        """
        results = Results(self._zones, rounds)
        self._say("warming up")
        for step in self._round(1):
            self._run(step, 0)
        for turn in range(1, rounds + 1):
            steps = [step for step in self._round(self._zones) if turn == 1 or step.job not in SLOW]
            # To and fro, so that nobody always comes after the same one.
            for step in steps if turn % 2 else reversed(steps):
                run = self._run(step, turn)
                results.runs.append(run)
                self._say(
                    f"round {turn}: {step.job.title}, {step.zones} zones {step.case}: "
                    f"{run.cost.wall:.2f} s, {run.cost.processor:.2f} s of CPU"
                )
        self._say("memory, imports, selectors")
        for step in self._round(min(self._zones, _LOOKED_AT_ZONES)):
            if step.case == "to change" and step.job is not PACED:
                results.memory[step.job.key] = self._run(step, 0, look=True).cost.memory or 0.0
        results.profile = self.profile()
        results.selected = select()
        return results

    def one_round(self) -> list[Run]:
        """Run every job once in every case, for those who want to know what it does, not how long it takes.

        :raises BenchmarkFailed: a job failed, or did something else than it should.
        """
        return [
            self._run(step, 1) for step in self._round(self._zones) if step.zones == self._zones or step.case == FAR
        ]

    def profile(self, zones: int = _PROFILED_ZONES) -> Profile:
        """Tell what the module's process imports, as the median over some zones."""
        served = self._served["in order"]
        return profile(self._stage, self._directory / "imports", served.where(), min(self._zones, zones))

    def _round(self, zones: int) -> list[_Step]:
        steps = [_Step(job, case, zones, self._served[case]) for case in CASES for job in self._jobs]
        if zones == self._zones:
            steps += [
                _Step(job, case, zones * GROWTH, self._served[case])
                for case in CASES
                for job in (IN_PROCESS, MANY)
                if job in self._jobs
            ]
            steps += self._far(zones)
        if IN_PROCESS in self._jobs:
            steps.append(_Step(IN_PROCESS, PLAIN, zones, self._served[PLAIN]))
            steps.append(_Step(LOOK, CASES[0], zones, self._served[CASES[0]]))
            steps.append(_Step(PACED, "to change", min(zones, _PACED_ZONES), self._served[PACED.key]))
        return steps

    def _far(self, zones: int) -> list[_Step]:
        if MANY not in self._jobs or DEBUG not in self._jobs:
            return []
        sizes = [(DEBUG, zones * FAR_GROWTH[0]), *((MANY, zones * growth) for growth in FAR_GROWTH)]
        return [_Step(job, FAR, size, self._served[FAR]) for job, size in sizes]

    def _run(self, step: _Step, turn: int, *, look: bool = False) -> Run:
        step.served.reset()
        before = step.served.tally().processor
        cost = self._stage.play(step.job, step.served.where(), step.zones, look=look)
        tally = step.served.tally()
        run = Run(turn, step.job.key, step.case, step.zones, cost, tally, tally.processor - before)
        if step.job.requests is not None:
            self._check(step, run, step.job.requests[step.case == "to change"])
        return run

    def _check(self, step: _Step, run: Run, requests: int) -> None:
        writes = step.zones if step.case == "to change" else 0
        tally = run.tally
        right = (tally.least, tally.most, tally.writes, tally.refused) == (requests, requests, writes, 0)
        if not right or tally.reads + tally.writes != requests * step.zones:
            raise BenchmarkFailed(f"{step.job.title}, {step.zones} zones {step.case}: {requests} per zone due: {tally}")
        orders = dict(list(step.served.orders().items())[: step.zones])
        # Zones and certificates of a case are the same for all, so the outcome has to be, too.
        known = self._orders.setdefault(PACED.key if step.job is PACED else step.case, {})
        for zone, order in orders.items():
            in_order = [item.partition(" ")[0] for item in order[: len(AUTHORITIES)]] == list(AUTHORITIES)
            if not in_order or known.setdefault(zone, order) != order:
                raise BenchmarkFailed(f"{step.job.title}: {zone} ended as {order}, not {known.get(zone)}")


def jobs_named(names: Sequence[str]) -> list[Job]:
    """Return jobs by key; all of them where none is named."""
    return [JOBS[name] for name in names] if names else list(JOBS.values())
