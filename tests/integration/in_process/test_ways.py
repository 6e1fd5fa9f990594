# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a task runs in the worker or as a module, as `-vvv` shows it."""

from __future__ import annotations

import re
import time
import typing as t
from pathlib import Path

import pytest
from ansible_runs import BIN, environment, finished, write_yaml

from emulator import Emulator
from integration.playbooks import zones
from integration.playbooks.playing import PRIORITY, priority

EMULATOR = pytest.mark.emulator(zones=[zones.shop()])
PYTHON = "{{ ansible_playbook_python }}"
ORDER = [{"issuer": "DigiCert*"}]

# Host: its variables. Nothing can be run on `away`, unless by delegation.
HOSTS: dict[str, dict[str, t.Any]] = {
    "home": {"ansible_connection": "local", "ansible_python_interpreter": PYTHON},
    "away": {"ansible_host": "192.0.2.1", "ansible_connection": "ssh", "ansible_python_interpreter": "/none/python"},
    "unset": {"ansible_connection": "local"},
    "another": {"ansible_connection": "local", "ansible_python_interpreter": "{{ other_python }}"},
    "becoming": {"ansible_connection": "local", "ansible_python_interpreter": PYTHON, "ansible_become": True},
}

IN_PROCESS = "run in process"
# Task: the host, keywords, and what is said.
TASKS: dict[str, tuple[str, dict[str, t.Any], str]] = {
    "plain": ("home", {}, IN_PROCESS),
    "unset": ("unset", {}, IN_PROCESS),
    "delegated": ("away", {"delegate_to": "localhost"}, IN_PROCESS),
    "not becoming": ("becoming", {"become": False, "vars": {"ansible_become": False}}, IN_PROCESS),
    "another Python": ("another", {}, "run as a module, because the interpreter is {other}"),
    "with an environment": (
        "home",
        {"environment": {"LANG": "C"}},
        "run as a module, because the task's 'environment' sets LANG",
    ),
    "with more than it reads itself": (
        "home",
        {"environment": [{"no_proxy": "*"}, {"LANG": "C"}]},
        "run as a module, because the task's 'environment' sets LANG",
    ),
    "asynchronous": (
        "home",
        {"async": 60, "poll": 1},
        "run as a module, because the task is asynchronous",
    ),
    "becoming": ("becoming", {}, "run as a module, because the task becomes another user"),
}
# The user whom it would become may not exist, nor the means to do so.
MAY_FAIL = ["becoming"]


@pytest.mark.timeout(300)
@EMULATOR
def test_the_way_that_is_taken(emulator: Emulator, tmp_path: Path) -> None:
    other = _another_python(tmp_path)
    plays = [
        {
            "hosts": host,
            "gather_facts": False,
            "tasks": [
                {**priority(name, ORDER), **keywords, "ignore_errors": name in MAY_FAIL, "register": "done"},
                {"name": "It is what it is everywhere", "ansible.builtin.assert": {"that": "done is success"}}
                | ({"when": False} if name in MAY_FAIL else {}),
            ],
        }
        for name, (host, keywords, _said) in TASKS.items()
    ]
    code, output = _play(tmp_path, emulator, plays, "-vvv", f"--extra-vars=other_python={other}")
    assert code == 0, output
    said = {
        name: [line.partition(f"{PRIORITY}: ")[2] for line in part.splitlines() if f"{PRIORITY}: " in line]
        for name, part in _parts(output).items()
    }
    assert said == {name: [text.format(other=other)] for name, (_host, _keywords, text) in TASKS.items()}
    assert emulator.writes("example.com") == 1
    # Nothing of the modules is left, once the asynchronous one has tidied up behind itself.
    end = time.monotonic() + 10
    while (left := list((tmp_path / "remote").glob("*"))) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == []
    assert "starts a Python process" not in output


@pytest.mark.emulator(zones=[zones.shop(f"zone{number}.example") for number in range(5)], tls=True)
def test_a_loop_makes_one_tls_handshake(emulator: Emulator, tmp_path: Path) -> None:
    task = {**priority("order", ORDER, zone_id="{{ item }}"), "loop": [zone.id for zone in emulator.zones.values()]}
    plays = [{"hosts": "home", "gather_facts": False, "tasks": [task]}]
    code, output = _play(tmp_path, emulator, plays, variables={"REQUESTS_CA_BUNDLE": emulator.ca_bundle})
    assert code == 0, output
    assert len(emulator.requests) == 10 and len({call.connection for call in emulator.requests}) == 1


