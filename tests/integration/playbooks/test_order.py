# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of a zone, set by the module in four steps; tests/unit/plugins/modules has every option and result."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Emulator
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


@SHOP
@pytest.mark.parametrize("as_module", [False, True])
def test_the_certificates_are_printed_once(tmp_path: Path, emulator: Emulator, as_module: bool) -> None:
    task = {"name": "run", PRIORITY: {"zone": "example.com", "certificates": ISSUERS, "return_certificates": False}}
    played = Player(tmp_path / "plays")([task], emulator=emulator, arguments=["-v"], as_module=as_module)
    assert played.returncode == 0, played.stdout
    for found in played["run"].result["ansible_facts"]["cloudflare_certificate_order"]:
        assert played.stdout.count(f'"uploaded_on": "{found["uploaded_on"]}"') == 1


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
