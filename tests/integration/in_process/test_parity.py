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
from ansible_runs import environment, finished, write_yaml

from emulator.fixture import StartEmulator
from integration.conftest import StartEdge
from integration.faults.controller import command_lines
from integration.in_process import cases
from integration.playbooks.playing import RECORD, RECORDER

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

    output: str
    registered: dict[str, t.Any]
    told: list[dict[str, t.Any]]  # to callback plugins, which get the invocation, too
    stored: dict[str, list[tuple[str, t.Any]]]
    asked: list[tuple[str, str]]
    showing: dict[str, str]  # every place where a secret could be seen


@pytest.fixture
def ways(tmp_path: Path, start_emulator: StartEmulator, start_edge: StartEdge, closed_port: int) -> tuple[Way, Way]:
    """The same playbook from the same start, in process and as a module."""
    emulator = start_emulator(zones=cases.make_zones())
    play = write_yaml(tmp_path / "play.yml", cases.make_play(emulator, start_edge(emulator), closed_port), cases.Dumper)
    cases.write_files(tmp_path)

    def run(name: str, forced: dict[str, str]) -> Way:
        processes: list[str] = []
        emulator.reset()
        cases.misbehave(emulator)
        emulator.before("POST", "*", lambda _emulator: processes.append(command_lines().decode()), times=None)
        home = tmp_path / name
        env = environment(home, CLOUDFLARE_API_TOKEN=cases.ECHOED_TOKEN, **RECORDER, **{RECORD: str(home / "record")})
        extra = {"registered": str(home / "registered.json"), "api_url": emulator.url, "forced": forced}
        arguments: list[str | Path] = [
            "--vault-password-file",
            tmp_path / "password",
            "--extra-vars",
            json.dumps(extra),
            play,
        ]
        code, output = finished(arguments, env, home / "output")
        assert code == 0, output
        registered = json.loads((home / "registered.json").read_text(encoding="utf-8"))
        told = [json.loads(line) for line in (home / "record").read_text(encoding="utf-8").splitlines()]
        return Way(
            output,
            registered,
            [{key: item[key] for key in ("task", "status", "result")} for item in told[: -cases.TASKS_AFTER]],
            {zone: emulator.order(zone) for zone in emulator.zones},
            [(call.method, call.path) for call in emulator.requests],
            {
                "processes": "".join(processes),
                **{str(path): path.read_bytes().decode(errors="replace") for path in home.rglob("*") if path.is_file()},
            },
        )

    return run("worker", {}), run("module", {"FORCES": "the module"})


@pytest.mark.timeout(300)
def test_both_ways_end_alike(ways: tuple[Way, Way]) -> None:
    worker, module = ways
    assert list(worker.registered) == list(module.registered)
    assert _differences(worker.registered, module.registered) == {}
    assert _differences(worker.told, module.told) == {}
    assert worker.stored == module.stored
    assert worker.asked == module.asked
    assert _shown(worker.output) == _shown(module.output)
    _assert_as_meant(worker)
    for way in ways:
        # In results as well, though core masks only what is displayed since 2.22.
        assert {secret for secret in cases.SECRETS for text in way.showing.values() if secret in text} == set()
        assert "ansible-playbook" in way.showing["processes"]


def _assert_as_meant(way: Way) -> None:
    """Two ways that fail alike would not show anything."""
    failed = {name for name, result in way.registered.items() if isinstance(result, dict) and result.get("failed")}
    assert failed == cases.TO_FAIL
    assert way.registered["fact_used"] == ["LetsEncrypt", "DigiCertInc", "Sectigo", "GlobalSignnvsa", "Entrust"]
    assert way.registered["curly_used"] == "{{ 6 * 7 }}"
    told = {item["task"]: item["result"] for item in way.told if item["task"] in ("invocation", "hidden")}
    assert told["invocation"]["invocation"]["module_args"]["zone"] == "invocation.example"
    assert "certificates" not in told["hidden"]
    assert len(way.registered["key-echoed"]["errors"]) == 5
    actions = {name: way.registered[name]["action"] for name in ("upload", "renewal", "removal")}
    assert actions == {"upload": "uploaded", "renewal": "renewed", "removal": "removed"}
    assert way.registered["key-and-then-failure"]["changed"] is True
    assert {way.registered[name]["as_expected"] for name in ("looked", "looked-without-api")} == {True}


def _differences(one: t.Any, other: t.Any) -> dict[str, tuple[t.Any, t.Any]]:
    mine, theirs = _leaves(one), _leaves(other)
    paths = mine.keys() | theirs.keys()
    return {path: (mine.get(path), theirs.get(path)) for path in paths if mine.get(path) != theirs.get(path)}


def _leaves(value: t.Any, path: str = "") -> dict[str, t.Any]:
    """All that is in a value, each by its path, without what has to differ."""
    if path.endswith(_OTHER):
        return {}
    if isinstance(value, (dict, list)) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {at: leaf for key, item in items for at, leaf in _leaves(item, f"{path}/{key}").items()}
    return {path: _known(value) if isinstance(value, str) else value}


def _known(text: str) -> str:
    for pattern, replacement in _RANDOM:
        text = pattern.sub(replacement, text)
    return text


def _shown(output: str) -> list[str]:
    return _known(output).splitlines()
