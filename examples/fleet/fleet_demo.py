# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet part of the demo: checks 50 zones, puts them in order, and checks them again, with the emulator.

`examples/demo.py` calls `run`, with the emulator's package on the path.
"""

from __future__ import annotations

import collections
import re
import subprocess
import sys
import time
import typing as t
from collections.abc import Mapping
from pathlib import Path

from emulator import Emulator, generate

HERE = Path(__file__).resolve().parent
ZONES = 50
OUT_OF_ORDER = 6
# The generator makes every tenth zone a free one, which is no host: its plan has no custom certificates.
GENERATED = ZONES + 5
SEED = 1
FAILED = 2  # ansible-playbook's exit code for a failed task

# Lines of which there is one for each zone, of no interest where nothing happened to it.
UNEVENTFUL = re.compile(r"ok: \[brand-\d+\.example\]|brand-\d+\.example +: ok=")


class FleetDemoFailed(Exception):
    """The result differs from what the demo expects."""


def run(environment: Mapping[str, str]) -> None:
    """Run the fleet example. `environment` provides the collection, without the user's Ansible configuration.

    :raises FleetDemoFailed: The result differs from what the demo expects.
    """
    zones = generate(GENERATED, SEED, out_of_order=OUT_OF_ORDER)
    with Emulator(zones=zones, validate=False, tls=True) as emulator:
        _Fleet(emulator, environment).run()


class _Fleet:
    def __init__(self, emulator: Emulator, environment: Mapping[str, str]) -> None:
        self.emulator = emulator
        self.environment = {
            **environment,
            "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"),
            "CLOUDFLARE_API_TOKEN": emulator.token,
            "CLOUDFLARE_BASE_URL": emulator.url,
            "REQUESTS_CA_BUNDLE": emulator.ca_bundle,
        }

    def run(self) -> None:
        _say(f"A fleet of {ZONES} zones. Which of them are not in order?")
        self.play("drift.yml", exit_code=FAILED, report=f"{ZONES - OUT_OF_ORDER} of {ZONES} zones are in order", puts=0)
        print(f"Exit code {FAILED}: the drift report is an alarm.", flush=True)

        _say("Put them in order")
        self.play("site.yml", puts=OUT_OF_ORDER)

        _say("And now?")
        self.play("drift.yml", report=f"All {ZONES} zones are in order", puts=0)

    def play(self, playbook: str, *, exit_code: int = 0, report: str = "", puts: int) -> None:
        """Run a playbook of the example, and check its exit code, its report, one GET per zone, and the number of PUTs."""
        self.emulator.clear()
        begin = time.monotonic()
        output = self._ansible(playbook, exit_code)
        seconds = time.monotonic() - begin
        made = collections.Counter((item.method, item.zone_id is not None) for item in self.emulator.requests)
        gets, changes, listing = made["GET", True], made["PUT", True], made["GET", False]
        print(
            f"Requests: {listing} to list the zones, {gets} GET and {changes} PUT for the {ZONES}, in {seconds:.1f} s",
            flush=True,
        )
        _require(report in output, f"the report is not {report!r}")
        _require((gets, changes) == (ZONES, puts), f"{ZONES} GET and {puts} PUT were due")

    def _ansible(self, playbook: str, exit_code: int) -> str:
        print(f"$ ansible-playbook {playbook}", flush=True)
        lines, left_out = [], 0
        with subprocess.Popen(
            [str(Path(sys.executable).with_name("ansible-playbook")), playbook],
            cwd=HERE,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in t.cast("t.IO[str]", process.stdout):
                plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
                lines.append(plain)
                if UNEVENTFUL.match(plain):
                    left_out += 1
                else:
                    print(line, end="", flush=True)
        print(f"({left_out} lines about zones that are ok are omitted.)", flush=True)
        _require(process.returncode == exit_code, f"{playbook} ended with {process.returncode}, not {exit_code}")
        return "".join(lines)


def _say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise FleetDemoFailed(otherwise)
