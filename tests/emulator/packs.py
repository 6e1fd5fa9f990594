# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packs: certificates of one type with one set of hosts, one for each signature algorithm, that count as one."""

from __future__ import annotations

import collections
import typing as t
from collections.abc import Iterable

JSONObject = dict[str, t.Any]
Pack = tuple[str, frozenset[str]]


def pack_of(item: JSONObject) -> Pack:
    """What the members of a pack have in common."""
    return str(item.get("type")), frozenset(host.lower() for host in item["hosts"])


def family(signature: str) -> tuple[bool, bool]:
    """What tells the members of a pack apart: SHA-2 with RSA, SHA-1 with RSA, or SHA-2 with ECDSA."""
    return "ECDSA" in signature, "SHA1" in signature


def living(items: Iterable[JSONObject]) -> list[JSONObject]:
    """Those that are not deleted."""
    return [item for item in items if item.get("status") != "deleted"]


def counted(items: Iterable[JSONObject], certificate_type: str) -> int:
    """How much of the quota of that type is used. Copies that should not be there count each."""
    copies: dict[Pack, collections.Counter[tuple[bool, bool]]] = collections.defaultdict(collections.Counter)
    for item in living(items):
        if item.get("type") == certificate_type:
            copies[pack_of(item)][family(item["signature"])] += 1
    return sum(max(counter.values()) for counter in copies.values())


def others_of(item: JSONObject, items: Iterable[JSONObject]) -> list[JSONObject]:
    """The other members of its pack."""
    return [other for other in living(items) if other is not item and pack_of(other) == pack_of(item)]


__all__ = ("counted", "family", "living", "others_of", "pack_of")
