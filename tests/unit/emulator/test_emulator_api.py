# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API without uploads: credentials, permissions, lists, refusals, and the contract."""

from __future__ import annotations

import typing as t

import pytest
import requests

from emulator import Emulator, certificate, demo_zone, token, zone
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


def test_permissions_and_zones_of_tokens(start_emulator: StartEmulator) -> None:
    running = start_emulator(
        zones=[demo_zone(), zone("example.net")],
        tokens=[
            token("reader", permissions=["zone:read", "ssl:read"], zones=["example.com"]),
            token("names", permissions=["zone:read"]),
        ],
    )
    reader, names = (Client(running, running.tokens[name].value) for name in ("reader", "names"))
    assert [item["name"] for item in made(reader.get("/zones"))] == ["example.com"]
    assert reader.certificates()
    assert outcome(reader.prioritize({})) == outcome(reader.delete(reader.path(certificate_id=ABSENT))) == "403 10000"
    assert outcome(reader.get(reader.path("example.net"))) == "403 9109"
    assert outcome(names.get(names.path())) == "403 10000"


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
        ("GET /zones?type=wrong", "", "400 2001"),
        ("GET ZONE/custom_certificates?per_page=many", "", "400 2001"),
        ("PUT ZONE/custom_certificates/prioritize", "{", "400 9207"),
        ("PUT ZONE/custom_certificates/prioritize", "text", "415 9207"),
        ("PUT ZONE/custom_certificates/prioritize", "", "400 2001"),
        ("PUT ZONE/custom_certificates/prioritize", '{"certificates": [{"id": 1}]}', "400 2001"),
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
        zone("shop.example", account="Example Account"),
        zone("Mixed.example", account="Other Account", type="partial"),
        zone("internal.example", account="Other Account", type="internal"),
        zone("shop.example", account="Other Account", status="moved"),
    ]
)
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Mixed.example", "shop.example", "shop.example"]),
        ("name=SHOP.example", ["shop.example", "shop.example"]),
        (f"name=shop.example&account.id={object_id('account', 'Other Account')}", ["shop.example"]),
        ("type=partial,internal", ["Mixed.example", "internal.example"]),
    ],
)
def test_filters_of_zones(client: Client, query: str, names: list[str]) -> None:
    assert [item["name"] for item in made(client.get(f"/zones?{query}"))] == names


@pytest.mark.emulator(zones=[zone("example.com", certificates=[certificate(["example.com"])] * 23)])
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


@pytest.mark.parametrize("change", [{"hosts": "no list"}, {"prio": 1}, {"zone_id": None}, {"issuer": 1}])
def test_an_answer_against_the_contract_is_a_500(client: Client, change: dict[str, t.Any]) -> None:
    emulator = client.emulator
    emulator.zones["example.com"].certificates[0].update(change)
    answer = client.get(client.path())
    assert answer.status_code == 500 and "breaks its contract" in answer.text
    (broken,) = emulator.contract_violations
    assert broken.side == "response"
    emulator.clear()  # the fixture would fail the test for it, as it does everywhere else
