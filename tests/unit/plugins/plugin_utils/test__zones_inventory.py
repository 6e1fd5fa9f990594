# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which zones become hosts, with which names and variables."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError, OptionError
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _zone_certificates
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._zones_inventory import (
    ZoneHost,
    cache_digest,
    check_names,
    from_cache,
    host_name,
    host_variables,
    read_filters,
    read_quota,
)
from emulator import Emulator
from emulator import zone as make_zone

TOKEN = "cfut_0123456789abcdefghijklmnopqrstuvwxyzABCD"
ACCOUNT = "0123456789abcdef0123456789abcdef"


def zone(name: str = "example.com", **fields: t.Any) -> dict[str, t.Any]:
    return make_zone(name, **fields).api


def host(item: dict[str, t.Any], name: str | None = None) -> ZoneHost:
    return ZoneHost(name or item["name"], item, {})


# Variables


@pytest.mark.parametrize("nothing", ["absent", "null", "another type"])
def test_what_the_api_does_not_tell_is_none(nothing: str) -> None:
    item: dict[str, t.Any] = {"id": "1", "name": "example.com"}
    if nothing != "absent":
        item.update(dict.fromkeys(("plan", "meta", "account"), None if nothing == "null" else "text"))
    found = host_variables(item)
    assert {value for name, value in found.items() if name not in {"cloudflare_zone", "cloudflare_zone_id"}} == {
        None,
        "example.com",
    }


@pytest.mark.parametrize(
    ("value", "quota"),
    [
        (5.0, 5),
        (" 7 ", 7),
        ("many", None),
        (-1, None),
        (1.5, None),
        (True, None),
        ({}, None),
        (float("inf"), None),
        (float("nan"), None),
        ("9" * 5000, None),
    ],
)
def test_quota(value: object, quota: int | None) -> None:
    assert read_quota(value) == quota


@pytest.mark.parametrize("name", [None, "", 5])
def test_a_zone_without_a_name_is_an_error(name: object) -> None:
    with pytest.raises(CloudflareError, match="zone 1 without a name"):
        host_variables({"id": "1", "name": name})


# Filters

ZONES = {
    "a": zone("example.com", account="ACME [prod]", plan="business"),
    "b": zone("shop.example.com", account="ACME Sandbox", plan="free", status="pending", type="partial"),
    "c": zone("xn--bcher-kva.example", account="Beta", plan="enterprise", type="internal"),
    "d": {"id": "4", "name": "bare.example"},
}


@pytest.mark.parametrize(
    ("given_filters", "kept"),
    [
        ({}, "abcd"),
        ({"names": []}, "abcd"),
        ({"names": None}, "abcd"),
        ({"names": ["example.com"]}, "a"),
        ({"names": ["EXAMPLE.*", "bare.*"]}, "ad"),
        ({"names": "example.com, bare.example"}, "ad"),
        ({"names": ["*.com", "!shop.*"]}, "a"),
        ({"names": ["!shop.*"]}, "acd"),
        ({"names": ["bücher.example"]}, "c"),
        ({"names": ["bü*"]}, "c"),
        ({"names": ["!BÜCHER.example"]}, "abd"),
        ({"names": ["xn--*"]}, "c"),
        ({"accounts": ["acme [prod]"]}, "a"),
        ({"accounts": ["!ACME [prod]"]}, "bcd"),
        ({"accounts": ["ACME*"]}, "ab"),
        ({"accounts": ["ACME*", "!*sandbox"]}, "a"),
        ({"accounts": [ZONES["c"]["account"]["id"].upper(), "ACME S*"]}, "bc"),
        ({"accounts": [f"!{ZONES['c']['account']['id']}"]}, "abd"),
        ({"statuses": ["active"]}, "ac"),
        ({"statuses": ["!active"]}, "bd"),
        ({"plans": ["business", "enterprise"]}, "ac"),
        ({"plans": ["business"], "names": ["!example.com"]}, ""),
        ({"types": ["!partial"]}, "acd"),
        ({"types": ["internal"]}, "c"),
    ],
)
def test_filters(given_filters: dict[str, t.Any], kept: str) -> None:
    filters = read_filters(given_filters)
    assert "".join(key for key, item in ZONES.items() if filters.keeps(item)) == kept


@pytest.mark.parametrize(
    ("given_filters", "problem"),
    [
        ({"names": [""]}, "entry 1 of 'names' is ''"),
        ({"names": "example.com,"}, "entry 2 of 'names'"),
        ({"names": ["!"]}, "entry 1 of 'names' is '!'"),
        ({"statuses": [None]}, "entry 1 of 'statuses' is None"),
        ({"plans": [True]}, "entry 1 of 'plans' is True"),
        ({"accounts": [{"id": "1"}]}, "entry 1 of 'accounts'"),
        ({"accounts": {"id": "1"}}, "'accounts' is .* list"),
        ({"types": 5}, "'types' is 5"),
        ({"names": ["\u200d\u00fc.example"]}, "entry 1 of 'names' .*internationalized"),
        ({"statuses": ["!paused"]}, "'!paused', which matches none of initializing, pending, active, moved\\."),
        ({"types": ["partial", "x*"]}, "entry 2 of 'types' is 'x\\*', which matches none of full, partial"),
    ],
)
def test_a_filter_that_is_none_is_an_error_and_never_lets_all_pass(
    given_filters: dict[str, t.Any], problem: str
) -> None:
    with pytest.raises(OptionError, match=problem):
        read_filters(given_filters)


