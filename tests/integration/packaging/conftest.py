# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as users get it: built, and installed where nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest

from emulator import Emulator
from integration.playbooks.playing import ROOT
from matrix import Row, make_environment

OWN = Path(sys.executable).parent
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def run(*words: str | Path, cwd: Path, emulator: Emulator | None = None, **variables: str) -> str:
    """Run a command that knows nothing of the user's own Ansible; return what it printed."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "HOME": str(cwd),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
            **({"CLOUDFLARE_API_TOKEN": emulator.token, "CLOUDFLARE_BASE_URL": emulator.url} if emulator else {}),
            **variables,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is published."""
    directory = tmp_path_factory.mktemp("built")
    run(OWN / "ansible-galaxy", "collection", "build", "--output-path", directory, ROOT, cwd=directory)
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
    core = run(OWN / "python", "-c", "import ansible.release as it; print(it.__version__)", cwd=ROOT).strip()
    row = Row("clean", PYTHON, (f"ansible-core=={core}",), (ROOT / "meta" / "ee-requirements.txt",))
    return make_environment(row, sys.executable)


@pytest.fixture
def installed(tarball: Path, commands: Path, tmp_path: Path) -> Path:
    """A directory of collections with this one, installed by that environment."""
    path = tmp_path / "collections"
    run(commands / "ansible-galaxy", "collection", "install", "--offline", tarball, "-p", path, cwd=tmp_path)
    return path


Command = t.Callable[..., str]


@pytest.fixture
def command(commands: Path, installed: Path, tmp_path: Path, emulator: Emulator) -> Command:
    """Runs a command of that environment, against an emulator."""

    def _run(name: str, *words: str | Path) -> str:
        path = str(installed)
        return run(commands / name, *words, cwd=tmp_path, emulator=emulator, ANSIBLE_COLLECTIONS_PATH=path)

    return _run
