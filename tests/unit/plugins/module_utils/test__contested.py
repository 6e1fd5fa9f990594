# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate comes first for a name that several certificates cover."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, read_certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import Contest, find_contests


def made(identifier: str, priority: int = 0, hosts: str = "a", **fields: t.Any) -> Certificate:
    names = [f"{label}.example.com" for label in hosts]
    shape = {"type": "legacy_custom", "signature": "SHA256WithRSA", "status": "active", **fields}
    return read_certificate({"id": identifier, "priority": priority, "hosts": names, **shape})


def contests(*certificates: Certificate, after: dict[str, int] | None = None) -> list[Contest]:
    before = {certificate.id: certificate.priority for certificate in certificates}
    return find_contests(certificates, before, {**before, **(after or {})})


MODERN = {"type": "sni_custom"}
ECDSA = {"signature": "ECDSAWithSHA384"}
EARLY, LATE = ({"uploaded_on": f"2026-0{month}-01T10:00:00Z"} for month in (3, 4))


@pytest.mark.parametrize(
    ("certificates", "first", "decided_by", "pack"),
    [
        ([made("low", 1), made("high", 2, "ab")], "high", "priority", False),
        # Equal numbers go by the latest upload, then by the id
        ([made("a", 1), made("b", 1, "ab")], "a", "recency", False),
        ([made("a", 1, **EARLY), made("b", 1, "ab", **LATE)], "b", "recency", False),
        ([made("a", 1), made("b", 1, "ab", **EARLY)], "b", "recency", False),
        ([made("a", 1, **LATE), made("b", 2, "ab", **EARLY)], "b", "priority", False),
        ([made("a", 1, **EARLY, **MODERN), made("b", 1, "ab", **LATE, **MODERN)], "b", "recency", False),
        # The kind comes before the number
        ([made("legacy", 1), made("modern", 9, "ab", **MODERN)], "legacy", "kind", False),
        ([made("legacy", 1), made("modern", 1, "ab", **MODERN)], "legacy", "kind", False),
        ([made("legacy", 1), made("keyless", 0, "ab", keyless_server={"id": "x"})], "keyless", "kind", False),
        ([made("unknown", 1, type=None), made("modern", 9, "ab", **MODERN)], "unknown", "kind", False),
        ([made("legacy", 1), made("unknown", 9, "ab", type="new_custom")], "legacy", "kind", False),
        # Only the strongest of the others counts
        ([made("legacy", 1), made("modern", 9, "ab", **MODERN), made("low", 0, "ac")], "legacy", "priority", False),
        # An effect of the number is documented between legacy_custom ones alone
        ([made("low", 1, **MODERN), made("high", 2, "ab", **MODERN)], "high", "undocumented", False),
        ([made("low", 1, type=None), made("high", 2, "ab", type=None)], "high", "undocumented", False),
        # Equal hosts and different algorithms are one choice
        ([made("rsa", 1), made("ecdsa", 2, **ECDSA)], "ecdsa", "client", True),
        ([made("rsa", 2), made("ecdsa", 2, **ECDSA)], "ecdsa", "client", True),
        # Of one type, that is: a keyless one may be of either
        (
            [
                made("rsa", 1, keyless_server={"id": "x"}),
                made("ecdsa", 2, keyless_server={"id": "x"}, **ECDSA, **MODERN),
            ],
            "ecdsa",
            "undocumented",
            False,
        ),
        ([made("rsa", 1, **MODERN), made("ecdsa", 2, **ECDSA, **MODERN)], "ecdsa", "client", True),
        ([made("rsa", 1), made("old", 2, signature="SHA1WithRSA")], "old", "client", True),
        ([made("rsa", 2), made("other", 2, signature="SHA384WithRSA")], "other", "recency", False),
        ([made("rsa", 1), made("ecdsa", 2, "ab", **ECDSA)], "ecdsa", "priority", False),
        ([made("rsa", 1), made("unknown", 2, signature=None)], "unknown", "priority", False),
        ([made("rsa", 1), made("ecdsa", 2, **ECDSA, **MODERN)], "rsa", "kind", False),
        # A pack with a third one: the client picks where the pack is surely first
        ([made("rsa", 3), made("ecdsa", 1, **ECDSA), made("third", 2, "ab")], "rsa", "client", True),
        ([made("rsa", 3), made("ecdsa", 1, **ECDSA), made("third", 9, "ab", **MODERN)], "rsa", "client", True),
        ([made("rsa", 2), made("ecdsa", 1, **ECDSA), made("zzz", 2, "ab")], "rsa", "recency", True),
        (
            [made("rsa", 3, **MODERN), made("ecdsa", 1, **ECDSA, **MODERN), made("third", 2, "ab", **MODERN)],
            "rsa",
            "undocumented",
            True,
        ),
    ],
)
def test_first(certificates: list[Certificate], first: str, decided_by: str, pack: bool) -> None:
    (found,) = [contest for contest in contests(*certificates) if contest.name == "a.example.com"]
    result = found.as_result()
    told = {key: result[key] for key in ("before", "after", "decided_by", "pack", "tie")}
    assert told == {
        "before": first,
        "after": first,
        "decided_by": decided_by,
        "pack": pack,
        "tie": decided_by == "recency",
    }


