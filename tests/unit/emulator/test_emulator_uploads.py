# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Uploads, renewals and deletions: fields read from PEM, refusals, and the effect of each switch."""

from __future__ import annotations

import time
import typing as t
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from emulator import UPLOAD_SWITCHES, Emulator, certificate, key_digest, make_pem, token, uploaded, zone
from emulator.pem import key_pem, make_key, new_key
from unit.emulator.client import Client, codes

ABSENT = "00000000-0000-4000-8000-000000000000"
CSR = "7b163417-1d2b-4c84-a38a-2fb7a0cd7752"
CSR_KEY = new_key()
HOSTS = ["www.example.com", "shop.example.com"]


def zones() -> list[t.Any]:
    """A zone with room, one on the free plan, and one that is not active."""
    return [
        zone("example.com", csrs={CSR: key_pem(CSR_KEY)}),
        zone("free.example", plan="free"),
        zone("pending.example", status="pending"),
    ]


pytestmark = pytest.mark.emulator(zones=zones())


def made(answer: requests.Response) -> dict[str, t.Any]:
    """The certificate of an answer that is a success."""
    assert answer.status_code == 200, answer.text
    return t.cast(dict[str, t.Any], answer.json()["result"])


def statuses(client: Client) -> list[str]:
    """Statuses of the zone's list, in one read."""
    return [item["status"] for item in client.certificates()]


