# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of POST, PATCH, PUT and DELETE: the result describes the zone correctly, and a second run completes the change."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

import pytest

from emulator import Emulator, Fault, Pem, make_pem, uploaded, zone
from emulator.fixture import StartEmulator
from integration.certificates.keeping import ZONE, keep, living, methods, told
from integration.faults.world import run as set_priorities

pytestmark = pytest.mark.usefixtures("_no_waits")

HOSTS = ["example.com", "www.example.com"]
OLD, NEW = (make_pem(HOSTS, expires_in=days) for days in (60, 300))
OTHER = make_pem(HOSTS, issuer="Sectigo Limited", algorithm="rsa", expires_in=200)


@dataclass(frozen=True)
class Scenario:
    """A change that takes one write of a method, and what the zone has before and after it."""

    method: str
    has: tuple[Pem, ...]
    has_then: tuple[Pem, ...]
    ends: str
    behaviour: dict[str, t.Any] = field(default_factory=dict)

    def start(self, start_emulator: StartEmulator) -> Emulator:
        """An emulator whose zone has what the scenario begins with, each with a number of its own."""
        held = [uploaded(made, type="sni_custom", priority=5 + place) for place, made in enumerate(self.has)]
        emulator = start_emulator(zones=[zone(ZONE, plan="enterprise", certificates=held)], throttle=None)
        emulator.behave(pending_reads=0, **self.behaviour)
        return emulator

    def run(self, emulator: Emulator, **options: t.Any) -> t.Any:
        removal = {"state": "absent", "match": {"issuer": "Sectigo*"}} if self.method == "DELETE" else {}
        made = None if removal else NEW
        return keep(emulator, made, **{"timeout": 1, "retries": 3, **removal, **options})

    def problems(self, emulator: Emulator) -> list[str]:
        """What is not as the scenario ends."""
        now = living(emulator)
        has, due = (sorted(item["expires_on"] for item in items) for items in (now, map(uploaded, self.has_then)))
        found = [] if has == due else [f"there are those that expire on {has}, and not on {due}: {now}"]
        numbers = sorted(item["priority"] for item in now)
        if self.ends == "renewed" and numbers != [5, 6]:
            found.append(f"the numbers are {numbers}")
        return found


SCENARIOS = {
    "upload": Scenario("POST", (OTHER,), (OTHER, NEW), "uploaded"),
    "renewal": Scenario("PATCH", (OTHER, OLD), (OTHER, NEW), "renewed"),
    "renewal with the same id": Scenario("PATCH", (OTHER, OLD), (OTHER, NEW), "renewed", {"patch_id": "kept"}),
    "number": Scenario("PUT", (OTHER, OLD), (OTHER, NEW), "renewed", {"patch_priority": "reset"}),
    "removal": Scenario("DELETE", (OLD, OTHER), (OLD,), "removed"),
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
# It comes once, or each time. Of a run that is killed at its write, the API hears no more, as if it could not be reached.
WAYS = [
    *(("once", fault) for fault in FAULTS.values()),
    *(("each time", fault) for name, fault in FAULTS.items() if "429" not in name),
    ("killed", Fault("reset_after_request")),
    ("killed", Fault("no_answer", applied=True)),
]


@pytest.mark.parametrize(("way", "fault"), WAYS, ids=str)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_fault(start_emulator: StartEmulator, scenario: Scenario, way: str, fault: Fault) -> None:
    """What is told is what is there, and once the fault is over, one run settles it."""
    emulator = scenario.start(start_emulator)
    before = living(emulator)
    if way == "killed":
        unreachable = Fault("reset_on_connect")
        emulator.before(scenario.method, "*", lambda running: running.fault(unreachable, method="*", times=None))
    emulator.fault(fault, method=scenario.method, times=1 if way == "once" else None)
    outcome = scenario.run(emulator, retries=3 if way == "once" else 1)
    emulator.wait_until_idle()
    changed = living(emulator) != before
    # A change that is there is always told; one may be told that a server could still make.
    assert outcome.result["changed"] or not changed, outcome.result
    assert not outcome.result["changed"] or changed or outcome.result.get("status") is None, outcome.result
    if not outcome.failed:
        assert told(outcome) == scenario.ends
        assert scenario.problems(emulator) == []
        if scenario.method in ("POST", "PATCH") and way == "once":
            assert methods(emulator)[scenario.method] == (1 if fault.applies else 2)
    elif way == "once":
        # A PUT whose answer is unusable is not repeated: it says what it knows.
        assert scenario.method == "PUT", outcome.result
        assert "did not get the priority" in outcome.result["msg"], outcome.result
    emulator.reset(state=False)
    emulator.behave(pending_reads=0, **scenario.behaviour)
    assert told(scenario.run(emulator)) in ((scenario.ends, "unchanged") if outcome.failed else ("unchanged",))
    assert outcome.failed or methods(emulator) == {"GET": 1}
    if scenario.method == "PUT" and scenario.problems(emulator):
        # The number is known to nobody any more: as the documentation says, a declared order brings it back.
        renewed = next(item for item in living(emulator) if item["priority"] == 0)
        where = {"api_token": emulator.token, "api_url": emulator.url, "zone_id": emulator.zones[ZONE].id}
        order = [{"issuer": renewed["issuer"]}, {"issuer": "Sectigo*"}]
        assert set_priorities({**where, "certificates": order}).result["changed"] is True
    assert scenario.problems(emulator) == []


@pytest.mark.parametrize("duplicate", ["refused", "made"])
@pytest.mark.parametrize("name", ["upload", "renewal", "removal"])
def test_two_controllers_at_once(start_emulator: StartEmulator, name: str, duplicate: str) -> None:
    """The second one does everything between the reading and the write of the first."""
    scenario = SCENARIOS[name]
    emulator = scenario.start(start_emulator)
    emulator.behave(duplicate=duplicate)
    others: list[t.Any] = []
    emulator.before(scenario.method, "*", lambda running: others.append(scenario.run(running)))
    outcome = scenario.run(emulator)
    assert [told(other) for other in others] == [scenario.ends]
    if (name, duplicate) == ("upload", "made"):
        assert "Another run has uploaded the same certificate at the same time" in outcome.result["msg"]
        assert outcome.result["changed"] is True
        assert len(living(emulator)) == 3
        return
    assert told(outcome) == ("removed" if name == "removal" else "unchanged")
    assert scenario.problems(emulator) == []
