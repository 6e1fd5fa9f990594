# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After every fault, either the zone is as requested and the result says so, or the failure describes everything that is known."""

from __future__ import annotations

import pytest

from emulator import KINDS
from integration.faults.cases import MATRIX, USED, Case
from integration.faults.world import ZONE, World, judge, next_run_repairs


def test_no_kind_of_fault_is_left_out() -> None:
    assert set(KINDS) == USED


@pytest.mark.parametrize("case", MATRIX, ids=str)
def test_what_goes_wrong(case: Case, world: World) -> None:
    before = world.emulator.order(ZONE)
    world.options.update(case.options)
    world.emulator.behave(**case.behaviour)
    case.arrange(world)
    run = world.run()
    assert run.failed is bool(case.says), run.result
    assert case.says in run.msg and len(run.msg) < 5000
    judge(world, run, before, lied_to=case.lied_to, disturbed=case.disturbed)
    next_run_repairs(world)
