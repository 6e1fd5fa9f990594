# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module process spends on imports, and for whom."""

from __future__ import annotations

import re
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .jobs import IN_PROCESS, PING, Job
from .measuring import Stage
from .serving import Where

_LINE = re.compile(r"import time:\s+(?P<self>\d+) \|\s+\d+ \| (?P<indent> *)(?P<name>\S+)")
_REQUESTS = {"requests", "urllib3", "charset_normalizer", "chardet", "idna", "certifi"}
_OWN = "ansible_collections.zonefleet."


@dataclass(frozen=True)
class Imported:
    """One module: its own time without that of what it imports in turn, and the module that imported it first."""

    name: str
    milliseconds: float
    importer: str | None


@dataclass(frozen=True)
class Profile:
    """The imports of one module process, medians over some.

    :param floor: Milliseconds of what a process of M(ansible.builtin.ping) imports, too.
    :param requests: Of requests and its packages; C(requests_library) of what else these import.
    :param own: Of this collection's files, compiled anew in each process, for they come in an archive.
    :param other: What only this collection's files ask for, most expensive first.
    """

    floor: float = 0.0
    requests: float = 0.0
    requests_library: float = 0.0
    own: list[Imported] = field(default_factory=list)
    other: list[Imported] = field(default_factory=list)
    requests_importers: list[str] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Milliseconds of all."""
        return self.floor + self.requests + self.requests_library + total_of(self.own) + total_of(self.other)


def profile(stage: Stage, directory: Path, where: Where, zones: int) -> Profile:
    """Profile the module over so many zones, each process as Ansible starts it."""
    floor = _imports(stage, directory / "ping", PING, where, zones)
    module = _imports(stage, directory / "module", IN_PROCESS, where, zones)
    return _sorted_out(module, floor.keys(), _names(_import_time("import requests")))


def _imports(stage: Stage, directory: Path, job: Job, where: Where, zones: int) -> dict[str, Imported]:
    directory.mkdir(parents=True)
    interpreter = directory / "python"
    # One file for each process: exec keeps the process id.
    command = f'exec {shlex.quote(sys.executable)} -X importtime "$@" 2> {shlex.quote(str(directory))}/$$.txt'
    interpreter.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    interpreter.chmod(0o700)
    stage.play(job, where, zones, forks=1, variables={"ansible_python_interpreter": str(interpreter)})
    processes = [_read(path.read_text(encoding="utf-8")) for path in directory.glob("*.txt")]
    times: dict[str, list[float]] = {}
    for process in processes:
        for item in process:
            times.setdefault(item.name, []).append(item.milliseconds)
    importers = {item.name: item.importer for process in processes for item in process}
    return {name: Imported(name, statistics.median(found), importers[name]) for name, found in times.items()}


def _read(text: str) -> list[Imported]:
    """Read what C(-X importtime) tells: a module comes after all that it imports, which are indented further."""
    found: list[Imported] = []
    waiting: list[tuple[int, str, float]] = []
    for match in filter(None, map(_LINE.match, text.splitlines())):
        depth, name = len(match["indent"]), match["name"]
        while waiting and waiting[-1][0] > depth:
            _depth, imported, milliseconds = waiting.pop()
            found.append(Imported(imported, milliseconds, name))
        waiting.append((depth, name, int(match["self"]) / 1000))
    return found + [Imported(name, milliseconds, None) for _depth, name, milliseconds in waiting]


def _sorted_out(module: Mapping[str, Imported], floor: Iterable[str], by_requests: Iterable[str]) -> Profile:
    shared, library = set(floor), set(by_requests)
    groups: dict[str, list[Imported]] = {"floor": [], "requests": [], "library": [], "own": [], "other": []}
    for item in module.values():
        groups[_group(item, module, shared, library)].append(item)
    for found in groups.values():
        found.sort(key=lambda item: -item.milliseconds)
    return Profile(
        total_of(groups["floor"]),
        total_of(groups["requests"]),
        total_of(groups["library"]),
        groups["own"],
        groups["other"],
        [str(item.importer) for item in module.values() if item.name == "requests"],
    )


def _group(item: Imported, module: Mapping[str, Imported], floor: set[str], library: set[str]) -> str:
    if item.name in floor:
        return "floor"
    if _top(item.name) in _REQUESTS:
        return "requests"
    if item.name.startswith(_OWN) or item.name in ("ansible_collections", "ansible_collections.zonefleet"):
        return "own"
    # Whoever comes first pays: what requests would import anyway is its own, whatever imported it here.
    importer = module.get(item.importer or "")
    while importer is not None and item.name not in library:
        if _top(importer.name) in _REQUESTS:
            return "library"
        importer = module.get(importer.importer or "")
    return "library" if item.name in library else "other"


def _top(name: str) -> str:
    return name.partition(".")[0]


def total_of(items: Iterable[Imported]) -> float:
    """Return the milliseconds of some together."""
    return sum(item.milliseconds for item in items)


def _import_time(code: str) -> str:
    command = [sys.executable, "-X", "importtime", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def _names(text: str) -> set[str]:
    return {item.name for item in _read(text)}
