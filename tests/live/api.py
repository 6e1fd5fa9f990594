# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Raw requests, each recorded whole, within a budget; a throttle is obeyed.

The collection's own client hides what this kit is after: statuses, headers, and the exact form of answers.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _transport
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._version import VERSION

from .seen import Exchange
from .stopping import Stopping

MOST_REQUESTS = 39
RESERVE = 6  # to bring a zone back: a read, a write, and up to four reads
_KEPT_HEADERS = ("content-type", "ratelimit", "ratelimit-policy", "retry-after")
_LONGEST_WAIT = 330.0  # a ban lasts 300 s
_UNTOLD_WAIT = 60.0
_MOST_WAITS = 3
_MOST_RETRIES = 2  # of reads that failed on the way


class Spent(Exception):
    """The requests that the kit allows itself are made."""


class Throttled(Exception):
    """The service wants us to stay away for longer than is sensible."""


class Api:
    """Asks, and keeps everything in `exchanges`."""

    def __init__(self, connection: Connection, stopping: Stopping, exchanges: list[Exchange]) -> None:
        self._connection = connection
        self._stopping = stopping
        self._exchanges = exchanges
        self._session = _transport.open_session(connection.url)
        self._session.headers.update(
            {"User-Agent": f"zonefleet.cloudflare-live/{VERSION}", "Accept": "application/json"}
        )
        self.spent = 0
        self.restoring = False

    def close(self) -> None:
        self._session.close()

    def room(self, count: int) -> bool:
        """Whether so many requests are left, beside those that it takes to bring the zone back."""
        return self.spent + count <= MOST_REQUESTS - RESERVE

    def ask(
        self, label: str, method: str, path: str, query: Mapping[str, int | str] | None = None, body: t.Any = None
    ) -> Exchange:
        """One request, again where it was throttled, and where a read failed on the way.

        :raises Spent: the budget does not allow it.
        :raises Throttled: the wait would be too long.
        :raises Interrupted: someone wants the kit to end.
        """
        waits = retries = 0
        while True:
            self._stopping.check()
            if not self.restoring and not self.room(1):
                raise Spent(f"the budget of {MOST_REQUESTS} requests does not allow more")
            self.spent += 1
            exchange = self._attempt(label, method, path, query or {}, body)
            self._exchanges.append(exchange)
            if exchange.throttled and waits < _MOST_WAITS:
                waits += 1
                self._sit_out(exchange)
            elif (not exchange.status or exchange.status >= 500) and method == "GET" and retries < _MOST_RETRIES:
                retries += 1
                self._stopping.pause(2.0**retries)
            else:
                return exchange

    def _sit_out(self, exchange: Exchange) -> None:
        told = exchange.headers.get("retry-after", "")
        seconds = float(told) if told.isascii() and told.isdigit() else _UNTOLD_WAIT
        if seconds > _LONGEST_WAIT:
            raise Throttled(f"the service wants a wait of {seconds:.0f} s")
        self._stopping.pause(seconds + 1)

    def _attempt(self, label: str, method: str, path: str, query: Mapping[str, int | str], body: t.Any) -> Exchange:
        try:
            answer = _transport.attempt(
                self._session,
                method,
                self._connection.url + path,
                timeout=self._connection.timeout,
                params=query,
                json=body,
                auth=self._log_in,
            )
        except (_transport.NoAnswer, _transport.UnusableAnswer) as error:
            return Exchange(label, method, path, query, body, 0, {}, None, str(error))
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        return Exchange(label, method, path, query, body, answer.status, headers, _parsed(answer.body))

    def _log_in(self, request: t.Any) -> t.Any:
        request.headers.update(self._connection.credentials.headers())
        return request


def _parsed(body: bytes) -> t.Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


__all__ = ("MOST_REQUESTS", "RESERVE", "Api", "Spent", "Throttled")
