# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Upload, renewal and removal of certificates of every kind, with every pair of the switches for undocumented behavior."""

from __future__ import annotations

import random
import typing as t
from collections.abc import Iterator

import pytest

from emulator import ALL_SWITCHES, UPLOAD_SWITCHES, Emulator, Pem, make_pem, pairs, uploaded, zone
from integration.certificates.keeping import ZONE, keep, living, methods, told

RIVAL = make_pem([ZONE, f"shop.{ZONE}"], issuer="Let's Encrypt", expires_in=200)
HOSTS = (
    [ZONE],
    [ZONE, f"www.{ZONE}"],
    [f"*.{ZONE}", ZONE],
    [f"xn--bcher-kva.{ZONE}"],
    [f"WWW.{ZONE.upper()}"],
    [f"h{number}.{ZONE}" for number in range(100)],
    [f"www.{ZONE}", "www.elsewhere.example", "*.elsewhere.example"],
)
ISSUERS = (
    "DigiCert Inc",
    "GlobalSign nv-sa",
    "Example, Inc. (Test) & Sons",
    "Soci\u00e9t\u00e9 G\u00e9n\u00e9rale, S.A.",
    "\u4fe1\u983c",
    "a.b.c",
    "---",
    None,
)
SIGNATURES = [signature for bits in (256, 384, 512) for signature in (f"SHA{bits}WithRSA", f"ECDSAWithSHA{bits}")]
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


def make(dice: random.Random) -> Iterator[Pem]:
    """Yield a certificate of any kind, and then its successors."""
    hosts = dice.choice(HOSTS)
    fields: dict[str, t.Any] = {
        "sans": len(hosts) > 1 or dice.random() > 0.3,
        "algorithm": dice.choice(("rsa", *4 * ("ecdsa",))),  # to check an RSA key takes most of a run
        "issuer": dice.choice(ISSUERS),
        "signature": dice.choice(SIGNATURES),
    }
    expires_in = dice.randrange(31, 300)
    while True:
        yield make_pem(hosts, expires_in=expires_in, **fields)
        expires_in += dice.randrange(1, 90)


def live(emulator: Emulator, first: Pem, second: Pem) -> Iterator[str]:
    """Upload, renew, renew again, remove, each twice; say what is not as it has to be."""
    (rival,) = (item["id"] for item in living(emulator))
    numbers: set[t.Any] = set()
    steps: tuple[tuple[Pem, dict[str, t.Any], str], ...] = (
        (first, {}, "uploaded"),
        (second, {}, "renewed"),
        (second, {"bundle_method": "force"}, "renewed"),
        (second, {"state": "absent", "allow_uncovered": True}, "removed"),
    )
    for made, options, expected in steps:
        predicted, done = (keep(emulator, made, check=check, **options) for check in (True, False))
        again = keep(emulator, made, **{**options, "private_key": None})
        if [told(predicted), told(done), told(again)] != [expected, expected, "unchanged"]:
            yield f"{expected}: {told(predicted)}, {told(done)}, {told(again)}"
            return
        if predicted.result["diff"] != done.result["diff"]:
            yield f"{expected}: predicted {predicted.result['diff']}, did {done.result['diff']}"
        stored = [(item["id"], item["priority"]) for item in living(emulator) if item["id"] != rival]
        returned = done.result["certificate"]
        if stored != ([(returned["id"], returned["priority"])] if returned else []):
            yield f"{expected}: returns {returned}, stored is {stored}"
        numbers.update(number for _identifier, number in stored)
    if len(numbers) != 1:
        yield f"the number went through {numbers}"
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
        certificates = make(random.Random(str(setting)))
        first, second = next(certificates), next(certificates)
        wrong += [f"{setting}: {problem}" for problem in live(running, first, second)]
    assert not wrong, f"{len(wrong)} problems:\n" + "\n".join(wrong[:10])
