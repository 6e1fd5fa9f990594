# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fleets with a rate limit, in scaled time: five minutes take a few seconds.

What tests/unit/plugins/module_utils/test__pacing.py cannot show in virtual time: real forks share a file, runs are killed or
interrupted, and the limits fit those of a fleet of full size.
"""

from __future__ import annotations

import collections
import contextlib
import json
import re
import signal
import subprocess
import time
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_runs import Run, environment, started, write_yaml

from emulator import Behaviour, Emulator, Throttle, generate
from integration.playbooks.playing import LOCAL, PRIORITY

CALLBACK = Path(__file__).with_name("callback")
ISSUERS = ("DigiCertInc", "GlobalSignnvsa")
# Of an end of a ban that the API does not tell.
FIRST_GUESS, NEXT_GUESS = 1.0, 2.0
# What a run needs beside its waiting, on a machine that has other things to do.
SLACK = 30.0
PACED = r"Waiting \d+ s: 'rate_limit' is reached \(\d+ requests in 5 minutes\)\."
BANNED = r"Waiting \d+ s: Cloudflare refuses all requests of this user for now\."
FULL = [pytest.mark.full, pytest.mark.timeout(900)]


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


@pytest.mark.parametrize(
    ("throttle", "zones", "forks", "told"),
    [
        (Throttle(limit=24, window=4, ban=4), 30, 20, 1),
        # So few that the waiting is longer than the work, on a machine that does it slowly, too. The requests of a window
        # take some seconds, and so leave it one after the other: at most one wait a second is told.
        pytest.param(Throttle(limit=240, window=20, ban=4), 1000, 50, 20, marks=FULL),
    ],
    ids=["30 zones", "1000 zones"],
)
def test_alone_no_request_is_ever_refused(
    tmp_path: Path, throttle: Throttle, zones: int, forks: int, told: int
) -> None:
    """`told`: how many waits are told in a window at most."""
    changed = zones * 2 // 5
    with make_fleet(tmp_path, throttle, zones, changed) as fleet:
        begun = time.monotonic()
        first = fleet.run(forks=forks)
        fleet.assert_in_order(first, changed)
        # What the first run made counts in the second, which does not know of it but from the file.
        second = fleet.run(forks=forks)
        fleet.assert_in_order(second, changed=0)
        seconds = time.monotonic() - begun
        made = len(fleet.emulator.requests)
        assert 2 * zones + changed <= made <= 2 * (zones + changed)  # some changes are read back
        assert fleet.emulator.refused == 0
        windows = (made - 1) // fleet.rate_limit
        assert windows * throttle.window <= seconds <= windows * (throttle.window + 1) + SLACK
        waits = first.waits + second.waits
        assert waits
        assert all(re.fullmatch(PACED, text) for text in waits)
        assert len(waits) <= told * (made // fleet.rate_limit + 1)


@pytest.mark.parametrize(
    ("throttle", "zones", "forks"),
    [
        (Throttle(limit=300, window=4, ban=4), 60, 20),
        pytest.param(Throttle(limit=2400, window=4, ban=10), 1000, 50, marks=FULL),
    ],
    ids=["60 zones", "1000 zones"],
)
@pytest.mark.parametrize("retry_after", ["present", "absent"])
def test_a_ban_that_an_outsider_brought_about(
    tmp_path: Path, throttle: Throttle, zones: int, forks: int, retry_after: str
) -> None:
    changed = zones * 2 // 5
    behaviour = Behaviour().but(retry_after=retry_after)
    with make_fleet(tmp_path, throttle, zones, changed, behaviour=behaviour) as fleet:
        # Somebody else uses up the limit, once so many requests have come.
        fleet.emulator.before("GET", "*", lambda emulator: emulator.outsider(throttle.limit), after=zones // 2)
        recap = fleet.run(forks=forks)
        fleet.assert_in_order(recap, changed)
        # Once all workers know of it, one of them asks in vain: only if the API does not say how long it is.
        probes = 0 if retry_after == "present" else 1 + int((throttle.ban - FIRST_GUESS) / NEXT_GUESS)
        assert 1 <= fleet.emulator.refused <= forks + probes
        assert re.fullmatch(BANNED, recap.waits[0])


@pytest.mark.parametrize("moment", ["while it asks", "while it waits"])
def test_a_controller_that_is_killed_hinders_nobody(tmp_path: Path, moment: str) -> None:
    with make_fleet(tmp_path, Throttle(limit=24, window=6, ban=4), zones=30, out_of_order=12) as fleet:
        with fleet.start() as run:
            if moment == "while it asks":
                fleet.emulator.wait_for_requests(5, 60)
            else:
                _until_it_waits(run)
            run.process.kill()
            run.wait()
            # Its workers may still be at it.
            recap = fleet.run()
        fleet.assert_in_order(recap, changed=recap.totals["changed"])
        assert fleet.emulator.refused == 0
        assert recap.seconds < 4 * (fleet.throttle.window + 1) + SLACK


def test_an_interrupt_while_waiting_ends_the_run_at_once(tmp_path: Path) -> None:
    with make_fleet(tmp_path, Throttle(limit=12, window=60), zones=12) as fleet:
        # One worker, so that the parent is not starting another: in a fork, Python loses ansible-core's exception.
        with fleet.start(forks=1) as run:
            _until_it_waits(run)
            begun = time.monotonic()
            while run.process.poll() is None:  # ansible-core can lose one, for example in a destructor
                run.signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run.wait(5)
            assert time.monotonic() - begun < 20
        assert len(fleet.emulator.requests) <= fleet.rate_limit


@pytest.mark.full
@pytest.mark.timeout(900)
def test_a_thousand_zones_in_order_fit_into_a_limit_of_a_thousand(tmp_path: Path) -> None:
    with make_fleet(tmp_path, Throttle(limit=1200, window=300), zones=1000) as fleet:
        recap = fleet.run()
        fleet.assert_in_order(recap, changed=0)
        assert len(fleet.emulator.requests) == 1000
        assert recap.waits == []


def _until_it_waits(run: Run) -> None:
    end = time.monotonic() + 60
    while not re.search(PACED, run.output):
        assert run.process.poll() is None, run.output
        assert time.monotonic() < end, run.output
        time.sleep(0.02)
