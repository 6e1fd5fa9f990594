# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole way, as someone with an account goes it: `make live`'s command, ansible-playbook and all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from integration.live.running import ZONE, environ, make_zone
from integration.live.visitors import Edge
from live.modules import ROOT


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(zones=[make_zone()], throttle=None) as running:
        yield running


def start(emulator: Emulator, home: Path, *arguments: str) -> subprocess.Popen[str]:
    home.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "live", *arguments, "--output", str(home / "output")],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(home),
            "PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT / ".cache" / "collections"))),
            **environ(emulator),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    with process:
        return process.communicate(timeout=100)[0]


def test_reading(emulator: Emulator, tmp_path: Path) -> None:
    process = start(emulator, tmp_path, "--zone-id", emulator.zones[ZONE].id)
    output = finish(process)
    assert process.returncode == 0, output
    assert "info: ok, 1 request(s); check: changed, 1 request(s)" in output
    assert emulator.writes(ZONE) == 0
    assert (len(emulator.requests), emulator.token in output) == (12, False)
    # Nothing of a run is left but the reports.
    assert sorted(path.name for path in tmp_path.iterdir()) in (["output"], [".ansible", "output"])


def test_writing(emulator: Emulator, tmp_path: Path) -> None:
    before = emulator.order(ZONE)
    emulator.behave(put_result="listed", stale_reads=1, unlisted="reset")
    with Edge(emulator).serving() as edge:
        place = ":".join(map(str, edge.place))
        process = start(emulator, tmp_path, "--zone-id", emulator.zones[ZONE].id, "--write", "--tls-connect", place)
        output = finish(process)
    assert process.returncode == 0, output
    assert "Behaviour(put_result='listed', stale_reads=1, unlisted='reset')" in output
    assert "reversal: changed, 4 request(s); restore: changed, 4 request(s)" in output
    assert "FOLLOWS the priority" in output
    assert emulator.order(ZONE) == before


def test_a_run_that_is_killed_can_be_taken_back(emulator: Emulator, tmp_path: Path) -> None:
    before = emulator.order(ZONE)
    running: list[subprocess.Popen[str]] = []
    emulator.before("PUT", "*", lambda _emulator: running[0].send_signal(signal.SIGKILL), after=1)
    place = ("--tls-connect", "127.0.0.1:1")
    running.append(start(emulator, tmp_path, "--zone-id", emulator.zones[ZONE].id, "--write", *place))
    output = finish(running[0])
    assert running[0].returncode == -signal.SIGKILL, output
    assert emulator.order(ZONE) != before

    way = tmp_path / "output" / f"restore-{emulator.zones[ZONE].id}.json"
    assert f"make live RESTORE={way}" in output
    process = start(emulator, tmp_path, "--restore", str(way))
    output = finish(process)
    assert (process.returncode, output) == (0, "every priority is what it was\n")
    assert emulator.order(ZONE) == before


def test_what_cannot_be_a_zone_is_refused(emulator: Emulator, tmp_path: Path) -> None:
    process = start(emulator, tmp_path, "--zone-id", "../zones")
    assert "32 hexadecimal digits" in finish(process)
    assert (process.returncode, emulator.requests) == (2, [])