@pytest.mark.parametrize(
    ("given_filters", "query"),
    [
        ({}, {}),
        ({"accounts": [ACCOUNT.upper()]}, {"account.id": ACCOUNT}),
        ({"accounts": [ACCOUNT, "Beta"]}, {}),
        ({"accounts": [f"!{ACCOUNT}"]}, {}),
        ({"accounts": ["Beta"]}, {}),
    ],
)
def test_what_is_left_to_the_api(given_filters: dict[str, t.Any], query: dict[str, str]) -> None:
    assert read_filters(given_filters).query() == query


@pytest.mark.parametrize(
    ("types", "asked"),
    [([], False), (["full"], False), (["internal"], True), (["!partial"], True), (["*"], True), (["!internal"], False)],
)
def test_internal_zones_are_asked_for_where_they_pass(types: list[str], asked: bool) -> None:
    path = read_filters({"types": types}).path()
    assert path == ("/zones?type=full,partial,secondary,internal" if asked else "/zones")


# Names


@pytest.mark.parametrize(
    "name", ["example.com", "xn--bcher-kva.example", "bücher.example", "_dmarc.example", "a_b-c.d+e=f@g", "1.example"]
)
def test_host_names(name: str) -> None:
    assert host_name(name, zone()) == name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (None, "is nothing"),
        (5, "of type int"),
        ("", "is empty"),
        ("example.com example.net", "host patterns"),
        ("a/b", "host patterns"),
        ("{{ lookup('pipe', 'id') }}", "host patterns"),
        ("a\u202eb", "host patterns"),
        ("@file", "begins with"),
        ("-x", "begins with"),
        ("localhost", "the control node"),
        ("127.0.0.1", "the control node"),
    ],
)
def test_what_is_no_host_name(name: object, problem: str) -> None:
    with pytest.raises(CloudflareError, match=problem) as caught:
        host_name(name, zone())
    assert zone()["id"] in caught.value.message
    assert "'hostname'" in caught.value.message


@given(st.text())
def test_a_host_name_never_means_anything_else(name: str) -> None:
    try:
        found = host_name(name, zone())
    except CloudflareError:
        return
    assert found == name
    assert not set(found) & set("{}[]*?!&:,~/\\ \t\n'\"#%")


def test_how_many_more_names_stand_for_two_zones() -> None:
    hosts = [host(zone(name, account=account)) for name in ("a.example", "b.example") for account in ("Old", "New")]
    with pytest.raises(CloudflareError, match="The same applies to 1 more name\\."):
        check_names(hosts, lambda name: None)


# The cache


def connection(**changes: t.Any) -> Connection:
    fields = {"token": TOKEN, "email": None, "key": None, "url": "https://api.example/v4", **changes}
    return Connection(fields["url"], Credentials(fields["token"], fields["email"], fields["key"]))


def test_the_digest_keeps_answers_apart_and_tells_nothing() -> None:
    pair = {"token": None, "email": "a@example.com", "key": "k" * 37}
    digests = [
        cache_digest(connection(), "/zones", {}),
        cache_digest(connection(), "/zones?type=internal", {}),
        cache_digest(connection(token=TOKEN + "x"), "/zones", {}),
        cache_digest(connection(url="https://other.example/v4"), "/zones", {}),
        cache_digest(connection(), "/zones", {"status": "active"}),
        cache_digest(connection(**pair), "/zones", {}),
        cache_digest(connection(**{**pair, "email": "b@example.com"}), "/zones", {}),
    ]
    assert len(set(digests)) == len(digests)
    assert cache_digest(connection(), "/zones", {"a": "1", "b": "2"}) == cache_digest(
        connection(), "/zones", {"b": "2", "a": "1"}
    )
    assert not any(part in "".join(digests) for part in (TOKEN, TOKEN[5:15]))


NO_ZONES: list[object] = [None, {}, [None], [{"id": 5}]]
NOT_HELD: list[object] = [None, {"a": None}, {"a": [1]}, {"a": ["x", 1]}]


@pytest.mark.parametrize(
    "content",
    [
        None,
        "text",
        {"zones": [], "certificates": {}},
        {"format": 1, "zones": [], "certificates": {}},
        *({"format": 2, "zones": [], "certificates": held} for held in NOT_HELD),
        *({"format": 2, "zones": zones, "certificates": {}} for zones in NO_ZONES),
    ],
)
def test_what_something_else_has_cached_is_not_used(content: object) -> None:
    assert from_cache(content) is None


def test_progress_is_told_while_certificates_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_zone_certificates, "_PROGRESS_EVERY", 0.0)  # seconds
    ids = ["0" * 32, "1" * 32]
    told: list[str] = []
    with Emulator(zones=[make_zone(f"{number}.example", id=number) for number in ids], throttle=None) as server:
        connection = Connection(server.url, Credentials(server.token))
        held = _zone_certificates.read_held(lambda: Client(connection), ids, told.append)
    assert list(held) == ids
    assert told == ["The certificates of 1 of 2 zones are read.", "The certificates of 2 of 2 zones are read."]
