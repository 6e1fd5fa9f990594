# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# pylint: disable=protected-access  # these are tests of the parts

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _shared_pacer
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._shared_pacer import SharedPacer
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN, ZONE, Script

COLLECTIONS = next(path for path in sys.path if (Path(path) / "ansible_collections" / "zonefleet").is_dir())
BANNED = "Cloudflare refuses all calls of this user for now"


class Clock:
    """Stands in for the module `time`: sleeping takes no time, and is written down."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_000_000_000 + self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Worker:
    """A pacer with the client that passes it, and what it says."""

    def __init__(self, directory: Path, *, run: str = "run-1", write: bool = False, **connection: t.Any) -> None:
        given = {"url": "https://api.example.com", "credentials": Credentials(TOKEN), "rate_limit": 4, **connection}
        self.connection = Connection(**given)
        self.told: list[str] = []
        self.noted: list[str] = []
        self.pacer = SharedPacer(
            self.connection,
            str(directory),
            run,
            hold_for_write=write,
            tell=self.told.append,
            note=self.noted.append,
        )
        self.client = Client(self.connection, self.pacer)

    def enter(self, *methods: str) -> None:
        for method in methods:
            self.pacer.enter(self.client, method)


Make = Callable[..., Worker]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(_shared_pacer, "time", made)
    monkeypatch.setattr(_client, "time", made)
    return made


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Make]:
    with contextlib.ExitStack() as stack:

        def make(**keywords: t.Any) -> Worker:
            made = Worker(tmp_path / "shared", **keywords)
            stack.callback(made.client._session.close)
            return made

        yield make


@pytest.fixture
def shared(tmp_path: Path) -> Callable[[], Path]:
    """The one file."""

    def find() -> Path:
        (found,) = (tmp_path / "shared").iterdir()
        return found

    return find


# Pacing


def test_bursts_pass_until_the_window_is_full(worker: Make, clock: Clock) -> None:
    workers = [worker() for _number in range(4)]
    for one in workers:
        one.enter("GET")
    assert clock.slept == []
    late = worker()
    late.enter("GET")
    assert clock.slept == [301.0] and late.client.waited == 301.0
    assert late.told == ["Waiting for 301 s: 'rate_limit' is reached."]


def test_a_request_counts_for_the_whole_window(worker: Make, clock: Clock) -> None:
    clock.now = 1000.9
    worker(rate_limit=1).enter("GET")
    clock.now = 1000.9 + 299.9
    worker(rate_limit=1).enter("GET")
    assert clock.now > 1000.9 + 300


def test_what_has_left_the_window_makes_room_one_by_one(worker: Make, clock: Clock) -> None:
    for second in (0, 100, 200, 290):
        clock.now = 1000.0 + second
        worker().enter("GET")
    waits = []
    for _number in range(3):
        one = worker()
        one.enter("GET")
        waits.append(one.client.waited)
    assert waits == [11.0, 100.0, 100.0]


def test_without_a_limit_nothing_waits(worker: Make, clock: Clock) -> None:
    for _number in range(2000):
        worker(rate_limit=0).enter("GET")
    assert clock.slept == []


def test_each_run_has_its_own_limit_of_what_all_have_made(worker: Make, clock: Clock) -> None:
    worker(rate_limit=100).enter(*["GET"] * 50)
    worker(run="run-2", rate_limit=60).enter(*["GET"] * 10)
    assert clock.slept == []
    worker(run="run-3", rate_limit=60).enter("GET")
    assert clock.slept == [301.0]


def test_other_credentials_have_their_own_count(worker: Make, clock: Clock) -> None:
    worker().enter(*["GET"] * 4)
    worker(credentials=Credentials("other-token")).enter(*["GET"] * 4)
    worker(credentials=Credentials(None, "joe@example.com", "key")).enter(*["GET"] * 4)
    worker(url="https://api.example.net").enter(*["GET"] * 4)
    assert clock.slept == []


def test_reading_takes_the_slot_of_the_write_along(worker: Make, clock: Clock) -> None:
    one, other = worker(write=True), worker(write=True)
    one.enter("GET")
    other.enter("GET")  # now all four slots are taken
    one.enter("PUT")
    other.enter("PUT")
    assert clock.slept == []
    worker().enter("GET")
    assert clock.slept == [301.0]


def test_further_pages_need_one_slot_each(worker: Make, clock: Clock) -> None:
    worker(write=True).enter("GET", "GET", "GET", "PUT")
    assert clock.slept == []
    worker().enter("GET")
    assert clock.slept == [301.0]


def test_a_slot_that_was_not_needed_is_given_back(worker: Make, clock: Clock) -> None:
    for _number in range(4):
        with worker(write=True).client as client:
            client._pacer.enter(client, "GET")
    assert clock.slept == [301.0]  # the fourth needs two, of which three are used


def test_a_write_counts_from_when_it_is_made(worker: Make, clock: Clock) -> None:
    one = worker(write=True, rate_limit=2)
    one.enter("GET")
    clock.now += 250
    one.enter("PUT")
    clock.now += 60
    other = worker(rate_limit=1)
    other.enter("GET")
    assert clock.slept == [241.0]


def test_a_limit_of_one_is_no_deadlock(worker: Make, clock: Clock) -> None:
    worker(write=True, rate_limit=1).enter("GET", "PUT")
    assert clock.slept == []
    worker(write=True, rate_limit=1).enter("GET", "PUT")
    assert clock.slept == [301.0]


def test_pacing_beyond_max_wait_fails_without_waiting(worker: Make, clock: Clock) -> None:
    worker().enter(*["GET"] * 4)
    late = worker(max_wait=10)
    with pytest.raises(CloudflareError) as caught:
        late.enter("GET")
    assert caught.value.message == (
        "No request was made: 'rate_limit' is reached. To try again takes a wait of 301 s; 'max_wait' is 10 s, of which "
        "0 s are spent."
    )
    assert clock.slept == []


def test_a_wait_is_told_once_and_a_short_one_not_at_all(worker: Make, clock: Clock) -> None:
    worker().enter(*["GET"] * 4)
    workers = [worker(max_wait=10) for _number in range(3)]
    for one in workers:
        with pytest.raises(CloudflareError):
            one.enter("GET")
    assert [len(one.told) for one in workers] == [1, 0, 0]
    clock.now += 300
    short = worker()
    short.enter("GET")
    assert clock.slept == [1.0] and short.told == []


# A ban


def test_a_ban_that_the_api_tells_is_sat_out_by_all(worker: Make, clock: Clock) -> None:
    met, other, third = worker(), worker(), worker()
    met.pacer.banned(200.0, True)
    assert met.told == [f"Waiting for 200 s: {BANNED}."]
    other.enter("GET")
    assert clock.slept == [200.0] and other.told == []
    assert other.client.waited == 200.0
    # One goes first, and the others see whether it got through.
    other.pacer.passed()
    third.enter("GET")
    assert clock.slept == [200.0]


def test_while_one_finds_out_the_others_wait_a_little(
    worker: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
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


def test_the_one_who_finds_out_does_not_wait_for_itself(worker: Make, clock: Clock) -> None:
    worker().pacer.banned(30.0, False)
    clock.now += 30
    probing = worker(write=True)
    probing.enter("PUT", "GET", "PUT")
    assert clock.slept == []


def test_a_probe_that_is_refused_makes_the_ban_longer(worker: Make, clock: Clock) -> None:
    worker().pacer.banned(30.0, False)
    probing, other = worker(), worker()
    probing.enter("GET")
    assert clock.now == 1030.0
    probing.pacer.banned(30.0, False)
    assert probing.told == [f"Waiting for 60 s: {BANNED}."]
    other.enter("GET")
    assert clock.now == 1090.0


def test_a_guess_is_looked_at_again_every_second(worker: Make, clock: Clock) -> None:
    worker().pacer.banned(3.5, False)
    worker().enter("GET")
    assert clock.slept == [1.0, 1.0, 1.0, 0.5]


def test_a_probe_that_is_never_heard_of_again_hinders_nobody_for_long(worker: Make, clock: Clock) -> None:
    worker().pacer.banned(30.0, False)
    clock.now += 30
    worker().enter("GET")
    worker().enter("GET")
    assert clock.now == 1040.0


def test_a_probe_that_ends_otherwise_gives_its_turn_to_the_next(worker: Make, clock: Clock) -> None:
    worker().pacer.banned(30.0, False)
    clock.now += 30
    with worker().client as client:
        client._pacer.enter(client, "GET")
    worker().enter("GET")
    assert clock.slept == []


def test_any_answer_but_a_refusal_by_the_throttle_ends_a_ban(
    worker: Make, clock: Clock, api: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_shared_pacer, "PROBE", 1000.0)
    connection = {"url": api.url, "retries": 0}
    worker(**connection).pacer.banned(30.0, False)
    clock.now += 30
    error = {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]}
    api.expect("GET", f"/zones/{ZONE}", status=403, answer=error)
    with pytest.raises(_client.ApiError):
        worker(**connection).client.call("GET", f"/zones/{ZONE}", "ask")
    worker(**connection).enter("GET")
    assert clock.slept == []


@pytest.mark.parametrize(
    ("bans", "end"),
    [
        ([(100.0, True), (30.0, False)], 100.0),  # what the API tells stands
        ([(60.0, False), (20.0, True)], 20.0),
        ([(20.0, False), (60.0, True)], 60.0),
        ([(20.0, True), (60.0, True), (40.0, True)], 60.0),
        ([(60.0, False), (30.0, False)], 60.0),
        ([(1e12, True)], 86400.0),
    ],
)
def test_of_several_bans_the_best_known_counts(
    worker: Make, clock: Clock, bans: list[tuple[float, bool]], end: float
) -> None:
    for seconds, told in bans:
        worker().pacer.banned(seconds, told)
    worker(max_wait=90000).enter("GET")
    assert clock.now == 1000.0 + end


def test_a_ban_beyond_max_wait_fails_without_waiting(worker: Make, clock: Clock) -> None:
    worker().pacer.banned(300.0, True)
    late = worker(max_wait=200)
    with pytest.raises(CloudflareError) as caught:
        late.enter("GET")
    assert "takes a wait of 300 s; 'max_wait' is 200 s, of which 0 s are spent" in caught.value.message
    assert clock.slept == []


def test_waiting_for_a_guess_ends_with_max_wait(worker: Make, clock: Clock) -> None:
    worker().pacer.banned(30.0, False)
    late = worker(max_wait=5)
    with pytest.raises(CloudflareError) as caught:
        late.enter("GET")
    assert "'max_wait' is 5 s, of which 5 s are spent" in caught.value.message
    assert late.client.waited == 5.0


def test_a_ban_counts_for_other_runs_too(worker: Make, clock: Clock) -> None:
    worker(run="run-1").pacer.banned(20.0, True)
    worker(run="run-2").enter("GET")
    assert clock.now == 1020.0


# A credential that is refused


def test_a_condemned_credential_costs_the_others_of_the_run_nothing(worker: Make, clock: Clock) -> None:
    worker().pacer.condemned("Invalid access token.")
    with pytest.raises(CloudflareError) as caught:
        worker().enter("GET")
    assert caught.value.message == ("No request was made: these credentials were refused before. Invalid access token.")
    worker(run="run-2").enter("GET")


def test_runs_at_the_same_time_keep_what_they_know_apart(worker: Make, clock: Clock) -> None:
    for run in ("run-1", "run-2"):
        worker(run=run).pacer.condemned("No.")
    for run in ("run-1", "run-2"):
        with pytest.raises(CloudflareError):
            worker(run=run).enter("GET")


def test_what_is_known_of_old_runs_does_not_grow(worker: Make, clock: Clock, shared: Callable[[], Path]) -> None:
    for number in range(40):
        worker(run=f"run-{number}").pacer.condemned("No.")
    known = list(json.loads(shared().read_text())["condemned"])
    assert known == [f"run-{number}" for number in range(24, 40)]


# The file


def test_the_file_tells_no_credential_and_is_this_users_alone(
    worker: Make, clock: Clock, shared: Callable[[], Path], tmp_path: Path
) -> None:
    one = worker(write=True)
    one.enter("GET")
    one.pacer.condemned(f"The token {TOKEN} is not known.")
    assert stat.S_IMODE(shared().stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o700
    assert TOKEN not in shared().name + shared().read_text()
    assert "The token ******** is not known." in shared().read_text()


def test_neither_email_nor_key_are_told(worker: Make, clock: Clock, shared: Callable[[], Path]) -> None:
    one = worker(credentials=Credentials(None, "joe@example.com", "0123456789abcdef"))
    one.enter("GET")
    one.pacer.condemned("The key 0123456789abcdef is not known.")
    content = shared().name + shared().read_text()
    assert "joe" not in content and "0123456789abcdef" not in content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"counts": ',
        b'{"counts": [1, 2]}',
        b'{"counts": {"soon": 3}}',
        b'{"counts": {"1000": "many"}}',
        b'{"counts": {"1000": null}}',
        b'{"counts": {"9": 1e999}}',
        b'{"ban_until": "never"}',
        b'{"ban_until": NaN}',
        b'{"ban_until": {}}',
        b'{"condemned": ["run-1"]}',
        b'{"condemned": 7}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_makes_no_sense_is_written_anew(
    worker: Make, clock: Clock, shared: Callable[[], Path], content: bytes
) -> None:
    one = worker()
    one.enter("GET")
    shared().write_bytes(content)
    one.enter(*["GET"] * 4)
    assert clock.slept == [] and one.noted == []
    one.enter("GET")
    assert clock.slept == [301.0]


def test_times_of_another_boot_are_not_looked_at(
    worker: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    worker().pacer.banned(86400.0, True)
    monkeypatch.setattr(_shared_pacer, "_BOOT", "another")
    worker().enter("GET")
    assert clock.slept == []
    assert len(list((tmp_path / "shared").iterdir())) == 2


def test_a_boot_is_told_from_others_without_linux_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: t.Any, **_keywords: t.Any) -> t.NoReturn:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr(_shared_pacer, "time", Clock())
    first = _shared_pacer._boot()
    assert int(first) == round(1_000_000_000 / 3600)


def _symlink(path: Path) -> None:
    target = path.parent.parent / "target"
    target.write_text("{}")
    path.symlink_to(target)


def _writable_by_others(path: Path) -> None:
    path.write_text("{}")
    path.chmod(0o620)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_symlink, "Too many levels of symbolic links"),
        (Path.mkdir, "Is a directory"),
        (os.mkfifo, "is not a file of this user alone"),
        (_writable_by_others, "is not a file of this user alone"),
    ],
)
def test_what_is_no_file_of_ours_is_a_note_and_no_failure(
    worker: Make, clock: Clock, shared: Callable[[], Path], spoil: Callable[[Path], object], reason: str
) -> None:
    worker().enter("GET")
    path = shared()
    path.unlink()
    spoil(path)
    one = worker(write=True)
    one.enter("GET", "PUT", "GET", "PUT", "GET", "PUT")
    one.pacer.leave()
    assert clock.slept == []
    (note,) = one.noted
    assert note.startswith("Requests are not counted together with those of other workers: ") and reason in note


def test_a_file_of_someone_else_is_a_note(
    worker: Make, clock: Clock, shared: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = worker()
    one.enter("GET")
    content = shared().read_bytes()
    monkeypatch.setattr(_shared_pacer.os, "geteuid", lambda: 12345)
    one.enter("GET")
    monkeypatch.undo()
    assert len(one.noted) == 1 and shared().read_bytes() == content


def test_a_directory_that_cannot_be_made_is_a_note(worker: Make, tmp_path: Path) -> None:
    (tmp_path / "shared").touch()
    one = worker()
    one.enter("GET")
    assert "Not a directory" in one.noted[0]


def test_a_full_disk_is_no_failure(worker: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: t.Any) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_shared_pacer.os, "pwrite", refuse)
    worker().enter(*["GET"] * 20)


def test_a_huge_file_is_made_small_again(worker: Make, clock: Clock, shared: Callable[[], Path]) -> None:
    worker().enter("GET")
    shared().write_bytes(b" " * 10_000_000)
    worker().enter("GET")
    assert shared().stat().st_size < 1000


def test_a_shorter_state_leaves_nothing_of_a_longer_one(worker: Make, clock: Clock, shared: Callable[[], Path]) -> None:
    for number in range(10):
        worker(run=f"run-{number}").pacer.condemned("x" * 1000)
    worker(run="run-11").enter("GET")
    assert json.loads(shared().read_text())["counts"] == {"1000": 1}


def test_files_that_were_left_behind_are_removed(worker: Make, clock: Clock, tmp_path: Path) -> None:
    directory = tmp_path / "shared"
    directory.mkdir()
    ages = {"zonefleet-cloudflare-old": 4000, "zonefleet-cloudflare-new": 60, "another-old": 4000}
    locked = directory / "zonefleet-cloudflare-locked"
    for name, age in {**ages, locked.name: 4000}.items():
        (directory / name).touch(mode=0o600)
        os.utime(directory / name, (clock.time() - age, clock.time() - age))
    with locked.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        worker().enter("GET")
    left = {path.name for path in directory.iterdir()}
    assert left >= {"zonefleet-cloudflare-new", "another-old", locked.name} and len(left) == 4


def test_a_file_that_is_removed_while_we_wait_for_it_is_not_used(worker: Make, shared: Callable[[], Path]) -> None:
    worker().enter("GET")
    path = shared()
    entered = worker()
    with path.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        waiting = threading.Thread(target=entered.enter, args=("GET",))
        opened = threading.Event()
        real, _shared_pacer._lock = _shared_pacer._lock, lambda *given: (opened.set(), real(*given))[1]  # type: ignore[func-returns-value]
        try:
            waiting.start()
            assert opened.wait(5)
            path.unlink()
        finally:
            fcntl.flock(holder, fcntl.LOCK_UN)
            waiting.join()
            _shared_pacer._lock = real
    assert list(json.loads(shared().read_text())["counts"].values()) == [1]
    assert entered.noted == []


# Other processes

HOLD = """
import fcntl, sys
with open(sys.argv[1]) as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("locked", flush=True)
    sys.stdin.read()
