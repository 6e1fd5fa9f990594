# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that were served are only compared with what Cloudflare documents."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, numbers_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._served import (
    First,
    Presented,
    Row,
    compare,
    is_all_as_expected,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._x509 import Leaf
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import held

NAME = "a.example.com"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
ALGORITHMS = {"ecdsa": "ECDSAWithSHA256", "rsa": "SHA256WithRSA"}


def made(identifier: str, priority: int, labels: str, key: str = "rsa", **fields: t.Any) -> Certificate:
    """A certificate that differs from the others in its issuer."""
    return held(identifier, priority, labels, **{"issuer": f"{identifier}CA", "signature": ALGORITHMS[key], **fields})


def presented(who: Certificate | str | None, key: str, name: str = NAME) -> Presented:
    """What a server sends that has this certificate, one that is none of the zone's (a text), or none."""
    if who is None:
        return Presented(name, key, None, None, "refused")
    other = isinstance(who, str)
    leaf = Leaf(
        names=frozenset({name}) if isinstance(who, str) else who.names | {"www.example.net"},
        valid_from=datetime(2026, 3, 1, tzinfo=UTC),
        expires_on=datetime(2036, 3, 1, 23, 59, 59, tzinfo=UTC),
        organization="Universal CA" if isinstance(who, str) else who.issuer,
        signature=ALGORITHMS[key] if isinstance(who, str) else str(who.signature),
        key_type=key,
        serial_number=0xABC,
        fingerprint_sha256="00" * 32,
        pem="",
    )
    return Presented(name, key, leaf, "certificate has expired" if other else None, None)


def rows(certificates: t.Sequence[Certificate], *shown: Presented) -> list[Row]:
    numbers = numbers_of(certificates)
    firsts = {
        contest.name: First(contest.after.certificate.id, contest.after.decided_by)
        for contest in find_contests(certificates, numbers, numbers)
    }
    return compare(shown, certificates, firsts, NOW)


HIGH, LOW = made("high", 2, "ab"), made("low", 1, "ac")
BY_PRIORITY = (HIGH, LOW)
EC_HIGH, EC_LOW = made("high", 2, "ab", "ecdsa"), made("low", 1, "ac", "ecdsa")
OF_ECDSA = (EC_HIGH, EC_LOW)
PACK_EC, PACK_RSA = made("ecdsa", 2, "ab", "ecdsa"), made("rsa", 2, "ba")
PACK = (PACK_EC, PACK_RSA, LOW)
TIE = (made("one", 1, "ab"), made("two", 1, "ac"))
MODERN = (made("one", 2, "ab", type="sni_custom"), made("two", 1, "ac", type="sni_custom"))
KEYLESS = made("keyless", 0, "ab", keyless_server={"id": "x"})
TWINS = (HIGH, made("twin", 1, "a", issuer="highCA"))
WILD, WILD_TOO = made("wild", 1, "*"), made("higher", 2, "*b")
PENDING = made("first", 2, "ab", status="pending")
EXPIRED = made("first", 2, "ab", expires_on="2029-12-31T00:00:00Z")
SHA1 = made("old", 1, "a", signature="SHA1WithRSA")
STRANGE = made("new", 3, "a", type="new_custom")
ANOTHER_KEY = "The certificate that comes first has a key of another kind"
NOT_OURS = "No custom certificate of the zone matches this one."

CASES: dict[str, tuple[t.Sequence[Certificate], t.Any, t.Any, tuple[t.Any, t.Any], bool | None]] = {
    # certificates; presented to ECDSA and to RSA; as expected; over all
    "the first of one kind": (BY_PRIORITY, None, HIGH, (None, True), True),
    "another one": (BY_PRIORITY, None, LOW, (None, False), False),
    "none of the zone's": (BY_PRIORITY, None, "universal", (None, False), False),
    "the first, another product's for the other kind": (BY_PRIORITY, "universal", HIGH, (None, True), True),
    "the first, nothing documented for the other kind": (OF_ECDSA, EC_HIGH, "u", (True, None), True),
    "the second of the other kind alone": (OF_ECDSA, None, "u", (None, None), None),
    "the second": (OF_ECDSA, EC_LOW, None, (False, None), False),
    "a pack": (PACK, PACK_EC, PACK_RSA, (True, True), True),
    "half a pack": (PACK, PACK_EC, LOW, (True, False), False),
    "a pack, one kind not seen": (PACK, PACK_EC, None, (True, None), None),
    "a tie": (TIE, None, TIE[0], (None, None), None),
    "modern ones": (MODERN, None, MODERN[0], (None, None), None),
    "two that look the same": (TWINS, None, HIGH, (None, None), None),
    "one certificate alone": ((HIGH,), None, HIGH, (None, True), True),
    "one alone, and another is seen": ((HIGH,), None, "universal", (None, False), False),
    "one of the same kind with SHA-1": ((SHA1,), None, "universal", (None, False), False),
    "a wildcard alone": ((WILD,), None, WILD, (None, True), True),
    "a wildcard, and the name itself": ((HIGH, WILD_TOO), None, WILD_TOO, (None, False), False),
    "wildcards": ((WILD, WILD_TOO), None, WILD_TOO, (None, True), True),
    "no certificate covers the name": ((made("other", 1, "b"),), None, "universal", (None, None), None),
    "the first is not active": ((PENDING, LOW), None, LOW, (None, None), None),
    "the first has expired": ((EXPIRED, LOW), None, LOW, (None, None), None),
    "a type that nobody knows": ((HIGH, STRANGE), None, HIGH, (None, None), None),
    "keyless, before a type that nobody knows": ((KEYLESS, STRANGE), None, KEYLESS, (None, True), True),
    "nothing seen": (BY_PRIORITY, None, None, (None, None), None),
}


