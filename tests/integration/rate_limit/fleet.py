# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets with one host per zone, in scaled time: five minutes take a few seconds."""

from __future__ import annotations

import collections
import contextlib
import json
import re
import time
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible_runs import Run, environment, started, write_yaml

from emulator import Emulator, Throttle, generate
from integration.playbooks.playing import LOCAL, PRIORITY

CALLBACK = Path(__file__).with_name("callback")
ISSUERS = ("DigiCertInc", "GlobalSignnvsa")
# Of an end of a ban that the API does not tell.
FIRST_GUESS, NEXT_GUESS = 1.0, 2.0


@dataclass(frozen=True)
class Recap:
    """What a run came to: what it printed, and how long it took."""

    code: int
    output: str
    seconds: float

    @property
    def totals(self) -> collections.Counter[str]:
        """How many hosts ended how."""
        totals: collections.Counter[str] = collections.Counter()
        for key, number in re.findall(r"(ok|changed|failed)=(\d+)", self.output.rpartition("PLAY RECAP")[2]):
            totals[key] += int(number)
        return totals

    @property
    def waits(self) -> list[str]:
        return re.findall(r"zonefleet\.cloudflare: (Waiting .*)", self.output)


class Fleet:
    """Zones of an emulator, and runs over all of them that allow themselves five sixths of its limit, as by default."""

    def __init__(self, emulator: Emulator, directory: Path, throttle: Throttle) -> None:
        self.emulator = emulator
        self.throttle = throttle
        self.rate_limit = throttle.limit * 5 // 6
        self._directory = directory
        self._runs = 0
        hosts = {name: {"zone_id": zone.id} for name, zone in emulator.zones.items()}
        self._inventory = write_yaml(directory / "inventory.yml", {"all": {"hosts": hosts, "vars": LOCAL}})

    @contextlib.contextmanager
    def start(self, *, forks: int = 20) -> Iterator[Run]:
        """Start a run that puts all zones in order."""
        self._runs += 1
        options = {
            "zone_id": "{{ zone_id }}",
            "certificates": [{"issuer": issuer} for issuer in ISSUERS],
            "missing": "ignore",
            "rate_limit": self.rate_limit,
        }
        play = {"hosts": "all", "gather_facts": False, "tasks": [{"name": "order", PRIORITY: options}]}
        playbook = write_yaml(self._directory / f"play-{self._runs}.yml", [play])
        scale = {
            "_rate_limit": {
                "WINDOW": self.throttle.window,
                "NEXT_GUESS": NEXT_GUESS,
                "WORTH_TELLING": 1.0,
                "POLL": 0.2,
                "RECHECK": 1.0,
                "LATE": 2.0,
            },
            "_client": {"_FIRST_THROTTLED_WAIT": FIRST_GUESS, "_NEXT_THROTTLED_WAITS": NEXT_GUESS},
        }
        # One home for all runs, as a user has one.
        env = environment(
            self._directory / "home",
            self.emulator,
            ANSIBLE_CALLBACK_PLUGINS=str(CALLBACK),
            ZONEFLEET_TEST_SCALE=json.dumps(scale),
        )
        line: list[str | Path] = ["--inventory", self._inventory, f"--forks={forks}", playbook]
        with started(line, env, self._directory / f"output-{self._runs}") as run:
            yield run

    def run(self, **options: t.Any) -> Recap:
        """Do it to the end."""
        begun = time.monotonic()
        with self.start(**options) as run:
            code = run.wait(900)
        return Recap(code, run.output, time.monotonic() - begun)

    def assert_in_order(self, recap: Recap, changed: int) -> None:
        """All zones are in order, by the recap and by the emulator's own word."""
        assert recap.code == 0, recap.output[-3000:]
        totals = {"ok": len(self.emulator.zones), "changed": changed, "failed": 0}
        assert {key: recap.totals[key] for key in totals} == totals
        for name, zone in self.emulator.zones.items():
            stored = dict(self.emulator.order(name))
            ids = {str(item["issuer"]): str(item["id"]) for item in zone.certificates}
            first, second = (stored[ids[issuer]] or 0 for issuer in ISSUERS)
            assert first > second, name


@contextlib.contextmanager
def make_fleet(
    directory: Path, throttle: Throttle, zones: int, out_of_order: int = 0, **keywords: t.Any
) -> Iterator[Fleet]:
    """A fleet with an emulator of its own."""
    made = generate(zones, out_of_order=out_of_order, free_every=0)
    with Emulator(zones=made, throttle=throttle, **keywords) as emulator:
        yield Fleet(emulator, directory, throttle)
        assert emulator.failures == []