@EMULATOR
def test_what_makes_many_hosts_slow_is_said_once(emulator: Emulator, tmp_path: Path) -> None:
    hosts = {f"zone{number}": HOSTS["home"] for number in range(10)}
    task = priority("order", ORDER)
    plays = [
        {"hosts": ["home", "another"], "gather_facts": False, "environment": {"LANG": "C"}, "tasks": [task]},
        {"hosts": "zone*", "gather_facts": False, "tasks": [task]},
        {
            "hosts": "zone*",
            "gather_facts": False,
            "tasks": [{**task, "run_once": True, "environment": {"LC_ALL": "C"}}],
        },
        {"hosts": "zone*", "gather_facts": False, "environment": {"LANG": "C"}, "tasks": [task]},
    ]
    code, output = _play(tmp_path, emulator, plays, "--forks=4", hosts={**HOSTS, **hosts})
    assert code == 0, output
    text = re.sub(r"\s+", " ", output)
    expected = f"{PRIORITY} starts a Python process for each host, because the task's 'environment' sets LANG."
    assert text.count("starts a Python process") == 1 and expected in text
    assert text.index("starts a Python process") > text.rindex("PLAY [zone*]")


@EMULATOR
@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("ANSIBLE_KEEP_REMOTE_FILES", "1", "ANSIBLE_KEEP_REMOTE_FILES is set"),
        ("ANSIBLE_PYTHON_INTERPRETER", str(BIN / "python3"), f"the interpreter is {BIN / 'python3'}"),
    ],
)
def test_what_is_configured_for_all_tasks_counts(
    emulator: Emulator, tmp_path: Path, variable: str, value: str, reason: str
) -> None:
    plays = [{"hosts": "unset", "gather_facts": False, "tasks": [priority("order", ORDER)]}]
    code, output = _play(tmp_path, emulator, plays, "-vvv", variables={variable: value})
    assert code == 0, output
    assert f"{PRIORITY}: run as a module, because {reason}" in output


@EMULATOR
def test_requests_that_is_missing_on_the_controller_is_named(emulator: Emulator, tmp_path: Path) -> None:
    stub = tmp_path / "without" / "requests.py"
    stub.parent.mkdir()
    stub.write_text("raise ModuleNotFoundError(\"No module named 'requests'\")\n", encoding="utf-8")
    plays = [{"hosts": "home", "gather_facts": False, "tasks": [priority("order", ORDER)]}]
    code, output = _play(tmp_path, emulator, plays, "-vvv", variables={"PYTHONPATH": str(stub.parent)})
    assert code == 0, output
    assert IN_PROCESS in output
    text = re.sub(r"\s+", " ", output)
    assert "The Python library 'requests' (2.25 or newer) is needed" in text and "No module named 'requests'" in text
    assert "Traceback" not in text
    assert emulator.requests == []


def _another_python(directory: Path) -> Path:
    """A Python with the same libraries, by another name."""
    path = directory / "other-python"
    path.write_text(f'#!/bin/sh\nexec {BIN / "python"} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def _play(
    directory: Path,
    emulator: Emulator,
    plays: list[dict[str, t.Any]],
    *options: str,
    hosts: dict[str, dict[str, t.Any]] | None = None,
    variables: dict[str, str] | None = None,
) -> tuple[int, str]:
    inventory = write_yaml(directory / "inventory.yml", {"all": {"hosts": hosts or HOSTS}})
    env = environment(directory / "home", emulator, ANSIBLE_REMOTE_TEMP=str(directory / "remote"), **(variables or {}))
    playbook = write_yaml(directory / "play.yml", plays)
    return finished(["--inventory", inventory, *options, playbook], env, directory / "output")


def _parts(output: str) -> dict[str, str]:
    """The output by task."""
    pieces = re.split(r"^TASK \[(.*?)\] \*+$", output, flags=re.MULTILINE)
    return {name: part for name, part in zip(pieces[1::2], pieces[2::2], strict=True) if name in TASKS}
