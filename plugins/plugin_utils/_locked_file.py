# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""One small file that many processes read and write, one at a time.

It is used only where it is a regular file of this user alone, and nobody waits for ever for its lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
import typing as t

LOCK_WAIT = 5.0
LEFT_BEHIND = 3600.0  # seconds after which a file that nobody touches is removed
_MOST_BYTES = 262144


class LockedFile:
    """A file to be locked, read and written.

    :param path: Beside it are others whose names begin with C(prefix); those left behind are removed.
    :param stuck: A path at which processes tell each other that the lock cannot be had.
    """

    def __init__(self, path: str, prefix: str, stuck: str) -> None:
        self.path = path
        self._prefix = prefix
        self._stuck = stuck

    @contextlib.contextmanager
    def opened(self) -> t.Iterator[Content]:
        """Hold the lock, and give what is in the file.

        :raises OSError: the file cannot be had, for whatever reason.
        """
        descriptor = self._open()
        try:
            yield Content(descriptor)
        finally:
            os.close(descriptor)  # which unlocks it, too

    def _open(self) -> int:
        while True:
            descriptor = self._open_own()
            try:
                self._lock(descriptor)
                if os.fstat(descriptor).st_nlink == 1:
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # removed while we waited: what is in it, nobody else would see

    def _open_own(self) -> int:
        try:
            return _open_existing(self.path)
        except FileNotFoundError:
            directory = os.path.dirname(self.path)
            os.makedirs(directory, mode=0o700, exist_ok=True)
            _remove_left_behind(directory, self._prefix)
            return _open_existing(self.path, os.O_CREAT)

    def _lock(self, descriptor: int) -> None:
        """Lock a file, but do not wait for ever for someone who has it and does not move."""
        deadline = time.monotonic() + LOCK_WAIT
        while not _try_to_lock(descriptor):
            # If one has waited for the whole time, the others do not wait.
            if time.monotonic() >= deadline or os.path.exists(self._stuck):
                with contextlib.suppress(OSError):
                    os.close(os.open(self._stuck, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
                raise OSError("another process keeps the lock of their file")
            time.sleep(0.002)
        with contextlib.suppress(OSError):
            os.unlink(self._stuck)


class Content:
    """What is in a file while its lock is held."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self) -> bytes:
        """Return what was written last, or nothing."""
        with contextlib.suppress(OSError):
            return os.pread(self._descriptor, _MOST_BYTES, 0)
        return b""

    def write(self, content: bytes) -> None:
        """Write over what is there in one go, so that a writer who is killed leaves the one content or the other."""
        with contextlib.suppress(OSError):  # a full disk
            size = os.fstat(self._descriptor).st_size
            if size > _MOST_BYTES:
                os.ftruncate(self._descriptor, 0)
                size = 0
            os.pwrite(self._descriptor, content.ljust(size), 0)


def _open_existing(path: str, more_flags: int = 0) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | more_flags, 0o600)
    found = os.fstat(descriptor)
    if (
        stat.S_ISREG(found.st_mode)
        and found.st_uid == os.geteuid()
        and found.st_nlink <= 1  # not a file of another name, too; 0 where it was removed just now
        and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        return descriptor
    os.close(descriptor)
    raise OSError(f"{path} is not a file of this user alone")


def _try_to_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _remove_left_behind(directory: str, prefix: str) -> None:
    """Remove the files that no run has touched for a long time."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            if entry.name.startswith(prefix) and _is_left_behind(entry.stat(follow_symlinks=False)):
                _remove_unlocked(entry.path)


def _is_left_behind(found: os.stat_result) -> bool:
    return time.time() - found.st_mtime > LEFT_BEHIND


def _remove_unlocked(path: str) -> None:
    with contextlib.suppress(OSError):
        descriptor = _open_existing(path)
        try:
            if _try_to_lock(descriptor) and _is_left_behind(os.fstat(descriptor)):  # nor touched in the meantime
                os.unlink(path)
        finally:
            os.close(descriptor)
