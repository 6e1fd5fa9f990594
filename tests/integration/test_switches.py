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

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import perform
from emulator import SWITCHES, Behaviour, Emulator, certificate, pairs, zone

# Each has hundreds of runs.
pytestmark = pytest.mark.timeout(300)

ZONE, BIG_ZONE = "example.com", "example.org"
ORDER = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]
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


@dataclass(frozen=True)
class Case:
    """One setting of the switches, with what a run made of it."""

    emulator: Emulator
    behaviour: Behaviour
    zone: str
    options: dict[str, t.Any]

    def run(self) -> Seen:
        self.emulator.clear()
        outcome = perform(SET_ORDER, {**DEFAULTS, **self.options}, check_mode=False, diff=False)
        methods = [request.method for request in self.emulator.requests]
        return Seen(
            outcome.failed,
            outcome.result,
            outcome.warnings,
            methods.count("PUT"),
            methods.count("GET"),
            {identifier: number or 0 for identifier, number in self.emulator.order(self.zone)},
        )

    def id_of(self, issuer: str) -> str:
        return next(
            str(item["id"])
            for item in self.emulator.zones[self.zone].certificates
            if item["issuer"] == issuer and item["status"] != "deleted"
        )

    def settle(self) -> None:
        """Let lists show at once what is stored."""
        self.emulator.zones[self.zone].stale = None

    @property
    def reading(self) -> int:
        """The GETs that it takes to know the whole list."""
        count = len(self.emulator.zones[self.zone].certificates)
        pages = math.ceil(count / self.behaviour.max_page_size)
        return pages + (self.behaviour.list_result_info == "absent")

    def gets(self, readings: int) -> set[int]:
        """The GETs that may be made, with those to find the zone: two where no count proves that the first shows all."""
        if "zone_id" in self.options:
            return {readings * self.reading}
        unproven = self.behaviour.list_result_info == "absent"
        perhaps = self.behaviour.total_count == "unfiltered"
        return {readings * self.reading + lookup for lookup in (1 + unproven, 1 + (unproven or perhaps))}

    def in_order(self, stored: dict[str, t.Any]) -> bool:
        first = stored[self.id_of("DigiCertInc")]
        return bool(first > stored[self.id_of("GlobalSignnvsa")] and first > stored[self.id_of("Sectigo")])


Judge = Callable[[Case, Seen], Iterator[str]]


