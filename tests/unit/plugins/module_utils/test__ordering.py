# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares plans with a brute-force search: they are correct, minimal and stable, and prefer to keep the lowest priorities of the list."""

from __future__ import annotations

import itertools
import math
import typing as t

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _ordering
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, read_certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._ordering import Wanted, faults, make_plan

PRIORITIES = st.one_of(
    st.integers(-4, 12),
    st.sampled_from([None, 0.0, 1.0, 2.0, 0.5, 1.5, 1.25, 2.75, -0.5, -1.5]),
)
HOSTS = st.lists(st.sampled_from(["a.example.com", "B.example.com", "c.example.com"]), max_size=3)


def _certificate(identifier: str, priority: object, hosts: t.Sequence[str]) -> Certificate:
    return read_certificate({"id": identifier, "priority": priority, "hosts": list(hosts)})


@st.composite
def _wanted(draw: st.DrawFn) -> Wanted:
    listed = draw(st.lists(st.tuples(PRIORITIES, HOSTS), min_size=1, max_size=5))
    rivals = draw(st.lists(st.tuples(PRIORITIES, HOSTS), max_size=3))
    return Wanted(
        tuple(_certificate(f"l{index}", *values) for index, values in enumerate(listed)),
        tuple(_certificate(f"u{index}", *values) for index, values in enumerate(rivals)),
    )


def _compete(one: Certificate, other: Certificate) -> bool:
    """The definition: they share an equal name; one without hosts competes with every other."""
    return not one.names or not other.names or bool(one.names & other.names)


def _in_order(wanted: Wanted, numbers: t.Sequence[t.Any]) -> bool:
    """Say it once more, straight from the definition."""
    falling = all(upper > lower for upper, lower in itertools.pairwise(numbers))
    return falling and all(
        number > rival.priority
        for certificate, number in zip(wanted.order, numbers, strict=True)
        for rival in wanted.rivals
        if _compete(certificate, rival)
    )


def _filled(wanted: Wanted, kept: t.Collection[int], highest: int) -> list[t.Any] | None:
    """Number all but the kept positions as low as fits, from the last on; nothing where that does not fit."""
    numbers: list[t.Any] = []
    below: t.Any = -math.inf
    for index in range(len(wanted.order) - 1, -1, -1):
        certificate = wanted.order[index]
        if index in kept:
            below = certificate.priority
        else:
            floors = [below] + [rival.priority for rival in wanted.rivals if _compete(certificate, rival)]
            below = max([0] + [math.floor(floor) + 1 for floor in floors if floor != -math.inf])
            if below > highest:
                return None
        numbers.insert(0, below)
    return numbers if _in_order(wanted, numbers) else None


def _best(wanted: Wanted, highest: int) -> tuple[tuple[int, ...], list[t.Any]] | None:
    """Try every set of positions to keep: the largest sets first, and of equal ones those that keep the lowest."""
    positions = range(len(wanted.order) - 1, -1, -1)
    for size in range(len(wanted.order), -1, -1):
        for kept in itertools.combinations(positions, size):
            numbers = _filled(wanted, kept, highest)
            if numbers is not None:
                return kept, numbers
    return None


@settings(max_examples=750, deadline=None)
@given(_wanted(), st.just(_ordering.HIGHEST) | st.integers(0, 8))
def test_plans_are_correct_minimal_low_and_stable(wanted: Wanted, highest: int) -> None:
    best = _best(wanted, highest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ordering, "HIGHEST", highest)
        if best is None:
            # Only with so few numbers can they run out without a rival.
            assume(any(rival.id in wanted.concerned() for rival in wanted.rivals))
            with pytest.raises(CloudflareError, match="is not in 'certificates'"):
                make_plan(wanted)
            return
        plan = make_plan(wanted)
        again = make_plan(_applied(wanted, plan))
    after = [plan.after[certificate.id] for certificate in wanted.order]
    assert _in_order(wanted, after)
    assert after == best[1]
    for certificate in wanted.order:
        if plan.after[certificate.id] != certificate.priority:
            assert isinstance(plan.after[certificate.id], int)
            assert plan.after[certificate.id] >= 0
    assert bool(plan.write) == (after != [certificate.priority for certificate in wanted.order])
    assert not plan.write or [identifier for identifier, _number in plan.write] == [c.id for c in wanted.order]
    assert again.write == ()
    assert again.after == plan.after
    # What is gone is a fault, and only those that compete are looked at.
    gone = {certificate.id: number for certificate, number in zip(wanted.order[1:], after[1:], strict=True)}
    assert "is gone" in next(faults(wanted, gone))
    competing = {rival.id for rival in wanted.rivals if any(_compete(rival, listed) for listed in wanted.order)}
    assert wanted.concerned() == competing | plan.after.keys()


@settings(max_examples=150, deadline=None)
@given(_wanted(), st.lists(st.integers(-5, 5), min_size=5, max_size=5))
def test_explicit_numbers_are_set_as_they_are(wanted: Wanted, numbers: list[int]) -> None:
    exact = {certificate.id: number for certificate, number in zip(wanted.order, numbers, strict=False)}
    explicit = Wanted(wanted.order, (), exact)
    plan = make_plan(explicit)
    assert plan.after == exact or not plan.write
    assert bool(plan.write) == any(exact[certificate.id] != certificate.priority for certificate in wanted.order)
    assert make_plan(_applied(explicit, plan)).write == ()


def test_what_drove_the_numbers_up_is_named() -> None:
    listed = _certificate("mine", 1, ["a.example.com"])
    rival = _certificate("theirs", 2**31 - 1, ["a.example.com"])
    with pytest.raises(CloudflareError, match=r"certificate theirs \(priority 2147483647\) is not in 'certificates'"):
        make_plan(Wanted((listed,), (rival,)))


def _applied(wanted: Wanted, plan: _ordering.Plan) -> Wanted:
    order = tuple(
        read_certificate({**certificate.raw, "priority": _json(plan.after[certificate.id])})
        for certificate in wanted.order
    )
    return Wanted(order, wanted.rivals, wanted.exact)


def _json(number: t.Any) -> int | float:
    return number if isinstance(number, int) else float(number)
