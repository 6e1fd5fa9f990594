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
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import MemoryStore
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _locked_file, _shared_pacer
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._locked_file import LockedFile
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._shared_pacer import FileStore, pacer_of_this_run
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN
from ansible_collections.zonefleet.cloudflare.tests.unit.virtual_time import VirtualTime, Worker

ALONE = "Requests are not counted together with those of other workers: "
STUCK = f"{ALONE}another process keeps the lock of the shared file"


class FileWorker(Worker):
    """A worker over the shared file, with what it notes."""

    def __init__(self, directory: Path, *, run: str = "run-1", writes: bool = False, **connection: t.Any) -> None:
        given = {"url": "https://api.example.com", "credentials": Credentials(TOKEN), "rate_limit": 4, **connection}
        made = Connection(**given)
        self.noted: list[str] = []
        super().__init__(FileStore(made, str(directory), run, note=self.noted.append), made, run, writes=writes)


Make = Callable[..., FileWorker]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    made = VirtualTime()
    for module in (_client, _pacing, _locked_file, _shared_pacer):
        monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def worker(tmp_path: Path) -> Make:
    return lambda **options: FileWorker(tmp_path / "shared", **options)


@pytest.fixture
def shared(worker: Make, tmp_path: Path) -> Path:
    """The one file, in which one request is counted."""
    worker().enter("GET")
    (found,) = (tmp_path / "shared").glob("zonefleet-cloudflare-*")
    return found


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
    assert printed.out == ""
    assert printed.err.startswith("inventory: Waiting 301 s: 'rate_limit' is reached")


def test_others_have_their_own_count(worker: Make, clock: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> None:
    for connection in (
        {},
        {"credentials": Credentials("other-token")},
        {"credentials": Credentials(None, "joe@example.com", "key")},
        {"url": "https://api.example.net"},
    ):
        worker(**connection).enter(*["GET"] * 4)
    monkeypatch.setattr(_shared_pacer, "_BOOT", "another")  # since which the times mean something else
    worker().enter(*["GET"] * 4)
    assert clock.slept == []


def test_a_boot_is_told_from_others_without_linux_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.open", _failing(FileNotFoundError()))
    monkeypatch.setattr(_shared_pacer, "time", VirtualTime())
    assert _shared_pacer._boot() == str(round(1_000_000_000 / 3600))


def test_a_ban_that_stops_a_task_names_the_file(worker: Make, clock: VirtualTime, shared: Path) -> None:
    worker().pacer.banned(86400.0, True)
    assert worker(max_wait=60).refusal().endswith(f" To send requests anyway, remove the file {shared} and run again.")
    shared.unlink()
    worker(max_wait=60).enter("GET")
    assert clock.slept == []


# The file


@pytest.mark.parametrize("credentials", [Credentials(TOKEN), Credentials(None, "joe@example.com", "0123456789abcdef")])
def test_the_file_tells_no_credential_and_is_this_users_alone(
    worker: Make, tmp_path: Path, credentials: Credentials
) -> None:
    worker(credentials=credentials).pacer.condemned(f"{credentials.token or credentials.key} is not known.")
    (path,) = (tmp_path / "shared").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    content = path.name + path.read_text()
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
        '{"queue": {"a": [1, 2, 3]}}',
        '{"queue": {"a": [1, 100, 4, 4]}}',
        '{"ban_until": NaN}',
        '{"version": 2, "counts": {"1000": 4}}',
        "[" * 100_000,
    ],
)
def test_a_file_that_makes_no_sense_is_written_anew(
    worker: Make, clock: VirtualTime, shared: Path, content: str
) -> None:
    if content.startswith('{"'):  # in an else sound state
        content = json.dumps({**json.loads(shared.read_text()), "counts": {}, **json.loads(content)})
    shared.write_text(content, errors="surrogateescape")
    one = worker()
    one.enter(*["GET"] * 4)
    assert clock.slept == []
    assert one.noted == []
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


