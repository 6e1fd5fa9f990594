# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many zones in one task: the result of each zone does not depend on the others."""

from __future__ import annotations

import json
import random
import re
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client, _many_zones
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._inspect import INSPECT
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import Pacer
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import Outcome, _pacer_of_its_own, perform
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_info as info_module
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_priority as module
from ansible_collections.zonefleet.cloudflare.tests.unit.documented import undocumented
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN, ZONE, Item, Run, certificate
from emulator import Emulator, Fault, generate

POLICY = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]

# What can happen to a zone's GET or PUT, so that it shows in the outcome of that zone alone.
HAPPENINGS: list[tuple[str, Fault | None]] = [
    ("GET", None),
    ("GET", None),
    ("GET", Fault("html", status=523)),
    ("GET", Fault("reset_after_request")),
    ("GET", Fault("not_object")),
    ("GET", Fault("throttled", retry_after="300")),
    ("GET", Fault("gzip")),
    ("PUT", None),
    ("PUT", Fault("reset_after_apply")),
    ("PUT", Fault("server_error", applied=True)),
    ("PUT", Fault("server_error", applied=False)),
    ("PUT", Fault("pretend")),
    ("PUT", Fault("throttled", retry_after="300")),
    ("PUT", Fault("truncated_json")),
]


def ask(emulator: Emulator, job: Job = SET_ORDER, check_mode: bool = False, **given: t.Any) -> Outcome:
    """Do a task. C(make_pacer) and C(tell) are for the job, and all others are options."""
    hooks = {name: given.pop(name) for name in ("make_pacer", "tell") if name in given}
    options = {"api_token": emulator.token, "api_url": emulator.url, "retries": 0, "max_wait": 1, **given}
    if job is SET_ORDER:
        options.setdefault("certificates", POLICY)
    validated = ArgumentSpecValidator(job.spec).validate(options)
    assert not validated.error_messages
    outcome = perform(job, validated.validated_parameters, check_mode=check_mode, diff=True, **hooks)
    returned = {**outcome.result, "failed": outcome.failed}
    assert undocumented(module if job is SET_ORDER else info_module, returned) == []
    return outcome


def _apart(_connection: Connection, _writes: bool) -> Pacer:
    """A pacer that is not shared, for a ban that one zone meets would stop the others."""
    return Pacer()


def plan_happenings(emulator: Emulator, ids: t.Sequence[str], seed: int) -> None:
    dice = random.Random(seed)
    for zone_id in ids:
        method, fault = dice.choice(HAPPENINGS)
        if fault is not None:
            emulator.fault(fault, method=method, path=f"/zones/{zone_id}/*")


def comparable(result: Item) -> Item:
    """A result without what differs from one run to the next, and what only a task for one zone returns."""
    kept = {key: value for key, value in result.items() if key not in ("ansible_facts", "diff", "waited")}
    kept["msg"] = re.sub(r"cf-ray \w+-\w+", "cf-ray", kept.get("msg", ""))
    for item in kept.get("certificates", ()):
        item.pop("modified_on", None)
    return kept


