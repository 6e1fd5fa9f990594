# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which zones become hosts, under which names, with which variables."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError, OptionError
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._zone_certificates import Held
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._zones_inventory import (
    Reading,
    ZoneHost,
    cache_digest,
    check_names,
    from_cache,
    host_name,
    host_variables,
    read_filters,
    read_quota,
    to_cache,
)
from emulator import zone as make_zone

TOKEN = "cfut_0123456789abcdefghijklmnopqrstuvwxyzABCD"
ACCOUNT = "0123456789abcdef0123456789abcdef"


def zone(name: str = "example.com", **fields: t.Any) -> dict[str, t.Any]:
    return make_zone(name, **fields).api


def host(item: dict[str, t.Any], name: str | None = None) -> ZoneHost:
    return ZoneHost(name or item["name"], item, {})


# Variables


def test_variables_of_a_whole_zone() -> None:
    item = zone("example.com", plan="enterprise", status="pending", quota="5")
    assert host_variables(item) == {
        "cloudflare_zone_id": item["id"],
        "cloudflare_zone_name": "example.com",
        "cloudflare_zone_status": "pending",
        "cloudflare_zone_plan": "enterprise",
        "cloudflare_custom_certificate_quota": 5,
        "cloudflare_account_id": item["account"]["id"],
        "cloudflare_account_name": "Example Account",
        "cloudflare_zone": item,
    }


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
        (0, 0),
        (5, 5),
        (5.0, 5),
        ("5", 5),
        (" 7 ", 7),
        ("", None),
        ("many", None),
        ("-1", None),
        (-1, None),
        (1.5, None),
        (True, None),
        (None, None),
        ({}, None),
        (float("inf"), None),
        (float("nan"), None),
        ("9" * 5000, None),
    ],
)
def test_quota(value: object, quota: int | None) -> None:
    assert read_quota(value) == quota


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_any_quota_is_a_count_or_none(value: object) -> None:
    quota = read_quota(value)
    assert quota is None or (isinstance(quota, int) and not isinstance(quota, bool) and quota >= 0)


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
        ({"names": ["\u200d\u00fc.example"]}, "entry 1 of 'names' .*internationalised"),
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
        ({"names": ["example.com"], "plans": ["free"], "statuses": ["active"]}, {}),
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
        (["a"], "of type list"),
        ("", "is empty"),
        ("example.com example.net", "host patterns"),
        ("example.com,example.net", "host patterns"),
        ("a:b", "host patterns"),
        ("a*", "host patterns"),
        ("a[1]", "host patterns"),
        ("a/b", "host patterns"),
        ("{{ lookup('pipe', 'id') }}", "host patterns"),
        ("a\u202eb", "host patterns"),
        ("a\nb", "host patterns"),
        ("@file", "begins with"),
        ("-x", "begins with"),
        ("localhost", "this machine"),
        ("LocalHost", "this machine"),
        ("127.0.0.1", "this machine"),
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


def test_two_zones_with_one_name_are_both_named_with_the_remedies() -> None:
    one, other = zone(account="Old", status="moved"), zone(account="New")
    hosts = [host(one), host(zone("example.net")), host(other)]
    with pytest.raises(CloudflareError) as caught:
        check_names(hosts, lambda name: None)
    for part in (one["id"], other["id"], "Old", "New", "moved", "'hostname'", "'statuses'"):
        assert part in caught.value.message
    assert "more name" not in caught.value.message


def test_how_many_more_names_stand_for_two_zones() -> None:
    hosts = [host(zone(name, account=account)) for name in ("a.example", "b.example") for account in ("Old", "New")]
    with pytest.raises(CloudflareError, match="The same applies to 1 more name\\."):
        check_names(hosts, lambda name: None)


def test_a_name_that_is_taken_is_told_with_who_has_it() -> None:
    item = zone()
    with pytest.raises(CloudflareError) as caught:
        check_names([host(item)], {"example.com": "defined by /etc/hosts.ini"}.get)
    for part in ("example.com", item["id"], "defined by /etc/hosts.ini", "'hostname'", "separate inventory"):
        assert part in caught.value.message


def test_names_that_are_free() -> None:
    check_names([host(zone()), host(zone(account="New"), "other.zone")], lambda name: None)


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


def test_what_is_cached_comes_back() -> None:
    reading = Reading([dict(zone()), dict(zone("example.net"))], {zone()["id"]: Held(3, True)})
    assert from_cache(json.loads(json.dumps(to_cache(reading)))) == reading


NO_ZONES: list[object] = [None, {}, [None], ["x"], [{}], [{"id": 5}]]
NOT_HELD: list[object] = [None, [], {"a": None}, {"a": [1]}, {"a": ["x", 1]}]
NOT_OURS: list[object] = [None, [], "text", {}, {"zones": [], "certificates": {}}]


@pytest.mark.parametrize(
    "content",
    [
        *NOT_OURS,
        {"format": 1, "zones": [], "certificates": {}},
        *({"format": 2, "zones": [], "certificates": held} for held in NOT_HELD),
        *({"format": 2, "zones": zones, "certificates": {}} for zones in NO_ZONES),
    ],
)
def test_what_something_else_has_cached_does_not(content: object) -> None:
    assert from_cache(content) is None
