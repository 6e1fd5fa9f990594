# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts ansible-playbook, finds its processes, and kills it."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import threading
import typing as t

from ansible_runs import BIN, environment

from emulator import Emulator


class Controller:
    """A playbook that runs on localhost until it is killed."""

    def __init__(self, home: pathlib.Path, task: dict[str, t.Any]) -> None:
        home.mkdir(exist_ok=True)
        play = home / "play.yml"
        play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(BIN / "ansible-playbook"), str(play)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            cwd=home,
            start_new_session=True,
            env=environment(home),
        )

    def kill(self) -> None:
        """Kill it and everything that it has started, at once; its workers have sessions of their own."""
        for pid in [*descendants(self._process.pid), self._process.pid]:
            os.kill(pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Wait for its end; return the exit code."""
        return self._process.wait(60)


def run_until(emulator: Emulator, method: str, home: pathlib.Path, task: dict[str, t.Any], after: int = 0) -> int:
    """Run a task, and kill all of it while the API has a request of that method; return the exit code."""
    started = threading.Event()
    running: list[Controller] = []

    def kill(_emulator: Emulator) -> None:
        started.wait(30)
        running[0].kill()  # what becomes of the request is decided when it is gone

    emulator.before(method, "*", kill, after=after)
    running.append(Controller(home, task))
    started.set()
    return running[0].wait()


def descendants(pid: int) -> list[int]:
    """All processes below one, the deepest first."""
    children: dict[int, list[int]] = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    level = [pid]
    while level:
        level = [child for parent in level for child in children.get(parent, [])]
        found = [*level, *found]
    return found


def command_lines() -> bytes:
    """The arguments of every process that this one has started, directly or not."""
    lines = []
    for pid in descendants(os.getpid()):
        try:
            lines.append(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
        except OSError:
            continue
    return b"\n".join(lines)
