# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""What the workers of all runs on this controller share about one credential: one small file, guarded by a lock.

It holds how many requests were made when, a ban that one of them met, and whether the credential was refused as such.
Nothing in it tells the credential. Whatever goes wrong with the file, requests are made all the same.

Source: Cloudflare API documentation, "Rate limits".
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import stat
import time
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client, Pacer
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError

WINDOW = 300.0  # seconds over which the API counts requests
LONGEST_BAN = 86400.0
WORTH_TELLING = 5.0  # seconds of waiting that a user would wonder about
NEXT_GUESS = 60.0  # seconds for which a ban goes on at least, where the API does not tell and a probe was refused
PROBE = 10.0  # seconds that one worker has to find out whether a ban is over
POLL = 1.0
LOCK_WAIT = 5.0
LEFT_BEHIND = 3600.0  # seconds after which a file that no run touches is removed
_MOST_BYTES = 65536
_MOST_RUNS = 16
_PREFIX = "zonefleet-cloudflare-"

Tell = t.Callable[[str], None]


class _Wait(t.NamedTuple):
    """How long to wait, at the most how long before looking again, and why."""

    seconds: float
    step: float
    banned: bool
    probed: bool = False

    @property
    def reason(self) -> str:
        return "Cloudflare refuses all calls of this user for now" if self.banned else "'rate_limit' is reached"


class _State:
    """The content of the file. Times are seconds of the system's monotonic clock, which starts anew at each boot.

    C(ban_until) stays after the end of a ban until a request has passed: one at a time tries, the others wait until
    C(probe_until) for what it finds. C(condemned) has the reason for each run.
    """

    def __init__(self, told: t.Mapping[str, t.Any], now: float) -> None:
        counts = {int(second): int(count) for second, count in dict(told.get("counts") or {}).items()}
        # Any request of a second may have been made at its very end.
        self.counts = {second: count for second, count in counts.items() if now - WINDOW - 1 < second <= now}
        self.ban_until = min(float(told.get("ban_until") or 0.0), now + LONGEST_BAN)
        self.ban_told = bool(told.get("ban_told"))
        self.probe_until = min(float(told.get("probe_until") or 0.0), now + PROBE)
        self.condemned = {str(run): str(reason) for run, reason in dict(told.get("condemned") or {}).items()}
        self.announced_until = min(float(told.get("announced_until") or 0.0), now + LONGEST_BAN)

    def ban(self, seconds: float, told: bool, now: float) -> None:
        """Note a ban; the API's own word goes before what was guessed."""
        if self.ban_until <= now or (told and not self.ban_told):
            self.ban_until, self.ban_told = now + seconds, told
        elif told == self.ban_told:
            self.ban_until = max(self.ban_until, now + seconds)
        self.probe_until = 0.0

    def wait_for_ban(self, now: float) -> _Wait | None:
        """Return the wait for the end of a ban, or for what another worker finds out about it."""
        if self.ban_until > now:
            seconds = self.ban_until - now
            return _Wait(seconds, seconds if self.ban_told else min(seconds, POLL), True)
        if self.ban_until and self.probe_until > now:
            seconds = self.probe_until - now
            return _Wait(seconds, min(seconds, POLL), True, probed=True)
        return None

    def wait_for_slots(self, slots: int, limit: int, now: float) -> _Wait | None:
        """Return the wait until so many requests more are within the limit."""
        over = sum(self.counts.values()) + min(slots, limit) - limit
        if limit == 0 or slots == 0 or over <= 0:
            return None
        for second in sorted(self.counts):
            over -= self.counts[second]
            if over <= 0:
                seconds = max(0.01, second + 1 + WINDOW - now)
                return _Wait(seconds, seconds, False)
        return None

    def condemn(self, run: str, reason: str) -> None:
        """Note what a run's credentials were refused for; of other runs' notes the latest are kept."""
        others = [(key, text) for key, text in self.condemned.items() if key != run]
        self.condemned = dict([*others, (run, reason)][-_MOST_RUNS:])

    def count(self, second: int, slots: int) -> None:
        """Count requests, or with a negative number do not count them any more."""
        self.counts[second] = max(0, self.counts.get(second, 0) + slots)


