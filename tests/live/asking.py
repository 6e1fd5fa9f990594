# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends requests to the API, and records the responses. It waits if throttled, and a signal ends the kit between two requests.

The collection's own client hides what the kit checks: statuses, headers, and the exact format of responses.
"""

from __future__ import annotations

import signal
import time
import types
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import requests

JSONObject = dict[str, t.Any]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ATTEMPTS = 4
_LONGEST_WAIT = 330  # a ban lasts 300 s
_THROTTLED_CODES = {971, 10100, 10429}


class Interrupted(Exception):
    """A signal asks the kit to end."""


@dataclass(frozen=True)
class Answer:
    """An answer of the API. `status` is 0 where none came; `body` is empty where it is no JSON object."""

    method: str
    status: int
    headers: Mapping[str, str]
    body: JSONObject

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300 and self.body.get("success") is True

    @property
    def refused(self) -> bool:
        """Whether the API itself refused the request, and not because of too many."""
        return self.body.get("success") is False and self.status < 500 and not self.throttled

    @property
    def codes(self) -> list[int]:
        errors = self.body.get("errors")
        found = [item.get("code") for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
        return [code for code in found if isinstance(code, int)]

    @property
    def throttled(self) -> bool:
        return self.status == 429 or not _THROTTLED_CODES.isdisjoint(self.codes)

    @property
    def items(self) -> list[JSONObject]:
        """The objects of a list."""
        result = self.body.get("result")
        return [item for item in result if isinstance(item, dict)] if isinstance(result, list) else []

    @property
    def info(self) -> JSONObject:
        info = self.body.get("result_info")
        return info if isinstance(info, dict) else {}

    def __str__(self) -> str:
        """Its status and codes, which hold nothing of the zone's own."""
        codes = f" with code {', '.join(map(str, self.codes))}" if self.codes else ""
        return f"HTTP {self.status}{codes}" if self.status else "no answer"


class Api:
    """Asks, and keeps all answers in `seen`. Entered, it takes signals."""

    def __init__(self, url: str, token: str, sleep: Callable[[float], object] = time.sleep) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._sleep = sleep
        self._signal: signal.Signals | None = None
        self._former: dict[int, t.Any] = {}
        self.seen: list[Answer] = []
        self.restoring = False

    def __enter__(self) -> Api:
        self._former = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        self._session.close()

    def _note(self, number: int, _frame: types.FrameType | None) -> None:
        self._signal = signal.Signals(number)

    def check(self) -> None:
        """:raises Interrupted: a signal came, and the zone is not being restored."""
        if self._signal is not None and not self.restoring:
            raise Interrupted(f"interrupted by {self._signal.name}")

    def wait(self, seconds: float) -> None:
        """Wait, and see signals soon."""
        while seconds > 0:
            self.check()
            self._sleep(min(seconds, 0.2))
            seconds -= 0.2

    def ask(self, method: str, path: str, query: Mapping[str, int | str] | None = None, body: t.Any = None) -> Answer:
        """One request, again where it was throttled or where a read has failed. A request that is under way is never abandoned.

        :raises Interrupted: see `check`.
        """
        for _attempt in range(_ATTEMPTS):
            self.check()
            answer = self._ask(method, path, query or {}, body)
            self.seen.append(answer)
            told = answer.headers.get("Retry-After", "")
            seconds = int(told) if told.isascii() and told.isdigit() else 60
            if answer.throttled and seconds <= _LONGEST_WAIT:
                self.wait(seconds + 1)
            elif method == "GET" and (not answer.status or answer.status >= 500):
                self.wait(1)
            else:
                break
        return answer

    def _ask(self, method: str, path: str, query: Mapping[str, int | str], body: t.Any) -> Answer:
        try:
            response = self._session.request(
                method, self._url + path, params=query, json=body, timeout=30, allow_redirects=False
            )
        except requests.RequestException:
            return Answer(method, 0, {}, {})
        try:
            parsed = response.json()
        except (ValueError, RecursionError):
            parsed = None
        return Answer(method, response.status_code, response.headers, parsed if isinstance(parsed, dict) else {})