@pytest.mark.parametrize(
    ("certificates", "sure"),
    [
        ([made("low", 1), made("high", 2, "ab")], True),
        ([made("legacy", 1), made("modern", 9, "ab", **MODERN)], True),
        ([made("keyless", 1, type=None, keyless_server={"id": "x"}), made("unknown", 9, "ab", type=None)], True),
        # Where a type that Cloudflare does not name stands is a guess
        ([made("legacy", 1), made("unknown", 9, "ab", type="new_custom")], False),
        ([made("unknown", 1, type=None), made("modern", 9, "ab", **MODERN)], False),
        ([made("low", 1), made("high", 1, "ab")], False),
        ([made("low", 1, **MODERN), made("high", 2, "ab", **MODERN)], False),
        ([made("rsa", 1), made("ecdsa", 2, **ECDSA)], False),
    ],
)
def test_what_is_sure_is_documented(certificates: list[Certificate], sure: bool) -> None:
    (found,) = [contest for contest in contests(*certificates) if contest.name == "a.example.com"]
    assert found.after.sure is sure


def test_an_item_says_by_itself_who_is_meant() -> None:
    old = made("old", 1, issuer="DigiCertInc", expires_on="2027-01-01T00:00:00Z")
    (found,) = contests(old, made("new", 1, "a", type="sni_custom", issuer="LetsEncrypt"))
    assert found.as_result() == {
        "name": "a.example.com",
        "before": "old",
        "before_issuer": "DigiCertInc",
        "before_expires_on": "2027-01-01T00:00:00Z",
        "after": "old",
        "after_issuer": "DigiCertInc",
        "after_expires_on": "2027-01-01T00:00:00Z",
        "tie": False,
        "pack": False,
        "decided_by": "kind",
    }
    (found,) = contests(old, made("new", 0, signature="SHA384WithRSA"), after={"new": 2})
    result = found.as_result()
    assert (result["before_issuer"], result["after_issuer"]) == ("DigiCertInc", None)
    assert (result["after"], result["after_expires_on"]) == ("new", None)


def test_a_name_that_is_no_valid_name_is_compared_without_case_too() -> None:
    """It is longer than a label may be, so it has no A-label form."""
    upper, lower = (
        read_certificate({"id": name, "priority": 1, "hosts": [name * 64 + ".example.com"]})
        for name in ("\u00c9", "\u00e9")
    )
    assert [contest.name for contest in contests(upper, lower)] == ["\u00e9" * 64 + ".example.com"]


def test_a_name_that_one_covers_is_no_contest() -> None:
    assert contests(made("one", 1, "a"), made("two", 1, "b"), made("none", 1, "")) == []


def test_names_are_told_in_order_and_without_regard_to_case() -> None:
    shouting = read_certificate({"id": "two", "priority": 5, "hosts": ["B.EXAMPLE.com", "A.example.com"]})
    found = contests(made("one", 1, "ab", type=None), shouting, after={"one": 6})
    assert [(item.name, item.before.certificate.id, item.after.certificate.id, item.moves) for item in found] == [
        ("a.example.com", "two", "one", True),
        ("b.example.com", "two", "one", True),
    ]
