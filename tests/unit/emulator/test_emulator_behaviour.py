# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every switch: the default, and the effect of each other value on a client."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Callable

import pytest

from emulator import ALL_SWITCHES, SWITCHES, UPLOAD_SWITCHES, Behaviour, Emulator, Fault, certificate, pairs, zone
from unit.emulator.client import Client, codes

ABSENT = "00000000-0000-4000-8000-000000000000"


def zones() -> list[t.Any]:
    """One zone with three plain certificates and one from a CSR, and one on the free plan."""
    plain = [certificate([f"{number}.example.com"], priority=number) for number in (2, 9, 5)]
    from_csr = certificate(["csr.example.com"], priority=7, custom_csr_id=ABSENT)
    return [
        zone("example.com", certificates=[*plain, from_csr]),
        zone("free.example", plan="free"),
        zone("many.example", certificates=[certificate([f"{number}.many.example"]) for number in range(23)]),
    ]


def ids(client: Client) -> list[str]:
    """Ids of example.com in the order of their places."""
    return [item["id"] for item in client.emulator.zones["example.com"].certificates]


def numbers(client: Client) -> list[t.Any]:
    """Their priorities as stored."""
    return [item["priority"] for item in client.emulator.zones["example.com"].certificates]


def put(client: Client) -> dict[str, t.Any]:
    """Give the first two certificates 6 and 4, and take the answer."""
    first, second, *_rest = ids(client)
    answer = client.prioritize({first: 6, second: 4})
    assert answer.status_code == 200, answer.text
    return t.cast(dict[str, t.Any], answer.json())


def _put_result(client: Client, value: str) -> None:
    result = put(client)["result"]
    everything = ids(client)
    expected = {"all": everything, "listed": everything[:2], "empty": [], "null": None}[value]
    assert (result if result is None else [item["id"] for item in result]) == expected


def _put_result_info(client: Client, value: str) -> None:
    assert ("result_info" in put(client)) is (value == "present")


def _put_page_size(client: Client, value: int) -> None:
    wishes = {item["id"]: 1 for item in client.emulator.zones["many.example"].certificates}
    answer = client.prioritize(wishes, "many.example").json()
    assert len(answer["result"]) == (value or 23)
    assert answer["result_info"]["total_pages"] == (2 if value else 1)
    assert answer["result_info"]["total_count"] == 23


def _put_effect(client: Client, value: str) -> None:
    shown = [item["priority"] for item in put(client)["result"]]
    assert numbers(client) == ([6, 4, 5, 7] if value == "applied" else [2, 9, 5, 7])
    assert shown == ([2, 9, 5, 7] if value == "ignored" else [6, 4, 5, 7])


def _put_modified_on(client: Client, value: str) -> None:
    before = client.certificates()
    put(client)
    moved = [old["modified_on"] != new["modified_on"] for old, new in zip(before, client.certificates(), strict=True)]
    assert moved == [value == "touched"] * 2 + [False] * 2


def _unlisted(client: Client, value: str) -> None:
    put(client)
    assert numbers(client) == {"keep": [6, 4, 5, 7], "reset": [6, 4, 0, 0], "shift_below": [6, 4, 3, 3]}[value]


def _renumber(client: Client, value: str) -> None:
    put(client)
    assert numbers(client) == {"no": [6, 4, 5, 7], "spread": [26, 14, 5, 7], "dense": [3, 1, 2, 4]}[value]


def _unknown_id(client: Client, value: str) -> None:
    expected = (400, 1002) if value == "400_1002" else (404, 1002)
    assert codes(client.prioritize({ABSENT: 1})) == expected
    assert codes(client.get(f"{client.path()}/{ABSENT}")) == expected


def _bad_item(client: Client, value: str) -> None:
    assert codes(client.prioritize({ids(client)[0]: 8, ABSENT: 1})) == (400, 1002)
    assert numbers(client)[0] == (8 if value == "partial" else 2)


def _empty_item(client: Client, value: str) -> None:
    answer = client.put(f"{client.path()}/prioritize", json={"certificates": [{}, {"priority": 1}]})
    assert answer.status_code == (200 if value == "ignored" else 400)
    assert numbers(client) == [2, 9, 5, 7]


