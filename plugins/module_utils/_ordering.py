# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Which certificates get which priority: from the order wanted and the zone's certificates to a plan. Pure."""

from __future__ import annotations

import math
import typing as t
from bisect import bisect_left, bisect_right
from fractions import Fraction

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    Number,
    Numbers,
    plain_number,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

HIGHEST = 2**31 - 1  # the highest number that a plan gives, so that any reader of the API's JSON can hold it


class Wanted(t.NamedTuple):
    """What is asked of a zone, with its certificates found.

    :param order: The listed certificates; the one to be used first comes first.
    :param rivals: The unlisted certificates that every listed one which competes with them has to be above.
    :param exact: In explicit mode the number for each listed id, in order mode nothing.
    """

    order: tuple[Certificate, ...]
    rivals: tuple[Certificate, ...] = ()
    exact: Numbers | None = None

    def concerned(self) -> frozenset[str]:
        """Return the ids whose numbers decide whether all is as wanted: the listed, and the rivals that compete."""
        listed_names = frozenset().union(*(certificate.names for certificate in self.order))
        nameless = any(not certificate.names for certificate in self.order)
        rivals = (
            rival.id for rival in self.rivals if nameless or not rival.names or not rival.names.isdisjoint(listed_names)
        )
        return frozenset(certificate.id for certificate in self.order).union(rivals)


class Plan(t.NamedTuple):
    """What a run does to a zone: the listed certificates' numbers before and after, and the list to PUT, if any."""

    before: Numbers
    after: Numbers
    write: tuple[tuple[str, Number], ...]


def make_plan(wanted: Wanted) -> Plan:
    """Find the plan that gives the fewest certificates a new number; nothing is written where all is in order.

    :raises CloudflareError: no number up to HIGHEST is left above those that have to be below.
    """
    before = {certificate.id: certificate.priority for certificate in wanted.order}
    if next(faults(wanted, before), None) is None:
        return Plan(before, before, ())
    after = dict(wanted.exact) if wanted.exact is not None else _renumbered(wanted)
    return Plan(before, after, tuple((certificate.id, after[certificate.id]) for certificate in wanted.order))


def faults(wanted: Wanted, numbers: Numbers) -> t.Iterator[str]:
    """Say what is not as wanted where certificates have these numbers.

    :param numbers: The number for each id; a listed certificate that it lacks is a fault, a rival keeps its own.
    """
    gone = [certificate.id for certificate in wanted.order if certificate.id not in numbers]
    if gone:
        yield from (f"certificate {printable(identifier, 64)} is gone" for identifier in gone)
    elif wanted.exact is not None:
        for identifier, number in wanted.exact.items():
            if numbers[identifier] != number:
                yield f"{_numbered(identifier, numbers[identifier])} should have priority {number}"
    else:
        yield from _order_faults(wanted, numbers)


def _order_faults(wanted: Wanted, numbers: Numbers) -> t.Iterator[str]:
    for upper, lower in zip(wanted.order, wanted.order[1:]):
        if numbers[upper.id] <= numbers[lower.id]:
            yield f"{_numbered(upper.id, numbers[upper.id])} is not above {_numbered(lower.id, numbers[lower.id])}"
    for certificate, rival in zip(wanted.order, _strongest_rivals(wanted, numbers)):
        own = numbers[certificate.id]
        number = numbers.get(rival.id, rival.priority) if rival else None
        if rival is not None and number is not None and own <= number:
            unlisted = _numbered(rival.id, number)
            yield f"{_numbered(certificate.id, own)} is not above {unlisted}, which the list does not name"


def _numbered(identifier: str, number: Number) -> str:
    return f"certificate {printable(identifier, 64)} (priority {plain_number(number)})"


