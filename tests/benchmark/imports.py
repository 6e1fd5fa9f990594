# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the imports of a module process, by the package that causes them."""

from __future__ import annotations

import re
import shlex
import statistics
import subprocess
import sys
from collections.abc import Container
from pathlib import Path

from .jobs import IN_PROCESS, PING, Job
from .measuring import Stage
from .serving import Where

_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")
_OWN = ("ansible_collections", "ansible_collections.zonefleet")

FLOOR = "Python's and Ansible's own, as for `ping`"
REQUESTS = "`requests` and all that it imports"
OWN = "this collection's files, compiled in each process"
OTHER = "what only this collection imports"

Times = dict[str, float]
"""Milliseconds by module: its own time, without that of what it imports in turn."""


def profile(stage: Stage, directory: Path, where: Where, zones: int) -> dict[str, Times]:
    """Profile the module over so many zones, each process as Ansible starts it: who pays for which import."""
    floor = _imports(stage, directory / "ping", PING, where, zones)
    command = [sys.executable, "-X", "importtime", "-c", "import requests"]
    library = _read(subprocess.run(command, check=True, capture_output=True, text=True).stderr)
    found: dict[str, Times] = {FLOOR: {}, REQUESTS: {}, OWN: {}, OTHER: {}}
    for name, milliseconds in _imports(stage, directory / "module", IN_PROCESS, where, zones).items():
        found[_payer(name, floor, library)][name] = milliseconds
    return found


def _imports(stage: Stage, directory: Path, job: Job, where: Where, zones: int) -> Times:
    directory.mkdir(parents=True)
    interpreter = directory / "python"
    # One file for each process: exec keeps the process id.
    command = f'exec {shlex.quote(sys.executable)} -X importtime "$@" 2> {shlex.quote(str(directory))}/$$.txt'
    interpreter.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    interpreter.chmod(0o700)
    stage.play(job, where, zones, forks=1, variables={"ansible_python_interpreter": str(interpreter)})
    times: dict[str, list[float]] = {}
    for path in directory.glob("*.txt"):
        for name, milliseconds in _read(path.read_text(encoding="utf-8")).items():
            times.setdefault(name, []).append(milliseconds)
    return {name: statistics.median(found) for name, found in times.items()}


def _read(text: str) -> Times:
    """Read what C(-X importtime) tells."""
    return {name: int(microseconds) / 1000 for microseconds, name in _LINE.findall(text)}


def _payer(name: str, floor: Container[str], library: Container[str]) -> str:
    if name in floor:
        return FLOOR
    # What requests would import anyway is its own, whoever comes first here.
    if name in library:
        return REQUESTS
    return OWN if name in _OWN or name.startswith("ansible_collections.zonefleet.") else OTHER
