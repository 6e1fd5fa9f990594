# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `msg` that summarizes the change of the order."""

from __future__ import annotations

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, numbers_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import summarize
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import held


def summary(zone: list[Certificate], after: dict[str, int], check_mode: bool) -> str:
    before = numbers_of(zone)
    numbers = {**before, **after}
    return summarize(zone, zone, find_contests(zone, before, numbers), before, numbers, check_mode)


ONE, TWO, ABC = held("1", 1, issuer="One"), held("2", 2, "ab", issuer="Two"), held("3", 0, "abc")
APART = held("4", 0, "z")
MODERN = [held("1", 1, type="sni_custom", issuer=None), held("2", 2, "ab", type="sni_custom")]
TIE = [ONE, held("2", 1, "ab", issuer="Two")]

DONE = {"changed": "changed", "gets": "now gets", "may": "may now get", "other": "gets", "is": "is", "are": "are"}
PREDICTED = {
    "changed": "would change",
    "gets": "would get",
    "may": "might get",
    "other": "would get",
    "is": "would be",
    "are": "would be",
}


@pytest.mark.parametrize(
    ("zone", "after", "told"),
    [
        ([], {}, "The zone has no custom certificates."),
        ([ONE, TWO], {}, "The order is as requested."),
        ([ONE], {"1": 9}, "1 of 1 priorities {changed}."),
        ([*TIE, APART], {"4": 9}, "1 of 3 priorities {changed}; every contested hostname keeps its certificate."),
        (
            [ONE, TWO, APART],
            {"1": 3},
            "1 of 3 priorities {changed}; a.example.com {gets} One's certificate (expires 2036-03-01).",
        ),
        (
            [ONE, TWO, ABC],
            {"3": 3, "1": 2},
            "2 of 3 priorities {changed}; a.example.com {gets} DigiCertInc's certificate (expires 2036-03-01), "
            "and 1 more hostname {other} a different one.",
        ),
        (MODERN, {"1": 3}, "1 of 2 priorities {changed}; a.example.com {may} certificate 1 (expires 2036-03-01)."),
        (TIE, {"1": 2}, "1 of 2 priorities {changed}; the tie for a.example.com {is} resolved."),
        (
            [*TIE, held("1b", 1, "ab")],
            {"2": 2},
            "1 of 3 priorities {changed}; a.example.com {gets} Two's certificate (expires 2036-03-01), "
            "and 1 more hostname {other} a different one; the ties for a.example.com and 1 more {are} resolved.",
        ),
    ],
)
def test_what_a_run_did_and_would_do(zone: list[Certificate], after: dict[str, int], told: str) -> None:
    assert summary(zone, after, False) == told.format(**DONE)
    assert summary(zone, after, True) == told.format(**PREDICTED)


def test_a_list_that_matches_nothing() -> None:
    nothing = summarize([], [ONE], [], {"1": 1}, {"1": 1}, False)
    assert nothing == "No entry of 'certificates' matches a certificate of the zone."
