# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running it: from a shell, with TLS, over the control path, from a file, and as a fixture."""

from __future__ import annotations

import json
import pathlib
import signal
import time
import typing as t

import pytest
import requests
import trustme

from emulator import Behaviour, Emulator, Fault, Latency, Throttle, certificate, demo_zone, load, make_pem, zone
from emulator.__main__ import main
from emulator.fixture import StartEmulator
from unit.emulator.client import Client, codes, shell

STATE = """
tokens:
  - {name: reader, permissions: [zone:read, ssl:read], zones: [example.com]}
zones:
  - name: example.com
    plan: enterprise
    certificates:
      - {hosts: [example.com], issuer: GlobalSignnvsa, priority: 3, expires_on: 2030-01-31T00:00:00Z}
      - {hosts: [www.example.com], priority: null}
  - name: example.net
"""


def test_from_a_shell(tmp_path: pathlib.Path) -> None:
    state, announce = tmp_path / "state.yml", tmp_path / "announce.json"
    state.write_text(STATE, encoding="utf-8")
    flags = ["--zones", "3", "--behaviour", "put_result=listed", "stale_reads=1", "--behaviour", "type_field=absent"]
    flags += ["--throttle", "5/60/60"]
    with shell("--state", str(state), "--announce", str(announce), *flags) as (process, told):
        assert json.loads(announce.read_text(encoding="utf-8")) == told
        assert set(told["zones"]) == {"example.com", "example.net", *(f"brand-0000{n}.example" for n in range(3))}
        assert sorted(told["zones"].values()) == sorted(told["zone_ids"])
        headers = {"Authorization": f"Bearer {told['tokens']['reader']}"}
        path = f"{told['url']}/zones/{told['zones']['example.com']}/custom_certificates"
        result = requests.get(path, headers=headers, timeout=10).json()["result"]
        assert [item["priority"] for item in result] == [3, None]
        assert "type" not in result[0]
        assert result[0]["expires_on"].startswith("2030-01-31T00:00:00")
        counted = requests.get(f"{told['control']}/requests", timeout=10).json()
        assert counted["counts"] == [{"method": "GET", "zone_id": told["zones"]["example.com"], "count": 1}]
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_interrupted_from_a_shell() -> None:
    with shell("--no-validation", "--throttle", "off") as (process, told):
        assert list(told["zones"]) == ["example.com"]
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0


def test_wrong_arguments(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="no switch=value"):
        main(["--behaviour", "nothing"])
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("[1]", encoding="utf-8")
    with pytest.raises(ValueError, match="must hold a mapping"):
        load(wrong)


def test_state_from_json(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps({"zones": [{"name": "example.org", "certificates": [{"priority": 4}]}]}), "utf-8")
    zones, tokens = load(path)
    assert (zones[0].name, zones[0].certificates[0]["priority"], tokens) == ("example.org", 4, [])
    path.write_text("", encoding="utf-8")
    assert load(path) == ([], [])


@pytest.fixture
def control(client: Client) -> t.Callable[..., t.Any]:
    """Calls the control path."""

    def call(method: str, what: str, data: t.Any = None, status: int = 200) -> t.Any:
        answer = requests.request(method, f"{client.emulator.origin}/emulator/{what}", json=data, timeout=10)
        assert answer.status_code == status, answer.text
        return answer.json()

    return call


def test_control_reads(client: Client, control: t.Callable[..., t.Any]) -> None:
    client.prioritize({})
    client.get("/zones?per_page=4")
    told = control("GET", "requests?log=1")
    zone_id = client.emulator.zones["example.com"].id
    assert {"method": "PUT", "zone_id": zone_id, "count": 1} in told["counts"]
    assert {"method": "GET", "zone_id": None, "count": 1} in told["counts"]
    assert (told["total"], told["throttled"], told["failures"]) == (2, 0, [])
    assert told["contract_violations"][0]["parameter"] == "per_page"
    assert told["log"][0]["body"] == '{"certificates": []}'
    assert told["log"][1]["query"] == {"per_page": "4"}
    assert control("GET", "behaviour")["put_result"] == "all"
    assert control("GET", "state")["zones"][0]["zone"]["id"] == zone_id


