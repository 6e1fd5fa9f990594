# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a play as a user would, and measures time and memory."""

from __future__ import annotations

import concurrent.futures
import contextlib
import re
import resource
import subprocess
import time
import typing as t
from collections.abc import Callable, Mapping
from pathlib import Path

from ansible_runs import BIN, environment, write_yaml

from .jobs import Job

FORKS = 10
# A name that the inventory plugin takes, and the one for YAML.
_INVENTORY = "cloudflare_zones.yml"
_LOOK_EVERY = 0.05


class BenchmarkFailed(Exception):
    """A play failed, or did not do what it should."""


class Stage:
    """A directory in which each play runs with its own home directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._homes = 0

    def play(
        self,
        job: Job,
        zones: Mapping[str, str],
        variables: Mapping[str, str],
        *,
        forks: int = FORKS,
        interpreter: str = "{{ ansible_playbook_python }}",
    ) -> tuple[float, float]:
        """Run a job over zones (ids by name), with some environment variables. Return the seconds from start to end, and the
        seconds of CPU time of ansible-playbook and the processes that it started.

        :raises BenchmarkFailed: the play failed.
        """
        self._homes += 1
        home = self._directory / str(self._homes)
        env = environment(home, ANSIBLE_FORKS=str(forks), **variables)
        (home / "play.yml").write_text(job.playbook, encoding="utf-8")
        if job.inventory:
            (home / _INVENTORY).write_text(job.inventory, encoding="utf-8")
        else:
            write_yaml(home / _INVENTORY, _inventory(zones, interpreter))
        log = home / "log"
        command = [str(BIN / "ansible-playbook"), "-i", _INVENTORY, "play.yml"]
        with log.open("wb") as output:
            begun, before = time.perf_counter(), _processor()
            status = subprocess.run(
                command, cwd=home, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
            ).returncode
            cost = time.perf_counter() - begun, _processor() - before
        if status:
            raise BenchmarkFailed(f"{job.title}: exit code {status}\n{log.read_text(encoding='utf-8')[-3000:]}")
        return cost

    def memory(self, run: Callable[[], object]) -> float:
        """Return the peak memory in MiB of all processes of a run, which is measured repeatedly. This works on Linux alone."""
        peak = 0.0
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            running = pool.submit(run)
            while not concurrent.futures.wait([running], _LOOK_EVERY).done:
                peak = max(peak, self._memory())
        running.result()
        return peak

    def _memory(self) -> float:
        kib = 0
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended, or belongs to another user
                if f"\0HOME={self._directory}/".encode() in (process / "environ").read_bytes():
                    # Shared pages count once.
                    found = re.search(r"^Pss: +(\d+)", (process / "smaps_rollup").read_text("ascii"), re.MULTILINE)
                    kib += int(found[1]) if found else 0
        return kib / 1024


def _inventory(zones: Mapping[str, str], interpreter: str) -> dict[str, t.Any]:
    # As the inventory plugin sets them.
    local = {"ansible_connection": "local", "ansible_python_interpreter": interpreter}
    return {"all": {"vars": local, "hosts": {name: {"cloudflare_zone_id": zones[name]} for name in zones}}}


def _processor() -> float:
    """Return the CPU time of all descendants that were waited for, as Ansible does with each."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
