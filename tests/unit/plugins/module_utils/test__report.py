# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `msg` that summarizes the change of the order."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    numbers_of,
    read_certificate,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import summarize
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import certificate


def made(name: str, priority: int, hosts: str = "a", **fields: t.Any) -> Certificate:
    names = [f"{label}.example.com" for label in hosts]
    return read_certificate(certificate(name, priority, hosts=names, issuer=name, **fields))


def summary(zone: list[Certificate], after: dict[str, int], check_mode: bool) -> str:
    before = numbers_of(zone)
    numbers = {**before, **after}
    return summarize(zone, zone, find_contests(zone, before, numbers), before, numbers, check_mode)


ONE, TWO, ABC = made("One", 1), made("Two", 2, "ab"), made("ABC", 0, "abc")
MODERN = [made("One", 1, type="sni_custom"), made("Two", 2, "ab", type="sni_custom")]
TIE = [made("One", 1), made("Two", 1, "ab")]


@pytest.mark.parametrize(
    ("zone", "after", "done", "predicted"),
    [
        ([ONE, TWO], {}, "The order is as requested.", "The order is as requested."),
        (
            [ONE, TWO, made("Apart", 0, "z")],
            {"One": 3},
            "1 of 3 priorities changed; a.example.com now gets One's certificate (expires 2036-03-01).",
            "1 of 3 priorities would change; a.example.com would get One's certificate (expires 2036-03-01).",
        ),
        (
            [ONE, TWO, ABC],
            {"ABC": 3, "One": 2},
            "2 of 3 priorities changed; a.example.com now gets ABC's certificate (expires 2036-03-01), "
            "and 1 more hostname gets a different one.",
            "2 of 3 priorities would change; a.example.com would get ABC's certificate (expires 2036-03-01), "
            "and 1 more hostname would get a different one.",
        ),
        (
            MODERN,
            {"One": 3},
            "1 of 2 priorities changed; a.example.com may now get One's certificate (expires 2036-03-01).",
            "1 of 2 priorities would change; a.example.com might get One's certificate (expires 2036-03-01).",
        ),
        (
            TIE,
            {"One": 2},
            "1 of 2 priorities changed; the tie for a.example.com is resolved.",
            "1 of 2 priorities would change; the tie for a.example.com would be resolved.",
        ),
        (
            [*TIE, made("Three", 1, "ab")],
            {"Two": 2},
            "1 of 3 priorities changed; a.example.com now gets Two's certificate (expires 2036-03-01), "
            "and 1 more hostname gets a different one; the ties for a.example.com and 1 more are resolved.",
            "1 of 3 priorities would change; a.example.com would get Two's certificate (expires 2036-03-01), "
            "and 1 more hostname would get a different one; the ties for a.example.com and 1 more would be resolved.",
        ),
        (
            [ONE, TWO],
            {"Two": 9},
            "1 of 2 priorities changed; every contested hostname keeps its certificate.",
            "1 of 2 priorities would change; every contested hostname keeps its certificate.",
        ),
        (
            [*TIE, made("Apart", 0, "z")],
            {"Apart": 9},
            "1 of 3 priorities changed; every contested hostname keeps its certificate.",
            "1 of 3 priorities would change; every contested hostname keeps its certificate.",
        ),
        ([ONE], {"One": 9}, "1 of 1 priorities changed.", "1 of 1 priorities would change."),
    ],
)
def test_what_a_run_did_and_would_do(zone: list[Certificate], after: dict[str, int], done: str, predicted: str) -> None:
    assert summary(zone, after, False) == done
    assert summary(zone, after, True) == predicted


def test_a_zone_in_which_there_is_nothing_to_order() -> None:
    assert summary([], {}, False) == "The zone has no custom certificates."
    nothing = summarize([], [ONE], [], {"One": 1}, {"One": 1}, False)
    assert nothing == "No entry of 'certificates' matches a certificate of the zone."
