# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets with a rate limit, in scaled time (see `Scale`)."""

from __future__ import annotations

import re
import signal
import time
import typing as t
from pathlib import Path

import pytest
from ansible_runs import Run

from emulator import Behaviour
from integration.rate_limit.fleet import Fleet, Recap, Scale, make_fleet

# What a run needs beside its waiting, on a machine that has other things to do.
SLACK = 30.0
PACED = r"Waiting \d+ s: 'rate_limit' is reached \(\d+ requests in 5 minutes\)\."
BANNED = r"Waiting \d+ s: Cloudflare refuses all requests of this user for now\."


def test_alone_no_request_is_ever_refused(tmp_path: Path) -> None:
    with make_fleet(tmp_path, Scale(limit=24), zones=30, out_of_order=12) as fleet:
        begun = time.monotonic()
        first = fleet.run()
        _assert_all_in_order(fleet, first, changed=12)
        # What the first run made counts in the second, which does not know of it but from the file.
        second = fleet.run()
        _assert_all_in_order(fleet, second, changed=0)
        requests = _assert_paced(fleet, 30 + 12 + 30, 12, time.monotonic() - begun)
        waits = first.waits + second.waits
        assert waits and all(re.fullmatch(PACED, text) for text in waits)
        assert len(waits) <= requests // fleet.scale.rate_limit + 1


