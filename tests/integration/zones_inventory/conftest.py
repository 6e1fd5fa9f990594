# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs Ansible's commands with inventory files and an emulator."""

from __future__ import annotations

import json
import pathlib
import typing as t
from dataclasses import dataclass

import pytest
import yaml
from ansible_runs import command, environment

from emulator import Emulator
from emulator.fixture import emulator, pytest_configure, start_emulator

SECOND = 20


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    rc: int
    out: str
    err: str

    def tells(self, text: str) -> bool:
        """Whether it printed this; Ansible breaks what it tells into lines, some versions in the middle of words."""
        return "".join(text.split()) in "".join((self.out + self.err).split())

    @property
    def listing(self) -> dict[str, t.Any]:
        """What ``ansible-inventory --list`` printed."""
        found: dict[str, t.Any] = json.loads(self.out, object_hook=_without_mark)
        return found

    @property
    def hosts(self) -> dict[str, dict[str, t.Any]]:
        """The hosts of ``ansible-inventory --list`` with their variables; it leaves out hosts that have none."""
        found: dict[str, dict[str, t.Any]] = self.listing["_meta"]["hostvars"]
        return found

    def group(self, name: str) -> set[str]:
        """The hosts of a group of ``ansible-inventory --list``."""
        return set(self.listing.get(name, {}).get("hosts", []))


def _without_mark(found: dict[str, t.Any]) -> t.Any:
    """Take away what ansible-inventory writes around texts that are not to be evaluated."""
    return found.get("__ansible_unsafe", found)


class Runner:
    """An empty directory with inventory files, and the commands that run in it."""

    def __init__(self, directory: pathlib.Path, emulator: Emulator) -> None:
        self.directory = directory
        self.emulator = emulator
        self.environment = environment(
            directory / "home",
            emulator,
            ANSIBLE_CONFIG=None,
            ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true",
            ANSIBLE_DEPRECATION_WARNINGS="true",
            ANSIBLE_LOCALHOST_WARNING=None,
            ANSIBLE_INVENTORY_UNPARSED_WARNING=None,
        )

    def write(self, name: str, content: str) -> str:
        """Write a file and return its path."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return str(path)

    def config(self, name: str = "cloudflare_zones.yml", **options: t.Any) -> str:
        """Write a configuration file for the plugin and return its path."""
        return self.write(name, yaml.safe_dump({"plugin": "zonefleet.cloudflare.zones", "retries": 0, **options}))

    def command(self, *arguments: str, **environment: str | None) -> Outcome:
        """Run one of ansible's commands."""
        env = {**self.environment, **environment}
        known = {name: value for name, value in env.items() if value is not None}
        done = command(*arguments, env=known, cwd=self.directory, timeout=3 * SECOND)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def list(self, *sources: str, options: t.Sequence[str] = (), **environment: str | None) -> Outcome:
        """Run ``ansible-inventory --list``."""
        named = [part for source in sources for part in ("-i", source)]
        return self.command("ansible-inventory", "--list", *named, *options, **environment)


@pytest.fixture
def runner(tmp_path: pathlib.Path, emulator: Emulator) -> Runner:
    """A runner whose environment has the URL and a token of the fixture `emulator`."""
    return Runner(tmp_path, emulator)


__all__ = ("emulator", "pytest_configure", "runner", "start_emulator")
