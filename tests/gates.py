# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the gates: ``check`` (a change in progress), ``test`` (before a change is handed over), ``test-all`` (on everything
that is supported), ``format`` (rewrites what formatters would).

Names of parts may follow: ``.venv/bin/python tests/gates.py test typing ansible-lint`` runs these two; ``--list`` prints the
names as JSON. As many parts as there are cores run side by side, and each prints its output when it ends; those that use
all cores themselves run alone, afterwards.
Every part runs with a home directory inside the clone, so that nothing outside is read or left behind.
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
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import community_crypto
from integration.audit.chromium import find_browser
from matrix import CORES, IN_PART, TARGETS, Row

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
HOME = CACHE / "home"
# A copy for ansible-test, which refuses to work outside such a path.
TREE = CACHE / "tree" / "ansible_collections" / "zonefleet" / "cloudflare"
BIN = Path(sys.executable).parent

TARGET_PYTHONS = tuple(dict.fromkeys(row.python for row in TARGETS))
IN_TREE = threading.Lock()
OWN_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
# The version of pip with which the ansible-test of ansible-core 2.19 begins.
GET_PIP_VERSIONS = ("24.2",)


@dataclass(frozen=True)
class Part:
    """One command of a run; it fails by its exit code, or by printing a line that begins with ``forbidden``.

    It is skipped where there is no ``python``, or no browser for one that is ``in_browser``. One that is ``alone`` prints
    its output as it comes.
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
        """Say what this machine does not have for it, if anything."""
        if self.python not in pythons:
            return f"Python {self.python}"
        return "Chromium" if self.in_browser and not find_browser() else ""


def tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(BIN / name), *arguments)


def nox(session: str, *, ci: str = "true", forbidden: str = "") -> Part:
    # With uv, where it is installed, pip's configuration would not count.
    options = ("--reuse-existing-virtualenvs", "--default-venv-backend", "virtualenv")
    command = tool("nox", *options, "--session", session)
    # In CI the formatters only say what they would do.
    return Part(session, command, environment={"CI": ci}, forbidden=forbidden)


def ansible_test(command: str, *arguments: str, python: str | None = OWN_PYTHON) -> Part:
    version = ("--python", python) if python else ()
    return Part(f"ansible-test-{command}", tool("ansible-test", command, "--venv", *version, *arguments), cwd=TREE)


def matrix(row: Row, *options: str) -> Part:
    return Part(row.name, (sys.executable, str(ROOT / "tests" / "matrix.py"), row.name, *options), python=row.python)


def linted(part: Part) -> Part:
    """ansible-lint, which checks the tasks of the examples, too, with the collection that one of them needs.

    antsibull-nox looks there for the collections of tests/integration/requirements.yml.
    """
    bring = shlex.join([sys.executable, community_crypto.__file__])
    command = ("sh", "-c", f"{bring} && exec {shlex.join(part.command)}")
    environment = {**(part.environment or {}), "ANSIBLE_COLLECTIONS_PATH": str(community_crypto.COLLECTIONS)}
    return replace(part, command=command, environment=environment)


ACTIONLINT = Part(
    "actionlint",
    tool(
        "actionlint",
        *map(str, sorted((ROOT / ".github" / "workflows").glob("*.yml"))),
        str(ROOT / "examples" / "ci" / "github_drift.yml"),
    ),
)
# Against the schema that it comes with.
GITLAB = Part(
    "gitlab-ci",
    tool(
        "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(ROOT / "examples" / "ci" / "gitlab_drift.yml")
    ),
)
# On all cores. A worker that has nothing left to do takes over tests that another one has not come to.
PYTEST = tool("pytest", "--numprocesses", "auto", "--dist", "worksteal")
LINT = (nox("codeqa"), nox("typing"), nox("formatters"), nox("yamllint"))
# The longest ones first, so that no core is left with nothing to do in the end.
GATES = (
    # Compile and import run on every Python there is.
    ansible_test("sanity", python=None),
    *LINT,
    nox("antsibull-nox-config"),
    nox("docs-check"),
    nox("license-check"),
    nox("extra-checks"),
    # galaxy-importer tells of most things in warnings, and ends well.
    nox("build-import-check", forbidden="WARNING|ERROR"),
    linted(nox("ansible-lint")),
    Part("antsibull-changelog", tool("antsibull-changelog", "lint")),
    ACTIONLINT,
    GITLAB,
    ansible_test("integration"),
)
TESTS = Part("pytest", (*PYTEST, "-m", "not full and not browser"), alone=True)
IN_BROWSER = Part("browser", tool("pytest", "-m", "browser"), in_browser=True)
PLANS = {
    "format": (nox("formatters", ci="false"),),
    "check": (*LINT, Part("unit-tests", (*PYTEST, "-q", "tests/unit"), alone=True)),
    "test": (*GATES, TESTS, IN_BROWSER, *(matrix(row, "--sample") for row in IN_PART)),
    "test-all": (
        *GATES,
        # The same tests as below, where nothing of the controller can be imported by what runs on a target.
        ansible_test("units", "tests/unit/plugins/"),
        TESTS,
        IN_BROWSER,
        # Their time counts.
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
        sys.exit(f"{plan} has no part {', '.join(sorted(set(wanted) - set(names)))}. It has: {', '.join(names)}")
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
    """Run the parts; return for each name what is wrong, if anything, and how long it took."""
    side_by_side = [part for part in parts if not part.alone and len(parts) > 1]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = {part.name: pool.submit(run, part, environment, at_once=False) for part in side_by_side}
    results = {name: future.result() for name, future in begun.items()}
    for part in parts:
        if part.name not in results:
            results[part.name] = run(part, environment, at_once=True)
    return results


def run(part: Part, environment: t.Mapping[str, str], *, at_once: bool) -> tuple[str, float]:
    """Run a part, print its output, return what is wrong, if anything, and how long it took."""
    # ansible-test leaves its results in the tree that it works on.
    with IN_TREE if part.cwd == TREE else contextlib.nullcontext():
        begin = time.monotonic()
        lines, problem = [f"\n=== {part.name}\n"], ""
        env = {**environment, **(part.environment or {})}
        with subprocess.Popen(
            part.command,
            cwd=part.cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in process.stdout or ():
                lines.append(line)
                if part.forbidden and re.match(part.forbidden, line):
                    problem = f"FAILED: {line.strip():.90}"
                if at_once:
                    print("".join(lines), end="", flush=True)
                    lines = []
        if process.returncode:
            problem = f"FAILED: exit code {process.returncode}"
        seconds = time.monotonic() - begin
    print("".join(lines), end="", flush=True)
    return problem, seconds


def prepare() -> tuple[dict[str, str], dict[str, str]]:
    """Makes the home and the tree; returns the environment in which every part runs, and the Pythons there are."""
    # Someone's settings for these, and above all someone's real credentials, have no place in a test.
    foreign = re.compile("(ANSIBLE|CLOUDFLARE|GALAXY_IMPORTER|GIT|MYPY|NOX|PYLINT|PYTEST|PYTHON|RUFF|XDG|ZONEFLEET)_?")
    environment = {name: value for name, value in os.environ.items() if not foreign.match(name)}

    HOME.mkdir(parents=True, exist_ok=True)
    keep_pip_configuration()
    keep_git_configuration()
    prime_get_pip()
    copy_tree(environment)
    pythons = find_pythons()
    missing = [version for version in TARGET_PYTHONS if version not in pythons]
    print(
        f"Pythons: {', '.join(pythons)}. Skipped, not on this machine: {len(missing)} ({', '.join(missing) or 'none'})"
    )

    directories = [str(BIN), *dict.fromkeys(pythons.values()), *path_without_shims()]
    environment.update(HOME=str(HOME), PATH=os.pathsep.join(directories), PIP_CACHE_DIR=str(CACHE / "pip"))
    return environment, pythons


def keep_pip_configuration() -> None:
    """Writes down how pip is configured here: ansible-test hands no variable on, and the home is another."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    ).stdout
    configuration = configparser.RawConfigParser()
    configuration["global"] = {}
    for line in listing.splitlines():
        key, value = line.split("=", 1)
        section, option = key.rsplit(".", 1)
        section = "global" if section == ":env:" else section
        if not configuration.has_section(section):
            configuration.add_section(section)
        configuration.set(section, option, ast.literal_eval(value))
    configuration["global"]["cache-dir"] = str(CACHE / "pip")
    path = HOME / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8") as file:
        configuration.write(file)