def _stale_reads(client: Client, value: int) -> None:
    put(client)
    seen = [[item["priority"] for item in client.certificates()] for _read in range(value + 1)]
    assert seen == [[2, 9, 5, 7]] * value + [[6, 4, 5, 7]]


def _list_order(client: Client, value: str) -> None:
    shown = [item["priority"] for item in client.certificates()]
    again = [item["priority"] for item in client.certificates()]
    assert shown == again
    assert sorted(shown) == [2, 5, 7, 9]
    if value == "random":
        orders = set()
        for seed in range(9):
            client.emulator.behave(seed=seed)
            orders.add(tuple(item["priority"] for item in client.certificates()))
        assert len(orders) > 1
    else:
        assert shown == {"uploaded": [2, 9, 5, 7], "priority": [9, 7, 5, 2]}[value]


def _list_result_info(client: Client, value: str) -> None:
    assert ("result_info" in client.get(client.path()).json()) is (value == "present")
    assert ("result_info" in client.get("/zones").json()) is (value == "present")


def _total_pages(client: Client, value: str) -> None:
    for info in (client.get(client.path()).json()["result_info"], put(client)["result_info"]):
        assert ("total_pages" in info) is (value == "present")


def _total_count(client: Client, value: str) -> None:
    info = client.get(client.path(), params={"status": "expired"}).json()["result_info"]
    assert (info["count"], info["total_count"]) == (0, 0 if value == "filtered" else 4)
    info = client.get("/zones", params={"name": "free.example"}).json()["result_info"]
    assert (info["count"], info["total_count"]) == (1, 1 if value == "filtered" else 3)


def _per_page_out_of_range(client: Client, value: str) -> None:
    for query, size in (("per_page=100", 50), ("per_page=1", 5), ("page=0", 20)):
        answer = client.get(f"{client.path()}?{query}")
        if value == "clamp":
            assert answer.json()["result_info"]["per_page"] == size
        else:
            assert codes(answer) == (400, 2001)
    assert codes(client.get(f"{client.path()}?per_page=many")) == (400, 2001)


def _max_page_size(client: Client, value: int) -> None:
    info = client.get(f"{client.path('many.example')}?per_page=50").json()["result_info"]
    assert (info["per_page"], info["count"]) == ((50, 23) if value == 50 else (20, 20))


def _empty_result(client: Client, value: str) -> None:
    expected: list[t.Any] | None = [] if value == "list" else None
    assert client.get(f"{client.path()}?page=9").json()["result"] == expected
    assert client.get("/zones?name=absent.example").json()["result"] == expected


def _type_field(client: Client, value: str) -> None:
    for item in (*client.certificates(), *put(client)["result"]):
        assert ("type" in item) is (value == "present")


def _custom_csr_id(client: Client, value: str) -> None:
    nothing = object()
    shown = [item.get("custom_csr_id", nothing) for item in client.certificates()]
    if value == "value":
        assert len(set(shown)) == 4
        assert all(isinstance(item, str) for item in shown)
    else:
        own = nothing if value == "absent" else ABSENT
        assert shown == [None if value == "null" else nothing] * 3 + [own]


def _priority_type(client: Client, value: str) -> None:
    expected = int if value == "integer" else float
    assert {type(item["priority"]) for item in client.certificates()} == {expected}


def _deleted(client: Client, value: str) -> None:
    first, second, *_rest = ids(client)
    client.emulator.delete("example.com", first)
    new = client.emulator.renew("example.com", second)
    shown = {item["id"]: item["status"] for item in client.certificates()}
    assert shown[new] == "active"
    assert [shown.get(first), shown.get(second)] == ([None] * 2 if value == "removed" else ["deleted"] * 2)


def _free_zone(client: Client, value: str) -> None:
    answers = [client.get(client.path("free.example")), client.prioritize({ABSENT: 1}, "free.example")]
    if value == "empty":
        assert answers[0].json()["result"] == []
        assert codes(answers[1]) == (400, 1002)
    else:
        status, code = map(int, value.split("_"))
        expected = (status, code)
        assert [codes(answer) for answer in answers] == [expected] * 2


