# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets the order of a zone in four steps, and reads it with the info module. All options are tested in tests/unit/plugins/modules."""

from __future__ import annotations

import pytest
from ansible_runs import ROOT

from emulator import Emulator, generate, token, zone
from emulator.fixture import StartEmulator
from integration.playbooks import zones
from integration.playbooks.playing import Player, assert_settled, four_steps, ids_of, info, numbers_of, priority

ISSUERS = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]


@pytest.mark.emulator(zones=[zones.shop(), zones.shop("www.example.com"), zones.shop("xn--bcher-kva.example")])
def test_listed_ones_come_above_unlisted_ones_that_compete(play: Player, emulator: Emulator) -> None:
    """The module does the work; most other tests leave it to the action plugin. To find the zone takes a request."""
    before = emulator.order("example.com")
    steps = [four_steps(ISSUERS, domain="Example.COM."), info("read", zone="bücher.example")]
    played = play(steps, emulator=emulator, as_module=True)
    assert played["read"].status == "ok"
    run = assert_settled(played, emulator, before, reading=("GET", "GET"))
    assert run["zone_id"] == emulator.zones["example.com"].id
    assert emulator.requests[0].query["name"] == "example.com"
    numbers = numbers_of(emulator)
    assert numbers["DigiCertInc"] > max(numbers["GlobalSignnvsa"], numbers["Sectigo"])
    # Fewest changes: all others keep their numbers, those that no listed one competes with among them.
    kept = {"GlobalSignnvsa": 20, "Sectigo": 30, "LetsEncrypt": 40, "Entrust": None}
    assert numbers == {**kept, "DigiCertInc": numbers["DigiCertInc"]}
    ids = ids_of(emulator)
    assert {item["name"]: (item["before"], item["after"]) for item in run["contested"]} == {
        "example.com": (ids["GlobalSignnvsa"], ids["DigiCertInc"]),
        "shop.example.com": (ids["Sectigo"], ids["DigiCertInc"]),
        "www.example.com": (ids["GlobalSignnvsa"], ids["DigiCertInc"]),
    }
    assert "+shop.example.com gets DigiCertInc" in played.stdout
    assert run.keys() & {"warnings", "messages"} == set()


@pytest.mark.emulator(zones=[zones.shop(), zone("example.net"), zone("example.org", plan="free")])
def test_info_reads_and_changes_nothing(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    order = priority("order", ISSUERS, return_certificates=False)
    some = [{"issuer": "Entrust"}, {"host": "api.example.com", "issuer": "!Nobody"}]
    tasks = [
        {**info("all"), "diff": True},
        info("some", zone_id=emulator.zones["example.com"].id, filter=some),
        info("nothing", filter=[{"status": "expired"}]),
        info("empty", zone="example.net"),
        info("free", zone="example.org"),
        {"name": "facts", "ansible.builtin.debug": {"msg": "{{ cloudflare_certificate_order is defined }}"}},
        order,
    ]
    # As much as -v prints, for which the order has to be there once.
    played = play(tasks, emulator=emulator, check=True, arguments=["-v"])
    assert played.returncode == 0, played.stdout
    everything, filtered, nothing, empty, free = (played[task["name"]] for task in tasks[:5])
    assert everything.order == [(identifier, number or 0) for identifier, number in before]
    assert everything.methods(emulator) == ["GET", "GET"]
    assert filtered.methods(emulator) == ["GET"]
    assert "diff" not in everything.result
    assert everything.result["changed"] is False
    assert {item["issuer"] for item in filtered.result["certificates"]} == {"Entrust", "GlobalSignnvsa"}
    assert nothing.order == empty.order == free.order == []
    # What a filter leaves out is served all the same.
    assert filtered.result["contested"] == nothing.result["contested"] == everything.result["contested"]
    ordered = played["order"].result
    assert [item["name"] for item in everything.result["contested"]] == [item["name"] for item in ordered["contested"]]
    shown = played.stdout.rpartition("TASK [order]")[2]
    for found in ordered["ansible_facts"]["cloudflare_certificate_order"]:
        assert shown.count(f'"uploaded_on": "{found["uploaded_on"]}"') == 1
    assert played["facts"].result["msg"] is False
    assert {request.method for request in emulator.requests} == {"GET"}
    assert emulator.order("example.com") == before


def test_the_audit_says_who_wins(play: Player, start_emulator: StartEmulator) -> None:
    fleet = [*generate(3, seed=3, free_every=3), zone("example.net"), zones.shop()]
    emulator = start_emulator(zones=fleet, tokens=[token("reader", permissions=["zone:read", "ssl:read"])])
    names = [item.name for item in fleet]
    reading = {"CLOUDFLARE_API_TOKEN": emulator.tokens["reader"].value}
    played = play(ROOT / "examples" / "audit.yml", emulator=emulator, extra_vars={"zones": names}, env=reading)
    assert played.returncode == 0, played.stdout
    results = played["Show which certificate comes first"].result["results"]
    shown = {item["zone"]["item"]: item["msg"] for item in results}
    undecided = played["Show where there is nothing to decide"].result["msg"]
    assert {name: name in undecided for name in names} == {name: name not in shown for name in names}
    until = emulator.zones["example.com"].certificates[1]["expires_on"][:10]
    assert shown["example.com"].startswith("example.com has 3 contested names. ")
    assert f" GlobalSignnvsa (expires {until}) wins example.com, www.example.com." in shown["example.com"]
    assert f" Sectigo (expires {until}) wins shop.example.com." in shown["example.com"]
    assert "\n" not in "".join(shown.values())
    assert "  " not in "".join(shown.values())
    assert {request.method for request in emulator.requests} == {"GET"}
