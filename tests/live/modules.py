# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules of this clone, run by `ansible-playbook` as their users run them."""

from __future__ import annotations

import abc
import json
import os
import signal
import subprocess
import sys
import tempfile
import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

from .seen import JSONObject

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT = 420  # longer than the modules may wait, see `max_wait` in the playbooks

Entries = Sequence[Mapping[str, t.Any]]


class Modules(t.Protocol):
    """Runs of the modules on one zone. A failed one has a `msg` in its result."""

    @abc.abstractmethod
    def read(self, zone_id: str, entries: Entries) -> tuple[JSONObject, JSONObject]:
        """What the info module returns, and what the priority module would do."""

    @abc.abstractmethod
    def write(self, zone_id: str, entries: Entries) -> JSONObject:
        """What the priority module returns that did it, and read it back."""


class Playbooks:
    """By the playbooks beside this file. The credentials are in the environment, and nowhere else."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        # Someone's own settings of Ansible have no part in what is tried here; proxies and authorities do.
        self._environ = {name: value for name, value in environ.items() if not name.startswith("ANSIBLE_")}

    def read(self, zone_id: str, entries: Entries) -> tuple[JSONObject, JSONObject]:
        results = self._play("reading.yml", zone_id, entries)
        return results[0], results[1]

    def write(self, zone_id: str, entries: Entries) -> JSONObject:
        return self._play("writing.yml", zone_id, entries)[0]

    def _play(self, playbook: str, zone_id: str, entries: Entries) -> list[JSONObject]:
        with tempfile.TemporaryDirectory(prefix="zonefleet-live-") as name:
            directory = Path(name)
            results = directory / "results.json"
            variables = {"zone_id": zone_id, "entries": list(entries), "results_file": str(results)}
            (directory / "variables.json").write_text(json.dumps(variables), encoding="utf-8")
            (directory / "ansible.cfg").touch()
            output = self._run(directory, Path(__file__).with_name(playbook))
            if not results.exists():
                raise RuntimeError(f"ansible-playbook left no result:\n{output[-2000:]}")
            found: list[JSONObject] = json.loads(results.read_text(encoding="utf-8"))
            return found

    def _run(self, directory: Path, playbook: Path) -> str:
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook)]
        environment = {
            **self._environ,
            "ANSIBLE_CONFIG": str(directory / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
            "ANSIBLE_LOCAL_TEMP": str(directory / "local"),
            "ANSIBLE_REMOTE_TEMP": str(directory / "remote"),
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
            "ANSIBLE_NOCOLOR": "1",
        }
        # In a session of its own, so that Ctrl-C reaches the kit alone and no write is cut off half way.
        with subprocess.Popen(
            [*command, "--extra-vars", f"@{directory / 'variables.json'}"],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                return process.communicate(timeout=_TIMEOUT)[0]
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise


__all__ = ("ROOT", "Modules", "Playbooks")
