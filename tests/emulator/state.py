# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of an emulator: zones and credentials."""

from __future__ import annotations

import copy
import random
import typing as t
from collections.abc import Iterable

from .behaviour import Behaviour
from .objects import JSONObject, Token, Zone, certificate_id, from_today, now, token

DEFAULT_EMAIL = "ops@example.com"


class State:
    """Zones by id, and the credentials."""

    def __init__(self, zones: Iterable[Zone] = (), tokens: Iterable[Token] = ()) -> None:
        self.zones: dict[str, Zone] = {}
        for item in zones:
            if item.id in self.zones:
                raise ValueError(f"two zones have the id {item.id} ({item.name})")
            self.zones[item.id] = item
        default = token("default", email=DEFAULT_EMAIL)
        self.tokens: dict[str, Token] = {item.name: item for item in (default, *tokens)}
        self._renewals = 0

    def zone(self, key: str) -> Zone:
        """Return the zone with this id or this name, which must be unique."""
        if key in self.zones:
            return self.zones[key]
        found = [item for item in self.zones.values() if item.name == key]
        if len(found) != 1:
            raise KeyError(f"{len(found)} zones are called {key!r}")
        return found[0]

    def certificate(self, key: str, certificate_id: str) -> JSONObject:
        """Return a certificate of a zone, which must have it."""
        found = self.zone(key).find(certificate_id)
        if found is None:
            raise KeyError(f"zone {key!r} has no certificate {certificate_id!r}")
        return found

    def delete(self, key: str, certificate_id: str, behaviour: Behaviour) -> None:
        """Delete a certificate, as its owner would in the dashboard."""
        take_away(self.zone(key), self.certificate(key, certificate_id), behaviour)

    def renew(self, key: str, old_id: str, behaviour: Behaviour) -> str:
        """Replace a certificate with one that has a new id and expires in a year, and return the id."""
        old = self.certificate(key, old_id)
        self._renewals += 1
        moment = now()
        new = copy.deepcopy(old)
        new.update(
            id=certificate_id(old_id, "renewal", self._renewals),
            uploaded_on=moment,
            modified_on=moment,
            expires_on=from_today(365),
        )
        self.delete(key, old_id, behaviour)
        self.zone(key).certificates.append(new)
        return str(new["id"])

    def set_priority(self, key: str, certificate_id: str, priority: float | None) -> None:
        """Set a priority, as another writer would."""
        self.certificate(key, certificate_id)["priority"] = priority

    def order(self, key: str) -> list[tuple[str, t.Any]]:
        """Return the ids and priorities, the highest first, equal priorities by id."""
        living = [item for item in self.zone(key).certificates if item.get("status") != "deleted"]
        living.sort(key=lambda item: (-(item["priority"] or 0), item["id"]))
        return [(item["id"], item["priority"]) for item in living]


def take_away(zone: Zone, item: JSONObject, behaviour: Behaviour) -> None:
    """Delete a certificate. Depending on the switch, it stays in the list with status `deleted`."""
    if behaviour.deleted == "lingers":
        item["status"] = "deleted"
        if behaviour.deleted_reads:
            zone.lingering[item["id"]] = behaviour.deleted_reads
    else:
        zone.certificates.remove(item)
    zone.uploads.pop(item["id"], None)
    zone.rollouts.pop(item["id"], None)


def in_list_order(certificates: Iterable[JSONObject], behaviour: Behaviour) -> list[JSONObject]:
    """Return certificates in the order of lists."""
    items = list(certificates)
    if behaviour.list_order == "priority":
        items.sort(key=lambda item: (-(item["priority"] or 0), item["id"]))
    elif behaviour.list_order == "random":
        # The random number of a certificate depends on its id, so that the pages of a list are consistent.
        items.sort(key=lambda item: random.Random(f"{behaviour.seed}/{item['id']}").random())
    else:
        items.sort(key=lambda item: item["uploaded_on"] or "")
    return items


def shown(item: JSONObject, behaviour: Behaviour) -> JSONObject:
    """Return a certificate for a response. Without a switch that changes it, this is the stored object itself."""
    if (behaviour.type_field, behaviour.custom_csr_id, behaviour.priority_type) == ("present", "where_set", "integer"):
        return item
    item = dict(item)
    if behaviour.type_field == "absent":
        item.pop("type", None)
    if behaviour.custom_csr_id == "absent":
        item.pop("custom_csr_id", None)
    elif behaviour.custom_csr_id == "null":
        item.setdefault("custom_csr_id", None)
    elif behaviour.custom_csr_id == "value":
        item["custom_csr_id"] = item.get("custom_csr_id") or certificate_id(item["id"], "csr")
    if behaviour.priority_type == "float" and isinstance(item.get("priority"), int):
        item["priority"] = float(item["priority"])
    return item
