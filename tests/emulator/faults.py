# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: errors that a test can cause in its next requests, one fault per request.

`KINDS` has every kind of fault with its arguments and their defaults. The argument `applied` says whether the request
takes effect before the faulty response.
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
    "reset_on_connect": {},  # when it is opened; method and path of the rule are ignored
    "reset_before_request": {},  # after the headers of the request, before its body is read
    "reset_after_request": {},  # after the whole request was read, without applying it
    "reset_after_apply": {},  # after it was applied, without a response
    "reset_mid_answer": {"keep": 0.5, "how": "reset"},  # after this part of the body, with a `reset` or a `close`
    "close_after_answer": {},  # without announcing it, as servers close idle connections
    "no_answer": {"applied": False},  # until the client disconnects or the emulator stops
    # Time
    "latency": {"seconds": 0.1},  # before the request is processed
    "trickle": {"part": "body", "chunk": 1, "interval": 0.05},  # `headers` or `body`, in chunks of so many bytes
    # A different response
    "answer": {"status": 200, "body": "", "content_type": "application/json", "headers": None, "applied": False},
    "html": {"status": 502, "applied": False},
    "server_error": {"status": 500, "applied": False},  # HTML or JSON, depending on the switch with the same name
    "not_object": {"body": '["no","object"]', "applied": False},
    "empty_body": {"status": 200, "applied": False},
    "redirect": {"status": 302, "location": "/", "applied": False},
    "throttled": {"retry_after": None, "code": 971, "status": 429},  # any text as Retry-After, or none
    # The correct response in a wrong format
    "truncated_json": {"keep": 0.5},  # a complete HTTP message with part of the JSON
    "wrong_content_type": {"content_type": "text/plain"},
    "gzip": {},
    "gzip_bomb": {"size": 200_000_000},  # bytes after decompression
    "huge": {"size": 100_000_000},
    "chunked": {"chunk": 64},
    # A response with wrong content
    "duplicate_page": {},  # the items of the previous page
    "drop_page": {},  # no items
    "result_info": {"override": {}, "remove": ()},  # of result_info: replaced values and removed keys
    "patch_result": {"change": {}, "remove": (), "ids": None},  # of the items: a dict, or a function of the item
    "patch_answer": {"change": {}, "remove": ()},  # of the envelope: a dict, or a function of it
    "pretend": {},  # the response to a PUT as if it were applied
}


class Fault:
    """One fault, such as `Fault("html", status=523)`."""

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
        """Return whether the request takes effect."""
        if self.kind in {"reset_on_connect", "reset_before_request", "reset_after_request", "throttled"}:
            return False
        return bool(self.arguments.get("applied", True))

    def page(self) -> str:
        """Return the body of an HTML response."""
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
    """The faults and callbacks for the next requests. Each request takes the first rule that matches it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []

    def __bool__(self) -> bool:
        return bool(self._rules)

    def add(self, what: t.Any, *, method: str = "*", path: str = "*", times: int | None = 1, after: int = 0) -> None:
        """Add a rule for the next `times` matching requests (None: all), after skipping the first `after` of them."""
        with self._lock:
            self._rules.append(_Rule(what, method.upper(), path, times, after))

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self._rules.clear()

    def take(self, call: Recorded) -> t.Any:
        """Return the fault or callback for this request, or None."""
        return self._take(lambda rule: rule.matches(call))

    def take_kind(self, kind: str) -> t.Any:
        """Return the next fault of one kind, for any request, or None."""
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
