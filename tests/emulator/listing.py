# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of zones and certificates: filters, order and pages."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping

from .behaviour import Behaviour
from .envelope import invalid_parameters
from .objects import JSONObject, Token
from .state import State

_SMALLEST_PAGE, _LARGEST_PAGE, _USUAL_PAGE = 5, 50, 20
_LAST_PAGE = 10**9

Test = Callable[[JSONObject], bool]

_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "equal": lambda value, wanted: value.lower() == wanted.lower(),
    "starts_with": lambda value, wanted: value.lower().startswith(wanted.lower()),
    "contains": lambda value, wanted: wanted.lower() in value.lower(),
}
# Parameters that the collection does not use are refused instead of ignored.
_UNKNOWN = ("match", "order", "direction")


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """The requested part of a list."""

    number: int
    size: int


def page_asked(query: Mapping[str, str], behaviour: Behaviour) -> Page:
    """Return the page that a query requests, within the limits of the API."""
    return Page(
        _in_range(query.get("page"), 1, 1, _LAST_PAGE, behaviour),
        min(
            _in_range(query.get("per_page"), _USUAL_PAGE, _SMALLEST_PAGE, _LARGEST_PAGE, behaviour),
            behaviour.max_page_size or _LARGEST_PAGE,
        ),
    )


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


def result_info(page: Page, count: int, total_count: int, behaviour: Behaviour, *, size: int = 0) -> dict[str, int]:
    """Return the totals of a list for a response with one of its pages."""
    per_page = size or page.size
    info = {"page": page.number, "per_page": per_page}
    if behaviour.total_pages == "present":
        info["total_pages"] = math.ceil(total_count / per_page)
    info.update(count=count, total_count=total_count)
    return info


def certificates_asked(items: list[JSONObject], query: Mapping[str, str]) -> list[JSONObject]:
    """Return the certificates that match the filters."""
    status = query.get("status")
    return items if status is None else [item for item in items if item.get("status") == status]


def zones_asked(state: State, caller: Token, query: Mapping[str, str]) -> list[JSONObject]:
    """Return the zones that the credentials have access to and that match the filters, sorted by name."""
    if any(name in query for name in _UNKNOWN):
        raise invalid_parameters()
    zones = [zone.api for zone in state.zones.values() if caller.sees(zone)]
    tests = _tests(query)
    types = query.get("type", "full,partial,secondary").split(",")
    zones = [zone for zone in zones if zone["type"] in types and all(test(zone) for test in tests)]
    return sorted(zones, key=lambda zone: str(zone["name"]))


def _tests(query: Mapping[str, str]) -> list[Test]:
    tests: list[Test] = []
    if "name" in query:
        tests.append(_compare(query["name"], lambda zone: zone["name"]))
    if "account.name" in query:
        tests.append(_compare(query["account.name"], lambda zone: zone["account"]["name"]))
    if "account.id" in query:
        tests.append(lambda zone: zone["account"]["id"] == query["account.id"])
    if "status" in query:
        tests.append(lambda zone: zone["status"] == query["status"])
    return tests


def _compare(expression: str, value: Callable[[JSONObject], str]) -> Test:
    operator, colon, wanted = expression.partition(":")
    if not colon:
        operator, wanted = "equal", expression
    if operator not in _OPERATORS:
        raise invalid_parameters()
    compare = _OPERATORS[operator]
    return lambda zone: compare(value(zone), wanted)


__all__ = ("Page", "certificates_asked", "cut", "page_asked", "result_info", "zones_asked")
