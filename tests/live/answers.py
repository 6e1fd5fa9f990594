# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Determines the values of the emulator's switches from responses. Pure. No text in the report comes from the API."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from emulator import SWITCHES

from .asking import Answer, JSONObject
from .restoring import living

NOT_WRITTEN = "no write was made"


@dataclass(frozen=True)
class Put:
    """A PUT of certificates that the zone holds, and what the list showed after it."""

    before: dict[str, float]
    sent: dict[str, float]
    answer: Answer
    reads: list[dict[str, float]] = field(default_factory=list)

    @property
    def shown(self) -> int | None:
        """The number of the first read that shows it."""
        places = (place for place, read in enumerate(self.reads) if self.sent.items() <= read.items())
        return next(places, None)


@dataclass
class Seen:
    """Everything that was asked, by what it was asked for."""

    every: list[Answer] = field(default_factory=list)
    lists: list[Answer] = field(default_factory=list)
    one: Answer | None = None
    hundred: Answer | None = None
    unknown: Answer | None = None
    put_all: Put | None = None
    put_some: Put | None = None

    @property
    def certificates(self) -> list[JSONObject]:
        return [item for answer in self.lists for item in answer.items]


Finding = tuple[t.Any, str]
"""The value of the switch, None where this cannot be told; and what was seen."""


def _share(having: int, of: int, value: t.Any, other: t.Any) -> Finding:
    return ({of: value, 0: other}.get(having) if of else None), f"{having} of {of}"


def _put_result(seen: Seen) -> Finding:
    put = seen.put_some
    if put is None or not put.answer.ok:
        return None, str(put.answer) if put else NOT_WRITTEN
    if put.answer.body.get("result") is None:
        return "null", "null"
    shown = living(put.answer.items).keys()
    value = {0: "empty", len(put.sent): "listed", len(put.before): "all"}.get(len(shown))
    return value, f"{len(shown)} certificates; the PUT named {len(put.sent)} of {len(put.before)}"


def _put_result_info(seen: Seen) -> Finding:
    answers = [put.answer for put in (seen.put_all, seen.put_some) if put and put.answer.ok]
    return _share(sum(bool(answer.info) for answer in answers), len(answers), "present", "absent")


def _type_field(seen: Seen) -> Finding:
    items = seen.certificates
    return _share(sum("type" in item for item in items), len(items), "present", "absent")


def _total_pages(seen: Seen) -> Finding:
    infos = [answer.info for answer in seen.lists if answer.info]
    return _share(sum("total_pages" in info for info in infos), len(infos), "present", "absent")


def _per_page_out_of_range(seen: Seen) -> Finding:
    asked = [answer for answer in (seen.one, seen.hundred) if answer and (answer.ok or answer.refused)]
    text = "; ".join(f"{answer}, {len(answer.items)} certificates" for answer in asked)
    if len(asked) == 2 and all(answer.refused for answer in asked):
        return "refuse", text
    return ("clamp" if seen.one and len(seen.one.items) > 1 else None), text


def _unknown_id(seen: Seen) -> Finding:
    answer = seen.unknown
    if answer is None or not answer.refused:
        return None, str(answer or NOT_WRITTEN)
    value = "404" if answer.status == 404 else "400_1002" if answer.codes == [1002] and answer.status == 400 else None
    return value, str(answer)


def _custom_csr_id(seen: Seen) -> Finding:
    items = seen.certificates
    having = [item["custom_csr_id"] for item in items if "custom_csr_id" in item]
    values = sum(value is not None for value in having)
    nulls, without = len(having) - values, len(items) - len(having)
    text = f"{values} with a value, {nulls} null, {without} without"
    if (nulls and without) or (not values and not nulls):
        return None, text  # where there is neither, perhaps no certificate was made from a CSR
    return ("null" if nulls else "where_set" if without else "value"), text


def _retry_after(seen: Seen) -> Finding:
    answers = [answer for answer in seen.every if answer.throttled]
    return _share(sum("Retry-After" in answer.headers for answer in answers), len(answers), "present", "absent")


def _server_error(seen: Seen) -> Finding:
    answers = [answer for answer in seen.every if answer.status >= 500]
    return _share(sum(bool(answer.body) for answer in answers), len(answers), "json", "html")


def _failure_status(seen: Seen) -> Finding:
    answers = [answer for answer in seen.every if answer.refused]
    return _share(sum(answer.status >= 300 for answer in answers), len(answers), "real", "200")


def _list_order(seen: Seen) -> Finding:
    items = seen.certificates
    by: dict[str, list[t.Any]] = {
        "uploaded": [str(item.get("uploaded_on")) for item in items],
        "priority": [-(item.get("priority") or 0) for item in items],
    }
    fits = [name for name, keys in by.items() if keys == sorted(keys)]
    if len(items) < 3 or len(fits) == 2:
        return None, f"{len(items)} certificates, which are in both orders"
    return (fits[0] if fits else "random"), f"{len(items)} certificates"


def _stale_reads(seen: Seen) -> Finding:
    puts = [put for put in (seen.put_all, seen.put_some) if put]
    shown = [put.shown for put in puts if put.shown is not None]
    if not shown:
        return None, "no read shows a write" if puts else NOT_WRITTEN
    return max(shown), f"{max(shown)} reads after a write did not show it"


def _unlisted(seen: Seen) -> Finding:
    put = seen.put_some
    if put is None or put.shown is None:
        return None, NOT_WRITTEN if put is None else "no read shows the write"
    ((identifier, was),) = ((key, number) for key, number in put.before.items() if key not in put.sent)
    now, lowest = put.reads[put.shown].get(identifier), min(put.sent.values())
    return {was: "keep", 0: "reset", lowest - 1: "shift_below"}.get(t.cast(float, now)), f"{was:g} became {now}"


_QUESTIONS: dict[str, Callable[[Seen], Finding]] = {
    "put_result": _put_result,
    "put_result_info": _put_result_info,
    "type_field": _type_field,
    "total_pages": _total_pages,
    "per_page_out_of_range": _per_page_out_of_range,
    "unknown_id": _unknown_id,
    "custom_csr_id": _custom_csr_id,
    "retry_after": _retry_after,
    "server_error": _server_error,
    "failure_status": _failure_status,
    "list_order": _list_order,
    "stale_reads": _stale_reads,
    "unlisted": _unlisted,
}


def findings(seen: Seen) -> dict[str, Finding]:
    """What is known about each switch."""
    return {switch: question(seen) for switch, question in _QUESTIONS.items()}


def report(found: dict[str, Finding]) -> Sequence[str]:
    """One line for each switch, and the setting of the emulator that does the same."""
    wrong = {name: value for name, (value, _text) in found.items() if value not in (None, SWITCHES[name][0])}
    lines = [
        f"{'!' if name in wrong else ' '} {name:22} {'?' if value is None else value!s:12} {text}"
        for name, (value, text) in found.items()
    ]
    return [*lines, f"Behaviour({', '.join(f'{name}={value!r}' for name, value in wrong.items())})"]
