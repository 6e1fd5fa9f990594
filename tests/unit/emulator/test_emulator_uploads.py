# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads: the fields read from PEM, refusals, and packs. Renewals are in `tests/integration/certificates/`."""

from __future__ import annotations

import typing as t

import pytest

from emulator import Pem, certificate, make_pem, zone
from emulator.pem import key_pem, make_key
from unit.emulator.client import ABSENT, Client, made, outcome

HOSTS = ["www.example.com", "shop.example.com"]
OTHERS = ["example.com", "*.example.com", "xn--bcher-kva.example.com", "www.example.net"]
GOOD, RSA = make_pem(HOSTS), make_pem(list(reversed(HOSTS)), algorithm="rsa")
DATED = make_pem(OTHERS, signature="SHA384WithRSA", expires_on="2036-02-29T23:59:58Z")
EC_PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
CSR, CSR_KEY = "7b163417-1d2b-4c84-a38a-2fb7a0cd7752", make_key("p256")
FROM_CSR: dict[str, t.Any] = {"private_key": None, "custom_csr_id": CSR}
POLICY = {"policy": "(region: EU)"}
EU = {"geo_restrictions": {"label": "eu"}}

pytestmark = pytest.mark.emulator(
    zones=[
        zone("example.com", csrs={CSR: key_pem(CSR_KEY)}),
        zone("free.example", plan="free"),
        zone("pending.example", status="pending"),
    ]
)


@pytest.mark.parametrize(
    ("pem", "others", "expected"),
    [
        (DATED, {}, {"hosts": OTHERS, "signature": "SHA384WithRSA", "expires_on": "2036-02-29T23:59:58.000000Z"}),
        (make_pem(HOSTS, issuer=None, signature="SHA512WithRSA"), {}, {"issuer": "", "signature": "SHA512WithRSA"}),
        (make_pem(HOSTS, issuer="Zürich, Trust & Co. 2"), {}, {"issuer": "ZürichTrustCo2"}),
        (make_pem(HOSTS, sans=False), {}, {"hosts": HOSTS[:1]}),
        (make_pem(HOSTS, expires_in=14.1), {"type": None}, {"type": "legacy_custom", "bundle_method": "ubiquitous"}),
        (make_pem(HOSTS, public=False), {"bundle_method": "force"}, {"bundle_method": "force"}),
        (GOOD, {"certificate": f"{GOOD.authority}{GOOD.certificate}"}, {"hosts": HOSTS}),
        (make_pem(["pending.example"]), {"zone": "pending.example"}, {"status": "holding_deployment"}),
        (make_pem(HOSTS, key=CSR_KEY), FROM_CSR, {"custom_csr_id": CSR}),
        (GOOD, EU, EU),
        (GOOD, POLICY, {"geo_restrictions": {"label": "custom"}, "policy_restrictions": "(region: EU)"}),
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
        "no key": (GOOD, {"private_key": None}, 2001),
        "unknown CSR": (GOOD, {"custom_csr_id": ABSENT}, 2001),
        "another's CSR": (GOOD, FROM_CSR, 2200),
        "unknown field": (GOOD, {"priority": 3}, 2001),
        "label and policy": (GOOD, {**EU, **POLICY}, 2001),
        "not entitled": (GOOD, {"deploy": "staging"}, 2001),
        "Free plan": (make_pem(["free.example"]), {"zone": "free.example"}, 1011),
    }.values(),
)
def test_refused_uploads(client: Client, pem: Pem, others: dict[str, t.Any], code: int) -> None:
    assert outcome(client.upload(pem, **others)) == f"400 {code}"
    assert client.certificates() == client.certificates("free.example") == []


def test_packs_and_their_order(client: Client) -> None:
    sha1 = certificate(HOSTS, signature="SHA1WithRSA", type="sni_custom", id="sha1")
    client.emulator.zones["example.com"].add(sha1)
    first, second = (made(client.upload(pem))["id"] for pem in (GOOD, RSA))
    assert outcome(client.upload(make_pem(HOSTS))) == "400 1228"
    assert outcome(client.renew(second, make_pem(HOSTS))) == "400 1228"
    assert outcome(client.renew(second, RSA)) == "400 1220"
    legacy = made(client.upload(make_pem(HOSTS), type="legacy_custom"))["id"]  # another type is another pack
    assert outcome(client.delete(client.path(certificate_id="sha1"))) == "400 1305"
    for identifier in (second, first, legacy, "sha1"):
        assert made(client.delete(client.path(certificate_id=identifier))) == {"id": identifier}
    assert client.certificates() == []


def test_quotas_count_packs_of_a_type(client: Client) -> None:
    """A renewal needs no place, and the new hosts of a pack's only certificate need none either."""
    first, *_others = (
        made(client.upload(make_pem([host]), type=kind))["id"]
        for kind, host in (("legacy_custom", "example.com"), *(("sni_custom", f"{n}.example.com") for n in range(5)))
    )
    for kind in ("legacy_custom", "sni_custom"):
        assert outcome(client.upload(GOOD, type=kind)) == "400 2005"
    second = made(client.upload(make_pem(["example.com"], algorithm="rsa"), type="legacy_custom"))["id"]
    assert outcome(client.renew(second, RSA)) == "400 2005"
    made(client.delete(client.path(certificate_id=second)))
    renewed = made(client.renew(first, GOOD))["id"]
    made(client.delete(client.path(certificate_id=renewed)))
    made(client.upload(GOOD, type="legacy_custom"))


def test_a_renewal_keeps_the_key_of_its_csr(client: Client) -> None:
    first, second, other = (make_pem(HOSTS, key=key) for key in (CSR_KEY, CSR_KEY, None))
    path = client.path(certificate_id=made(client.upload(first, **FROM_CSR))["id"])
    assert outcome(client.patch(path, json={"certificate": other.certificate})) == "400 2200"
    assert made(client.patch(path, json={"certificate": second.certificate}))["custom_csr_id"] == CSR


def test_keys_are_not_kept_in_the_clear(client: Client) -> None:
    client.upload(GOOD)
    client.post(client.path(), data=f"not JSON {GOOD.private_key}")
    client.renew(ABSENT, GOOD)
    assert client.emulator.requests[0].json["certificate"] == GOOD.certificate
    assert not any(b"PRIVATE KEY" in call.body for call in client.emulator.requests)
    assert "PRIVATE KEY" not in repr(client.emulator.zones["example.com"])
