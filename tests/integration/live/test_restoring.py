# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever happens, the zone is as it was; and where that cannot be done, it is said with what to do."""

from __future__ import annotations

import json
import os
import signal
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from emulator import Emulator, Fault
from integration.live.running import ZONE, InProcess, environ, make_zone, run_kit, told
from live.kit import Kit, Options, restore


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(zones=[make_zone()], throttle=None) as running:
        yield running
        assert not running.failures, running.failures


def _way(emulator: Emulator, output: Path) -> Path:
    return output / f"restore-{emulator.zones[ZONE].id}.json"


def test_reading_makes_no_write(emulator: Emulator, tmp_path: Path) -> None:
    before = emulator.dump()
    result = run_kit(emulator, tmp_path)
    assert (result.code, emulator.writes(ZONE), emulator.dump()) == (0, 0, before)
    assert {call.method for call in emulator.requests} == {"GET"}
    assert len(emulator.requests) == 12
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gitignore", "report.json", "report.txt"]
    assert "put_result: the kit was not asked to write (WRITE=1)" in result.text


def test_the_way_back_is_on_disk_before_the_first_write(emulator: Emulator, tmp_path: Path) -> None:
    before = emulator.order(ZONE)
    found: list[t.Any] = []

    def look(emu: Emulator) -> None:
        path = _way(emu, tmp_path)
        found.append((path.stat().st_mode & 0o777, json.loads(path.read_text(encoding="utf-8"))))

    emulator.before("PUT", "*", look)
    result = run_kit(emulator, tmp_path, write=True)
    mode, data = found[0]
    assert mode == 0o600
    assert data["command"] == f"make live RESTORE={_way(emulator, tmp_path)}"
    assert [(item["id"], item["priority"]) for item in data["restore"]] == before
    assert data["zone_id"] == emulator.zones[ZONE].id
    assert (result.code, emulator.order(ZONE)) == (0, before)
    assert not _way(emulator, tmp_path).exists()
    assert (tmp_path / f"done-{_way(emulator, tmp_path).name}").exists()


@pytest.mark.parametrize(
    ("after", "number"), [*((after, signal.SIGINT) for after in range(6)), (0, signal.SIGTERM), (2, signal.SIGHUP)]
)
def test_an_interruption_brings_the_zone_back(
    emulator: Emulator, tmp_path: Path, after: int, number: signal.Signals
) -> None:
    before = emulator.order(ZONE)
    emulator.before("PUT", "*", lambda _emulator: os.kill(os.getpid(), number), after=after)
    former = signal.getsignal(number)
    result = run_kit(emulator, tmp_path, write=True)
    assert emulator.order(ZONE) == before
    assert told(result, "restored") == "every priority is what it was"
    assert signal.getsignal(number) is former
    # The last write is the one that brings it back: an interruption of that one is put off, and nothing is left to stop.
    assert (result.code, f"interrupted by {number.name}" in result.text) == ((130, True) if after < 5 else (0, False))
    assert not _way(emulator, tmp_path).exists()


def test_a_list_that_still_shows_the_old_order_is_no_proof_of_it(emulator: Emulator, tmp_path: Path) -> None:
    before = emulator.order(ZONE)
    emulator.behave(stale_reads=30)
    emulator.before("PUT", "*", lambda _emulator: os.kill(os.getpid(), signal.SIGINT))
    result = run_kit(emulator, tmp_path, write=True)
    # It is brought back; as no read shows that, it is not said to be.
    assert (result.code, emulator.order(ZONE), emulator.writes(ZONE)) == (2, before, 2)
    assert "the write was taken, but the list does not show it" in result.text
    assert _way(emulator, tmp_path).exists()
    assert len(emulator.requests) < 40


@pytest.mark.parametrize("kind", ["reset_after_apply", "reset_after_request", "server_error", "truncated_json"])
@pytest.mark.parametrize("after", range(1, 6))
def test_a_write_that_fails_leaves_the_zone_as_it_was(
    emulator: Emulator, tmp_path: Path, after: int, kind: str
) -> None:
    before = emulator.order(ZONE)
    emulator.fault(Fault(kind), method="PUT", after=after)
    result = run_kit(emulator, tmp_path, write=True)
    assert (result.code, emulator.order(ZONE)) == (0, before)


def test_an_error_of_the_kit_itself_brings_the_zone_back(emulator: Emulator, tmp_path: Path) -> None:
    class Broken(InProcess):
        def write(self, zone_id: str, entries: t.Any) -> t.Any:
            super().write(zone_id, entries)
            raise ZeroDivisionError

    before = emulator.order(ZONE)
    options = Options(emulator.zones[ZONE].id, True, tmp_path, connect=("127.0.0.1", 1))
    with pytest.raises(ZeroDivisionError):
        Kit(options, environ(emulator), Broken(emulator), lambda _seconds: None).run()
    assert (emulator.writes(ZONE), emulator.order(ZONE)) == (2, before)


def test_a_certificate_that_goes_meanwhile_does_not_keep_the_others_from_coming_back(
    emulator: Emulator, tmp_path: Path
) -> None:
    before = emulator.order(ZONE)
    gone = before[-1][0]
    emulator.before("PUT", "*", lambda emu: emu.delete(ZONE, gone), after=1)
    result = run_kit(emulator, tmp_path, write=True)
    assert emulator.order(ZONE) == before[:-1]
    assert told(result, "restored").endswith("1 certificate(s) are gone")


def test_a_zone_that_cannot_be_brought_back_is_told_and_can_be_later(
    emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = emulator.order(ZONE)
    emulator.fault(Fault("html"), method="PUT", after=2, times=None)
    result = run_kit(emulator, tmp_path, write=True)
    way = _way(emulator, tmp_path)
    assert result.code == 2
    assert f"Run: make live RESTORE={way}" in capsys.readouterr().err
    assert emulator.order(ZONE) != before

    emulator.reset(state=False)
    blocked = run_kit(emulator, tmp_path, write=True)
    assert (blocked.code, emulator.requests) == (2, [])
    with pytest.raises(CloudflareError, match="another API"):
        restore(way, {**environ(emulator), "CLOUDFLARE_BASE_URL": "https://api.example.com"})
    assert restore(way, environ(emulator)) == 0
    assert (emulator.order(ZONE), way.exists()) == (before, False)


def test_priorities_that_are_missing_or_level_come_back(emulator: Emulator, tmp_path: Path) -> None:
    for item, priority in zip(emulator.zones[ZONE].certificates, (None, 0, 7, 7), strict=True):
        item["priority"] = priority
    result = run_kit(emulator, tmp_path, write=True)
    assert result.code == 0
    # What had no number has 0 now, which is what none counts as.
    assert [item["priority"] for item in emulator.zones[ZONE].certificates] == [0, 0, 7, 7]


def test_a_ban_is_sat_out(emulator: Emulator, tmp_path: Path) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if sum(waited) > 300:
            emulator.ban(0)

    before = emulator.order(ZONE)
    emulator.before("PUT", "*", lambda emu: emu.ban(300), after=2)
    result = run_kit(emulator, tmp_path, sleep, write=True)
    assert (result.code, emulator.order(ZONE)) == (0, before)
    assert sum(waited) > 300
    assert emulator.refused == 1
    assert len(emulator.requests) < 40
