# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The pacer that the workers of all runs on this controller share for one credential, in a file from which it cannot be derived.

Whatever goes wrong with the file, requests are made all the same.
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
    :param speaker: Who says that there is a long wait.
    :param host: Whose task it is.
    """
    display = Display()
    # The directory of this run's own temporary directory is there for all runs, and its name is this run's alone.
    directory, run = os.path.split(C.DEFAULT_LOCAL_TMP)
    return SharedPacer(
        FileStore(connection, directory, run, note=lambda text: display.vvv(text, host=host)),
        connection,
        run,
        writes=writes,
        # On stderr, because on stdout a callback or ansible-inventory may be writing JSON.
        tell=lambda text: display.display(f"{speaker}: {text}", stderr=True),
    )


class FileStore:
    """Shares a state among all processes of this user on this machine, and the threads of each.

    :param directory: Where the file is: of this user alone, and the same for all runs.
    :param run: The name of a directory within it that is this run's alone.
    :param note: Called with what only someone who looks into it wants to know.
    """

    def __init__(self, connection: Connection, directory: str, run: str, *, note: Tell) -> None:
        name = _PREFIX + _digest(connection)
        self.path = os.path.join(directory, name)
        self._file = LockedFile(self.path, _PREFIX, os.path.join(directory, run, f"{name}-stuck"))
        self._note = note
        self._noted = False
        self._lock = threading.Lock()
        self._own = State()  # where there is no file

    @contextlib.contextmanager
    def state(self) -> t.Iterator[State]:
        """Read the file, and write back what the block makes of it."""
        with self._lock, contextlib.ExitStack() as stack:
            try:
                content = stack.enter_context(self._file.opened())
            except OSError as error:
                self._say_why(error)
                yield self._own
                return
            state = State.from_json(content.read())
            try:
                yield state
            finally:
                content.write(state.to_json().encode())

    def _say_why(self, error: OSError) -> None:
        if not self._noted:
            self._note(f"Requests are not counted together with those of other workers: {error}")
        self._noted = True


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
