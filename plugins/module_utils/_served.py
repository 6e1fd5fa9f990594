# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Compares the certificates that the edge served with the order of a zone. Pure.

A certificate is expected only where Cloudflare documents which one comes first. A certificate has one key, either ECDSA or
RSA. What clients that only accept the other kind of key get is documented only if the certificate is part of a pack.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import KEYLESS, UNKNOWN, Certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import (
    CLIENT,
    KIND,
    PRIORITY,
    RECENCY,
    UNDOCUMENTED,
    of_one_pack,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import wildcard_over
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._same import find_same
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed, printable

if t.TYPE_CHECKING:  # pragma: no cover
    from ansible_collections.zonefleet.cloudflare.plugins.module_utils._x509 import Leaf

ANY_KEY = "any"

_DOCUMENTED = (KIND, PRIORITY, CLIENT)

_OTHER_KIND = "The certificate that comes first has a key of another kind, and Cloudflare does not document what this client gets."
_WHY_NOT_DOCUMENTED = {
    RECENCY: "Certificates with equal priorities cover this name. Cloudflare serves the most recently ordered one, which the "
    "API does not return.",
    UNDOCUMENTED: "Cloudflare does not document an effect of priority between the certificates that cover this name.",
}


class Presented(t.NamedTuple):
    """The certificate that one kind of client got for a name.

    :param key_type: The keys that the client accepts: V(ecdsa), V(rsa) or V(any).
    :param untrusted: Why a verifying client would refuse the leaf, None if it would accept it.
    :param error: Why there is no leaf, or None.
    """

    name: str
    key_type: str
    leaf: Leaf | None
    untrusted: str | None
    error: str | None


class First(t.NamedTuple):
    """The certificate that comes first for a contested name, and what decides it."""

    id: str
    decided_by: str


class Row(t.NamedTuple):
    """The certificate that was served, and the result of the comparison.

    :param reason: Why C(certificate_id) or C(as_expected) is null, or None.
    :param other_kind: Whether C(as_expected) is null only because the first certificate has the other kind of key.
    """

    presented: Presented
    certificate_id: str | None
    expected_id: str | None
    as_expected: bool | None
    reason: str | None
    other_kind: bool

    def as_result(self) -> dict[str, t.Any]:
        """Return it as an item of RV(served)."""
        leaf = self.presented.leaf
        return {
            "name": self.presented.name,
            "key_type": self.presented.key_type,
            "issuer": leaf and leaf.issuer,
            "hosts": leaf and sorted(leaf.names),
            "expires_on": leaf and f"{leaf.expires_on:%Y-%m-%dT%H:%M:%SZ}",
            "signature": leaf and leaf.signature,
            "serial_number": leaf and f"{leaf.serial_number:x}",
            "fingerprint_sha256": leaf and leaf.fingerprint_sha256,
            "trusted": leaf and self.presented.untrusted is None,
            "untrusted_reason": self.presented.untrusted,
            "certificate_id": self.certificate_id,
            "expected_id": self.expected_id,
            "as_expected": self.as_expected,
            "reason": self.reason,
            "error": self.presented.error,
        }


class _Expected(t.NamedTuple):
    """The certificates of which one is expected.

    :param certificates: The first certificate or its whole pack. Empty if nothing is expected.
    :param why_none: Why nothing is expected, or None.
    """

    first: Certificate | None
    certificates: tuple[Certificate, ...]
    why_none: str | None


def compare(
    presented: t.Iterable[Presented],
    certificates: t.Sequence[Certificate],
    firsts: t.Mapping[str, First],
    now: datetime,
) -> list[Row]:
    """Compare the certificates that were served with a zone's certificates and their order.

    :param firsts: The certificate that comes first, by contested name.
    """
    by_name: dict[str, list[Presented]] = {}
    for found in presented:
        by_name.setdefault(found.name, []).append(found)
    return [
        row
        for name, group in by_name.items()
        for row in _compare_name(group, certificates, _expect(name, certificates, firsts, now))
    ]


def is_all_as_expected(rows: t.Sequence[Row]) -> bool | None:
    """Return whether every name gets the expected certificate. None if that is unknown for a name."""
    if any(row.as_expected is False for row in rows):
        return False
    names = {row.presented.name for row in rows}
    seen = {row.presented.name for row in rows if row.as_expected}
    unknown = any(row.as_expected is None and not row.other_kind for row in rows)
    return True if names and seen == names and not unknown else None


def _expect(
    name: str, certificates: t.Sequence[Certificate], firsts: t.Mapping[str, First], now: datetime
) -> _Expected:
    """Return what is expected for a name. An exact name comes before a wildcard."""
    for covering in (name, wildcard_over(name)):
        holders = [found for found in certificates if covering in found.names]
        contest = firsts.get(covering)
        if contest:
            return _expect_first(contest, holders, now)
        if len(holders) == 1:
            return _expect_first(First(holders[0].id, KIND), holders, now)
        if holders:
            why = (
                f"{len(holders)} items of 'certificates' cover {printable(covering)}, and 'contested' has none for it."
            )
            return _Expected(None, (), why)
    return _Expected(None, (), "No custom certificate of the zone covers this name.")


def _expect_first(contest: First, holders: t.Sequence[Certificate], now: datetime) -> _Expected:
    first = next((found for found in holders if found.id == contest.id), None)
    if first is None:
        why = (
            f"The certificate {printable(contest.id, 64)} of 'contested' is not among the 'certificates' for this name."
        )
        return _Expected(None, (), why)
    if contest.decided_by not in _DOCUMENTED:
        return _Expected(first, (), _WHY_NOT_DOCUMENTED.get(contest.decided_by, _WHY_NOT_DOCUMENTED[UNDOCUMENTED]))
    if first.why_unfit(now):
        return _Expected(first, (), f"The certificate that comes first {first.why_unfit(now)}.")
    pack = [found for found in holders if found is first or of_one_pack(first, found)]
    rivals = [found for found in holders if found not in pack]
    if rivals and first.rank != KEYLESS and UNKNOWN in (first.rank, *(rival.rank for rival in rivals)):
        return _Expected(first, (), "Certificates of a type that Cloudflare does not document cover this name.")
    return _Expected(first, tuple(pack) if contest.decided_by == CLIENT else (first,), None)


def _compare_name(
    group: t.Sequence[Presented], certificates: t.Sequence[Certificate], expected: _Expected
) -> t.Iterator[Row]:
    same = [find_same(found.leaf, certificates) if found.leaf else [] for found in group]
    for found, looks_same in zip(group, same):
        keys_seen = {
            others[0].id
            for other, others in zip(group, same)
            if len(others) == 1 and other.key_type not in (found.key_type, ANY_KEY)
        }
        fitting = [one for one in expected.certificates if one.id not in keys_seen and _fits(one, found.key_type)]
        as_expected, reason = _judge(found, looks_same, expected, fitting)
        shown = fitting[0] if fitting else expected.first
        yield Row(
            presented=found,
            certificate_id=looks_same[0].id if len(looks_same) == 1 else None,
            expected_id=shown and shown.id,
            as_expected=as_expected,
            reason=reason or _why_no_id(found, looks_same),
            other_kind=as_expected is None and bool(expected.certificates) and not fitting,
        )


def _fits(certificate: Certificate, key_type: str) -> bool:
    """Return whether clients that accept this type of key may get a certificate, judged by its signature."""
    return key_type == ANY_KEY or certificate.algorithm is None or certificate.algorithm.endswith(key_type)


def _judge(
    found: Presented, looks_same: t.Sequence[Certificate], expected: _Expected, fitting: t.Sequence[Certificate]
) -> tuple[bool | None, str | None]:
    """Return RV(served[].as_expected), and the reason if it is null."""
    if found.error:
        return None, None
    if not expected.certificates:
        return None, expected.why_none
    accepted = {one.id for one in expected.certificates}
    same = {one.id for one in looks_same}
    if same and same <= accepted:
        return True, None
    if same & accepted:
        return None, _cannot_tell(looks_same)
    return (False, None) if fitting else (None, _OTHER_KIND)


def _why_no_id(found: Presented, looks_same: t.Sequence[Certificate]) -> str | None:
    if found.error or len(looks_same) == 1:
        return None
    return _cannot_tell(looks_same) if looks_same else "No custom certificate of the zone matches this one."


def _cannot_tell(looks_same: t.Sequence[Certificate]) -> str:
    ids = listed(one.id for one in looks_same)
    return f"{len(looks_same)} custom certificates of the zone match this one: {ids}."
