# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every value of every switch: what a client sees by default, and all that the value changes in it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest

from emulator import ALL_SWITCHES, SWITCHES, UPLOAD_SWITCHES, Behaviour, Fault, certificate, make_pem, pairs, zone
from unit.emulator.client import ABSENT, Client, made, outcome

Seen = dict[str, t.Any]

FREE, MANY = "free.example", "many.example"
HOSTS = ["www.example.com", "www.example.net"]
FIRST, SECOND = (make_pem(HOSTS, issuer="GlobalSign nv-sa") for _renewal in range(2))


def zones() -> list[t.Any]:
    """Of four certificates, one is from a CSR. Another zone has more than a page of them, a third none."""
    plain = [certificate([f"{priority}.example.com"], priority=priority) for priority in (2, 9, 5)]
    from_csr = certificate(["csr.example.com"], priority=7, custom_csr_id=ABSENT)
    return [
        zone("example.com", certificates=[*plain, from_csr]),
        zone(FREE, plan="free"),
        zone(MANY, certificates=[certificate([f"{number}.many.example"]) for number in range(23)]),
    ]


def ids(client: Client, zone_name: str = "example.com") -> list[str]:
    return [item["id"] for item in client.emulator.zones[zone_name].certificates]


def stored(client: Client) -> list[t.Any]:
    return [item["priority"] for item in client.emulator.zones["example.com"].certificates]


def priorities(result: t.Any) -> t.Any:
    return result and [item["priority"] for item in result]


def listing(client: Client) -> Seen:
    """Read lists."""
    page = client.get(client.path()).json()
    none = client.get(f"{client.path()}?status=expired").json()
    free, absent = (client.get(f"/zones?name={name}").json() for name in (FREE, "absent.example"))
    by_csr = page["result"][priorities(page["result"]).index(7)]
    others = [item for item in page["result"] if item is not by_csr]
    return {
        "priorities": priorities(page["result"]),
        "type of a priority": type(page["result"][0]["priority"]).__name__,
        "type": by_csr.get("type"),
        "CSR": by_csr.get("custom_csr_id"),
        "CSRs of the others": {"custom_csr_id" in item and type(item["custom_csr_id"]) for item in others},
        "result_info": page.get("result_info"),
        "messages": len(page["messages"]),
        "total_count of none and of one": [answer.get("result_info", {}).get("total_count") for answer in (none, free)],
        "no result": [none["result"], absent["result"]],
        "sizes": [sized(client, query) for query in ("per_page=50", "per_page=100", "per_page=1", "page=0")],
    }


def sized(client: Client, query: str) -> t.Any:
    """How long a page is, or why there is none."""
    answer = client.get(f"{client.path(MANY)}?{query}")
    return len(answer.json()["result"]) if answer.status_code == 200 else outcome(answer)


def ordering(client: Client) -> Seen:
    """Give the first two certificates other priorities, and all of another zone the same one."""
    first, second, *_others = ids(client)
    answer = client.prioritize({first: 6, second: 4}).json()
    now = stored(client)
    reads = [client.certificates() for _read in range(4)]
    many = client.prioritize(dict.fromkeys(ids(client, MANY), 1), MANY).json()
    with_unknown_id = client.prioritize({first: 8, ABSENT: 1})
    return {
        "answer": priorities(answer["result"]),
        "total_count": answer.get("result_info", {}).get("total_count"),
        "stored": now,
        "stale reads": [priorities(read) == now for read in reads].count(False),
        "answer of many": len(many["result"] or ()),
        "pages of many": many.get("result_info", {}).get("total_pages"),
        "item with an unknown id": outcome(with_unknown_id),
        "the item before it": "applied" if 8 in stored(client) else "not applied",
    }


def refusing(client: Client) -> Seen:
    """Ask for what there is not, or too often."""
    unknown = client.path(certificate_id=ABSENT)
    error = client.get(unknown)
    client.emulator.fault(Fault("server_error"))
    seen = {
        "server_error": client.get("/zones").headers["Content-Type"],
        "envelope": " ".join(error.json()),
        "GET": outcome(error),
        "PUT": outcome(client.prioritize({ABSENT: 1})),
        "DELETE": outcome(client.delete(unknown)),
        "PUT on Free": outcome(client.prioritize({ABSENT: 1}, FREE)),
        "POST on Free": outcome(client.upload(FIRST, FREE)),
    }
    client.emulator.ban(59.5)
    banned = client.get("/zones")
    return {**seen, "banned": outcome(banned), "Retry-After": banned.headers.get("Retry-After")}


