# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packs: certificates of the same type with the same hosts and different signature algorithms, of which a client picks one.

A pack counts as one certificate of the quota.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from .objects import JSONObject, Zone

Pack = tuple[str, frozenset[str]]


def pack_of(item: JSONObject) -> Pack:
    """Return the fields that all certificates of a pack share."""
    return str(item.get("type")), frozenset(host.lower() for host in item["hosts"])


def family(item: JSONObject) -> tuple[bool, bool]:
    """Return a value that differs between the certificates of a pack: for SHA-2 with RSA, SHA-1 with RSA, or SHA-2 with ECDSA."""
    return "ECDSA" in item["signature"], "SHA1" in item["signature"]


def living(items: Iterable[JSONObject]) -> list[JSONObject]:
    """Return the certificates that are not deleted."""
    return [item for item in items if item.get("status") != "deleted"]


def counted(items: Iterable[JSONObject], kind: str) -> int:
    """Return the number of packs of this type."""
    return len({pack_of(item) for item in living(items) if item.get("type") == kind})


def others_of(item: JSONObject, items: Iterable[JSONObject]) -> list[JSONObject]:
    """Return the other certificates of its pack."""
    return [other for other in living(items) if other is not item and pack_of(other) == pack_of(item)]


def forbidden(zone: Zone) -> list[tuple[str, str]]:
    """Return the pairs of a zone's certificates that the API would not allow together (error 1228)."""
    return [
        (one["id"], other["id"])
        for one, other in itertools.combinations(zone.certificates, 2)
        if pack_of(one) == pack_of(other) and family(one) == family(other)
    ]
