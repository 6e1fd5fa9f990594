# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: errors that a test can cause in its next requests, one fault per request.

`KINDS` has every kind of fault with its arguments and their defaults. The argument `applied` says whether the request
takes effect before the faulty response.
"""

from __future__ import annotations

import copy
import dataclasses
import fnmatch
import threading
import typing as t
from collections.abc import Callable

from .journal import Recorded

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
    "answer": {"status": 200, "body": "", "applied": False},
    "html": {"status": 502, "applied": False},
    "server_error": {"status": 500, "applied": False},  # HTML or JSON, depending on the switch with the same name
    "not_object": {"body": '["no","object"]', "applied": False},
    "empty_body": {"status": 200, "applied": False},
    "redirect": {"status": 302, "location": "/", "applied": False},
    "throttled": {"retry_after": None, "status": 429},  # any text as Retry-After, or none
    # The correct response in a wrong format
    "truncated_json": {"keep": 0.5},  # a complete HTTP message with part of the JSON
    "wrong_content_type": {"content_type": "text/plain"},
    "gzip": {},
    "gzip_bomb": {"size": 40_000_000},  # bytes after decompression
    "huge": {"size": 40_000_000},
    "chunked": {"chunk": 64},
    # A response with wrong content
    "duplicate_page": {},  # the items of the previous page
    "drop_page": {},  # no items
    "result_info": {"override": {}},  # values of result_info
    "patch_result": {"change": {}, "ids": None},  # of the items: a dict, or a function of the item
    "patch_answer": {"change": {}, "remove": ()},  # of the envelope: replaced values and removed keys
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
        self.arguments = {**KINDS[kind], **arguments}

    def __getitem__(self, name: str) -> t.Any:
        return self.arguments[name]

    def __repr__(self) -> str:
        return f"Fault({self.kind!r}, {', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"

    @property
    def applies(self) -> bool:
        """Return whether the request takes effect."""
        never = {"reset_on_connect", "reset_before_request", "reset_after_request", "throttled"}
        return self.kind not in never and self.arguments.get("applied", True)

    def falsified(self, payload: t.Any) -> t.Any:
        """Return the content of a response, changed as the fault requires. The original is not modified."""
        change = _CHANGES.get(self.kind)
        return change(self, copy.deepcopy(payload)) if change else payload


def _drop_page(fault: Fault, payload: t.Any) -> t.Any:
    info = {"result_info": {**payload["result_info"], "count": 0}} if "result_info" in payload else {}
    return {**payload, "result": [], **info}


def _patch_result(fault: Fault, payload: t.Any) -> t.Any:
    change, ids, result = fault["change"], fault["ids"], payload.get("result")

    def patched(item: t.Any) -> t.Any:
        if ids is not None and item.get("id") not in ids:
            return item
        return change(item) if callable(change) else {**item, **change}

    if isinstance(result, list):
        return {**payload, "result": [patched(item) for item in result]}
    return {**payload, "result": patched(result)} if isinstance(result, dict) else payload


def _patch_answer(fault: Fault, payload: t.Any) -> t.Any:
    return {name: value for name, value in {**payload, **fault["change"]}.items() if name not in fault["remove"]}


_CHANGES: dict[str, Callable[[Fault, t.Any], t.Any]] = {
    "drop_page": _drop_page,
    "result_info": lambda fault, payload: {
        **payload,
        "result_info": {**payload.get("result_info", {}), **fault["override"]},
    },
    "patch_result": _patch_result,
    "patch_answer": _patch_answer,
}


@dataclasses.dataclass
class _Rule:
    what: t.Any
    method: str
    path: str
    times: int | None
    after: int

    def fits(self, call: Recorded | None) -> bool:
        at_once = isinstance(self.what, Fault) and self.what.kind == "reset_on_connect"
        if call is None or at_once:
            return call is None and at_once
        return self.method in {"*", call.method} and fnmatch.fnmatchcase(call.path, self.path)


class Rules:
    """The faults and callbacks for the next requests. Each request takes the first rule that matches it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []

    def add(self, what: t.Any, *, method: str = "*", path: str = "*", times: int | None = 1, after: int = 0) -> None:
        """Add a rule for the next `times` matching requests (None: all), after skipping the first `after` of them."""
        with self._lock:
            self._rules.append(_Rule(what, method.upper(), path, times, after))

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self._rules.clear()

    def take(self, call: Recorded | None) -> t.Any:
        """Return the fault or callback for this request (None: for a new connection), if there is one."""
        with self._lock:
            for rule in self._rules:
                if not rule.fits(call):
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