def uploading(client: Client) -> Seen:
    """Upload a certificate, renew it, and upload it again."""
    emulator = client.emulator
    emulator.zones["example.com"].certificates.clear()
    first = made(client.upload(FIRST))
    reads = [[item["status"] for item in client.certificates()] for _read in range(5)]
    emulator.set_priority("example.com", first["id"], 7)
    second = made(client.renew(first["id"], SECOND))
    return {
        "issuer": first["issuer"],
        "hosts": first["hosts"],
        "priority": first["priority"],
        "status": {first["status"], second["status"]},
        "five reads": [" ".join(statuses) for statuses in reads],
        "renewal's id": "old" if second["id"] == first["id"] else "new",
        "renewal's priority": second["priority"],
        "deleted": [item["status"] for item in client.certificates()].count("deleted"),
        "again": outcome(client.upload(SECOND)),
    }


INFO = {"page": 1, "per_page": 20, "total_pages": 1, "count": 4, "total_count": 4}
WITHOUT_PAGES = {"page": 1, "per_page": 20, "count": 4, "total_count": 4}

DEFAULTS: dict[Callable[[Client], Seen], Seen] = {
    listing: {
        "priorities": [2, 9, 5, 7],
        "type of a priority": "int",
        "type": "legacy_custom",
        "CSR": ABSENT,
        "CSRs of the others": {False},
        "result_info": INFO,
        "messages": 0,
        "total_count of none and of one": [0, 1],
        "no result": [[], []],
        "sizes": [23, 23, 5, 20],
    },
    ordering: {
        "answer": [6, 4, 5, 7],
        "total_count": 4,
        "stored": [6, 4, 5, 7],
        "stale reads": 0,
        "answer of many": 23,
        "pages of many": 1,
        "item with an unknown id": "400 1002",
        "the item before it": "not applied",
    },
    refusing: {
        "server_error": "text/html; charset=UTF-8",
        "envelope": "success errors messages result",
        "GET": "400 1002",
        "PUT": "400 1002",
        "DELETE": "404 1002",
        "PUT on Free": "400 1002",
        "POST on Free": "400 1011",
        "banned": "429 971",
        "Retry-After": "60",
    },
    uploading: {
        "issuer": "GlobalSignnvsa",
        "hosts": HOSTS,
        "priority": 0,
        "status": {"pending"},
        "five reads": ["pending", *["active"] * 4],
        "renewal's id": "new",
        "renewal's priority": 7,
        "deleted": 0,
        "again": "400 1220",
    },
}


def disguised(*, without: str = "") -> Seen:
    """All refusals with HTTP status 200."""
    refusals = {name: seen for name, seen in DEFAULTS[refusing].items() if str(seen).startswith("4")}
    return {name: f"200{seen[3:]}" for name, seen in refusals.items() if name != without}


def stored_and_answered(*numbers: int) -> Seen:
    return {"stored": list(numbers), "answer": list(numbers)}


NO_ANSWER: Seen = {"total_count": 0, "answer of many": 0, "pages of many": 0}
NO_EFFECT: Seen = {"stored": [2, 9, 5, 7]}


