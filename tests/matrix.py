# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix: what the collection supports, written once, and how the tests run on a row of it.

    .venv/bin/python tests/matrix.py core-2.18 [--sample]

Every row has an environment of its own under .cache, made again when what belongs in there has changed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".cache" / "matrix"
INTEGRATION = ROOT / "tests" / "integration"

Files = tuple[Path, ...]
TEST_REQUIREMENTS: Files = (ROOT / "tests" / "unit" / "requirements.txt", INTEGRATION / "requirements.txt")
# The suite of a control node, and a part of it that has every kind of run: both ways, inventory, failures.
SUITE: Files = (
    INTEGRATION / "audit" / "test_hostile.py",
    INTEGRATION / "audit" / "test_playbooks.py",
    INTEGRATION / "in_process",
    INTEGRATION / "playbooks",
    INTEGRATION / "zones_inventory",
)
SAMPLE: Files = (
    INTEGRATION / "audit" / "test_hostile.py",
    INTEGRATION / "in_process",
    INTEGRATION / "playbooks" / "test_order.py",
    INTEGRATION / "zones_inventory" / "test_inventory.py::test_hosts_with_their_variables",
)
# The order set on a target by the module; its interpreter is in the variable.
TARGET_SUITE: Files = (INTEGRATION / "target_python",)
TARGET_VARIABLE = "ZONEFLEET_TEST_TARGET_PYTHON"


@dataclass(frozen=True)
class Row:
    """A Python (3.x), and what is installed for it."""

    name: str
    python: str
    packages: tuple[str, ...]
    files: Files = ()


def _core(version: str, python: str) -> Row:
    series = ".".join(version.split(".")[:2])
    return Row(f"core-{series}", python, (f"ansible-core=={version}",), TEST_REQUIREMENTS)


def _target(python: str, requests: str, urllib3: str, cryptography: str) -> Row:
    packages = (f"requests=={requests}", f"urllib3=={urllib3}", f"cryptography=={cryptography}")
    return Row(f"target-{python}-requests-{requests}", python, packages)


# Control nodes: the newest release of each series.
CORES = (
    _core("2.18.19", "3.11"),
    _core("2.19.14", "3.11"),
    _core("2.20.10", "3.12"),
    _core("2.21.5", "3.13"),
    _core("2.22.0rc1", "3.13"),
)

# Where a module runs: the lowest libraries, which Python 3.12 cannot import, and the newest that each Python can have; of
# cryptography also what distributions bring (Ubuntu 22.04, RHEL 9, Debian 12).
TARGETS = (
    _target("3.8", "2.25.0", "1.26.0", "2.8"),
    _target("3.8", "2.32.4", "2.2.3", "46.0.5"),
    _target("3.9", "2.32.5", "2.6.3", "36.0.1"),
    _target("3.10", "2.34.2", "2.8.0", "3.4.8"),
    _target("3.11", "2.25.0", "1.26.0", "38.0.4"),
    _target("3.11", "2.34.2", "2.8.0", "50.0.2"),
    _target("3.12", "2.34.2", "2.8.0", "50.0.2"),
    _target("3.13", "2.34.2", "2.8.0", "50.0.2"),
)

# What fits into `make test`: the outermost ones.
IN_PART = (CORES[0], CORES[-1], TARGETS[0], TARGETS[-1])


def make_environment(row: Row, python: str) -> Path:
    """Return the directory of commands of a row's virtual environment."""
    directory = ENVIRONMENTS / row.name
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with directory.with_name(f"{row.name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two workers of pytest may want the same one
        stamp = directory / ".recipe"
        recipe = "\n".join([row.python, *row.packages, *(path.read_text(encoding="utf-8") for path in row.files)])
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != recipe:
            shutil.rmtree(directory, ignore_errors=True)
            subprocess.run([python, "-m", "venv", str(directory)], check=True)
            options = [option for path in row.files for option in ("--requirement", str(path))]
            pip = [str(directory / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
            subprocess.run([*pip, *row.packages, *options], check=True)
            stamp.write_text(recipe, encoding="utf-8")
    return directory / "bin"


def run_row(row: Row, *, sample: bool) -> int:
    """Run the tests of a row; return the exit code."""
    directory = make_environment(row, f"python{row.python}")
    own = str(directory / "python")
    print(f"{row.name}: {', '.join(row.packages)} on Python {row.python}", flush=True)
    runner, suite, variables = own, SAMPLE if sample else SUITE, {}
    if row in TARGETS:
        runner, suite, variables = sys.executable, TARGET_SUITE, {TARGET_VARIABLE: own}
    options = ["-q", "-p", "no:cacheprovider", "--numprocesses", "auto", "--dist", "worksteal"]
    # ansible-core 2.22 puts a socket below its temporary directory, whose path may have 107 characters: a short one leaves room.
    with tempfile.TemporaryDirectory(prefix="t-") as short:
        pytest = [runner, "-m", "pytest", "--basetemp", f"{short}/p", *options, *map(str, suite)]
        return subprocess.run(pytest, cwd=ROOT, env={**os.environ, **variables}, check=False).returncode


def main(arguments: t.Sequence[str]) -> int:
    """Run the row of this name."""
    name, *options = arguments
    (row,) = (row for row in CORES + TARGETS if row.name == name)
    return run_row(row, sample="--sample" in options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
