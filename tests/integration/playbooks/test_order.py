# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of a zone: both modes, every option, and everything in the result, in four steps each."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import pytest

from emulator import Emulator, certificate, zone
from integration.playbooks import zones
from integration.playbooks.playing import (
    PRIORITY,
    Player,
    assert_settled,
    four_steps,
    ids_of,
    numbers_of,
    pairs_of,
    priority,
)


@pytest.fixture
def play(tmp_path: Path) -> Player:
    """Has the module do the work; most other tests leave it to the action plugin."""
    return Player(tmp_path / "plays", as_module=True)


ISSUERS = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]
SHOP = pytest.mark.emulator(zones=[zones.shop()])


@SHOP
def test_listed_ones_come_above_unlisted_ones_that_compete(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    played = play(four_steps(ISSUERS, zone_id=emulator.zones["example.com"].id), emulator=emulator, diff=True)
    run = assert_settled(played, emulator, before)
    numbers = numbers_of(emulator)
    assert numbers["DigiCertInc"] > max(numbers["GlobalSignnvsa"], numbers["Sectigo"])
    # Fewest changes: all others keep their numbers, those that no listed one competes with among them.
    assert {**numbers, "DigiCertInc": 10} == {
        "DigiCertInc": 10,
        "GlobalSignnvsa": 20,
        "Sectigo": 30,
        "LetsEncrypt": 40,
        "Entrust": None,
    }
    ids = ids_of(emulator)
    assert {item["name"]: (item["before"], item["after"]) for item in run.result["contested"]} == {
        "example.com": (ids["GlobalSignnvsa"], ids["DigiCertInc"]),
        "shop.example.com": (ids["Sectigo"], ids["DigiCertInc"]),
        "www.example.com": (ids["GlobalSignnvsa"], ids["DigiCertInc"]),
    }
    assert "+shop.example.com gets DigiCertInc" in played.stdout
    assert run.warnings == [] and "messages" not in run.result


@SHOP
def test_unlisted_ignore_looks_at_the_listed_ones_alone(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    steps = four_steps(ISSUERS, zone_id=emulator.zones["example.com"].id, unlisted="ignore")
    assert_settled(play(steps, emulator=emulator), emulator, before)
    numbers = numbers_of(emulator)
    assert numbers["GlobalSignnvsa"] < numbers["DigiCertInc"] < numbers["Sectigo"] == 30


@SHOP
def test_unlisted_fail_refuses_what_the_list_does_not_name(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    zone_id = emulator.zones["example.com"].id
    everything = [*ISSUERS, {"issuer": "Sectigo"}, {"issuer": "LetsEncrypt*"}, {"issuer": "Entrust"}]
    asked = [entry["issuer"] for entry in everything]
    refused = play([priority("run", ISSUERS, zone_id=zone_id, unlisted="fail")], emulator=emulator)["run"]
    assert refused.status == "failed" and refused.methods(emulator) == ["GET"]
    assert refused.result["changed"] is False and refused.result["zone_id"] == zone_id
    assert "'unlisted' is 'fail'" in refused.result["msg"]
    assert all(ids_of(emulator)[issuer] in refused.result["msg"] for issuer in ("Sectigo", "LetsEncrypt", "Entrust"))
    assert emulator.order("example.com") == before

    played = play(four_steps(everything, zone_id=zone_id, unlisted="fail"), emulator=emulator)
    assert_settled(played, emulator, before)
    highest_first = sorted(numbers_of(emulator), key=lambda issuer: -numbers_of(emulator)[issuer])
    assert all(fnmatch.fnmatchcase(*pair) for pair in zip(highest_first, asked, strict=True)), highest_first


@SHOP
def test_explicit_numbers_are_set_as_they_are(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    ids = ids_of(emulator)
    certificates = [
        {"id": ids["DigiCertInc"].upper(), "priority": 7},
        {"id": ids["Entrust"], "priority": -2},
        {"issuer": "globalsign*", "priority": 20},
        {"host": "pay.example.com", "priority": 20},
    ]
    steps = four_steps(certificates, zone_id=emulator.zones["example.com"].id)
    run = assert_settled(play(steps, emulator=emulator), emulator, before)
    assert numbers_of(emulator) == {
        "DigiCertInc": 7,
        "GlobalSignnvsa": 20,
        "Sectigo": 20,
        "LetsEncrypt": 40,
        "Entrust": -2,
    }
    assert {item["id"]: item["priority"] for item in run.result["restore"]} == {
        ids["DigiCertInc"]: 10,
        ids["Entrust"]: 0,
        ids["GlobalSignnvsa"]: 20,
        ids["Sectigo"]: 30,
    }
    # The body names every listed certificate, in the wanted order, in lower case, and no other.
    put = next(request for request in emulator.requests if request.method == "PUT")
    assert {(item["id"], item["priority"]) for item in put.json["certificates"]} == {
        (ids["DigiCertInc"], 7),
        (ids["Entrust"], -2),
        (ids["GlobalSignnvsa"], 20),
        (ids["Sectigo"], 20),
    }


@SHOP
def test_verify_read_takes_one_more_request(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    steps = four_steps(ISSUERS, zone_id=emulator.zones["example.com"].id, verify="read")
    assert_settled(play(steps, emulator=emulator), emulator, before, writing=("GET", "PUT", "GET"))


@SHOP
def test_entries_that_match_nothing(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    unknown = "00000000-0000-4000-8000-000000000000"
    zone_id = emulator.zones["example.com"].id
    emulator.behave(deleted="lingers")
    emulator.delete("example.com", ids_of(emulator)["Entrust"])
    tasks = [
        priority("unknown id", [{"id": unknown}, *ISSUERS], zone_id=zone_id),
        priority("deleted id", [{"id": ids_of(emulator)["Entrust"]}, *ISSUERS], zone_id=zone_id),
        priority("unknown issuer", [*ISSUERS, {"issuer": "Nobody"}], zone_id=zone_id),
    ]
    played = play(tasks, emulator=emulator)
    for name, text in (
        ("unknown id", f"id: {unknown}"),
        ("deleted id", "has status 'deleted'"),
        ("unknown issuer", "issuer: Nobody"),
    ):
        failed = played[name]
        assert failed.status == "failed" and failed.methods(emulator) == ["GET"]
        assert text in failed.result["msg"] and "'missing'" in failed.result["msg"]
    assert "issuer DigiCertInc" in played["unknown issuer"].result["msg"]

    entries = [{"id": unknown}, {"issuer": "Nobody", "status": "!expired"}, *ISSUERS]
    played = play(four_steps(entries, zone_id=zone_id, missing="ignore"), emulator=emulator)
    run = assert_settled(played, emulator, [pair for pair in before if pair[0] != ids_of(emulator)["Entrust"]])
    assert run.result["unmatched"] == entries[:2]


@SHOP
def test_restore_given_back_undoes_the_run(play: Player, emulator: Emulator) -> None:
    before = emulator.order("example.com")
    entries = [{"issuer": "Entrust"}, *ISSUERS, {"issuer": "Sectigo"}]
    tasks = [
        {**priority("look", entries), "check_mode": True, "register": "look"},
        {**priority("change", entries), "register": "change"},
        {**priority("undo", "{{ change.restore }}", zone_id="{{ change.zone_id }}"), "register": "undo"},
        priority("undo again", "{{ change.restore }}", zone_id="{{ change.zone_id }}"),
        priority("redo", "{{ undo.restore }}", zone_id="{{ change.zone_id }}"),
    ]
    played = play(tasks[:4], emulator=emulator)
    assert played.returncode == 0, played.stdout
    assert [done.result["changed"] for done in played.done] == [True, True, True, False]
    assert played["change"].result["restore"] == played["look"].result["restore"]
    # What never had a number has 0 now, which is what it counted as.
    assert emulator.order("example.com") == [(identifier, number or 0) for identifier, number in before]
    assert played["undo"].result["restore"] == [
        {"id": identifier, "priority": number}
        for identifier, number in played["change"].order
        if identifier != ids_of(emulator)["LetsEncrypt"]
    ]


@SHOP
def test_facts_are_what_is_in_force(play: Player, emulator: Emulator) -> None:
    shown = "{{ cloudflare_certificate_order | map(attribute='id') }}"
    tasks = [
        priority("check", ISSUERS, check=True),
        {"name": "after check", "ansible.builtin.debug": {"msg": shown}},
        priority("run", ISSUERS),
        {"name": "after run", "ansible.builtin.debug": {"msg": shown}},
    ]
    before = [identifier for identifier, _number in emulator.order("example.com")]
    played = play(tasks, emulator=emulator)
    assert played["after check"].result["msg"] == before
    assert played["after run"].result["msg"] == [identifier for identifier, _number in emulator.order("example.com")]


@pytest.mark.emulator(
    zones=[
        zone(
            "example.com",
            certificates=[
                certificate(["a.example.com", "b.example.com"], issuer="DigiCertInc", priority=5),
                certificate(["b.example.com", "a.example.com"], issuer="Sectigo", signature="ECDSAWithSHA256"),
                certificate(["c.example.com", "d.example.com"], issuer="GlobalSignnvsa", priority=3),
                certificate(["C.example.com", "e.example.com"], issuer="Entrust", priority=3),
            ],
        )
    ]
)
def test_contested_tells_packs_and_ties(play: Player, emulator: Emulator) -> None:
    ids = ids_of(emulator)
    tie = ids["Entrust"]  # uploaded after the other one
    contested = play([priority("run", [{"issuer": "DigiCert*"}])], emulator=emulator)["run"].result["contested"]
    keys = ("name", "before", "after", "tie", "pack", "decided_by")
    assert [tuple(item[key] for key in keys) for item in contested] == [
        ("a.example.com", ids["DigiCertInc"], ids["DigiCertInc"], False, True, "client"),
        ("b.example.com", ids["DigiCertInc"], ids["DigiCertInc"], False, True, "client"),
        ("c.example.com", tie, tie, True, False, "recency"),
    ]


@pytest.mark.emulator(
    zones=[
        zone(
            "example.com",
            certificates=[
                certificate([f"h{number}.example.com", "www.example.com"], issuer=f"CA {number:03}", priority=number)
                for number in range(120)
            ],
        )
    ]
)
def test_many_certificates_over_pages(play: Player, emulator: Emulator) -> None:
    """Of those that were uploaded last, all on the third page."""
    emulator.behave(list_order="random", messages="some")
    before = emulator.order("example.com")
    steps = four_steps([{"issuer": "CA 00[0-2]"}, {"issuer": "CA 1*"}], zone_id=emulator.zones["example.com"].id)
    reading = ("GET", "GET", "GET")
    run = assert_settled(play(steps, emulator=emulator), emulator, before, reading=reading, writing=(*reading, "PUT"))
    assert len(run.result["certificates"]) == 120
    assert [move["id"] for move in run.result["reprioritized"]] == [
        ids_of(emulator)[f"CA 00{number}"] for number in (2, 1, 0)
    ]
    assert [message["code"] for message in run.result["messages"]] == [10000]


@SHOP
def test_a_list_from_the_inventory(play: Player, emulator: Emulator) -> None:
    """Options from templates, numbers as text, and empty texts for what is not given."""
    hosts = {
        "localhost": {
            "edge_zone_id": emulator.zones["example.com"].id,
            "edge_certificates": [{"issuer": "DigiCert*", "host": "", "priority": "44"}],
        }
    }
    options = {"zone_id": "{{ edge_zone_id }}", "zone": "", "certificates": "{{ edge_certificates }}", "retries": "2"}
    played = play([{"name": "run", PRIORITY: options}], emulator=emulator, hosts=hosts)
    assert played.returncode == 0, played.stdout
    assert numbers_of(emulator)["DigiCertInc"] == 44
    assert pairs_of(played["run"].result["restore"]) == [(ids_of(emulator)["DigiCertInc"], 10)]
