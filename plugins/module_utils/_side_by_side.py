# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Runs a function for many items in parallel threads."""

from __future__ import annotations

import contextvars
import queue
import threading
import typing as t

Item = t.TypeVar("Item")
Made = t.TypeVar("Made")

_TICK = 1.0  # seconds


def side_by_side(
    function: t.Callable[[Item], Made],
    items: t.Sequence[Item],
    at_a_time: int,
    see: t.Callable[[Made | None], None] = lambda _made: None,
) -> list[Made]:
    """Call a function for each item, and return the results in the order of the items.

    The threads are daemons, so that an interrupt ends the process at once.

    :param at_a_time: The number of threads.
    :param see: Called in this thread with each result, and with None after each second without a result.
    :raises BaseException: The first exception of the function. Items that no thread has started are skipped.
    """
    crew = _Crew(function, items)
    for _thread in range(min(at_a_time, len(items))):
        # A copy of the context, so that the thread masks the same secrets.
        threading.Thread(target=contextvars.copy_context().run, args=(crew.work,), daemon=True).start()
    made: dict[int, Made] = {}
    try:
        while len(made) < len(items):
            try:
                index, result, problem = crew.ended.get(timeout=_TICK)
            except queue.Empty:
                see(None)
                continue
            if problem is not None:
                raise problem
            made[index] = result
            see(result)
    finally:
        crew.stopped.set()
    return [made[index] for index in range(len(items))]


class _Crew(t.Generic[Item, Made]):
    """The shared state of the threads: the remaining items, and the results."""

    def __init__(self, function: t.Callable[[Item], Made], items: t.Iterable[Item]) -> None:
        self._function = function
        self._items = iter(enumerate(items))
        self._taking = threading.Lock()
        self.ended: queue.SimpleQueue[tuple[int, t.Any, BaseException | None]] = queue.SimpleQueue()
        self.stopped = threading.Event()

    def work(self) -> None:
        """Process items until none is left."""
        while not self.stopped.is_set():
            with self._taking:
                taken = next(self._items, None)
            if taken is None:
                return
            index, item = taken
            try:
                self.ended.put((index, self._function(item), None))
            except BaseException as error:  # pylint: disable=broad-exception-caught  # raised in the other thread
                self.ended.put((index, None, error))
