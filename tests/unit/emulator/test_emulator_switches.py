# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every switch: what a client sees with each of its values, the default first."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

import pytest

from emulator import ALL_SWITCHES, SWITCHES, UPLOAD_SWITCHES, Behaviour, Fault, certificate, make_pem, pairs, zone
from unit.emulator.client import ABSENT, Client, made, outcome

MANY, FREE = "many.example", "free.example"
HOSTS = ["www.example.com", "www.example.net"]
FIRST, SECOND = (make_pem(HOSTS, issuer="GlobalSign nv-sa") for _renewal in range(2))


def zones() -> list[t.Any]:
    """Of four certificates, the last one is from a CSR. Another zone has more than a page of them, one has lost its plan."""
    plain = [certificate([f"{priority}.example.com"], priority=priority) for priority in (2, 9, 5)]
    from_csr = certificate(["csr.example.com"], priority=7, custom_csr_id=ABSENT)
    many = [certificate([f"{number}.many.example"]) for number in range(23)]
    free = zone(FREE, plan="free", certificates=[certificate([FREE], id=ABSENT)])
    return [zone("example.com", certificates=[*plain, from_csr]), zone(MANY, certificates=many), free]


def stored(client: Client, zone_name: str = "example.com", field: str = "priority") -> list[t.Any]:
    return [item[field] for item in client.emulator.zones[zone_name].certificates]


def priorities(result: t.Any) -> t.Any:
    return result and [item["priority"] for item in result]


def page(client: Client, query: str = "", zone_name: str = "example.com") -> dict[str, t.Any]:
    """The envelope of a list."""
    return t.cast(dict[str, t.Any], client.get(f"{client.path(zone_name)}?{query}").json())


def put(client: Client) -> dict[str, t.Any]:
    """Give the first two certificates the priorities 6 and 4, and return the envelope."""
    first, second, *_others = stored(client, field="id")
    return t.cast(dict[str, t.Any], client.prioritize({first: 6, second: 4}).json())


def put_and_stored(client: Client) -> list[t.Any]:
    return [priorities(put(client)["result"]), stored(client)]


def put_moves(client: Client) -> list[bool]:
    """Of which certificates a PUT changes `modified_on`."""
    before = stored(client, field="modified_on")
    put(client)
    return [old != new for old, new in zip(before, stored(client, field="modified_on"), strict=True)]


def put_many(client: Client) -> list[int]:
    """How many certificates the response to a PUT has, and in how many pages all would be."""
    answer = client.prioritize(dict.fromkeys(stored(client, MANY, "id"), 1), MANY).json()
    return [len(answer["result"]), answer["result_info"]["total_pages"]]


def stale_reads(client: Client) -> list[int]:
    """How many of four reads after each kind of write show the list from before it."""
    first, second, *_others = stored(client, field="id")
    found = []
    for write in (
        lambda: client.prioritize({first: 6}),
        lambda: client.upload(FIRST),
        lambda: client.renew(first, SECOND),
        lambda: client.delete(client.path(certificate_id=second)),
    ):
        before = page(client)["result"]
        assert outcome(write()) == "200"
        found.append([page(client)["result"] == before for _read in range(4)].count(True))
    return found


def sizes(client: Client) -> list[t.Any]:
    answers = [client.get(f"{client.path(MANY)}?{query}") for query in ("per_page=100", "per_page=1", "page=0")]
    return [len(answer.json()["result"]) if answer.ok else outcome(answer) for answer in answers]


def refused(client: Client) -> list[str]:
    """Ask for an unknown id, and once too often."""
    unknown = outcome(client.get(client.path(certificate_id=ABSENT)))
    client.emulator.ban(60)
    return [unknown, outcome(client.get("/zones"))]


def total_counts(client: Client) -> list[int]:
    """Of certificates and of zones, with a filter."""
    zone_page = client.get(f"/zones?name={MANY}").json()
    return [answer["result_info"]["total_count"] for answer in (page(client, "status=expired"), zone_page)]


def put_with_unknown_id(client: Client) -> list[int]:
    client.prioritize({stored(client, field="id")[0]: 8, ABSENT: 1})
    return stored(client)


def csr_ids(client: Client) -> list[t.Any]:
    """Of one certificate without a CSR, the type; of one with a CSR, the value."""
    first, *_others, last = page(client)["result"]
    return ["custom_csr_id" in first and type(first["custom_csr_id"]), last.get("custom_csr_id")]


def statuses_after_deleting(client: Client) -> list[str]:
    client.delete(client.path(certificate_id=stored(client, field="id")[0]))
    return [item["status"] for item in page(client)["result"]]