@pytest.fixture
def examine(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a task under every pair of some switches, in a zone of many certificates where the size of pages is one."""
    for variable in ("CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", emulator.token)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", emulator.url)
    monkeypatch.setattr(_client.time, "sleep", lambda seconds: None)

    def _examine(
        judge: Judge,
        options: Callable[[Case], dict[str, t.Any]],
        switches: Iterable[str] | None = None,
        *,
        prepare: Callable[[Case], None] = lambda case: None,
    ) -> None:
        wrong = []
        for setting in distinct(pairs(switches)):
            emulator.reset()
            emulator.behave(**setting)
            name = BIG_ZONE if {"put_page_size", "max_page_size"} & setting.keys() else ZONE
            case = Case(emulator, emulator.behaviour, name, {})
            case.options.update(options(case))
            prepare(case)
            wrong += [f"{setting}: {problem}" for problem in judge(case, case.run())]
        assert not wrong, f"{len(wrong)} problems:\n" + "\n".join(wrong[:40])

    return _examine


def distinct(settings: Iterable[dict[str, t.Any]]) -> Iterator[dict[str, t.Any]]:
    """Settings without what is the default in them, each once: most pairs differ in defaults alone."""
    seen = set()
    for setting in settings:
        rest = {name: value for name, value in setting.items() if value != SWITCHES[name][0]}
        key = tuple(sorted(rest.items()))
        if key not in seen:
            seen.add(key)
            yield rest


def may_be_proven(case: Case, *, by_listed: bool) -> Iterable[bool]:
    """Whether the PUT's answer shows all that counts; on a part of the list, either may be."""
    shows = case.behaviour.put_result == "all" or (by_listed and case.behaviour.put_result == "listed")
    return (True, False) if shows and case.behaviour.put_page_size and case.zone == BIG_ZONE else (shows,)


def judge_failure(case: Case, run: Seen, text: str = "were set, but the list does not show it") -> Iterator[str]:
    """A failure after a PUT tells all that there is to know."""
    if not run.failed:
        yield f"claims success, though {run.stored} is stored"
        return
    if text not in run.result["msg"]:
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


def judge_success(case: Case, run: Seen, *, all_told: bool) -> Iterator[str]:
    """What a success tells is what is stored; of an unlisted certificate that no answer showed, it may be older."""
    if run.failed:
        yield f"fails with {run.result['msg']!r}"
        return
    if run.result["changed"] is not True:
        yield "changed, but does not say so"
    listed = [case.id_of(issuer) for issuer in WAS]
    for identifier, number in run.stored.items():
        if run.numbers[identifier] != number and (all_told or identifier in listed):
            yield f"tells {run.numbers[identifier]} for {identifier}, stored is {number}"
    now = [(item["id"], item["before"], item["after"]) for item in run.result["reprioritized"]]
    due = {(case.id_of(issuer), was, run.stored[case.id_of(issuer)]) for issuer, was in WAS.items()}
    if set(now) != {change for change in due if change[1] != change[2]}:
        yield f"tells {now} as reprioritized"
    if run.result["ansible_facts"]["cloudflare_certificate_order"] != run.result["certificates"]:
        yield "tells other facts than certificates"
    if bool(run.result.get("messages")) != (case.behaviour.messages == "some"):
        yield "does not tell the messages"
    yield from judge_warning(case, run, all_told)
    yield from judge_restore(case, run)


def judge_warning(case: Case, run: Seen, all_told: bool) -> Iterator[str]:
    before = {item["issuer"]: item["priority"] for item in certificates() if item["status"] != "deleted"}
    moved = run.stored[case.id_of("Sectigo")] != before["Sectigo"]
    warned = any("not listed in 'certificates' changed during the run" in warning for warning in run.warnings)
    if all_told and warned != moved:
        yield f"warns {run.warnings}, unlisted ones have {'moved' if moved else 'stayed'}"


def judge_second(case: Case) -> Iterator[str]:
    """Where a run has succeeded, another one finds nothing to do."""
    case.settle()
    again = case.run()
    if again.failed or again.result["changed"] or again.puts:
        yield f"the second run has {again.puts} PUT, {again.result.get('msg') or again.result['reprioritized']}"
    if again.gets not in case.gets(1):
        yield f"the second run has {again.gets} GET, {case.gets(1)} were due"


def judge_order(case: Case, run: Seen) -> Iterator[str]:
    """Order mode: the order counts, whatever the API makes of the numbers."""
    # The unlisted rival counts as well, so an answer that shows the listed ones alone proves nothing.
    proven = [value and case.options.get("verify") != "read" for value in may_be_proven(case, by_listed=False)]
    if not run.puts:
        yield f"no PUT; {run.result.get('msg')}"
        return
    if run.puts != 1:
        yield f"{run.puts} PUT"
    if case.behaviour.put_effect == "ignored" or (case.behaviour.put_effect == "pretended" and run.failed):
        yield from judge_failure(case, run)
    elif case.behaviour.put_effect == "pretended":
        if True not in proven:
            yield "claims success without proof"
    else:
        if not case.in_order(run.stored):
            yield f"the order is not as asked: {run.stored}"
        yield from judge_success(case, run, all_told=proven == [False] or not case.behaviour.put_page_size)
        gets = set().union(*(case.gets(1 if value else 2) for value in proven))
        if not case.behaviour.stale_reads and run.gets not in gets:
            yield f"{run.gets} GET, {gets} were due"
        yield from judge_second(case)


def by_id(case: Case) -> dict[str, t.Any]:
    return {"zone_id": case.emulator.zones[case.zone].id, "certificates": ORDER}


def test_order_mode_under_every_pair(examine: Callable[..., None]) -> None:
    examine(judge_order, by_id)


def test_order_mode_with_verify_read(examine: Callable[..., None]) -> None:
    examine(judge_order, lambda case: {**by_id(case), "verify": "read"}, WRITING + READING)


def test_zone_by_name(examine: Callable[..., None]) -> None:
    examine(
        judge_order,
        lambda case: {"zone": case.zone, "certificates": ORDER},
        ("empty_result", "per_page_out_of_range", *READING, *REFUSING),
    )


def judge_numbers(case: Case, run: Seen) -> Iterator[str]:
    """Explicit mode: the numbers count, whatever happens to those that are not listed."""
    proven = list(may_be_proven(case, by_listed=True))
    if run.puts != 1:
        yield f"{run.puts} PUT"
    if case.behaviour.put_effect == "pretended" and not run.failed:
        if True not in proven or case.behaviour.renumber != "no":
            yield "claims success without proof"
    elif case.behaviour.put_effect != "applied" or case.behaviour.renumber != "no":
        yield from judge_failure(case, run, "should have priority")
    else:
        asked = {case.id_of("DigiCertInc"): 7, case.id_of("GlobalSignnvsa"): 3}
        if {identifier: run.stored[identifier] for identifier in asked} != asked:
            yield f"the numbers are not as asked: {run.stored}"
        yield from judge_success(case, run, all_told=proven == [False])
        yield from judge_second(case)


def test_explicit_mode(examine: Callable[..., None]) -> None:
    examine(
        judge_numbers,
        lambda case: {
            **by_id(case),
            "certificates": [
                {"id": case.id_of("GlobalSignnvsa"), "priority": 3},
                {"id": case.id_of("DigiCertInc"), "priority": 7},
            ],
        },
        WRITING + READING + ("messages",),
    )


def judge_renewed(case: Case, run: Seen) -> Iterator[str]:
    """A certificate that is renewed between the reading and the PUT is followed under its new id."""
    if case.behaviour.put_effect == "ignored" or (case.behaviour.put_effect == "pretended" and run.failed):
        # The refused PUT may have moved others before it failed, so what was before is known of the listed ones alone.
        if not run.failed or run.result["changed"] is not True:
            yield "claims success"
        return
    if case.behaviour.put_effect == "pretended":
        return
    if run.failed:
        yield f"fails with {run.result['msg']!r}"
        return
    if not case.in_order(run.stored):
        yield f"the order is not as asked: {run.stored}"
    if run.result["changed"] is not True or run.puts not in (1, 2):
        yield f"changed is {run.result['changed']} after {run.puts} PUT"
    listed = {case.id_of(issuer): was for issuer, was in WAS.items()}
    restore = {item["id"]: item["priority"] for item in run.result["restore"]}
    known = listed if case.behaviour.bad_item == "atomic" else {case.id_of("GlobalSignnvsa"): 20}
    if restore.keys() != listed.keys() or not known.items() <= restore.items():
        yield f"would restore {restore}, before were {listed}"
    if any(run.numbers[identifier] != run.stored[identifier] for identifier in listed):
        yield f"tells {run.numbers}, stored is {run.stored}"
    yield from judge_second(case)


def test_renewal_between_reading_and_writing(examine: Callable[..., None]) -> None:
    def renew_before_put(case: Case) -> None:
        case.emulator.before("PUT", "*", lambda emulator: emulator.renew(case.zone, case.id_of("DigiCertInc")))

    examine(
        judge_renewed,
        by_id,
        ("unknown_id", "bad_item", "deleted", "list_order", *WRITING, *REFUSING),
        prepare=renew_before_put,
    )
