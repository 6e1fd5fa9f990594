# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts the emulator in every way (from a shell, with TLS, as a fixture), and checks its counts."""

from __future__ import annotations

import json
import pathlib
import signal
import socket
import ssl
import time

import pytest
import requests

from emulator import Emulator, Fault, Throttle, certificate, demo_zone, zone
from emulator.fixture import StartEmulator
from unit.emulator.client import Client, shell


def test_from_a_shell(tmp_path: pathlib.Path) -> None:
    announce = tmp_path / "announce.json"
    flags = ["--zones", "3", "--behaviour", "put_result=listed", "type_field=absent", "--tls", "--edge"]
    with shell("--announce", str(announce), *flags) as (process, told):
        assert json.loads(announce.read_text(encoding="utf-8")) == told
        assert list(told["zones"]) == [f"brand-0000{number}.example" for number in range(3)]
        answer = requests.get(
            f"{told['url']}/zones/{told['zones']['brand-00000.example']}/custom_certificates",
            headers={"Authorization": f"Bearer {told['token']}"},
            verify=told["ca_bundle"],
            timeout=10,
        )
        assert "type" not in answer.json()["result"][0]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection((told["edge"]["address"], told["edge"]["port"]), timeout=10) as raw,
            context.wrap_socket(raw, server_hostname="brand-00000.example") as secure,
        ):
            assert secure.getpeercert(binary_form=True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_tls_with_a_ca_of_its_own() -> None:
    running = Emulator(tls=True)
    with running:
        client = Client(running)
        client.verify = running.ca_bundle
        for _turn in range(3):
            assert client.get("/zones").status_code == 200
        assert running.connections == 1
        with pytest.raises(requests.exceptions.SSLError):
            Client(running).get("/zones")
    with running:
        assert client.get("/zones").status_code == 200
    assert pathlib.Path(running.ca_bundle).exists()
    with pytest.raises(ValueError, match="tls=True alone"):
        assert Emulator().ca_bundle


def test_connections_are_told_apart_and_counted(emulator: Emulator) -> None:
    one, other = Client(emulator), Client(emulator)
    for client in (one, one, other):
        client.get("/zones")
    first, second, third = emulator.requests
    assert first.connection == second.connection != third.connection
    assert first.headers["User-Agent"].startswith("python-requests/")
    assert first.at <= second.at <= third.at
    assert emulator.connections == 2
    emulator.clear()
    other.get("/zones")
    assert emulator.connections == 0


@pytest.mark.emulator(latency=40)
def test_latency(client: Client) -> None:
    begun = time.monotonic()
    client.get("/zones")
    assert time.monotonic() - begun >= 0.039


def test_start_and_stop() -> None:
    running = Emulator(zones=[demo_zone()])
    running.stop()
    running.fault(Fault("html"))
    with running:
        port = running.port
        assert Client(running).get("/zones").status_code == 502
        with pytest.raises(RuntimeError, match="running already"):
            running.start()
        with pytest.raises(OSError, match="address already in use"):
            Emulator(port=port).start()
    with pytest.raises(requests.ConnectionError):
        Client(running).get("/zones")
    with running:
        assert running.port == port
        assert Client(running).get("/zones").status_code == 200


def test_counts(client: Client) -> None:
    emulator = client.emulator
    zone_id = emulator.zones["example.com"].id
    client.get(client.path())
    client.get(f"{client.path()}?page=2")
    client.prioritize({})
    client.get("/zones?name=example.com&name=example.net")
    assert emulator.counts() == {("GET", zone_id): 2, ("PUT", zone_id): 1, ("GET", None): 1}
    assert emulator.writes("example.com") == emulator.writes(zone_id) == 1
    assert emulator.requests[1].query == {"page": "2"}
    assert emulator.requests[3].query == {"name": "example.net"}
    emulator.clear()
    assert emulator.counts() == {}
    with pytest.raises(KeyError, match="0 zones are called"):
        emulator.writes("example.net")
    with pytest.raises(TimeoutError):
        emulator.wait_for_requests(1, timeout=0.01)


@pytest.mark.emulator(zones=[zone("example.org", certificates=[certificate()])], throttle=Throttle(limit=1))
def test_the_marker_configures_the_fixture(client: Client) -> None:
    assert list(client.emulator.zones) == ["example.org"]
    client.emulator.zones["example.org"].certificates.clear()
    assert [client.get("/zones").status_code for _turn in range(2)] == [200, 429]


@pytest.mark.emulator(zones=[zone("example.org", certificates=[certificate()])])
def test_several_at_once(client: Client, start_emulator: StartEmulator) -> None:
    other = start_emulator(zones=[zone("example.net")])
    assert Client(other).get("/zones").json()["result"][0]["name"] == "example.net"
    assert client.get("/zones").json()["result"][0]["name"] == "example.org"
