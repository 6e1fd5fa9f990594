# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The zone by its name; what the info module reads; and options that are given once."""

from __future__ import annotations

import typing as t

import pytest
from ansible_runs import ROOT

from emulator import Emulator, Fault, generate, token, zone
from emulator.fixture import StartEmulator
from integration.playbooks import zones
from integration.playbooks.playing import (
    INFO,
    PRIORITY,
    Player,
    Task,
    assert_settled,
    four_steps,
    ids_of,
    info,
    priority,
)

ISSUERS = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]


@pytest.mark.emulator(zones=[zones.shop(), zones.shop("www.example.com"), zones.shop("xn--bcher-kva.example")])
def test_a_name_takes_one_more_request(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    played = play(four_steps(ISSUERS, domain="Example.COM."), emulator=emulator)
    run = assert_settled(played, emulator, before, reading=("GET", "GET"), writing=("GET", "GET", "PUT"))
    assert run.result["zone_id"] == emulator.zones["example.com"].id
    assert emulator.requests[0].query["name"] == "example.com"
    assert play([info("read", zone="bücher.example")], emulator=emulator)["read"].status == "ok"


def test_names_that_do_not_lead_to_one_zone(play: Player, start_emulator: StartEmulator) -> None:
    here, there = zones.shop(account="Example Account"), zones.shop(account="Example Subsidiary", status="pending")
    emulator = start_emulator(
        zones=[here, there, zones.shop("www.example.com")],
        tokens=[token("narrow", permissions=["ssl:write"])],
    )
    other_account = there.api["account"]["id"]
    tasks = [
        priority("unknown", ISSUERS, zone="example.net"),
        priority("several", ISSUERS),
        priority("narrowed", ISSUERS, account_id=other_account),
        priority("nowhere", ISSUERS, account_id="0" * 32),
        priority("operator", ISSUERS, zone="contains:example"),
        priority("no zone read", ISSUERS, api_token=emulator.tokens["narrow"].value),
        priority("both", ISSUERS, zone="example.com", zone_id=here.id),
        priority("neither", ISSUERS, zone=""),
    ]
    played = play(tasks, emulator=emulator)
    texts: dict[str, tuple[int, tuple[str, ...]]] = {
        # The requests that were made, and texts of the message
        "unknown": (1, ("No zone example.net", "'Zone Read'", "'zone_id'")),
        "several": (1, ("2 zones", here.id, there.id, "Example Subsidiary", "status pending", "'account_id'")),
        "nowhere": (1, ("No zone example.com in account",)),
        "operator": (0, ("'zone' is 'contains:example'",)),
        "no zone read": (1, ("GET /zones", "10000")),
        "both": (0, ("exactly one of 'zone_id' and 'zone'",)),
        "neither": (0, ("exactly one of 'zone_id' and 'zone'",)),
    }
    for name, (requests, parts) in texts.items():
        assert played[name].status == "failed" and len(played[name].methods(emulator)) == requests, name
        assert all(part in played[name].result["msg"] for part in parts), played[name].result["msg"]
    assert played["narrowed"].status == "ok" and played["narrowed"].result["zone_id"] == there.id
    assert emulator.writes(here.id) == 0 and emulator.writes(there.id) == 1


@pytest.mark.emulator(zones=[zones.shop("a.example.com"), zones.shop(), zones.shop("z.example.com")])
def test_what_the_filter_lets_through_is_compared_again(play: Player, emulator: Emulator) -> None:
    """As by a server that does not know the parameter, and by one that counts all zones."""
    everything = [zone.api for zone in emulator.zones_by_id.values()]
    emulator.fault(
        Fault(
            "patch_answer",
            change={"result": everything, "result_info": {"page": 1, "per_page": 50, "count": 3, "total_count": 3}},
        ),
        path="/zones",
    )
    run = play([priority("run", ISSUERS)], emulator=emulator)["run"]
    assert run.status == "ok" and run.result["zone_id"] == emulator.zones["example.com"].id
    emulator.behave(total_count="unfiltered")
    run = play([priority("run", ISSUERS)], emulator=emulator)["run"]
    assert run.status == "ok", run.result["msg"]


@pytest.mark.emulator(zones=[zones.shop(), zone("example.net"), zone("example.org", plan="free")])
def test_info_reads_and_changes_nothing(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    ids = ids_of(emulator)
    filters: dict[str, tuple[list[dict[str, str]], set[str]]] = {
        "host": ([{"host": "shop.example.com"}], {"DigiCertInc", "Sectigo"}),
        "any": (
            [{"issuer": "Entrust"}, {"host": "api.example.com", "issuer": "!Nobody"}],
            {"Entrust", "GlobalSignnvsa"},
        ),
        "negated": ([{"issuer": "!*E*"}], {"GlobalSignnvsa"}),
        "id": ([{"id": ids["Sectigo"]}], {"Sectigo"}),
        "nothing": ([{"status": "expired"}], set()),
    }
    tasks = [
        {**info("all"), "diff": True},
        *(
            info(name, zone_id=emulator.zones["example.com"].id, filter=entries)
            for name, (entries, _found) in filters.items()
        ),
        info("empty", zone="example.net"),
        info("free", zone="example.org"),
        {"name": "facts", "ansible.builtin.debug": {"msg": "{{ cloudflare_certificate_order is defined }}"}},
        priority("order", ISSUERS, check=True),
    ]
    played = play(tasks, emulator=emulator, check=True)
    assert played.returncode == 0, played.stdout
    everything = played["all"]
    assert everything.order == [(identifier, number or 0) for identifier, number in before]
    assert everything.methods(emulator) == ["GET", "GET"] and played["host"].methods(emulator) == ["GET"]
    assert "diff" not in everything.result and everything.result["changed"] is False
    for name, (_entries, found) in filters.items():
        assert {item["issuer"] for item in played[name].result["certificates"]} == found, name
        # What a filter leaves out is served all the same.
        assert played[name].result["contested"] == everything.result["contested"]
    assert [item["name"] for item in everything.result["contested"]] == [
        item["name"] for item in played["order"].result["contested"]
    ]
    assert played["empty"].result["certificates"] == played["free"].result["certificates"] == []
    assert played["facts"].result["msg"] is False
    assert {request.method for request in emulator.requests} == {"GET"} and emulator.order("example.com") == before


def test_the_audit_says_who_wins(play: Player, start_emulator: StartEmulator) -> None:
    fleet = [*generate(3, seed=3, free_every=3), zone("example.net"), zones.shop()]
    emulator = start_emulator(zones=fleet, tokens=[token("reader", permissions=["zone:read", "ssl:read"])])
    names = [item.name for item in fleet]
    played = play(
        ROOT / "examples" / "audit.yml",
        extra_vars={"zones": names},
        env={"CLOUDFLARE_API_TOKEN": emulator.tokens["reader"].value, "CLOUDFLARE_BASE_URL": emulator.url},
    )
    assert played.returncode == 0, played.stdout
    shown = {item["zone"]["item"]: item["msg"] for item in played["Show who wins"].result["results"]}
    undecided = played["Show where there is nothing to decide"].result["msg"]
    for name in names:
        assert (name in shown) is not (name in undecided), name
    until = emulator.zones["example.com"].certificates[1]["expires_on"][:10]
    assert shown["example.com"].startswith("example.com has 3 contested names. ")
    assert f" GlobalSignnvsa (expires {until}) wins example.com, www.example.com." in shown["example.com"]
    assert f" Sectigo (expires {until}) wins shop.example.com." in shown["example.com"]
    assert "\n" not in "".join(shown.values()) and "  " not in "".join(shown.values())
    assert {request.method for request in emulator.requests} == {"GET"}


@pytest.mark.emulator(zones=[zones.shop()])
def test_credentials_are_given_once_for_all_modules(play: Player, emulator: Emulator) -> None:
    group: dict[str, t.Any] = {"api_token": emulator.token, "api_url": emulator.url}
    clash = {"zone": "example.com", "api_email": emulator.email, "api_key": emulator.key}
    tasks: list[Task] = [
        {"name": "read", INFO: {"zone": "example.com"}},
        {"name": "run", PRIORITY: {"zone": "example.com", "certificates": ISSUERS}},
        {"name": "clash", INFO: clash, "ignore_errors": True},
        {"name": "without", INFO: {**clash, "api_token": ""}},
    ]
    for as_module in (False, True):
        emulator.reset()
        played = play(
            tasks, keywords={"module_defaults": {"group/zonefleet.cloudflare.api": group}}, as_module=as_module
        )
        assert played.statuses == {"read": "ok", "run": "ok", "clash": "failed", "without": "ok"}, played.stdout
        assert played["run"].result["changed"] and emulator.writes("example.com") == 1
        assert "'module_defaults'" in played["clash"].result["msg"]
        assert played["clash"].methods(emulator) == []
