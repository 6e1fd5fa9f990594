# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the credentials in the headers, and their permissions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from . import envelope
from .objects import Token, Zone

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,120}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_KEY = re.compile(r"[0-9a-f]{37,45}|cfk_[A-Za-z0-9]{20,80}")

# "SSL and Certificates", or "Access: Mutual TLS Certificates".
WRITE = frozenset({"ssl:write", "mtls:write"})
READ = WRITE | {"ssl:read", "mtls:read"}
ZONES = frozenset({"zone:read"})


def caller(tokens: Iterable[Token], headers: Mapping[str, str]) -> Token:
    """Return the credentials of a request.

    :raises Refusal: They are missing, malformed or unknown.
    """
    authorization = headers.get("Authorization")
    if authorization is not None:
        return _by_token(tokens, authorization)
    email, key = headers.get("X-Auth-Email"), headers.get("X-Auth-Key")
    if email is None or key is None:
        raise envelope.missing_headers()
    if not _EMAIL.fullmatch(email):
        raise envelope.malformed_headers(6102, "Invalid format for X-Auth-Email header")
    if not _KEY.fullmatch(key):
        raise envelope.malformed_headers(6103, "Invalid format for X-Auth-Key header")
    for token in tokens:
        if (token.email, token.key) == (email, key):
            return token
    raise envelope.unknown_key()


def _by_token(tokens: Iterable[Token], authorization: str) -> Token:
    scheme, _space, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        for token in tokens:
            if token.value == value:
                return token
        if _TOKEN.fullmatch(value):
            raise envelope.unknown_token()
    raise envelope.malformed_headers(6111, "Invalid format for Authorization header")


def visible_zone(zones: Mapping[str, Zone], by: Token, zone_id: str, wanted: frozenset[str]) -> Zone:
    """Return the zone, if the credentials have access to it and one of the permissions wanted."""
    zone = zones.get(zone_id)
    if zone is None or not by.sees(zone):
        raise envelope.invisible_zone()
    permit(by, wanted)
    return zone


def permit(by: Token, wanted: frozenset[str]) -> None:
    """Refuse credentials that have none of these permissions."""
    if wanted.isdisjoint(by.permissions):
        raise envelope.not_permitted()
