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
from ansible_runs import BIN, write_yaml

from emulator import Emulator
from integration.playbooks import zones
from integration.playbooks.playing import PRIORITY, Played, Player, priority

EMULATOR = pytest.mark.emulator(zones=[zones.shop()])
PYTHON = "{{ ansible_playbook_python }}"
ORDER = [{"issuer": "DigiCert*"}]
AT_HOME = {"ansible_connection": "local", "ansible_python_interpreter": PYTHON}

# Host: its variables. Nothing can be run on `away`, unless by delegation.
HOSTS: dict[str, dict[str, t.Any]] = {
    "home": AT_HOME,
    "away": {"ansible_host": "192.0.2.1", "ansible_connection": "ssh", "ansible_python_interpreter": "/none/python"},
    "unset": {"ansible_connection": "local"},
    "another": {"ansible_connection": "local", "ansible_python_interpreter": "{{ other_python }}"},
    "becoming": {**AT_HOME, "ansible_become": True},
    **{f"zone{number}": AT_HOME for number in range(10)},
}

IN_PROCESS = "run in process"
# Task: the host, keywords, and what is said.
TASKS: dict[str, tuple[str, dict[str, t.Any], str]] = {
    "plain": ("home", {}, IN_PROCESS),
    "unset": ("unset", {}, IN_PROCESS),
    "delegated": ("away", {"delegate_to": "localhost"}, IN_PROCESS),
    "not becoming": ("becoming", {"become": False, "vars": {"ansible_become": False}}, IN_PROCESS),
    "another Python": ("another", {}, "run as a module, because the interpreter is {other}"),
    "with more than it reads itself": (
        "home",
        {"environment": [{"no_proxy": "*"}, {"LANG": "C"}]},
        "run as a module, because the task's 'environment' sets LANG",
    ),
    "asynchronous": ("home", {"async": 60, "poll": 1}, "run as a module, because the task is asynchronous"),
    # The user whom it would become may not exist, nor the means to do so.
    "becoming": ("becoming", {"failed_when": False}, "run as a module, because the task becomes another user"),
}
# The same for ten hosts: once, and as modules.
ONCE: dict[str, t.Any] = {"environment": {"LC_ALL": "C"}, "run_once": True}
SLOW: dict[str, t.Any] = {"environment": {"LANGUAGE": "C"}}


def _run(
    play: Player, emulator: Emulator, tasks: list[tuple[str, dict[str, t.Any]]], *arguments: str, **env: str
) -> Played:
    """Run each task in a play for its hosts."""
    plays = [{"hosts": hosts, "gather_facts": False, "tasks": [task]} for hosts, task in tasks]
    inventory = write_yaml(Path(play.write("inventory.yml", "")), {"all": {"hosts": HOSTS}})
    playbook = write_yaml(play.write("play.yml", ""), plays)
    played = play(playbook, emulator=emulator, arguments=["--inventory", str(inventory), *arguments], env=env)
    assert played.returncode == 0, played.stdout + played.stderr
    return played


@pytest.mark.timeout(300)
@EMULATOR
def test_the_way_that_is_taken(play: Player, emulator: Emulator, tmp_path: Path) -> None:
    # The same libraries by another name.
    other = play.write("other-python", f'#!/bin/sh\nexec {BIN / "python"} "$@"\n')
    other.chmod(0o755)
    tasks = [(host, {**priority(name, ORDER), **keywords}) for name, (host, keywords, _said) in TASKS.items()]
    tasks += [("zone*", {**priority("on zones", ORDER), **keywords}) for keywords in ({}, ONCE, SLOW)]
    played = _run(play, emulator, tasks, "-vvv", "--forks=4", f"--extra-vars=other_python={other}")

    pieces = re.split(r"^TASK \[(.*?)\] \*+$", played.stdout, flags=re.MULTILINE)
    parts = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    said = {name: re.findall(rf"{PRIORITY}: (.*)", parts[name]) for name in TASKS}
    assert said == {name: [text.format(other=other)] for name, (_host, _keywords, text) in TASKS.items()}
    assert {done.status for done in played.done} == {"ok"}
    assert emulator.writes("example.com") == 1
    # What makes many hosts slow is said once.
    told = " ".join(played.stderr.split())
    assert told.count("starts a Python process") == 1
    assert f"{PRIORITY} starts a Python process for each host, because the task's 'environment' sets LANGUAGE." in told
    # Nothing of the modules is left, once the asynchronous one has tidied up behind itself.
    end = time.monotonic() + 10
    while (left := list(tmp_path.glob("plays/*/remote/*"))) and time.monotonic() < end:
        time.sleep(0.05)
    assert left == []


@pytest.mark.emulator(zones=[zones.shop(f"zone{number}.example") for number in range(5)], tls=True)
def test_a_loop_makes_one_tls_handshake(play: Player, emulator: Emulator) -> None:
    task = {**priority("order", ORDER, zone_id="{{ item }}"), "loop": [zone.id for zone in emulator.zones.values()]}
    _run(play, emulator, [("home", task)], REQUESTS_CA_BUNDLE=emulator.ca_bundle)
    assert len(emulator.requests) == 10
    assert len({call.connection for call in emulator.requests}) == 1


@EMULATOR
@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("ANSIBLE_KEEP_REMOTE_FILES", "1", "ANSIBLE_KEEP_REMOTE_FILES is set"),
        ("ANSIBLE_PYTHON_INTERPRETER", str(BIN / "python3"), f"the interpreter is {BIN / 'python3'}"),
    ],
)
def test_what_is_configured_for_all_tasks_counts(
    play: Player, emulator: Emulator, variable: str, value: str, reason: str
) -> None:
    played = _run(play, emulator, [("unset", priority("order", ORDER))], "-vvv", **{variable: value})
    assert f"{PRIORITY}: run as a module, because {reason}" in played.stdout


@EMULATOR
def test_requests_that_is_missing_on_the_controller_is_named(play: Player, emulator: Emulator) -> None:
    stub = play.write("without/requests.py", "raise ModuleNotFoundError(\"No module named 'requests'\")\n")
    played = _run(play, emulator, [("home", priority("order", ORDER))], "-vvv", PYTHONPATH=str(stub.parent))
    assert IN_PROCESS in played.stdout
    told = played["order"].result["msg"]
    assert "The Python library 'requests' (2.25 or newer) is needed" in told
    assert "No module named 'requests'" in told
    assert "Traceback" not in played.stdout + played.stderr
    assert emulator.requests == []
