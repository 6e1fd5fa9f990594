# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Pacers: delay or refuse a request, based on the requests of all clients with the same credential. See _rate_limit."""

from __future__ import annotations

import contextlib
import enum
import math
import secrets
import threading
import time
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._rate_limit import (
    Need,
    State,
    Ticket,
    Wait,
    is_counted,
)

Tell = t.Callable[[str], None]


class Waiter(t.Protocol):
    """The part of a client that a pacer uses."""

    waited: float

    def wait(self, step: float, whole: float, why: str, *, counts: bool = True) -> None:
        """See Client.wait."""


class Pacer:
    """Interface of all pacers. This one delays nothing: a module that runs alone only waits as the API asks."""

    def enter(self, client: Waiter, method: str, stale_after: float = math.inf) -> bool:
        """Wait with C(client.wait) until an attempt may be made.

        :param stale_after: See Client.call.
        :returns: False if the attempt would come after C(stale_after). No slot is used then.
        :raises CloudflareError: The credentials were refused before, or the wait would exceed C(max_wait).
        """
        return client.waited <= stale_after

    def banned(self, seconds: float, told: bool) -> None:
        """Note that the API refuses all requests for this many seconds.

        :param told: Whether the API gave the time.
        """

    def condemned(self, reason: str) -> None:
        """Note that the API refuses these credentials."""

    def passed(self) -> None:
        """Note that an attempt was not throttled."""

    def leave(self) -> None:
        """Release the slots of attempts that were not made."""

    def another(self, *, bounded: bool = True) -> Pacer:
        """Return a pacer for another client, possibly in another thread.

        :param bounded: Whether waiting for C(rate_limit) counts against C(max_wait).
        """
        return self


class Store(t.Protocol):
    """Shares a state among clients."""

    @property
    def path(self) -> str:
        """The file of the state, or an empty string."""

    def state(self) -> t.ContextManager[State]:
        """Provide the state exclusively, and store its changes at the end of the block."""


class MemoryStore:
    """Shares a state among the threads of this process."""

    path = ""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = State()

    @contextlib.contextmanager
    def state(self) -> t.Iterator[State]:
        with self._lock:
            yield self._state


class _Hold(enum.Enum):
    """Whether a read also takes a slot for the write that may follow."""

    NO = enum.auto()
    IF_ROOM = enum.auto()
    MUST = enum.auto()  # the last read became too old while the write waited for a slot


class SharedPacer(Pacer):
    """Paces one client together with all clients of its store. Refuses requests with credentials that the API refused.

    :param run: Identifies this run of Ansible. A refusal of credentials applies to one run.
    :param writes: Whether a write may follow a read.
    :param tell: Called with a message about a long wait, once for all clients of the store.
    :param bounded: Whether waiting for C(rate_limit) counts against C(max_wait).
    """

    def __init__(
        self, store: Store, connection: Connection, run: str, *, writes: bool, tell: Tell, bounded: bool = True
    ) -> None:
        self._store = store
        self._connection = connection
        self._run = run
        self._writes = writes
        self._tell = tell
        self._bounded = bounded
        # The state of this client.
        self._hold = _Hold.IF_ROOM if writes else _Hold.NO
        self._held: int | None = None  # the second in which the slot for a write was taken
        self._ticket: Ticket | None = None
        self._waiting = False
        self._probing = False

    def another(self, *, bounded: bool = True) -> Pacer:
        return SharedPacer(
            self._store, self._connection, self._run, writes=self._writes, tell=self._tell, bounded=bounded
        )

    def enter(self, client: Waiter, method: str, stale_after: float = math.inf) -> bool:
        """Wait for a slot and for the end of a ban."""
        while client.waited <= stale_after:
            with self._shared() as (state, now):
                wait = self._go_or_wait(state, method, now)
                if wait is None:
                    return True
                if client.waited + wait.seconds > stale_after:
                    break
                text = state.announcement(wait, now)
            if text:
                self._tell(text)
            self._wait(client, wait)
        self._hold = _Hold.MUST
        return False

    def banned(self, seconds: float, told: bool) -> None:
        """Make the other clients wait as well."""
        probed, self._probing = self._probing, False
        with self._shared() as (state, now):
            state.ban(seconds, told, probed, now)
            wait = state.wait_for_ban(now)
            text = state.announcement(wait, now) if wait else ""
        if text:
            self._tell(text)

    def condemned(self, reason: str) -> None:
        """Make the other clients of this run fail without a request."""
        credentials = self._connection.credentials
        for secret in filter(None, (credentials.token, credentials.key)):  # a response may repeat them
            reason = reason.replace(secret, "********")
        with self._shared() as (state, _now):
            state.condemn(self._run, reason)

    def passed(self) -> None:
        """End a ban, if this request was the probe."""
        if self._probing:
            self._probing = False
            with self._shared() as (state, _now):
                state.end_ban()

    def leave(self) -> None:
        """Release the unused slot for a write, the turn to probe a ban, and the place in the queue."""
        if self._held is None and not self._probing and not self._waiting:
            return
        with self._shared() as (state, _now):
            if self._held is not None:
                state.give_back(self._held)
            if self._probing:
                state.probe_until = 0.0
            if self._ticket is not None:
                state.queue.pop(self._ticket.key, None)
        self._held, self._probing, self._waiting = None, False, False

    @contextlib.contextmanager
    def _shared(self) -> t.Iterator[tuple[State, float]]:
        with self._store.state() as state:
            now = time.monotonic()
            state.forget(now)
            yield state, now

    def _go_or_wait(self, state: State, method: str, now: float) -> Wait | None:
        """Take the slots of a request and return None, or return the wait until it may try again.

        :raises CloudflareError: The credentials were refused before.
        """
        if self._run in state.condemned:
            raise CloudflareError(
                f"The next request was not sent: these credentials were refused before. {state.condemned[self._run]}"
            )
        if self._ticket is None:
            self._ticket = Ticket(now, secrets.token_hex(4))
        if self._held is not None and not is_counted(self._held, now):
            self._held = None  # it has left the window during a ban
        need = self._need(method)
        wait = None if self._probing else state.wait_for_ban(now)
        if wait is None:
            taken = state.take(need, self._connection.rate_limit, self._ticket, now)
            if not isinstance(taken, Wait):
                self._go(state, method, taken, now)
                return None
            wait = taken
        state.queue_up(self._ticket, need, now + wait.step)
        self._waiting = True
        return wait

    def _need(self, method: str) -> Need:
        if method != "GET":
            return Need(0, 0) if self._held is not None else Need(1, 1)
        if self._held is not None or self._hold is _Hold.NO:
            return Need(1, 1)
        return Need(2, 2) if self._hold is _Hold.MUST else Need(1, 2)

    def _go(self, state: State, method: str, taken: int, now: float) -> None:
        self._waiting = False
        self._probing = self._probing or state.begin_probe(now)
        if method == "GET":
            self._held = math.floor(now) if taken == 2 else self._held
            return
        if self._held is not None:
            state.use_held(self._held, t.cast(Ticket, self._ticket), now)
        self._held, self._hold = None, _Hold.NO

    def _wait(self, client: Waiter, wait: Wait) -> None:
        try:
            client.wait(wait.step, wait.seconds, wait.reason, counts=self._bounded or wait.banned)
        except CloudflareError as error:
            if wait.banned and self._store.path:
                error.message += f" To send requests anyway, remove the file {self._store.path} and run again."
            raise
