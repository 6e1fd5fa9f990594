# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies of the examples, which stay valid when certificates are renewed."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_runs import ROOT

from emulator import Emulator, Zone, certificate, zone
from integration.playbooks import zones
from integration.playbooks.playing import Player, numbers_of, priority

POLICIES = ROOT / "examples" / "policies"
ISSUERS = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]


def successors(**first: t.Any) -> Zone:
    """Certificates of DigiCertInc, GlobalSign and Sectigo that all compete, lowest in the order of a policy on top."""
    return zone(
        "example.com",
        certificates=[
            certificate(["example.com", "a.example.com"], issuer="Sectigo", priority=9, expires_in=100),
            certificate(["example.com", "b.example.com"], issuer="GlobalSignnvsa", priority=8, expires_in=200),
            certificate(
                ["example.com", "c.example.com"], **{"issuer": "DigiCertInc", "priority": 7, "expires_in": 300, **first}
            ),
        ],
    )


EXPIRED = {"status": "expired", "expires_in": -3, "priority": 10}

# A playbook, the zone that it works on, and the issuers from the highest number to the lowest afterwards.
CASES: dict[str, tuple[str, Zone, list[str]]] = {
    "one authority": ("one_ca_first.yml", successors(), ["DigiCertInc", "GlobalSignnvsa", "Sectigo"]),
    "newest": ("newest_first.yml", successors(), ["DigiCertInc", "GlobalSignnvsa", "Sectigo"]),
    "valid": ("never_expired.yml", successors(), ["DigiCertInc", "GlobalSignnvsa", "Sectigo"]),
    "expired": ("never_expired.yml", successors(**EXPIRED), ["GlobalSignnvsa", "Sectigo", "DigiCertInc"]),
    "one host": ("one_host.yml", zones.shop(), ["LetsEncrypt", "DigiCertInc", "Sectigo", "GlobalSignnvsa", "Entrust"]),
}


@pytest.mark.parametrize(("playbook", "content", "order"), CASES.values(), ids=CASES.keys())
def test_policies_settle_after_one_run(
    play: Player, start_emulator: t.Callable[..., Emulator], playbook: str, content: Zone, order: list[str]
) -> None:
    emulator = start_emulator(zones=[content])
    # One play after the other in one run.
    played = play(POLICIES / playbook, emulator=emulator, arguments=[str(POLICIES / playbook)])
    assert played.returncode == 0, played.stdout
    assert [done.result["changed"] for done in played.done] == [True, False]
    stored = {issuer: number or 0 for issuer, number in numbers_of(emulator).items()}
    assert sorted(stored, key=lambda issuer: -stored[issuer]) == order
    assert [warning for done in played.done for warning in done.warnings] == []


@pytest.mark.emulator(zones=[zones.two_teams()])
def test_a_loop_over_hosts_settles_after_one_run(play: Player, emulator: Emulator) -> None:
    path = POLICIES / "several_hosts.yml"
    before = dict(emulator.order("example.com"))
    played = play(path, emulator=emulator, arguments=[str(path)])
    first, second = played.done
    assert [item["changed"] for item in first.result["results"]] == [True, True]
    assert [item["changed"] for item in second.result["results"]] == [False, False]
    stored = dict(emulator.order("example.com"))
    shop_global, shop_digi, api_digi, api_global, blog = (
        item["id"] for item in emulator.zones["example.com"].certificates
    )
    assert stored[shop_digi] > stored[shop_global] and stored[api_global] > stored[api_digi]
    # No number was taken from those that the loop is not about.
    assert stored[blog] == before[blog] == 90


@pytest.mark.emulator(zones=[zones.two_teams()])
def test_two_teams_in_one_zone_settle_after_one_run_each(play: Player, emulator: Emulator) -> None:
    blog = emulator.zones["example.com"].certificates[4]["id"]
    shop = [{"host": "shop.example.com", "issuer": "DigiCert*"}, {"host": "shop.example.com"}]
    api = [{"host": "api.example.com", "issuer": "GlobalSign*"}]
    names = ["shop", "api", "shop again", "api again"]
    played = play([priority(name, shop if name.startswith("shop") else api) for name in names], emulator=emulator)
    assert [played[name].result["changed"] for name in names] == [True, True, False, False]
    assert dict(emulator.order("example.com"))[blog] == 90
    put = {
        item["id"] for request in emulator.requests if request.method == "PUT" for item in request.json["certificates"]
    }
    assert blog not in put


def test_policies_are_all_here() -> None:
    named = {playbook for playbook, _zone, _order in CASES.values()} | {"several_hosts.yml"}
    assert {path.name for path in Path(POLICIES).iterdir()} == named