def _messages(client: Client, value: str) -> None:
    for answer in (client.get(client.path()).json(), put(client)):
        assert len(answer["messages"]) == (0 if value == "none" else 1)


def _error_shape(client: Client, value: str) -> None:
    answer = client.prioritize({ABSENT: 1}).json()
    assert ("result" in answer, "messages" in answer) == ((False, False) if value == "bare" else (True, True))
    assert ("documentation_url" in answer["errors"][0]) is (value == "detailed")


def _failure_status(client: Client, value: str) -> None:
    assert client.prioritize({ABSENT: 1}).status_code == (400 if value == "real" else 200)
    client.emulator.ban(60)
    answer = client.get("/zones")
    assert answer.json()["success"] is False
    assert answer.status_code == (200 if value == "200_throttle_too" else 429)


def _server_error(client: Client, value: str) -> None:
    client.emulator.fault(Fault("server_error", status=503))
    answer = client.get("/zones")
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/html" if value == "html" else "application/json")


def _retry_after(client: Client, value: str) -> None:
    client.emulator.ban(59.5)
    assert client.get("/zones").headers.get("Retry-After") == ("60" if value == "present" else None)


def _ratelimit_headers(client: Client, value: str) -> None:
    assert ("Ratelimit" in client.get("/zones").headers) is (value == "present")


CHECKS: dict[str, Callable[[Client, t.Any], None]] = {
    name.removeprefix("_"): check
    for name, check in list(globals().items())
    if name.startswith("_") and name.removeprefix("_") in SWITCHES
}


def test_every_switch_has_a_check() -> None:
    assert set(CHECKS) == set(SWITCHES)


@pytest.mark.emulator(zones=zones())
@pytest.mark.parametrize(("switch", "value"), [(name, value) for name in SWITCHES for value in SWITCHES[name]])
def test_switch(client: Client, switch: str, value: t.Any) -> None:
    client.emulator.behave(**{switch: value})
    CHECKS[switch](client, value)
    assert not [item for item in client.emulator.contract_violations if item.side == "response"]


@pytest.mark.emulator(zones=zones())
def test_defaults_come_first(client: Client) -> None:
    assert client.emulator.behaviour == Behaviour(**{name: values[0] for name, values in ALL_SWITCHES.items()})


def test_pairs_try_everything_with_everything() -> None:
    for switches in (SWITCHES, UPLOAD_SWITCHES):
        settings = list(pairs(switches))
        assert len(settings) == sum(
            len(switches[one]) * len(switches[other]) for one, other in itertools.combinations(switches, 2)
        )
        assert len({tuple(setting.items()) for setting in settings}) == len(settings)
    assert {*SWITCHES, *UPLOAD_SWITCHES} == set(ALL_SWITCHES)


def test_behaviour_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="put_result must be one of all, listed"):
        Behaviour(put_result="some")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="stale_reads must be a whole number"):
        Behaviour(stale_reads=-1)
    with pytest.raises(ValueError, match="not switch=value"):
        Behaviour.from_pairs(["put_results=all"])
    assert Behaviour.from_pairs(["put_result=all", "stale_reads=2", "seed=7"]) == Behaviour(stale_reads=2, seed=7)


def test_numbers_above_the_unlisted_stay_there() -> None:
    """Renumbering keeps the order that a PUT asked for, negative and null numbers included."""
    for renumber in ("spread", "dense"):
        given = (-3, None, 4, 0, 2)
        made = zone("example.com", certificates=[certificate([f"{n}.example.com"], priority=n) for n in given])
        with Emulator(zones=[made], behaviour=Behaviour.from_pairs([f"renumber={renumber}"])) as running:
            client = Client(running)
            first, second, *_rest = ids(client)
            assert client.prioritize({first: 3, second: -1}).status_code == 200
            one, two, *rest = numbers(client)
            assert one > two
            assert one > max(rest[1:])
