# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Zones: the API's object of a zone, and the format of its id. Pure.

Source: Cloudflare API, "List Zones".
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Zone(t.NamedTuple):
    """A zone. The name is None if it is unknown."""

    id: str
    name: str | None = None

    def __str__(self) -> str:
        return f"{printable(self.name)} ({self.id})" if self.name else self.id


def is_zone_id(text: str) -> bool:
    """Return whether a string has the format of a zone or account id, and so is safe to use in a path."""
    return _ID.fullmatch(text) is not None


def account_of(zone: t.Mapping[str, t.Any], field: str) -> object:
    """Return a field of the zone's account, or None if the API does not return it."""
    return part_of(zone, "account", field)


def part_of(zone: t.Mapping[str, t.Any], part: str, field: str) -> t.Any:
    """Return a field of an object in the zone, or None."""
    found = zone.get(part)
    return found.get(field) if isinstance(found, dict) else None


def described(zone: t.Mapping[str, t.Any]) -> str:
    """Return a description that distinguishes a zone from others with the same name."""
    return (
        f"{printable(zone['id'], 64)} (account {printable(account_of(zone, 'id'))} "
        f"{printable(account_of(zone, 'name'))}, status {printable(zone.get('status'))})"
    )
