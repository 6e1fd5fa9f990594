# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a play as a user would, and measures time and memory."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from ansible_runs import BIN, environment

from .jobs import FORKS, Job
from .serving import Where

LIBRARY = Path(__file__).with_name("library")
# A name that the inventory plugin takes, and the one for YAML.
_INVENTORY = "cloudflare_zones.yml"
_LOOK_EVERY = 0.05


class BenchmarkFailed(Exception):
    """A play failed, or did not do what it should."""


@dataclass(frozen=True)
class Cost:
    """Time and memory of one run.

    :param wall: Seconds from start to end.
    :param processor: Seconds of CPU time of ansible-playbook and the processes that it started.
    :param memory: Peak memory of all its processes together in MiB, with shared pages counted once; 0 if not measured.
    """

    wall: float
    processor: float
    memory: float


class Stage:
    """A directory in which each play runs with its own home directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._homes = 0

    def play(
        self,
        job: Job,
        where: Where,
        zones: int,
        *,
        forks: int = FORKS,
        variables: Mapping[str, str] | None = None,
        look: bool = False,
    ) -> Cost:
        """Run a job over the first so many zones, with a new home directory for each run.

        :param look: Measure the memory as well, which takes time and only works on Linux.
        :raises BenchmarkFailed: the play failed.
        """
        self._homes += 1
        home = self._directory / str(self._homes)
        home.mkdir(parents=True)
        (home / "play.yml").write_text(job.playbook, encoding="utf-8")
        inventory = job.inventory or _inventory(where, zones, variables or {})
        (home / _INVENTORY).write_text(inventory, encoding="utf-8")
        log = home / "log"
        command = [str(BIN / "ansible-playbook"), "-i", _INVENTORY, "play.yml"]
        env = environment(home, where, ANSIBLE_LIBRARY=str(LIBRARY), ANSIBLE_FORKS=str(forks), **where.environment)
        status, cost = _measure(command, home, env, log, look)
        if status:
            raise BenchmarkFailed(f"{job.title}: exit code {status}\n{log.read_text(encoding='utf-8')[-3000:]}")
        return cost


def _inventory(where: Where, zones: int, variables: Mapping[str, str]) -> str:
    hosts = {name: {"cloudflare_zone_id": where.zones[name]} for name in list(where.zones)[:zones]}
    # As the inventory plugin sets them.
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return yaml.safe_dump({"all": {"vars": {**local, **variables}, "hosts": hosts}})


def _measure(command: list[str], home: Path, environment: dict[str, str], log: Path, look: bool) -> tuple[int, Cost]:
    with log.open("wb") as output:
        begun = time.perf_counter()
        # pylint: disable-next=consider-using-with  # waited for with wait4, which tells what it cost
        process = subprocess.Popen(
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            memory = _most_memory(process.pid) if look and Path("/proc/self/smaps_rollup").exists() else 0.0
            # Of the process and of all those of its descendants that were waited for, as Ansible does with each.
            _pid, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, Cost(wall, usage.ru_utime + usage.ru_stime, memory)


def _most_memory(pid: int) -> float:
    """Return the peak memory of a process and its descendants, which is measured repeatedly until it ends."""
    most = 0.0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        most = max(most, sum(map(_proportional_mib, _family(pid))))
        time.sleep(_LOOK_EVERY)
    return most


def _family(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name of a program is in parentheses, and may contain spaces and parentheses.
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
    family = {pid}
    while found := {child for child, parent in parents.items() if parent in family} - family:
        family |= found
    return family


def _proportional_mib(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
