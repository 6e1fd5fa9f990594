# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look-up of a zone by name: one more request, whose response is checked."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_info as module
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import ZONE, Script, certificate

Run = t.Callable[..., dict[str, t.Any]]

ACCOUNT = "a" * 32
OTHER_ACCOUNT = "b" * 32


def zone(name: str, identifier: str = ZONE, account: str = ACCOUNT, status: str = "active") -> dict[str, t.Any]:
    return {"id": identifier, "name": name, "status": status, "account": {"id": account, "name": "Example Inc"}}


def query(name: str, **more: str) -> dict[str, str]:
    return {"name": name, "page": "1", "per_page": "50", **more}


@pytest.mark.parametrize(
    ("given", "asked"),
    [("example.com", "example.com"), ("Example.COM.", "example.com"), ("b\u00fccher.example", "xn--bcher-kva.example")],
)
def test_found(api: Script, run: Run, given: str, asked: str) -> None:
    api.expect("GET", "/zones", [zone(asked)], query=query(asked), info={"total_pages": 1, "total_count": 1})
    api.expect_list([certificate("one")])
    result = run(module, zone_id=None, zone=given)
    assert result["zone_id"] == ZONE and result["requests"] == 2


def test_a_server_that_ignores_the_filter_is_not_believed(api: Script, run: Run) -> None:
    zones = [zone("example.org", "1" * 32), zone("example.com"), zone("www.example.com", "2" * 32)]
    api.expect("GET", "/zones", zones, info={"total_pages": 1, "total_count": 3})
    api.expect_list([])
    assert run(module, zone_id=None, domain="example.com")["zone_id"] == ZONE


def test_totals_of_what_a_filter_leaves_out_do_not_hurt(api: Script, run: Run) -> None:
    api.expect("GET", "/zones", [zone("example.com")], info={"total_pages": 40, "total_count": 2000})
    api.expect("GET", "/zones", [], info={"total_pages": 40, "total_count": 2000})
    api.expect_list([])
    assert run(module, zone_id=None, zone="example.com")["requests"] == 3


@pytest.mark.parametrize(("status", "code"), [(403, 10000), (403, 9109), (401, 1)])
def test_a_token_that_may_not_list_zones_is_told_what_it_needs(api: Script, run: Run, status: int, code: int) -> None:
    api.expect("GET", "/zones", status=status, answer={"success": False, "errors": [{"code": code, "message": "No"}]})
    result = run(module, zone_id=None, zone="example.com")
    assert "'Zone Read'" in result["msg"] and "SSL and Certificates" not in result["msg"]


def test_none(api: Script, run: Run) -> None:
    api.expect("GET", "/zones", [], info={"total_pages": 0, "total_count": 0})
    result = run(module, zone_id=None, zone="example.com")
    assert "No zone example.com is visible" in result["msg"] and "'Zone Read'" in result["msg"]


def test_several_are_listed_and_the_account_decides(api: Script, run: Run) -> None:
    zones = [zone("example.com"), zone("example.com", "3" * 32, OTHER_ACCOUNT, "moved")]
    api.expect("GET", "/zones", zones, info={"total_pages": 1, "total_count": 2})
    result = run(module, zone_id=None, zone="example.com")
    for text in ("2 zones", ZONE, "3" * 32, ACCOUNT, OTHER_ACCOUNT, "Example Inc", "moved", "'account_id'"):
        assert text in result["msg"]
    api.expect("GET", "/zones", zones, query=query("example.com", **{"account.id": OTHER_ACCOUNT}))
    api.expect("GET", "/zones", [])
    api.expect_list([], zone="3" * 32)
    assert run(module, zone_id=None, zone="example.com", account_id=OTHER_ACCOUNT)["zone_id"] == "3" * 32


def test_a_zone_without_a_readable_id_is_not_asked_for(api: Script, run: Run) -> None:
    api.expect("GET", "/zones", [zone("example.com", "../../accounts")], info={"total_pages": 1})
    result = run(module, zone_id=None, zone="example.com")
    assert result["failed"] and "../../accounts" in result["msg"]
