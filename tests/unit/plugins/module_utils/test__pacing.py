# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients and whole fleets with a shared pacer, in virtual time."""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client, _pacing
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client, Outdated
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import MemoryStore, SharedPacer
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._rate_limit import Place, State
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._transport import Answer
from ansible_collections.zonefleet.cloudflare.tests.unit.virtual_time import START, VirtualTime

TOKEN = "cfut_0123456789abcdefghijklmnopqrstuvwxyzABCD"
BANNED = "Cloudflare refuses all requests of this user for now"
LATENCY = 0.15
FRESH = 10.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    made = VirtualTime()
    for module in (_client, _pacing):
        monkeypatch.setattr(module, "time", made)
    return made


@dataclass
class Fleet:
    """Zones that are read, and written where they have to be, so many at a time."""

    clock: VirtualTime
    forks: int = 20
    limit: int = 1000
    writes: bool = True
    max_wait: float = 660
    bounded: bool = True
    status: int = 200
    told: list[str] = field(default_factory=list)
    requests: list[tuple[float, str, int]] = field(default_factory=list)
    waited: dict[int, float] = field(default_factory=dict)
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
        self.clock.run([lambda: self._work(queue)] * self.forks)

    def _work(self, queue: Iterator[tuple[int, bool]]) -> None:
        for zone, change in queue:
            with Client(self.connection, self.pacer.another(bounded=self.bounded)) as client:
                try:
                    self._do(client, zone, change)
                except CloudflareError as error:
                    self.failed[zone] = error.message
                self.waited[zone] = client.waited

    def _do(self, client: Client, zone: int, change: bool) -> None:
        self._request(client, "GET", zone)
        if not change:
            return
        try:
            self._request(client, "PUT", zone, client.waited + FRESH)
        except Outdated:
            self._request(client, "GET", zone)
            self._request(client, "PUT", zone)

    def _request(self, client: Client, method: str, zone: int, stale_after: float = float("inf")) -> None:
        client.call(method, f"/zones/{zone}", "ask", stale_after=stale_after)

    def answer(self, _session: object, method: str, url: str, **_keywords: object) -> Answer:
        self.requests.append((self.clock.now, method, int(url.rpartition("/")[2])))
        self.clock.sleep(LATENCY)
        return Answer(self.status, {}, b'{"success": true, "result": []}')

    @property
    def busiest(self) -> int:
        """The most requests in any window."""
        most = first = 0
        for last, (moment, _method, _zone) in enumerate(self.requests):
            while self.requests[first][0] <= moment - 300:
                first += 1
            most = max(most, last - first + 1)
        return most

    @property
    def made(self) -> dict[str, int]:
        return dict(collections.Counter(method for _moment, method, _zone in self.requests))

    def check_that_writes_rest_on_fresh_readings(self) -> None:
        read: dict[int, float] = {}
        for moment, method, zone in self.requests:
            if method == "GET":
                read[zone] = moment
            else:
                assert moment - read[zone] <= FRESH + LATENCY


Make = t.Callable[..., Fleet]


