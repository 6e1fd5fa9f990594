# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look-up of a zone by name: one more request, whose response is checked."""

from __future__ import annotations

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_info as module
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import ZONE, Item, Run, look_up, reading, refused

ACCOUNT, OTHER_ACCOUNT = "a" * 32, "b" * 32
BY_NAME = {"zone_id": None, "zone": "example.com"}


def zone(name: str = "example.com", identifier: str = ZONE, account: str = ACCOUNT, status: str = "active") -> Item:
    return {"id": identifier, "name": name, "status": status, "account": {"id": account, "name": "Example Inc"}}


@pytest.mark.parametrize(
    ("given", "asked"), [("Example.COM.", "example.com"), ("b\u00fccher.example", "xn--bcher-kva.example")]
)
def test_found(run: Run, given: str, asked: str) -> None:
    assert run(module, look_up(zone(asked), name=asked), [], zone_id=None, zone=given)["zone_id"] == ZONE


def test_a_server_that_ignores_the_filter_is_not_believed(run: Run) -> None:
    """Neither are the totals of what a filter leaves out."""
    found = look_up(zone("example.org", "1" * 32), zone(), zone("www.example.com", "2" * 32))
    totals = {"info": {"total_pages": 40, "total_count": 2000}}
    empty = {**look_up(page="2"), **totals}
    assert run(module, found, [], zone_id=None, domain="example.com")["zone_id"] == ZONE
    assert run(module, {**found, **totals}, empty, [], **BY_NAME)["zone_id"] == ZONE


@pytest.mark.parametrize(("status", "code"), [(403, 10000), (401, 1)])
def test_a_token_that_may_not_list_zones_is_told_what_it_needs(run: Run, status: int, code: int) -> None:
    message = run(module, {**look_up(), **refused(code, status=status)}, **BY_NAME)["msg"]
    assert "'Zone Read'" in message
    assert "SSL and Certificates" not in message


def test_none(run: Run) -> None:
    message = run(module, look_up(), **BY_NAME)["msg"]
    assert "No zone example.com is visible" in message
    assert "'Zone Read'" in message


def test_several_are_listed_and_the_account_decides(run: Run) -> None:
    zones = [zone(), zone("example.com", "3" * 32, OTHER_ACCOUNT, "moved")]
    message = run(module, look_up(*zones), **BY_NAME)["msg"]
    texts = ("2 zones", ZONE, "3" * 32, ACCOUNT, OTHER_ACCOUNT, "Example Inc", "moved", "'account_id'")
    assert [text for text in texts if text not in message] == []
    found = look_up(*zones, **{"account.id": OTHER_ACCOUNT})
    result = run(module, found, reading([], "3" * 32), **BY_NAME, account_id=OTHER_ACCOUNT)
    assert result["zone_id"] == "3" * 32


def test_a_zone_without_a_readable_id_is_not_asked_for(run: Run) -> None:
    result = run(module, look_up(zone("example.com", "../../accounts")), **BY_NAME)
    assert result["failed"]
    assert "../../accounts" in result["msg"]