def _in_a_directory_that_cannot_be_made(path: Path) -> None:
    path.parent.rmdir()
    path.parent.touch()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_linked(Path.symlink_to), "Too many levels of symbolic links"),
        (_linked(Path.hardlink_to), "is not a regular file that only this user can write"),
        (os.mkfifo, "is not a regular file that only this user can write"),
        (_writable_by_others, "is not a regular file that only this user can write"),
        (_in_a_directory_that_cannot_be_made, "Not a directory"),
    ],
)
def test_what_is_no_file_of_ours_is_a_note_and_no_failure(
    worker: Make, clock: VirtualTime, shared: Path, spoil: Callable[[Path], object], reason: str
) -> None:
    shared.unlink()
    spoil(shared)
    one = worker(writes=True)
    one.enter("GET", "PUT", "GET")
    one.pacer.leave()
    worker().enter("GET", "GET")
    assert clock.slept == []
    (note,) = one.noted
    assert note.startswith(ALONE)
    assert reason in note


def test_a_file_of_someone_else_is_a_note(worker: Make, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = shared.read_bytes()
    one = worker()
    with monkeypatch.context() as patch:
        patch.setattr(_locked_file.os, "geteuid", lambda: 12345)
        one.enter("GET")
    assert len(one.noted) == 1
    assert shared.read_bytes() == content


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
    monkeypatch.setattr(_locked_file.os, "pwrite", _failing(OSError(28, "No space left on device")))
    worker().enter(*["GET"] * 20)
    assert clock.slept == []


def test_a_shorter_state_leaves_nothing_of_a_longer_one(worker: Make, shared: Path) -> None:
    for content in (shared.read_bytes() + b" " * 1000, b" " * 10_000_000):
        shared.write_bytes(content)
        worker().enter("GET")
        assert json.loads(shared.read_text())["counts"]
    assert shared.stat().st_size < 1000  # a huge one is made small again


def test_files_that_were_left_behind_are_removed(worker: Make, clock: VirtualTime, tmp_path: Path) -> None:
    directory = tmp_path / "shared"
    directory.mkdir()
    locked = directory / "zonefleet-cloudflare-locked"
    ages = {"zonefleet-cloudflare-old": 4000, "zonefleet-cloudflare-new": 60, "another-old": 4000, locked.name: 4000}
    for name, age in ages.items():
        (directory / name).touch(mode=0o600)
        os.utime(directory / name, (clock.time() - age, clock.time() - age))
    with locked.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        worker().enter("GET")
    left = {path.name for path in directory.iterdir()}
    assert left >= {"zonefleet-cloudflare-new", "another-old", locked.name}
    assert len(left) == 4


def test_a_file_that_is_removed_while_we_wait_for_it_is_not_used(
    worker: Make, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, opened, lock = worker(), threading.Event(), LockedFile._lock

    def note_and_lock(file: LockedFile, descriptor: int) -> None:
        opened.set()
        lock(file, descriptor)

    monkeypatch.setattr(LockedFile, "_lock", note_and_lock)
    with shared.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        waiting = threading.Thread(target=entered.enter, args=("GET",))
        waiting.start()
        assert opened.wait(5)
        shared.unlink()
    waiting.join()
    assert counted(shared) == 1
    assert entered.noted == []


def test_a_stuck_lock_costs_a_run_its_wait_once(worker: Make, clock: VirtualTime, shared: Path) -> None:
    for run in ("run-1", "run-2"):
        (shared.parent / run).mkdir()
    with shared.open() as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        for run, seconds in (("run-1", 5), ("run-1", 5), ("run-2", 10)):
            one = worker(run=run, writes=True)
            one.enter("GET", "PUT")
            one.pacer.leave()
            assert one.noted == [STUCK]
            assert seconds <= clock.passed < seconds + 0.1
    assert counted(shared) == 1
    # As soon as it can be had again, it is waited for again.
    worker().enter("GET")
    assert counted(shared) == 2
    assert list((shared.parent / "run-1").iterdir()) == []


def _failing(error: OSError) -> Callable[..., t.NoReturn]:
    def fail(*_arguments: object, **_keywords: object) -> t.NoReturn:
        raise error

    return fail
