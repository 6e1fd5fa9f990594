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
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from .jobs import IN_PROCESS, PING, Job
from .measuring import Stage

_OWN = re.compile(r"ansible_collections(\.zonefleet(\..*)?)?")

FLOOR = "Python's and Ansible's own, as for `ping`"
REQUESTS = "`requests` and all that it imports"
OWN = "this collection's files, compiled in each process"
OTHER = "what only this collection imports"

Times = dict[str, float]
"""Milliseconds by module: its own time, without that of what it imports in turn."""


def profile(stage: Stage, directory: Path, zones: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, Times]:
    """Profile the module over some zones, each process as Ansible starts it: who pays for which import."""

    def imports(name: str, job: Job) -> Times:
        """Return the medians of all processes of a job."""
        place = directory / name
        place.mkdir(parents=True)
        interpreter = place / "python"
        # One file for each process: exec keeps the process id.
        command = f'exec {shlex.quote(sys.executable)} -X importtime "$@" 2> {shlex.quote(str(place))}/$$.txt'
        interpreter.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        interpreter.chmod(0o700)
        stage.play(job, zones, variables, forks=1, interpreter=str(interpreter))
        times = defaultdict(list)
        for path in place.glob("*.txt"):
            for module, milliseconds in _read(path.read_text(encoding="utf-8")).items():
                times[module].append(milliseconds)
        return {module: statistics.median(each) for module, each in times.items()}

    floor = imports("floor", PING)
    command = [sys.executable, "-X", "importtime", "-c", "import requests"]
    library = _read(subprocess.run(command, check=True, capture_output=True, text=True).stderr)
    profiled: dict[str, Times] = {FLOOR: {}, REQUESTS: {}, OWN: {}, OTHER: {}}
    for name, milliseconds in imports("module", IN_PROCESS).items():
        # What requests would import anyway is its own, whoever comes first here.
        payer = FLOOR if name in floor else REQUESTS if name in library else OWN if _OWN.fullmatch(name) else OTHER
        profiled[payer][name] = milliseconds
    return profiled


def _read(text: str) -> Times:
    """Read what C(-X importtime) tells."""
    found = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", text)
    return {name: int(microseconds) / 1000 for microseconds, name in found}
