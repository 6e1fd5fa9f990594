# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API without uploads: credentials, refusals, lists, the contract, and the throttle. And what generated zones have."""

from __future__ import annotations

import json
import subprocess
import sys
import types
import typing as t

import pytest
import requests
import yaml

from emulator import Behaviour, Emulator, Throttle, certificate, demo_zone, forbidden, generate, throttle, token, zone
from emulator.contract import PATH
from emulator.fixture import StartEmulator
from emulator.objects import object_id
from unit.emulator.client import ABSENT, Client, made, outcome


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "400 9106"),
        ({"X-Auth-Email": "ops@example.com"}, "400 9106"),
        ({"X-Auth-Email": "nobody", "X-Auth-Key": "a" * 37}, "400 6003"),
        ({"X-Auth-Email": "ops@example.com", "X-Auth-Key": "short"}, "400 6003"),
        ({"X-Auth-Email": "ops@example.com", "X-Auth-Key": "0" * 37}, "403 9103"),
        ({"X-Auth-Email": "ops@example.com", "X-Auth-Key": "KEY"}, "200"),
        ({"Authorization": "Bearer short"}, "400 6003"),
        ({"Authorization": "Basic TOKEN"}, "400 6003"),
        ({"Authorization": f"Bearer {'a' * 40}"}, "403 9109"),
    ],
)
def test_credentials(emulator: Emulator, headers: dict[str, str], expected: str) -> None:
    known = {"KEY": emulator.key, "Basic TOKEN": f"Basic {emulator.token}"}
    headers = {name: known.get(value, value) for name, value in headers.items()}
    assert outcome(requests.get(f"{emulator.url}/zones", headers=headers, timeout=10)) == expected


def test_many_unknown_tokens_lead_to_a_lock_out(emulator: Emulator) -> None:
    unknown = Client(emulator, "a" * 40)
    refused = [unknown.get("/zones").json()["errors"][0] for _request in range(21)]
    assert {error["code"] for error in refused} == {9109}
    assert ["Max auth failures" in error["message"] for error in refused] == [False] * 20 + [True]
    assert made(Client(emulator).get("/zones"))
    emulator.reset()
    assert unknown.get("/zones").json()["errors"] == refused[:1]


def test_permissions_and_zones_of_tokens(start_emulator: StartEmulator) -> None:
    running = start_emulator(
        zones=[demo_zone(), zone("example.net")],
        tokens=[
            token("reader", permissions=["zone:read", "ssl:read"], zones=["example.com"]),
            token("names", permissions=["zone:read"]),
            token("writer", permissions=["ssl:write"]),
            token("mtls reader", permissions=["mtls:read"]),
            token("mtls writer", permissions=["mtls:write"]),
        ],
    )
    _default, reader, names, writer, *both = (Client(running, known.value) for known in running.tokens.values())
    assert [item["name"] for item in made(reader.get("/zones"))] == ["example.com"]
    assert reader.certificates()
    assert outcome(reader.prioritize({})) == outcome(reader.delete(reader.path(certificate_id=ABSENT))) == "403 10000"
    assert outcome(reader.get(reader.path("example.net"))) == "403 9109"
    assert outcome(names.get(names.path())) == outcome(writer.get("/zones")) == "403 10000"
    assert made(writer.prioritize({}, "example.net")) == []
    assert [bool(client.certificates()) for client in both] == [True, True]
    assert [outcome(client.prioritize({})) for client in both] == ["403 10000", "200"]
    with pytest.raises(ValueError, match="permissions must be some of"):
        token(permissions=["everything"])