def server_error(client: Client) -> str:
    client.emulator.fault(Fault("server_error"))
    return client.get("/zones").headers["Content-Type"].partition(";")[0]


def free_zone(client: Client) -> list[t.Any]:
    """Use every endpoint of a zone without the plan for custom certificates."""
    one = client.path(FREE, ABSENT)
    answers = (
        client.get(client.path(FREE)),
        client.prioritize({ABSENT: 1}, FREE),
        client.upload(make_pem([FREE]), FREE),
        client.get(one),
        client.patch(one, json={"bundle_method": "force"}),
        client.delete(one),
    )
    assert not answers[0].json()["result"]
    return [outcome(answer) for answer in answers]


def retry_after(client: Client) -> str | None:
    client.emulator.ban(59.5)
    return client.get("/zones").headers.get("Retry-After")


def ratelimit_headers(client: Client) -> list[str | None]:
    """Of a success, and of a refusal."""
    answers = [client.get("/zones"), client.get(client.path(certificate_id=ABSENT))]
    return [answer.headers.get(name) for answer in answers for name in ("Ratelimit", "Ratelimit-Policy")]


def uploaded(client: Client) -> dict[str, t.Any]:
    client.emulator.zones["example.com"].certificates.clear()
    return t.cast(dict[str, t.Any], made(client.upload(FIRST)))


def renewed(client: Client) -> list[t.Any]:
    """Whether the id changes, and what becomes of priority 7."""
    old = uploaded(client)["id"]
    client.emulator.set_priority("example.com", old, 7)
    new = made(client.renew(old, SECOND))
    return ["same id" if new["id"] == old else "new id", new["priority"]]


def statuses_after_upload(client: Client) -> list[str]:
    return [uploaded(client)["status"], *(client.certificates()[0]["status"] for _read in range(4))]


def uploaded_again(client: Client) -> list[t.Any]:
    uploaded(client)
    return [outcome(client.upload(FIRST)), len(client.certificates())]


def uploaded_over_quota(client: Client) -> str:
    client.emulator.zones["example.com"].quotas["sni_custom"] = 0
    return outcome(client.upload(FIRST))


OLD, NEW = [2, 9, 5, 7], [6, 4, 5, 7]
PRESENT = {"present": True, "absent": False}