def _strongest_rivals(wanted: Wanted, numbers: Numbers) -> list[Certificate | None]:
    """Return, for each listed certificate, the rival with the highest number among those that compete with it."""

    def strength(rival: Certificate) -> tuple[Number, str]:
        return (numbers.get(rival.id, rival.priority), rival.id)

    strongest: Certificate | None = None
    nameless: Certificate | None = None
    by_name: dict[str, Certificate] = {}
    for rival in sorted(wanted.rivals, key=strength):  # rising, so the last one that is stored is the strongest
        strongest = rival
        nameless = nameless if rival.names else rival
        by_name.update(dict.fromkeys(rival.names, rival))
    found: list[Certificate | None] = []
    for certificate in wanted.order:
        competing = [by_name[name] for name in certificate.names if name in by_name]
        competing += [nameless] if nameless else []
        found.append(max(competing, key=strength, default=None) if certificate.names else strongest)
    return found


def _renumbered(wanted: Wanted) -> dict[str, Number]:
    """Number the listed certificates, from the last to the first, so that as few as can be change.

    A new number is the lowest that fits, which leaves the most room for those above. A certificate stays where that
    does not cost others their number (see _room); as that is asked from the last on, the lowest in the list stay.
    """
    rivals = _strongest_rivals(wanted, {})
    current = [certificate.priority for certificate in wanted.order]
    least = [max(0, math.floor(rival.priority) + 1) if rival else 0 for rival in rivals]
    may_stay = [rival is None or number > rival.priority for number, rival in zip(current, rivals)]
    room, to_keep = _room(current, least, may_stay)
    if to_keep < 0:
        raise _no_room(wanted, least, rivals)
    numbers: dict[str, Number] = {}
    below: Number = -math.inf  # type: ignore[assignment]
    for index in range(len(current) - 1, -1, -1):
        number = current[index]
        if to_keep and room[index] >= to_keep - 1 and number > below:
            to_keep -= 1
        else:
            number = least[index] if below == -math.inf else max(least[index], math.floor(below) + 1)
        numbers[wanted.order[index].id] = below = number
    return numbers


def _room(current: t.Sequence[Number], least: t.Sequence[int], may_stay: t.Sequence[bool]) -> tuple[list[int], int]:
    """Say for each position how many of those above can stay if it does, and how many of all can; -1 is for "cannot".

    Going down the list, there is a limit for each count of certificates kept so far: the next number has to be below
    it. The more are kept, the lower the limit. A certificate that gets a new number lowers every limit by one (to a
    whole number); one that stays sets the limit for one more kept to its own number. So the limits are a sorted list,
    searched by bisection, and the whole takes n log n steps, as for a longest increasing subsequence.

    C(limits) holds them with the count of positions passed added, so that a new number leaves them as they are, and
    negated, so that they rise.
    """
    limits: list[t.Any] = [-math.inf]
    room: list[int] = []
    fresh = slice(0, 0)
    for index, number in enumerate(current):
        room.append(bisect_left(limits, -(number + index)) - 1 if may_stay[index] else -1)
        # It gets a new number: whole, at most HIGHEST, at least its own least.
        limits[fresh] = [math.floor(limit) if isinstance(limit, Fraction) else limit for limit in limits[fresh]]
        too_high = bisect_left(limits, -(HIGHEST + 1 + index))
        limits[:too_high] = [-(HIGHEST + 1 + index)] * too_high
        del limits[bisect_right(limits, -(least[index] + 1 + index)) :]
        # Or it stays, where that leaves a higher limit.
        if room[index] >= 0:
            own = -(number + index + 1)
            fresh = slice(bisect_right(limits, own, 0, min(len(limits), room[index] + 2)), room[index] + 2)
            limits[fresh] = [own] * (fresh.stop - fresh.start)
        else:
            fresh = slice(0, 0)
    return room, len(limits) - 1


def _no_room(wanted: Wanted, least: t.Sequence[int], rivals: t.Sequence[Certificate | None]) -> CloudflareError:
    """Name the rival that drove the numbers up; without one, there would have to be HIGHEST certificates."""
    index, rival = max(
        ((index, rival) for index, rival in enumerate(rivals) if rival is not None), key=lambda found: least[found[0]]
    )
    return CloudflareError(
        f"There is no room for the wanted order: {_numbered(rival.id, rival.priority)} is not in "
        f"'certificates', and certificate {printable(wanted.order[index].id, 64)} and all that the list has before it have "
        f"to be above it, with numbers up to {HIGHEST}. Name it in 'certificates' so that it gets a lower number, or set "
        "'unlisted' to 'ignore'."
    )
