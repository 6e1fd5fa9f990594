# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of POST, PATCH, PUT and DELETE: the result describes the zone correctly, and a second run completes the change."""

from __future__ import annotations

import typing as t

import pytest

from emulator import Fault
from emulator.fixture import StartEmulator
from integration.certificates.keeping import living, methods, told
from integration.certificates.scenarios import SCENARIOS, ZONE, Scenario, problems, run, start

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
