# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Determines which certificates visitors get for a name, as Cloudflare documents it. Pure.

This follows the pages "Certificate and hostname priority" and "Custom certificates". It deliberately does not use the
collection's code, so that tests can find differences:

1. A name belongs to the most specific zone.
2. A certificate with exactly this name comes before one with a wildcard that covers it.
3. Keyless ones come before `legacy_custom`, and these before `sni_custom`.
4. Among `legacy_custom` certificates, the higher `priority` comes first.
5. Among the remaining ones, the most recently ordered one comes first.
6. Certificates with equal hosts form a pack, from which the visitor's client picks one.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
from collections.abc import Iterable

from .behaviour import Switches, tested, values_of
from .objects import JSONObject, Zone
from .packs import pack_of

_MODERN, _LEGACY, _KEYLESS = 0, 1, 2


@dataclasses.dataclass(frozen=True)
class EdgeBehaviour(Switches):
    """The behaviour of an edge where it is undocumented, or where a test needs a deviation.

    The defaults are as documented, except that only the expired certificate of a pack is not served, not the whole pack.
    """

    sni_priority: t.Literal["ignored", "counts"] = "ignored"
    """Whether `priority` decides among `sni_custom` certificates as well."""

    tie: t.Literal["most_recent", "lowest_id"] = "most_recent"
    """What decides between certificates that are equal in all other respects."""

    delay_handshakes: int = tested(0, 3)
    """How many handshakes still get the certificates from before a change."""

    one_kind: t.Literal["no", "ecdsa", "rsa"] = "no"
    """Whether a pack with two kinds of keys serves both, or only this kind."""

    expired: t.Literal["left_out", "served"] = "left_out"
    """Whether expired certificates are still served."""

    tls_1_3_only: bool = tested(False, True)
    """Whether handshakes below TLS 1.3 are refused."""

    unknown_sni: t.Literal["alert", "default"] = "alert"
    """What clients get for a name without a certificate, or without SNI: an alert, or another certificate."""


EDGE_SWITCHES = values_of(EdgeBehaviour)


def zone_of(name: str, zones: Iterable[Zone]) -> Zone | None:
    """Return the most specific active zone that a name belongs to, or None."""
    dotted = f".{a_label(name)}"
    own = [zone for zone in zones if zone.api["status"] == "active" and dotted.endswith(f".{a_label(zone.name)}")]
    return max(own, key=lambda zone: len(zone.name), default=None)


def choose(
    name: str, items: Iterable[JSONObject], behaviour: EdgeBehaviour, now: datetime.datetime
) -> list[JSONObject]:
    """Return the pack that is served for a name, sorted by id. It is empty if no certificate covers the name."""
    name = a_label(name)
    served = [item for item in items if is_served(item, behaviour, now)]
    candidates = [item for item in served if name in _names(item)]
    if not candidates:
        wildcard = f"*.{name.partition('.')[2]}"
        candidates = [item for item in served if wildcard in _names(item)]
    candidates.sort(key=lambda item: str(item["id"]))
    first = max(candidates, key=lambda item: _rank(item, behaviour), default=None)
    if first is None:
        return []
    return _of_one_kind([item for item in candidates if _key(item) == _key(first)], behaviour)


def is_served(item: JSONObject, behaviour: EdgeBehaviour, now: datetime.datetime) -> bool:
    """Return whether a certificate is served at all."""
    if behaviour.expired == "served":
        return item.get("status") in {"active", "expired"}
    return item.get("status") == "active" and datetime.datetime.fromisoformat(item["expires_on"]) > now


def a_label(name: str) -> str:
    """Return a name as it is in a handshake."""
    name = name.rstrip(".").lower()
    if name.isascii():
        return name
    return ".".join(label if label.isascii() else label.encode("idna").decode() for label in name.split("."))


def _names(item: JSONObject) -> set[str]:
    return {a_label(host) for host in item["hosts"]}


def _kind(item: JSONObject) -> int:
    if item.get("keyless_server"):
        return _KEYLESS
    return _MODERN if item.get("type") == "sni_custom" else _LEGACY


def _key(item: JSONObject) -> tuple[t.Any, ...]:
    """Return the fields that all certificates of a pack share. Keyless certificates do not form a pack with others."""
    return _kind(item), pack_of(item)


def _rank(item: JSONObject, behaviour: EdgeBehaviour) -> tuple[t.Any, ...]:
    """Return a value that is greatest for the certificate that comes first. Among equal ones, the lowest id does."""
    kind = _kind(item)
    counts = kind == _LEGACY or (kind == _MODERN and behaviour.sni_priority == "counts")
    uploaded_on = item["uploaded_on"] or ""
    return kind, item["priority"] or 0 if counts else 0, uploaded_on if behaviour.tie == "most_recent" else ""


def _of_one_kind(pack: list[JSONObject], behaviour: EdgeBehaviour) -> list[JSONObject]:
    if behaviour.one_kind == "no":
        return pack
    return [item for item in pack if ("RSA" in item["signature"]) is (behaviour.one_kind == "rsa")] or pack
