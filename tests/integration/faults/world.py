# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment of a fault case, and the checks after every run."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import re
import time
import typing as t
import unicodedata
from collections.abc import Mapping
from unittest import mock

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import perform
from emulator import Emulator
from integration.faults.serving import Authority

ZONE = "example.com"
ISSUERS = ("DigiCertInc", "GlobalSignnvsa")
Order = list[tuple[str, t.Any]]

# What was asked of the API, or what of the task the zone is at odds with.
_WHAT_WAS_ASKED = re.compile(
    r"(GET|PUT) /zones\b|^The priorities of zone [0-9a-f]{32} were set, but|^The entry of 'certificates' with "
)

_ACTING = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


@dataclasses.dataclass(frozen=True)
class Run:
    """One run: its result, all that it tells, and how long it took."""

    result: dict[str, t.Any]
    failed: bool
    warnings: list[str]
    told: str
    seconds: float

    @property
    def msg(self) -> str:
        """Why it failed."""
        return str(self.result.get("msg", ""))


@dataclasses.dataclass
class World:
    """An emulator with what surrounds it. A case changes it before the run, `options` and `environment` included."""

    emulator: Emulator
    authority: Authority
    stack: contextlib.ExitStack
    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    environment: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def wanted(self) -> list[str]:
        """The ids that every case wants on top: the two whose host lists overlap, the wrong way round at the start."""
        by_issuer = {
            item["issuer"]: str(item["id"])
            for item in self.emulator.zones[ZONE].certificates
            if item.get("status") != "deleted"
        }
        return [by_issuer[issuer] for issuer in ISSUERS if issuer in by_issuer]

    def arguments(self) -> dict[str, t.Any]:
        """The options of the task: no retries, next to no waiting, and time enough, unless a case is about them."""
        given = {
            "api_token": self.emulator.token,
            "api_url": self.emulator.url,
            "zone_id": self.emulator.zones[ZONE].id,
            "certificates": [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}],
            "timeout": 60,
            "retries": 0,
            "max_wait": 1,
            **self.options,
        }
        return {name: value for name, value in given.items() if value is not None}

    def run(self) -> Run:
        """Do the task in this process."""
        with mock.patch.dict(os.environ, self.environment):
            return run(self.arguments())


def run(arguments: Mapping[str, t.Any]) -> Run:
    """Do a task in this process as the module and the action plugin do; its result has to be JSON."""
    validated = ArgumentSpecValidator(SET_ORDER.spec).validate(dict(arguments))
    assert not validated.error_messages, validated.error_messages
    started = time.monotonic()
    outcome = perform(SET_ORDER, validated.validated_parameters, check_mode=False, diff=True)
    seconds = time.monotonic() - started
    told = json.dumps([outcome.result, outcome.warnings], ensure_ascii=False, allow_nan=False)
    told.encode()  # a lone surrogate would raise
    return Run(outcome.result, outcome.failed, outcome.warnings, told, seconds)


def acts(text: str) -> list[str]:
    """The characters of a text that could act on a terminal."""
    return [char for char in text if unicodedata.category(char) in _ACTING]


def acting(result: Mapping[str, t.Any], warnings: t.Iterable[str]) -> list[str]:
    """The same of every line that a run shows."""
    diff = "".join(result.get("diff", {}).values())
    return acts("".join([result.get("msg", ""), *warnings, diff.replace("\n", "")]))


def in_order(world: World) -> bool:
    """Whether the zone is as every case wants it, told from what the emulator has stored."""
    numbers = {key: number or 0 for key, number in world.emulator.order(ZONE)}
    hosts = {item["id"]: set(item["hosts"]) for item in world.emulator.zones[ZONE].certificates}
    wanted = world.wanted
    rivals = [(key, other) for key in wanted for other in set(numbers) - set(wanted) if hosts[key] & hosts[other]]
    return all(numbers[upper] > numbers[lower] for upper, lower in [*itertools.pairwise(wanted), *rivals])


def judge(world: World, run: Run, before: Order, *, lied_to: bool = False, disturbed: bool = False) -> None:
    """Hold a run to what is promised of every run.

    `lied_to`: the API claims to have written what it has not. `disturbed`: someone else wrote meanwhile.
    """
    arguments = world.arguments()
    assert run.seconds <= run.result["requests"] * arguments["timeout"] + arguments["max_wait"] + 5
    assert world.emulator.token not in run.told
    assert world.emulator.key not in run.told
    if run.failed:
        _judge_failure(world, run, dict(before), disturbed)
    elif not lied_to:
        _judge_success(world, run, dict(before), disturbed)


def _judge_failure(world: World, run: Run, before: dict[str, t.Any], disturbed: bool) -> None:
    assert _WHAT_WAS_ASKED.search(run.msg), run.msg
    changed = run.result["changed"]
    if not any(call.method == "PUT" for call in world.emulator.requests):
        assert changed is False
    elif "in whole or in part" in run.msg or (not disturbed and dict(world.emulator.order(ZONE)) != before):
        assert changed is True, run.result
    assert ("restore" in run.result) is changed
    if changed:
        assert run.result["zone_id"] == world.emulator.zones[ZONE].id
        assert run.result["certificates"]
    if changed and not disturbed:
        highest_first = sorted(world.wanted, key=lambda key: -(before[key] or 0))
        assert run.result["restore"] == [{"id": key, "priority": before[key] or 0} for key in highest_first]


def _judge_success(world: World, run: Run, before: dict[str, t.Any], disturbed: bool) -> None:
    after = [(key, number or 0) for key, number in world.emulator.order(ZONE)]
    assert in_order(world), after
    assert [(item["id"], item["priority"]) for item in run.result["certificates"]] == after
    if not disturbed:
        told = {item["id"]: (item["before"], item["after"]) for item in run.result["reprioritized"]}
        assert told == {key: (before[key] or 0, number) for key, number in after if number != (before[key] or 0)}
        assert run.result["changed"] is bool(told)


def next_run_repairs(world: World) -> None:
    """Without faults, another run ends in order, and after it there is nothing to do."""
    world.emulator.reset(state=False)
    world.options, world.environment = {"missing": "ignore"}, {}
    before = world.emulator.order(ZONE)
    judge(world, world.run(), before)
    again = world.run()
    assert not again.failed, again.result
    assert again.result["changed"] is False, again.result
    assert again.result["requests"] == 1
