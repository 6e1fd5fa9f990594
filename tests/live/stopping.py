# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Interruptions: noted when they come, obeyed between two requests, and put off while the zone is brought back.

A request that is under way is never abandoned: a write that the service has but answers late could otherwise be done
after the one that takes it back.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
import types
import typing as t
from collections.abc import Callable, Iterator

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_SLICE = 0.2


class Interrupted(Exception):
    """Someone wants the kit to end."""


class Stopping:
    """Takes signals while it is entered."""

    def __init__(self, sleep: Callable[[float], object] = time.sleep) -> None:
        self._sleep = sleep
        self._signal: int | None = None
        self._holding = False
        self._former: dict[int, t.Any] = {}

    def __enter__(self) -> Stopping:
        for number in _SIGNALS:
            self._former[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: types.FrameType | None) -> None:
        self._signal = number
        then = (
            "the zone is being brought back" if self._holding else "what is under way is finished, then all is put back"
        )
        print(f"\n{signal.Signals(number).name}: {then}", file=sys.stderr, flush=True)

    def check(self) -> None:
        """:raises Interrupted: a signal came, and nothing has to be finished first."""
        if self._signal is not None and not self._holding:
            raise Interrupted(f"interrupted by {signal.Signals(self._signal).name}")

    def pause(self, seconds: float) -> None:
        """Wait, and see signals soon."""
        while seconds > 0:
            self.check()
            self._sleep(min(seconds, _SLICE))
            seconds -= _SLICE
        self.check()

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """Put interruptions off meanwhile."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False


__all__ = ("Interrupted", "Stopping")
