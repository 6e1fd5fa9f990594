# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Has each request pass a pacer, which makes it wait or refuses it for what other clients know: see _rate_limit."""

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
    """What a pacer needs of a client."""

    waited: float

    def wait(self, step: float, whole: float, why: str, *, counts: bool = True) -> None:
        """See Client.wait."""


class Pacer:
    """What every attempt has to pass. This one lets all through: a module runs alone and obeys what it is told."""

    def enter(self, client: Waiter, method: str, stale_after: float = math.inf) -> bool:
        """Have an attempt wait by C(client.wait) for as long as need be.

        :param stale_after: See Client.call.
        :returns: Whether it may be made; if not, it would come after C(stale_after), and nothing was taken for it.
        :raises CloudflareError: the attempt is pointless, or the waiting would be too long.
        """
        return client.waited <= stale_after

    def banned(self, seconds: float, told: bool) -> None:
        """Note that the API refuses all requests for so long, by its own word if C(told)."""

    def condemned(self, reason: str) -> None:
        """Note that the API refuses these credentials as such."""

    def passed(self) -> None:
        """Note that an attempt was not throttled."""

    def leave(self) -> None:
        """Give back what was held for attempts that were not made."""

    def another(self, *, bounded: bool = True) -> Pacer:
        """Return a pacer for another client, which may run in another thread.

        :param bounded: Whether waiting for C(rate_limit) counts against C(max_wait).
        """
        return self


class Store(t.Protocol):
    """Where clients share what they know."""

    @property
    def path(self) -> str:
        """The file that holds it; empty where there is none."""

    def state(self) -> t.ContextManager[State]:
        """Give the state to one at a time, and keep what it makes of it."""


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
    """Whether a read takes the slot of the write along."""

    NO = enum.auto()
    IF_ROOM = enum.auto()
    MUST = enum.auto()  # because the last reading became too old while it waited for one


class SharedPacer(Pacer):
    """Paces one client together with all that share its store, and stops them where their credentials are refused.

    :param run: What tells this run from others; a condemned credential is one for this run.
    :param writes: Whether a write may follow a read.
    :param tell: Called with what a user should know of a long wait, once for all who share the store.
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
        # Only this client from here on.
        self._hold = _Hold.IF_ROOM if writes else _Hold.NO
        self._held: int | None = None  # the second of a slot that is taken and not used
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
        """Have the others wait, too."""
        probed, self._probing = self._probing, False
        with self._shared() as (state, now):
            state.ban(seconds, told, probed, now)
            wait = state.wait_for_ban(now)
            text = state.announcement(wait, now) if wait else ""
        if text:
            self._tell(text)

    def condemned(self, reason: str) -> None:
        """Have the others of this run fail without a request."""
        credentials = self._connection.credentials
        for secret in filter(None, (credentials.token, credentials.key)):  # which an answer may repeat
            reason = reason.replace(secret, "********")
        with self._shared() as (state, _now):
            state.condemn(self._run, reason)

    def passed(self) -> None:
        """End a ban, where this request was the one to find out."""
        if self._probing:
            self._probing = False
            with self._shared() as (state, _now):
                state.end_ban()

    def leave(self) -> None:
        """Give back the slot of a write that was not needed, the turn to find out about a ban, and the place in the queue."""
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
        """Take what a request needs, or return what it has to wait for.

        :raises CloudflareError: the credentials are condemned.
        """
        if self._run in state.condemned:
            raise CloudflareError(
                f"The next request was not sent: these credentials were refused before. {state.condemned[self._run]}"
            )
        if self._ticket is None:
            self._ticket = Ticket(now, secrets.token_hex(4))
        if self._held is not None and not is_counted(self._held, now):
            self._held = None  # it has left the window while a ban was on
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
                error.message += f" To ask Cloudflare all the same, remove the file {self._store.path} and run again."
            raise
