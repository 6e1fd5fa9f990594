# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix: the supported versions of ansible-core, Python and libraries. Runs the tests with the versions of one row.

    .venv/bin/python tests/matrix.py core-2.18 [--sample]

Every row has its own virtual environment in .cache, which is rebuilt when the versions of the row change.
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
CACHE = ROOT / ".cache"
INTEGRATION = ROOT / "tests" / "integration"

Files = tuple[Path, ...]
TEST_REQUIREMENTS: Files = (ROOT / "tests" / "unit" / "requirements.txt", INTEGRATION / "requirements.txt")
# The tests for a control node. The sample has at least one test of each kind: in process and as a module, inventory, failures.
SUITE: Files = (
    INTEGRATION / "audit" / "test_playbooks.py",
    INTEGRATION / "in_process",
    INTEGRATION / "playbooks",
    INTEGRATION / "zones_inventory",
)
SAMPLE: Files = (
    INTEGRATION / "audit" / "test_playbooks.py::test_values_of_the_api_are_data_in_every_report",
    INTEGRATION / "in_process",
    INTEGRATION / "playbooks" / "test_order.py",
    INTEGRATION / "zones_inventory" / "test_inventory.py::test_hosts_with_their_variables",
)
# The tests of modules on a target. The environment variable has the path of the target's Python.
TARGET_SUITE: Files = (INTEGRATION / "target_python",)
TARGET_VARIABLE = "ZONEFLEET_TEST_TARGET_PYTHON"


@dataclass(frozen=True)
class Row:
    """A Python version, the packages to install for it, and the requirements files of the tests."""

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

# Targets, on which a module runs: the lowest versions of the libraries, which Python 3.12 cannot import, and the newest ones that
# support each Python. The other versions of cryptography are those of Ubuntu 22.04, RHEL 9 and Debian 12.
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

# The rows of `make test`: the first and the last ones.
IN_PART = (CORES[0], CORES[-1], TARGETS[0], TARGETS[-1])


def build_once(directory: Path, recipe: str, build: t.Callable[[], object]) -> None:
    """Build a directory, unless it was built after the same recipe."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{directory.name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two workers of pytest may build it at the same time
        stamp = directory / ".recipe"
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != recipe:
            shutil.rmtree(directory, ignore_errors=True)
            build()
            stamp.write_text(recipe, encoding="utf-8")


def make_environment(row: Row, python: str) -> Path:
    """Create the virtual environment of a row if necessary, and return its bin directory."""
    directory = CACHE / "matrix" / row.name

    def build() -> None:
        subprocess.run([python, "-m", "venv", str(directory)], check=True)
        options = [option for path in row.files for option in ("--requirement", str(path))]
        pip = [str(directory / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, *row.packages, *options], check=True)

    recipe = "\n".join([row.python, *row.packages, *(path.read_text(encoding="utf-8") for path in row.files)])
    build_once(directory, recipe, build)
    return directory / "bin"


def run_row(row: Row, *, sample: bool) -> int:
    """Run the tests of a row, and return the exit code."""
    directory = make_environment(row, f"python{row.python}")
    own = str(directory / "python")
    print(f"{row.name}: {', '.join(row.packages)} on Python {row.python}", flush=True)
    runner, suite, variables = own, SAMPLE if sample else SUITE, {}
    if row in TARGETS:
        runner, suite, variables = sys.executable, TARGET_SUITE, {TARGET_VARIABLE: own}
    options = ["-q", "-p", "no:cacheprovider", "--numprocesses", "auto", "--dist", "worksteal"]
    # ansible-core 2.22 creates a socket in its temporary directory. The path of a socket is limited to 107 characters.
    with tempfile.TemporaryDirectory(prefix="t-") as short:
        pytest = [runner, "-m", "pytest", "--basetemp", f"{short}/p", *options, *map(str, suite)]
        return subprocess.run(pytest, cwd=ROOT, env={**os.environ, **variables}, check=False).returncode


if __name__ == "__main__":
    NAME, *OPTIONS = sys.argv[1:]
    (ROW,) = (row for row in CORES + TARGETS if row.name == NAME)
    sys.exit(run_row(ROW, sample="--sample" in OPTIONS))
