# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Do the same for many things, some at a time."""

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
    """Return what the function makes of each item, in the order of the items.

    The threads do not keep a process alive: an interrupt ends it at once, however long they would still wait.

    :param see: Called in this thread with each result as it comes, and with None where none came for a second.
    :raises BaseException: whatever the function raises; items that no thread has taken by then are left.
    """
    crew = _Crew(function, items)
    for _thread in range(min(at_a_time, len(items))):
        # A copy of the context: secrets that are masked in this thread are masked in that one as well.
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
    """What the threads share: the items that are left, and what became of the others."""

    def __init__(self, function: t.Callable[[Item], Made], items: t.Iterable[Item]) -> None:
        self._function = function
        self._items = iter(enumerate(items))
        self._taking = threading.Lock()
        self.ended: queue.SimpleQueue[tuple[int, t.Any, BaseException | None]] = queue.SimpleQueue()
        self.stopped = threading.Event()

    def work(self) -> None:
        """Take one item after the other until none is left."""
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
