# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Which certificate comes first for a name that several certificates of a zone cover, and what decides it. Pure.

Cloudflare goes by the kind first, then by the priority, then by what was ordered most recently. So does the ranking here,
with the latest upload for the last one, as the API returns no time of ordering.
Source: Cloudflare documentation, "Certificate and hostname priority" and "Custom certificates".
"""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    KEYLESS,
    LEGACY,
    UNKNOWN,
    Certificate,
    Numbers,
    numbers_of,
)

KIND = "kind"  # keyless, then legacy_custom, then an unknown type, then sni_custom
PRIORITY = "priority"  # the higher number, which is documented between legacy_custom ones
CLIENT = "client"  # a pack, from which the visitor's client picks
RECENCY = "recency"  # equal numbers
UNDOCUMENTED = "undocumented"  # different numbers, of which no effect is documented


class First(t.NamedTuple):
    """The certificate that comes first for a name.

    :param decided_by: What puts it before the strongest of the other certificates, see _decided_by.
    :param pack: It is one of several with equal host lists and different algorithms.
    :param sure: Cloudflare documents that every visitor gets it. It does not where the client picks, for a type that it does
        not name, nor for equal numbers: there, what was ordered most recently wins, and the latest upload is only the best
        guess at that.
    """

    certificate: Certificate
    decided_by: str
    pack: bool
    sure: bool

    @property
    def tie(self) -> bool:
        """Whether another certificate that is not of its pack has the same kind and the same number."""
        return self.decided_by == RECENCY


class Contest(t.NamedTuple):
    """A name that two or more certificates cover, and which of them comes first.

    :param before: The first one with the numbers as they were.
    :param after: The first one with the numbers as they are, or will be.
    """

    name: str
    holders: tuple[Certificate, ...]
    before: First
    after: First

    @property
    def moves(self) -> bool:
        """Whether another certificate comes first than before."""
        return self.before.certificate.id != self.after.certificate.id

    def as_result(self) -> dict[str, t.Any]:
        """Return it as an item of RV(contested)."""
        return _item(self.name, self.before, self.after)


def _item(name: str, before: First | None, after: First | None, contested: bool = True) -> dict[str, t.Any]:
    """Return an item of RV(contested).

    :param contested: Whether two or more certificates cover the name after the run.
    """
    decides = after if contested else None
    return {
        "name": name,
        **_fields("before", before.certificate if before else None),
        **_fields("after", after.certificate if after else None),
        "tie": decides is not None and decides.tie,
        "pack": decides is not None and decides.pack,
        "decided_by": decides.decided_by if decides else None,
    }


def _fields(when: str, certificate: Certificate | None) -> dict[str, t.Any]:
    return {
        when: certificate.id if certificate else None,
        f"{when}_issuer": certificate.issuer if certificate else None,
        f"{when}_expires_on": certificate.raw.get("expires_on") if certificate else None,
    }


def find_contests(certificates: t.Iterable[Certificate], before: Numbers, after: Numbers) -> list[Contest]:
    """Find every contested name, in the order of the names.

    :param before: The number of each certificate, by id, as it was.
    :param after: The same as it is or will be.
    """
    certificates = tuple(certificates)
    ranked_before, ranked_after = (_ranked_by_name(certificates, numbers) for numbers in (before, after))
    return [
        Contest(name, tuple(holders), _first(ranked_before[name], before), _first(holders, after))
        for name, holders in sorted(ranked_after.items())
        if len(holders) > 1
    ]


def compare_contests(before: t.Sequence[Certificate], after: t.Sequence[Certificate]) -> list[dict[str, t.Any]]:
    """Return items of RV(contested) for a run that has changed which certificates there are.

    They are of the names that two or more certificates cover before or after it; where none does, an id is null.
    """
    numbers_before, numbers_after = numbers_of(before), numbers_of(after)
    was, now = _ranked_by_name(before, numbers_before), _ranked_by_name(after, numbers_after)
    return [
        _item(
            name,
            _first(was[name], numbers_before) if name in was else None,
            _first(now[name], numbers_after) if name in now else None,
            len(now.get(name, ())) > 1,
        )
        for name in sorted({*was, *now})
        if max(len(was.get(name, ())), len(now.get(name, ()))) > 1
    ]


def _ranked_by_name(certificates: t.Iterable[Certificate], numbers: Numbers) -> dict[str, list[Certificate]]:
    """Return those that cover each name, the one that comes first at the front."""
    holders: dict[str, list[Certificate]] = {}
    for certificate in sorted(
        certificates,
        key=lambda certificate: (certificate.rank, -numbers[certificate.id], certificate.latest_upload_first()),
    ):
        for name in certificate.names:
            holders.setdefault(name, []).append(certificate)
    return holders


def _first(ranked: t.Sequence[Certificate], numbers: Numbers) -> First:
    first, *others = ranked
    rivals = [other for other in others if not of_one_pack(first, other)]
    pack = len(rivals) < len(others)
    decided_by = _decided_by(first, pack, rivals[0] if rivals else None, numbers)
    named = first.rank == KEYLESS or UNKNOWN not in (first.rank, *(rival.rank for rival in rivals[:1]))
    return First(first, decided_by, pack, sure=decided_by in (KIND, PRIORITY) and named)


def _decided_by(first: Certificate, pack: bool, rival: Certificate | None, numbers: Numbers) -> str:
    """Say what puts a certificate before the strongest one that is not of its pack.

    A pack competes as a whole. Where what puts it first is documented, the client still picks from it, so that is what
    decides. Where it is not, the pack itself may not be first, which is the greater doubt.
    """
    if rival is None:
        return CLIENT
    if first.rank == rival.rank and numbers[first.id] == numbers[rival.id]:
        return RECENCY
    if first.rank == rival.rank and first.rank != LEGACY:
        return UNDOCUMENTED
    if pack:
        return CLIENT
    return PRIORITY if first.rank == rival.rank else KIND


def of_one_pack(one: Certificate, other: Certificate) -> bool:
    """Whether both are one choice to Cloudflare, which leaves it to the client: equal hosts, different algorithms."""
    return (
        (one.rank, one.type) == (other.rank, other.type)
        and one.names == other.names
        and None not in (one.algorithm, other.algorithm)
        and one.algorithm != other.algorithm
    )
