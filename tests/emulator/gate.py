# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the credentials in the headers and their permissions, and locks out clients with too many unknown tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping

from . import envelope
from .objects import Token, Zone
from .state import State

_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,120}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_KEY = re.compile(r"[0-9a-f]{37,45}|cfk_[A-Za-z0-9]{20,80}")

_MAX_FAILURES = 20

READ = frozenset({"ssl:read", "ssl:write", "mtls:read", "mtls:write"})
WRITE = frozenset({"ssl:write", "mtls:write"})
ZONES = frozenset({"zone:read"})


class Gate:
    """Authenticates requests."""

    def __init__(self, state: State) -> None:
        self.failures = 0
        self._by_value = {token.value: token for token in state.tokens.values()}
        self._by_key = {(token.email, token.key): token for token in state.tokens.values() if token.email}

    def caller(self, headers: Mapping[str, str]) -> Token:
        """Return the credentials of a request.

        :raises Refusal: They are missing, malformed or unknown.
        """
        authorization = headers.get("Authorization")
        if authorization is not None:
            return self._by_token(authorization)
        email, key = headers.get("X-Auth-Email"), headers.get("X-Auth-Key")
        if email is None or key is None:
            raise envelope.missing_headers()
        if not _EMAIL.fullmatch(email):
            raise envelope.malformed_headers(6102, "Invalid format for X-Auth-Email header")
        if not _KEY.fullmatch(key):
            raise envelope.malformed_headers(6103, "Invalid format for X-Auth-Key header")
        found = self._by_key.get((email, key))
        if found is None:
            raise self._failure(envelope.unknown_key())
        return found

    def _by_token(self, authorization: str) -> Token:
        scheme, _space, value = authorization.partition(" ")
        found = self._by_value.get(value)
        if found is not None and scheme.lower() == "bearer":
            return found
        if scheme.lower() != "bearer" or not _TOKEN.fullmatch(value):
            raise envelope.malformed_headers(6111, "Invalid format for Authorization header")
        raise self._failure(envelope.unknown_token())

    def _failure(self, refusal: envelope.Refusal) -> envelope.Refusal:
        self.failures += 1
        return envelope.locked_out() if self.failures > _MAX_FAILURES else refusal


def visible_zone(state: State, caller: Token, zone_id: str, wanted: frozenset[str]) -> Zone:
    """Return the zone, if the credentials have access to it and one of the permissions wanted."""
    zone = state.zones.get(zone_id)
    if zone is None or not caller.sees(zone):
        raise envelope.invisible_zone()
    permit(caller, wanted)
    return zone


def permit(caller: Token, wanted: frozenset[str]) -> None:
    """Refuse credentials that have none of these permissions."""
    if not caller.permissions & wanted:
        raise envelope.not_permitted()