"""

HAMMER = """
import sys, time
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _shared_pacer
_shared_pacer.WINDOW = 1.0
connection = Connection("https://api.example.com", Credentials("token"), rate_limit=int(sys.argv[2]))
end = time.monotonic() + 4
while time.monotonic() < end:
    pacer = _shared_pacer.SharedPacer(connection, sys.argv[1], "run", hold_for_write=True, tell=print, note=sys.exit)
    with Client(connection, pacer) as client:
        pacer.enter(client, "GET")
        print(time.monotonic(), flush=True)
        if int(time.monotonic() * 1000) % 2:
            pacer.enter(client, "PUT")
            print(time.monotonic(), flush=True)
"""


@contextlib.contextmanager
def process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": COLLECTIONS},
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def test_a_stopped_process_with_the_lock_costs_a_moment_and_a_note(
    worker: Make, shared: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_shared_pacer, "LOCK_WAIT", 0.05)
    worker().enter("GET")
    with process(HOLD, shared()) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
        holder.send_signal(signal.SIGSTOP)
        one = worker(write=True)
        begun = time.monotonic()
        one.enter("GET", "PUT")
        one.pacer.leave()
        assert time.monotonic() - begun < 5
        assert one.noted == [
            "Requests are not counted together with those of other workers: another process keeps the lock of their file"
        ]
        # Once is enough.
        assert one.pacer._patience == 0


def test_a_killed_process_with_the_lock_hinders_nobody(worker: Make, shared: Callable[[], Path]) -> None:
    worker().enter("GET")
    with process(HOLD, shared()) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
        holder.kill()
        holder.wait()
        one = worker()
        one.enter("GET")
    assert one.noted == []
    assert sum(json.loads(shared().read_text())["counts"].values()) == 2


def test_many_processes_together_keep_to_the_limit(tmp_path: Path) -> None:
    limit = 12
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(process(HAMMER, tmp_path / "shared", limit)) for _number in range(6)]
        lines = [one.communicate(timeout=60)[0].splitlines() for one in running]
    assert all(one.returncode == 0 for one in running)
    moments = sorted(float(line) for found in lines for line in found)
    assert len(moments) >= limit * 2
    within = [sum(moment <= other < moment + 1.0 for other in moments) for moment in moments]
    # A slot is taken a moment before the request: one that is late may meet the next window's first ones.
    assert max(within) <= limit
