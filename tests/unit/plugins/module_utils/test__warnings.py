# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings about the order requested, which are given only for real problems."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, numbers_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._warnings import find_warnings
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import held

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MODERN: dict[str, t.Any] = {"type": "sni_custom"}
KEY_SERVER: dict[str, t.Any] = {"keyless_server": {"id": "x"}}


def warnings(
    listed: list[Certificate], *unlisted: Certificate, before: dict[str, int] | None = None
) -> t.Sequence[str]:
    """Warn about the listed certificates, which have their numbers by now."""
    zone = [*listed, *unlisted]
    after = numbers_of(zone)
    numbers = {**after, **(before or {})}
    return find_warnings(listed, zone, find_contests(zone, numbers, after), numbers, after, NOW)


EXPIRED = held("expired", 9, "ab", expires_on="2026-06-01T00:00:00Z")
FIT = held("fit", 1)


@pytest.mark.parametrize(
    ("unfit", "why"),
    [
        (EXPIRED, "expired on 2026-06-01"),
        (held("pending", 9, "ab", status="pending"), "has status pending"),
    ],
)
def test_an_unfit_first(unfit: Certificate, why: str) -> None:
    (text,) = warnings([unfit], FIT)
    assert "1 contested hostname:" in text
    assert f"a.example.com gets {unfit.id} (DigiCertInc), which {why}" in text


def test_but_not_where_the_list_decides_nothing_or_has_no_choice() -> None:
    assert warnings([FIT], EXPIRED) == []
    assert warnings([EXPIRED], held("other", 1, "a", status="x")) == []


LEGACY_FIRST = "Cloudflare uses a legacy_custom certificate before an sni_custom one, whatever the priority."
KEYLESS_FIRST = "Cloudflare uses a keyless certificate before all others, whatever the priority."
UPPER, LEGACY, KEYLESS = held("upper", 9, "ab", **MODERN), held("legacy", 5), held("keyless", 1, **KEY_SERVER)
APART = held("apart", 5, "c")


@pytest.mark.parametrize(
    ("listed", "unlisted", "begins", "says"),
    [
        (
            [UPPER, LEGACY],
            [],
            LEGACY_FIRST,
            "in 1 place, such as legacy (DigiCertInc) before upper (DigiCertInc), for the hostnames that both cover.",
        ),
        ([LEGACY, KEYLESS], [], KEYLESS_FIRST, "keyless (DigiCertInc) before legacy"),
        ([held("strange", 9, type=None), KEYLESS], [], KEYLESS_FIRST, "before strange"),
        # The list need not name it
        ([UPPER], [LEGACY], LEGACY_FIRST, "Certificate legacy is not listed."),
        ([LEGACY], [KEYLESS], KEYLESS_FIRST, "Certificate keyless is not listed."),
        ([UPPER], [held("none", 5, "")], LEGACY_FIRST, "such as none (DigiCertInc) before upper"),
        ([UPPER], [LEGACY, held("two", 5, "b"), APART], LEGACY_FIRST, "in 2 places"),
    ],
)
def test_what_the_kind_overrules(
    listed: list[Certificate], unlisted: list[Certificate], begins: str, says: str
) -> None:
    (text,) = warnings(listed, *unlisted)
    assert text.startswith(begins)
    assert says in text


def test_kinds_are_told_once_each_and_only_where_they_overrule_the_list() -> None:
    lower = held("lower", 1, **MODERN)
    assert len(warnings([UPPER, LEGACY, KEYLESS])) == 2
    assert warnings([held("keyless", 9, **KEY_SERVER), LEGACY, lower]) == []
    assert warnings([UPPER, APART]) == []
    # Above by its number, too, or with an equal one; or both unlisted: the list says nothing about them.
    assert warnings([lower], LEGACY) == []
    assert warnings([lower], held("legacy", 1)) == []
    assert warnings([APART], UPPER, LEGACY) == []


def test_a_change_among_certificates_where_no_effect_of_it_is_documented() -> None:
    one, two = held("one", 2, "ab", **MODERN), held("two", 1, "ab", **MODERN)
    (text,) = warnings([one, two], held("three", 0, "abc", **MODERN), before={"one": 0})
    assert "may have no effect for 2 contested hostnames, such as a.example.com." in text
    # Not in a run that changes nothing, nor where something else decides.
    assert warnings([one, held("three", 0, "abc", **MODERN)]) == []
    assert warnings([held("legacy", 5), held("modern", 1, **MODERN)], before={"modern": 0}) == []
    assert warnings([held("legacy", 5), held("other", 1, "ab")], before={"other": 7}) == []


def test_packs_and_ties_are_no_warning() -> None:
    assert warnings([held("rsa", 2), held("ecdsa", 1, signature="ECDSAWithSHA256")], before={"rsa": 0}) == []
    assert warnings([held("one", 2)], held("two", 2, "ab")) == []
    pack = [held("rsa", 2, **MODERN), held("ecdsa", 1, signature="ECDSAWithSHA256", **MODERN)]
    assert warnings(pack, before={"rsa": 0}) == []
    assert warnings([held("one", 2, **MODERN)], held("two", 2, "ab", **MODERN), before={"two": 1}) == []


def test_nothing_matched_though_there_is_something_to_decide() -> None:
    (text,) = warnings([], EXPIRED, FIT)
    assert "1 contested hostname, such as a.example.com. No order was set" in text
    assert warnings([]) == []
