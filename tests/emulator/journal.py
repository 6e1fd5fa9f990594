# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was asked of the emulator, in order, and how often."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import json
import threading
import time
import typing as t
from collections.abc import Mapping
from urllib.parse import parse_qsl


@dataclasses.dataclass(slots=True)
class Recorded:
    """One request. `path` is what follows the API's base; `status` is None while it is open, 0 where it was cut."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    connection: int
    zone_id: str | None = None
    body: bytes = b""
    status: int | None = None
    at: float = dataclasses.field(default_factory=time.monotonic)

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of several with one name the last."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True)) if self.query_string else {}

    @property
    def json(self) -> t.Any:
        """The body as data."""
        return json.loads(self.body)


def key_digest(private_key: str) -> str:
    """What the journal has in place of a private key."""
    return f"sha256:{hashlib.sha256(private_key.encode()).hexdigest()}"


def without_keys(body: bytes) -> bytes:
    """A body with the digest of its private key in place of the key."""
    if b"PRIVATE KEY" not in body:
        return body
    try:
        data = json.loads(body)
        return json.dumps({**data, "private_key": key_digest(data["private_key"])}).encode()
    except (AttributeError, KeyError, TypeError, ValueError):
        return b"a body with a private key in it"


class Journal:
    """All requests since the start or the last `clear`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Recorded] = []
        self._open = 0
        self.connections = 0
        self._changed = threading.Condition(self._lock)

    def connected(self) -> None:
        """Note that a connection was accepted."""
        with self._lock:
            self.connections += 1

    def add(self, entry: Recorded) -> None:
        """Note that a request has arrived."""
        with self._changed:
            self._entries.append(entry)
            self._open += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Note that one of them has been dealt with."""
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._entries.clear()
            self.connections = 0

    def entries(self) -> list[Recorded]:
        """All of them, in order of arrival."""
        with self._lock:
            return list(self._entries)

    def counts(self) -> dict[tuple[str, str | None], int]:
        """How many, by method and zone id (None for those that are about no single zone)."""
        return dict(collections.Counter((entry.method, entry.zone_id) for entry in self.entries()))

    def wait_for(self, count: int, timeout: float) -> bool:
        """Wait until that many have arrived; False where they did not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._entries) >= count, timeout)

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until all that have arrived have been dealt with; False where they were not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, timeout)