class SharedPacer(Pacer):
    """Paces the requests of all workers with one credential, has them sit out a ban together, and stops a bad login.

    :param directory: Where the file is: of this user alone, and the same for all runs.
    :param run: What tells this run from others; a condemned credential is one for this run.
    :param hold_for_write: Take a slot for the write along with that for the reading, so that pacing never comes between.
    :param tell: Called with what a user should know of a long wait, once for all workers.
    :param note: Called with what only someone who looks into it wants to know.
    """

    def __init__(
        self, connection: Connection, directory: str, run: str, *, hold_for_write: bool, tell: Tell, note: Tell
    ) -> None:
        self._path = os.path.join(directory, _PREFIX + _digest(connection))
        self._run = run
        self._limit = connection.rate_limit
        self._secrets = list(filter(None, (connection.credentials.token, connection.credentials.key)))
        self._hold_for_write = hold_for_write
        self._tell = tell
        self._note = note
        self._held: int | None = None  # the second of a slot that is taken and not used
        self._probing = False
        self._patience = LOCK_WAIT
        self._noted = False

    def enter(self, client: Client, method: str) -> None:
        """Wait for a slot and for the end of a ban."""
        while True:
            with self._state() as state:
                if self._run in state.condemned:
                    raise CloudflareError(
                        f"No request was made: these credentials were refused before. {state.condemned[self._run]}"
                    )
                wait = self._find_wait(state, method)
                if wait is None:
                    self._take(state, method)
                    return
                text = _announcement(state, wait)
            if text:
                self._tell(text)
            client.wait(wait.step, wait.reason)

    def banned(self, seconds: float, told: bool) -> None:
        """Have the others wait, too."""
        if self._probing and not told:
            seconds = max(seconds, NEXT_GUESS)
        self._probing = False
        with self._state() as state:
            state.ban(seconds, told, time.monotonic())
            text = _announcement(state, _Wait(seconds, seconds, True))
        if text:
            self._tell(text)

    def condemned(self, reason: str) -> None:
        """Have the others of this run fail without a request."""
        for secret in self._secrets:  # which an answer may repeat
            reason = reason.replace(secret, "********")
        with self._state() as state:
            state.condemn(self._run, reason)

    def passed(self) -> None:
        """End a ban, where this request was the one to find out."""
        if self._probing:
            self._probing = False
            with self._state() as state:
                state.ban_until = state.probe_until = 0.0

    def leave(self) -> None:
        """Give back the slot of a write that was not needed, and the turn to find out about a ban."""
        if self._held is not None or self._probing:
            with self._state() as state:
                if self._held is not None:
                    state.count(self._held, -1)
                if self._probing:
                    state.probe_until = 0.0
            self._held, self._probing = None, False

    def _find_wait(self, state: _State, method: str) -> _Wait | None:
        now = time.monotonic()
        return (None if self._probing else state.wait_for_ban(now)) or state.wait_for_slots(
            self._needed(method), self._limit, now
        )

    def _needed(self, method: str) -> int:
        if method != "GET":
            return 0 if self._held is not None else 1
        return 2 if self._hold_for_write and self._held is None else 1

    def _take(self, state: _State, method: str) -> None:
        now = time.monotonic()
        if state.ban_until:
            state.probe_until = now + PROBE
            self._probing = True
        needed, second = self._needed(method), math.floor(now)
        state.count(second, needed)
        if method == "GET":
            self._held = second if needed == 2 else self._held
        elif self._held is not None:  # used now, not when it was taken
            state.count(self._held, -1)
            state.count(second, 1)
            self._held = None

    @contextlib.contextmanager
    def _state(self) -> t.Iterator[_State]:
        """Read the file, and write back what the block makes of it; without a file, an empty state is forgotten."""
        descriptor = self._open()
        try:
            state = _read(descriptor, time.monotonic())
            try:
                yield state
            finally:
                _write(descriptor, vars(state))
        finally:
            if descriptor is not None:
                os.close(descriptor)  # which unlocks it, too

    def _open(self) -> int | None:
        try:
            return _open_locked(self._path, self._patience)
        except OSError as error:
            self._patience = 0.0  # whoever keeps the lock will keep it: not that long again
            if not self._noted:
                self._note(f"Requests are not counted together with those of other workers: {error}")
            self._noted = True
            return None


