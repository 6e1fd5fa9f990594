# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads, renewals and deletions: the fields read from PEM, refusals, packs and quotas."""

from __future__ import annotations

import typing as t
import uuid

import pytest

from emulator import Emulator, Pem, certificate, key_digest, make_pem, uploaded, zone
from emulator.pem import key_pem, make_key
from unit.emulator.client import ABSENT, Client, made, outcome

HOSTS = ["www.example.com", "shop.example.com"]
GOOD = make_pem(HOSTS)
EC_PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"

pytestmark = pytest.mark.emulator(zones=[zone("example.com"), zone("pending.example", status="pending")])


def test_all_fields(client: Client) -> None:
    hosts = ["example.com", "*.example.com", "xn--bcher-kva.example.com", "www.example.net"]
    pem = make_pem(
        hosts,
        issuer="Let's Encrypt",
        algorithm="rsa",
        signature="SHA384WithRSA",
        expires_on="2036-02-29T23:59:58Z",
    )
    item = made(client.upload(pem, certificate=pem.chain, bundle_method="optimal", type=None))
    assert str(uuid.UUID(item.pop("id"))) and item.pop("uploaded_on") == item.pop("modified_on")
    assert item == {
        "type": "legacy_custom",
        "hosts": hosts,
        "issuer": "LetsEncrypt",
        "signature": "SHA384WithRSA",
        "bundle_method": "optimal",
        "zone_id": client.emulator.zones["example.com"].id,
        "expires_on": "2036-02-29T23:59:58.000000Z",
        "priority": 0,
        "status": "pending",
    }


