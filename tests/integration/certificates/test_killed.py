# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run is killed while the API processes its request. The next run completes the change, and one more changes nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_runs import ROOT, environment

from emulator import Emulator, Fault
from emulator.fixture import StartEmulator
from integration.certificates.keeping import living, methods, told
from integration.certificates.scenarios import SCENARIOS, ZONE, Scenario, problems, run, start
from integration.faults.controller import run_until
from integration.faults.world import run as set_priorities
from integration.playbooks.playing import CERTIFICATE

# What the API does with the request of the killed run, whose answer nobody gets.
APPLIED = {"not applied": Fault("reset_after_request"), "applied": Fault("no_answer", applied=True)}


def arguments(emulator: Emulator, scenario: Scenario) -> dict[str, t.Any]:
    made = scenario.made
    pem = {"certificate": made.certificate, "private_key": made.private_key} if made else {}
    where = {"api_token": emulator.token, "api_url": emulator.url, "zone_id": emulator.zones[ZONE].id}
    return {**where, **pem, **scenario.options}


MODULE = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate
with patch_module_args(json.load(sys.stdin)):
    custom_certificate.main()
"""


def kill_module(emulator: Emulator, scenario: Scenario, home: Path) -> int:
    """Run the module by itself, and kill it at the write; return the exit code."""
    with subprocess.Popen(
        [sys.executable, "-c", MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(home, PYTHONPATH=str(ROOT / ".cache" / "collections")),
    ) as process:
        emulator.before(scenario.method, "*", lambda _emulator: process.kill())
        told, _none = process.communicate(json.dumps(arguments(emulator, scenario)), timeout=60)
    assert told == ""
    return process.returncode


def kill_controller(emulator: Emulator, scenario: Scenario, home: Path) -> int:
    """Run a playbook, and kill it with its workers at the write; return the exit code."""
    return run_until(emulator, scenario.method, home, {"name": "Keep", CERTIFICATE: arguments(emulator, scenario)})


@pytest.mark.parametrize("kill", [kill_module, kill_controller])
@pytest.mark.parametrize("applied", APPLIED)
@pytest.mark.parametrize("name", ["upload", "renewal", "renewal with the same id", "number", "removal"])
def test_killed_at_a_write(
    start_emulator: StartEmulator,
    tmp_path: Path,
    name: str,
    applied: str,
    kill: t.Callable[[Emulator, Scenario, Path], int],
) -> None:
    scenario = SCENARIOS[name]
    emulator = start(start_emulator, scenario)
    emulator.fault(APPLIED[applied], method=scenario.method)
    assert kill(emulator, scenario, tmp_path) == -signal.SIGKILL
    emulator.wait_until_idle()
    assert methods(emulator)[scenario.method] == 1
    left = list(problems(emulator, scenario))
    assert bool(left) is (applied == "not applied"), left
    # The renewal itself was done before its number was set.
    settled = applied == "applied" or name == "number"

    again = run(emulator, scenario)
    assert told(again) == ("unchanged" if settled else scenario.ends) and again.result["changed"] is not settled
    emulator.clear()
    once_more = run(emulator, scenario)
    assert told(once_more) == "unchanged" and methods(emulator) == {"GET": 1}
    if (name, applied) == ("number", "not applied"):
        set_order(emulator, scenario)
    assert not list(problems(emulator, scenario))


def set_order(emulator: Emulator, scenario: Scenario) -> None:
    """The number is known to nobody any more: as the documentation says, a declared order brings it back."""
    assert [item["priority"] for item in living(emulator, ZONE)] == [5, 0]
    made = scenario.made
    assert made is not None
    renewed = next(item for item in living(emulator, ZONE) if item["priority"] == 0)
    where = {"api_token": emulator.token, "api_url": emulator.url, "zone_id": emulator.zones[ZONE].id}
    order = [{"issuer": renewed["issuer"]}, {"issuer": "Sectigo*"}]
    assert set_priorities({**where, "certificates": order}).result["changed"] is True
