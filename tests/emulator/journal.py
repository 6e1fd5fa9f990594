# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records the requests to the emulator, in order."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
import time
import typing as t
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

_KEYS = re.compile(rb"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)")


@dataclasses.dataclass(slots=True)
class Recorded:
    """One request. `path` is relative to the base URL."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    connection: int
    zone_id: str | None = None
    body: bytes = b""
    at: float = dataclasses.field(default_factory=time.monotonic)

    @property
    def query(self) -> dict[str, str]:
        """The query parameters. The last one with a name counts."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def json(self) -> t.Any:
        """The body, parsed."""
        return json.loads(self.body)


def without_keys(body: bytes) -> bytes:
    """Return a body in which private keys are replaced by a note."""
    return _KEYS.sub(b"a private key", body)


class Journal:
    """All requests since the start or the last `clear`. `unfinished` is the number of those that are still processed."""

    def __init__(self) -> None:
        self.entries: list[Recorded] = []
        self.unfinished = 0
        self._changed = threading.Condition()

    def add(self, entry: Recorded) -> None:
        """Note that a request has arrived."""
        with self._changed:
            self.entries.append(entry)
            self.unfinished += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Note that the processing of a request has ended."""
        with self._changed:
            self.unfinished -= 1
            self._changed.notify_all()

    def wait(self, until: Callable[[], bool], timeout: float) -> None:
        """Wait for a number of requests."""
        with self._changed:
            if not self._changed.wait_for(until, timeout):
                raise TimeoutError(
                    f"{len(self.entries)} requests after {timeout} s, {self.unfinished} of them unfinished"
                )
