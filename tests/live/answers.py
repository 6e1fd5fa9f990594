# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Determines the values of the emulator's switches from responses. Pure. No text in the report comes from the API."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from dataclasses import dataclass, field

Numbers = dict[str, float]

Finding = tuple[t.Any, str]
"""The value of a switch, None if the answers do not show it; and what they showed."""


def highest_first(numbers: Numbers) -> list[str]:
    """Ids, those with the highest priority first."""
    return sorted(numbers, key=lambda key: -numbers[key])


@dataclass(frozen=True)
class Answer:
    """An answer of the API. `status` is 0 if there was none, and `body` is empty if it is no JSON object."""

    status: int
    body: dict[str, t.Any]

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300 and self.body.get("success") is True

    @property
    def codes(self) -> list[int]:
        errors = [error for error in self.body.get("errors") or () if isinstance(error, dict)]
        return [error["code"] for error in errors if isinstance(error.get("code"), int)]

    @property
    def items(self) -> list[dict[str, t.Any]]:
        """The certificates."""
        result = self.body.get("result")
        return result if self.ok and isinstance(result, list) else []

    @property
    def numbers(self) -> Numbers:
        """The priorities by id; null is 0."""
        return {item["id"]: item.get("priority") or 0 for item in self.items if item.get("status") != "deleted"}

    def __str__(self) -> str:
        """Its status and codes, which hold nothing of the zone's own."""
        codes = f" with code {', '.join(map(str, self.codes))}" if self.codes else ""
        return f"HTTP {self.status}{codes}" if self.status else "no answer"


@dataclass(frozen=True)
class Put:
    """The priorities that a PUT set, and what the list showed after it."""

    sent: Numbers
    answer: Answer
    reads: list[Numbers] = field(default_factory=list)

    @property
    def shown(self) -> int | None:
        """The number of the first read that shows it."""
        return next((place for place, read in enumerate(self.reads) if self.sent.items() <= read.items()), None)


def about_reads(listed: Answer, out_of_range: Sequence[Answer], unknown: Answer) -> dict[str, Finding]:
    """Return findings from a list, lists with a `per_page` that is out of range, and a certificate that is not there."""
    refused = all(answer.status == 400 for answer in out_of_range)
    clamped = out_of_range[0].ok and (len(out_of_range[0].items) > 1)
    sizes = "; ".join(f"{answer}, {len(answer.items)} certificates" for answer in out_of_range)
    return {
        "per_page_out_of_range": ("refuse" if refused else "clamp" if clamped else None, sizes),
        "list_order": _list_order(listed.items),
        "custom_csr_id": _custom_csr_id(listed.items),
        "unknown_id": _unknown_id(unknown),
    }


def about_writes(reverse: Put, part: Put, before: Numbers, unknown: Answer) -> dict[str, Finding]:
    """Return findings from a PUT of all certificates, one of all but one with what was there before it, and an unknown id."""
    return {
        "put_result": _put_result(part, len(before)),
        "put_result_info": _put_result_info([put.answer for put in (reverse, part) if put.answer.ok]),
        "unlisted": _unlisted(part, before),
        "stale_reads": _stale_reads([put.shown for put in (reverse, part) if put.shown is not None]),
        "unknown_id": _unknown_id(unknown),
    }


def _list_order(items: list[dict[str, t.Any]]) -> Finding:
    by: dict[str, list[t.Any]] = {
        "uploaded": [str(item.get("uploaded_on")) for item in items],
        "priority": [-(item.get("priority") or 0) for item in items],
    }
    fits = [name for name, keys in by.items() if keys == sorted(keys)]
    if len(items) < 3 or len(fits) == 2:
        return None, f"{len(items)} certificates, which are in both orders"
    return (fits[0] if fits else "random"), f"{len(items)} certificates"


def _custom_csr_id(items: list[dict[str, t.Any]]) -> Finding:
    having = [item["custom_csr_id"] for item in items if "custom_csr_id" in item]
    values = sum(value is not None for value in having)
    nulls, without = len(having) - values, len(items) - len(having)
    text = f"{values} with a value, {nulls} null, {without} without"
    if (nulls and without) or not having:
        return None, text  # where no certificate has one, perhaps none was made from a CSR
    return ("null" if nulls else "where_set" if without else "value"), text


def _unknown_id(answer: Answer) -> Finding:
    value = "404" if answer.status == 404 else "400_1002" if (answer.status, answer.codes) == (400, [1002]) else None
    return value, str(answer)


def _put_result(put: Put, of: int) -> Finding:
    if not put.answer.ok:
        return None, str(put.answer)
    if put.answer.body.get("result") is None:
        return "null", "null"
    shown = len(put.answer.numbers)
    value = {0: "empty", len(put.sent): "listed", of: "all"}.get(shown)
    return value, f"{shown} certificates; the PUT named {len(put.sent)} of {of}"


def _put_result_info(answers: Sequence[Answer]) -> Finding:
    having = sum(bool(answer.body.get("result_info")) for answer in answers)
    value = {len(answers): "present", 0: "absent"}.get(having) if answers else None
    return value, f"{having} of {len(answers)}"


def _unlisted(put: Put, before: Numbers) -> Finding:
    if put.shown is None:
        return None, "no read shows the write"
    ((key, was),) = ((key, number) for key, number in before.items() if key not in put.sent)
    now, lowest = put.reads[put.shown].get(key), min(put.sent.values())
    return {was: "keep", 0: "reset", lowest - 1: "shift_below"}.get(t.cast(float, now)), f"{was:g} became {now}"


def _stale_reads(shown: Sequence[int]) -> Finding:
    if not shown:
        return None, "no read shows a write"
    return max(shown), f"{max(shown)} reads after a write did not show it"