@pytest.mark.parametrize(
    ("scale", "zones", "forks"),
    [
        (Scale(limit=300), 60, 20),
        pytest.param(Scale(limit=2400, ban=10), 1000, 50, marks=[pytest.mark.full, pytest.mark.timeout(900)]),
    ],
    ids=["60 zones", "1000 zones"],
)
@pytest.mark.parametrize("retry_after", ["present", "absent"])
def test_a_ban_that_an_outsider_brought_about(
    tmp_path: Path, scale: Scale, zones: int, forks: int, retry_after: t.Literal["present", "absent"]
) -> None:
    changed = zones * 2 // 5
    with make_fleet(tmp_path, scale, zones, changed, behaviour=Behaviour(retry_after=retry_after)) as fleet:
        _meet_a_ban(fleet, after=zones // 2)
        recap = fleet.run(forks=forks)
        _assert_all_in_order(fleet, recap, changed)
        assert 1 <= fleet.emulator.refused <= forks + _refused_probes(scale, retry_after)
        assert re.fullmatch(BANNED, recap.waits[0])


def test_a_bad_token_costs_a_request_for_each_worker_at_most(tmp_path: Path) -> None:
    with make_fleet(tmp_path, Scale(limit=300), zones=60, out_of_order=0) as fleet:
        for runs in (1, 2):  # what is known of one run says nothing about the next
            recap = fleet.run(forks=10, token="cfut_0000000000000000000000000000000000000000")
            assert recap.totals["failed"] == 60
            assert runs <= len(fleet.emulator.requests) <= runs * 10
            assert "The next request was not sent: these credentials were refused before." in recap.output


def test_zones_for_which_max_wait_is_too_short_fail_and_the_others_go_on(tmp_path: Path) -> None:
    with make_fleet(tmp_path, Scale(limit=12, window=60), zones=30, out_of_order=0) as fleet:
        recap = fleet.run(forks=5, max_wait=2)
        assert recap.totals["failed"] + recap.totals["ok"] == 30
        assert 5 <= recap.totals["ok"] == len(fleet.emulator.requests) <= fleet.scale.rate_limit
        text = re.sub(r"\s+", " ", recap.output)
        assert re.search(
            r"The next request was not sent: 'rate_limit' is reached \(10 requests in 5 minutes\)\. The next attempt is due in \d+ s\. ",
            text,
        )
        assert "'max_wait' is 2 s, of which 0 s are used." in text
        assert recap.seconds < SLACK


@pytest.mark.parametrize("moment", ["while it asks", "while it waits"])
def test_a_controller_that_is_killed_hinders_nobody(tmp_path: Path, moment: str) -> None:
    with make_fleet(tmp_path, Scale(limit=36, window=3), zones=40, out_of_order=16) as fleet:
        with fleet.start() as run:
            if moment == "while it asks":
                fleet.emulator.wait_for_requests(5, 60)
            else:
                _until_it_says(run, PACED)
            run.process.kill()
            run.wait()
            # Its workers may still be at it.
            recap = fleet.run()
        assert recap.totals["failed"] == 0 and fleet.out_of_order == []
        assert fleet.emulator.refused == 0
        assert recap.seconds < 4 * (fleet.scale.window + 1) + SLACK


def test_an_interrupt_while_waiting_ends_the_run_at_once(tmp_path: Path) -> None:
    with make_fleet(tmp_path, Scale(limit=12, window=60), zones=12, out_of_order=0) as fleet:
        # One worker, so that the parent is not starting another: in a fork, Python loses ansible-core's exception.
        with fleet.start(forks=1) as run:
            _until_it_says(run, PACED)
            begun = time.monotonic()
            run.signal(signal.SIGINT)
            run.wait()
            assert time.monotonic() - begun < 2
        assert len(fleet.emulator.requests) <= fleet.scale.rate_limit


@pytest.mark.full
@pytest.mark.timeout(900)
def test_a_thousand_zones_in_order_fit_into_a_limit_of_a_thousand(tmp_path: Path) -> None:
    with make_fleet(tmp_path, Scale(limit=1200, window=300), zones=1000, out_of_order=0) as fleet:
        recap = fleet.run(forks=20)
        print(f"\n1,000 zones in order: {recap.seconds:.1f} s")
        _assert_all_in_order(fleet, recap, changed=0)
        assert len(fleet.emulator.requests) == 1000 and recap.waits == []


@pytest.mark.full
@pytest.mark.timeout(900)
def test_a_thousand_zones_alone(tmp_path: Path) -> None:
    # So few that the waiting is longer than the work, on a machine that does it slowly, too.
    with make_fleet(tmp_path, Scale(limit=240, window=20), zones=1000, out_of_order=400) as fleet:
        recap = fleet.run(forks=50)
        _assert_all_in_order(fleet, recap, changed=400)
        requests = _assert_paced(fleet, 1400, 400, recap.seconds)
        print(f"\nalone: {requests} requests, {recap.seconds:.1f} s, {len(recap.waits)} waits told")


def _meet_a_ban(fleet: Fleet, after: int) -> None:
    """Have somebody else use up the limit, once so many requests have come."""
    fleet.emulator.before("GET", "*", lambda emulator: emulator.outsider(fleet.scale.limit), after=after)


def _refused_probes(scale: Scale, retry_after: t.Literal["present", "absent"]) -> int:
    """How often, once all workers know of a ban, one of them asks in vain: only where the API does not say how long it is."""
    return 0 if retry_after == "present" else 1 + int((scale.ban - scale.first_guess) / scale.next_guess)


def _assert_all_in_order(fleet: Fleet, recap: Recap, changed: int) -> None:
    assert recap.code == 0, recap.output[-3000:]
    assert (recap.totals["changed"], recap.totals["failed"]) == (changed, 0)
    assert recap.totals["ok"] == len(fleet.emulator.zones)
    assert fleet.out_of_order == []


def _assert_paced(fleet: Fleet, requests: int, changed: int, seconds: float) -> int:
    """Return how many requests there were: some changes are read back."""
    made = len(fleet.emulator.requests)
    assert requests <= made <= requests + changed
    assert fleet.emulator.refused == 0
    windows = (made - 1) // fleet.scale.rate_limit
    assert windows * fleet.scale.window <= seconds <= windows * (fleet.scale.window + 1) + SLACK
    return made


def _until_it_says(run: Run, pattern: str) -> None:
    end = time.monotonic() + 60
    while not re.search(pattern, run.output):
        assert run.process.poll() is None and time.monotonic() < end, run.output
        time.sleep(0.02)
