# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs all linters and tests. The plans are ``check`` (while you work), ``test`` (before a pull request), ``test-all`` (all
supported versions, before a release), and ``format`` (formats the code).

A plan consists of parts. ``.venv/bin/python tests/gates.py test typing ansible-lint`` runs two of them, and ``--list`` prints
their names as JSON. One part runs per core, and its output is printed when it ends. Parts that use all cores themselves run
alone, afterwards.
Every part runs with a home directory inside the clone, so that it does not read or change the user's own.
"""

from __future__ import annotations

import ast
import configparser
import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import community_crypto
from integration.audit.chromium import find_browser
from matrix import CORES, IN_PART, TARGETS, Row

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
HOME = CACHE / "home"
# A copy of the clone for ansible-test, which requires such a path.
TREE = CACHE / "tree" / "ansible_collections" / "zonefleet" / "cloudflare"
BIN = Path(sys.executable).parent

TARGET_PYTHONS = tuple(dict.fromkeys(row.python for row in TARGETS))
IN_TREE = threading.Lock()
OWN_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# With the version of pip that ansible-test of ansible-core 2.19 installs first.
GET_PIP = "get_pip_24_2.py"


@dataclass(frozen=True)
class Part:
    """One command of a plan. It fails if its exit code is not 0, or if a line of its output matches ``forbidden``.

    It is skipped if ``python`` is not installed, or if it is ``in_browser`` and Chromium is not installed. The output of a
    part that runs ``alone`` is printed immediately.
    """

    name: str
    command: tuple[str, ...]
    cwd: Path = ROOT
    environment: t.Mapping[str, str] | None = None
    forbidden: str = ""
    python: str = OWN_PYTHON
    in_browser: bool = False
    alone: bool = False

    def lacks(self, pythons: t.Container[str]) -> str:
        """Return what the part needs and this machine does not have, or an empty string."""
        if self.python not in pythons:
            return f"Python {self.python}"
        return "Chromium" if self.in_browser and not find_browser() else ""


def tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(BIN / name), *arguments)


def nox(session: str, *, ci: str = "true", forbidden: str = "") -> Part:
    # By default, nox uses uv if it is installed, which ignores pip's configuration.
    options = ("--reuse-existing-virtualenvs", "--default-venv-backend", "virtualenv")
    command = tool("nox", *options, "--session", session)
    # If CI is set, the formatters only report what they would change.
    return Part(session, command, environment={"CI": ci}, forbidden=forbidden)


def ansible_test(command: str, *arguments: str) -> Part:
    return Part(f"ansible-test-{command}", tool("ansible-test", command, "--venv", *arguments), cwd=TREE)


def matrix(row: Row, *options: str) -> Part:
    return Part(row.name, (sys.executable, str(ROOT / "tests" / "matrix.py"), row.name, *options), python=row.python)


def linted(part: Part) -> Part:
    """Return the ansible-lint part, with community.crypto installed first, because one of the examples needs it.

    antsibull-nox finds the collections of tests/integration/requirements.yml in ANSIBLE_COLLECTIONS_PATH.
    """
    bring = shlex.join([sys.executable, community_crypto.__file__])
    command = ("sh", "-c", f"{bring} && exec {shlex.join(part.command)}")
    environment = {**(part.environment or {}), "ANSIBLE_COLLECTIONS_PATH": str(community_crypto.COLLECTIONS)}
    return replace(part, command=command, environment=environment)


WORKFLOWS = [
    str(path) for path in (*sorted(ROOT.glob(".github/workflows/*.yml")), ROOT / "examples" / "ci" / "github_drift.yml")
]
GITLAB = str(ROOT / "examples" / "ci" / "gitlab_drift.yml")
# On all cores. With worksteal, an idle worker takes over tests of another one.
PYTEST = tool("pytest", "--numprocesses", "auto", "--dist", "worksteal")
LINT = (nox("codeqa"), nox("typing"), nox("formatters"), nox("yamllint"))
# The longest parts first, so that all cores are in use until the end.
GATES = (
    # Without a version, the compile and import tests run with every supported Python that is installed.
    ansible_test("sanity"),
    *LINT,
    nox("antsibull-nox-config"),
    nox("docs-check"),
    nox("license-check"),
    nox("extra-checks"),
    # galaxy-importer reports most problems as warnings, and exits with 0.
    nox("build-import-check", forbidden="WARNING|ERROR"),
    linted(nox("ansible-lint")),
    Part("antsibull-changelog", tool("antsibull-changelog", "lint")),
    Part("actionlint", tool("actionlint", *WORKFLOWS)),
    # The schema is part of the package.
    Part("gitlab-ci", tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", GITLAB)),
    ansible_test("integration", "--python", OWN_PYTHON),
)
TESTS = Part("pytest", (*PYTEST, "-m", "not full and not browser"), alone=True)
IN_BROWSER = Part("browser", tool("pytest", "-m", "browser"), in_browser=True)
PLANS = {
    "format": (nox("formatters", ci="false"),),
    "check": (*LINT, Part("unit-tests", (*PYTEST, "-q", "tests/unit"), alone=True)),
    "test": (*GATES, TESTS, IN_BROWSER, *(matrix(row, "--sample") for row in IN_PART)),
    "test-all": (
        *GATES,
        # The same tests as in TESTS. Here, modules and module_utils cannot import code of the control node.
        ansible_test("units", "--python", OWN_PYTHON, "tests/unit/plugins/"),
        TESTS,
        IN_BROWSER,
        # Alone, because they measure time.
        Part("pytest-full", tool("pytest", "-m", "full"), alone=True),
        *(matrix(row) for row in CORES + TARGETS),
    ),
}


def main() -> int:
    plan, *wanted = sys.argv[1:]
    names = [part.name for part in PLANS[plan]]
    if wanted == ["--list"]:
        print(json.dumps(names))
        return 0
    if not set(wanted) <= set(names):
        sys.exit(f"{plan} has no part {', '.join(sorted(set(wanted) - set(names)))}. Its parts are: {', '.join(names)}")
    parts = [part for part in PLANS[plan] if not wanted or part.name in wanted]
    environment, pythons = prepare()
    skipped = [part for part in parts if part.lacks(pythons)]
    begin = time.monotonic()
    results = run_all([part for part in parts if part not in skipped], environment)

    print()
    for name, (problem, seconds) in results.items():
        print(f"{name:26} {seconds:6.1f} s  {problem or 'ok'}")
    for part in skipped:
        print(f"{part.name:26}      -    skipped: no {part.lacks(pythons)} on this machine")
    together = f"{len(results)} parts, {len(skipped)} skipped"
    print(f"{together:26} {time.monotonic() - begin:6.1f} s", flush=True)
    return 0 if results and not any(problem for problem, _seconds in results.values()) else 1


def run_all(parts: t.Sequence[Part], environment: t.Mapping[str, str]) -> dict[str, tuple[str, float]]:
    """Run the parts. Return, by name, the problem (empty if there is none) and the duration in seconds."""
    side_by_side = [part for part in parts if not part.alone and len(parts) > 1]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = {part.name: pool.submit(run, part, environment) for part in side_by_side}
    results = {name: future.result() for name, future in begun.items()}
    return results | {part.name: run(part, environment, at_once=True) for part in parts if part not in side_by_side}


def run(part: Part, environment: t.Mapping[str, str], *, at_once: bool = False) -> tuple[str, float]:
    """Run a part and print its output. Return the problem (empty if there is none) and the duration in seconds."""
    # One run of ansible-test at a time, because each one writes its results to the tree.
    with IN_TREE if part.cwd == TREE else contextlib.nullcontext():
        begin = time.monotonic()
        told = f"\n=== {part.name}\n\n"
        if is_passed_on := at_once and not part.forbidden:
            print(told, end="", flush=True)
            told = ""
        done = subprocess.run(
            part.command,
            cwd=part.cwd,
            env={**environment, **(part.environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=None if is_passed_on else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - begin
    print(f"{told}{done.stdout or ''}", end="", flush=True)
    problem = f"exit code {done.returncode}" if done.returncode else ""
    if part.forbidden and (found := re.search(f"^(?:{part.forbidden}).*", done.stdout, re.MULTILINE)):
        problem = found[0]
    return f"FAILED: {problem:.90}" if problem else "", seconds


def prepare() -> tuple[dict[str, str], dict[str, str]]:
    """Create the home directory and the tree. Return the environment of all parts, and the directory of each Python by version."""
    # The tests must not use the developer's settings for these tools, and above all not real credentials.
    foreign = re.compile("(ANSIBLE|CLOUDFLARE|GALAXY_IMPORTER|GIT|MYPY|NOX|PYLINT|PYTEST|PYTHON|RUFF|XDG|ZONEFLEET)_?")
    environment = {name: value for name, value in os.environ.items() if not foreign.match(name)}

    HOME.mkdir(parents=True, exist_ok=True)
    keep_pip_configuration()
    replace_get_pip()
    copy_tree(environment)
    pythons = find_pythons()
    missing = [version for version in TARGET_PYTHONS if version not in pythons]
    print(
        f"Pythons: {', '.join(pythons)}. Skipped, not on this machine: {len(missing)} ({', '.join(missing) or 'none'})"
    )

    directories = [str(BIN), *dict.fromkeys(pythons.values()), *path_without_shims()]
    environment.update(HOME=str(HOME), PATH=os.pathsep.join(directories), PIP_CACHE_DIR=str(CACHE / "pip"))
    # It may have a safe.directory for a clone that another user owns.
    environment["GIT_CONFIG_GLOBAL"] = str(Path.home() / ".gitconfig")
    return environment, pythons


def keep_pip_configuration() -> None:
    """Write the configuration of pip to the new home directory. ansible-test does not pass on environment variables."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    configuration = configparser.RawConfigParser()
    configuration["global"] = {}
    for line in listing.splitlines():
        key, value = line.split("=", 1)
        section, option = key.removeprefix(":env:.").rpartition(".")[::2]
        configuration.read_dict({section or "global": {option: ast.literal_eval(value)}})
    configuration["global"]["cache-dir"] = str(CACHE / "pip")
    path = HOME / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8") as file:
        configuration.write(file)


