# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: what a test can make go wrong with its next requests, one fault for one request.

`KINDS` names every kind with its arguments and their defaults. Where a kind has the argument `applied`, it says
whether the request takes effect before the answer goes wrong.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import threading
import typing as t
from collections.abc import Callable, Mapping

from .journal import Recorded

_PAGE = "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>Error {status}</h1></body></html>"

KINDS: dict[str, dict[str, t.Any]] = {
    # The connection
    "reset_on_connect": {},  # as soon as it is open; method and path of the rule mean nothing
    "reset_before_request": {},  # when the request's headers have come, its body unread
    "reset_after_request": {},  # the whole request was read, and nothing done
    "reset_after_apply": {},  # done, but the answer is lost
    "reset_mid_answer": {"keep": 0.5, "how": "reset"},  # that part of the body, then a `reset` or a `close`
    "close_after_answer": {},  # without having said so, as a server does that lets idle connections go
    "no_answer": {"applied": False},  # until the client leaves or the emulator stops
    # Time
    "latency": {"seconds": 0.1},  # before the request is looked at
    "trickle": {"part": "body", "chunk": 1, "interval": 0.05},  # `headers` or `body`, so many bytes at a time
    # Another answer
    "answer": {"status": 200, "body": "", "content_type": "application/json", "headers": None, "applied": False},
    "html": {"status": 502, "applied": False},
    "server_error": {"status": 500, "applied": False},  # HTML or JSON, as the switch of the same name says
    "not_object": {"body": '["no","object"]', "applied": False},
    "empty_body": {"status": 200, "applied": False},
    "redirect": {"status": 302, "location": "/", "applied": False},
    "throttled": {"retry_after": None, "code": 971, "status": 429},  # any text as Retry-After, or none
    # The right answer, wrongly written
    "truncated_json": {"keep": 0.5},  # a complete HTTP message with part of the JSON
    "wrong_content_type": {"content_type": "text/plain"},
    "gzip": {},
    "gzip_bomb": {"size": 200_000_000},  # bytes after decompression
    "huge": {"size": 100_000_000},
    "chunked": {"chunk": 64},
    # The right answer with wrong content
    "duplicate_page": {},  # the items of the page before
    "drop_page": {},  # no items
    "result_info": {"override": {}, "remove": ()},  # of result_info: other values, and keys taken away
    "patch_result": {"change": {}, "remove": (), "ids": None},  # of the items: a dict, or a function of the item
    "patch_answer": {"change": {}, "remove": ()},  # of the envelope: a dict, or a function of it
    "pretend": {},  # a PUT that is answered as if it were applied
}


class Fault:
    """One thing that goes wrong: `Fault("html", status=523)`."""

    def __init__(self, kind: str, **arguments: t.Any) -> None:
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind!r}; there are {', '.join(KINDS)}")
        unknown = set(arguments) - set(KINDS[kind])
        if unknown:
            raise TypeError(f"the fault {kind} has no {', '.join(sorted(unknown))}; it has {', '.join(KINDS[kind])}")
        self.kind = kind
        self.arguments: Mapping[str, t.Any] = {**KINDS[kind], **arguments}

    def __getitem__(self, name: str) -> t.Any:
        return self.arguments[name]

    def __repr__(self) -> str:
        return f"Fault({self.kind!r}, {', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"

    @property
    def applies(self) -> bool:
        """Whether the request takes effect."""
        if self.kind in {"reset_on_connect", "reset_before_request", "reset_after_request", "throttled"}:
            return False
        return bool(self.arguments.get("applied", True))

    def page(self) -> str:
        """The body of an HTML answer."""
        return _PAGE.format(status=self["status"])


@dataclasses.dataclass
class _Rule:
    what: t.Any
    method: str
    path: str
    times: int | None
    after: int

    def matches(self, call: Recorded) -> bool:
        if isinstance(self.what, Fault) and self.what.kind == "reset_on_connect":
            return False
        return self.method in {"*", call.method} and fnmatch.fnmatchcase(call.path, self.path)


class Rules:
    """What is planned for coming requests. The first rule that fits a request is used, and used up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []

    def __bool__(self) -> bool:
        return bool(self._rules)

    def add(self, what: t.Any, *, method: str = "*", path: str = "*", times: int | None = 1, after: int = 0) -> None:
        """Plan something for the next `times` fitting requests (None: all), once `after` of them went by."""
        with self._lock:
            self._rules.append(_Rule(what, method.upper(), path, times, after))

    def clear(self) -> None:
        """Plan nothing."""
        with self._lock:
            self._rules.clear()

    def take(self, call: Recorded) -> t.Any:
        """What is planned for this request, if anything."""
        return self._take(lambda rule: rule.matches(call))

    def take_kind(self, kind: str) -> t.Any:
        """The next fault of one kind, whatever the request."""
        return self._take(lambda rule: rule.what.kind == kind)

    def _take(self, fits: Callable[[_Rule], bool]) -> t.Any:
        with self._lock:
            for rule in self._rules:
                if not fits(rule):
                    continue
                if rule.after:
                    rule.after -= 1
                    continue
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times <= 0:
                        self._rules.remove(rule)
                return rule.what
        return None
