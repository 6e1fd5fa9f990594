# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was seen: requests with their answers, writes with what the list showed after them, runs of the modules."""

from __future__ import annotations

import itertools
import math
import typing as t
from dataclasses import dataclass, field

from .handshake import Handshakes

JSONObject = dict[str, t.Any]
Wish = tuple[tuple[str, float], ...]
"""Ids and numbers, highest first."""

_THROTTLED_CODES = frozenset((971, 10100, 10429))


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `status` is 0 where none came; `payload` is None where it is no JSON."""

    label: str
    method: str
    path: str
    query: t.Mapping[str, int | str]
    body: t.Any
    status: int
    headers: t.Mapping[str, str]
    payload: t.Any
    problem: str = ""

    @property
    def envelope(self) -> JSONObject:
        return self.payload if isinstance(self.payload, dict) else {}

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300 and self.envelope.get("success") is True

    @property
    def refused(self) -> bool:
        """Whether it is a refusal in the API's own form."""
        return bool(self.status) and self.status < 500 and self.envelope.get("success") is False

    @property
    def errors(self) -> list[JSONObject]:
        errors = self.envelope.get("errors")
        return [item for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []

    @property
    def codes(self) -> list[int]:
        return [error["code"] for error in self.errors if isinstance(error.get("code"), int)]

    @property
    def throttled(self) -> bool:
        return self.status == 429 or not _THROTTLED_CODES.isdisjoint(self.codes)

    @property
    def items(self) -> list[JSONObject]:
        """The objects of a list's answer."""
        result = self.envelope.get("result")
        return [item for item in result if isinstance(item, dict)] if isinstance(result, list) else []

    @property
    def info(self) -> JSONObject:
        info = self.envelope.get("result_info")
        return info if isinstance(info, dict) else {}

    @property
    def outcome(self) -> str:
        """Status and codes in words that hold nothing of the zone's own."""
        if not self.status:
            return "no answer"
        codes = ", ".join(map(str, self.codes))
        return f"HTTP {self.status}" + (f" with code {codes}" if codes else "") + (", accepted" if self.ok else "")


def living(items: t.Iterable[JSONObject]) -> list[JSONObject]:
    """Certificates that are there and not just shown, with an id."""
    return [item for item in items if item.get("status") != "deleted" and isinstance(item.get("id"), str)]


def number(item: t.Mapping[str, t.Any]) -> float:
    """A certificate's priority; nothing is 0. `nan` where it is no number, which equals nothing."""
    value = item.get("priority")
    if value is None:
        return 0
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


def numbers(items: t.Iterable[JSONObject]) -> dict[str, float]:
    return {str(item["id"]): number(item) for item in living(items)}


def ranking(current: t.Mapping[str, float]) -> list[str]:
    """Ids, highest number first, ties by id as the collection breaks them."""
    return sorted(current, key=lambda identifier: (-current[identifier], identifier))


@dataclass
class Put:
    """A raw write of certificates that the zone holds, and the reads after it."""

    before: list[JSONObject]
    wish: Wish
    answer: Exchange
    reads: list[Exchange] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    """Seconds between the answer and each of the reads."""

    @property
    def named(self) -> set[str]:
        return {identifier for identifier, _number in self.wish}

    def shows(self, items: t.Iterable[JSONObject]) -> bool:
        """Whether a list shows the order that was sent, and not just what it was before.

        The numbers themselves may be the server's own choice.
        """
        before, now = numbers(self.before), numbers(items)
        order = [identifier for identifier, _number in self.wish]
        if not now.keys() >= set(order) or all(now[key] == before.get(key) for key in order):
            return False
        return all(now[one] > now[other] for one, other in itertools.pairwise(order))

    @property
    def place(self) -> int | None:
        """How many reads did not show it; None where no read did."""
        return next((place for place, read in enumerate(self.reads) if self.shows(read.items)), None)

    @property
    def after(self) -> list[JSONObject] | None:
        """The certificates as the first read that showed it has them."""
        return None if self.place is None else living(self.reads[self.place].items)


@dataclass
class Seen:
    """Everything, in the order in which it came."""

    exchanges: list[Exchange] = field(default_factory=list)
    modules: dict[str, JSONObject] = field(default_factory=dict)
    whole: list[Exchange] = field(default_factory=list)
    """The pages of the zone's list, as read at the start."""
    put_all: Put | None = None
    put_some: Put | None = None
    tls: Handshakes | str = "the kit did not write"
    """Or why no handshake was looked at."""
    writing: str = "the kit was not asked to write (WRITE=1)"
    """Why nothing was written; empty where it was."""
    stopped: str = ""
    """Why it ended early."""
    restored: str = ""
    """In which way the zone is as it was; empty where nothing was written."""

    def one(self, label: str) -> Exchange | None:
        """The last answer to what is called so: attempts that were throttled come before it."""
        return next((item for item in reversed(self.exchanges) if item.label == label), None)

    @property
    def listed(self) -> list[JSONObject]:
        """Everything in the list, deleted ones too."""
        return [item for page in self.whole for item in page.items]

    @property
    def certificates(self) -> list[JSONObject]:
        return living(self.listed)


__all__ = ("Exchange", "JSONObject", "Put", "Seen", "Wish", "living", "number", "numbers", "ranking")
