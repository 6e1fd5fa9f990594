# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rate limit and its ban, in virtual time."""

from __future__ import annotations

import pytest

from emulator import Throttle, token
from emulator import throttle as throttle_module
from emulator.fixture import StartEmulator
from emulator.throttle import Guard, policy_headers
from unit.emulator.client import Client, codes


class Clock:
    """Stands in for the `time` module."""

    def __init__(self) -> None:
        self.moment = 1000.0

    def monotonic(self) -> float:
        """The moment that the test has set."""
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The throttle's clock; it stands still."""
    made = Clock()
    monkeypatch.setattr(throttle_module, "time", made)
    return made


def test_one_too_many_in_a_window_that_slides_bans(clock: Clock) -> None:
    guard = Guard(Throttle(limit=3, window=10, ban=20))
    for _turn in range(6):
        assert guard.admit("a") == 0
        clock.moment += 5
    assert [guard.admit("a") for _request in range(4)] == [0, 0, 20, 20]
    assert guard.refused == 2
    assert guard.admit("b") == 0
    clock.moment += 19
    assert guard.admit("a") == 1
    clock.moment += 1
    assert [guard.admit("a") for _request in range(4)] == [0, 0, 0, 20]


def test_bans_and_outsiders(clock: Clock) -> None:
    guard = Guard(Throttle(limit=3, window=10, ban=20))
    guard.outsider(2, "a")
    assert [guard.admit("a"), guard.admit("a")] == [0, 20]
    guard.ban(5)
    assert guard.admit("b") == 5
    guard.ban(0)
    assert guard.admit("b") == 0
    guard.ban(7, "b")
    assert (guard.admit("b"), guard.admit("c")) == (7, 0)
    guard.reset()
    assert (guard.admit("a"), guard.refused) == (0, 0)
    free = Guard(None)
    assert not any(free.admit("a") for _request in range(2000))
    assert policy_headers(None, False)["Ratelimit-Policy"] == '"default";q=1200;w=300'


def test_all_tokens_of_a_user_count_together(start_emulator: StartEmulator) -> None:
    running = start_emulator(
        throttle=Throttle(limit=4, window=60, ban=120),
        tokens=[token("second"), token("stranger", user="user-2")],
    )
    first, second, stranger = (
        Client(running, running.tokens[name].value) for name in ("default", "second", "stranger")
    )
    running.outsider(1)
    assert [first.get("/zones").status_code for _turn in range(2)] == [200, 200]
    assert second.get("/zones").status_code == 200
    refused = first.get(first.path())
    assert codes(refused) == (429, 971)
    assert refused.headers["Retry-After"] == "120"
    assert refused.headers["Ratelimit-Policy"] == '"default";q=4;w=60'
    assert codes(second.prioritize({})) == (429, 971)
    assert stranger.get("/zones").status_code == 200
    assert running.refused == 2
    assert [entry.status for entry in running.requests] == [200, 200, 200, 429, 429, 200]
