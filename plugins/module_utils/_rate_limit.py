# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""What is known of one credential's requests, and what a request has to wait for because of it. Pure.

Known are the slots that requests took in the last five minutes, who waits for a slot and since when, a ban that one of
them met, and whether the credential was refused as such. Times are seconds of a monotonic clock.

A zone is read with one slot, and written with another. So that no wait comes between the two, a read takes the slot of the
write along as long as there is room for both, and gives it back when nothing is to be written. Near the end of the window,
a read waits a moment for a slot to be given back; the last slot of all is enough for a read. Whoever then has to write
reads again, with both slots.

Source: Cloudflare API documentation, "Rate limits".
"""

from __future__ import annotations

import json
import math
import typing as t
from dataclasses import dataclass, field

WINDOW = 300.0  # seconds over which the API counts requests
LONGEST_BAN = 330.0  # seconds for which a ban is believed: the API's own last 300
NEXT_GUESS = 60.0  # seconds for which a ban goes on at least, where the API does not say and a probe was refused
PROBE = 10.0  # seconds that one client has to find out whether a ban is over
POLL = 1.0  # seconds between looks for what it has found out
RECHECK = 10.0  # seconds after which a waiter looks again in any case
HOLDING = 10.0  # seconds in which a slot that is held for a write is expected to be used or given back
GLANCE = 0.05  # seconds between looks for such a slot, for whoever is next
LATE = 5.0  # seconds by which a waiter may be late before it loses its place
WORTH_TELLING = 5.0  # seconds of waiting that a user would wonder about
_MOST_WAITING = 500
_MOST_RUNS = 16
_LONGEST_REASON = 1000
_FORMAT = 1


class Need(t.NamedTuple):
    """The slots without which a request is not made, and those that it takes where there is room."""

    least: int
    most: int

    def within(self, limit: int) -> Need:
        """Return what can be had at all. With a limit of 1, a write and its read count as one."""
        return Need(min(self.least, limit), min(self.most, limit))


class Ticket(t.NamedTuple):
    """Since when a client waits or works, and what tells it from others. Whoever came earlier goes first."""

    since: float
    key: str


class Place(t.NamedTuple):
    """A ticket's place in the queue: when it looks again, and what it needs."""

    since: float
    until: float
    least: int
    most: int


class Wait(t.NamedTuple):
    """How long to wait at least, after how long to look again, and why."""

    seconds: float
    step: float
    reason: str
    banned: bool = False


