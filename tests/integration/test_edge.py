# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the collection's statements about visitors with an edge that follows Cloudflare's documentation.

The zones are random. For each name, real handshakes are made, and three results must agree: the choice of the edge, the
certificate that it presents, and `contested` and `served`.
"""

from __future__ import annotations

import dataclasses
import itertools
import random
import typing as t
from collections.abc import Iterator

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._inspect import INSPECT
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._look_at_edge import LOOK_AT_EDGE
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import perform
from emulator import EDGE_SWITCHES, Edge, EdgeBehaviour, Emulator, Zone, certificate, forbidden, from_today, zone

ZONES = 80
LABELS = ("a", "b", "*")
# The last one is covered by a wildcard alone.
NAMES = ("a", "b", "other")
ISSUERS = ("DigiCertInc", "GlobalSignnvsa", "LetsEncrypt")
KEYLESS = {"keyless_server": {"id": "8c52f0e6d1b94a7730cf9ae214bd6508", "status": "active"}}


def random_zone(number: int) -> Zone:
    """Some certificates that compete; by chance, no two of them are forbidden to be together."""
    dice = random.Random(number)
    name = f"zone-{number}.example"
    while True:
        made = zone(name, certificates=[_certificate(name, dice) for _place in range(dice.randint(2, 5))])
        if not forbidden(made):
            return made


def _certificate(zone_name: str, dice: random.Random) -> dict[str, t.Any]:
    labels = dice.sample(LABELS, dice.randint(1, len(LABELS)))
    fields: dict[str, t.Any] = dict(KEYLESS) if dice.random() < 0.1 else {}
    return certificate(
        [f"{label}.{zone_name}" for label in labels],
        type=dice.choice(("legacy_custom", "legacy_custom", "legacy_custom", "sni_custom", "new_custom")),
        issuer=dice.choice(ISSUERS),
        signature=dice.choice(("SHA256WithRSA", "ECDSAWithSHA256")),
        status=dice.choice(("active",) * 9 + ("pending",)),
        priority=dice.choice((None, 0, 1, 2, 3)),
        uploaded_on=from_today(-dice.randint(1, 60)),
        expires_in=dice.choice((-1, 30, 60, 90, 120, 150)),
        **fields,
    )


ALL = [random_zone(number) for number in range(ZONES)]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(zones=ALL, throttle=None, validate=False) as running:
        yield running


@pytest.fixture(scope="module")
def edge(emulator: Emulator) -> Iterator[Edge]:
    with Edge(emulator) as running:
        yield running
        assert running.failures == []


def do(job: Job, emulator: Emulator, zone_id: str, **options: t.Any) -> dict[str, t.Any]:
    asked = {"api_token": emulator.token, "api_url": emulator.url, "zone_id": zone_id, **options}
    params = ArgumentSpecValidator(job.spec).validate(asked).validated_parameters
    outcome = perform(job, params, check_mode=False, diff=False)
    assert not outcome.failed, outcome.result
    return outcome.result


def choices(edge: Edge, name: str) -> set[tuple[str, ...]]:
    """What a name may be served from, for each way in which Cloudflare may do what it does not document."""
    usual, found = edge.behaviour, set()
    for tie, sni_priority in itertools.product(EDGE_SWITCHES["tie"], EDGE_SWITCHES["sni_priority"]):
        edge.behave(tie=tie, sni_priority=sni_priority)
        found.add(tuple(edge.choice(name)))
    edge.behave(**dataclasses.asdict(usual))
    return found


# What is not documented, and what an edge may do beside: the number of zones, and the kinds of clients that get an answer.
WAYS: dict[str, tuple[int, dict[str, t.Any], set[str]]] = {
    "as documented": (ZONES, {}, {"ecdsa", "rsa"}),
    "the other way": (40, {"tie": "lowest_id", "sni_priority": "counts"}, {"ecdsa", "rsa"}),
    "expired ones are served": (40, {"expired": "served"}, {"ecdsa", "rsa"}),
    "a default certificate": (40, {"unknown_sni": "default"}, {"ecdsa", "rsa"}),
    "packs without RSA": (40, {"one_kind": "ecdsa"}, {"ecdsa", "rsa"}),
    "TLS 1.3 alone": (40, {"tls_1_3_only": True}, {"any"}),
}


@pytest.mark.parametrize(("count", "switches", "kinds"), WAYS.values(), ids=WAYS)
def test_all_agree(emulator: Emulator, edge: Edge, count: int, switches: dict[str, t.Any], kinds: set[str]) -> None:
    seen: set[str] = set()
    edge.behave(**{**dataclasses.asdict(EdgeBehaviour()), **switches})
    for tried in ALL[:count]:
        contested = {item["name"]: item for item in do(INSPECT, emulator, tried.id)["contested"]}
        place = {"address": edge.address, "port": edge.port}
        names = [f"{label}.{tried.name}" for label in NAMES]
        for row in do(LOOK_AT_EDGE, emulator, tried.id, names=names, **place)["served"]:
            choice, possible = edge.choice(row["name"]), choices(edge, row["name"])
            told = (row, choice, contested.get(row["name"]), tried.certificates)
            assert row["error"] or row["key_type"] in kinds, told
            assert row["as_expected"] is not False, told
            assert row["certificate_id"] is None or row["certificate_id"] in choice, told
            if row["as_expected"]:
                assert len(possible) == 1, told
                assert row["expected_id"] in choice, told
            seen |= {
                f"as_expected {row['as_expected']}",
                contested.get(row["name"], {}).get("decided_by", "not contested"),
            }
    assert seen >= {"kind", "priority", "client", "recency", "undocumented", "not contested", "as_expected True"}
