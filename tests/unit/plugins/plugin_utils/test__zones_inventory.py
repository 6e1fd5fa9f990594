# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which zones become hosts, with which names and variables."""

from __future__ import annotations

import re
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
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN
from emulator import Emulator
from emulator import zone as make_zone

ACCOUNT = "0123456789abcdef0123456789abcdef"
ZONES = {
    "a": make_zone("example.com", account="ACME [prod]", plan="business").api,
    "b": make_zone("shop.example.com", account="ACME Sandbox", plan="free", status="pending", type="partial").api,
    "c": make_zone("xn--bcher-kva.example", account="Beta", plan="enterprise", type="internal").api,
    "d": {"id": "4", "name": "bare.example", "plan": "text", "account": None},
}
BETA = ZONES["c"]["account"]["id"]


# Variables


def test_quota() -> None:
    none: list[object] = ["many", -1, 1.5, True, {}, float("inf"), float("nan"), "9" * 5000]
    for nothing in none:
        assert read_quota(nothing) is None
    assert (read_quota(5.0), read_quota(" 7 ")) == (5, 7)


@pytest.mark.parametrize("name", [None, "", 5])
def test_a_zone_without_a_name_is_an_error(name: object) -> None:
    with pytest.raises(CloudflareError, match="zone 1 without a name"):
        host_variables({"id": "1", "name": name})


# Filters


@pytest.mark.parametrize(
    ("given_filters", "kept"),
    [
        ({}, "abcd"),
        ({"names": []}, "abcd"),
        ({"names": "example.com, BARE.*"}, "ad"),
        ({"names": ["*.com", "!shop.*"]}, "a"),
        ({"names": ["!shop.*"]}, "acd"),
        ({"names": ["bücher.example"]}, "c"),
        ({"names": ["bü*"]}, "c"),
        ({"names": ["!BÜCHER.example"]}, "abd"),
        ({"names": ["xn--*"]}, "c"),
        ({"accounts": ["acme [prod]"]}, "a"),
        ({"accounts": ["!ACME [prod]"]}, "bcd"),
        ({"accounts": ["ACME*", "!*sandbox"]}, "a"),
        ({"accounts": [BETA.upper(), "ACME S*"]}, "bc"),
        ({"accounts": [f"!{BETA}"]}, "abd"),
        ({"statuses": ["!active"]}, "bd"),
        ({"plans": ["business", "enterprise"]}, "ac"),
        ({"plans": ["business"], "names": ["!example.com"]}, ""),
        ({"types": ["!partial"]}, "acd"),
    ],
)
def test_filters(given_filters: dict[str, t.Any], kept: str) -> None:
    filters = read_filters(given_filters)
    assert "".join(key for key, item in ZONES.items() if filters.keeps(item)) == kept


@pytest.mark.parametrize(
    ("given_filters", "problem"),
    [
        ({"names": "example.com,"}, "entry 2 of 'names' is ''"),
        ({"names": ["!"]}, "entry 1 of 'names' is '!'"),
        ({"statuses": [None]}, "entry 1 of 'statuses' is None"),
        ({"plans": [True]}, "entry 1 of 'plans' is True"),
        ({"accounts": {"id": "1"}}, "'accounts' is .* list"),
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
    ("given_filters", "internal", "query"),
    [
        ({}, False, {}),
        ({"accounts": [ACCOUNT.upper()]}, False, {"account.id": ACCOUNT}),
        ({"accounts": [ACCOUNT, "Beta"]}, False, {}),
        ({"accounts": [f"!{ACCOUNT}"]}, False, {}),
        ({"accounts": ["Beta"]}, False, {}),
        ({"types": ["full"]}, False, {}),
        ({"types": ["!partial"]}, True, {}),
        ({"types": ["*"]}, True, {}),
        ({"types": ["!internal"]}, False, {}),
    ],
)
def test_what_is_asked_of_the_api(given_filters: dict[str, t.Any], internal: bool, query: dict[str, str]) -> None:
    filters = read_filters(given_filters)
    assert filters.path() == ("/zones?type=full,partial,secondary,internal" if internal else "/zones")
    assert filters.query() == query


# Names


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (None, "is nothing"),
        (5, "of type int"),
        ("", "is empty"),
        ("a\u202eb", "host patterns"),
        ("@file", "begins with"),
        ("-x", "begins with"),
        ("LOCALHOST", "the control node"),
        ("127.0.0.1", "the control node"),
    ],
)
def test_what_is_no_host_name(name: object, problem: str) -> None:
    with pytest.raises(CloudflareError, match=problem) as caught:
        host_name(name, ZONES["a"])
    assert ZONES["a"]["id"] in caught.value.message
    assert "'hostname'" in caught.value.message


@given(st.text() | st.text("ab1_.-+=@\u00fc", min_size=1).map("x".__add__))
def test_a_host_name_never_means_anything_else(name: str) -> None:
    try:
        found = host_name(name, ZONES["a"])
    except CloudflareError:
        assert not re.fullmatch("x[ab1_.+=@\u00fc-]+", name)
        return
    assert found == name
    assert not set(found) & set("{}[]*?!&:,~/\\ \t\n'\"#%")


def test_how_many_more_names_stand_for_two_zones() -> None:
    zones = [make_zone(name, account=account).api for name in ("a.example", "b.example") for account in ("Old", "New")]
    with pytest.raises(CloudflareError, match="The same applies to 1 more name\\."):
        check_names([ZoneHost(zone["name"], zone, {}) for zone in zones], lambda name: None)


# The cache


def test_the_digest_keeps_answers_apart_and_tells_nothing() -> None:
    url = "https://api.example/v4"
    own = Connection(url, Credentials(TOKEN))
    digests = [
        cache_digest(own, "/zones", {}),
        cache_digest(own, "/zones?type=internal", {}),
        cache_digest(own, "/zones", {"status": "active"}),
        cache_digest(Connection(url, Credentials(TOKEN + "x")), "/zones", {}),
        cache_digest(Connection("https://other.example/v4", own.credentials), "/zones", {}),
        cache_digest(Connection(url, Credentials(None, "a@example.com", "key")), "/zones", {}),
        cache_digest(Connection(url, Credentials(None, "b@example.com", "key")), "/zones", {}),
    ]
    assert len(set(digests)) == len(digests)
    assert cache_digest(own, "/", {"a": "1", "b": "2"}) == cache_digest(own, "/", {"b": "2", "a": "1"})
    assert not any(part in "".join(digests) for part in (TOKEN, TOKEN[5:15]))


NO_ZONES: list[object] = [None, {}, [None], [{"id": 5}]]
NOT_HELD: list[object] = [None, {"a": None}, {"a": [1]}, {"a": ["x", 1]}]


@pytest.mark.parametrize(
    "content",
    [
        None,
        "text",
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
