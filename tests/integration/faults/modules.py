# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the module as a process, and what came of them."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time
import typing as t
from collections.abc import Mapping

ROOT = pathlib.Path(__file__).resolve().parents[3]
ZYGOTE = pathlib.Path(__file__).with_name("zygote.py")


@dataclasses.dataclass(frozen=True)
class Run:
    """One run: its result, all that it wrote, how long it took, and the most memory it had, in MiB (0: not measured)."""

    result: dict[str, t.Any]
    failed: bool
    written: str
    seconds: float
    peak: float = 0.0

    @property
    def msg(self) -> str:
        """Why it failed."""
        return str(self.result.get("msg", ""))


def clean_environment(home: pathlib.Path) -> dict[str, str]:
    """An environment with its own home and temporary directory, and without proxies and credentials."""
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": f"{pathlib.Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT / ".cache" / "collections"),
    }


class Modules:
    """Runs the module in processes that are forked from one that has imported everything."""

    def __init__(self, home: pathlib.Path) -> None:
        self.home = home
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Modules:
        self._process = subprocess.Popen(
            [sys.executable, str(ZYGOTE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(self.home),
            cwd=self.home,
        )
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._process is not None:
            self._process.communicate(timeout=30)

    def run(self, arguments: Mapping[str, t.Any], environment: Mapping[str, str]) -> Run:
        """Run the module once."""
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        out = self.home / "out"
        out.mkdir(exist_ok=True)
        job = {"args": {**arguments, "_ansible_diff": True}, "environment": dict(environment), "out": str(out)}
        started = time.monotonic()
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        code = int(process.stdout.readline())
        seconds = time.monotonic() - started
        # What the process wrote may hold anything.
        stdout, stderr = ((out / name).read_bytes().decode("utf-8", "replace") for name in ("stdout", "stderr"))
        assert stderr == "", stderr
        result = json.loads(stdout)
        failed = bool(result.get("failed"))
        assert code == (1 if failed else 0)
        return Run(result, failed, stdout, seconds, int((out / "peak").read_text()) / 1024)

    def left_behind(self) -> list[str]:
        """Files under the private home and temporary directory, but for those that report on the last run."""
        return [
            str(found)
            for found in self.home.rglob("*")
            if found.is_file() and found.parent != self.home / "out" and os.path.exists(found)
        ]


def start_alone(home: pathlib.Path) -> subprocess.Popen[str]:
    """Start a process that waits on its stdin for a module run, in a session of its own, for a test that kills it."""
    return subprocess.Popen(
        [sys.executable, str(ZYGOTE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(home),
        cwd=home,
        start_new_session=True,
    )
