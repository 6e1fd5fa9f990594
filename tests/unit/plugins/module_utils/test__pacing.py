# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients and whole fleets with a shared pacer, in virtual time."""

from __future__ import annotations

import collections
import functools
import math
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client, _pacing
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client, Outdated
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import MemoryStore, SharedPacer
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._rate_limit import Place, State
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._transport import Answer
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN
from ansible_collections.zonefleet.cloudflare.tests.unit.virtual_time import START, VirtualTime, Worker

BANNED = "Cloudflare refuses all requests of this user for now"
LATENCY = 0.15
FRESH = 10.0


def _use(clock: VirtualTime, patch: pytest.MonkeyPatch) -> None:
    for module in (_client, _pacing):
        patch.setattr(module, "time", clock)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    made = VirtualTime()
    _use(made, monkeypatch)
    return made


# Fleets


@dataclass
class Fleet:
    """Zones that are read, and written where they have to be, so many at a time."""

    forks: int = 20
    limit: int = 1000
    writes: bool = True
    max_wait: float = 10_000
    bounded: bool = True
    status: int = 200
    clock: VirtualTime = field(default_factory=VirtualTime)
    told: list[str] = field(default_factory=list)
    requests: list[tuple[float, str, int]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # pylint: disable=attribute-defined-outside-init  # as data classes do
        self.connection = Connection(
            "https://api.example.com", Credentials("token"), rate_limit=self.limit, max_wait=self.max_wait
        )
        self.pacer = SharedPacer(MemoryStore(), self.connection, "run", writes=self.writes, tell=self.told.append)

    def run(self, in_order: int, to_change: int = 0) -> None:
        zones = iter([number < to_change for number in range(to_change + in_order)])
        queue = enumerate(zones)
        with pytest.MonkeyPatch.context() as patch:
            _use(self.clock, patch)
            patch.setattr(_client, "attempt", self._answer)
            self.clock.run([lambda: self._work(queue)] * self.forks)

    def _work(self, queue: Iterator[tuple[int, bool]]) -> None:
        for zone, change in queue:
            with Client(self.connection, self.pacer.another(bounded=self.bounded)) as client:
                try:
                    self._do(client, zone, change)
                except CloudflareError as error:
                    self.failed[zone] = error.message

    def _do(self, client: Client, zone: int, change: bool) -> None:
        self._request(client, "GET", zone)
        if not change:
            return
        try:
            self._request(client, "PUT", zone, client.waited + FRESH)
        except Outdated:
            self._request(client, "GET", zone)
            self._request(client, "PUT", zone)

    def _request(self, client: Client, method: str, zone: int, stale_after: float = math.inf) -> None:
        client.call(method, f"/zones/{zone}", "ask", stale_after=stale_after)

    def _answer(self, _session: object, method: str, url: str, **_keywords: object) -> Answer:
        self.requests.append((self.clock.now, method, int(url.rpartition("/")[2])))
        self.clock.sleep(LATENCY)
        return Answer(self.status, {}, b'{"success": true, "result": []}')

    @property
    def made(self) -> dict[str, int]:
        return dict(collections.Counter(method for _moment, method, _zone in self.requests))

    def check(self) -> None:
        """No window has more requests than the limit, and writes rest on fresh readings."""
        moments = [moment for moment, _method, _zone in self.requests]
        assert all(later - moment > 300 for moment, later in zip(moments, moments[self.limit :], strict=False))
        read: dict[int, float] = {}
        for moment, method, zone in self.requests:
            if method == "GET":
                read[zone] = moment
            assert moment - read[zone] <= FRESH + LATENCY


@settings(max_examples=30, deadline=None)
@given(limit=st.integers(2, 12), forks=st.integers(1, 12), in_order=st.integers(0, 24), to_change=st.integers(0, 12))
@example(limit=1000, forks=20, in_order=1000, to_change=0)
@example(limit=1000, forks=200, in_order=1005, to_change=0)
@example(limit=1000, forks=20, in_order=600, to_change=400)
@example(limit=61, forks=30, in_order=100, to_change=100)
@example(limit=20, forks=30, in_order=100, to_change=0)
def test_a_fleet_uses_all_of_each_window_and_no_more(limit: int, forks: int, in_order: int, to_change: int) -> None:
    # No zone is passed by others that come later. One that changes may be read twice.
    most_before = forks * (3 if to_change else 1)
    fleet = Fleet(forks, limit, max_wait=301 * -(-most_before // limit) + 10)
    fleet.run(in_order, to_change)
    windows = -(-len(fleet.requests) // limit) or 1
    assert fleet.failed == {}
    assert fleet.made.get("PUT", 0) == to_change
    assert in_order + to_change <= fleet.made.get("GET", 0) <= in_order + to_change + windows
    assert (windows - 1) * 300 <= fleet.clock.passed < (windows - 1) * 301 + 20
    assert (windows > 1) <= len(fleet.told) <= windows - 1
    fleet.check()


def test_with_a_limit_of_one_a_write_counts_with_its_reading() -> None:
    fleet = Fleet(forks=1, limit=1)
    fleet.run(in_order=0, to_change=3)
    assert fleet.made == {"GET": 3, "PUT": 3}
    assert 602 <= fleet.clock.passed < 605


@pytest.mark.parametrize(
    ("options", "to_change"),
    [({"limit": 100, "writes": False}, 0), ({"limit": 0}, 100)],
    ids=["who only reads takes no slot for a write", "without a limit"],
)
def test_nobody_waits(options: dict[str, t.Any], to_change: int) -> None:
    fleet = Fleet(**options)
    fleet.run(100 - to_change, to_change)
    assert set(fleet.clock.slept) == {LATENCY}


def test_where_pacing_is_unbounded_max_wait_counts_for_the_rest_alone(clock: VirtualTime) -> None:
    fleet = Fleet(limit=10, max_wait=20, bounded=False, clock=clock)
    fleet.run(in_order=30)
    assert fleet.failed == {}
    assert 602 <= fleet.clock.passed < 610
    fleet.pacer.banned(21.0, True)
    fleet.run(in_order=1)
    assert "The next attempt is due in 21 s. 'max_wait' is 20 s, of which 0 s are used" in fleet.failed[0]


# One client after another


def _hire(store: MemoryStore, *, run: str = "run-1", writes: bool = False, **options: t.Any) -> Worker:
    connection = Connection("https://api.example.com", Credentials(TOKEN), **{"rate_limit": 4, **options})
    return Worker(store, connection, run, writes=writes)


Hire = t.Callable[..., Worker]


@pytest.fixture
def worker(clock: VirtualTime) -> Hire:
    return functools.partial(_hire, MemoryStore())


@given(st.lists(st.tuples(st.integers(0, 1600).map(lambda quarters: quarters / 4), st.integers(1, 4)), max_size=12))
def test_a_reader_goes_as_soon_as_its_own_limit_of_what_all_have_made_allows(
    arrivals: list[tuple[float, int]],
) -> None:
    """A request counts from the beginning of its second for 301 s."""
    store, clock, free = MemoryStore(), VirtualTime(), [0.0] * 4
    with pytest.MonkeyPatch.context() as patch:
        _use(clock, patch)
        for number, (pause, limit) in enumerate(arrivals):
            clock.now += pause
            due = max(clock.now, free[-limit])
            wait = due - clock.now
            if wait:
                impatient = _hire(store, rate_limit=limit, max_wait=wait - 0.25)
                assert f" due in {math.ceil(wait)} s. " in impatient.refusal()
                assert wait >= 5 or not impatient.told
                impatient.pacer.leave()
            _hire(store, run=f"run-{number}", rate_limit=limit, max_wait=wait).enter("GET")
            assert clock.now == due
            free.append(math.floor(due) + 301)


def test_a_write_counts_from_when_it_is_made(worker: Hire, clock: VirtualTime) -> None:
    one = worker(writes=True, rate_limit=2)
    one.enter("GET")
    clock.now += 250
    one.enter("PUT")
    clock.now += 60
    other = worker(rate_limit=1)
    other.enter("GET")
    assert other.client.waited == 241.0


def test_a_slot_that_was_held_for_a_whole_window_is_taken_anew(worker: Hire, clock: VirtualTime) -> None:
    one = worker(writes=True, rate_limit=2)
    one.enter("GET")
    clock.now += 302  # a ban
    worker(rate_limit=2).enter("GET", "GET")
    assert not one.pacer.enter(one.client, "PUT", stale_after=10)


def test_a_read_waits_for_a_slot_that_comes_back_at_once(worker: Hire, clock: VirtualTime) -> None:
    first, second = worker(writes=True, rate_limit=3), worker(writes=True, rate_limit=3)

    def read() -> None:
        first.enter("GET")
        clock.sleep(LATENCY)
        first.pacer.leave()

    def change() -> None:
        for method in ("GET", "PUT"):
            second.enter(method)
            went.append(clock.passed)

    went: list[float] = []
    clock.run([read, change])
    assert LATENCY <= went[0] == went[1] < 1


def test_a_write_that_would_wait_reads_again_once_there_is_room_for_both(worker: Hire, clock: VirtualTime) -> None:
    for second in (0, 50):
        clock.now = START + second
        worker(rate_limit=3).enter("GET")
    clock.now = START + 100
    one = worker(writes=True, rate_limit=3)
    one.enter("GET")  # with the last slot
    assert not one.pacer.enter(one.client, "PUT", stale_after=10)
    assert clock.slept == []
    one.enter("GET")
    assert clock.passed == 351
    one.enter("PUT")
    assert clock.passed == 351


def test_a_write_whose_reading_is_too_old_keeps_its_slot(worker: Hire, clock: VirtualTime) -> None:
    one = worker(writes=True, rate_limit=3)
    one.enter("GET")
    one.client.waited = 20.0  # a ban
    assert not one.pacer.enter(one.client, "PUT", stale_after=10)
    one.enter("GET", "PUT")
    assert clock.slept == []


def test_who_reads_what_it_has_written_takes_one_slot(worker: Hire, clock: VirtualTime) -> None:
    worker(writes=True).enter("GET", "PUT", "GET")
    worker().enter("GET")
    assert clock.slept == []


def test_a_wait_includes_those_who_go_first(worker: Hire, clock: VirtualTime) -> None:
    worker().enter(*["GET"] * 4)
    waiting = [worker(max_wait=10) for _number in range(4)]
    for one in waiting:
        one.refusal()  # which keeps its place for a moment
        clock.now += 0.1
    last = worker(max_wait=601)
    assert last.refusal() == (
        "The next request was not sent: 'rate_limit' is reached (4 requests in 5 minutes). "
        "The next attempt is due in 602 s. 'max_wait' is 601 s, of which 0 s are used."
    )
    # Who leaves gives up its place, and the wait was told once.
    for one in waiting:
        one.pacer.leave()
    last.enter("GET")
    assert last.client.waited == pytest.approx(300.6)
    assert [text for one in [*waiting, last] for text in one.told] == [
        "Waiting 301 s: 'rate_limit' is reached (4 requests in 5 minutes)."
    ]


# A ban


@pytest.mark.parametrize(
    ("end", "due"),
    [
        (lambda pacer: pacer.passed(), 33),
        (lambda pacer: pacer.banned(30.0, False), 92.5),
        (lambda pacer: pacer.leave(), 33),
        (lambda pacer: None, 40),
    ],
    ids=["it passes", "it is refused", "it ends otherwise", "it is never heard of again"],
)
def test_one_finds_out_whether_a_ban_is_over_and_the_others_wait_for_it(
    worker: Hire, clock: VirtualTime, end: t.Callable[[SharedPacer], None], due: float
) -> None:
    worker().pacer.banned(30.0, False)
    probing, other = worker(), worker()

    def probe() -> None:
        probing.enter("GET", "GET")  # which does not wait for itself
        assert clock.passed == 30
        clock.sleep(2.5)
        end(probing.pacer)

    clock.run([probe, lambda: other.enter("GET")])
    assert clock.passed == due
    assert other.told == []
    assert probing.told == [f"Waiting 60 s: {BANNED}."] * (due > 90)


def test_a_waiter_hears_when_a_guess_was_too_long(worker: Hire, clock: VirtualTime) -> None:
    met, waiting = worker(), worker()
    met.pacer.banned(30.0, False)

    def hear() -> None:
        clock.sleep(3)
        met.pacer.banned(5.0, True)

    clock.run([lambda: waiting.enter("GET"), hear])
    assert clock.passed == 8


def test_a_ban_without_an_end_is_believed_no_longer_than_others() -> None:
    state = State(ban_until=1e12, ban_told=True)
    state.forget(START)
    wait = state.wait_for_ban(START)
    assert wait
    assert wait.seconds == 330


def test_any_answer_but_a_refusal_by_the_throttle_ends_a_ban(clock: VirtualTime) -> None:
    fleet = Fleet(forks=1, status=403, clock=clock)
    fleet.pacer.banned(30.0, False)
    fleet.run(in_order=2)
    assert [moment - START for moment, _method, _zone in fleet.requests] == pytest.approx([30.0, 30.0 + LATENCY])


@pytest.mark.parametrize(
    ("bans", "end"),
    [
        ([(20.0, True), (60.0, False)], 20.0),  # what the API tells stands
        ([(60.0, False), (20.0, True)], 20.0),
        ([(20.0, True), (60.0, True), (40.0, True)], 60.0),
        ([(60.0, False), (30.0, False)], 60.0),
        ([(86400.0, True)], 330.0),  # no ban is that long
    ],
)
def test_of_several_bans_the_best_known_counts(
    worker: Hire, clock: VirtualTime, bans: list[tuple[float, bool]], end: float
) -> None:
    for seconds, told in bans:
        worker().pacer.banned(seconds, told)
    other = worker(run="another run")
    other.enter("GET")
    assert clock.passed == other.client.waited == end


@pytest.mark.parametrize(
    ("seconds", "due", "reason"),
    [
        (300.0, 300, BANNED),
        (86400.0, 330, f"{BANNED} (Retry-After: 86400 s, but one task asks again after 330 s)"),
    ],
)
def test_a_ban_beyond_max_wait_fails_without_waiting(
    worker: Hire, clock: VirtualTime, seconds: float, due: int, reason: str
) -> None:
    met = worker()
    met.pacer.banned(seconds, True)
    assert met.told == [f"Waiting {due} s: {reason}."]
    assert worker(max_wait=20).refusal() == (
        f"The next request was not sent: {reason}. The next attempt is due in {due} s. 'max_wait' is 20 s, of which 0 s "
        "are used."
    )
    assert clock.slept == []


# A credential that is refused


def test_a_condemned_credential_costs_the_others_of_the_run_nothing(worker: Hire) -> None:
    for number in range(17):
        worker(run=f"run-{number}").pacer.condemned(f"The token {TOKEN} is not known.")
    for number in (1, 16):
        assert worker(run=f"run-{number}").refusal() == (
            "The next request was not sent: these credentials were refused before. The token ******** is not known."
        )
    # Neither a run to come nor one of long ago.
    for number in (17, 0):
        worker(run=f"run-{number}").enter("GET")


# The format


def test_nothing_of_a_state_gets_lost_in_its_file() -> None:
    state = State(
        counts={1000: 3},
        held={1000: 1},
        queue={"a": Place(1000.5, 1010.5, 1, 2)},
        ban_until=1100.0,
        ban_told=True,
        ban_asked=300.0,
        probe_until=1005.0,
        announced_until=1100.0,
        condemned={"run-1": "No."},
    )
    assert all(value != getattr(State(), name) for name, value in vars(state).items())
    assert State.from_json(state.to_json()) == state
