# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets with a rate limit, in scaled time: what tests/unit/plugins/module_utils/test__pacing.py cannot show in virtual time.

Real forks share a file, runs are killed or interrupted, and the limits fit those of a fleet of full size.
"""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ansible_runs import Run

from emulator import Behaviour, Throttle
from integration.rate_limit.fleet import FIRST_GUESS, NEXT_GUESS, make_fleet

# What a run needs beside its waiting, on a machine that has other things to do.
SLACK = 30.0
PACED = r"Waiting \d+ s: 'rate_limit' is reached \(\d+ requests in 5 minutes\)\."
BANNED = r"Waiting \d+ s: Cloudflare refuses all requests of this user for now\."
FULL = [pytest.mark.full, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("throttle", "zones", "forks"),
    [
        (Throttle(limit=24, window=4, ban=4), 30, 20),
        # So few that the waiting is longer than the work, on a machine that does it slowly, too.
        pytest.param(Throttle(limit=240, window=20, ban=4), 1000, 50, marks=FULL),
    ],
    ids=["30 zones", "1000 zones"],
)
def test_alone_no_request_is_ever_refused(tmp_path: Path, throttle: Throttle, zones: int, forks: int) -> None:
    changed = zones * 2 // 5
    with make_fleet(tmp_path, throttle, zones, changed) as fleet:
        begun = time.monotonic()
        first = fleet.run(forks=forks)
        fleet.assert_in_order(first, changed)
        # What the first run made counts in the second, which does not know of it but from the file.
        second = fleet.run(forks=forks)
        fleet.assert_in_order(second, changed=0)
        seconds = time.monotonic() - begun
        made = len(fleet.emulator.requests)
        assert 2 * zones + changed <= made <= 2 * (zones + changed)  # some changes are read back
        assert fleet.emulator.refused == 0
        windows = (made - 1) // fleet.rate_limit
        assert windows * throttle.window <= seconds <= windows * (throttle.window + 1) + SLACK
        waits = first.waits + second.waits
        assert waits and all(re.fullmatch(PACED, text) for text in waits)
        assert len(waits) <= made // fleet.rate_limit + 1


@pytest.mark.parametrize(
    ("throttle", "zones", "forks"),
    [
        (Throttle(limit=300, window=4, ban=4), 60, 20),
        pytest.param(Throttle(limit=2400, window=4, ban=10), 1000, 50, marks=FULL),
    ],
    ids=["60 zones", "1000 zones"],
)
@pytest.mark.parametrize("retry_after", ["present", "absent"])
def test_a_ban_that_an_outsider_brought_about(
    tmp_path: Path, throttle: Throttle, zones: int, forks: int, retry_after: str
) -> None:
    changed = zones * 2 // 5
    behaviour = Behaviour().but(retry_after=retry_after)
    with make_fleet(tmp_path, throttle, zones, changed, behaviour=behaviour) as fleet:
        # Somebody else uses up the limit, once so many requests have come.
        fleet.emulator.before("GET", "*", lambda emulator: emulator.outsider(throttle.limit), after=zones // 2)
        recap = fleet.run(forks=forks)
        fleet.assert_in_order(recap, changed)
        # Once all workers know of it, one of them asks in vain: only if the API does not say how long it is.
        probes = 0 if retry_after == "present" else 1 + int((throttle.ban - FIRST_GUESS) / NEXT_GUESS)
        assert 1 <= fleet.emulator.refused <= forks + probes
        assert re.fullmatch(BANNED, recap.waits[0])


@pytest.mark.parametrize("moment", ["while it asks", "while it waits"])
def test_a_controller_that_is_killed_hinders_nobody(tmp_path: Path, moment: str) -> None:
    with make_fleet(tmp_path, Throttle(limit=36, window=3, ban=4), zones=40, out_of_order=16) as fleet:
        with fleet.start() as run:
            if moment == "while it asks":
                fleet.emulator.wait_for_requests(5, 60)
            else:
                _until_it_waits(run)
            run.process.kill()
            run.wait()
            # Its workers may still be at it.
            recap = fleet.run()
        fleet.assert_in_order(recap, changed=recap.totals["changed"])
        assert fleet.emulator.refused == 0
        assert recap.seconds < 4 * (fleet.throttle.window + 1) + SLACK


def test_an_interrupt_while_waiting_ends_the_run_at_once(tmp_path: Path) -> None:
    with make_fleet(tmp_path, Throttle(limit=12, window=60), zones=12) as fleet:
        # One worker, so that the parent is not starting another: in a fork, Python loses ansible-core's exception.
        with fleet.start(forks=1) as run:
            _until_it_waits(run)
            begun = time.monotonic()
            while run.process.poll() is None:  # ansible-core can lose one, for example in a destructor
                run.signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run.wait(5)
            assert time.monotonic() - begun < 20
        assert len(fleet.emulator.requests) <= fleet.rate_limit


@pytest.mark.full
@pytest.mark.timeout(900)
def test_a_thousand_zones_in_order_fit_into_a_limit_of_a_thousand(tmp_path: Path) -> None:
    with make_fleet(tmp_path, Throttle(limit=1200, window=300), zones=1000) as fleet:
        recap = fleet.run()
        fleet.assert_in_order(recap, changed=0)
        assert len(fleet.emulator.requests) == 1000 and recap.waits == []


def _until_it_waits(run: Run) -> None:
    end = time.monotonic() + 60
    while not re.search(PACED, run.output):
        assert run.process.poll() is None and time.monotonic() < end, run.output
        time.sleep(0.02)