def test_what_is_read_from_pem(client: Client) -> None:
    pem = make_pem(
        ["example.com", "*.example.com", "xn--bcher-kva.example.com", "www.example.net"],
        issuer="Let's Encrypt",
        algorithm="rsa",
        signature="SHA384WithRSA",
        expires_on="2036-02-29T23:59:58Z",
    )
    item = made(client.upload(pem, certificate=pem.chain, bundle_method="optimal", type=None))
    assert str(uuid.UUID(item.pop("id"))) and item.pop("uploaded_on") == item.pop("modified_on")
    assert item == {
        "type": "legacy_custom",
        "hosts": ["example.com", "*.example.com", "xn--bcher-kva.example.com", "www.example.net"],
        "issuer": "LetsEncrypt",
        "signature": "SHA384WithRSA",
        "bundle_method": "optimal",
        "zone_id": client.emulator.zones["example.com"].id,
        "expires_on": "2036-02-29T23:59:58.000000Z",
        "priority": 0,
        "status": "pending",
    }


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({"issuer": "GlobalSign nv-sa"}, {"issuer": "GlobalSignnvsa", "signature": "ECDSAWithSHA256"}),
        ({"issuer": None, "signature": "SHA512WithRSA"}, {"issuer": "", "signature": "SHA512WithRSA"}),
        ({"issuer": "Zürich, Trust & Co. 2"}, {"issuer": "ZürichTrustCo2"}),
        ({"sans": False}, {"hosts": ["www.example.com"]}),
        ({"signature": "Ed25519"}, {"signature": "Ed25519"}),
    ],
)
def test_odd_certificates(client: Client, keywords: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    assert made(client.upload(make_pem(HOSTS, **keywords))).items() >= expected.items()


GOOD = make_pem(HOSTS)
EC_PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


@pytest.mark.parametrize(
    ("pem", "others", "expected"),
    {
        "no PEM": (GOOD, {"certificate": "nonsense"}, 1002),
        "broken PEM": (GOOD, {"certificate": GOOD.certificate.replace("M", "x", 9)}, 1002),
        "a CA alone": (GOOD, {"certificate": GOOD.authority}, 2101),
        "no key in the key": (GOOD, {"private_key": "nonsense"}, 2106),
        "locked key": (GOOD, {"private_key": key_pem(make_key("p256"), b"secret")}, 2106),
        "EC parameters before the key": (GOOD, {"private_key": f"{EC_PARAMETERS}{GOOD.private_key}"}, 2106),
        "short key": (make_pem(HOSTS, key=make_key("rsa1024")), {}, 2106),
        "odd kind of key": (make_pem(HOSTS, algorithm="ed25519"), {}, 2106),
        "another's key": (GOOD, {"private_key": make_pem().private_key}, 2200),
        "expires too soon": (make_pem(HOSTS, expires_in=13.9), {}, 1206),
        "names of other zones": (make_pem(["www.example.net", "notexample.com"]), {}, 2103),
        "private CA": (make_pem(HOSTS, public=False), {}, 2100),
        "self-signed": (make_pem(HOSTS, self_signed=True), {"bundle_method": "optimal"}, 2100),
        "no certificate": (GOOD, {"certificate": None}, 2001),
        "no key": (GOOD, {"private_key": None}, 2001),
        "unknown CSR": (GOOD, {"private_key": None, "custom_csr_id": ABSENT}, 2001),
        "key of the CSR": (GOOD, {"private_key": None, "custom_csr_id": CSR}, 2200),
        "unknown field": (GOOD, {"priority": 3}, 2001),
        "unknown type": (GOOD, {"type": "modern"}, 2001),
        "unknown bundle method": (GOOD, {"bundle_method": "best"}, 2001),
        "not entitled": (GOOD, {"deploy": "staging"}, 2001),
        "empty label": (GOOD, {"geo_restrictions": {"label": ""}}, 2001),
        "label and policy": (GOOD, {"geo_restrictions": {"label": "us"}, "policy": "(region: EU)"}, 2001),
    }.values(),
)
def test_refused_uploads(client: Client, pem: t.Any, others: dict[str, t.Any], expected: int) -> None:
    assert codes(client.upload(pem, **others)) == (400, expected)
    assert client.certificates() == []


@pytest.mark.parametrize(
    ("pem", "others", "expected"),
    [
        (make_pem(HOSTS, expires_in=14.1), {}, {"status": "pending"}),
        (make_pem(HOSTS, public=False), {"bundle_method": "force"}, {"bundle_method": "force"}),
        (make_pem(HOSTS, self_signed=True), {"bundle_method": "force"}, {"issuer": ""}),
        (make_pem(HOSTS, key=CSR_KEY), {"private_key": None, "custom_csr_id": CSR}, {"custom_csr_id": CSR}),
        (GOOD, {"certificate": f"{GOOD.authority}{GOOD.certificate}"}, {"hosts": HOSTS}),
        (
            GOOD,
            {"policy": "(region: EU)"},
            {"geo_restrictions": {"label": "custom"}, "policy_restrictions": "(region: EU)"},
        ),
    ],
)
def test_accepted_uploads(client: Client, pem: t.Any, others: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    assert made(client.upload(pem, **others)).items() >= expected.items()


def test_a_plan_without_custom_certificates(client: Client) -> None:
    answer = client.upload(make_pem(["free.example"]), "free.example")
    assert codes(answer) == (400, 1011)
    assert answer.json()["errors"][0]["message"].endswith("with type ")
    assert codes(client.renew(ABSENT, GOOD, "free.example")) == (400, 1002)


def test_packs_and_their_order(client: Client) -> None:
    first = made(client.upload(GOOD))["id"]
    second = made(client.upload(make_pem(list(reversed(HOSTS)), algorithm="rsa")))["id"]
    assert codes(client.upload(GOOD)) == (400, 1220)
    assert codes(client.upload(make_pem(HOSTS))) == (400, 1228)
    assert codes(client.upload(make_pem(HOSTS, algorithm="rsa", issuer="Sectigo Limited"))) == (400, 1228)
    # Another type is another pack, and so are other hosts.
    legacy = made(client.upload(make_pem(HOSTS), type="legacy_custom"))["id"]
    assert codes(client.renew(second, make_pem(HOSTS))) == (400, 1228)
    path = client.path()
    assert codes(client.delete(f"{path}/{first}")) == (400, 1305)
    for identifier in (second, first, legacy):
        assert made(client.delete(f"{path}/{identifier}")) == {"id": identifier}
    assert client.certificates() == []


def test_quotas_count_packs(client: Client, emulator: Emulator) -> None:
    for number in range(5):
        hosts = [f"{number}.example.com"]
        last = made(client.upload(make_pem(hosts)))["id"]
        assert client.upload(make_pem(hosts, algorithm="rsa")).status_code == 200
    assert codes(client.upload(GOOD)) == (400, 2005)
    assert client.upload(GOOD, type="legacy_custom").status_code == 200
    assert codes(client.upload(make_pem(["b.example.com"]), type="legacy_custom")) == (400, 2005)
    # A renewal needs no room, unless it leaves a pack of which something stays.
    assert client.renew(emulator.order("example.com")[-1][0], None, bundle_method="force").status_code == 200
    assert codes(client.renew(last, make_pem(["c.example.com"]))) == (400, 2005)
    emulator.zones["example.com"].quotas["sni_custom"] = 6
    assert client.upload(GOOD).status_code == 200


def test_renewal(client: Client, emulator: Emulator) -> None:
    geo = {"label": "us"}
    old = made(client.upload(GOOD, bundle_method="optimal", geo_restrictions=geo))
    emulator.set_priority("example.com", old["id"], 7)
    answer = client.renew(old["id"], make_pem(HOSTS, issuer="Sectigo Limited", algorithm="rsa"))
    new = made(answer)
    expected = {"issuer": "SectigoLimited", "signature": "SHA256WithRSA", "bundle_method": "ubiquitous", "priority": 7}
    assert new.items() >= {**expected, "geo_restrictions": geo, "status": "pending", "type": "sni_custom"}.items()
    assert [item["id"] for item in client.certificates()] == [new["id"]] != [old["id"]]
    assert codes(client.get(f"{client.path()}/{old['id']}")) == (400, 1002)
    assert made(client.get(f"{client.path()}/{new['id']}"))["status"] == "active"


@pytest.mark.parametrize(
    ("pem", "others", "expected"),
    [
        (None, {"type": "legacy_custom"}, 2001),
        (None, {"private_key": make_pem().private_key}, 2200),
        (make_pem(HOSTS), {"private_key": make_pem().private_key}, 2200),
        (make_pem(HOSTS, public=False), {}, 2100),
        (GOOD, {}, 1220),
    ],
)
def test_refused_renewals(client: Client, pem: t.Any, others: dict[str, t.Any], expected: int) -> None:
    old = made(client.upload(GOOD))
    assert codes(client.renew(old["id"], pem, **others)) == (400, expected)
    assert [item["id"] for item in client.certificates()] == [old["id"]]
    assert codes(client.renew(ABSENT, pem, **others))[1] in (1002, 2001)


PLAIN = certificate(["www.example.com"], issuer="Sectigo", priority=9, bundle_method="optimal", type="sni_custom")


@pytest.mark.emulator(zones=[zone("example.com", certificates=[PLAIN])])
def test_a_certificate_that_was_not_uploaded(client: Client) -> None:
    """One that a test made without PEM can be bundled anew, renewed and deleted like any other."""
    (item,) = client.certificates()
    changed = made(client.renew(item["id"], None, bundle_method="force"))
    assert changed.items() >= {"bundle_method": "force", "issuer": "Sectigo", "priority": 9}.items()
    renewed = made(client.renew(changed["id"], GOOD))
    assert renewed["issuer"] == "DigiCertInc"
    assert made(client.delete(f"{client.path()}/{renewed['id']}")) == {"id": renewed["id"]}


@pytest.mark.emulator(zones=[zone("example.com", certificates=[uploaded(GOOD, type="sni_custom", priority=4)])])
def test_what_was_uploaded_before(client: Client, emulator: Emulator) -> None:
    """Tests put certificates with PEM into zones, and a reset brings them back."""
    (item,) = client.certificates()
    assert item.items() >= {"hosts": HOSTS, "issuer": "DigiCertInc", "priority": 4}.items()
    client.delete(f"{client.path()}/{item['id']}")
    emulator.reset()
    assert client.certificates() == [item]
    assert codes(client.upload(GOOD)) == (400, 1220)


def test_a_zone_that_is_not_active(client: Client) -> None:
    pem = make_pem(["pending.example"])
    assert made(client.upload(pem, "pending.example"))["status"] == "holding_deployment"
    assert [item["status"] for item in client.certificates("pending.example")] == ["holding_deployment"]


@pytest.mark.emulator(tokens=[token("reader", permissions=["zone:read", "ssl:read"])])
def test_permissions(emulator: Emulator) -> None:
    reader = Client(emulator, emulator.tokens["reader"].value)
    path = f"{reader.path()}/{ABSENT}"
    for answer in (reader.upload(GOOD), reader.renew(ABSENT, GOOD), reader.delete(path)):
        assert codes(answer) == (403, 10000)
    assert codes(reader.get(path)) == (400, 1002)


def test_two_at_once_make_one(client: Client, emulator: Emulator) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _turn: Client(emulator).upload(GOOD), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    assert len(client.certificates()) == 1


def test_keys_are_not_kept_in_the_clear(client: Client, emulator: Emulator) -> None:
    client.upload(GOOD)
    client.post(client.path(), data=f"not JSON {GOOD.private_key}")
    client.renew(ABSENT, GOOD)
    assert emulator.requests[0].json["private_key"] == key_digest(GOOD.private_key)
    assert not any(b"PRIVATE KEY" in call.body for call in emulator.requests)
    assert GOOD.private_key not in repr(emulator.zones["example.com"])


# Every switch of uploads: what the default does, and what each other value does.


def _deleted_reads(client: Client, value: int) -> None:
    client.emulator.behave(deleted="lingers", upload_status="active")
    old = made(client.upload(GOOD))["id"]
    new = made(client.renew(old, make_pem(HOSTS)))["id"]
    client.delete(f"{client.path()}/{new}")
    reads = [statuses(client) for _turn in range(4)]
    assert reads == [["deleted"] * 2] * (value or 4) + [[]] * (4 - (value or 4))


def _patch_id(client: Client, value: str) -> None:
    client.emulator.behave(deleted="lingers")
    old = made(client.upload(GOOD))["id"]
    new = made(client.renew(old, make_pem(HOSTS, issuer="Sectigo")))
    assert (new["id"] == old) is (value == "kept")
    assert {item["id"]: item["issuer"] for item in client.certificates()}[new["id"]] == "Sectigo"
    assert len(client.certificates()) == (2 if value == "new" else 1)
    assert new["modified_on"] > client.certificates()[0]["uploaded_on"]


def _patch_priority(client: Client, value: str) -> None:
    old = made(client.upload(GOOD))["id"]
    client.emulator.set_priority("example.com", old, 7)
    client.emulator.behave(upload_priority=20)
    assert made(client.renew(old, make_pem(HOSTS)))["priority"] == (7 if value == "kept" else 20)


def _upload_priority(client: Client, value: int) -> None:
    assert made(client.upload(GOOD))["priority"] == value


def _upload_status(client: Client, value: str) -> None:
    item = made(client.upload(GOOD))
    assert item["status"] == value
    assert [*statuses(client), *statuses(client)] == [value, "active"]
    new = made(client.renew(item["id"], make_pem(HOSTS)))
    assert new["status"] == value


def _pending_reads(client: Client, value: int) -> None:
    item = made(client.upload(GOOD))
    assert item["status"] == "pending"
    reads = [made(client.get(f"{client.path()}/{item['id']}")) for _turn in range(4)]
    assert [one["status"] for one in reads] == ["pending"] * value + ["active"] * (4 - value)
    assert reads[-1]["modified_on"] > item["modified_on"]


def _pending_ms(client: Client, value: int) -> None:
    begun = time.monotonic()
    made(client.upload(GOOD))
    reads = 0
    while statuses(client) != ["active"]:
        reads += 1
    assert time.monotonic() - begun >= value / 1000
    if not value:
        assert reads == 1


def _issuer_spelling(client: Client, value: str) -> None:
    issuer = made(client.upload(make_pem(HOSTS, issuer="GlobalSign nv-sa")))["issuer"]
    assert issuer == {"letters": "GlobalSignnvsa", "dashes": "GlobalSignnv-sa"}[value]


def _foreign_hosts(client: Client, value: str) -> None:
    hosts = ["example.com", "www.example.net", "notexample.com", "a.example.com"]
    expected = hosts if value == "listed" else ["example.com", "a.example.com"]
    item = made(client.upload(make_pem(hosts)))
    assert item["hosts"] == expected
    assert made(client.renew(item["id"], make_pem(hosts)))["hosts"] == expected


def _duplicate(client: Client, value: str) -> None:
    first = made(client.upload(GOOD))["id"]
    again, same = client.upload(GOOD), client.renew(first, GOOD)
    if value == "refused":
        assert codes(again) == codes(same) == (400, 1220)
    else:
        assert made(again)["id"] != first
        assert made(same)["issuer"] == "DigiCertInc"
    assert len(client.certificates()) == (1 if value == "refused" else 2)
    assert codes(client.upload(make_pem(HOSTS))) == (400, 1228)


def _private_ca(client: Client, value: str) -> None:
    answer = client.upload(make_pem(HOSTS, public=False))
    assert answer.status_code == (400 if value == "refused" else 200)


def _delete_unknown(client: Client, value: str) -> None:
    identifier = made(client.upload(GOOD))["id"]
    path = f"{client.path()}/{identifier}"
    assert client.delete(path).status_code == 200
    assert codes(client.delete(path)) == ((404 if value == "404" else 400), 1002)


def _quota_code(client: Client, value: str) -> None:
    client.emulator.zones["example.com"].quotas["sni_custom"] = 0
    assert codes(client.upload(GOOD)) == (400, int(value))


CHECKS: dict[str, Callable[[Client, t.Any], None]] = {
    name.removeprefix("_"): check
    for name, check in list(globals().items())
    if name.startswith("_") and name.removeprefix("_") in UPLOAD_SWITCHES
}


def test_every_switch_of_uploads_has_a_check() -> None:
    assert set(CHECKS) == set(UPLOAD_SWITCHES)


@pytest.mark.parametrize(
    ("switch", "value"), [(name, value) for name, values in UPLOAD_SWITCHES.items() for value in values]
)
def test_switch(client: Client, switch: str, value: t.Any) -> None:
    client.emulator.behave(**{switch: value})
    CHECKS[switch](client, value)
    assert not [item for item in client.emulator.contract_violations if item.side == "response"]


def test_stale_lists_after_every_write(client: Client, emulator: Emulator) -> None:
    emulator.behave(stale_reads=1, upload_status="active")
    identifier = made(client.upload(GOOD))["id"]
    assert [len(client.certificates()) for _turn in range(2)] == [0, 1]
    client.renew(identifier, make_pem(HOSTS, issuer="Sectigo"))
    assert [client.certificates()[0]["issuer"] for _turn in range(2)] == ["DigiCertInc", "Sectigo"]
    client.delete(f"{client.path()}/{client.certificates()[0]['id']}")
    assert [len(client.certificates()) for _turn in range(2)] == [1, 0]