@pytest.mark.parametrize(
    ("request_line", "body", "expected"),
    [
        ("GET /accounts", "", "400 7000"),
        ("GET ZONE/dns_records", "", "400 7000"),
        ("GET /zones/zz/custom_certificates", "", "400 7003"),
        (f"GET ZONE/custom_certificates/{'f' * 37}", "", "400 7003"),
        (f"GET /zones/{'0' * 32}/custom_certificates", "", "403 9109"),
        ("DELETE ZONE/custom_certificates", "", "405 10405"),
        ("GET ZONE/custom_certificates/prioritize", "", "405 10405"),
        ("GET /zones?order=name", "", "400 2001"),
        ("PUT ZONE/custom_certificates/prioritize", "{", "400 9207"),
        ("PUT ZONE/custom_certificates/prioritize", "text", "415 9207"),
        ("PUT ZONE/custom_certificates/prioritize", '{"certificates": [{"id": "KEPT", "priority": "1"}]}', "400 2001"),
        ("PUT ZONE/custom_certificates/prioritize", '{"certificates": [{"id": "KEPT", "priority": NaN}]}', "400 9207"),
        ("PUT ZONE/custom_certificates/prioritize", '{"certificates": [{"id": "GONE", "priority": 1}]}', "400 1002"),
    ],
)
def test_refused_requests(client: Client, request_line: str, body: str, expected: str) -> None:
    zone_ = client.emulator.zones["example.com"]
    kept, gone, *_others = zone_.certificates
    gone["status"] = "deleted"
    before = client.emulator.dump()
    method, path = request_line.replace("ZONE", f"/zones/{zone_.id}").split(" ")
    headers = {"Content-Type": "text/plain" if body == "text" else "application/json"}
    sent = body.replace("KEPT", kept["id"]).replace("GONE", gone["id"])
    assert outcome(client.request(method, path, data=sent, headers=headers)) == expected
    assert client.emulator.dump() == before


@pytest.mark.emulator(
    zones=[
        zone("example.com", certificates=[certificate(["example.com"])] * 23),
        zone("Partial.example", account="Other Account", type="partial"),
        zone("internal.example", account="Other Account", type="internal"),
        zone("example.com", account="Other Account"),
    ]
)
def test_lists_and_objects_are_what_the_state_holds(client: Client) -> None:
    zone_ = client.emulator.zones["example.com"]
    zone_.certificates[7]["status"] = "expired"
    pages = [client.get(f"{client.path()}?page={number}").json() for number in (1, 2, 3)]
    assert [item for page in pages for item in page["result"]] == zone_.certificates
    assert [page["result_info"]["count"] for page in pages] == [20, 3, 0]
    assert pages[0]["result_info"] == {"page": 1, "per_page": 20, "total_pages": 2, "count": 20, "total_count": 23}
    assert made(client.get(f"{client.path()}?status=expired")) == [zone_.certificates[7]]
    assert made(client.get(client.path(certificate_id=zone_.certificates[22]["id"]))) == zone_.certificates[22]
    assert made(client.get(f"/zones/{zone_.id}")) == zone_.api
    other = f"account.id={object_id('account', 'Other Account')}"
    for query, names in (
        ("page=1", ["Partial.example", "example.com", "example.com"]),
        ("type=partial,internal", ["Partial.example", "internal.example"]),
        ("name=EXAMPLE.com", ["example.com", "example.com"]),
        (f"name=example.com&{other}", ["example.com"]),
    ):
        assert [item["name"] for item in made(client.get(f"/zones?{query}"))] == names


@pytest.mark.parametrize("change", [{"hosts": "no list"}, {"prio": 1}, {"zone_id": None}, {"issuer": 1}])
def test_an_answer_against_the_contract_is_a_500(client: Client, change: dict[str, t.Any]) -> None:
    emulator = client.emulator
    emulator.zones["example.com"].certificates[0].update(change)
    answer = client.get(client.path())
    assert answer.status_code == 500
    assert "breaks its contract" in answer.text
    (broken,) = emulator.contract_violations
    assert broken.side == "response"
    emulator.clear()  # the fixture would fail the test for it, as it does everywhere else


