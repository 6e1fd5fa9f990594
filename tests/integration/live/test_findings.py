# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kit tells one emulator from another: every value of every switch, and nothing that it cannot know."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator import SWITCHES, Behaviour, Emulator, Fault
from integration.live.running import ZONE, fits, make_zone, run_kit, told
from live.findings import QUESTIONS, suggestion

# What a zone alone cannot show: the kit has to say so, whatever the setting is.
NEVER = {"bad_item"}
# Defaults that show only where something happens which the kit does not provoke.
UNSEEN = {"deleted", "free_zone", "put_page_size", "retry_after", "server_error"}
# Where several values show the same in such a zone.
TWINS: dict[tuple[str, t.Any], tuple[t.Any, ...]] = {
    ("custom_csr_id", "value"): ("value", "null", "where_set"),
    ("custom_csr_id", "absent"): ("absent", "where_set"),
}
# The service's own numbers cannot be undone by numbers; the order can.
NUMBERS_LOST = {("renumber", "spread"), ("renumber", "dense")}


@pytest.fixture(scope="module")
def _emulator() -> Iterator[Emulator]:
    with Emulator(zones=[make_zone()], throttle=None, validate=False) as running:
        yield running


@pytest.fixture
def emulator(_emulator: Emulator) -> Emulator:
    _emulator.reset()
    return _emulator


def _banned(emulator: Emulator) -> Callable[[float], object]:
    emulator.ban(300)
    return lambda _seconds: emulator.ban(0)


def _arrange(emulator: Emulator, switch: str) -> Callable[[float], object]:
    """Make happen what a switch is about; gives what to do instead of waiting."""
    if switch in ("retry_after", "failure_status"):
        return _banned(emulator)
    if switch == "server_error":
        emulator.fault(Fault("server_error"), path="*/custom_certificates")
    elif switch == "deleted":
        emulator.delete(ZONE, emulator.order(ZONE)[0][0])
    elif switch in ("put_page_size", "max_page_size"):
        emulator.zones[ZONE].certificates[:] = make_zone(pads=20).certificates
    elif switch == "free_zone":
        emulator.zones[ZONE].api["plan"]["legacy_id"] = "free"
    return lambda _seconds: None


def test_every_switch_has_its_question() -> None:
    assert SWITCHES.keys() <= QUESTIONS.keys()


@pytest.mark.parametrize(
    ("switch", "value"), [(switch, value) for switch, values in SWITCHES.items() for value in values[1:]]
)
def test_the_kit_tells_another_setting(emulator: Emulator, tmp_path: Path, switch: str, value: t.Any) -> None:
    emulator.behave(**{switch: value})
    sleep = _arrange(emulator, switch)
    before = emulator.order(ZONE)
    result = run_kit(emulator, tmp_path, sleep, write=True)

    assert fits(result, switch) == (() if switch in NEVER else TWINS.get((switch, value), (value,))), result.text
    for other in SWITCHES.keys() - {switch}:
        # Others are told as they are, or not at all.
        assert fits(result, other) == () or SWITCHES[other][0] in fits(result, other), result.text
    assert result.code == 0
    assert len(emulator.requests) < 40
    assert not emulator.failures
    after = emulator.order(ZONE)
    if (switch, value) in NUMBERS_LOST:
        assert [identifier for identifier, _number in after] == [identifier for identifier, _number in before]
        assert "the numbers are not" in told(result, "restored")
    else:
        assert after == before


def test_the_kit_tells_the_defaults(emulator: Emulator, tmp_path: Path) -> None:
    result = run_kit(emulator, tmp_path, write=True)
    assert {key for key in SWITCHES if fits(result, key) == ()} == NEVER | UNSEEN, result.text
    for key in SWITCHES.keys() - NEVER - UNSEEN:
        assert fits(result, key) == (SWITCHES[key][0],)
    assert suggestion(result.findings) == "Behaviour()"
    assert told(result, "strange_effect") == "nothing has changed"
    assert told(result, "restored") == "every priority is what it was"


def test_the_suggestion_makes_an_emulator_that_shows_the_same(emulator: Emulator, tmp_path: Path) -> None:
    behaviour = Behaviour(
        put_result="listed", put_result_info="absent", stale_reads=1, unlisted="shift_below", error_shape="bare",
        list_order="priority", per_page_out_of_range="refuse", unknown_id="404", ratelimit_headers="absent",
    )  # fmt: skip
    changes = {name: getattr(behaviour, name) for name in SWITCHES if getattr(behaviour, name) != SWITCHES[name][0]}
    emulator.behave(**changes)
    result = run_kit(emulator, tmp_path, write=True)
    assert eval(suggestion(result.findings), {"Behaviour": Behaviour}) == behaviour  # pylint: disable=eval-used


@pytest.mark.parametrize("certificates", [0, 1])
def test_a_zone_without_an_order_is_said_to_be_one(emulator: Emulator, tmp_path: Path, certificates: int) -> None:
    del emulator.zones[ZONE].certificates[certificates:]
    result = run_kit(emulator, tmp_path, write=True)
    assert (result.code, emulator.writes(ZONE)) == (0, 0)
    assert f"put_result: the zone shows {certificates} certificate(s)" in result.text
    for key in ("list_order", "put_result", "put_effect", "unlisted", "renumber", "stale_reads", "tls"):
        assert fits(result, key) == ()


def test_a_token_that_may_not_read_gets_a_report(emulator: Emulator, tmp_path: Path) -> None:
    emulator.zones[ZONE].api["id"] = "0" * 32
    result = run_kit(emulator, tmp_path, write=True)
    assert emulator.writes(ZONE) == 0
    assert "the zone shows 0 certificate(s)" in result.text
