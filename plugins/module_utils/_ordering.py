# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Plans which certificates get which priority, from the order requested and the zone's certificates. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    Number,
    Numbers,
    numbers_of,
    plain_number,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

HIGHEST = 2**31 - 1  # the highest priority that a plan sets, so that it fits in a signed 32-bit integer


class Wanted(t.NamedTuple):
    """The state requested for a zone.

    :param order: The listed certificates, the one to use first at the front.
    :param rivals: The unlisted certificates that must stay below every listed certificate that they compete with.
    :param exact: The priority of each listed id in explicit mode, None in order mode.
    """

    order: tuple[Certificate, ...]
    rivals: tuple[Certificate, ...] = ()
    exact: Numbers | None = None

    def concerned(self) -> frozenset[str]:
        """Return the ids whose priorities matter: the listed certificates and the rivals that compete with them."""
        listed_names = frozenset().union(*(certificate.names for certificate in self.order))
        nameless = any(not certificate.names for certificate in self.order)
        rivals = (
            rival.id for rival in self.rivals if nameless or not rival.names or not rival.names.isdisjoint(listed_names)
        )
        return frozenset(certificate.id for certificate in self.order).union(rivals)


class Plan(t.NamedTuple):
    """The change to make.

    :param after: The priorities of the listed certificates after the run, by id.
    :param write: The pairs of id and priority to send, empty if the zone is in order.
    """

    after: Numbers
    write: tuple[tuple[str, Number], ...]


def make_plan(wanted: Wanted) -> Plan:
    """Return the plan that changes the fewest priorities. It writes nothing if the zone is in order.

    :raises CloudflareError: A priority above HIGHEST would be necessary.
    """
    before = numbers_of(wanted.order)
    if next(faults(wanted, before), None) is None:
        return Plan(before, ())
    after = dict(wanted.exact) if wanted.exact is not None else _renumbered(wanted)
    return Plan(after, tuple((certificate.id, after[certificate.id]) for certificate in wanted.order))


def faults(wanted: Wanted, numbers: Numbers) -> t.Iterator[str]:
    """Yield each difference from the state requested, as a message without a full stop.

    :param numbers: Priorities by id. A missing listed certificate is a fault, a missing rival keeps its priority.
    """
    gone = [certificate.id for certificate in wanted.order if certificate.id not in numbers]
    if gone:
        yield from (f"certificate {printable(identifier, 64)} is gone" for identifier in gone)
    elif wanted.exact is not None:
        for identifier, number in wanted.exact.items():
            if numbers[identifier] != number:
                yield f"{_numbered(identifier, numbers[identifier])} should have priority {plain_number(number)}"
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
            yield f"{_numbered(certificate.id, own)} is not above {unlisted}, which is not listed"


def _numbered(identifier: str, number: Number) -> str:
    return f"certificate {printable(identifier, 64)} (priority {plain_number(number)})"


def _strongest_rivals(wanted: Wanted, numbers: Numbers) -> list[Certificate | None]:
    """Return, for each listed certificate, the competing rival with the highest priority."""

    def strength(rival: Certificate) -> tuple[Number, str]:
        return (numbers.get(rival.id, rival.priority), rival.id)

    strongest: Certificate | None = None
    nameless: Certificate | None = None
    by_name: dict[str, Certificate] = {}
    for rival in sorted(wanted.rivals, key=strength):  # ascending, so the strongest one is stored last
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
    """Return priorities for the listed certificates that change as few as possible.

    The list is processed from the last to the first. A new priority is the lowest that fits, which leaves the most room
    above. A certificate keeps its priority if that does not reduce how many others can keep theirs (see C(_room)), so
    among equally small plans the lowest certificates of the list keep theirs.
    """
    rivals = _strongest_rivals(wanted, {})
    current = [certificate.priority for certificate in wanted.order]
    least = [max(0, rival.priority // 1 + 1) if rival else 0 for rival in rivals]
    may_stay = [rival is None or number > rival.priority for number, rival in zip(current, rivals)]
    bottom = min(0, *current) // 1 - 1  # below all, so that the last certificate needs no special case
    *room, to_keep = _room([*current, bottom], least, [*may_stay, True])
    if to_keep < 0:
        raise _no_room(wanted, least, rivals)
    numbers: dict[str, Number] = {}
    below: Number = bottom
    for index in range(len(current) - 1, -1, -1):
        if to_keep and room[index] >= to_keep - 1 and current[index] > below:
            to_keep -= 1
            below = current[index]
        else:
            below = _next_number(below, least[index])
        numbers[wanted.order[index].id] = below
    return numbers


def _next_number(below: Number, least: int) -> int:
    """Return the lowest whole number above C(below) that is at least C(least)."""
    number = below // 1 + 1
    return number if number > least else least  # max() takes twice as long, which counts in _room


def _room(current: t.Sequence[Number], least: t.Sequence[int], may_stay: t.Sequence[bool]) -> list[int]:
    """Return, for each position, how many certificates above it can keep their priorities if it does.

    The value is -1 if the certificate cannot keep its own. This is dynamic programming from the first position to the
    last. Above a position that is kept, the next kept one can be any whose priority is higher than the lowest new
    priorities of the positions in between. The result above that one is known already. Alternatively, none above is kept,
    if new priorities for all of them do not exceed HIGHEST.
    """
    room: list[int] = []
    for position, number in enumerate(current):
        if not may_stay[position]:
            room.append(-1)
            continue
        most = 0
        reached = number
        for above in range(position - 1, -1, -1):
            if room[above] >= most and current[above] > reached:
                most = room[above] + 1
            reached = _next_number(reached, least[above])
            if reached > HIGHEST:
                most = most or -1
                break
        room.append(most)
    return room


def _no_room(wanted: Wanted, least: t.Sequence[int], rivals: t.Sequence[Certificate | None]) -> CloudflareError:
    """Return an error that names the rival with the highest priority.

    There always is one: without rivals, priorities above HIGHEST would take HIGHEST certificates.
    """
    index, rival = max(
        ((index, rival) for index, rival in enumerate(rivals) if rival is not None), key=lambda found: least[found[0]]
    )
    return CloudflareError(
        f"The order requested is not possible: {_numbered(rival.id, rival.priority)} is not in "
        f"'certificates', and certificate {printable(wanted.order[index].id, 64)} and all entries before it must be above it, "
        f"with priorities up to {HIGHEST}. List it in 'certificates' so that it gets a lower priority, or set "
        "'unlisted' to 'ignore'."
    )