@pytest.fixture
def fleet(clock: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> Make:
    def make(**options: t.Any) -> Fleet:
        made = Fleet(clock, **options)
        monkeypatch.setattr(_client, "attempt", made.answer)
        return made

    return make


# Fleets


@pytest.mark.parametrize("forks", [20, 200])
@pytest.mark.parametrize(("zones", "stops"), [(1000, 0), (1005, 1)])
def test_zones_in_order_stop_only_where_the_limit_is_exceeded(
    fleet: Make, clock: VirtualTime, zones: int, stops: int, forks: int
) -> None:
    one = fleet(forks=forks)
    one.run(in_order=zones)
    assert one.failed == {} and one.made == {"GET": zones}
    assert one.busiest <= 1000 and len(one.told) == stops
    assert stops * 300 < clock.passed < stops * 300 + 10


@pytest.mark.parametrize(
    ("limit", "forks", "in_order", "to_change", "windows", "patience"),
    [
        (1000, 20, 600, 400, 2, 1),
        (60, 30, 300, 0, 5, 1),  # no zone is passed by others that come later: each waits for one window at most
        (60, 30, 0, 150, 5, 1),
        (61, 30, 100, 100, 5, 1),
        (20, 30, 100, 0, 5, 2),
        (3, 5, 0, 10, 10, 5),  # the third slot of each window reads a zone that then has to be read again
        (2, 5, 0, 5, 5, 5),
    ],
)
def test_a_fleet_uses_all_of_each_window_and_nobody_fails(
    fleet: Make, clock: VirtualTime, limit: int, forks: int, in_order: int, to_change: int, windows: int, patience: int
) -> None:
    one = fleet(limit=limit, forks=forks, max_wait=patience * 301 + 10)
    one.run(in_order, to_change)
    assert one.failed == {}
    assert one.made.get("PUT", 0) == to_change
    assert in_order + to_change <= one.made["GET"] <= in_order + to_change + windows
    assert one.busiest <= limit
    assert clock.passed < (windows - 1) * 301 + 20
    one.check_that_writes_rest_on_fresh_readings()


def test_with_a_limit_of_one_a_write_counts_with_its_reading(fleet: Make, clock: VirtualTime) -> None:
    one = fleet(limit=1, forks=1)
    one.run(in_order=0, to_change=3)
    assert one.made == {"GET": 3, "PUT": 3} and 602 <= clock.passed < 605


@pytest.mark.parametrize(
    ("options", "to_change"),
    [({"limit": 100, "writes": False}, 0), ({"limit": 0}, 100)],
    ids=["who only reads takes no slot for a write", "without a limit"],
)
def test_nobody_waits(fleet: Make, clock: VirtualTime, options: dict[str, t.Any], to_change: int) -> None:
    one = fleet(**options)
    one.run(100 - to_change, to_change)
    assert set(clock.slept) == {LATENCY}


def test_where_pacing_is_unbounded_max_wait_counts_for_the_rest_alone(fleet: Make, clock: VirtualTime) -> None:
    one = fleet(limit=10, max_wait=20, bounded=False)
    one.run(in_order=30)
    assert one.failed == {} and 602 <= clock.passed < 610
    one.pacer.banned(21.0, True)
    one.run(in_order=1)
    assert "The next attempt is due in 21 s. 'max_wait' is 20 s, of which 0 s are used" in one.failed[0]


# One client after another


class Worker:
    """A client that asks its pacer and sends nothing, with what it has told."""

    def __init__(self, store: MemoryStore, *, run: str = "run-1", writes: bool = False, **options: t.Any) -> None:
        self.told: list[str] = []
        connection = Connection("https://api.example.com", Credentials(TOKEN), **{"rate_limit": 4, **options})
        self.pacer = SharedPacer(store, connection, run, writes=writes, tell=self.told.append)
        self.client = Client(connection, self.pacer)

    def enter(self, *methods: str) -> None:
        for method in methods:
            self.pacer.enter(self.client, method)

    def refusal(self, method: str = "GET") -> str:
        with pytest.raises(CloudflareError) as caught:
            self.pacer.enter(self.client, method)
        return caught.value.message


Hire = t.Callable[..., Worker]


@pytest.fixture
def worker(clock: VirtualTime) -> Hire:
    store = MemoryStore()
    return lambda **options: Worker(store, **options)


def test_a_request_counts_for_the_whole_window(worker: Hire, clock: VirtualTime) -> None:
    clock.now = START + 0.9
    worker(rate_limit=1).enter("GET")
    clock.now = START + 300.8
    worker(rate_limit=1).enter("GET")
    assert clock.passed > 300.9


def test_what_has_left_the_window_makes_room_one_by_one(worker: Hire, clock: VirtualTime) -> None:
    for second in (0, 100, 200, 290):
        clock.now = START + second
        worker().enter("GET")
    waits = []
    for _number in range(3):
        one = worker()
        one.enter("GET")
        waits.append(one.client.waited)
    assert waits == [11.0, 100.0, 100.0]


def test_each_run_has_its_own_limit_of_what_all_have_made(worker: Hire, clock: VirtualTime) -> None:
    worker(rate_limit=100).enter(*["GET"] * 50)
    worker(run="run-2", rate_limit=60).enter(*["GET"] * 10)
    assert clock.passed == 0
    worker(run="run-3", rate_limit=60).enter("GET")
    assert clock.passed == 301


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
    for _number in range(4):
        worker(max_wait=10).refusal()  # which keeps its place for a moment
        clock.now += 0.1
    assert "The next attempt is due in 602 s" in worker(max_wait=601).refusal()


def test_a_killed_waiter_keeps_its_place_for_a_moment_only(worker: Hire, clock: VirtualTime) -> None:
    worker().enter(*["GET"] * 4)

    class Killed(BaseException):
        pass

    def kill(*_arguments: object, **_keywords: object) -> t.NoReturn:
        raise Killed

    for _number in range(4):
        dead = worker()
        dead.client.wait = kill  # type: ignore[method-assign]
        with pytest.raises(Killed):
            dead.enter("GET")
    one = worker()
    one.enter("GET")
    assert one.client.waited == 301


def test_a_waiter_that_leaves_gives_up_its_place(worker: Hire, clock: VirtualTime) -> None:
    worker().enter(*["GET"] * 4)
    clock.now += 290
    for _number in range(4):
        with worker(max_wait=5).client as client, pytest.raises(CloudflareError):
            client._pacer.enter(client, "GET")  # pylint: disable=protected-access
    clock.now += 11
    before = clock.now
    worker(max_wait=0).enter("GET")
    assert clock.now == before


def test_pacing_beyond_max_wait_fails_without_waiting(worker: Hire, clock: VirtualTime) -> None:
    worker().enter(*["GET"] * 4)
    assert worker(max_wait=300).refusal() == (
        "The next request was not sent: 'rate_limit' is reached (4 requests in 5 minutes). The next attempt is due in 301 s. "
        "'max_wait' is 300 s, of which 0 s are used."
    )
    assert clock.slept == []


def test_a_wait_is_told_once_and_a_short_one_not_at_all(worker: Hire, clock: VirtualTime) -> None:
    worker().enter(*["GET"] * 4)
    workers = [worker(max_wait=10) for _number in range(3)]
    for one in workers:
        one.refusal()
        one.pacer.leave()
    assert [text for one in workers for text in one.told] == [
        "Waiting 301 s: 'rate_limit' is reached (4 requests in 5 minutes)."
    ]
    clock.now += 300
    short = worker()
    short.enter("GET")
    assert clock.slept == [1.0] and short.told == []


# A ban


def test_a_ban_that_the_api_tells_is_waited_out_by_all(worker: Hire, clock: VirtualTime) -> None:
    met, other, third = worker(), worker(), worker()
    met.pacer.banned(200.0, True)
    assert met.told == [f"Waiting 200 s: {BANNED}."]
    other.enter("GET")
    assert clock.passed == 200 and other.told == [] and other.client.waited == 200
    # One goes first, and the others see whether it got through.
    other.pacer.passed()
    third.enter("GET")
    assert clock.passed == 200


def test_while_one_finds_out_the_others_wait_a_little(
    worker: Hire, clock: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker().pacer.banned(30.0, False)
    clock.now += 30
    probing, other = worker(), worker()
    probing.enter("GET")
    assert clock.slept == []

    def sleep(seconds: float) -> None:
        clock.slept.append(seconds)
        clock.now += seconds
        if len(clock.slept) == 3:
            probing.pacer.passed()

    monkeypatch.setattr(clock, "sleep", sleep)
    other.enter("GET")
    assert clock.slept == [1.0, 1.0, 1.0] and other.told == []


def test_the_one_who_finds_out_does_not_wait_for_itself(worker: Hire, clock: VirtualTime) -> None:
    worker().pacer.banned(30.0, False)
    clock.now += 30
    worker(writes=True).enter("PUT", "GET", "PUT")
    assert clock.slept == []


def test_a_probe_that_is_refused_makes_the_ban_longer(worker: Hire, clock: VirtualTime) -> None:
    worker().pacer.banned(30.0, False)
    probing, other = worker(), worker()
    probing.enter("GET")
    assert clock.passed == 30
    probing.pacer.banned(30.0, False)
    assert probing.told == [f"Waiting 60 s: {BANNED}."]
    other.enter("GET")
    assert clock.passed == 90


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
    assert wait and wait.seconds == 330


def test_a_probe_that_is_never_heard_of_again_hinders_nobody_for_long(worker: Hire, clock: VirtualTime) -> None:
    worker().pacer.banned(30.0, False)
    clock.now += 30
    worker().enter("GET")
    worker().enter("GET")
    assert clock.passed == 40


def test_a_probe_that_ends_otherwise_gives_its_turn_to_the_next(worker: Hire, clock: VirtualTime) -> None:
    worker().pacer.banned(30.0, False)
    clock.now += 30
    with worker().client as client:
        client._pacer.enter(client, "GET")  # pylint: disable=protected-access
    worker().enter("GET")
    assert clock.slept == []


def test_any_answer_but_a_refusal_by_the_throttle_ends_a_ban(fleet: Make, clock: VirtualTime) -> None:
    one = fleet(forks=1)
    one.status = 403
    one.pacer.banned(30.0, False)
    one.run(in_order=2)
    assert [moment - START for moment, _method, _zone in one.requests] == pytest.approx([30.0, 30.0 + LATENCY])


@pytest.mark.parametrize(
    ("bans", "end"),
    [
        ([(100.0, True), (30.0, False)], 100.0),  # what the API tells stands
        ([(60.0, False), (20.0, True)], 20.0),
        ([(20.0, False), (60.0, True)], 60.0),
        ([(20.0, True), (60.0, False)], 20.0),
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
    worker(run="another run").enter("GET")
    assert clock.passed == end


@pytest.mark.parametrize(
    ("seconds", "told", "due", "reason"),
    [
        (300.0, True, 300, BANNED),
        (30.0, False, 30, BANNED),
        (86400.0, True, 330, f"{BANNED} (Retry-After: 86400 s, but one task asks again after 330 s)"),
    ],
)
def test_a_ban_beyond_max_wait_fails_without_waiting(
    worker: Hire, clock: VirtualTime, seconds: float, told: bool, due: int, reason: str
) -> None:
    met = worker()
    met.pacer.banned(seconds, told)
    assert met.told == [f"Waiting {due} s: {reason}."]
    assert worker(max_wait=20).refusal() == (
        f"The next request was not sent: {reason}. The next attempt is due in {due} s. 'max_wait' is 20 s, of which 0 s "
        "are used."
    )
    assert clock.slept == []


# A credential that is refused


def test_a_condemned_credential_costs_the_others_of_the_run_nothing(worker: Hire) -> None:
    for run in ("run-1", "run-2"):
        worker(run=run).pacer.condemned(f"The token {TOKEN} is not known.")
    for run in ("run-1", "run-2"):
        assert worker(run=run).refusal() == (
            "The next request was not sent: these credentials were refused before. The token ******** is not known."
        )
    worker(run="run-3").enter("GET")


def test_what_is_known_of_old_runs_does_not_grow(worker: Hire) -> None:
    for number in range(17):
        worker(run=f"run-{number}").pacer.condemned("No.")
    worker(run="run-0").enter("GET")
    assert "refused before" in worker(run="run-1").refusal()


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
