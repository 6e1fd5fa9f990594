# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate comes first for a name that several certificates cover."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    numbers_of,
    read_certificate,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import Contest, find_contests
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import held


def contests(*certificates: Certificate, after: dict[str, int] | None = None) -> list[Contest]:
    before = numbers_of(certificates)
    return find_contests(certificates, before, {**before, **(after or {})})


MODERN = {"type": "sni_custom"}
ECDSA = {"signature": "ECDSAWithSHA384"}
LATE = {"uploaded_on": "2026-04-01T10:00:00Z"}
KEYLESS: dict[str, t.Any] = {"keyless_server": {"id": "x"}}


@pytest.mark.parametrize(
    ("certificates", "decided_by", "sure"),
    # The first of the certificates is the one that is expected to come first.
    [
        ([held("high", 2, "ab"), held("low", 1)], "priority", True),
        # Equal numbers go by the latest upload, then by the id
        ([held("a", 1), held("b", 1, "ab")], "recency", False),
        ([held("b", 1, "ab", **LATE), held("a", 1)], "recency", False),
        ([held("b", 1, "ab"), held("a", 1, uploaded_on=None)], "recency", False),
        ([held("b", 2, "ab"), held("a", 1, **LATE)], "priority", True),
        ([held("b", 1, "ab", **LATE, **MODERN), held("a", 1, **MODERN)], "recency", False),
        # The kind comes before the number
        ([held("legacy", 1), held("modern", 9, "ab", **MODERN)], "kind", True),
        ([held("legacy", 1), held("modern", 1, "ab", **MODERN)], "kind", True),
        ([held("keyless", 0, "ab", **KEYLESS), held("legacy", 1)], "kind", True),
        ([held("keyless", 1, type=None, **KEYLESS), held("unknown", 9, "ab", type=None)], "kind", True),
        # Where a type that Cloudflare does not name stands is a guess
        ([held("unknown", 1, type=None), held("modern", 9, "ab", **MODERN)], "kind", False),
        ([held("legacy", 1), held("unknown", 9, "ab", type="new_custom")], "kind", False),
        # Only the strongest of the others counts
        (
            [held("legacy", 1), held("modern", 9, "ab", **MODERN), held("low", 0, "ac")],
            "priority",
            True,
        ),
        # An effect of the number is documented between legacy_custom ones alone
        ([held("high", 2, "ab", **MODERN), held("low", 1, **MODERN)], "undocumented", False),
        ([held("high", 2, "ab", type=None), held("low", 1, type=None)], "undocumented", False),
        # Equal hosts and different algorithms are one choice
        ([held("ecdsa", 2, **ECDSA), held("rsa", 1)], "client", False),
        ([held("ecdsa", 2, **ECDSA), held("rsa", 2)], "client", False),
        ([held("ecdsa", 2, **ECDSA, **MODERN), held("rsa", 1, **MODERN)], "client", False),
        ([held("old", 2, signature="SHA1WithRSA"), held("rsa", 1)], "client", False),
        ([held("other", 2, signature="SHA384WithRSA"), held("rsa", 2)], "recency", False),
        ([held("ecdsa", 2, "ab", **ECDSA), held("rsa", 1)], "priority", True),
        ([held("unknown", 2, signature=None), held("rsa", 1)], "priority", True),
        ([held("rsa", 1), held("ecdsa", 2, **ECDSA, **MODERN)], "kind", True),
        # Of one type, that is: a keyless one may be of either
        (
            [held("ecdsa", 2, **KEYLESS, **ECDSA, **MODERN), held("rsa", 1, **KEYLESS)],
            "undocumented",
            False,
        ),
    ],
)
def test_what_comes_first(certificates: list[Certificate], decided_by: str, sure: bool) -> None:
    (found,) = [contest for contest in contests(*reversed(certificates)) if contest.name == "a.example.com"]
    result = found.as_result()
    assert result["before"] == result["after"] == certificates[0].id
    assert result["decided_by"] == decided_by
    assert (result["pack"], result["tie"]) == (decided_by == "client", decided_by == "recency")
    assert found.after.sure is sure


@pytest.mark.parametrize(
    ("third", "fields", "decided_by"),
    [
        (held("third", 2, "ab"), {}, "client"),
        (held("third", 9, "ab", **MODERN), {}, "client"),
        (held("zzz", 3, "ab"), {}, "recency"),
        (held("third", 2, "ab", **MODERN), MODERN, "undocumented"),
    ],
)
def test_the_client_picks_where_the_pack_is_surely_first(
    third: Certificate, fields: dict[str, str], decided_by: str
) -> None:
    pack = [held("rsa", 3, **fields), held("ecdsa", 1, **ECDSA, **fields)]
    (found,) = [contest for contest in contests(third, *pack) if contest.name == "a.example.com"]
    assert (found.after.certificate.id, found.after.decided_by, found.after.pack) == ("rsa", decided_by, True)


def test_an_item_says_by_itself_who_is_meant() -> None:
    old = held("old", 1, issuer="GlobalSignnvsa", expires_on="2027-01-01T00:00:00Z")
    (found,) = contests(old, held("new", 0, issuer=None, expires_on=None), after={"new": 2})
    assert found.as_result() == {
        "name": "a.example.com",
        "before": "old",
        "before_issuer": "GlobalSignnvsa",
        "before_expires_on": "2027-01-01T00:00:00Z",
        "after": "new",
        "after_issuer": None,
        "after_expires_on": None,
        "tie": False,
        "pack": False,
        "decided_by": "priority",
    }


def test_a_name_that_is_no_valid_name_is_compared_without_case_too() -> None:
    """It is longer than a label may be, so it has no A-label form."""
    upper, lower = (
        read_certificate({"id": name, "priority": 1, "hosts": [name * 64 + ".example.com"]})
        for name in ("\u00c9", "\u00e9")
    )
    assert [contest.name for contest in contests(upper, lower)] == ["\u00e9" * 64 + ".example.com"]


def test_a_name_that_one_covers_is_no_contest() -> None:
    assert contests(held("one", 1, "a"), held("two", 1, "b"), held("none", 1, "")) == []


def test_names_are_told_in_order_and_without_regard_to_case() -> None:
    shouting = read_certificate({"id": "two", "priority": 5, "hosts": ["B.EXAMPLE.com", "A.example.com"]})
    found = contests(held("one", 1, "ab", type=None), shouting, after={"one": 6})
    assert [(item.name, item.before.certificate.id, item.after.certificate.id, item.moves) for item in found] == [
        ("a.example.com", "two", "one", True),
        ("b.example.com", "two", "one", True),
    ]
