# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies of the examples, which stay valid when certificates are renewed."""

from __future__ import annotations

import typing as t

import yaml
from ansible_runs import ROOT

from emulator import certificate, zone
from emulator.fixture import StartEmulator
from integration.playbooks import zones
from integration.playbooks.playing import Player, numbers_of

POLICIES = ROOT / "examples" / "policies"


def successors(**first: t.Any) -> list[dict[str, t.Any]]:
    """Certificates of DigiCertInc, GlobalSign and Sectigo that all compete, lowest in the order of a policy on top."""
    digicert = {"issuer": "DigiCertInc", "priority": 7, "expires_in": 300, **first}
    return [
        certificate(["example.com", "a.example.com"], issuer="Sectigo", priority=9, expires_in=100),
        certificate(["example.com", "b.example.com"], issuer="GlobalSignnvsa", priority=8, expires_in=200),
        certificate(["example.com", "c.example.com"], **digicert),
    ]


# Two hosts with two certificates each, and one that has nothing to do with them, above all.
TWO_HOSTS = [
    certificate(["shop.example.com", "pay.example.com"], issuer="GlobalSign shop", priority=8),
    certificate(["shop.example.com", "cart.example.com"], issuer="DigiCert shop", priority=7),
    certificate(["api.example.com", "v1.example.com"], issuer="DigiCert api", priority=8),
    certificate(["api.example.com", "v2.example.com"], issuer="GlobalSign api", priority=3),
    certificate(["blog.example.com"], issuer="Sectigo", priority=90),
]
EXPIRED = {"status": "expired", "expires_in": -3, "priority": 10}
SUCCEEDED = ["DigiCertInc > GlobalSignnvsa > Sectigo"]

# Zone: a playbook, the certificates that it works on, and which issuers have higher numbers than others afterwards.
CASES: dict[str, tuple[str, list[dict[str, t.Any]], list[str]]] = {
    "one-authority.example": ("one_ca_first.yml", successors(), SUCCEEDED),
    "newest.example": ("newest_first.yml", successors(), SUCCEEDED),
    "valid.example": ("never_expired.yml", successors(), SUCCEEDED),
    "expired.example": ("never_expired.yml", successors(**EXPIRED), ["GlobalSignnvsa > Sectigo > DigiCertInc"]),
    "one-host.example": (
        "one_host.yml",
        zones.shop().certificates,
        ["LetsEncrypt > DigiCertInc > Sectigo > GlobalSignnvsa > Entrust"],
    ),
    "two-hosts.example": (
        "several_hosts.yml",
        TWO_HOSTS,
        ["Sectigo > DigiCert shop > GlobalSign shop", "Sectigo > GlobalSign api > DigiCert api"],
    ),
}


def test_policies_settle_after_one_run(play: Player, start_emulator: StartEmulator) -> None:
    """Each one twice, in a zone of its own."""
    emulator = start_emulator(zones=[zone(name, certificates=case[1]) for name, case in CASES.items()])
    runs = [
        {"ansible.builtin.import_playbook": str(POLICIES / playbook), "vars": {"zone": name}}
        for name, (playbook, _certificates, _orders) in CASES.items()
        for _run in range(2)
    ]
    played = play(play.write("policies.yml", yaml.safe_dump(runs)), emulator=emulator)
    assert played.returncode == 0, played.stdout
    for name, first, second in zip(CASES, played.done[::2], played.done[1::2], strict=True):
        assert (name, first.result["changed"], second.result["changed"]) == (name, True, False)
        numbers = numbers_of(emulator, name)
        for order in CASES[name][2]:
            held = [numbers[issuer] or 0 for issuer in order.split(" > ")]
            assert (name, held) == (name, sorted(set(held), reverse=True))
    # No number was taken from those that a policy is not about.
    assert numbers_of(emulator, "two-hosts.example")["Sectigo"] == 90
    assert [done.result["warnings"] for done in played.done if done.result.get("warnings")] == []