def test_control_changes(client: Client, control: t.Callable[..., t.Any]) -> None:
    emulator = client.emulator
    first = emulator.zones["example.com"].certificates[0]["id"]
    assert control("PUT", "behaviour", {"put_result": "null"})["put_result"] == "null"
    assert emulator.behaviour == Behaviour(put_result="null")
    control("POST", "faults", {"kind": "html", "arguments": {"status": 599}, "method": "GET", "times": 1})
    assert client.get("/zones").status_code == 599
    change = {"priority": {"$raw": "1e999"}, "hosts": [1]}
    control("POST", "faults", {"kind": "patch_result", "arguments": {"change": change}})
    text = client.get(client.path()).text
    assert '"hosts":[1]' in text
    assert '"priority":1e999' in text
    new = control("POST", "certificates", {"action": "renew", "zone": "example.com", "id": first})["id"]
    control("POST", "certificates", {"action": "priority", "zone": "example.com", "id": new, "priority": 77})
    assert emulator.order("example.com")[0] == (new, 77)
    control("POST", "certificates", {"action": "delete", "zone": "example.com", "id": new})
    assert len(emulator.order("example.com")) == 3
    pem = make_pem(issuer="Sectigo Limited")
    body = {"certificate": pem.certificate, "private_key": pem.private_key, "priority": 88}
    new = control("POST", "certificates", {"action": "upload", "zone": "example.com", **body})["id"]
    assert emulator.order("example.com")[0] == (new, 88)
    assert next(item for item in client.certificates() if item["id"] == new)["issuer"] == "SectigoLimited"
    control("POST", "ban", {"seconds": 60})
    assert codes(client.get("/zones")) == (429, 971)
    control("POST", "reset", {"state": True})
    assert len(emulator.order("example.com")) == 4
    assert emulator.behaviour == Behaviour()
    assert (emulator.requests, emulator.refused) == ([], 0)
    control("POST", "outsider", {"requests": 1200})
    assert codes(client.get("/zones")) == (429, 971)
    control("POST", "reset")
    saved = control("GET", "state")
    control("PUT", "state", {"zones": [{"name": "example.org"}]})
    assert list(emulator.zones) == ["example.org"]
    control("PUT", "state", saved)
    assert list(emulator.zones) == ["example.com"]
    assert client.get("/zones").status_code == 200


def test_control_refuses(control: t.Callable[..., t.Any]) -> None:
    control("GET", "nothing", status=404)
    assert "no fault is called" in control("POST", "faults", {"kind": "x"}, status=400)["error"]
    assert "put_result must be" in control("PUT", "behaviour", {"put_result": "x"}, status=400)["error"]
    assert "KeyError" in control("POST", "certificates", {}, status=400)["error"]
    data = {"action": "paint", "zone": "example.com", "id": "x"}
    assert "no action" in control("POST", "certificates", data, status=400)["error"]


def test_tls(tmp_path: pathlib.Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(files[0])
    issued.private_key_pem.write_to_path(files[1])
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with Emulator(tls=files) as running:
        assert running.url.startswith("https://127.0.0.1:")
        client = Client(running)
        client.session.verify = str(tmp_path / "authority.pem")
        assert client.get("/zones").status_code == 200
        running.fault(Fault("reset_mid_answer"))
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            client.get("/zones")
        client.session.verify = True
        with pytest.raises(requests.exceptions.SSLError):
            client.get("/zones")


def test_tls_with_a_ca_of_its_own() -> None:
    running = Emulator(tls=True)
    with running:
        client = Client(running)
        client.session.verify = running.ca_bundle
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


def test_connections_are_counted(emulator: Emulator) -> None:
    for _turn in range(2):
        client = Client(emulator)
        client.get("/zones")
        client.get("/zones")
    assert emulator.connections == 2
    emulator.clear()
    client.get("/zones")
    assert emulator.connections == 0


@pytest.mark.parametrize("tls", [False, True])
def test_latency(start_emulator: StartEmulator, tls: bool) -> None:
    running = start_emulator(tls=tls, latency=Latency(answer_ms=40, connection_ms=80))
    client = Client(running)
    client.session.verify = running.ca_bundle if tls else True
    spent = []
    for _turn in range(3):
        begun = time.monotonic()
        client.get("/zones")
        spent.append(time.monotonic() - begun)
    assert spent[0] >= 0.119
    assert min(spent[1:]) >= 0.039
    assert min(spent[1:]) < spent[0]
    running.latency = Latency()
    assert client.get("/zones").status_code == 200


def test_tls_from_a_shell(tmp_path: pathlib.Path) -> None:
    with shell("--tls", "--latency", "5/10") as (_process, announced):
        answer = requests.get(
            f"{announced['url']}/zones",
            headers={"Authorization": f"Bearer {announced['token']}"},
            verify=announced["ca_bundle"],
            timeout=10,
        )
        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() >= 0.014
    with pytest.raises(SystemExit):
        main(["--tls", "one"])


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


def test_connections_are_told_apart(emulator: Emulator) -> None:
    one, other = Client(emulator), Client(emulator)
    for client in (one, one, other):
        client.get("/zones")
    first, second, third = emulator.requests
    assert first.connection == second.connection != third.connection
    assert first.headers["User-Agent"].startswith("python-requests/")
    assert first.at <= second.at <= third.at


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