def test_requests_over_the_limit_get_a_ban(start_emulator: StartEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window slides, and all tokens of a user count together."""
    now = 1000.0
    monkeypatch.setattr(throttle, "time", types.SimpleNamespace(monotonic=lambda: now))
    running = start_emulator(
        throttle=Throttle(limit=3, window=10, ban=8), tokens=[token("second"), token("stranger", user="user-2")]
    )
    first, second, stranger = (
        Client(running, running.tokens[name].value) for name in ("default", "second", "stranger")
    )
    for client in (first, second) * 3:
        assert outcome(client.get("/zones")) == "200"
        now += 5
    running.outsider(1)
    assert [outcome(client.get("/zones")) for client in (first, second)] == ["200", "429 971"]
    now += 6.5
    banned = first.get("/zones")
    assert (outcome(banned), banned.headers["Retry-After"]) == ("429 971", "2")
    assert outcome(stranger.get("/zones")) == "200"
    assert running.refused == 2
    now += 1.5
    assert [outcome(first.get("/zones")) for _request in range(4)] == ["200"] * 3 + ["429 971"]
    running.behave(messages="some")
    running.reset()
    assert (outcome(first.get("/zones")), running.refused, running.behaviour) == ("200", 0, Behaviour())


def test_from_a_shell() -> None:
    """Over TLS, with generated zones and switches. A switch that does not exist is refused."""
    command = [sys.executable, "-m", "emulator", "--zones", "3", "--tls", "--behaviour"]
    where: dict[str, t.Any] = {"cwd": PATH.parents[1], "text": True, "stdout": subprocess.PIPE}
    with subprocess.Popen([*command, "empty_result=null", "max_page_size=2"], **where) as running:
        try:
            told = json.loads(running.stdout.readline() if running.stdout else "")
            headers = {"Authorization": f"Bearer {told['token']}"}
            answers = [
                requests.get(f"{told['url']}/zones?page={page}", headers=headers, verify=told["ca_bundle"], timeout=10)
                for page in (1, 2, 3)
            ]
        finally:
            running.terminate()
    first, second, third = told["zones"].values()
    pages = [made(answer) and [item["id"] for item in made(answer)] for answer in answers]
    assert (pages, running.returncode) == ([[first, second], [third], None], 0)
    refused = subprocess.run([*command, "put_result=some"], **where, stderr=subprocess.STDOUT, timeout=30, check=False)
    assert refused.returncode == 2
    assert "put_result=some" in refused.stdout


@pytest.mark.parametrize("size", [10, 64])
def test_generated_zones_have_everything_that_there_is(size: int) -> None:
    zones, again = (generate(size, seed=size, out_of_order=3) for _turn in range(2))
    assert [(zone.api, zone.certificates) for zone in zones] == [(zone.api, zone.certificates) for zone in again]
    items = [item for zone in zones for item in zone.certificates]
    schemas = yaml.safe_load(PATH.read_text(encoding="utf-8"))["components"]["schemas"]
    servers = [item["keyless_server"] for item in items if "keyless_server" in item]
    assert set(schemas["certificate"]["properties"]) == set().union(*items)
    assert set(schemas["keyless_server"]["properties"]) == set().union(*servers)
    assert {zone.plan for zone in zones} == {"business", "enterprise", "free"}
    assert {type(zone.api["meta"]["custom_certificate_quota"]) for zone in zones} == {int, str}
    assert any(item["priority"] is None for item in items)
    assert not any(forbidden(zone) for zone in zones)
    ranked = [sorted(zone.certificates, key=lambda item: -(item["priority"] or 0))[:2] for zone in zones]
    issuers = [one["issuer"] for one, _other in filter(None, ranked)]
    assert (issuers.count("GlobalSignnvsa"), set(issuers)) == (3, {"DigiCertInc", "GlobalSignnvsa"})
    # A client that takes the order of uploads for the priority is noticed.
    later = {one["issuer"] for one, other in filter(None, ranked) if one["uploaded_on"] > other["uploaded_on"]}
    assert later == {"DigiCertInc", "GlobalSignnvsa"}
