# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scenarios with one write each: the zone before, and checks of the zone afterwards."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from emulator import Emulator, Pem, make_pem, uploaded, zone
from emulator.fixture import StartEmulator
from integration.certificates.keeping import keep, living

ZONE = "example.com"
HOSTS = ["example.com", "www.example.com"]
OLD, NEW = (make_pem(HOSTS, expires_in=days) for days in (60, 300))
OTHER = make_pem(HOSTS, issuer="Sectigo Limited", algorithm="rsa", expires_in=200)


@dataclass(frozen=True)
class Scenario:
    """A change that takes one write of a method, and what the zone has before and after it."""

    method: str
    has: tuple[Pem, ...]
    has_then: tuple[Pem, ...]
    made: Pem | None
    options: dict[str, t.Any]
    ends: str
    behaviour: dict[str, t.Any]


SCENARIOS = {
    "upload": Scenario("POST", (OTHER,), (OTHER, NEW), NEW, {}, "uploaded", {}),
    "renewal": Scenario("PATCH", (OTHER, OLD), (OTHER, NEW), NEW, {}, "renewed", {}),
    "renewal with the same id": Scenario("PATCH", (OTHER, OLD), (OTHER, NEW), NEW, {}, "renewed", {"patch_id": "kept"}),
    "number": Scenario("PUT", (OTHER, OLD), (OTHER, NEW), NEW, {}, "renewed", {"patch_priority": "reset"}),
    "removal": Scenario(
        "DELETE", (OLD, OTHER), (OLD,), None, {"state": "absent", "match": {"issuer": "Sectigo*"}}, "removed", {}
    ),
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
    has, due = (sorted(item["expires_on"] for item in items) for items in (now, map(uploaded, scenario.has_then)))
    if has != due:
        yield f"there are those that expire on {has}, and not on {due}: {now}"
    if scenario.ends == "renewed":
        numbers = sorted(item["priority"] for item in now)
        if numbers != [5, 6]:
            yield f"the numbers are {numbers}"
