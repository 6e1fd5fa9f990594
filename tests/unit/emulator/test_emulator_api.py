# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API: credentials, permissions, lists, pages, filters, PUT, and the contract."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
import requests

from emulator import Emulator, Violation, certificate, demo_zone, token, zone
from emulator.contract import Contract
from emulator.fixture import StartEmulator
from emulator.journal import Recorded
from emulator.objects import object_id
from unit.emulator.client import Client, codes

ABSENT = "0" * 32


def fleet() -> list[t.Any]:
    """Zones in two accounts that differ in all that can be asked for."""
    return [
        zone("shop.example", account="Example Account", certificates=[certificate(["shop.example"])] * 23),
        zone("blog.example", account="Example Account", status="pending", plan="free"),
        zone("Mixed.example", account="Other Account", type="partial"),
        zone("internal.example", account="Other Account", type="internal"),
        zone("shop.example", account="Other Account", status="moved"),
    ]


@pytest.mark.parametrize(
    ("headers", "expected", "chain"),
    [
        ({}, (400, 9106), None),
        ({"Authorization": "Bearer"}, (400, 6003), 6111),
        ({"Authorization": "Bearer no token"}, (400, 6003), 6111),
        ({"Authorization": "Basic " + "a" * 40}, (400, 6003), 6111),
        ({"Authorization": "Bearer " + "a" * 40}, (403, 9109), None),
        ({"X-Auth-Email": "nobody", "X-Auth-Key": "a" * 37}, (400, 6003), 6102),
        ({"X-Auth-Email": "ops@example.com", "X-Auth-Key": "short"}, (400, 6003), 6103),
        ({"X-Auth-Email": "ops@example.com", "X-Auth-Key": "0" * 37}, (403, 9103), None),
    ],
)
def test_credentials_that_are_none(
    emulator: Emulator, headers: dict[str, str], expected: tuple[int, int], chain: int | None
) -> None:
    answer = requests.get(f"{emulator.url}/zones", headers=headers, timeout=10)
    assert codes(answer) == expected
    chains = [item["code"] for item in answer.json()["errors"][0].get("error_chain", [])]
    assert chains == ([chain] if chain else [])


def test_email_and_key_log_in(emulator: Emulator) -> None:
    headers = {"X-Auth-Email": emulator.email, "X-Auth-Key": emulator.key}
    assert requests.get(f"{emulator.url}/zones", headers=headers, timeout=10).status_code == 200


def test_guessing_locks_out(emulator: Emulator) -> None:
    guess = Client(emulator, "g" * 40)
    texts = [guess.get("/zones").json()["errors"][0]["message"] for _token in range(21)]
    assert texts[-2] == "Invalid access token"
    assert texts[-1].startswith("Max auth failures reached")


def test_permissions_and_zones_of_tokens(start_emulator: StartEmulator) -> None:
    running = start_emulator(
        zones=[demo_zone(), zone("example.net", certificates=[certificate()])],
        tokens=[
            token("reader", permissions=["zone:read", "ssl:read"], zones=["example.com"]),
            token("mtls", permissions=["mtls:write"]),
            token("names", permissions=["zone:read"]),
        ],
    )
    reader, mtls, names = (Client(running, running.tokens[name].value) for name in ("reader", "mtls", "names"))
    assert [item["name"] for item in reader.get("/zones").json()["result"]] == ["example.com"]
    assert reader.get(reader.path()).status_code == 200
    assert codes(reader.prioritize({})) == (403, 10000)
    assert codes(reader.get(reader.path("example.net"))) == (403, 9109)
    assert codes(reader.get(f"/zones/{ABSENT}/custom_certificates")) == (403, 9109)
    assert mtls.prioritize({}, "example.net").status_code == 200
    assert codes(mtls.get("/zones")) == (403, 10000)
    assert codes(names.get(names.path())) == (403, 10000)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/zones/zz/custom_certificates", (400, 7003)),
        ("GET", f"/zones/{ABSENT.replace('0', 'A')}/custom_certificates", (400, 7003)),
        ("GET", "/zones/../custom_certificates", (400, 7003)),
        ("GET", "/accounts", (400, 7000)),
        ("GET", f"/zones/{ABSENT}/dns_records", (400, 7000)),
        ("PATCH", f"/zones/{ABSENT}/custom_certificates/prioritize", (405, 10405)),
        ("GET", f"/zones/{ABSENT}/custom_certificates/prioritize", (405, 10405)),
        ("DELETE", f"/zones/{ABSENT}/custom_certificates", (405, 10405)),
    ],
)
def test_paths_that_lead_nowhere(client: Client, method: str, path: str, expected: tuple[int, int]) -> None:
    request = requests.Request(method, client.emulator.url, headers=client.headers).prepare()
    request.url = f"{client.emulator.url}{path}"  # as it is: requests takes dots out of paths
    assert codes(client.send(request, timeout=10)) == expected


