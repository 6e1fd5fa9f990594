# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real ansible-playbook, with a home of its own, to be looked at, or killed, while it runs and when it is over."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import time
import typing as t

from ansible_runs import BIN, environment

MODULE = "zonefleet.cloudflare.custom_certificate_priority"
_REGISTERED = re.compile(rb'"msg": "registered:([A-Za-z0-9+/=]*)"')


def tell(*names: str) -> dict[str, t.Any]:
    """A task that prints registered results in a way that says what they are, whatever is in them."""
    return {
        "name": "Tell",
        "ansible.builtin.debug": {"msg": "registered:{{ [" + ", ".join(names) + "] | to_json | b64encode }}"},
    }


@dataclasses.dataclass
class Controller:
    """A playbook that runs, or has run."""

    home: pathlib.Path
    process: subprocess.Popen[bytes]
    started: float
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0.0

    def wait(self) -> Controller:
        """Wait for its end."""
        self.stdout, self.stderr = self.process.communicate(timeout=60)
        self.seconds = time.monotonic() - self.started
        return self

    @property
    def registered(self) -> list[dict[str, t.Any]]:
        """What the task made by `tell` has told."""
        found = _REGISTERED.search(self.stdout)
        assert found, (self.stdout, self.stderr)
        told: list[dict[str, t.Any]] = json.loads(base64.b64decode(found.group(1)))
        return told

    def kill(self) -> None:
        """Kill it and everything that it has started, at once; its workers have sessions of their own."""
        for pid in [*descendants(self.process.pid), self.process.pid]:
            os.kill(pid, signal.SIGKILL)

    def files(self) -> list[pathlib.Path]:
        """Every file that is there, but for those that a test has written."""
        return [
            found
            for found in self.home.rglob("*")
            if found.is_file() and found.parent != self.home / "play" and found.name != "ansible.cfg"
        ]


def start(home: pathlib.Path, tasks: list[dict[str, t.Any]], *arguments: str, **variables: str) -> Controller:
    """Run tasks on localhost."""
    directory = home / "play"
    directory.mkdir(parents=True)
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    (directory / "play.yml").write_text(json.dumps([play]))
    started = time.monotonic()
    process = subprocess.Popen(  # pylint: disable=consider-using-with
        [str(BIN / "ansible-playbook"), "play.yml", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=directory,
        start_new_session=True,
        env=environment(
            home,
            ANSIBLE_HOME=str(home / "ansible"),
            ANSIBLE_LOCAL_TEMP=str(home / "ansible" / "local"),
            ANSIBLE_DEPRECATION_WARNINGS="0",
            **variables,
        ),
    )
    return Controller(home, process, started)


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
