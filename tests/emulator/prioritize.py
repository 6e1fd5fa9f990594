# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PUT prioritize: parses the body, changes the zone, and builds the response."""

from __future__ import annotations

import copy
import json
import typing as t

from . import envelope, listing
from .behaviour import Behaviour
from .objects import JSONObject, Zone, now

Wish = tuple[str, float | None]


def asked(body: bytes) -> list[Wish]:
    """Return the ids and priorities in the body, which is as the contract wants it. An item without an id is ignored."""
    try:
        items = json.loads(body, parse_constant=_no_constant)["certificates"]
    except ValueError:
        raise envelope.unreadable_body() from None
    return [(item["id"], _plain(item.get("priority"))) for item in items if item.get("id") is not None]


def _no_constant(text: str) -> t.NoReturn:
    raise ValueError(f"{text} is no JSON")


def _plain(priority: float | None) -> float | None:
    return priority if priority is None or priority != int(priority) else int(priority)


def prioritize(zone: Zone, wishes: list[Wish], behaviour: Behaviour) -> envelope.Answer:
    """Set the priorities in the body as the switches allow, and return the response."""
    good = [wish for wish in wishes if zone.find(wish[0]) is not None]
    if len(good) < len(wishes):
        if behaviour.bad_item == "partial":
            _apply(zone.certificates, good, behaviour)
        raise envelope.unknown_certificate(behaviour)
    certificates = zone.certificates
    if behaviour.put_effect == "pretended":
        certificates = copy.deepcopy(certificates)
    if behaviour.put_effect == "applied":
        zone.remember(behaviour.stale_reads)
    if behaviour.put_effect != "ignored":
        _apply(certificates, good, behaviour)
    return _answer(certificates, good, behaviour)


def _answer(certificates: list[JSONObject], wishes: list[Wish], behaviour: Behaviour) -> envelope.Answer:
    result: list[JSONObject] = []
    if behaviour.put_result == "all":
        result = listing.in_list_order(certificates, behaviour)
    elif behaviour.put_result == "listed":
        result = _listed(certificates, wishes)
    size = behaviour.put_page_size or max(len(result), 20)
    part = [listing.shown(item, behaviour) for item in result[:size]]
    answer = listing.answer(part, listing.Page(1, size), len(result), behaviour, behaviour.put_result_info)
    if behaviour.put_result == "null":
        answer.payload["result"] = None
    return answer


def _listed(certificates: list[JSONObject], wishes: list[Wish]) -> list[JSONObject]:
    by_id = {item["id"]: item for item in certificates}
    return [by_id[identifier] for identifier in dict(wishes)]


def _apply(certificates: list[JSONObject], wishes: list[Wish], behaviour: Behaviour) -> None:
    listed, names, moment = _listed(certificates, wishes), dict(wishes), now()
    priorities = {identifier: priority for identifier, priority in wishes if priority is not None}
    for item in listed:
        item["priority"] = priorities.get(item["id"], item["priority"])
        if behaviour.put_modified_on == "touched":
            item["modified_on"] = moment
    unlisted = [item for item in certificates if item["id"] not in names]
    _move_unlisted(unlisted, listed, behaviour)
    _renumber(certificates, listed, behaviour)


def _move_unlisted(unlisted: list[JSONObject], listed: list[JSONObject], behaviour: Behaviour) -> None:
    if behaviour.unlisted == "reset":
        for item in unlisted:
            item["priority"] = 0
    elif behaviour.unlisted == "shift_below" and listed:
        lowest = min(item["priority"] or 0 for item in listed)
        for item in unlisted:
            if (item["priority"] or 0) >= lowest:
                item["priority"] = max(lowest - 1, 0)


def _renumber(certificates: list[JSONObject], listed: list[JSONObject], behaviour: Behaviour) -> None:
    if behaviour.renumber == "no":
        return
    dense = behaviour.renumber == "dense"
    items = certificates if dense else listed
    levels = sorted({item["priority"] or 0 for item in items})
    new = {level: place if dense else level + 10 * place for place, level in enumerate(levels, start=1)}
    for item in items:
        item["priority"] = new[item["priority"] or 0]
