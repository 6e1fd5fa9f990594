# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with a POST, PATCH, PUT or DELETE: what is there is told truly, once, and a second run settles it."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client
from emulator import Emulator, Fault, Pem, make_pem, uploaded, zone
from emulator.fixture import StartEmulator
from integration.certificates.keeping import keep, living, methods, told

ZONE = "example.com"
HOSTS = ["example.com", "www.example.com"]
OLD, NEW = (make_pem(HOSTS, expires_in=days) for days in (60, 300))
OTHER = make_pem(HOSTS, issuer="Sectigo Limited", algorithm="rsa", expires_in=200)


@dataclass(frozen=True)
class Scenario:
    """A change that takes one write of a method, and what the zone has before and after it."""

    method: str
    has: tuple[Pem, ...]
    made: Pem | None
    options: dict[str, t.Any]
    ends: str
    behaviour: dict[str, t.Any]


SCENARIOS = {
    "upload": Scenario("POST", (OTHER,), NEW, {}, "uploaded", {}),
    "renewal": Scenario("PATCH", (OTHER, OLD), NEW, {}, "renewed", {}),
    "renewal with the same id": Scenario("PATCH", (OTHER, OLD), NEW, {}, "renewed", {"patch_id": "kept"}),
    "number": Scenario("PUT", (OTHER, OLD), NEW, {}, "renewed", {"patch_priority": "reset"}),
    "removal": Scenario(
        "DELETE", (OLD, OTHER), None, {"state": "absent", "match": {"issuer": "Sectigo*"}}, "removed", {}
    ),
}

FAULTS = {
    "reset before the request": Fault("reset_before_request"),
    "reset after the request": Fault("reset_after_request"),
    "reset after it was applied": Fault("reset_after_apply"),
    "cut in the middle": Fault("reset_mid_answer"),
    "no answer": Fault("no_answer"),
    "no answer, applied": Fault("no_answer", applied=True),
    "500": Fault("server_error", status=500),
    "500, applied": Fault("server_error", status=500, applied=True),
    "502": Fault("html", status=502),
    "502, applied": Fault("html", status=502, applied=True),
    "empty body": Fault("empty_body"),
    "empty body, applied": Fault("empty_body", applied=True),
    "truncated JSON": Fault("truncated_json"),
    "429": Fault("throttled", retry_after="2"),
    "a long 429": Fault("throttled", retry_after="120"),
}


def start(start_emulator: StartEmulator, scenario: Scenario) -> Emulator:
    """An emulator whose zone has what the scenario begins with, the old one with a number of its own."""
    held = [uploaded(made, type="sni_custom", priority=5 + place) for place, made in enumerate(scenario.has)]
    emulator = start_emulator(zones=[zone(ZONE, plan="enterprise", certificates=held)], throttle=None)
    emulator.behave(pending_reads=0, **scenario.behaviour)
    return emulator


def run(emulator: Emulator, scenario: Scenario, **options: t.Any) -> t.Any:
    return keep(emulator, ZONE, scenario.made, **{"timeout": 1, "retries": 3, **scenario.options, **options})


def problems(emulator: Emulator, scenario: Scenario) -> t.Iterator[str]:
    """What is not as the scenario ends."""
    now = living(emulator, ZONE)
    count = len(scenario.has) + {"uploaded": 1, "renewed": 0, "removed": -1}[scenario.ends]
    if len(now) != count:
        yield f"{len(now)} certificates instead of {count}: {now}"
    if scenario.ends == "renewed":
        numbers = sorted(item["priority"] for item in now)
        if numbers != [5, 6]:
            yield f"the numbers are {numbers}"


@pytest.mark.usefixtures("_no_waits")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_fault_that_passes(start_emulator: StartEmulator, scenario: Scenario, fault: Fault) -> None:
    emulator = start(start_emulator, scenario)
    emulator.fault(fault, method=scenario.method)
    outcome = run(emulator, scenario)
    # A PUT whose answer is unusable is not repeated: it says what it knows.
    if scenario.method == "PUT" and outcome.failed:
        assert outcome.result["changed"] is True and "did not get the priority" in outcome.result["msg"]
        return
    assert told(outcome) == scenario.ends and outcome.result["changed"] is True
    assert not list(problems(emulator, scenario))
    if scenario.method in ("POST", "PATCH"):
        assert methods(emulator)[scenario.method] == (1 if fault.applies else 2)
    emulator.clear()
    again = run(emulator, scenario)
    assert told(again) == "unchanged" and methods(emulator) == {"GET": 1}


@pytest.mark.usefixtures("_no_waits")
@pytest.mark.parametrize("fault", [fault for name, fault in FAULTS.items() if "429" not in name], ids=str)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_fault_that_stays(start_emulator: StartEmulator, scenario: Scenario, fault: Fault) -> None:
    """Every write fails: what is told is what is there, and once the fault is over, one run settles it."""
    emulator = start(start_emulator, scenario)
    before = living(emulator, ZONE)
    emulator.fault(fault, method=scenario.method, times=None)
    outcome = run(emulator, scenario, retries=1)
    emulator.wait_until_idle()
    changed = living(emulator, ZONE) != before
    # A change that is there is always told; one may be told that a server could still make.
    assert outcome.result["changed"] or not changed, outcome.result
    assert not outcome.result["changed"] or changed or outcome.result.get("status") is None, outcome.result
    assert outcome.failed or not list(problems(emulator, scenario))
    if scenario.method == "PUT":
        return
    emulator.reset(state=False)
    emulator.behave(pending_reads=0, **scenario.behaviour)
    again = run(emulator, scenario)
    assert told(again) in (scenario.ends, "unchanged")
    assert not list(problems(emulator, scenario))


@pytest.mark.parametrize("name", ["upload", "renewal"])
def test_a_run_that_is_killed_after_its_write(
    start_emulator: StartEmulator, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    scenario = SCENARIOS[name]
    emulator = start(start_emulator, scenario)

    def die(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_client.time, "sleep", die)
    with pytest.raises(KeyboardInterrupt):
        run(emulator, scenario)
    monkeypatch.undo()
    assert told(run(emulator, scenario)) == "unchanged"
    assert not list(problems(emulator, scenario))


@pytest.mark.usefixtures("_no_waits")
@pytest.mark.parametrize("duplicate", ["refused", "made"])
@pytest.mark.parametrize("name", ["upload", "renewal", "removal"])
def test_two_controllers_at_once(start_emulator: StartEmulator, name: str, duplicate: str) -> None:
    """The second one does everything between the reading and the write of the first."""
    scenario = SCENARIOS[name]
    emulator = start(start_emulator, scenario)
    emulator.behave(duplicate=duplicate)
    others: list[t.Any] = []
    emulator.before(scenario.method, "*", lambda running: others.append(run(running, scenario)))
    outcome = run(emulator, scenario)
    assert len(others) == 1
    assert told(others[0]) == scenario.ends
    if (name, duplicate) == ("upload", "made"):
        assert "Another run has uploaded the same certificate at the same time" in outcome.result["msg"]
        assert outcome.result["changed"] is True and len(living(emulator, ZONE)) == 3
        return
    assert told(outcome) == ("unchanged" if scenario.made else scenario.ends)
    assert not list(problems(emulator, scenario))
