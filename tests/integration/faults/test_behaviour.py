# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every pair of the ways in which the API may behave, for want of a published answer."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client
from emulator import SWITCHES, Emulator, certificate, demo_zone
from integration.faults.tally import count
from integration.faults.world import ZONE, World, judge

# What only shows when a certificate of the list is gone by the time of the write.
_OF_REFUSALS = frozenset(("unknown_id", "bad_item", "error_shape", "failure_status", "deleted"))


def settings_with(name: str) -> t.Iterator[dict[str, t.Any]]:
    """Each other value of a switch: alone, and with each other value of the switches after it.

    A pair in which one has its default is the same as the other alone.
    """
    for value in SWITCHES[name][1:]:
        yield {name: value}
        for other in itertools.islice(SWITCHES, list(SWITCHES).index(name) + 1, None):
            for second in SWITCHES[other][1:]:
                yield {name: value, other: second}


@pytest.fixture(scope="module")
def many() -> t.Iterator[Emulator]:
    """A zone with more certificates than a page may have, and no checks by contract, which take most of the time."""
    zone = demo_zone()
    zone.certificates += [
        {
            **certificate([f"host{place}.example.com"], issuer="Example CA"),
            "id": f"more-{place}",
            "zone_id": zone.id,
            "uploaded_on": None,
        }
        for place in range(22)
    ]
    with Emulator(zones=[zone], throttle=None, validate=False) as running:
        yield running


def _renew(emulator: Emulator) -> None:
    emulator.renew(ZONE, str(emulator.zones[ZONE].certificates[0]["id"]))


@pytest.mark.parametrize("name", SWITCHES)
def test_every_pair(name: str, many: Emulator, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        _client.time, "sleep", lambda seconds: None
    )  # stale reads are waited for; how long is not at issue
    world.emulator = many
    for switches in settings_with(name):
        _write_under(world, switches)
        if _OF_REFUSALS & switches.keys():
            _write_under(world, switches, renewed=True)


def _write_under(world: World, switches: dict[str, t.Any], renewed: bool = False) -> None:
    emulator = world.emulator
    emulator.reset()
    emulator.behave(**switches)
    # An answer that lies is found by a read only.
    world.options = {"max_wait": 10, "verify": "read" if switches.get("put_effect") == "pretended" else "answer"}
    if renewed:
        emulator.before("PUT", "*", _renew)
    before = emulator.order(ZONE)
    run = world.run_here()
    try:
        judge(world, run, before, disturbed=renewed, whole=False)
        _ends_as_it_may(world, switches, run.failed)
    except AssertionError as error:
        raise AssertionError(f"under {switches}: {error}; {run.msg}") from error
    count("settings of the emulator's switches, single and in pairs")


def _ends_as_it_may(world: World, switches: dict[str, t.Any], failed: bool) -> None:
    may_fail = switches.get("put_effect", "applied") != "applied"
    assert failed is may_fail
    if not failed and not switches.get("stale_reads"):
        again = world.run_here()
        assert not again.failed and again.result["changed"] is False, again.result
