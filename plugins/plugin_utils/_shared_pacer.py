# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The pacer that all workers and runs of this user on this control node share for one credential.

Its state is in a file that does not reveal the credential. If the file cannot be used, requests are made without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
import typing as t

from ansible import constants as C
from ansible.utils.display import Display

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import SharedPacer, Tell
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._rate_limit import State
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._locked_file import LockedFile

_PREFIX = "zonefleet-cloudflare-"


def pacer_of_this_run(
    connection: Connection,
    writes: bool,
    *,
    speaker: str = "zonefleet.cloudflare",
    host: str | None = None,
) -> SharedPacer:
    """Return the pacer that all tasks and inventory sources of this run share.

    :param writes: Whether a write may follow a read.
    :param speaker: The prefix of messages about long waits.
    :param host: The host of the task.
    """
    display = Display()
    # All runs share the parent of the local temporary directory. Its own name is unique to this run.
    directory, run = os.path.split(C.DEFAULT_LOCAL_TMP)
    return SharedPacer(
        FileStore(connection, directory, run, note=lambda text: display.vvv(text, host=host)),
        connection,
        run,
        writes=writes,
        # On stderr, because a callback or ansible-inventory may write JSON to stdout.
        tell=lambda text: display.display(f"{speaker}: {text}", stderr=True),
    )


class FileStore:
    """Shares a state among all processes of this user on this machine, and their threads.

    :param directory: The directory of the file: private to this user, and the same for all runs.
    :param run: The name of a subdirectory that is unique to this run.
    :param note: Called with debug messages.
    """

    def __init__(self, connection: Connection, directory: str, run: str, *, note: Tell) -> None:
        name = _PREFIX + _digest(connection)
        self.path = os.path.join(directory, name)
        self._file = LockedFile(self.path, _PREFIX, os.path.join(directory, run, f"{name}-stuck"))
        self._note = note
        self._noted = False
        self._lock = threading.Lock()
        self._own = State()  # used if the file is unavailable

    @contextlib.contextmanager
    def state(self) -> t.Iterator[State]:
        """Read the file, and write the changed state at the end of the block."""
        with self._lock, contextlib.ExitStack() as stack:
            try:
                content = stack.enter_context(self._file.opened())
            except OSError as error:
                self._note_error(error)
                yield self._own
                return
            state = State.from_json(content.read())
            try:
                yield state
            finally:
                content.write(state.to_json().encode())

    def _note_error(self, error: OSError) -> None:
        if not self._noted:
            self._note(f"Requests are not counted together with those of other workers: {error}")
        self._noted = True


def _digest(connection: Connection) -> str:
    """Return a hash of the credential, the URL, the user and the boot. Monotonic times are meaningless after a reboot."""
    secret = "\0".join(f"{name}: {value}" for name, value in sorted(connection.credentials.headers().items()))
    salted = f"zonefleet.cloudflare\0{os.geteuid()}\0{_BOOT}\0{connection.url}\0{secret}"
    return hashlib.sha256(salted.encode()).hexdigest()[:32]


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:  # not Linux
        return str(round((time.time() - time.monotonic()) / 3600))


_BOOT = _boot()  # at import, so that it is read once, in the parent of all workers
