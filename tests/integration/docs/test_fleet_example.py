# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet example, run with ansible-playbook and with ansible-runner, which AWX uses.

The test of the demo shows the alarm, the change and what follows it, with their requests.
"""

from __future__ import annotations

import collections
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import ansible_runner  # type: ignore[import-untyped]
import pytest
from ansible_runs import ROOT, environment

from emulator import Emulator, Fault, generate, token
from emulator.fixture import StartEmulator
from integration.playbooks.playing import Played, Player

FLEET = ROOT / "examples" / "fleet"
ZONES = 20  # which can have custom certificates, of 22
FIRST, WRONG, OTHER = "brand-00000.example", "brand-00001.example", "brand-00003.example"  # only WRONG is out of order
REPORT = "Report on the fleet"
REFUSED = Fault(
    "answer", status=403, body='{"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]}'
)


@pytest.fixture
def fleet(start_emulator: StartEmulator) -> Emulator:
    """22 zones, 6 of them out of order. The seed is one with which the answer to each change proves it."""
    return start_emulator(
        zones=generate(22, 7, out_of_order=6), tokens=[token("reader", permissions=("zone:read", "ssl:read"))]
    )


Run = Callable[..., Played]


@pytest.fixture
def run(play: Player, fleet: Emulator) -> Run:
    """Run a playbook of the example as it lies there."""

    def _run(playbook: str, *arguments: str, **env: str) -> Played:
        own = {"ANSIBLE_CONFIG": str(FLEET / "ansible.cfg"), **env}
        return play(FLEET / playbook, emulator=fleet, env=own, arguments=arguments)

    return _run


def out_of_order(fleet: Emulator) -> set[str]:
    found = set()
    for name, zone in fleet.zones.items():
        numbers = {item["issuer"]: item["priority"] for item in zone.certificates}
        if numbers and numbers["GlobalSignnvsa"] > numbers["DigiCertInc"]:
            found.add(name)
    return found


def test_a_token_that_may_only_read_is_enough_for_the_report(run: Run, fleet: Emulator) -> None:
    reading = {"CLOUDFLARE_API_TOKEN": fleet.tokens["reader"].value}

    alarm = run("drift.yml", **reading)

    assert alarm.returncode == 2
    report, wrong = alarm[REPORT].result["msg"], out_of_order(fleet)
    assert report.splitlines()[0] == "14 of 20 zones are in order, 6 would change."
    assert {line.rstrip(":") for line in report.splitlines() if line.endswith(":")} == wrong
    for name in wrong:
        winners = report.partition(f"\n{name}:\n")[2].splitlines()[0]
        assert winners.startswith("  GlobalSignnvsa (expires ")
        assert f") wins {name}, www.{name} instead of DigiCertInc (expires " in winners
    assert run("site.yml", **reading).returncode == 2


def test_ansible_runner_puts_all_in_order(fleet: Emulator, tmp_path: Path) -> None:
    project, wrong = tmp_path / "project", out_of_order(fleet)
    shutil.copytree(FLEET, project)

    change = ansible_runner.run(
        private_data_dir=str(tmp_path),
        playbook="site.yml",
        # The project's own ansible.cfg names the inventory; runner would name an empty one.
        inventory=str(project / "cloudflare_zones.yml"),
        quiet=True,
        envvars=environment(tmp_path, fleet, ANSIBLE_CONFIG=str(project / "ansible.cfg")),
    )

    assert (change.status, change.rc, set(change.stats["changed"])) == ("successful", 0, wrong)
    assert out_of_order(fleet) == set()


def refuse(fleet: Emulator, name: str) -> None:
    fleet.fault(REFUSED, path=f"/zones/{fleet.zones[name].id}/*", times=None)


def test_what_is_not_in_order_is_in_the_report_and_in_the_exit_code(run: Run, fleet: Emulator) -> None:
    refuse(fleet, FIRST)
    for item in fleet.zones[WRONG].certificates:
        if item["issuer"] in {"DigiCertInc", "GlobalSignnvsa"}:
            fleet.set_priority(WRONG, item["id"], 30)  # of equal ones, the one uploaded last comes first

    played = run("drift.yml", "--limit", f"{FIRST},{WRONG},{OTHER}")

    assert played.returncode == 2
    told = rf"""1 of 3 zones are in order, 1 would change, 1 could not be read\.
{FIRST}: .+
{WRONG}:
.*different priorities.*
"""
    assert re.fullmatch(told, played[REPORT].result["msg"]), played[REPORT].result["msg"]


def test_an_entry_that_matches_nothing_by_a_near_miss_is_not_in_order(run: Run) -> None:
    misspelled = {
        # This is the order of the zone, but for the mistake.
        "certificate_order": [{"issuer": "DigiCertt"}, {"issuer": "GlobalSign*"}],
        "certificate_missing": "ignore",
    }

    played = run("drift.yml", "--limit", WRONG, "--extra-vars", json.dumps(misspelled))

    assert played.returncode == 2
    first, zone, problem = played[REPORT].result["msg"].splitlines()
    assert first == "0 of 1 zones are in order, 1 with a policy that does not match."
    assert zone == f"{WRONG}:"
    assert "Did you mean `issuer: DigiCert" in problem


def test_one_task_for_all_zones_of_a_plan(run: Run, fleet: Emulator) -> None:
    wrong = out_of_order(fleet)

    change = run("one_task.yml")

    assert change.returncode == 0
    changed = {zone for done in change.done for item in done.result["results"] for zone in item["changed_zones"]}
    assert changed == {fleet.zones[name].id for name in wrong}
    counts = collections.Counter(method for method, zone_id in fleet.counts() if zone_id is not None)
    assert counts == {"GET": ZONES, "PUT": len(wrong)}
    assert out_of_order(fleet) == set()


def test_batches_are_one_zone_and_a_tenth_of_them_and_stop_after_a_failure(run: Run, fleet: Emulator) -> None:
    refuse(fleet, WRONG)

    played = run("site.yml")

    assert played.returncode == 2
    assert sorted(done.host for done in played.done) == [FIRST, WRONG, "brand-00002.example"]


def test_an_inventory_that_cannot_be_read_is_an_error(run: Run, fleet: Emulator) -> None:
    fleet.fault(REFUSED, path="/zones", times=None)

    played = run("site.yml")

    assert played.returncode != 0
    assert not played.done
