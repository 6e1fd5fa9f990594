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

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import perform
from emulator import Emulator
from integration.faults.serving import Authority

ZONE = "example.com"
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
    def zone_id(self) -> str:
        """The zone that every case is about."""
        return self.emulator.zones[ZONE].id

    @property
    def wanted(self) -> list[str]:
        """The ids that every case wants on top: the two whose host lists overlap, the wrong way round at the start."""
        return [str(item["id"]) for item in self.emulator.zones[ZONE].certificates[:2]]

    def arguments(self) -> dict[str, t.Any]:
        """The options of the task: no retries, next to no waiting, and time enough, unless a case is about them."""
        given = {
            "api_token": self.emulator.token,
            "api_url": self.emulator.url,
            "zone_id": self.zone_id,
            "certificates": [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}],
            "timeout": 60,
            "retries": 0,
            "max_wait": 1,
            **self.options,
        }
        return {name: value for name, value in given.items() if value is not None}

    def run(self) -> Run:
        """Do the task in this process."""
        return run(self.arguments(), self.environment)


def run(arguments: Mapping[str, t.Any], environment: Mapping[str, str] | None = None) -> Run:
    """Do a task in this process as the module and the action plugin do; its result has to be JSON."""
    validated = ArgumentSpecValidator(SET_ORDER.spec).validate(dict(arguments))
    assert not validated.error_messages, validated.error_messages
    with _environment(environment or {}):
        started = time.monotonic()
        outcome = perform(SET_ORDER, validated.validated_parameters, check_mode=False, diff=True)
        seconds = time.monotonic() - started
    told = json.dumps([outcome.result, outcome.warnings], ensure_ascii=False, allow_nan=False)
    told.encode()  # a lone surrogate would raise
    return Run(outcome.result, outcome.failed, outcome.warnings, told, seconds)


@contextlib.contextmanager
def _environment(changes: Mapping[str, str]) -> t.Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def acts(text: str) -> list[str]:
    """The characters of a text that could act on a terminal."""
    return [char for char in text if unicodedata.category(char) in _ACTING]


def acting(result: Mapping[str, t.Any], warnings: t.Iterable[str]) -> list[str]:
    """The same of every line that a run shows."""
    diff = "".join(result.get("diff", {}).values())
    return acts("".join([result.get("msg", ""), *warnings, diff.replace("\n", "")]))


def in_order(emulator: Emulator, wanted: t.Sequence[str]) -> bool:
    """Whether the zone is as every case wants it, told from what the emulator has stored."""
    items = {str(item["id"]): item for item in emulator.zones[ZONE].certificates if item.get("status") != "deleted"}
    if not set(wanted) <= set(items):
        return False
    number = {key: item.get("priority") or 0 for key, item in items.items()}
    falls = all(number[upper] > number[lower] for upper, lower in itertools.pairwise(wanted))
    return falls and all(
        number[key] > number[other]
        for key in wanted
        for other in items
        if other not in wanted and set(items[key]["hosts"]) & set(items[other]["hosts"])
    )


def judge(world: World, run: Run, before: Order, *, lied_to: bool = False, disturbed: bool = False) -> None:
    """Hold a run to what is promised of every run.

    `lied_to`: the API claims to have written what it has not. `disturbed`: someone else wrote meanwhile.
    """
    arguments = world.arguments()
    most = run.result["requests"] * arguments["timeout"] + arguments["max_wait"] + 5
    assert run.seconds <= most, f"it took {run.seconds:.1f} s, and may take {most} s"
    for secret in (world.emulator.token, world.emulator.key):
        assert secret not in run.told
    if run.failed:
        _judge_failure(world, run, before, disturbed)
    elif not lied_to:
        _judge_success(world, run, before, disturbed)


def _judge_failure(world: World, run: Run, before: Order, disturbed: bool) -> None:
    assert _WHAT_WAS_ASKED.search(run.msg), run.msg
    wrote = [call for call in world.emulator.requests if call.method == "PUT"]
    if not wrote:
        assert run.result["changed"] is False and "restore" not in run.result
    elif world.emulator.order(ZONE) != before and not disturbed:
        assert run.result["changed"] is True, run.result
    if "in whole or in part" in run.msg:
        assert run.result["changed"] is True
    if run.result["changed"]:
        told = run.result
        assert told["zone_id"] == world.zone_id and told["certificates"]
        if not disturbed:
            numbers = dict(before)
            assert told["restore"] == [
                {"id": key, "priority": numbers[key] or 0}
                for key in sorted(world.wanted, key=lambda key: -(numbers[key] or 0))
            ]


def _judge_success(world: World, run: Run, before: Order, disturbed: bool) -> None:
    after = world.emulator.order(ZONE)
    assert in_order(world.emulator, run_wanted(world)), after
    shown = [(item["id"], item["priority"]) for item in run.result["certificates"]]
    assert shown == [(key, number or 0) for key, number in after]
    if not disturbed:
        assert run.result["changed"] is (after != before)
        told = {item["id"]: (item["before"], item["after"]) for item in run.result["reprioritized"]}
        old = dict(before)
        assert told == {key: (old[key] or 0, number) for key, number in after if number != old[key]}


def run_wanted(world: World) -> list[str]:
    """The ids that are wanted now: a renewed certificate has another one."""
    by_issuer = {
        item["issuer"]: str(item["id"])
        for item in world.emulator.zones[ZONE].certificates
        if item.get("status") != "deleted" and item["issuer"] in {"DigiCertInc", "GlobalSignnvsa"}
    }
    return [by_issuer[issuer] for issuer in ("DigiCertInc", "GlobalSignnvsa") if issuer in by_issuer]


def next_run_repairs(world: World) -> None:
    """Without faults, another run ends in order, and after it there is nothing to do."""
    world.emulator.reset(state=False)
    world.options, world.environment = {"missing": "ignore"}, {}
    before = world.emulator.order(ZONE)
    judge(world, world.run(), before)
    again = world.run()
    assert not again.failed and again.result["changed"] is False, again.result
    assert again.result["requests"] == 1
