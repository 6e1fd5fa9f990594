# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of zones and certificates: filters, order, pages, and how a certificate is shown."""

from __future__ import annotations

import math
import typing as t
from collections.abc import Iterable, Mapping

from .behaviour import Behaviour
from .envelope import Answer, invalid_parameters, success
from .objects import JSONObject, Zone, certificate_id, object_id

_SMALLEST_PAGE, _LARGEST_PAGE, _USUAL_PAGE = 5, 50, 20
_LAST_PAGE = 10**9

# Parameters that the collection does not use are refused instead of ignored.
_UNKNOWN = ("account.name", "status", "match", "order", "direction")


class Page(t.NamedTuple):
    """The requested part of a list."""

    number: int
    size: int


def page_asked(query: Mapping[str, str], behaviour: Behaviour) -> Page:
    """Return the page that a query requests, within the limits of the API."""
    size = _in_range(query.get("per_page"), _USUAL_PAGE, _SMALLEST_PAGE, _LARGEST_PAGE, behaviour)
    return Page(_in_range(query.get("page"), 1, 1, _LAST_PAGE, behaviour), min(size, behaviour.max_page_size))


def _in_range(text: str | None, usual: int, lowest: int, highest: int, behaviour: Behaviour) -> int:
    if text is None:
        return usual
    try:
        number = int(float(text))
    except (ValueError, OverflowError):
        raise invalid_parameters() from None
    if not lowest <= number <= highest and behaviour.per_page_out_of_range == "refuse":
        raise invalid_parameters()
    return min(max(number, lowest), highest)


def cut(items: list[JSONObject], page: Page) -> list[JSONObject]:
    """Return the items of a page. After the last page, there are none."""
    return items[(page.number - 1) * page.size : page.number * page.size]


def answer(
    items: list[JSONObject], page: Page, total: int, behaviour: Behaviour, info: t.Literal["present", "absent"]
) -> Answer:
    """Return a response with these items of a page, and the totals of their list."""
    totals = {"page": page.number, "per_page": page.size}
    if behaviour.total_pages == "present":
        totals["total_pages"] = math.ceil(total / page.size)
    totals.update(count=len(items), total_count=total)
    result = items if items or behaviour.empty_result == "list" else None
    return success(result, behaviour, totals if info == "present" else None)


def certificates_asked(items: list[JSONObject], query: Mapping[str, str], behaviour: Behaviour) -> list[JSONObject]:
    """Return the certificates that match the filters, in the order of lists."""
    status = query.get("status")
    return in_list_order((item for item in items if status in (None, item.get("status"))), behaviour)


def in_list_order(certificates: Iterable[JSONObject], behaviour: Behaviour) -> list[JSONObject]:
    """Return certificates in the order of lists."""
    if behaviour.list_order == "priority":
        return by_priority(certificates)
    if behaviour.list_order == "random":
        # It depends on the ids alone, so that the pages of a list are consistent.
        return sorted(certificates, key=lambda item: object_id(item["id"]))
    return sorted(certificates, key=lambda item: item["uploaded_on"] or "")


def by_priority(certificates: Iterable[JSONObject]) -> list[JSONObject]:
    """Return certificates with the highest priority first, equal priorities by id."""
    return sorted(certificates, key=lambda item: (-(item["priority"] or 0), item["id"]))


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


def zones_asked(zones: Iterable[Zone], query: Mapping[str, str]) -> list[JSONObject]:
    """Return the zones that match the filters, sorted by name."""
    if any(name in query for name in _UNKNOWN):
        raise invalid_parameters()
    return sorted((zone.api for zone in zones if _fits(zone.api, query)), key=lambda zone: str(zone["name"]))


def _fits(zone: JSONObject, query: Mapping[str, str]) -> bool:
    return (
        zone["type"] in query.get("type", "full,partial,secondary").split(",")
        and query.get("name", zone["name"]).lower() == zone["name"].lower()
        and query.get("account.id") in (None, zone["account"]["id"])
    )