def test_outside_the_base(emulator: Emulator) -> None:
    assert requests.get(f"{emulator.origin}/", timeout=10).status_code == 400
    assert not emulator.requests


@pytest.mark.emulator(zones=fleet())
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Mixed.example", "blog.example", "shop.example", "shop.example"]),
        ({"name": "SHOP.example"}, ["shop.example", "shop.example"]),
        ({"name": "equal:blog.example"}, ["blog.example"]),
        ({"name": "contains:LO"}, ["blog.example"]),
        ({"name": "starts_with:mixed"}, ["Mixed.example"]),
        ({"name": "shop.example", "status": "moved"}, ["shop.example"]),
        ({"account.name": "other account"}, ["Mixed.example", "shop.example"]),
        ({"account.id": object_id("account", "Other Account")}, ["Mixed.example", "shop.example"]),
        ({"type": "partial,internal"}, ["Mixed.example", "internal.example"]),
        ({"nmae": "shop.example", "page": "1"}, ["Mixed.example", "blog.example", "shop.example", "shop.example"]),
        ({"name": "absent.example"}, []),
        ({"page": "2"}, []),
    ],
)
def test_filters_of_zones(client: Client, query: dict[str, str], names: list[str]) -> None:
    answer = client.get("/zones", params=query).json()
    assert [item["name"] for item in answer["result"]] == names
    assert answer["result_info"]["count"] == len(names)


def test_unknown_operator_and_enum(client: Client) -> None:
    for query in ("name=like:x", "order=status"):
        assert codes(client.get(f"/zones?{query}")) == (400, 2001)
    assert codes(client.get("/zones?status=sleeping")) == (400, 2001)
    assert client.emulator.contract_violations[0].parameter == "status"


def test_one_zone(client: Client) -> None:
    shown = client.get(f"/zones/{client.emulator.zones['example.com'].id}").json()["result"]
    assert shown == client.emulator.zones["example.com"].api
    assert shown["plan"]["legacy_id"] == "business"
    assert shown["owner"]["id"] is None


@pytest.mark.emulator(zones=fleet())
def test_pages_of_certificates(client: Client) -> None:
    path = client.path("shop.example")
    pages = [client.get(path, params={"page": number}).json() for number in (1, 2, 3)]
    assert [len(page["result"]) for page in pages] == [20, 3, 0]
    assert pages[0]["result_info"] == {"page": 1, "per_page": 20, "total_pages": 2, "count": 20, "total_count": 23}
    assert len(client.certificates("shop.example", per_page=50)) == 23
    ids = [item["id"] for page in pages for item in page["result"]]
    assert len(set(ids)) == 23


def test_filter_and_single_certificate(client: Client) -> None:
    first = client.emulator.zones["example.com"].certificates[0]
    first["status"] = "expired"
    assert client.certificates(status="expired") == [first]
    assert client.get(f"{client.path()}/{first['id']}").json()["result"] == first
    assert codes(client.get(f"{client.path()}/{'f' * 36}")) == (400, 1002)
    assert codes(client.get(f"{client.path()}/{'f' * 37}")) == (400, 7003)


def test_put_changes_what_it_names(client: Client) -> None:
    emulator = client.emulator
    (one, before), (two, _before), *rest = emulator.order("example.com")
    answer = client.prioritize({two: before + 1.0, one: 3.5})
    assert answer.status_code == 200
    assert emulator.order("example.com") == sorted([(two, 21), (one, 3.5), *rest], key=lambda item: -item[1])
    assert {item["id"]: item["priority"] for item in answer.json()["result"]} == dict(emulator.order("example.com"))
    assert emulator.writes("example.com") == 1


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", (400, 9207)),
        (b"", (400, 2001)),
        (b"[]", (400, 2001)),
        (b"{}", (400, 2001)),
        (b'{"certificates": null}', (400, 2001)),
        (b'{"certificates": [1]}', (400, 2001)),
        (b'{"certificates": [{"id": 1}]}', (400, 2001)),
        (b'{"certificates": [{"id": "ID", "priority": "1"}]}', (400, 2001)),
        (b'{"certificates": [{"id": "ID", "priority": true}]}', (400, 2001)),
        (b'{"certificates": [{"id": "unknown", "priority": 1}]}', (400, 1002)),
    ],
)
def test_put_refuses(start_emulator: StartEmulator, validate: bool, body: bytes, expected: tuple[int, int]) -> None:
    running = start_emulator(validate=validate)
    client = Client(running)
    before = running.order("example.com")
    body = body.replace(b"ID", before[0][0].encode())
    answer = client.put(f"{client.path()}/prioritize", data=body, headers={"Content-Type": "application/json"})
    if body == b"" and not validate:
        expected = (400, 9207)
    assert codes(answer) == expected
    assert running.order("example.com") == before


