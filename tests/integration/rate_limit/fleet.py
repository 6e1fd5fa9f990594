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
ORDER = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]


@dataclass(frozen=True)
class Scale:
    """The numbers of a scaled-down world. The API's own are 1,200 requests in 300 s, of which a run allows itself 1,000."""

    limit: int = 60
    window: float = 4.0
    ban: float = 4.0
    first_guess: float = 1.0
    next_guess: float = 2.0

    @property
    def throttle(self) -> Throttle:
        return Throttle(limit=self.limit, window=self.window, ban=self.ban)

    @property
    def rate_limit(self) -> int:
        return self.limit * 5 // 6

    @property
    def variables(self) -> dict[str, str]:
        values = {
            "_rate_limit": {
                "WINDOW": self.window,
                "NEXT_GUESS": self.next_guess,
                "WORTH_TELLING": 1.0,
                "POLL": 0.2,
                "RECHECK": 1.0,
                "LATE": 2.0,
            },
            "_client": {"_FIRST_THROTTLED_WAIT": self.first_guess, "_NEXT_THROTTLED_WAITS": self.next_guess},
        }
        return {"ANSIBLE_CALLBACK_PLUGINS": str(CALLBACK), "ZONEFLEET_TEST_SCALE": json.dumps(values)}


@dataclass(frozen=True)
class Recap:
    """What a run came to: how many hosts ended how, what it printed, and how long it took."""

    code: int
    output: str
    seconds: float

    @property
    def totals(self) -> dict[str, int]:
        totals: collections.Counter[str] = collections.Counter()
        for line in self.output.rpartition("PLAY RECAP")[2].splitlines():
            for key, number in re.findall(r"(ok|changed|failed|unreachable)=(\d+)", line):
                totals[key] += int(number)
        return dict(totals)

    @property
    def waits(self) -> list[str]:
        return re.findall(r"zonefleet\.cloudflare: (Waiting .*)", self.output)


class Fleet:
    """Zones of an emulator, and runs over all of them."""

    def __init__(self, emulator: Emulator, directory: Path, scale: Scale) -> None:
        self.emulator = emulator
        self.scale = scale
        self._directory = directory
        self._runs = 0
        hosts = {name: {"zone_id": zone.id} for name, zone in emulator.zones.items()}
        groups = {"cloudflare_zones": {"hosts": hosts, "vars": LOCAL}}
        self._inventory = write_yaml(directory / "inventory.yml", {"all": {"children": groups}})

    @contextlib.contextmanager
    def start(self, *, forks: int = 20, token: str | None = None, **options: t.Any) -> Iterator[Run]:
        """Start a run that puts all zones in order; `options` are those of the module."""
        self._runs += 1
        given = {
            "zone_id": "{{ zone_id }}",
            "certificates": ORDER,
            "missing": "ignore",
            "rate_limit": self.scale.rate_limit,
            **options,
        }
        play = {"hosts": "cloudflare_zones", "gather_facts": False, "tasks": [{"name": "order", PRIORITY: given}]}
        playbook = write_yaml(self._directory / f"play-{self._runs}.yml", [play])
        # One home for all runs, as a user has one.
        env = environment(
            self._directory / "home",
            self.emulator,
            CLOUDFLARE_API_TOKEN=token or self.emulator.token,
            **self.scale.variables,
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

    @property
    def out_of_order(self) -> list[str]:
        """The zones in which GlobalSign's certificate is not below DigiCertInc's, by the emulator's own word."""
        return [name for name in self.emulator.zones if not self._is_in_order(name)]

    def _is_in_order(self, name: str) -> bool:
        stored = dict(self.emulator.order(name))
        ids = {str(item["issuer"]): str(item["id"]) for item in self.emulator.zones[name].certificates}
        first, second = (stored[ids[issuer]] for issuer in ("DigiCertInc", "GlobalSignnvsa"))
        return (first or 0) > (second or 0)


def make_fleet(
    directory: Path, scale: Scale, zones: int, out_of_order: int, **keywords: t.Any
) -> contextlib.AbstractContextManager[Fleet]:
    """A fleet with an emulator of its own."""

    @contextlib.contextmanager
    def make() -> Iterator[Fleet]:
        made = generate(zones, out_of_order=out_of_order, free_every=0)
        with Emulator(zones=made, throttle=scale.throttle, **keywords) as emulator:
            yield Fleet(emulator, directory, scale)
            assert emulator.failures == []

    return make()
