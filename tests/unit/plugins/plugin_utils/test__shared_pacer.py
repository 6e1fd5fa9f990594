# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# pylint: disable=protected-access  # these are tests of the parts

"""The file that workers share. The effect of its content is tested in test__pacing.py."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible import constants as C

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client, _pacing
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import MemoryStore, SharedPacer
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _locked_file, _shared_pacer
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._locked_file import LockedFile
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._shared_pacer import FileStore, pacer_of_this_run
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN
from ansible_collections.zonefleet.cloudflare.tests.unit.virtual_time import VirtualTime

COLLECTIONS = next(path for path in sys.path if (Path(path) / "ansible_collections" / "zonefleet").is_dir())
STUCK = (
    "Requests are not counted together with those of other workers: another process keeps the lock of the shared file"
)


class Worker:
    """A pacer over the file with the client that passes it, and what it notes."""

    def __init__(self, directory: Path, *, run: str = "run-1", writes: bool = False, **connection: t.Any) -> None:
        given = {"url": "https://api.example.com", "credentials": Credentials(TOKEN), "rate_limit": 4, **connection}
        made = Connection(**given)
        self.noted: list[str] = []
        store = FileStore(made, str(directory), run, note=self.noted.append)
        self.pacer = SharedPacer(store, made, run, writes=writes, tell=lambda _text: None)
        self.client = Client(made, self.pacer)

    def enter(self, *methods: str) -> None:
        for method in methods:
            self.pacer.enter(self.client, method)


Make = Callable[..., Worker]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    made = VirtualTime()
    for module in (_client, _pacing, _locked_file, _shared_pacer):
        monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def worker(tmp_path: Path) -> Make:
    return lambda **options: Worker(tmp_path / "shared", **options)


@pytest.fixture
def shared(tmp_path: Path) -> Callable[[], Path]:
    """The one file."""

    def find() -> Path:
        (found,) = (tmp_path / "shared").glob("zonefleet-cloudflare-*")
        return found

    return find


def counted(path: Path) -> int:
    return sum(json.loads(path.read_text())["counts"].values())


# Who shares it


def test_all_of_a_run_and_later_runs_count_together(
    clock: VirtualTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    connection = Connection("https://api.example.com", Credentials(TOKEN), rate_limit=2, max_wait=10)
    for run in ("first", "second", "third"):
        monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path / run))
        pacer = pacer_of_this_run(connection, writes=False, speaker="inventory")
        with Client(connection, pacer) as client, contextlib.suppress(CloudflareError):
            pacer.enter(client, "GET")
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("inventory: Waiting 301 s: 'rate_limit' is reached")


def test_other_credentials_have_their_own_count(worker: Make, clock: VirtualTime) -> None:
    worker().enter(*["GET"] * 4)
    worker(credentials=Credentials("other-token")).enter(*["GET"] * 4)
    worker(credentials=Credentials(None, "joe@example.com", "key")).enter(*["GET"] * 4)
    worker(url="https://api.example.net").enter(*["GET"] * 4)
    assert clock.slept == []


def test_times_of_another_boot_are_not_looked_at(
    worker: Make, clock: VirtualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker().pacer.banned(300.0, True)
    monkeypatch.setattr(_shared_pacer, "_BOOT", "another")
    worker().enter("GET")
    assert clock.slept == []


def test_a_boot_is_told_from_others_without_linux_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: t.Any, **_keywords: t.Any) -> t.NoReturn:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr(_shared_pacer, "time", VirtualTime())
    assert _shared_pacer._boot() == str(round(1_000_000_000 / 3600))


def test_a_ban_that_stops_a_task_names_the_file(worker: Make, clock: VirtualTime, shared: Callable[[], Path]) -> None:
    worker().pacer.banned(86400.0, True)
    with pytest.raises(CloudflareError) as caught:
        worker(max_wait=60).enter("GET")
    assert "Retry-After: 86400 s" in caught.value.message
    assert caught.value.message.endswith(f" To send requests anyway, remove the file {shared()} and run again.")
    shared().unlink()
    worker(max_wait=60).enter("GET")
    assert clock.slept == []


# The file


@pytest.mark.parametrize("credentials", [Credentials(TOKEN), Credentials(None, "joe@example.com", "0123456789abcdef")])
def test_the_file_tells_no_credential_and_is_this_users_alone(
    worker: Make, clock: VirtualTime, shared: Callable[[], Path], tmp_path: Path, credentials: Credentials
) -> None:
    one = worker(credentials=credentials)
    one.pacer.condemned(f"{credentials.token or credentials.key} is not known.")
    assert stat.S_IMODE(shared().stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o700
    content = shared().name + shared().read_text()
    for secret in filter(None, (credentials.token, "joe", credentials.key)):
        assert secret not in content
    assert "******** is not known." in content


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\udcff",
        "[]",
        "{}",
        '{"counts": [1, 2]}',
        '{"counts": {"1000": 1e999}}',
        '{"counts": {"1000": -50}}',
        '{"counts": {"9999": 9}}',
        '{"held": 7}',
        '{"queue": {"a": [1, 2, 3]}}',
        '{"queue": {"a": [1, 100, 4, 4]}}',
        '{"ban_until": NaN}',
        '{"ban_until": {}}',
        '{"condemned": ["run-1"]}',
        '{"version": 2, "counts": {"1000": 4}}',
        "[" * 100_000,
    ],
)
def test_a_file_that_makes_no_sense_is_written_anew(
    worker: Make, clock: VirtualTime, shared: Callable[[], Path], content: str
) -> None:
    one = worker()
    one.pacer.banned(300.0, True)
    if content.startswith('{"') and content.endswith("}"):  # in an else sound state
        content = json.dumps({**json.loads(shared().read_text()), "ban_until": 0, **json.loads(content)})
    shared().write_text(content, errors="surrogateescape")
    one.enter(*["GET"] * 4)
    assert clock.slept == [] and one.noted == []
    one.enter("GET")
    assert clock.passed == 301.0


def _linked(link: Callable[[Path, Path], None]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        target = path.parent.parent / "target"
        target.write_text("{}")
        link(path, target)

    return spoil


def _writable_by_others(path: Path) -> None:
    path.write_text("{}")
    path.chmod(0o620)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_linked(Path.symlink_to), "Too many levels of symbolic links"),
        (_linked(Path.hardlink_to), "is not a regular file that only this user can write"),
        (Path.mkdir, "Is a directory"),
        (os.mkfifo, "is not a regular file that only this user can write"),
        (_writable_by_others, "is not a regular file that only this user can write"),
    ],
)
def test_what_is_no_file_of_ours_is_a_note_and_no_failure(
    worker: Make, clock: VirtualTime, shared: Callable[[], Path], spoil: Callable[[Path], object], reason: str
) -> None:
    worker().enter("GET")
    path = shared()
    path.unlink()
    spoil(path)
    one = worker(writes=True)
    one.enter("GET", "PUT", "GET")
    one.pacer.leave()
    worker().enter("GET", "GET")
    assert clock.slept == []
    (note,) = one.noted
    assert note.startswith("Requests are not counted together with those of other workers: ") and reason in note


def test_a_file_of_someone_else_is_a_note(
    worker: Make, clock: VirtualTime, shared: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = worker()
    one.enter("GET")
    content = shared().read_bytes()
    monkeypatch.setattr(_locked_file.os, "geteuid", lambda: 12345)
    one.enter("GET")
    monkeypatch.undo()
    assert len(one.noted) == 1 and shared().read_bytes() == content


def test_a_directory_that_cannot_be_made_is_a_note(worker: Make, tmp_path: Path) -> None:
    (tmp_path / "shared").touch()
    one = worker()
    one.enter("GET")
    assert "Not a directory" in one.noted[0]


@pytest.mark.parametrize("in_memory", [True, False])
def test_without_a_file_the_threads_of_a_process_still_take_turns(tmp_path: Path, in_memory: bool) -> None:
    (tmp_path / "shared").touch()
    connection = Connection("https://api.example.com", Credentials(TOKEN))
    file = FileStore(connection, str(tmp_path / "shared"), "run-1", note=lambda _text: None)
    store, entered = MemoryStore() if in_memory else file, threading.Event()

    def enter() -> None:
        with store.state() as state:
            assert state.condemned == {"run-1": "No."}
            entered.set()

    with store.state() as own:
        own.condemn("run-1", "No.")
        thread = threading.Thread(target=enter)
        thread.start()
        assert not entered.wait(0.05)
    thread.join()
    assert entered.is_set()


def test_a_full_disk_is_no_failure(worker: Make, clock: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: t.Any) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_locked_file.os, "pwrite", refuse)
    worker().enter(*["GET"] * 20)
    assert clock.slept == []


def test_a_huge_file_is_made_small_again(worker: Make, clock: VirtualTime, shared: Callable[[], Path]) -> None:
    worker().enter("GET")
    shared().write_bytes(b" " * 10_000_000)
    worker().enter("GET")
    assert shared().stat().st_size < 1000


def test_a_shorter_state_leaves_nothing_of_a_longer_one(
    worker: Make, clock: VirtualTime, shared: Callable[[], Path]
) -> None:
    for number in range(10):
        worker(run=f"run-{number}").pacer.condemned("x" * 1000)
    worker(run="run-11").enter("GET")
    assert counted(shared()) == 1


def test_files_that_were_left_behind_are_removed(worker: Make, clock: VirtualTime, tmp_path: Path) -> None:
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


def test_a_file_that_is_removed_while_we_wait_for_it_is_not_used(
    worker: Make, shared: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker().enter("GET")
    path, entered, opened = shared(), worker(), threading.Event()
    lock = LockedFile._lock

    def note_and_lock(file: LockedFile, descriptor: int) -> None:
        opened.set()
        lock(file, descriptor)

    monkeypatch.setattr(LockedFile, "_lock", note_and_lock)
    with path.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        waiting = threading.Thread(target=entered.enter, args=("GET",))
        waiting.start()
        assert opened.wait(5)
        path.unlink()
    waiting.join()
    assert counted(shared()) == 1 and entered.noted == []


def test_a_stuck_lock_costs_a_run_its_wait_once(
    worker: Make, clock: VirtualTime, shared: Callable[[], Path], tmp_path: Path
) -> None:
    worker().enter("GET")
    for run in ("run-1", "run-2"):
        (tmp_path / "shared" / run).mkdir()
    with shared().open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        for _number in range(3):
            one = worker(writes=True)
            one.enter("GET", "PUT")
            one.pacer.leave()
            assert one.noted == [STUCK]
        assert 5 <= clock.passed < 5.1
        another = worker(run="run-2")
        another.enter("GET")
        assert another.noted == [STUCK] and 10 <= clock.passed < 10.1
    assert counted(shared()) == 1
    # As soon as it can be had again, it is waited for again.
    worker().enter("GET")
    assert counted(shared()) == 2 and list((tmp_path / "shared" / "run-1").iterdir()) == []


# Other processes

HAMMER = """
import sys, threading, time
from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _rate_limit
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import SharedPacer
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._shared_pacer import FileStore
_rate_limit.WINDOW = 1.0
connection = Connection("https://api.example.com", Credentials("token"), rate_limit=int(sys.argv[2]))
store = FileStore(connection, sys.argv[1], "run", note=sys.exit)
pacer = SharedPacer(store, connection, "run", writes=True, tell=print)
end = time.monotonic() + 3

def work():
    while time.monotonic() < end:
        own = pacer.another()
        with Client(connection, own) as client:
            for method in ("GET", "PUT")[: 1 + int(time.monotonic() * 1000) % 2]:
                if own.enter(client, method, client.waited + 0.1 if method == "PUT" else 100):
                    sys.stdout.write(f"{time.monotonic()}\\n")

threads = [threading.Thread(target=work) for _number in range(4)]
for thread in threads:
    thread.start()
"""


def test_threads_of_many_processes_together_keep_to_the_limit(tmp_path: Path) -> None:
    limit = 12
    command = [sys.executable, "-c", HAMMER, str(tmp_path / "shared"), str(limit)]
    environment = {**os.environ, "PYTHONPATH": COLLECTIONS}
    with contextlib.ExitStack() as stack:
        running = [
            stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
            for _number in range(2)
        ]
        lines = [one.communicate(timeout=60)[0].splitlines() for one in running]
    assert all(one.returncode == 0 for one in running)
    moments = sorted(float(line) for found in lines for line in found)
    assert len(moments) >= limit * 2
    within = [sum(moment <= other < moment + 1.0 for other in moments) for moment in moments]
    # A slot is taken a moment before the request: one that is late may meet the next window's first ones.
    assert max(within) <= limit