@pytest.mark.parametrize(("certificates", "to_ecdsa", "to_rsa", "expected", "over_all"), CASES.values(), ids=CASES)
def test_what_is_expected(
    certificates: t.Sequence[Certificate], to_ecdsa: t.Any, to_rsa: t.Any, expected: t.Any, over_all: bool | None
) -> None:
    told = rows(certificates, presented(to_ecdsa, "ecdsa"), presented(to_rsa, "rsa"))
    assert tuple(row.as_expected for row in told) == expected
    assert is_all_as_expected(told) is over_all
    assert all(row.reason for row in told if row.as_expected is None and row.presented.leaf)


def test_the_key_decides_where_the_signature_says_another_kind() -> None:
    """An ECDSA certificate of an RSA CA is signed with RSA: what RSA clients get instead is no fault."""
    told = rows(BY_PRIORITY, presented(HIGH, "ecdsa"), presented("universal", "rsa"))
    assert [row.as_expected for row in told] == [True, None]
    assert str(told[1].reason).startswith(ANOTHER_KEY)
    assert is_all_as_expected(told) is True


@pytest.mark.parametrize(
    ("certificates", "shown", "certificate_id", "expected_id", "reason"),
    [
        (BY_PRIORITY, presented(LOW, "rsa"), "low", "high", None),
        (PACK, presented(PACK_EC, "ecdsa"), "ecdsa", "ecdsa", None),
        (PACK, presented(PACK_RSA, "rsa"), "rsa", "rsa", None),
        (PACK, presented(PACK_RSA, "any"), "rsa", "ecdsa", None),
        (TWINS, presented(HIGH, "rsa"), None, "high", "2 custom certificates of the zone match this one: high, twin."),
        (TIE, presented(TIE[1], "rsa"), "two", "one", "Certificates with equal priorities cover this name."),
        (MODERN, presented(MODERN[1], "rsa"), "two", "one", "Cloudflare does not document an effect of priority"),
        ((), presented("universal", "rsa"), None, None, "No custom certificate of the zone covers this name."),
    ],
)
def test_ids_and_reasons(
    certificates: t.Sequence[Certificate], shown: Presented, certificate_id: str, expected_id: str, reason: str | None
) -> None:
    (row,) = rows(certificates, shown)
    assert (row.certificate_id, row.expected_id) == (certificate_id, expected_id)
    assert (row.reason or "").startswith(reason or "")
    assert bool(row.reason) is bool(reason)


@pytest.mark.parametrize(
    ("firsts", "reason"),
    [
        ({}, "2 items of 'certificates' cover a.example.com, and 'contested' has none for it."),
        ({NAME: First("gone", "priority")}, "The certificate gone of 'contested' is not among the 'certificates'"),
        ({NAME: First("high", "a new word")}, "Cloudflare does not document"),
    ],
)
def test_what_another_module_returned_may_not_fit_together(firsts: dict[str, First], reason: str) -> None:
    (row,) = compare([presented(HIGH, "rsa")], BY_PRIORITY, firsts, NOW)
    assert row.as_expected is None
    assert str(row.reason).startswith(reason)


def test_all_names_count() -> None:
    good = presented(HIGH, "rsa")
    for who, name, expected in ((LOW, "c", True), ("x", "c", False), ("x", "d", None)):
        assert is_all_as_expected(rows(BY_PRIORITY, good, presented(who, "rsa", f"{name}.example.com"))) is expected
    assert is_all_as_expected([]) is None


def test_a_row_as_it_is_returned() -> None:
    (row,) = rows(BY_PRIORITY, presented("universal", "rsa"))
    assert row.as_result() == {
        "name": NAME,
        "key_type": "rsa",
        "issuer": "UniversalCA",
        "hosts": [NAME],
        "expires_on": "2036-03-01T23:59:59Z",
        "signature": "SHA256WithRSA",
        "serial_number": "abc",
        "fingerprint_sha256": "00" * 32,
        "trusted": False,
        "untrusted_reason": "certificate has expired",
        "certificate_id": None,
        "expected_id": "high",
        "as_expected": False,
        "reason": NOT_OURS,
        "error": None,
    }
    (row,) = rows(BY_PRIORITY, presented(None, "ecdsa"))
    nothing = {field: value for field, value in row.as_result().items() if value is not None}
    assert nothing == {"name": NAME, "key_type": "ecdsa", "expected_id": "high", "error": "refused"}
