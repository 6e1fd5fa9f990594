# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The state of the rate limit for one credential, and the waits that follow from it. Pure.

The state has the slots (requests) of the last five minutes, the queue for a slot, a ban (HTTP 429 for every request of the
user), and whether the credential itself was refused. Times are seconds of a monotonic clock.

Reading a zone takes one slot, and writing to it takes another. A read also takes the slot for the write while there is room
for both, so that no wait comes between the two, and releases it if there is nothing to write. When the window is almost full, a
read waits briefly for a slot to be released, or takes the last slot alone. A write that then has to wait too long reads
again, with both slots.

Source: Cloudflare API documentation, "Rate limits".
"""

from __future__ import annotations

import json
import math
import typing as t
from dataclasses import dataclass, field

# Seconds:
WINDOW = 300.0  # over which the API counts requests
LONGEST_BAN = 330.0  # longest ban that is believed; the API's own bans last 300 s
NEXT_GUESS = 60.0  # shortest further ban after a refused probe, if the API gives no time
PROBE = 10.0  # for one client to probe whether a ban is over
POLL = 1.0  # between checks for the result of a probe
RECHECK = 10.0  # after which a waiting client checks the state in any case
HOLDING = 10.0  # in which a slot held for a write is expected to be used or released
GLANCE = 0.05  # between checks for a released slot, for the first in the queue
LATE = 5.0  # after which a client that does not come back loses its place in the queue
WORTH_TELLING = 5.0  # shortest wait that the user is told about
_MOST_WAITING = 500
_MOST_RUNS = 16
_LONGEST_REASON = 1000
_FORMAT = 1


class Need(t.NamedTuple):
    """The slots that a request needs at least, and those that it takes if there is room."""

    least: int
    most: int

    def within(self, limit: int) -> Need:
        """Return the need, reduced to a limit. With a limit of 1, a write and its read count as one."""
        return Need(min(self.least, limit), min(self.most, limit))


class Ticket(t.NamedTuple):
    """Identifies a client and the time of its first request. The earlier client goes first."""

    since: float
    key: str


class Place(t.NamedTuple):
    """A client's place in the queue.

    :param until: When the client checks the state again.
    """

    since: float
    until: float
    least: int
    most: int


class Wait(t.NamedTuple):
    """How long a client has to wait, and why.

    :param seconds: The shortest time to wait.
    :param step: Seconds after which to check the state again.
    """

    seconds: float
    step: float
    reason: str
    banned: bool = False


@dataclass
class State:
    """The state that the clients with one credential share.

    :param counts: Slots taken, by second.
    :param held: Slots taken for a write and not used yet, by second.
    :param ban_until: Kept after the end of a ban until a request has passed. Until then, one client at a time probes.
    :param ban_told: Whether the API gave the time in C(Retry-After).
    :param ban_asked: The seconds that the API asked for, or that were assumed.
    :param probe_until: Until when the other clients wait for the result of a probe.
    :param condemned: Why the credential was refused, by run.
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
        """Remove expired data."""
        self.counts = {second: count for second, count in self.counts.items() if count > 0 and is_counted(second, now)}
        self.held = {
            second: count for second, count in self.held.items() if count > 0 and now - HOLDING < second <= now
        }
        # A client that was stopped does not come back.
        self.queue = {key: place for key, place in self.queue.items() if now - LATE < place.until <= now + RECHECK}
        self.ban_until = min(self.ban_until, now + LONGEST_BAN)
        self.probe_until = min(self.probe_until, now + PROBE)
        self.announced_until = min(self.announced_until, now + LONGEST_BAN)

    # A ban

    def ban(self, seconds: float, told: bool, probed: bool, now: float) -> None:
        """Note a ban. A time from the API takes precedence over an assumed one.

        :param told: Whether the API gave the time.
        :param probed: Whether this is the result of a probe.
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
        """Return the wait for the end of a ban, or for the probe of another client, or None."""
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
        """Take the turn to probe whether a ban is over. Return whether there was one."""
        if not self.ban_until:
            return False
        self.probe_until = now + PROBE
        return True

    # Slots

    def take(self, need: Need, limit: int, ticket: Ticket, now: float) -> int | Wait:
        """Take slots for a request and return their number, or return the wait until there may be enough.

        :param limit: Slots per window, 0 for no limit.
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
        """Keep a place in the queue until C(LATE) seconds after C(until)."""
        if ticket.key in self.queue or len(self.queue) < _MOST_WAITING:
            self.queue[ticket.key] = Place(ticket.since, until, *need)

    def use_held(self, second: int, ticket: Ticket, now: float) -> None:
        """Count a held slot as used now instead of when it was taken."""
        self.give_back(second)
        self._count(1, 0, ticket, now)

    def give_back(self, second: int) -> None:
        """Release a held slot."""
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
        """Return the wait until C(over) slots have left the window. It may take longer if clients ahead take two slots."""
        reason = f"'rate_limit' is reached ({limit} requests in 5 minutes)"
        used = sum(self.counts.values())
        if over <= 0:
            # Clients that have waited longer check first.
            seconds = min(GLANCE * (1 + ahead), POLL)
            return Wait(seconds, seconds, reason)
        # Slots become free in the order in which they were taken. Each time that clients ahead use up all of them adds a window.
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
        """Note why the credential was refused in a run. Only the latest runs are kept."""
        others = [(key, text) for key, text in self.condemned.items() if key != run]
        self.condemned = dict([*others, (run, reason[:_LONGEST_REASON])][-_MOST_RUNS:])

    def announcement(self, wait: Wait, now: float) -> str:
        """Return the message about a wait, or an empty string if it is short or was announced already."""
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
        """Parse the output of C(to_json). Return an empty state if it is invalid."""
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
    """Return whether a slot still counts. Its request may have been made at the end of the second."""
    return now - WINDOW - 1 < second <= now


def _by_second(given: dict[str, t.Any]) -> dict[int, int]:
    return {int(second): int(count) for second, count in given.items()}


def _refuse(constant: str) -> t.NoReturn:
    raise ValueError(f"{constant} is no time")
