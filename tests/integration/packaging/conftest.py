# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the collection, and installs it in a separate directory."""

from __future__ import annotations

import importlib.metadata
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest
from ansible_runs import ROOT, command, environment

from emulator import Emulator
from matrix import Row, make_environment

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def run(*words: str | Path, cwd: Path, emulator: Emulator | None = None, **variables: str) -> str:
    """Run a command that knows nothing of the user's own Ansible; return what it printed."""
    done = command(*words, env=environment(cwd, emulator, **variables), cwd=cwd, timeout=300)
    assert done.returncode == 0, f"{words[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is published."""
    directory = tmp_path_factory.mktemp("built")
    run("ansible-galaxy", "collection", "build", "--output-path", directory, ROOT, cwd=directory)
    (built,) = directory.glob("*.tar.gz")
    return built


@pytest.fixture(scope="session")
def unpacked(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the tarball."""
    directory = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(tarball) as archive:
        archive.extractall(directory, filter="data")
    return directory


@pytest.fixture(scope="session")
def commands() -> Path:
    """The commands of an environment that holds ansible-core and what the collection itself asks for, nothing else."""
    row = Row(
        "clean",
        PYTHON,
        (f"ansible-core=={importlib.metadata.version('ansible-core')}",),
        (ROOT / "meta" / "ee-requirements.txt",),
    )
    return make_environment(row, sys.executable)


@pytest.fixture
def installed(tarball: Path, commands: Path, tmp_path: Path) -> Path:
    """A directory of collections with this one, installed by that environment."""
    path = tmp_path / "collections"
    install = ("collection", "install", "--offline", tarball, "-p", path)
    # It does not install what it finds elsewhere.
    run(commands / "ansible-galaxy", *install, cwd=tmp_path, ANSIBLE_COLLECTIONS_PATH=str(path))
    return path


Command = t.Callable[..., str]


@pytest.fixture(name="command")
def _command(commands: Path, installed: Path, tmp_path: Path, emulator: Emulator) -> Command:
    """Runs a command of that environment, against an emulator."""

    def _run(name: str, *words: str | Path) -> str:
        path = str(installed)
        return run(commands / name, *words, cwd=tmp_path, emulator=emulator, ANSIBLE_COLLECTIONS_PATH=path)

    return _run
