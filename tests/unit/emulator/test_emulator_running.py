# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting and stopping, from a shell as well; the counts of requests, the throttle, and generated zones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from emulator import Emulator, Fault, Throttle, demo_zone, forbidden, generate, token
from emulator import throttle as throttle_module
from emulator.contract import PATH
from emulator.fixture import StartEmulator
from emulator.throttle import Guard
from unit.emulator.client import Client, outcome


def test_from_a_shell(tmp_path: Path) -> None:
    announcement = tmp_path / "announcement.json"
    with subprocess.Popen(
        [sys.executable, "-m", "emulator", "--announce", str(announcement)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert json.loads(announcement.read_text(encoding="utf-8")) == told
        assert told["zones"] == {"example.com": demo_zone().id}
        headers = {"Authorization": f"Bearer {told['token']}"}
        assert requests.get(f"{told['url']}/zones", headers=headers, timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_start_and_stop() -> None:
    running = Emulator(latency=1)
    running.stop()
    running.fault(Fault("html"))
    with running:
        port = running.port
        assert Client(running).get("/zones").status_code == 502
        with pytest.raises(RuntimeError, match="running already"):
            running.start()
    with pytest.raises(requests.ConnectionError):
        Client(running).get("/zones")
    with running:
        assert running.port == port
        assert Client(running).get("/zones").status_code == 200


def test_counts(client: Client) -> None:
    emulator, other = client.emulator, Client(client.emulator)
    zone_id = emulator.zones["example.com"].id
    client.get(client.path())
    client.get(f"{client.path()}?page=2")
    client.prioritize({})
    other.get("/zones?name=example.com&name=example.net")
    assert emulator.counts() == {("GET", zone_id): 2, ("PUT", zone_id): 1, ("GET", None): 1}
    assert emulator.writes("example.com") == emulator.writes(zone_id) == 1
    assert emulator.requests[1].query == {"page": "2"}
    assert emulator.requests[3].query == {"name": "example.net"}
    assert [call.connection for call in emulator.requests] == [1, 1, 1, 2]
    emulator.clear()
    client.get("/zones")
    assert emulator.counts() == {("GET", None): 1}
    with pytest.raises(KeyError):
        emulator.writes("example.net")
    with pytest.raises(TimeoutError):
        emulator.wait_for_requests(2, timeout=0.01)


class Clock:
    """Stands in for the `time` module of the throttle."""

    moment = 1000.0

    def monotonic(self) -> float:
        return self.moment


def test_one_too_many_in_a_window_that_slides_bans(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(throttle_module, "time", clock)
    guard = Guard(Throttle(limit=3, window=10, ban=20))
    for _turn in range(6):
        assert guard.admit("a") == 0
        clock.moment += 5
    assert [guard.admit("a") for _request in range(4)] == [0, 0, 20, 20]
    assert (guard.refused, guard.admit("b")) == (2, 0)
    clock.moment += 19
    assert guard.admit("a") == 1
    clock.moment += 1
    assert [guard.admit("a") for _request in range(4)] == [0, 0, 0, 20]
    assert not any(Guard(None).admit("a") for _request in range(2000))


def test_all_tokens_of_a_user_count_together(start_emulator: StartEmulator) -> None:
    running = start_emulator(
        throttle=Throttle(limit=4, window=60, ban=120),
        tokens=[token("second"), token("stranger", user="user-2")],
    )
    first, second, stranger = (
        Client(running, running.tokens[name].value) for name in ("default", "second", "stranger")
    )
    running.outsider(1)
    assert [outcome(client.get("/zones")) for client in (first, first, second)] == ["200"] * 3
    refused = first.get("/zones")
    assert (outcome(refused), refused.headers["Retry-After"]) == ("429 971", "120")
    assert outcome(second.prioritize({})) == "429 971"
    assert outcome(stranger.get("/zones")) == "200"
    assert running.refused == 2
    assert [entry.status for entry in running.requests] == [200, 200, 200, 429, 429, 200]
    running.reset()
    assert (outcome(first.get("/zones")), running.refused) == ("200", 0)


@pytest.mark.parametrize("size", [10, 64])
def test_generated_zones_have_everything_that_there_is(size: int) -> None:
    zones = generate(size, seed=size, out_of_order=3)
    items = [item for zone in zones for item in zone.certificates]
    schemas = yaml.safe_load(PATH.read_text(encoding="utf-8"))["components"]["schemas"]
    servers = [item["keyless_server"] for item in items if "keyless_server" in item]
    assert set(schemas["certificate"]["properties"]) == set().union(*items)
    assert set(schemas["keyless_server"]["properties"]) == set().union(*servers)
    assert {zone.plan for zone in zones} == {"business", "enterprise", "free"}
    assert {type(zone.api["meta"]["custom_certificate_quota"]) for zone in zones} == {int, str}
    assert any(item["priority"] is None for item in items)
    assert not any(forbidden(zone) for zone in zones)
    assert [(zone.api, zone.certificates) for zone in zones] == [
        (zone.api, zone.certificates) for zone in generate(size, seed=size, out_of_order=3)
    ]


def test_some_generated_zones_are_out_of_order() -> None:
    zones = [zone for zone in generate(50, out_of_order=7) if zone.certificates]
    ranked = [sorted(zone.certificates, key=lambda item: -(item["priority"] or 0))[:2] for zone in zones]
    assert len(zones) == 45
    assert sorted(one["issuer"] for one, _other in ranked) == ["DigiCertInc"] * 38 + ["GlobalSignnvsa"] * 7
    assert all(set(one["hosts"]) & set(other["hosts"]) for one, other in ranked)
    # A client that took the order of uploads for the priority would be noticed.
    assert any(one["uploaded_on"] > other["uploaded_on"] for one, other in ranked)
    with pytest.raises(ValueError, match="only 18 of 20 zones have certificates"):
        generate(20, out_of_order=19)
