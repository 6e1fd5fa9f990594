# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The zone by its name; what the info module reads; and options that are given once."""

from __future__ import annotations

import typing as t

import pytest
from ansible_runs import ROOT

from emulator import Emulator, generate, token, zone
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
    shown = {
        item["zone"]["item"]: item["msg"] for item in played["Show which certificate comes first"].result["results"]
    }
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


@pytest.mark.emulator(zones=[zones.shop()], tokens=[])
def test_the_environment_of_a_task_is_used(play: Player, emulator: Emulator) -> None:
    """Within the environment the token wins, and `environment` of a task counts."""
    environment = {
        "CLOUDFLARE_EMAIL": emulator.email,
        "CLOUDFLARE_API_KEY": emulator.key,
        "CLOUDFLARE_BASE_URL": emulator.url,
    }
    task = {"name": "pair", INFO: {"zone": "example.com"}, "environment": environment}
    both = {**task, "name": "token wins", "environment": {**environment, "CLOUDFLARE_API_TOKEN": emulator.token}}
    played = play([task, both])
    assert played.returncode == 0, played.stdout
    headers = [{name.lower() for name in request.headers} for request in emulator.requests]
    assert ["x-auth-key" in names for names in headers] == [True, True, False, False]
