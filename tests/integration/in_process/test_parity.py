# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task has the same result in the worker and as a module."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_runs import write_yaml

from emulator.fixture import StartEmulator
from integration.conftest import StartEdge
from integration.faults.controller import command_lines
from integration.in_process import cases
from integration.playbooks.playing import Player

# What ansible-core itself makes differ, and what tells the time of an upload.
_OTHER = ("/ansible_facts/discovered_interpreter_python", "/ansible_parsed", "/uploaded_on", "/modified_on")
_RANDOM = (
    (re.compile(r"cf-ray [0-9A-Za-z-]+"), "cf-ray ..."),
    (re.compile(r"Task failed: (Module|Action) failed: "), ""),
    # The list comes in random order.
    (re.compile(r"Supported parameters include: .*?\.(?=$|\s)"), "Supported parameters include: ..."),
)


@dataclass(frozen=True)
class Way:
    """What one of the two runs ended with."""

    registered: dict[str, t.Any]
    told: dict[str, tuple[str, dict[str, t.Any]]]  # to callback plugins, which get the invocation, too
    output: list[str]
    stored: dict[str, list[tuple[str, t.Any]]]
    asked: list[tuple[str, str]]
    showing: dict[str, str]  # every place where a secret could be seen


@pytest.mark.timeout(300)
def test_both_ways_end_alike(tmp_path: Path, start_emulator: StartEmulator, start_edge: StartEdge) -> None:
    """The same playbook from the same start, in process and as a module."""
    emulator = start_emulator(zones=cases.make_zones())
    playbook = write_yaml(tmp_path / "play.yml", cases.make_play(emulator, start_edge(emulator)), cases.Dumper)
    cases.write_files(tmp_path)

    def run(name: str, forced: dict[str, str]) -> Way:
        processes: list[str] = []
        emulator.reset()
        cases.misbehave(emulator)
        emulator.before("POST", "*", lambda _emulator: processes.append(command_lines().decode()), times=None)
        directory = tmp_path / name
        played = Player(directory)(
            playbook,
            env={"CLOUDFLARE_API_TOKEN": cases.ECHOED_TOKEN},
            arguments=["--vault-password-file", str(tmp_path / "password")],
            extra_vars={"registered": str(directory / "registered"), "api_url": emulator.url, "forced": forced},
        )
        assert played.returncode == 0, played.stdout
        files = {
            str(path): path.read_bytes().decode(errors="replace") for path in directory.rglob("*") if path.is_file()
        }
        return Way(
            json.loads((directory / "registered").read_text(encoding="utf-8")),
            {done.task: (done.status, done.result) for done in played.done if done.task in cases.CASES},
            _known(played.stdout + played.stderr).splitlines(),
            {zone: emulator.order(zone) for zone in emulator.zones},
            [(call.method, call.path) for call in emulator.requests],
            {**files, "output": played.stdout + played.stderr, "processes": "".join(processes)},
        )

    worker, module = run("worker", {}), run("module", {"FORCES": "the module"})
    assert _leaves(worker.registered) == _leaves(module.registered)
    assert _leaves(worker.told) == _leaves(module.told)
    assert worker.output == module.output
    assert worker.stored == module.stored
    assert worker.asked == module.asked
    _assert_as_meant(worker)
    for way in (worker, module):
        # In results as well, though core masks only what is displayed since 2.22.
        assert {secret for secret in cases.SECRETS for text in way.showing.values() if secret in text} == set()
        assert "ansible-playbook" in way.showing["processes"]


def _assert_as_meant(way: Way) -> None:
    """Two ways that fail alike would not show anything."""
    assert list(way.registered) == [*cases.CASES, "fact_used", "curly_used"]
    assert way.told.keys() == cases.CASES.keys()
    assert {name for name in cases.CASES if way.registered[name].get("failed")} == cases.TO_FAIL
    assert way.registered["fact_used"] == ["LetsEncrypt", "DigiCertInc", "Sectigo", "GlobalSignnvsa", "Entrust"]
    assert way.registered["curly_used"] == "{{ 6 * 7 }}"
    assert way.told["invocation"][1]["invocation"]["module_args"]["zone"] == "invocation.example"
    assert "certificates" not in way.told["hidden"][1]
    assert len(way.registered["key-echoed"]["errors"]) == 5
    actions = {name: way.registered[name]["action"] for name in ("upload", "renewal", "removal")}
    assert actions == {"upload": "uploaded", "renewal": "renewed", "removal": "removed"}
    assert way.registered["key-and-then-failure"]["changed"] is True
    assert {way.registered[name]["as_expected"] for name in ("looked", "looked-without-api")} == {True}


def _leaves(value: t.Any, path: str = "") -> dict[str, t.Any]:
    """All that is in a value, each by its path, without what has to differ."""
    if path.endswith(_OTHER):
        return {}
    if isinstance(value, (dict, list, tuple)) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {at: leaf for key, item in items for at, leaf in _leaves(item, f"{path}/{key}").items()}
    return {path: _known(value) if isinstance(value, str) else value}


def _known(text: str) -> str:
    for pattern, replacement in _RANDOM:
        text = pattern.sub(replacement, text)
    return text
