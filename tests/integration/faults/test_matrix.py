# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever goes wrong: the zone is as asked and the result says so, or a clear failure that tells all that is known."""

from __future__ import annotations

import pytest

from emulator import KINDS
from integration.faults.cases import MATRIX, USED, Case
from integration.faults.modules import Run
from integration.faults.world import ZONE, World, judge, next_run_repairs


def _prepare(case: Case, world: World) -> None:
    world.options.update(case.options)
    world.emulator.behave(**case.behaviour)
    case.arrange(world)


def _conclude(case: Case, world: World, run: Run) -> None:
    if case.says:
        assert run.failed, run.result
        assert case.says in run.msg, run.msg
        assert len(run.msg) < 5000
    else:
        assert not run.failed, run.msg


def test_names_are_told_apart() -> None:
    names = [case.name for case in MATRIX]
    assert len(set(names)) == len(names), sorted(name for name in names if names.count(name) > 1)


def test_no_kind_of_fault_is_left_out() -> None:
    assert set(KINDS) == USED


@pytest.mark.parametrize("case", MATRIX, ids=str)
def test_in_process(case: Case, world: World) -> None:
    before = world.emulator.order(ZONE)
    _prepare(case, world)
    run = world.run_here()
    _conclude(case, world, run)
    judge(world, run, before, lied_to=case.lied_to, disturbed=case.disturbed)
    next_run_repairs(world)


@pytest.mark.parametrize("case", [case for case in MATRIX if case.as_module], ids=str)
def test_as_a_module(case: Case, world: World) -> None:
    before = world.emulator.order(ZONE)
    _prepare(case, world)
    run = world.run_module()
    _conclude(case, world, run)
    judge(world, run, before, lied_to=case.lied_to, disturbed=case.disturbed)
    assert 0 < run.peak < 200
    assert world.modules.left_behind() == []