EFFECTS: dict[str, tuple[Callable[[Client], t.Any], dict[t.Any, t.Any]]] = {
    "put_result": (
        put_and_stored,
        {"all": [NEW, NEW], "listed": [[6, 4], NEW], "empty": [[], NEW], "null": [None, NEW]},
    ),
    "put_result_info": (lambda client: "result_info" in put(client), PRESENT),
    "put_page_size": (put_many, {0: [23, 1], 20: [20, 2]}),
    "put_effect": (put_and_stored, {"applied": [NEW, NEW], "ignored": [OLD, OLD], "pretended": [NEW, OLD]}),
    "put_modified_on": (put_moves, {"touched": [True, True, False, False], "kept": [False] * 4}),
    "unlisted": (put_and_stored, {"keep": [NEW] * 2, "reset": [[6, 4, 0, 0]] * 2, "shift_below": [[6, 4, 3, 3]] * 2}),
    "renumber": (put_and_stored, {"no": [NEW] * 2, "spread": [[26, 14, 5, 7]] * 2, "dense": [[3, 1, 2, 4]] * 2}),
    "bad_item": (put_with_unknown_id, {"atomic": OLD, "partial": [8, 9, 5, 7]}),
    "stale_reads": (stale_reads, {reads: [reads] * 4 for reads in (0, 1, 3)}),
    "list_order": (
        lambda client: priorities(page(client)["result"]),
        {"uploaded": OLD, "priority": [9, 7, 5, 2], "random": [2, 9, 7, 5]},
    ),
    "list_result_info": (lambda client: "result_info" in page(client), PRESENT),
    "total_pages": (lambda client: "total_pages" in page(client)["result_info"], PRESENT),
    "total_count": (total_counts, {"filtered": [0, 1], "unfiltered": [4, 3]}),
    "per_page_out_of_range": (sizes, {"clamp": [23, 5, 20], "refuse": ["400 2001"] * 3}),
    "max_page_size": (lambda client: len(page(client, "per_page=50", MANY)["result"]), {50: 23, 20: 20}),
    "empty_result": (lambda client: page(client, "page=9")["result"], {"list": [], "null": None}),
    "type_field": (lambda client: "type" in page(client)["result"][0], PRESENT),
    "custom_csr_id": (
        csr_ids,
        {"where_set": [False, ABSENT], "null": [type(None), ABSENT], "value": [str, ABSENT], "absent": [False, None]},
    ),
    "priority_type": (lambda client: type(page(client)["result"][0]["priority"]), {"integer": int, "float": float}),
    "deleted": (
        statuses_after_deleting,
        {"removed": ["active"] * 3, "lingers": ["deleted", "active", "active", "active"]},
    ),
    "free_zone": (
        free_zone,
        {
            "empty": ["200", "400 1002", "400 1011", "400 1002", "400 1002", "404 1002"],
            **{value: [value.replace("_", " ")] * 6 for value in ("403_10000", "400_1212", "400_1011")},
        },
    ),
    "messages": (lambda client: len(put(client)["messages"]), {"none": 0, "some": 1}),
    "unknown_id": (refused, {"400_1002": ["400 1002", "429 971"], "404": ["404 1002", "429 971"]}),
    "error_shape": (
        lambda client: sorted(client.prioritize({ABSENT: 1}).json()),
        {"full": ["errors", "messages", "result", "success"], "bare": ["errors", "success"]},
    ),
    "failure_status": (
        refused,
        {
            "real": ["400 1002", "429 971"],
            "200": ["200 1002", "429 971"],
            "200_throttle_too": ["200 1002", "200 971"],
        },
    ),
    "server_error": (server_error, {"html": "text/html", "json": "application/json"}),
    "retry_after": (retry_after, {"present": "60", "absent": None}),
    "ratelimit_headers": (
        ratelimit_headers,
        {
            "present": [
                *('"list_zones";r=1200;t=1', '"list_zones";q=1201;w=300'),
                *('"default";r=1199;t=1', '"default";q=1200;w=300'),
            ],
            "absent": [None] * 4,
        },
    ),
    "patch_id": (renewed, {"new": ["new id", 7], "kept": ["same id", 7]}),
    "patch_priority": (renewed, {"kept": ["new id", 7], "reset": ["new id", 0]}),
    "upload_priority": (lambda client: uploaded(client)["priority"], {0: 0, 20: 20}),
    "upload_status": (
        statuses_after_upload,
        {status: [status] * 2 + ["active"] * 3 for status in ("pending", "initializing", "active")},
    ),
    "pending_reads": (
        statuses_after_upload,
        {reads: ["pending"] * (1 + reads) + ["active"] * (4 - reads) for reads in (1, 0, 3)},
    ),
    "issuer_spelling": (
        lambda client: uploaded(client)["issuer"],
        {"letters": "GlobalSignnvsa", "dashes": "GlobalSignnv-sa"},
    ),
    "foreign_hosts": (lambda client: uploaded(client)["hosts"], {"listed": HOSTS, "left_out": HOSTS[:1]}),
    "duplicate": (uploaded_again, {"refused": ["400 1220", 1], "made": ["200", 2]}),
    "private_ca": (
        lambda client: outcome(client.upload(make_pem(HOSTS, public=False))),
        {"refused": "400 2100", "accepted": "200"},
    ),
    "delete_unknown": (
        lambda client: outcome(client.delete(client.path(certificate_id=ABSENT))),
        {"404": "404 1002", "400_1002": "400 1002"},
    ),
    "quota_code": (uploaded_over_quota, {"2005": "400 2005", "1212": "400 1212"}),
}


@pytest.mark.emulator(zones=zones())
@pytest.mark.parametrize(
    ("switch", "value"), [(switch, value) for switch, (_probe, seen) in EFFECTS.items() for value in seen]
)
def test_switch(client: Client, switch: str, value: t.Any) -> None:
    probe, seen = EFFECTS[switch]
    client.emulator.behave(**{switch: value})
    assert probe(client) == seen[value]


def test_every_value_of_every_switch_has_its_effect() -> None:
    assert {switch: tuple(seen) for switch, (_probe, seen) in EFFECTS.items()} == ALL_SWITCHES
    assert Behaviour() == Behaviour(**{switch: values[0] for switch, values in ALL_SWITCHES.items()})


def test_pairs_try_every_value_with_every_other() -> None:
    tried = [set(setting.items()) for setting in pairs(["put_result", "stale_reads", "deleted"])]
    assert len(tried) == 4 * 3 + 4 * 2 + 3 * 2
    assert {("put_result", "null"), ("deleted", "lingers")} in tried
    assert {*SWITCHES, *UPLOAD_SWITCHES} == set(ALL_SWITCHES)


@pytest.mark.parametrize(("switch", "value"), [("put_result", "some"), ("stale_reads", -1), ("stale_reads", True)])
def test_values_that_a_switch_does_not_have(switch: str, value: t.Any) -> None:
    with pytest.raises(ValueError, match=f"{switch} must be"):
        Behaviour(**{switch: value})