@pytest.mark.parametrize(
    ("pem", "others", "expected"),
    [
        (make_pem(HOSTS, issuer=None, signature="SHA512WithRSA"), {}, {"issuer": "", "signature": "SHA512WithRSA"}),
        (make_pem(HOSTS, issuer="Zürich, Trust & Co. 2"), {}, {"issuer": "ZürichTrustCo2"}),
        (make_pem(HOSTS, sans=False), {}, {"hosts": HOSTS[:1]}),
        (make_pem(HOSTS, expires_in=14.1), {}, {"status": "pending"}),
        (make_pem(HOSTS, public=False), {"bundle_method": "force"}, {"bundle_method": "force"}),
        (GOOD, {"certificate": f"{GOOD.authority}{GOOD.certificate}"}, {"hosts": HOSTS}),
        (GOOD, {"geo_restrictions": {"label": "eu"}}, {"geo_restrictions": {"label": "eu"}}),
        (
            GOOD,
            {"policy": "(region: EU)"},
            {"geo_restrictions": {"label": "custom"}, "policy_restrictions": "(region: EU)"},
        ),
    ],
)
def test_accepted_uploads(client: Client, pem: Pem, others: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    assert made(client.upload(pem, **others)).items() >= expected.items()


@pytest.mark.parametrize(
    ("pem", "others", "code"),
    {
        "no PEM": (GOOD, {"certificate": "nonsense"}, 1002),
        "a CA alone": (GOOD, {"certificate": GOOD.authority}, 2101),
        "locked key": (GOOD, {"private_key": key_pem(make_key("p256"), b"secret")}, 2106),
        "EC parameters before the key": (GOOD, {"private_key": f"{EC_PARAMETERS}{GOOD.private_key}"}, 2106),
        "short key": (make_pem(HOSTS, key=make_key("rsa1024")), {}, 2106),
        "odd kind of key": (make_pem(HOSTS, algorithm="ed25519"), {}, 2106),
        "another's key": (GOOD, {"private_key": make_pem().private_key}, 2200),
        "expires too soon": (make_pem(HOSTS, expires_in=13.9), {}, 1206),
        "names of other zones": (make_pem(["www.example.net", "notexample.com"]), {}, 2103),
        "private CA": (make_pem(HOSTS, public=False), {"bundle_method": "optimal"}, 2100),
        "no certificate": (GOOD, {"certificate": None}, 2001),
        "no key": (GOOD, {"private_key": None}, 2001),
        "unknown field": (GOOD, {"priority": 3}, 2001),
        "unknown type": (GOOD, {"type": "modern"}, 2001),
        "not entitled": (GOOD, {"deploy": "staging"}, 2001),
        "empty label": (GOOD, {"geo_restrictions": {"label": ""}}, 2001),
        "label and policy": (GOOD, {"geo_restrictions": {"label": "us"}, "policy": "(region: EU)"}, 2001),
    }.values(),
)
def test_refused_uploads(client: Client, pem: Pem, others: dict[str, t.Any], code: int) -> None:
    assert outcome(client.upload(pem, **others)) == f"400 {code}"
    assert client.certificates() == []


def test_packs_and_their_order(client: Client) -> None:
    first = made(client.upload(GOOD))["id"]
    second = made(client.upload(make_pem(list(reversed(HOSTS)), algorithm="rsa")))["id"]
    assert outcome(client.upload(make_pem(HOSTS))) == "400 1228"
    assert outcome(client.upload(make_pem(HOSTS, algorithm="rsa", issuer="Sectigo Limited"))) == "400 1228"
    assert outcome(client.renew(second, make_pem(HOSTS))) == "400 1228"
    legacy = made(client.upload(make_pem(HOSTS), type="legacy_custom"))["id"]  # another type is another pack
    assert outcome(client.delete(client.path(certificate_id=first))) == "400 1305"
    for identifier in (second, first, legacy):
        assert made(client.delete(client.path(certificate_id=identifier))) == {"id": identifier}
    assert client.certificates() == []


def test_quotas_count_packs(client: Client) -> None:
    for number in range(5):
        hosts = [f"{number}.example.com"]
        last = made(client.upload(make_pem(hosts)))["id"]
        assert outcome(client.upload(make_pem(hosts, algorithm="rsa"))) == "200"
    assert outcome(client.upload(GOOD)) == "400 2005"
    assert outcome(client.upload(GOOD, type="legacy_custom")) == "200"
    assert outcome(client.upload(make_pem(["b.example.com"]), type="legacy_custom")) == "400 2005"
    # A renewal needs no room, unless it leaves a pack of which something stays.
    assert outcome(client.renew(last, make_pem(["c.example.com"]))) == "400 2005"
    assert outcome(client.renew(last, None, bundle_method="force")) == "200"


def test_renewal(client: Client) -> None:
    old = made(client.upload(GOOD, bundle_method="optimal", geo_restrictions={"label": "us"}))
    new = made(client.renew(old["id"], make_pem(HOSTS, issuer="Sectigo Limited", algorithm="rsa")))
    expected = {"issuer": "SectigoLimited", "signature": "SHA256WithRSA", "bundle_method": "ubiquitous"}
    assert new.items() >= {**expected, "geo_restrictions": {"label": "us"}, "type": "sni_custom"}.items()
    assert [item["id"] for item in client.certificates()] == [new["id"]]
    assert outcome(client.get(client.path(certificate_id=old["id"]))) == "400 1002"
    assert made(client.get(client.path(certificate_id=new["id"])))["status"] == "active"


@pytest.mark.parametrize(
    ("pem", "others", "code"),
    [
        (None, {"type": "legacy_custom"}, 2001),
        (None, {"private_key": make_pem().private_key}, 2200),
        (make_pem(HOSTS, public=False), {}, 2100),
        (GOOD, {}, 1220),
    ],
)
def test_refused_renewals(client: Client, pem: Pem | None, others: dict[str, t.Any], code: int) -> None:
    old = made(client.upload(GOOD))
    assert outcome(client.renew(old["id"], pem, **others)) == f"400 {code}"
    assert [item["id"] for item in client.certificates()] == [old["id"]]


PLAIN = certificate(HOSTS, issuer="Sectigo", priority=9, bundle_method="optimal", type="sni_custom")


@pytest.mark.parametrize("item", [PLAIN, uploaded(GOOD, type="sni_custom", priority=9)])
def test_what_a_zone_has_already(client: Client, item: dict[str, t.Any]) -> None:
    """Like one that was uploaded with a request, it can be bundled anew, renewed and deleted. A reset brings it back."""
    emulator = client.emulator
    emulator.zones["example.com"].add(item)
    (before,) = client.certificates()
    changed = made(client.renew(before["id"], None, bundle_method="force"))
    assert changed.items() >= {"bundle_method": "force", "priority": 9, "issuer": item["issuer"]}.items()
    renewed = made(client.renew(changed["id"], make_pem(HOSTS, issuer="Other")))
    assert renewed["issuer"] == "Other"
    assert made(client.delete(client.path(certificate_id=renewed["id"]))) == {"id": renewed["id"]}


def test_a_zone_that_is_not_active(client: Client) -> None:
    pem = make_pem(["pending.example"])
    assert made(client.upload(pem, "pending.example"))["status"] == "holding_deployment"
    assert [item["status"] for item in client.certificates("pending.example")] == ["holding_deployment"]


def test_keys_are_not_kept_in_the_clear(client: Client, emulator: Emulator) -> None:
    client.upload(GOOD)
    client.post(client.path(), data=f"not JSON {GOOD.private_key}")
    client.renew(ABSENT, GOOD)
    assert emulator.requests[0].json["private_key"] == key_digest(GOOD.private_key)
    assert not any(b"PRIVATE KEY" in call.body for call in emulator.requests)
    assert GOOD.private_key not in repr(emulator.zones["example.com"])
