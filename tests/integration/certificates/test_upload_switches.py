# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upload, renewal and removal of a certificate with every pair of the switches for undocumented behavior."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest

from emulator import ALL_SWITCHES, UPLOAD_SWITCHES, Emulator, make_pem, pairs, uploaded, zone
from integration.certificates.keeping import keep, living, methods, told

ZONE = "example.com"
HOSTS = ["example.com", "www.example.com", "www.example.org"]
FIRST, SECOND = (make_pem(HOSTS, issuer="GlobalSign nv-sa", expires_in=days) for days in (60, 300))
RIVAL = make_pem(["example.com"], issuer="Let's Encrypt", expires_in=200)
# What else a list can be like, beside what is about uploads alone.
OTHERS = ("list_result_info", "type_field", "deleted", "stale_reads", "failure_status", "unknown_id", "priority_type")


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    held = [uploaded(RIVAL, type="sni_custom", priority=3)]
    with Emulator(zones=[zone(ZONE, plan="enterprise", certificates=held)], throttle=None, validate=False) as emulator:
        yield emulator


def settings() -> list[dict[str, t.Any]]:
    """Every pair of values, without what is the default in it, each once."""
    combined = pairs((*UPLOAD_SWITCHES, *OTHERS))
    rests = ({name: value for name, value in pair.items() if value != ALL_SWITCHES[name][0]} for pair in combined)
    return [dict(items) for items in dict.fromkeys(tuple(sorted(rest.items())) for rest in rests)]


def live(emulator: Emulator) -> Iterator[str]:
    """Upload, renew, renew again, remove, each twice; say what is not as it has to be."""
    kept = []
    for made, options, expected in (
        (FIRST, {}, "uploaded"),
        (SECOND, {}, "renewed"),
        (SECOND, {"bundle_method": "force"}, "renewed"),
        (None, {"state": "absent", "match": {"issuer": "GlobalSign*"}, "allow_uncovered": True}, "removed"),
    ):
        predicted, done = (keep(emulator, ZONE, made, check=check, **options) for check in (True, False))
        again = keep(emulator, ZONE, made, **options)
        if [told(predicted), told(done), told(again)] != [expected, expected, "unchanged"]:
            yield f"{expected}: {told(predicted)}, {told(done)}, {told(again)}"
            return
        if predicted.result["diff"] != done.result["diff"]:
            yield f"{expected}: predicted {predicted.result['diff']}, did {done.result['diff']}"
        found = [item for item in living(emulator, ZONE) if item["issuer"].startswith("GlobalSign")]
        if len(found) != (expected != "removed"):
            yield f"{expected}: {len(found)} are there"
        for item in found:
            kept.append(item["priority"])
            if (
                done.result["certificate"]["id"] != item["id"]
                or done.result["certificate"]["priority"] != item["priority"]
            ):
                yield f"{expected}: returns {done.result['certificate']}, stored is {item}"
    if len(set(kept)) != 1:
        yield f"the number went {kept}"
    sent = {method: count for method, count in methods(emulator).items() if method not in ("GET", "PUT")}
    if sent != {"POST": 1, "PATCH": 2, "DELETE": 1}:
        yield f"sent {sent}"


SETTINGS = settings()
PARTS = 8


@pytest.mark.usefixtures("_no_waits")
@pytest.mark.parametrize("part", range(PARTS))
def test_every_pair(running: Emulator, part: int) -> None:
    wrong = []
    for setting in SETTINGS[part::PARTS]:
        running.reset()
        running.behave(**setting)
        wrong += [f"{setting}: {problem}" for problem in live(running)]
    assert not wrong, f"{len(wrong)} problems:\n" + "\n".join(wrong[:10])
