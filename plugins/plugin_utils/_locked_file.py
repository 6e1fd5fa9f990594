# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""A small file that many processes read and write under a lock.

It must be a regular file that only this user can write. There is a time limit for the wait for the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
import typing as t

LOCK_WAIT = 5.0
LEFT_BEHIND = 3600.0  # seconds after which an unused file is removed
_MOST_BYTES = 262144


class LockedFile:
    """A file that is locked, read and written.

    :param prefix: The prefix of all such files in the directory. Old ones are removed.
    :param stuck: The path of a file that marks the lock as unavailable, so that other processes do not wait for it.
    """

    def __init__(self, path: str, prefix: str, stuck: str) -> None:
        self.path = path
        self._prefix = prefix
        self._stuck = stuck

    @contextlib.contextmanager
    def opened(self) -> t.Iterator[Content]:
        """Hold the lock within the block, and provide the content.

        :raises OSError: The file cannot be opened or locked.
        """
        descriptor = self._open()
        try:
            yield Content(descriptor)
        finally:
            os.close(descriptor)  # this releases the lock

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
            os.close(descriptor)  # the file was removed while waiting for the lock: open a new one

    def _open_own(self) -> int:
        try:
            return _open_existing(self.path)
        except FileNotFoundError:
            directory = os.path.dirname(self.path)
            os.makedirs(directory, mode=0o700, exist_ok=True)
            _remove_left_behind(directory, self._prefix)
            return _open_existing(self.path, os.O_CREAT)

    def _lock(self, descriptor: int) -> None:
        """Lock a file, with a time limit.

        :raises OSError: Another process keeps the lock.
        """
        deadline = time.monotonic() + LOCK_WAIT
        while not _try_to_lock(descriptor):
            # After one process has waited in vain, the others do not wait.
            if time.monotonic() >= deadline or os.path.exists(self._stuck):
                with contextlib.suppress(OSError):
                    os.close(os.open(self._stuck, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
                raise OSError("another process keeps the lock of the shared file")
            time.sleep(0.002)
        with contextlib.suppress(OSError):
            os.unlink(self._stuck)


class Content:
    """The content of a file, valid while its lock is held."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self) -> bytes:
        """Return the content, empty if it cannot be read."""
        with contextlib.suppress(OSError):
            return os.pread(self._descriptor, _MOST_BYTES, 0)
        return b""

    def write(self, content: bytes) -> None:
        """Overwrite the content in one system call, so that a killed process leaves either the old or the new content."""
        with contextlib.suppress(OSError):  # for example a full disk
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
        and found.st_nlink <= 1  # no hard link; 0 if it was just removed
        and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        return descriptor
    os.close(descriptor)
    raise OSError(f"{path} is not a regular file that only this user can write")


def _try_to_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _remove_left_behind(directory: str, prefix: str) -> None:
    """Remove the files that no run has used for a long time."""
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
            if _try_to_lock(descriptor) and _is_left_behind(os.fstat(descriptor)):  # not used in the meantime
                os.unlink(path)
        finally:
            os.close(descriptor)