def test_put_with_another_content_type(client: Client) -> None:
    answer = client.put(f"{client.path()}/prioritize", data="certificates=1", headers={"Content-Type": "text/plain"})
    assert codes(answer) == (415, 9207)


def test_put_with_no_number_and_not_a_number(start_emulator: StartEmulator) -> None:
    running = start_emulator(validate=False)
    client = Client(running)
    before = running.order("example.com")
    assert client.prioritize({before[0][0]: None}).status_code == 200
    assert running.order("example.com") == before
    for number in ("NaN", "1e999"):
        body = f'{{"certificates": [{{"id": "{before[0][0]}", "priority": {number}}}]}}'
        assert client.put(f"{client.path()}/prioritize", data=body).status_code == 400


def test_usual_headers(client: Client) -> None:
    headers = client.get("/zones").headers
    assert headers["server"] == "cloudflare"
    ray, _dash, place = headers["cf-ray"].partition("-")
    assert (len(ray), place) == (16, "EMU")
    assert headers["Ratelimit-Policy"] == '"list_zones";q=1201;w=300'
    assert client.get(client.path()).headers["Ratelimit"] == '"default";r=1199;t=1'


def test_a_deleted_certificate_cannot_be_prioritized(client: Client) -> None:
    first = client.emulator.zones["example.com"].certificates[0]
    first["status"] = "deleted"
    assert codes(client.prioritize({first["id"]: 1})) == (400, 1002)
    assert first["id"] not in dict(client.emulator.order("example.com"))


def test_contract_refuses_wrong_answers() -> None:
    contract = Contract()
    call = Recorded("GET", f"/zones/{ABSENT}/custom_certificates", "", {"Authorization": "Bearer x"}, 1)
    for body in (
        b'{"success":true,"errors":[],"messages":[]}',
        b'{"success":true,"errors":[],"messages":[],"result":[{"id":"a"}]}',
        b'{"success":true,"errors":[],"messages":[],"result":[{"id":"a","zone_id":"%s","prio":1}]}' % ABSENT.encode(),
        b'{"success":false,"errors":[],"messages":[],"result":null}',
        b"nonsense",
    ):
        assert contract.check_response(call, 200, "application/json", body) is not None, body
    assert len(contract.violations) == 5
    assert {item.side for item in contract.violations} == {"response"}


def test_an_answer_against_the_contract_is_a_500(client: Client) -> None:
    emulator = client.emulator
    emulator.zones["example.com"].certificates[0]["hosts"] = "no list"
    answer = client.get(client.path())
    assert answer.status_code == 500
    assert "breaks its contract" in answer.text
    (broken,) = emulator.contract_violations
    assert isinstance(broken, Violation)
    assert "no list" in broken.text
    # The fixture would fail the test for it, as it should everywhere else.
    emulator.clear()


def test_objects_complete_each_other() -> None:
    shared = certificate(["example.com"], id=None)
    one, other = zone("example.com", certificates=[shared]), zone("example.net", certificates=[shared])
    assert one.certificates[0] is shared
    assert other.certificates[0] is not shared
    assert shared["zone_id"] == one.id != other.certificates[0]["zone_id"]
    assert shared["id"] != other.certificates[0]["id"]
    assert zone("example.com", certificates=[certificate()]).certificates[0]["id"] == shared["id"]
    with pytest.raises(ValueError, match="plan must be one of"):
        zone("example.com", plan="gold")
    with pytest.raises(ValueError, match="permissions must be some of"):
        token(permissions=["everything"])
    with pytest.raises(ValueError, match="two zones have the id"):
        Emulator(zones=[one, dataclasses.replace(one)])
