# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A replacement for the module `time`, whose time passes only while all threads of a test sleep, and clients that pace in it."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterable

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import SharedPacer, Store

START = 1000.0
_PATIENCE = 60.0  # real seconds for one step


class VirtualTime:
    """The time of a test. Outside of C(run), a sleep ends at once. C(slept) has the seconds of every sleep, C(now) the time."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []
        self._asleep: list[tuple[float, int, threading.Event]] = []
        self._numbers = itertools.count()
        self._gave_way = threading.Event()
        self._own: set[threading.Thread] = set()

    @property
    def passed(self) -> float:
        """The seconds since the start."""
        return self.now - START

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_000_000_000 + self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if threading.current_thread() not in self._own:
            self.now += seconds
            return
        woken = threading.Event()
        heapq.heappush(self._asleep, (self.now + seconds, next(self._numbers), woken))
        self._gave_way.set()
        woken.wait()

    def run(self, tasks: Iterable[Callable[[], object]]) -> None:
        """Run tasks in threads, only one at a time, until all have ended."""
        for task in tasks:
            thread = threading.Thread(target=self._run_one, args=(task,), daemon=True)
            self._own.add(thread)
            self._gave_way.clear()
            thread.start()
            self._wait_for_one()
        while self._asleep:
            self.now, _number, woken = heapq.heappop(self._asleep)
            self._gave_way.clear()
            woken.set()
            self._wait_for_one()

    def _wait_for_one(self) -> None:
        if not self._gave_way.wait(_PATIENCE):
            raise TimeoutError("a task waits for something other than this time")

    def _run_one(self, task: Callable[[], object]) -> None:
        try:
            task()
        finally:
            self._gave_way.set()


class Worker:
    """A client that asks its pacer and sends nothing, with what it has told."""

    def __init__(self, store: Store, connection: Connection, run: str, *, writes: bool = False) -> None:
        self.told: list[str] = []
        self.pacer = SharedPacer(store, connection, run, writes=writes, tell=self.told.append)
        self.client = Client(connection, self.pacer)

    def enter(self, *methods: str) -> None:
        for method in methods:
            self.pacer.enter(self.client, method)

    def refusal(self) -> str:
        with pytest.raises(CloudflareError) as caught:
            self.enter("GET")
        return caught.value.message