STAND_IN = """\
import ensurepip, os, subprocess, sys

environment = dict(os.environ)  # ensurepip removes pip's configuration from it
ensurepip.bootstrap()
packages = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + packages, env=environment))
"""


def replace_get_pip() -> None:
    """Put a script into the cache of ansible-test in place of get-pip.py, so that it only needs the package index."""
    path = HOME / ".ansible" / "test" / "cache" / GET_PIP
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STAND_IN, encoding="utf-8")


def copy_tree(environment: t.Mapping[str, str]) -> None:
    """Copy all files that Git does not ignore to a new repository, because ansible-test gets its list of files from Git."""
    shutil.rmtree(TREE, ignore_errors=True)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    for name in names.split("\0"):
        source, copy = ROOT / name, TREE / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    subprocess.run(["git", "init", "--quiet"], cwd=TREE, env=environment, check=True)


def find_pythons() -> dict[str, str]:
    """Return the directory of each Python that can create environments."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [str(BIN), *path_without_shims(), *(str(place) for place in versions.glob("*/bin"))]
    found = {}
    for version in TARGET_PYTHONS:
        for place in places:
            command = [f"{place}/python{version}", "-c", "import ensurepip, venv"]
            if (
                os.access(command[0], os.X_OK)
                and not subprocess.run(command, check=False, capture_output=True).returncode
            ):
                found[version] = place
                break
    return found


def path_without_shims() -> list[str]:
    """Return the directories of PATH. A shim of pyenv exists even if its version is not installed."""
    return [place for place in os.environ["PATH"].split(os.pathsep) if Path(place).name != "shims"]


if __name__ == "__main__":
    sys.exit(main())
