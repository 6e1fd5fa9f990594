# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a task with ansible-playbook until it is killed, and lists its processes."""

from __future__ import annotations

import os
import pathlib
import queue
import subprocess
import typing as t

from ansible_runs import Run, environment, started, write_yaml

from emulator import Emulator


def run_until(emulator: Emulator, method: str, home: pathlib.Path, task: dict[str, t.Any], after: int = 0) -> int:
    """Run a task, and kill all of it while the API has a request of that method; return the exit code."""
    running: queue.SimpleQueue[Run] = queue.SimpleQueue()
    # What becomes of the request is decided when its client is gone.
    emulator.before(method, "*", lambda _emulator: running.get(timeout=30).kill(), after=after)
    env = environment(home)
    play = write_yaml(home / "play.yml", [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}])
    with started([play], env, home / "output") as run:
        running.put(run)
        return run.wait(60)


def command_lines() -> bytes:
    """The command lines of every process that this one has started, directly or not."""
    lines = b""
    parents = [str(os.getpid())]
    while parents:
        command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", ",".join(parents)]
        listing = subprocess.run(command, check=False, capture_output=True).stdout  # fails if there is none
        parents = [line.split()[0].decode() for line in listing.splitlines()]
        lines += listing
    return lines
