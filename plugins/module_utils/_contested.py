# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Determines which certificate comes first for a hostname that several certificates cover, and what decides it. Pure.

Cloudflare compares the kind first, then the priority, then which certificate was ordered most recently. The API returns no
time of ordering, so the time of the upload is used instead.
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
PRIORITY = "priority"  # the higher priority, documented between legacy_custom certificates
CLIENT = "client"  # a pack, from which the visitor's client picks
RECENCY = "recency"  # equal priorities
UNDOCUMENTED = "undocumented"  # different priorities without a documented effect


class First(t.NamedTuple):
    """The certificate that comes first for a name.

    :param decided_by: What puts it before the next certificate, see C(_decided_by).
    :param pack: Whether it is one of several certificates with equal host lists and different algorithms.
    :param sure: Whether Cloudflare documents that every visitor gets it. This is false where the client picks, for an
        undocumented type, and for equal priorities: the latest upload is only a guess at the most recently ordered one.
    """

    certificate: Certificate
    decided_by: str
    pack: bool
    sure: bool

    @property
    def tie(self) -> bool:
        """Whether a certificate outside its pack has the same kind and the same priority."""
        return self.decided_by == RECENCY


class Contest(t.NamedTuple):
    """A name that two or more certificates cover.

    :param holders: The certificates that cover it, the first one at the front.
    :param before: The certificate that came first before the run.
    :param after: The certificate that comes first after the run, or would in check mode.
    """

    name: str
    holders: tuple[Certificate, ...]
    before: First
    after: First

    @property
    def moves(self) -> bool:
        """Whether the first certificate changes."""
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
    """Return the contested names, sorted by name.

    :param before: Priorities before the run, by id.
    :param after: Priorities after the run, by id.
    """
    certificates = tuple(certificates)
    ranked_before, ranked_after = (_ranked_by_name(certificates, numbers) for numbers in (before, after))
    return [
        Contest(name, tuple(holders), _first(ranked_before[name], before), _first(holders, after))
        for name, holders in sorted(ranked_after.items())
        if len(holders) > 1
    ]


def compare_contests(before: t.Sequence[Certificate], after: t.Sequence[Certificate]) -> list[dict[str, t.Any]]:
    """Return RV(contested) for a run that added, replaced or removed a certificate.

    It has an item for each name that two or more certificates cover before or after the run. An id is null where no
    certificate covers the name.
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
    """Return the certificates that cover each name, the first one at the front."""
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
    """Return what puts a certificate before the next one that is not in its pack.

    A pack competes as a whole. If its first place is documented, the client's choice within the pack decides. Otherwise
    the pack itself may not come first, so that is reported instead.
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
    """Return whether two certificates form a pack: equal hosts and different algorithms, so that the client picks."""
    return (
        (one.rank, one.type) == (other.rank, other.type)
        and one.names == other.names
        and None not in (one.algorithm, other.algorithm)
        and one.algorithm != other.algorithm
    )
