# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Zones by their name.

Source: Cloudflare API, "List Zones".
"""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._api import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._arguments import ZoneChoice, is_zone_id
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import a_labels, comparable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

_MOST_SHOWN = 10


def zone_id_of(client: Client, choice: ZoneChoice) -> str:
    """Return the id of the zone that a task names; by its name, that takes one more request.

    :raises CloudflareError: no zone of the name is visible, or several are.
    """
    return choice.id if choice.id is not None else _find_zone_id(client, str(choice.name), choice.account_id)


def _find_zone_id(client: Client, name: str, account_id: str | None) -> str:
    """Return the id of the one zone of this name.

    The API ignores query parameters that it does not know, so what comes back is compared again.
    """
    wanted = a_labels(name)
    query = {"name": wanted, **({"account.id": account_id} if account_id else {})}
    found = [
        zone
        for zone in client.list_all("/zones", f"look up zone {printable(name)}", query)
        if comparable([str(zone.get("name"))]) == {wanted} and (not account_id or account_of(zone, "id") == account_id)
    ]
    if not found:
        within = f" in account {account_id}" if account_id else ""
        raise CloudflareError(
            f"No zone {printable(name)}{within} is visible with these credentials ('zone'). Check the name; an API token "
            "also needs the permission 'Zone Read' for a look-up by name, which 'zone_id' does without."
        )
    if len(found) > 1:
        shown = "; ".join(described(zone) for zone in found[:_MOST_SHOWN])
        raise CloudflareError(
            f"{len(found)} zones have the name {printable(name)} ('zone'): {shown}. Set 'account_id', or use 'zone_id'."
        )
    zone_id = t.cast(str, found[0]["id"])
    if not is_zone_id(zone_id):
        raise CloudflareError(f"The zone {printable(name)} has an id that is none: {printable(zone_id, 80)}.")
    return zone_id


def account_of(zone: t.Mapping[str, t.Any], field: str) -> object:
    """Return a field of the account that a zone is in; nothing where the API does not tell."""
    account = zone.get("account")
    return account.get(field) if isinstance(account, dict) else None


def described(zone: t.Mapping[str, t.Any]) -> str:
    """Return what tells a zone from others of its name."""
    return (
        f"{printable(zone['id'], 64)} (account {printable(account_of(zone, 'id'))} "
        f"{printable(account_of(zone, 'name'))}, status {printable(zone.get('status'))})"
    )