@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=[pytest.mark.full, pytest.mark.timeout(600)])])
def test_each_zone_ends_as_it_would_alone(count: int) -> None:
    fleet = generate(count, seed=7, out_of_order=count // 3)
    with Emulator(zones=fleet, throttle=None, validate=False) as server:
        ids = [zone.id for zone in fleet]
        plan_happenings(server, ids, seed=count)
        together = ask(server, make_pacer=_apart, zones=ids, concurrency=32, return_certificates=True)
        items = together.result["zones"]
        assert [item["zone_id"] for item in items] == ids
        assert together.result["requests"] == len(server.requests)

        server.reset()
        plan_happenings(server, ids, seed=count)
        outcomes = set()
        for item, zone_id in zip(items, ids, strict=True):
            alone = ask(server, zone_id=zone_id)
            assert item.pop("failed") is alone.failed, item
            assert item.pop("zone") is None
            assert item.pop("warnings", []) == alone.warnings
            assert comparable(item) == comparable({"zone_id": zone_id, **alone.result})
            outcomes.add((alone.failed, alone.result["changed"], "restore" in alone.result))
        assert len(outcomes) >= 4  # in order, changed, failed before and after a write
    result = together.result
    assert result["changed_zones"] == [item["zone_id"] for item in items if item["changed"]] != []
    assert result["failed_zones"] != []
    assert together.failed
    first = result["failed_zones"][0]
    assert result["msg"].startswith(f"{len(result['failed_zones'])} of {count} zones failed. {first}: ")


@pytest.fixture
def fleet() -> t.Iterator[Emulator]:
    with Emulator(zones=generate(40, out_of_order=10), throttle=None) as server:
        yield server


@pytest.fixture
def names(fleet: Emulator) -> list[str]:
    return list(fleet.zones)


@pytest.fixture
def ids(fleet: Emulator) -> list[str]:
    return [zone.id for zone in fleet.zones.values()]


@pytest.mark.parametrize(
    "meet", [lambda pacer: pacer.condemned("9109 Max auth failures"), lambda pacer: pacer.banned(5.0, True)]
)
def test_a_retry_that_another_zone_prevents_fails_after_a_change(
    fleet: Emulator, ids: list[str], monkeypatch: pytest.MonkeyPatch, meet: t.Callable[[Pacer], None]
) -> None:
    zone_id, *_others = ask(fleet, check_mode=True, zones=ids).result["changed_zones"]
    pacers: list[Pacer] = []

    def make_pacer(connection: Connection, writes: bool) -> Pacer:
        pacers.append(_pacer_of_its_own(connection, writes))
        return pacers[0]

    # While the retry waits, another zone meets a refusal.
    monkeypatch.setattr(_client.time, "sleep", lambda _seconds: meet(pacers[0]))
    fleet.fault(Fault("reset_after_apply"), method="PUT")
    result = ask(fleet, make_pacer=make_pacer, zone_id=zone_id, retries=1).result
    assert "The next request was not sent" in result["msg"]
    assert "The change may have been made" in result["msg"]
    assert result["changed"] is True
    assert result["restore"]
    assert result["requests"] == 2


@pytest.mark.parametrize(("count", "look_ups"), [(19, 19), (20, 1)])
def test_many_names_are_looked_up_by_one_list(
    fleet: Emulator, names: list[str], ids: list[str], count: int, look_ups: int
) -> None:
    names, ids = names[: count - 1], ids[: count - 1]
    fleet.behave(messages="some")
    result = ask(fleet, INSPECT, zones=[*map(str.upper, names), "nowhere.example"], concurrency=5).result
    paths = [request.path for request in fleet.requests]
    assert paths.count("/zones") == look_ups
    assert len(paths) == look_ups + count - 1
    *found, missing = result["zones"]
    assert [(item["zone"], item["zone_id"], item["failed"]) for item in found] == [
        (name.upper(), zone_id, False) for name, zone_id in zip(names, ids, strict=True)
    ]
    assert all("certificates" in item for item in found)
    assert all(len(item["messages"]) == 1 and "requests" in item and "waited" in item for item in result["zones"])
    assert missing["failed"]
    assert missing["zone_id"] is None
    assert "No zone nowhere.example" in missing["msg"]
    assert result["failed_zones"] == ["nowhere.example"]
    assert result["msg"].startswith("1 of ")


def test_what_only_reads_does_not_talk_of_changes(fleet: Emulator, names: list[str]) -> None:
    assert ask(fleet, INSPECT, zones=names[:2]).result["msg"] == "2 of 2 zones read."


def test_a_list_that_cannot_be_read_fails_the_names_and_no_id(
    fleet: Emulator, names: list[str], ids: list[str]
) -> None:
    fleet.fault(Fault("html", status=403), path="/zones")
    result = ask(fleet, zones=[*names[:20], ids[20]]).result
    assert len(result["failed_zones"]) == 20
    assert not result["zones"][-1]["failed"]


@pytest.mark.parametrize("count", [1, 20])
def test_a_zone_by_its_name_and_its_id_is_done_once(
    fleet: Emulator, names: list[str], ids: list[str], count: int
) -> None:
    """That both are one zone is known only after the name is looked up."""
    outcome = ask(fleet, zones=[*names[:count], ids[0]])
    assert [request.method for request in fleet.requests if ids[0] in request.path] == ["GET"]
    by_name, by_id = outcome.result["zones"][0], outcome.result["zones"][-1]
    assert by_name["msg"] == f"{names[0]} and {ids[0]} in 'zones' are the same zone: remove one of them."
    assert (by_name["failed"], by_name["changed"], by_name["zone_id"]) == (True, False, ids[0])
    assert by_id["failed"] is False
    assert outcome.failed
    assert outcome.result["msg"].startswith(f"1 of {count + 1} zones failed. {names[0]}: ")


def _condemned(code: int, message: str = "no") -> Fault:
    errors = [{"code": code, "message": message}]
    return Fault("answer", status=400, body=json.dumps({"success": False, "errors": errors}))


@pytest.mark.parametrize(
    "fault",
    [
        *map(_condemned, (6003, 9103, 9106)),
        _condemned(9109, "Invalid access token"),
        _condemned(1000, "Invalid API Token"),
        Fault("throttled", retry_after="300"),
    ],
)
def test_what_one_zone_meets_of_the_credential_stops_the_others(fleet: Emulator, ids: list[str], fault: Fault) -> None:
    fleet.fault(fault, times=None)
    for concurrency in (1, 4):
        fleet.clear()
        result = ask(fleet, INSPECT, zones=ids, concurrency=concurrency).result
        assert 1 <= len(fleet.requests) <= concurrency
        assert len(result["failed_zones"]) == 40


def test_zones_wait_side_by_side(fleet: Emulator, ids: list[str], waits: list[float]) -> None:
    for zone_id in ids[:2]:
        fleet.fault(Fault("throttled", retry_after="30"), path=f"/zones/{zone_id}/*")
    result = ask(fleet, INSPECT, make_pacer=_apart, zones=ids[:2], max_wait=60).result
    assert result["waited"] == max(item["waited"] for item in result["zones"]) >= 30


def test_what_a_pacer_is_told(fleet: Emulator, ids: list[str]) -> None:
    """Whether the task may write, and whether its pacing counts against max_wait."""
    told: list[bool] = []

    class Told(Pacer):
        def another(self, *, bounded: bool = True) -> Pacer:
            told.append(bounded)
            return self

    def make_pacer(_connection: Connection, writes: bool) -> Pacer:
        told.append(writes)
        return Told()

    one: Item = {"zone_id": ids[0]}
    many: Item = {"zones": ids[:1]}
    assert not ask(fleet, SET_ORDER, check_mode=True, make_pacer=make_pacer, **one).failed
    assert not ask(fleet, SET_ORDER, make_pacer=make_pacer, **one).failed
    assert not ask(fleet, SET_ORDER, make_pacer=make_pacer, **many).failed
    assert not ask(fleet, INSPECT, make_pacer=make_pacer, **one).failed
    assert told == [False, True, True, True, True, False, False, True]


def test_the_result_is_short_for_zones_in_order_and_the_diff_names_those_that_change(
    fleet: Emulator, ids: list[str]
) -> None:
    outcome = ask(fleet, zones=ids)
    result = outcome.result
    assert not outcome.failed
    assert result["changed"]
    assert len(result["changed_zones"]) == 10
    assert "ansible_facts" not in result
    assert result["msg"] == "10 of 40 zones changed."
    for item in result["zones"]:
        assert ("certificates" in item) is item["changed"]
        assert "contested" in item
        assert "restore" in item
        assert "diff" not in item
    headers = [re.findall("[0-9a-f]{32}", diff["before_header"]) for diff in result["diff"]]
    assert headers == [[zone_id] for zone_id in result["changed_zones"]]
    again = ask(fleet, zones=ids, return_certificates=True)
    assert not again.result["changed"]
    assert again.result["diff"] == []
    assert all("certificates" in item for item in again.result["zones"])


def test_progress_is_told_while_a_run_goes_on(fleet: Emulator, ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_many_zones, "_PROGRESS_EVERY", 0.0)  # seconds
    told: list[str] = []
    ask(fleet, check_mode=True, tell=told.append, zones=ids[:4])
    assert told
    assert re.fullmatch(r"[1-4] of 4 zones done, \d changed, 0 failed\.", told[0])


def test_the_module_does_them_too(run: Run) -> None:
    zone = [certificate("globalsign", issuer="GlobalSignnvsa")]
    result = run(module, zone, zones=[ZONE], zone_id=None, certificates=POLICY, missing="ignore")
    assert result["zones"][0]["zone_id"] == ZONE
    assert result["changed"] is False
    assert TOKEN not in str(result)
