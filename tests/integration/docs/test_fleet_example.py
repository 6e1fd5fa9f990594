# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet example, run with ansible-playbook and with ansible-runner, which AWX uses."""

from __future__ import annotations

import collections
import json
import shutil
import typing as t
from pathlib import Path

import ansible_runner  # type: ignore[import-untyped]
import pytest
from ansible_runs import ROOT, environment

from emulator import Emulator, Fault, generate, token
from emulator.fixture import StartEmulator
from integration.playbooks.playing import Played, Player

FLEET = ROOT / "examples" / "fleet"
ZONES = 20  # which can have custom certificates, of 22
READER = token("reader", permissions=("zone:read", "ssl:read"))
COMPARE, REPORT, FAIL = (
    "Compare the certificates with the order requested",
    "Report on the fleet",
    "Fail if anything would change",
)
REFUSED = Fault(
    "answer", status=403, body='{"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]}'
)


@pytest.fixture
def fleet(start_emulator: StartEmulator) -> Emulator:
    """22 zones, 6 of them out of order. The seed is one with which the answer to each change proves it."""
    return start_emulator(zones=generate(22, 7, out_of_order=6), tokens=[READER])


@pytest.fixture
def run(play: Player, fleet: Emulator) -> t.Callable[..., Played]:
    """Run a playbook of the example as it lies there."""

    def _run(playbook: str, *arguments: str, env: dict[str, str] | None = None) -> Played:
        fleet.clear()
        own = {"ANSIBLE_CONFIG": str(FLEET / "ansible.cfg"), **(env or {})}
        return play(FLEET / playbook, emulator=fleet, env=own, arguments=arguments)

    return _run


def requests(fleet: Emulator) -> dict[tuple[str, int], int]:
    """How many zones got how many requests of a method."""
    return dict(
        collections.Counter(
            (method, count) for (method, zone_id), count in fleet.counts().items() if zone_id is not None
        )
    )


def out_of_order(fleet: Emulator) -> set[str]:
    found = set()
    for name, zone in fleet.zones.items():
        numbers = {item["issuer"]: item["priority"] for item in zone.certificates}
        if numbers and numbers["GlobalSignnvsa"] > numbers["DigiCertInc"]:
            found.add(name)
    return found


def test_alarm_change_and_all_in_order(run: t.Callable[..., Played], fleet: Emulator) -> None:
    wrong = out_of_order(fleet)
    at_first = fleet.dump()

    alarm = run("drift.yml")

    assert alarm.returncode == 2
    report = alarm[REPORT].result["msg"]
    assert report.splitlines()[0] == "14 of 20 zones are in order, 6 would change."
    assert {line.rstrip(":") for line in report.splitlines() if line.endswith(":")} == wrong
    for name in wrong:
        winners = report.partition(f"\n{name}:\n")[2].splitlines()[0]
        assert winners.startswith("  GlobalSignnvsa (expires ")
        assert f") wins {name}, www.{name} instead of DigiCertInc (expires " in winners
    assert requests(fleet) == {("GET", 1): ZONES}
    assert fleet.dump() == at_first

    change = run("site.yml")

    assert change.returncode == 0
    assert {done.host for done in change.done if done.result.get("changed")} == wrong
    assert requests(fleet) == {("GET", 1): ZONES, ("PUT", 1): len(wrong)}
    assert out_of_order(fleet) == set()
    assert [count for (method, zone_id), count in fleet.counts().items() if zone_id is None] == [1]

    quiet = run("drift.yml")

    assert quiet.returncode == 0
    assert quiet[REPORT].result["msg"] == "All 20 zones are in order.\n"
    assert requests(fleet) == {("GET", 1): ZONES}


def test_a_token_that_may_only_read_is_enough_for_the_report(run: t.Callable[..., Played], fleet: Emulator) -> None:
    reading = {"CLOUDFLARE_API_TOKEN": fleet.tokens["reader"].value}

    assert "6 would change" in run("drift.yml", env=reading)[REPORT].result["msg"]
    assert run("site.yml", env=reading).returncode == 2


