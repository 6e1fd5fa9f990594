# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks as users do, in a separate process without the user's own Ansible configuration.

    played = play([{"name": "order", "zonefleet.cloudflare.custom_certificate_priority": {...}}], emulator=emulator)
    assert played["order"].result["changed"] and played["order"].methods(emulator) == ["GET", "PUT"]

`ansible-playbook` is that of this Python's environment. tests/matrix.py runs the tests with other versions.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_runs import command, environment, write_yaml

from emulator import Emulator

# A callback plugin; the variable says where it writes.
RECORDER = {"ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback"))}
RECORD = "ZONEFLEET_TEST_RECORD"

Task = dict[str, t.Any]
Order = list[tuple[str, t.Any]]

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}


@dataclass(frozen=True)
class Done:
    """What one task ended with on one host, and when, by the clock that the emulator notes requests with."""

    task: str
    host: str
    status: str
    result: dict[str, t.Any]
    begun: float
    ended: float

    def methods(self, emulator: Emulator) -> list[str]:
        """The methods of the requests that were made meanwhile, in their order."""
        return [request.method for request in emulator.requests if self.begun <= request.at <= self.ended]

    @property
    def order(self) -> Order:
        """The certificates of the result, as `Emulator.order` shows them."""
        return pairs_of(self.result["certificates"])


@dataclass(frozen=True)
class Played:
    """What a run of `ansible-playbook` ended with."""

    returncode: int
    stdout: str
    stderr: str
    done: tuple[Done, ...]

    def __getitem__(self, task: str) -> Done:
        """What the one task of this name ended with."""
        found = [done for done in self.done if done.task == task]
        assert len(found) == 1, f"{len(found)} times {task!r}:\n{self.stdout}\n{self.stderr}"
        return found[0]


class Player:
    """Runs playbooks in a directory of their own, in the way that a user's would run, or with the module."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._runs = 0

    def write(self, name: str, text: str) -> Path:
        """Write a file that a playbook takes, or is."""
        path = self._directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def __call__(
        self,
        what: Path | Sequence[Task],
        *,
        emulator: Emulator | None = None,
        hosts: Mapping[str, Mapping[str, t.Any]] | None = None,
        check: bool = False,
        diff: bool = False,
        extra_vars: Mapping[str, t.Any] | None = None,
        env: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        as_module: bool = False,
    ) -> Played:
        """Run a playbook, or tasks as one play.

        :param hosts: The hosts of the play with their variables; by default, localhost.
        :param emulator: The API in the environment, with its credentials.
        :param as_module: Run in a process of its own instead of in the worker.
        """
        self._runs += 1
        home = self._directory / str(self._runs)
        home.mkdir(parents=True)
        playbook = what if isinstance(what, Path) else _write_play(home, what, hosts or {"localhost": {}})
        variables = {
            **RECORDER,
            RECORD: str(home / "record"),
            # Asks for the module, so that the action plugin leaves the work to it.
            **({"ANSIBLE_KEEP_REMOTE_FILES": "1"} if as_module else {}),
            **(env or {}),
        }
        finished = command(
            "ansible-playbook",
            *(["--inventory", str(home / "inventory.yml")] if hosts else []),
            *(["--check"] if check else []),
            *(["--diff"] if diff else []),
            *(["--extra-vars", json.dumps(extra_vars)] if extra_vars else []),
            *arguments,
            playbook,
            env=environment(home, emulator, **variables),
        )
        return Played(finished.returncode, finished.stdout, finished.stderr, _recorded(home / "record"))


def _recorded(record: Path) -> tuple[Done, ...]:
    # There is none if the play did not even begin.
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    return tuple(Done(**json.loads(line)) for line in lines)


def _write_play(home: Path, tasks: Sequence[Task], hosts: Mapping[str, Mapping[str, t.Any]]) -> Path:
    inventory = {"all": {"vars": LOCAL, "hosts": {name: dict(variables) for name, variables in hosts.items()}}}
    write_yaml(home / "inventory.yml", inventory)
    return write_yaml(home / "play.yml", [{"hosts": list(hosts), "gather_facts": False, "tasks": list(tasks)}])


PRIORITY = "zonefleet.cloudflare.custom_certificate_priority"
INFO = "zonefleet.cloudflare.custom_certificate_info"
CERTIFICATE = "zonefleet.cloudflare.custom_certificate"
SERVED = "zonefleet.cloudflare.served_certificate_info"


def priority(name: str, certificates: t.Any, **options: t.Any) -> Task:
    """A task that sets an order, in `example.com` unless it says otherwise, and goes on where it fails."""
    zone = {} if {"zone", "zone_id", "domain"} & options.keys() else {"zone": "example.com"}
    return {"name": name, PRIORITY: {**zone, "certificates": certificates, **options}, "ignore_errors": True}


def info(name: str, **options: t.Any) -> Task:
    """A task that reads a zone."""
    zone = {} if {"zone", "zone_id"} & options.keys() else {"zone": "example.com"}
    return {"name": name, INFO: {**zone, **options}, "ignore_errors": True}


def four_steps(certificates: t.Any, **options: t.Any) -> Task:
    """A task that shows, twice, what would be done and does it."""
    task = priority("four steps", certificates, **options)
    return {**task, "check_mode": "{{ item }}", "loop": [True, False, True, False], "diff": True}


def assert_settled(
    played: Played, emulator: Emulator, before: Order, reading: Sequence[str] = ("GET",)
) -> dict[str, t.Any]:
    """Hold the four steps to their promises; return the result of the first run without check mode.

    `before` is the order as it was stored, `reading` are the requests of a step without a change.
    """
    done = played["four steps"]
    assert (played.returncode, done.status) == (0, "ok"), f"{played.stdout}\n{played.stderr}"
    assert emulator.contract_violations == []
    check, run, *again = steps = done.result["results"]
    assert [step["changed"] for step in steps] == [True, True, False, False]
    assert done.methods(emulator) == [*reading, *reading, "PUT", *reading, *reading]
    # Not from 'ansible_facts': in a loop, newer versions of ansible-core show the facts of a later step in an earlier one.
    assert {item["id"]: item["before"] for item in run["reprioritized"]}.items() <= dict(_zeroed(before)).items()
    for step in (run, *again):
        assert pairs_of(step["certificates"]) == _zeroed(emulator.order("example.com"))
    for key in ("reprioritized", "restore", "contested", "diff", "unmatched"):
        assert (key, check[key]) == (key, run[key])
    for step in again:
        assert step["reprioritized"] == []
        assert step["diff"]["before"] == step["diff"]["after"]
    result: dict[str, t.Any] = run
    return result


def pairs_of(certificates: Sequence[dict[str, t.Any]]) -> Order:
    """Ids and priorities."""
    return [(item["id"], item["priority"]) for item in certificates]


def ids_of(emulator: Emulator, zone: str = "example.com") -> dict[str, str]:
    """The ids of a zone's certificates by their issuers."""
    return {str(item["issuer"]): str(item["id"]) for item in emulator.zones[zone].certificates}


def numbers_of(emulator: Emulator, zone: str = "example.com") -> dict[str, t.Any]:
    """The stored numbers of a zone's certificates by their issuers."""
    stored = dict(emulator.order(zone))
    return {issuer: stored.get(identifier) for issuer, identifier in ids_of(emulator, zone).items()}


def _zeroed(order: Sequence[tuple[str, t.Any]]) -> Order:
    return [(identifier, number or 0) for identifier, number in order]