def _announcement(state: _State, wait: _Wait) -> str:
    """Return what to tell of a wait, empty where somebody did so already or it is not worth it."""
    now = time.monotonic()
    if wait.seconds < WORTH_TELLING or wait.probed or state.announced_until > now:
        return ""
    state.announced_until = now + wait.seconds
    return f"Waiting for {math.ceil(wait.seconds)} s: {wait.reason}."


def _digest(connection: Connection) -> str:
    """Name a credential in a way from which it cannot be told, and this boot, since the times mean nothing in another."""
    secret = "\0".join(f"{name}: {value}" for name, value in sorted(connection.credentials.headers().items()))
    salted = f"zonefleet.cloudflare\0{os.geteuid()}\0{_BOOT}\0{connection.url}\0{secret}"
    return hashlib.sha256(salted.encode()).hexdigest()[:32]


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:  # not Linux
        return str(round((time.time() - time.monotonic()) / 3600))


_BOOT = _boot()  # here, so that it is read once, in the parent of all workers


def _open_locked(path: str, patience: float) -> int:
    """Open a file that is there, regular and this user's alone, and lock it.

    :raises OSError: that cannot be had.
    """
    while True:
        descriptor = _open_own(path)
        try:
            _lock(descriptor, patience)
            if os.fstat(descriptor).st_nlink:
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # removed while we waited: what is in it, nobody else would see


def _open_own(path: str) -> int:
    try:
        return _open_existing(path)
    except FileNotFoundError:
        directory = os.path.dirname(path)
        os.makedirs(directory, mode=0o700, exist_ok=True)
        _remove_left_behind(directory)
        return _open_existing(path, os.O_CREAT)


def _open_existing(path: str, more_flags: int = 0) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | more_flags, 0o600)
    found = os.fstat(descriptor)
    if (
        stat.S_ISREG(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        return descriptor
    os.close(descriptor)
    raise OSError(f"{path} is not a file of this user alone")


def _lock(descriptor: int, patience: float) -> None:
    """Lock a file, but do not wait for ever for someone who has it and does not move."""
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise OSError("another process keeps the lock of their file") from None
            time.sleep(0.002)


def _remove_left_behind(directory: str) -> None:
    """Remove the files that no run has touched for a long time."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            if entry.name.startswith(_PREFIX) and _is_left_behind(entry.stat(follow_symlinks=False)):
                _remove_unlocked(entry.path)


def _is_left_behind(found: os.stat_result) -> bool:
    return time.time() - found.st_mtime > LEFT_BEHIND


def _remove_unlocked(path: str) -> None:
    with contextlib.suppress(OSError):
        descriptor = _open_existing(path)
        try:
            _lock(descriptor, 0.0)
            if _is_left_behind(os.fstat(descriptor)):  # nor in the meantime
                os.unlink(path)
        finally:
            os.close(descriptor)


def _read(descriptor: int | None, now: float) -> _State:
    if descriptor is not None:
        # Whatever somebody else wrote there, an empty state is one to go on from.
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            told = json.loads(os.pread(descriptor, _MOST_BYTES, 0) or b"{}", parse_constant=_refuse)
            return _State(told, now)
    return _State({}, now)


def _refuse(constant: str) -> t.NoReturn:
    raise ValueError(f"{constant} is no time")


def _write(descriptor: int | None, content: t.Mapping[str, t.Any]) -> None:
    """Write over what is there in one go, so that a writer who is killed leaves the one state or the other."""
    if descriptor is None:
        return
    with contextlib.suppress(OSError):  # a full disk
        size = os.fstat(descriptor).st_size
        if size > _MOST_BYTES:
            os.ftruncate(descriptor, 0)
            size = 0
        os.pwrite(descriptor, json.dumps(content).encode().ljust(size), 0)
