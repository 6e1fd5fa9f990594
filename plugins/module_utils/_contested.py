# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Who is served first for the names that several certificates of a zone hold. Pure.

Source: Cloudflare documentation, "Certificate and hostname priority" and "Custom certificates".
"""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._ordering import Numbers


class Contest(t.NamedTuple):
    """A name that two or more certificates hold, and which of them comes first.

    :param before: The first one with the numbers as they were.
    :param after: The first one with the numbers as they are, or will be.
    :param tie: Another one, of no pack with the first, has the same standing and number; the lower id is named.
    :param pack: The first is one of several with equal host lists, from which the visitor's client picks.
    """

    name: str
    holders: tuple[Certificate, ...]
    before: Certificate
    after: Certificate
    tie: bool
    pack: bool

    def as_result(self) -> dict[str, t.Any]:
        """Return it as an item of RV(contested)."""
        return {
            "name": self.name,
            "before": self.before.id,
            "after": self.after.id,
            "tie": self.tie,
            "pack": self.pack,
        }


def find_contests(certificates: t.Iterable[Certificate], before: Numbers, after: Numbers) -> list[Contest]:
    """Find every contested name, in the order of the names.

    :param before: The number of each certificate, by id, as it was.
    :param after: The same as it is or will be.
    """
    holders: dict[str, list[Certificate]] = {}
    for certificate in certificates:
        for name in certificate.names:
            holders.setdefault(name, []).append(certificate)
    return [_contest(name, tuple(rivals), before, after) for name, rivals in sorted(holders.items()) if len(rivals) > 1]


def _contest(name: str, holders: tuple[Certificate, ...], before: Numbers, after: Numbers) -> Contest:
    first, *others = _ranked(holders, after)
    pack = [other for other in others if _of_one_pack(first, other)]
    tie = any(other.rank == first.rank and after[other.id] == after[first.id] for other in others if other not in pack)
    return Contest(name, holders, _ranked(holders, before)[0], first, tie, bool(pack))


def _ranked(holders: t.Iterable[Certificate], numbers: Numbers) -> list[Certificate]:
    return sorted(holders, key=lambda certificate: (certificate.rank, -numbers[certificate.id], certificate.id))


def _of_one_pack(one: Certificate, other: Certificate) -> bool:
    """Whether both are one choice to Cloudflare, which leaves it to the client: equal hosts, different algorithms."""
    return (
        one.rank == other.rank
        and one.names == other.names
        and None not in (one.algorithm, other.algorithm)
        and one.algorithm != other.algorithm
    )