EFFECTS: list[tuple[Callable[[Client], Seen], dict[str, t.Any], Seen]] = [
    (listing, {"list_order": "priority"}, {"priorities": [9, 7, 5, 2]}),
    (listing, {"list_order": "random"}, {"priorities": [2, 9, 7, 5]}),
    (listing, {"list_result_info": "absent"}, {"result_info": None, "total_count of none and of one": [None, None]}),
    (listing, {"total_pages": "absent"}, {"result_info": WITHOUT_PAGES}),
    (listing, {"total_count": "unfiltered"}, {"total_count of none and of one": [4, 3]}),
    (listing, {"per_page_out_of_range": "refuse"}, {"sizes": [23, "400 2001", "400 2001", "400 2001"]}),
    (listing, {"max_page_size": 20}, {"sizes": [20, 20, 5, 20]}),
    (listing, {"empty_result": "null"}, {"no result": [None, None]}),
    (listing, {"type_field": "absent"}, {"type": None}),
    (listing, {"custom_csr_id": "null"}, {"CSRs of the others": {type(None)}}),
    (listing, {"custom_csr_id": "value"}, {"CSRs of the others": {str}}),
    (listing, {"custom_csr_id": "absent"}, {"CSR": None}),
    (listing, {"priority_type": "float"}, {"type of a priority": "float"}),
    (listing, {"messages": "some"}, {"messages": 1}),
    (ordering, {"put_result": "listed"}, {"answer": [6, 4], "total_count": 2}),
    (ordering, {"put_result": "empty"}, {"answer": [], **NO_ANSWER}),
    (ordering, {"put_result": "null"}, {"answer": None, **NO_ANSWER}),
    (ordering, {"put_result_info": "absent"}, {"total_count": None, "pages of many": None}),
    (ordering, {"put_page_size": 20}, {"answer of many": 20, "pages of many": 2}),
    (ordering, {"put_effect": "ignored"}, {"answer": [2, 9, 5, 7], **NO_EFFECT}),
    (ordering, {"put_effect": "pretended"}, NO_EFFECT),
    (ordering, {"unlisted": "reset"}, stored_and_answered(6, 4, 0, 0)),
    (ordering, {"unlisted": "shift_below"}, stored_and_answered(6, 4, 3, 3)),
    (ordering, {"renumber": "spread"}, stored_and_answered(26, 14, 5, 7)),
    (ordering, {"renumber": "dense"}, stored_and_answered(3, 1, 2, 4)),
    (ordering, {"bad_item": "partial"}, {"the item before it": "applied"}),
    (ordering, {"stale_reads": 1}, {"stale reads": 1}),
    (ordering, {"stale_reads": 3}, {"stale reads": 3}),
    (refusing, {"unknown_id": "404"}, {"GET": "404 1002", "PUT": "404 1002", "PUT on Free": "404 1002"}),
    (refusing, {"error_shape": "bare"}, {"envelope": "success errors"}),
    (refusing, {"failure_status": "200"}, disguised(without="banned")),
    (refusing, {"failure_status": "200_throttle_too"}, disguised()),
    (refusing, {"server_error": "json"}, {"server_error": "application/json"}),
    (refusing, {"retry_after": "absent"}, {"Retry-After": None}),
    (uploading, {"stale_reads": 1}, {"five reads": ["", "pending", "active", "active", "active"]}),
    (uploading, {"deleted": "lingers"}, {"deleted": 1}),
    (uploading, {"patch_id": "kept"}, {"renewal's id": "old"}),
    (uploading, {"patch_priority": "reset"}, {"renewal's priority": 0}),
    (uploading, {"upload_priority": 20}, {"priority": 20}),
    (
        uploading,
        {"upload_status": "initializing"},
        {"status": {"initializing"}, "five reads": ["initializing", *["active"] * 4]},
    ),
    (uploading, {"upload_status": "active"}, {"status": {"active"}, "five reads": ["active"] * 5}),
    (uploading, {"pending_reads": 0}, {"five reads": ["active"] * 5}),
    (uploading, {"pending_reads": 3}, {"five reads": [*["pending"] * 3, "active", "active"]}),
    (uploading, {"issuer_spelling": "dashes"}, {"issuer": "GlobalSignnv-sa"}),
    (uploading, {"foreign_hosts": "left_out"}, {"hosts": HOSTS[:1]}),
    (uploading, {"duplicate": "made"}, {"again": "200"}),
]


@pytest.mark.emulator(zones=zones())
@pytest.mark.parametrize(
    ("walk", "switches", "changes"),
    [*((walk, {}, {}) for walk in DEFAULTS), *EFFECTS],
    ids=lambda value: value.__name__ if callable(value) else str(value),
)
def test_what_a_value_changes(
    client: Client, walk: Callable[[Client], Seen], switches: dict[str, t.Any], changes: Seen
) -> None:
    client.emulator.behave(**switches)
    assert walk(client) == {**DEFAULTS[walk], **changes}


def test_every_value_changes_something() -> None:
    shown = {pair for _walk, switches, changes in EFFECTS if changes for pair in switches.items()}
    others = {(name, value) for name, values in ALL_SWITCHES.items() for value in values[1:]}
    assert others == shown
    assert Behaviour() == Behaviour(**{name: values[0] for name, values in ALL_SWITCHES.items()})


def test_pairs_include_every_value_with_every_other() -> None:
    tried = [set(setting.items()) for setting in pairs(["put_result", "stale_reads", "deleted"])]
    assert len(tried) == 4 * 3 + 4 * 2 + 3 * 2
    assert {("put_result", "null"), ("deleted", "lingers")} in tried
    assert {*SWITCHES, *UPLOAD_SWITCHES} == set(ALL_SWITCHES)


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"put_result": "some"}, "put_result must be one of all, listed"),
        ({"stale_reads": -1}, "stale_reads must be a whole number"),
        ({"stale_reads": True}, "stale_reads must be a whole number"),
    ],
)
def test_values_that_a_switch_does_not_have(switches: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Behaviour(**switches)