@dataclass
class State:
    """What the clients with one credential know together.

    C(ban_until) stays after the end of a ban until a request has passed: one client at a time tries, the others wait until
    C(probe_until) for what it finds. C(ban_told) tells whether the API itself said how long, and C(ban_asked) what.
    C(condemned) has the reason for each run.
    """

    counts: dict[int, int] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    queue: dict[str, Place] = field(default_factory=dict)
    ban_until: float = 0.0
    ban_told: bool = False
    ban_asked: float = 0.0
    probe_until: float = 0.0
    announced_until: float = 0.0
    condemned: dict[str, str] = field(default_factory=dict)

    def forget(self, now: float) -> None:
        """Drop what does not count any more."""
        self.counts = {second: count for second, count in self.counts.items() if count > 0 and is_counted(second, now)}
        self.held = {
            second: count for second, count in self.held.items() if count > 0 and now - HOLDING < second <= now
        }
        # A waiter that was stopped or killed does not come back.
        self.queue = {key: place for key, place in self.queue.items() if now - LATE < place.until <= now + RECHECK}
        self.ban_until = min(self.ban_until, now + LONGEST_BAN)
        self.probe_until = min(self.probe_until, now + PROBE)
        self.announced_until = min(self.announced_until, now + LONGEST_BAN)

    # A ban

    def ban(self, seconds: float, told: bool, probed: bool, now: float) -> None:
        """Note a ban; the API's own word goes before what was guessed.

        :param probed: Whether that is what somebody has found out who tried whether it is over.
        """
        if probed and not told:
            seconds = max(seconds, NEXT_GUESS)
        until = now + min(seconds, LONGEST_BAN)
        if self.ban_until <= now or (told and not self.ban_told):
            self.ban_until, self.ban_told, self.ban_asked = until, told, seconds
        elif told == self.ban_told:
            self.ban_until, self.ban_asked = max(self.ban_until, until), max(self.ban_asked, seconds)
        self.probe_until = 0.0

    def end_ban(self) -> None:
        self.ban_until = self.probe_until = 0.0

    def wait_for_ban(self, now: float) -> Wait | None:
        """Return the wait for the end of a ban, or for what another client finds out about it."""
        reason = "Cloudflare refuses all requests of this user for now"
        if self.ban_told and self.ban_asked > LONGEST_BAN:
            # No real ban is that long.
            reason += f" (Retry-After: {self.ban_asked:.0f} s, but one task asks again after {LONGEST_BAN:.0f} s)"
        if self.ban_until > now:
            seconds = self.ban_until - now
            return Wait(seconds, min(seconds, RECHECK if self.ban_told else POLL), reason, True)
        if self.ban_until and self.probe_until > now:
            seconds = min(self.probe_until - now, POLL)
            return Wait(seconds, seconds, reason, True)
        return None

    def begin_probe(self, now: float) -> bool:
        """Take the turn to find out whether a ban is over, where there was one."""
        if not self.ban_until:
            return False
        self.probe_until = now + PROBE
        return True

    # Slots

    def take(self, need: Need, limit: int, ticket: Ticket, now: float) -> int | Wait:
        """Take slots for a request and return how many, or return the wait until there may be enough.

        :param limit: The most slots in a window; 0 for no limit.
        """
        if limit == 0 or need.least == 0:
            return self._count(need.least, 0, ticket, now)
        wanted = need.within(limit)
        used, coming_back = sum(self.counts.values()), sum(self.held.values())
        ahead = self._ahead(ticket)
        room = limit - used - sum(place.most for place in ahead)
        enough = room >= wanted.most or (room >= wanted.least and not coming_back)
        if not enough:
            over = used + sum(place.least for place in ahead) + wanted.least - limit
            return self._wait_for_slots(over - coming_back, limit, len(ahead), now)
        slots = need.most if room >= wanted.most else need.least
        return self._count(slots, slots - 1, ticket, now)

    def queue_up(self, ticket: Ticket, need: Need, until: float) -> None:
        """Keep a place for whoever waits, until a moment after it looks again."""
        if ticket.key in self.queue or len(self.queue) < _MOST_WAITING:
            self.queue[ticket.key] = Place(ticket.since, until, *need)

    def use_held(self, second: int, ticket: Ticket, now: float) -> None:
        """Count a slot that was held as used now, not when it was taken."""
        self.give_back(second)
        self._count(1, 0, ticket, now)

    def give_back(self, second: int) -> None:
        """Do not count a slot that was held any more."""
        for slots in (self.counts, self.held):
            if second in slots:
                slots[second] -= 1

    def _count(self, slots: int, held: int, ticket: Ticket, now: float) -> int:
        second = math.floor(now)
        self.counts[second] = self.counts.get(second, 0) + slots
        self.held[second] = self.held.get(second, 0) + held
        self.queue.pop(ticket.key, None)
        return slots

    def _ahead(self, ticket: Ticket) -> list[Place]:
        return [place for key, place in self.queue.items() if (place.since, key) < ticket]

    def _wait_for_slots(self, over: int, limit: int, ahead: int, now: float) -> Wait:
        """Return the wait until so many slots have left the window: at least so long, if nobody ahead takes a second one."""
        reason = f"'rate_limit' is reached ({limit} requests in 5 minutes)"
        used = sum(self.counts.values())
        if over <= 0:
            # Those that have waited longer look first.
            seconds = min(GLANCE * (1 + ahead), POLL)
            return Wait(seconds, seconds, reason)
        # Slots come back in the order in which they were taken, those that are free now last, and then all over again.
        windows, over = divmod(over - 1, max(limit, used))
        seconds = WINDOW + 1
        for second in sorted(self.counts):
            over -= self.counts[second]
            if over < 0:
                seconds = max(0.01, second + 1 + WINDOW - now)
                break
        seconds += windows * (WINDOW + 1)
        return Wait(seconds, min(seconds, RECHECK), reason)

    # Messages

    def condemn(self, run: str, reason: str) -> None:
        """Note what a run's credentials were refused for; of other runs' notes the latest are kept."""
        others = [(key, text) for key, text in self.condemned.items() if key != run]
        self.condemned = dict([*others, (run, reason[:_LONGEST_REASON])][-_MOST_RUNS:])

    def announcement(self, wait: Wait, now: float) -> str:
        """Return what to tell of a wait, empty where somebody did so already or it is not worth it."""
        if wait.seconds < WORTH_TELLING or self.announced_until > now:
            return ""
        self.announced_until = now + wait.seconds
        return f"Waiting {math.ceil(wait.seconds)} s: {wait.reason}."

    # The format in a file

    def to_json(self) -> str:
        return json.dumps(
            {
                "version": _FORMAT,
                "counts": self.counts,
                "held": self.held,
                "queue": self.queue,
                "ban_until": self.ban_until,
                "ban_told": self.ban_told,
                "ban_asked": self.ban_asked,
                "probe_until": self.probe_until,
                "announced_until": self.announced_until,
                "condemned": self.condemned,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> State:
        """Read what C(to_json) wrote. Anything else is an empty state, which is one to go on from."""
        try:
            given = json.loads(text, parse_constant=_refuse)
            return cls._read(given) if given["version"] == _FORMAT else cls()
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return cls()

    @classmethod
    def _read(cls, given: dict[str, t.Any]) -> State:
        return cls(
            counts=_by_second(given["counts"]),
            held=_by_second(given["held"]),
            queue={
                str(key): Place(float(since), float(until), int(least), int(most))
                for key, (since, until, least, most) in given["queue"].items()
            },
            ban_until=float(given["ban_until"]),
            ban_told=bool(given["ban_told"]),
            ban_asked=float(given["ban_asked"]),
            probe_until=float(given["probe_until"]),
            announced_until=float(given["announced_until"]),
            condemned={str(run): str(reason) for run, reason in given["condemned"].items()},
        )


def is_counted(second: int, now: float) -> bool:
    """Tell whether a slot of that second still counts: its request may have been made at the second's very end."""
    return now - WINDOW - 1 < second <= now


def _by_second(given: dict[str, t.Any]) -> dict[int, int]:
    return {int(second): int(count) for second, count in given.items()}


def _refuse(constant: str) -> t.NoReturn:
    raise ValueError(f"{constant} is no time")
