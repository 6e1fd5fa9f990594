# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a PUT may do and answer, for want of a published word on it: a play in which each setting is a host."""

from __future__ import annotations

import typing as t

from emulator import Emulator
from emulator.fixture import StartEmulator
from integration.playbooks import zones
from integration.playbooks.playing import Played, Player, assert_settled, four_steps, ids_of, numbers_of

ISSUERS = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]
PROVEN, READ_AGAIN = ("GET", "PUT"), ("GET", "PUT", "GET")

# The switches, and the requests of a change.
GOOD: dict[str, tuple[dict[str, t.Any], tuple[str, ...]]] = {
    "listed": ({"put_result": "listed"}, READ_AGAIN),
    "empty": ({"put_result": "empty"}, READ_AGAIN),
    "null": ({"put_result": "null", "put_result_info": "absent"}, READ_AGAIN),
    "page": ({"put_page_size": 20, "put_modified_on": "kept"}, PROVEN),
    "floats": ({"priority_type": "float", "type_field": "absent"}, PROVEN),
    "reset": ({"unlisted": "reset"}, PROVEN),
    "shift": ({"unlisted": "shift_below"}, PROVEN),
    "spread": ({"renumber": "spread"}, PROVEN),
    "dense": ({"renumber": "dense", "put_result": "empty"}, READ_AGAIN),
    # The first reading still shows the old order; half a second later it is there.
    "late": ({"put_result": "empty", "stale_reads": 1}, (*READ_AGAIN, "GET")),
}
BAD: dict[str, tuple[dict[str, t.Any], dict[str, t.Any]]] = {
    "ignored": ({"put_effect": "ignored"}, {}),
    "pretended": ({"put_effect": "pretended"}, {"verify": "read"}),
    "numbers": ({"renumber": "spread"}, {"certificates": [{"issuer": "GlobalSign*", "priority": 3}]}),
}


def start(start_emulator: StartEmulator, switches: dict[str, t.Any]) -> Emulator:
    emulator = start_emulator(zones=[zones.shop()])
    emulator.behave(**switches)
    return emulator


def hosts_of(emulators: dict[str, Emulator]) -> dict[str, dict[str, str]]:
    return {name: {"api_url": emulator.url, "api_token": emulator.token} for name, emulator in emulators.items()}


OPTIONS = {"api_url": "{{ api_url }}", "api_token": "{{ api_token }}"}


def test_whatever_a_put_answers_the_order_is_as_asked(play: Player, start_emulator: StartEmulator) -> None:
    emulators = {name: start(start_emulator, switches) for name, (switches, _writing) in GOOD.items()}
    before = next(iter(emulators.values())).order("example.com")
    zone_id = next(iter(emulators.values())).zones["example.com"].id
    played = play(four_steps(ISSUERS, zone_id=zone_id, **OPTIONS), hosts=hosts_of(emulators))
    for name, (switches, writing) in GOOD.items():
        as_sent = switches.get("renumber", "no") == "no" and "unlisted" not in switches
        run = assert_settled(played, emulators[name], before, host=name, writing=writing, numbers_as_sent=as_sent)
        numbers = numbers_of(emulators[name])
        assert numbers["DigiCertInc"] > max(numbers["GlobalSignnvsa"], numbers["Sectigo"])
        moved = [warning for warning in run.warnings if "does not name have another priority" in warning]
        others = {issuer: numbers[issuer] or 0 for issuer in ("Sectigo", "LetsEncrypt", "Entrust")}
        assert len(moved) == (others != {"Sectigo": 30, "LetsEncrypt": 40, "Entrust": 0}), name
        assert len(run.warnings) == len(moved)


def test_a_put_that_does_not_do_its_work_is_a_failure(play: Player, start_emulator: StartEmulator) -> None:
    emulators = {name: start(start_emulator, switches) for name, (switches, _options) in BAD.items()}
    before = next(iter(emulators.values())).order("example.com")
    hosts = hosts_of(emulators)
    hosts = {name: {**hosts[name], "options": options} for name, (_switches, options) in BAD.items()}  # type: ignore[dict-item]
    zone_id = next(iter(emulators.values())).zones["example.com"].id
    options = {
        "zone_id": zone_id,
        "certificates": "{{ options.certificates | default(issuers) }}",
        "verify": "{{ options.verify | default('answer') }}",
        **OPTIONS,
    }
    task = {
        "name": "run",
        "zonefleet.cloudflare.custom_certificate_priority": options,
        "vars": {"issuers": ISSUERS},
        "register": "run",
    }
    undo = {
        "name": "undo",
        "zonefleet.cloudflare.custom_certificate_priority": {
            "zone_id": zone_id,
            "certificates": "{{ run.restore }}",
            **OPTIONS,
        },
        "when": "inventory_hostname != 'numbers'",
    }
    played = play([{"block": [task], "rescue": [undo]}], hosts=hosts)
    for name, emulator in emulators.items():
        assert_failed_after_put(played, name, emulator, before)
    # What was not done needs no undoing.
    for name in ("ignored", "pretended"):
        assert not played.on(name, "undo").result["changed"] and emulators[name].order("example.com") == before


def assert_failed_after_put(played: Played, name: str, emulator: Emulator, before: list[tuple[str, t.Any]]) -> None:
    run = played.on(name, "run")
    assert run.status == "failed" and run.result["changed"] is True
    assert run.methods(emulator) == ["GET", "PUT", "GET", "GET", "GET", "GET"]
    assert "were set, but the list does not show it" in run.result["msg"]
    assert run.result["zone_id"] == emulator.zones["example.com"].id
    ids = ids_of(emulator)
    listed = ("GlobalSignnvsa",) if name == "numbers" else ("GlobalSignnvsa", "DigiCertInc")
    assert run.result["restore"] == [{"id": ids[issuer], "priority": dict(before)[ids[issuer]]} for issuer in listed]
    stored = [(identifier, number or 0) for identifier, number in emulator.order("example.com")]
    assert run.order == stored