def test_a_zone_that_cannot_be_read_is_in_the_report_and_in_the_exit_code(
    run: t.Callable[..., Played], fleet: Emulator
) -> None:
    wrong = out_of_order(fleet)
    name, other = [name for name, zone in fleet.zones.items() if zone.plan != "free" and name not in wrong][:2]
    fleet.fault(REFUSED, path=f"/zones/{fleet.zones[name].id}/*", times=None)

    played = run("drift.yml", "--limit", f"{name},{other}")

    assert played.returncode == 2
    first, problem = played[REPORT].result["msg"].splitlines()
    assert first == "1 of 2 zones are in order, 1 could not be read."
    assert problem.startswith(f"{name}: ")


def test_an_entry_that_matches_nothing_by_a_near_miss_is_not_in_order(
    run: t.Callable[..., Played], fleet: Emulator
) -> None:
    name = min(out_of_order(fleet))  # in the order of this policy, had it no mistake
    policy = {
        "certificate_order": [{"issuer": "DigiCertt"}, {"issuer": "GlobalSign*"}],
        "certificate_missing": "ignore",
    }

    played = run("drift.yml", "--limit", name, "--extra-vars", json.dumps(policy))

    assert played.returncode == 2
    first, zone, problem = played[REPORT].result["msg"].splitlines()
    assert first == "0 of 1 zones are in order, 1 with a policy that does not match."
    assert zone == f"{name}:"
    assert "Did you mean `issuer: DigiCert" in problem


def test_one_task_for_all_zones_of_a_plan(run: t.Callable[..., Played], fleet: Emulator) -> None:
    wrong = out_of_order(fleet)

    change = run("one_task.yml")

    assert change.returncode == 0
    assert {zone for done in change.done for item in done.result["results"] for zone in item["changed_zones"]} == {
        fleet.zones[name].id for name in wrong
    }
    assert requests(fleet) == {("GET", 1): ZONES, ("PUT", 1): len(wrong)}
    assert out_of_order(fleet) == set()


def test_priorities_may_differ_without_a_loser(run: t.Callable[..., Played], fleet: Emulator) -> None:
    name = "brand-00001.example"
    for item in fleet.zones[name].certificates:
        if item["issuer"] in {"DigiCertInc", "GlobalSignnvsa"}:
            fleet.set_priority(name, item["id"], 30)  # of equal ones, the one uploaded last comes first

    report = run("drift.yml", "--limit", name)[REPORT].result["msg"]

    assert report.startswith("0 of 1 zones are in order, 1 would change.\n")
    assert "different priorities" in report, report


def test_batches_begin_with_one_zone_and_stop_after_a_failure(run: t.Callable[..., Played], fleet: Emulator) -> None:
    first = min(name for name, zone in fleet.zones.items() if zone.plan != "free")
    fleet.fault(REFUSED, path=f"/zones/{fleet.zones[first].id}/*", times=None)

    played = run("site.yml")

    assert played.returncode == 2
    assert [done.host for done in played.done] == [first]
    assert requests(fleet).get(("PUT", 1)) is None


def test_an_inventory_that_cannot_be_read_is_an_error(run: t.Callable[..., Played], fleet: Emulator) -> None:
    fleet.fault(REFUSED, path="/zones", times=None)

    played = run("site.yml")

    assert played.returncode != 0
    assert not played.done


def test_ansible_runner_runs_it(tmp_path: Path, fleet: Emulator) -> None:
    shutil.copytree(FLEET, tmp_path / "project")
    wrong = out_of_order(fleet)

    alarm = runner(tmp_path, fleet, "drift.yml")

    assert (alarm.status, alarm.rc) == ("failed", 2)
    reports = [event["event_data"]["res"]["msg"] for event in alarm.events if is_end_of(event, REPORT)]
    assert [report.splitlines()[0] for report in reports] == ["14 of 20 zones are in order, 6 would change."]

    change = runner(tmp_path, fleet, "site.yml")

    assert (change.status, change.rc) == ("successful", 0)
    assert set(change.stats["changed"]) == wrong


def is_end_of(event: dict[str, t.Any], task: str) -> bool:
    return bool(event["event"] == "runner_on_ok" and event["event_data"]["task"] == task)


def runner(directory: Path, fleet: Emulator, playbook: str) -> t.Any:
    return ansible_runner.run(
        private_data_dir=str(directory),
        playbook=playbook,
        # The project's own ansible.cfg names the inventory; runner would name an empty one.
        inventory=str(directory / "project" / "cloudflare_zones.yml"),
        quiet=True,
        envvars=environment(directory, fleet, ANSIBLE_CONFIG=str(directory / "project" / "ansible.cfg")),
    )
