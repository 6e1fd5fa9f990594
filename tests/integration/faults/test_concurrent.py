# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two control nodes change one zone, and a run is killed."""

from __future__ import annotations

import itertools
import pathlib
import signal
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator import prioritize
from integration.faults.controller import run_until
from integration.faults.world import ZONE, Run, World, in_order, run
from integration.playbooks.playing import PRIORITY, Player

# For each way in which the API may answer and the run verify.
REPEATS = {"before the write": 2, "as it comes": 3}
Order = dict[str, t.Any]


@pytest.fixture
def states(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """Every state that the zone was in: at the start, and after each PUT, taken before the next can come."""
    found = [dict(world.emulator.order(ZONE))]
    real = prioritize.prioritize

    def recording(zone: t.Any, *rest: t.Any) -> t.Any:
        answer = real(zone, *rest)  # the service holds its lock
        found.append({item["id"]: item["priority"] or 0 for item in zone.certificates})
        return answer

    monkeypatch.setattr(prioritize, "prioritize", recording)
    return found


def _falls(order: t.Sequence[str], state: Order) -> bool:
    return all(state[upper] > state[lower] for upper, lower in itertools.pairwise(order))


@pytest.mark.parametrize("meet", REPEATS)
@pytest.mark.parametrize(
    ("verify", "answer"), [("answer", "all"), ("answer", "listed"), ("answer", "null"), ("read", "all")]
)
def test_two_orders_at_once(world: World, states: list[Order], meet: str, answer: str, verify: str) -> None:
    ids = [str(item["id"]) for item in world.emulator.zones[ZONE].certificates[:3]]
    orders = [ids, ids[::-1]]
    failed = 0
    barrier = threading.Barrier(2)
    for _repeat in range(REPEATS[meet]):
        orders.reverse()
        world.emulator.reset()
        world.emulator.behave(put_result=answer)
        del states[:]
        states.append(dict(world.emulator.order(ZONE)))
        if meet == "before the write":
            # Both have read before either writes.
            world.emulator.before("PUT", "*", lambda _emulator: barrier.wait(10), times=2)
        options = {**world.arguments(), "verify": verify, "max_wait": 1}
        with ThreadPoolExecutor(2) as at_once:
            runs = at_once.map(
                run, [{**options, "certificates": [{"id": found} for found in order]} for order in orders]
            )
        for order, done in zip(orders, runs, strict=True):
            failed += done.failed
            _true_or_disturbed(done, order, states)
    assert not world.emulator.failures
    if verify == "answer" and answer == "all":
        assert failed == 0


def _true_or_disturbed(done: Run, order: list[str], states: list[Order]) -> None:
    if done.failed:
        assert "Another writer may have changed them since" in done.msg, done.msg
        assert done.result["changed"] is True
        assert done.result["restore"]
        return
    told = {item["id"]: item["priority"] for item in done.result["certificates"]}
    assert _falls(order, told)
    assert {key: told[key] for key in order} in [{key: state[key] for key in order} for state in states]


# While which request it is killed, after how many of its kind, how the run verifies, and whether the write is done then.
WHEN = {
    "as it reads": ("GET", 0, "answer", False),
    "as it writes": ("PUT", 0, "answer", True),
    "as it verifies": ("GET", 1, "read", True),
}


@pytest.mark.parametrize(("method", "after", "verify", "written"), WHEN.values(), ids=WHEN)
def test_a_controller_killed(
    world: World, tmp_path: pathlib.Path, method: str, after: int, verify: str, written: bool
) -> None:
    world.options = {"verify": verify}
    task = {"name": "Order", PRIORITY: world.arguments()}
    assert run_until(world.emulator, method, tmp_path / "home", task, after) == -signal.SIGKILL
    world.emulator.wait_until_idle()
    assert in_order(world) is written
    # One with the same home, where the killed one has left its files.
    again = Player(tmp_path)([task], env={"HOME": str(tmp_path / "home")})
    assert again["Order"].status == "ok"
    assert again["Order"].result["changed"] is not written
    assert in_order(world)
