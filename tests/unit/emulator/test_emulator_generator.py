# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The generator: the same fleet for the same seed, with all optional fields, and nothing that the API would refuse."""

from __future__ import annotations

import itertools
import typing as t

import pytest
import yaml

from emulator import Zone, certificate, forbidden, generate, zone
from emulator.behaviour import Behaviour
from emulator.contract import PATH, Contract
from emulator.envelope import encode, success
from emulator.journal import Recorded

OPTIONAL = yaml.safe_load(PATH.read_text(encoding="utf-8"))["components"]["schemas"]


def _plain(zones: list[Zone]) -> list[t.Any]:
    return [(zone.api, zone.certificates) for zone in zones]


def _rank(zone: Zone) -> list[str]:
    return [item["issuer"] for item in sorted(zone.certificates, key=lambda item: -(item["priority"] or 0))][:2]


def test_the_same_for_the_same_seed() -> None:
    assert _plain(generate(30, seed=4, out_of_order=5)) == _plain(generate(30, seed=4, out_of_order=5))
    assert _plain(generate(30, seed=4)) != _plain(generate(30, seed=5))


@pytest.mark.parametrize(("size", "seed"), [(10, 1), (11, 2), (64, 3)])
def test_everything_occurs(size: int, seed: int) -> None:
    zones = generate(size, seed=seed)
    items = [item for zone in zones for item in zone.certificates]
    assert set(OPTIONAL["certificate"]["properties"]) == set().union(*items)
    assert {item["bundle_method"] for item in items} == {"ubiquitous", "optimal", "force"}
    assert {item["type"] for item in items} == {"legacy_custom", "sni_custom"}
    labels = {item["geo_restrictions"]["label"] for item in items if "geo_restrictions" in item}
    assert labels == {"us", "eu", "highest_security", "custom"}
    assert {item["status"] for item in items} >= {"active", "expired", "deleted", "pending", "initializing"}
    assert {item["status"] for item in items} >= {"holding_deployment", "staging_active"}
    assert any(item["priority"] is None for item in items)
    assert any(host.startswith("*.") for item in items for host in item["hosts"])
    servers = [item["keyless_server"] for item in items if "keyless_server" in item]
    assert set(OPTIONAL["keyless_server"]["properties"]) == set().union(*servers)
    assert {zone.plan for zone in zones} == {"business", "enterprise", "free"}
    assert {type(zone.api["meta"]["custom_certificate_quota"]) for zone in zones} == {int, str}
    assert all(host.endswith(".example") for item in items for host in item["hosts"])


def test_nothing_that_error_1228_forbids() -> None:
    for made in generate(60, seed=5, out_of_order=10):
        assert forbidden(made) == []
        assert len({item["id"] for item in made.certificates}) == len(made.certificates)


def test_forbidden_finds_what_it_should() -> None:
    one, other = ["a.example", "b.example"], ["b.example", "a.example"]
    pairs = [
        ((certificate(one), certificate(other, issuer="GlobalSignnvsa", signature="SHA384WithRSA")), 1),
        ((certificate(one), certificate(other, signature="ECDSAWithSHA256")), 0),
        ((certificate(one), certificate(other, type="sni_custom")), 0),
        ((certificate(one), certificate(["a.example"])), 0),
        ((certificate(one, signature="SHA1WithRSA"), certificate(other)), 0),
    ]
    assert [len(forbidden(zone("example.com", certificates=pair))) for pair, _count in pairs] == [
        count for _pair, count in pairs
    ]


def test_priority_decides_and_some_are_out_of_order() -> None:
    zones = generate(50, out_of_order=7)
    paid = [zone for zone in zones if zone.certificates]
    assert len(paid) == 45
    assert sorted(tuple(_rank(zone)) for zone in paid) == sorted(
        [("GlobalSignnvsa", "DigiCertInc")] * 7 + [("DigiCertInc", "GlobalSignnvsa")] * 38
    )
    for made in paid:
        ours = [set(item["hosts"]) for item in made.certificates if item["issuer"] in {"DigiCertInc", "GlobalSignnvsa"}]
        assert len(ours) == 2
        assert ours[0] & ours[1]
        assert ours[0] != ours[1]
    assert not all(_rank(zone)[0] == zone.certificates[0]["issuer"] for zone in paid)
    assert all(zone.certificates for zone in generate(20, free_every=0))
    with pytest.raises(ValueError, match="only 18 of 20 zones have certificates"):
        generate(20, out_of_order=19)


def test_zones_keep_the_contract() -> None:
    contract = Contract()
    for made in itertools.islice(generate(12), 12):
        for path, result in (
            (f"/zones/{made.id}", made.api),
            (f"/zones/{made.id}/custom_certificates", made.certificates),
        ):
            call = Recorded("GET", path, "", {"Authorization": "Bearer x"}, 1)
            body = encode(success(result, Behaviour()).payload)
            assert contract.check_response(call, 200, "application/json", body) is None
