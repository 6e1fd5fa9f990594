# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets the order over HTTP without Ansible, with every pair of the emulator's switches.

Whatever the API does and returns, a run ends in one of two ways: the zone is as requested and the result matches it, or the
task fails with the differences and with `restore` to undo the change.
"""

from __future__ import annotations

import math
import typing as t
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import perform
from emulator import SWITCHES, Emulator, certificate, pairs, zone

# Each has hundreds of runs.
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("_no_waits")]

ZONE, BIG_ZONE = "example.com", "example.org"
WAS = {"DigiCertInc": 10, "GlobalSignnvsa": 20}
DEFAULTS = {name: option.get("default") for name, option in SET_ORDER.spec.items()} | {"rate_limit": 0}

# What a PUT does and answers, and what a list looks like.
WRITING = ("put_result", "put_result_info", "put_page_size", "put_effect", "unlisted", "renumber", "stale_reads")
READING = ("list_order", "list_result_info", "total_pages", "total_count", "max_page_size", "priority_type")
REFUSING = ("error_shape", "failure_status", "messages")


def certificates(padding: int = 0) -> list[dict[str, t.Any]]:
    """A zone in which DigiCertInc's has to rise above GlobalSign's, and above an unlisted one that competes with it."""
    pads = [certificate([f"h{number}.example.com"], issuer="Entrust", priority=number) for number in range(padding)]
    return [
        *pads[: padding // 2],
        certificate(["example.com", "www.example.com", "shop.example.com"], issuer="DigiCertInc", priority=10),
        certificate(["example.com", "www.example.com", "api.example.com"], issuer="GlobalSignnvsa", priority=20),
        certificate(["shop.example.com", "pay.example.com"], issuer="Sectigo", priority=30),
        certificate(["*.example.com"], issuer="LetsEncrypt", priority=40),
        certificate(["old.example.com"], issuer="Entrust", priority=None),
        certificate(["example.com"], issuer="DigiCertInc", priority=90, status="deleted"),
        *pads[padding // 2 :],
    ]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """It does not hold the traffic against the contract, which takes most of the time: others do so, switch by switch."""
    zones = [zone(ZONE, certificates=certificates()), zone(BIG_ZONE, certificates=certificates(24))]
    with Emulator(zones=zones, throttle=None, validate=False) as running:
        yield running


@dataclass(frozen=True)
class Seen:
    """A run: what it ended with, what it asked, and what is stored after it."""

    failed: bool
    result: dict[str, t.Any]
    warnings: list[str]
    puts: int
    gets: int
    stored: dict[str, t.Any]

    @property
    def numbers(self) -> dict[str, t.Any]:
        return {item["id"]: item["priority"] for item in self.result.get("certificates", ())}


class Case:
    """One setting of the switches, in a zone of many certificates where the size of pages is one of them."""

    def __init__(self, emulator: Emulator, setting: dict[str, t.Any]) -> None:
        emulator.reset()
        emulator.behave(**setting)
        self.emulator, self.behaviour = emulator, emulator.behaviour
        self.zone = BIG_ZONE if {"put_page_size", "max_page_size"} & setting.keys() else ZONE
        self.options: dict[str, t.Any] = {"zone_id": emulator.zones[self.zone].id}
        self.options["certificates"] = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]

    def run(self) -> Seen:
        self.emulator.clear()
        options = {**DEFAULTS, "api_token": self.emulator.token, "api_url": self.emulator.url, **self.options}
        outcome = perform(SET_ORDER, options, check_mode=False, diff=False, environ={})
        methods = [request.method for request in self.emulator.requests]
        stored = {identifier: number or 0 for identifier, number in self.emulator.order(self.zone)}
        return Seen(
            outcome.failed, outcome.result, outcome.warnings, methods.count("PUT"), methods.count("GET"), stored
        )

    def id_of(self, issuer: str) -> str:
        held = self.emulator.zones[self.zone].certificates
        return next(str(item["id"]) for item in held if item["issuer"] == issuer and item["status"] != "deleted")

    def gets(self, readings: int) -> set[int]:
        """The GETs that may be made, with those to find the zone: two where no count proves that the first shows all."""
        unproven = self.behaviour.list_result_info == "absent"
        pages = math.ceil(len(self.emulator.zones[self.zone].certificates) / self.behaviour.max_page_size) + unproven
        if "zone_id" in self.options:
            return {readings * pages}
        perhaps = self.behaviour.total_count == "unfiltered"
        return {readings * pages + lookup for lookup in (1 + unproven, 1 + (unproven or perhaps))}

    def as_asked(self, stored: dict[str, t.Any]) -> bool:
        """Whether the numbers are those of explicit mode, or else in order."""
        upper, lower, rival = (stored[self.id_of(issuer)] for issuer in ("DigiCertInc", "GlobalSignnvsa", "Sectigo"))
        return (upper, lower) == (7, 3) if self.explicit else bool(upper > lower and upper > rival)

    @property
    def explicit(self) -> bool:
        return "priority" in self.options["certificates"][0]

    @property
    def proven(self) -> set[bool]:
        """Whether the PUT's answer shows all that counts; on a part of the list, either may be.

        In order mode, the unlisted rival counts as well, so an answer that shows the listed ones alone proves nothing.
        """
        shows = self.behaviour.put_result == "all" or (self.explicit and self.behaviour.put_result == "listed")
        if self.options.get("verify") == "read" or not shows:
            return {False}
        return {True, False} if self.behaviour.put_page_size and self.zone == BIG_ZONE else {True}


def distinct(settings: Iterable[dict[str, t.Any]]) -> Iterator[dict[str, t.Any]]:
    """Settings without what is the default in them, each once: most pairs differ in defaults alone."""
    rests = ({name: value for name, value in one.items() if value != SWITCHES[name][0]} for one in settings)
    yield from map(dict, dict.fromkeys(tuple(sorted(rest.items())) for rest in rests))


def examine(
    emulator: Emulator,
    judge: Callable[[Case, Seen], Iterator[str]],
    prepare: Callable[[Case], object],
    switches: Iterable[str] | None = None,
) -> None:
    """Run a task under every pair of some switches."""
    wrong = []
    for setting in distinct(pairs(switches)):
        case = Case(emulator, setting)
        prepare(case)
        wrong += [f"{setting}: {problem}" for problem in judge(case, case.run())]
    assert not wrong, f"{len(wrong)} problems:\n" + "\n".join(wrong[:40])


def judge_run(case: Case, run: Seen) -> Iterator[str]:
    """In order mode, the order counts; in explicit mode, the numbers, whatever happens to those that are not listed."""
    if run.puts != 1:
        yield f"{run.puts} PUT; {run.result.get('msg')}"
    possible = not (case.explicit and case.behaviour.renumber != "no")
    if run.failed:
        if case.behaviour.put_effect == "applied" and possible:
            yield f"fails with {run.result['msg']!r}"
        yield from judge_failure(case, run)
    elif case.behaviour.put_effect == "pretended":
        if True not in case.proven or not possible:
            yield "claims success without proof"
    elif not case.as_asked(run.stored):
        yield f"claims success, though {run.stored} is stored"
    else:
        yield from judge_success(case, run)
        yield from judge_second(case)


def judge_failure(case: Case, run: Seen) -> Iterator[str]:
    """A failure after a PUT tells all that there is to know."""
    if ("should have priority" if case.explicit else "were set, but the list does not show it") not in run.result[
        "msg"
    ]:
        yield f"fails with {run.result['msg']!r}"
    if run.result["changed"] is not True:
        yield "fails after a PUT without changed: true"
    if run.numbers != run.stored:
        yield f"tells {run.numbers}, stored is {run.stored}"
    yield from judge_restore(case, run)


def judge_restore(case: Case, run: Seen) -> Iterator[str]:
    restore = [(item["id"], item["priority"]) for item in run.result.get("restore", ())]
    if restore != [(case.id_of(issuer), WAS[issuer]) for issuer in ("GlobalSignnvsa", "DigiCertInc")]:
        yield f"would restore {restore}"


def judge_success(case: Case, run: Seen) -> Iterator[str]:
    """What a success tells is what is stored; of an unlisted certificate that no answer showed, it may be older."""
    all_told = case.proven == {False} or not (case.explicit or case.behaviour.put_page_size)
    if run.result["changed"] is not True:
        yield "changed, but does not say so"
    listed = [case.id_of(issuer) for issuer in WAS]
    for identifier, number in run.stored.items():
        if run.numbers[identifier] != number and (all_told or identifier in listed):
            yield f"tells {run.numbers[identifier]} for {identifier}, stored is {number}"
    now = {(item["id"], item["before"], item["after"]) for item in run.result["reprioritized"]}
    due = {(case.id_of(issuer), was, run.stored[case.id_of(issuer)]) for issuer, was in WAS.items()}
    if now != {change for change in due if change[1] != change[2]}:
        yield f"tells {now} as reprioritized"
    if run.result["ansible_facts"]["cloudflare_certificate_order"] != run.result["certificates"]:
        yield "tells other facts than certificates"
    if bool(run.result.get("messages")) != (case.behaviour.messages == "some"):
        yield "does not tell the messages"
    moved = run.stored[case.id_of("Sectigo")] != 30
    warned = any("not listed in 'certificates' changed during the run" in warning for warning in run.warnings)
    if all_told and warned != moved:
        yield f"warns {run.warnings}, unlisted ones have {'moved' if moved else 'stayed'}"
    gets = set().union(*(case.gets(1 if value else 2) for value in case.proven))
    if not case.behaviour.stale_reads and run.gets not in gets:
        yield f"{run.gets} GET, {gets} were due"
    yield from judge_restore(case, run)


def judge_second(case: Case) -> Iterator[str]:
    """Where a run has succeeded, another one finds nothing to do, once lists show what is stored."""
    case.emulator.zones[case.zone].stale = None
    again = case.run()
    if again.failed or again.result["changed"] or again.puts:
        yield f"the second run has {again.puts} PUT, {again.result.get('msg') or again.result['reprioritized']}"
    if again.gets not in case.gets(1):
        yield f"the second run has {again.gets} GET, {case.gets(1)} were due"


def test_order_mode_under_every_pair(emulator: Emulator) -> None:
    examine(emulator, judge_run, lambda case: None)


def test_order_mode_with_verify_read(emulator: Emulator) -> None:
    examine(emulator, judge_run, lambda case: case.options.update(verify="read"), WRITING + READING)


def test_zone_by_name(emulator: Emulator) -> None:
    def by_name(case: Case) -> None:
        del case.options["zone_id"]
        case.options["zone"] = case.zone

    examine(emulator, judge_run, by_name, ("empty_result", "per_page_out_of_range", *READING, *REFUSING))


def test_explicit_mode(emulator: Emulator) -> None:
    def by_number(case: Case) -> None:
        wanted = (("GlobalSignnvsa", 3), ("DigiCertInc", 7))
        case.options["certificates"] = [{"id": case.id_of(issuer), "priority": number} for issuer, number in wanted]

    examine(emulator, judge_run, by_number, (*WRITING, *READING, "messages"))


def judge_renewed(case: Case, run: Seen) -> Iterator[str]:
    """A certificate that is renewed between the reading and the PUT is followed under its new id."""
    if run.failed:
        if case.behaviour.put_effect == "applied":
            yield f"fails with {run.result['msg']!r}"
        # The refused PUT may have moved others before it failed.
        if run.result["changed"] is not True:
            yield "fails after a PUT without changed: true"
        return
    if case.behaviour.put_effect == "pretended":
        return
    if not case.as_asked(run.stored):
        yield f"claims success, though {run.stored} is stored"
    if run.result["changed"] is not True or run.puts not in (1, 2):
        yield f"changed is {run.result['changed']} after {run.puts} PUT"
    listed = {case.id_of(issuer): was for issuer, was in WAS.items()}
    restore = {item["id"]: item["priority"] for item in run.result["restore"]}
    # What was before is known of those alone that the refused PUT cannot have moved.
    known = listed if case.behaviour.bad_item == "atomic" else {case.id_of("GlobalSignnvsa"): 20}
    if restore.keys() != listed.keys() or not known.items() <= restore.items():
        yield f"would restore {restore}, before were {listed}"
    if any(run.numbers[identifier] != run.stored[identifier] for identifier in listed):
        yield f"tells {run.numbers}, stored is {run.stored}"
    yield from judge_second(case)


def test_renewal_between_reading_and_writing(emulator: Emulator) -> None:
    def renew_before_put(case: Case) -> None:
        emulator.before("PUT", "*", lambda running: running.renew(case.zone, case.id_of("DigiCertInc")))

    switches = ("unknown_id", "bad_item", "deleted", "list_order", *WRITING, *REFUSING)
    examine(emulator, judge_renewed, renew_before_put, switches)
