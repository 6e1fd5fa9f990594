# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of a zone, set by the module in four steps; tests/unit/plugins/modules has every option and result."""

from __future__ import annotations

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