def keep_git_configuration() -> None:
    """Git may trust a clone that another user owns only because the configuration says so."""
    link, target = HOME / ".gitconfig", Path.home() / ".gitconfig"
    link.unlink(missing_ok=True)
    if target.exists():
        link.symlink_to(target)


STAND_IN = """\
import ensurepip, os, subprocess, sys

environment = dict(os.environ)  # ensurepip takes pip's configuration out of it
ensurepip.bootstrap()
packages = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install"] + packages, env=environment))
"""


def prime_get_pip() -> None:
    """Where ansible-test could not download get-pip.py, puts one in its cache that needs the package index alone."""
    for version in GET_PIP_VERSIONS:
        path = HOME / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
        if path.exists():
            continue
        try:
            url = f"https://ci-files.testing.ansible.com/ansible-test/get-pip-{version}.py"
            with urllib.request.urlopen(url, timeout=10) as answer:
                script = answer.read().decode()
        except OSError:
            script = STAND_IN
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8")


def copy_tree(environment: t.Mapping[str, str]) -> None:
    """Copies what Git tracks or would track, into a repository of its own: ansible-test asks Git what there is."""
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
    """Finds the directory of each Python that really starts: shims answer for versions that they lack."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    places = [str(BIN), *os.environ["PATH"].split(os.pathsep), *(str(place) for place in versions.glob("*/bin"))]
    found = {}
    for version in TARGET_PYTHONS:
        for place in places:
            command = [f"{place}/python{version}", "-c", "import ensurepip, sys, venv; print(sys.executable)"]
            if not os.access(command[0], os.X_OK):
                continue
            answer = subprocess.run(command, check=False, capture_output=True, text=True)
            if answer.returncode == 0:
                found[version] = os.path.dirname(answer.stdout.strip())
                break
    return found


def path_without_shims() -> list[str]:
    return [place for place in os.environ["PATH"].split(os.pathsep) if Path(place).name != "shims"]


if __name__ == "__main__":
    sys.exit(main())
