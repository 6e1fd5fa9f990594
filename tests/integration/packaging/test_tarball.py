# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tarball contains only the files that users need, and works after installation."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from ansible_runs import ROOT, command, environment

from emulator import Emulator
from matrix import Row, make_environment

NAME = Path("ansible_collections", "zonefleet", "cloudflare")
# All that may be in it.
USEFUL = re.compile(
    r"""
    (MANIFEST|FILES)\.json
    | (COPYING | README\.md | SECURITY\.md | REUSE\.toml | LICENSES/.*\.txt)
    | CHANGELOG\.(md|rst)(\.license)? | changelogs/changelog\.yaml(\.license)?
    | meta/(runtime\.yml | execution-environment\.yml | ee-requirements\.txt)
    | plugins/(action|doc_fragments|filter|inventory|module_utils|modules|plugin_utils)/\w+\.py
    | playbooks/(\w+\.yml | (tasks|vars)/\w+\.yml | templates/\w+\.html\.j2 | schemas/\w+\.json(\.license)?)
    | docs/(docsite/.*\.(rst|yml) | reference/\w+\.rst)
    | examples/.*\.(yml|j2|cfg)
    | tests/config\.yml
    """,
    re.VERBOSE,
)
NEEDED = {
    "CHANGELOG.md",
    "CHANGELOG.rst",
    "COPYING",
    "README.md",
    "meta/ee-requirements.txt",
    "meta/execution-environment.yml",
    "meta/runtime.yml",
    "plugins/action/custom_certificate_priority.py",
    "tests/config.yml",
}
MEGABYTE = 1024 * 1024


def run(*words: str | Path, cwd: Path, collections: Path, emulator: Emulator | None = None) -> str:
    """Run a command that knows no other collections; return what it printed."""
    env = environment(cwd, emulator, ANSIBLE_COLLECTIONS_PATH=str(collections))
    done = command(*words, env=env, cwd=cwd, timeout=300)
    assert done.returncode == 0, f"{words[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def commands() -> Path:
    """The commands of an environment that holds ansible-core and what the collection itself asks for, nothing else."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    core = f"ansible-core=={importlib.metadata.version('ansible-core')}"
    return make_environment(Row("clean", python, (core,), (ROOT / "meta" / "ee-requirements.txt",)), sys.executable)


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is published."""
    directory = tmp_path_factory.mktemp("built")
    run("ansible-galaxy", "collection", "build", "--output-path", directory, ROOT, cwd=directory, collections=directory)
    (built,) = directory.glob("*.tar.gz")
    return built


@pytest.fixture(scope="session")
def installed(tarball: Path, commands: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of collections with this one, installed by that environment."""
    path = tmp_path_factory.mktemp("installed")
    install = ("collection", "install", "--offline", tarball, "-p", path)
    run(commands / "ansible-galaxy", *install, cwd=path.parent, collections=path)
    return path


def test_the_tarball_holds_what_users_need(tarball: Path) -> None:
    with tarfile.open(tarball) as archive:
        files = {member.name for member in archive if member.isfile()}
    assert [name for name in sorted(files) if not USEFUL.fullmatch(name)] == []
    assert not NEEDED - files
    assert tarball.stat().st_size < MEGABYTE


@pytest.mark.timeout(300)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "meta and plugins alone"])
def test_it_works_where_it_is_installed(
    commands: Path, installed: Path, emulator: Emulator, tmp_path: Path, whole: bool
) -> None:
    collections = installed
    if not whole:
        collections = tmp_path / "collections"
        for name in ("meta", "plugins"):
            shutil.copytree(installed / NAME / name, collections / NAME / name)

    def ran(name: str, *words: str | Path) -> str:
        return run(commands / name, *words, cwd=tmp_path, collections=collections, emulator=emulator)

    for options, changed, puts in ((("--check", "--diff"), 1, 0), ((), 1, 1), ((), 0, 1)):
        assert f"changed={changed}" in ran("ansible-playbook", *options, ROOT / "examples" / "one_zone.yml")
        assert [request.method for request in emulator.requests].count("PUT") == puts

    inventory = tmp_path / "cloudflare_zones.yml"
    inventory.write_text("plugin: zonefleet.cloudflare.zones\n", encoding="utf-8")
    info = ("-m", "zonefleet.cloudflare.custom_certificate_info", "-a", "zone=example.com")
    assert "example.com | SUCCESS" in ran("ansible", "cloudflare_zones", "-i", inventory, *info)
    if whole:
        report = tmp_path / "report.html"
        audit = ("zonefleet.cloudflare.audit", "-i", inventory, "-e", f"report={report}")
        assert '"STATUS ' in ran("ansible-playbook", *audit)
        assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_it_is_documented_where_it_is_installed(commands: Path, installed: Path, tmp_path: Path) -> None:
    for kind, folder in (("module", "modules"), ("inventory", "inventory"), ("filter", "filter")):
        names = [f"zonefleet.cloudflare.{path.stem}" for path in (ROOT / "plugins" / folder).glob("[!_]*.py")]
        told = run(commands / "ansible-doc", "-t", kind, *names, cwd=tmp_path, collections=installed)
        assert [name for name in names if f"{name} (" not in told] == []


def test_an_execution_environment_gets_the_libraries(installed: Path, tmp_path: Path) -> None:
    told = run("ansible-builder", "introspect", installed, cwd=tmp_path, collections=installed)
    requirements = (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8")
    wanted = [line for line in requirements.splitlines() if line and not line.startswith("#")]
    assert len(wanted) == 3
    for line in wanted:
        assert f"{line}  # from collection zonefleet.cloudflare" in told
