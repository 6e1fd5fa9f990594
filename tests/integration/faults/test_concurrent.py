# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two controllers at one zone, and a controller that is killed."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import signal
import threading
import typing as t
from collections.abc import Iterator

import pytest

from emulator import Emulator, prioritize
from integration.faults.controller import MODULE, start
from integration.faults.modules import Run, start_alone
from integration.faults.world import ZONE, World, in_order, run_here

# Of each of the six ways that the API may answer and the run verify: 48 together.
REPEATS = {"before the write": 3, "as it comes": 5}
Order = dict[str, t.Any]


@pytest.fixture
def states(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Order]]:
    """Every state that the zone was in: at the start, and after each PUT, taken before the next can come."""
    found = [dict(world.emulator.order(ZONE))]
    real = prioritize.prioritize

    def recording(zone: t.Any, *rest: t.Any) -> t.Any:
        answer = real(zone, *rest)  # the service holds its lock
        found.append({item["id"]: item["priority"] or 0 for item in zone.certificates})
        return answer

    monkeypatch.setattr(prioritize, "prioritize", recording)
    yield found


def _falls(order: t.Sequence[str], state: Order) -> bool:
    return all(state[upper] > state[lower] for upper, lower in itertools.pairwise(order))


def _at_once(arguments: list[dict[str, t.Any]]) -> list[Run]:
    runs: dict[int, Run] = {}
    threads = [
        threading.Thread(target=lambda place=place, given=given: runs.update({place: run_here(given)}))
        for place, given in enumerate(arguments)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [runs[place] for place in range(len(arguments))]


def _wait_for_each_other() -> t.Callable[[Emulator], object]:
    barrier = threading.Barrier(2)
    return lambda _emulator: barrier.wait(10)


@pytest.mark.parametrize("meet", REPEATS)
@pytest.mark.parametrize("answer", ["all", "listed", "null"])
@pytest.mark.parametrize("verify", ["answer", "read"])
def test_two_orders_at_once(world: World, states: list[Order], meet: str, answer: str, verify: str) -> None:
    ids = [str(item["id"]) for item in world.emulator.zones[ZONE].certificates[:3]]
    wanted = [ids, ids[::-1]]
    failed = 0
    for repeat in range(REPEATS[meet]):
        world.emulator.reset()
        world.emulator.behave(put_result=answer)
        del states[:]
        states.append(dict(world.emulator.order(ZONE)))
        if meet == "before the write":
            # Both have read before either writes.
            world.emulator.before("PUT", "*", _wait_for_each_other(), times=2)
        options = {"verify": verify, "max_wait": 1}
        arguments = [
            {**world.arguments(), **options, "certificates": [{"id": found} for found in order]}
            for order in (wanted if repeat % 2 else wanted[::-1])
        ]
        for given, run in zip(arguments, _at_once(arguments), strict=True):
            order = [str(entry["id"]) for entry in given["certificates"]]
            failed += run.failed
            _true_or_disturbed(run, order, states)
    assert not world.emulator.failures
    if verify == "answer" and answer == "all":
        assert failed == 0


def _true_or_disturbed(run: Run, order: list[str], states: list[Order]) -> None:
    if run.failed:
        assert "Another writer may have changed them since" in run.msg, run.msg
        assert run.result["changed"] is True and run.result["restore"]
        return
    told = {item["id"]: item["priority"] for item in run.result["certificates"]}
    assert _falls(order, told)
    assert {key: told[key] for key in order} in [{key: state[key] for key in order} for state in states]


class Killed(t.NamedTuple):
    """When a controller is killed: while which request is held, after how many of its kind, and what the zone is then."""

    method: str
    after: int
    verify: str
    written: bool


WHEN = {
    "as it reads": Killed("GET", 0, "answer", False),
    "as it writes": Killed("PUT", 0, "answer", True),
    "as it verifies": Killed("GET", 1, "read", True),
}


@pytest.mark.parametrize("when", WHEN.values(), ids=WHEN)
def test_a_module_killed(world: World, tmp_path: pathlib.Path, when: Killed) -> None:
    process = start_alone(tmp_path)
    world.options = {"verify": when.verify}
    world.emulator.before(when.method, "*", lambda _emulator: os.killpg(process.pid, signal.SIGKILL), after=when.after)
    out = tmp_path / "out"
    out.mkdir()
    job = {"args": world.arguments(), "environment": {}, "out": str(out)}
    process.communicate(json.dumps(job) + "\n", timeout=30)
    assert process.returncode == -signal.SIGKILL and (out / "stdout").read_text() == ""
    _next_run_ends_in_order(world, when)


@pytest.mark.parametrize("when", [WHEN["as it reads"], WHEN["as it writes"]], ids=["as it reads", "as it writes"])
def test_a_controller_killed(world: World, tmp_path: pathlib.Path, when: Killed) -> None:
    world.options = {"verify": when.verify}
    started = threading.Event()
    controllers: list[t.Any] = []

    def kill(_emulator: Emulator) -> None:
        started.wait(10)
        controllers[0].kill()
        controllers[0].process.wait(30)  # what it asked for last is looked at when it is gone

    world.emulator.before(when.method, "*", kill, after=when.after)
    controllers.append(start(tmp_path, [{"name": "Order", MODULE: world.arguments()}]))
    started.set()
    controllers[0].wait()
    assert controllers[0].process.returncode == -9
    _next_run_ends_in_order(world, when)
    # And one with the same home, where the killed one has left its files.
    world.emulator.reset()
    again = start(tmp_path / "again", [{"name": "Order", MODULE: world.arguments()}], HOME=str(tmp_path))
    again.wait()
    assert again.process.returncode == 0 and in_order(world.emulator, world.wanted)


def _next_run_ends_in_order(world: World, when: Killed) -> None:
    world.emulator.wait_until_idle()
    assert in_order(world.emulator, world.wanted) is when.written
    run = world.run_here()
    assert not run.failed and run.result["changed"] is not when.written
    assert in_order(world.emulator, world.wanted)
