# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures how long it takes to parse a large zone, match a list of entries with its certificates, and plan the order."""

from __future__ import annotations

import random
import statistics
import time
import typing as t
from dataclasses import dataclass
from datetime import UTC, datetime

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import read_certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._ordering import Wanted, make_plan
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import Entry, claim
from emulator import certificate, from_today

ENTRIES = 100
SIZES = (250, 500, 1000)
JUDGED = 1000
_TURNS = 5
NOW = datetime.now(UTC)

_ISSUERS = ("DigiCertInc", "GlobalSignnvsa", "Sectigo", "Entrust", "LetsEncrypt")
_SIGNATURES = ("SHA256WithRSA", "ECDSAWithSHA256", "ECDSAWithSHA384")


@dataclass(frozen=True)
class Selected:
    """The median, in seconds of processor time, for a zone of so many certificates.

    :param listed: How many the entries stand for; the others are unlisted.
    """

    certificates: int
    listed: int
    seconds: float


def select() -> list[Selected]:
    """Measure all sizes."""
    return [_select(size) for size in SIZES]


def _select(size: int) -> Selected:
    items = _zone(size)
    entries = _entries(items)
    seconds: list[float] = []
    listed = 0
    for _turn in range(_TURNS):
        begun = time.process_time()
        certificates = tuple(map(read_certificate, items))
        order = tuple(item for found in claim(entries, certificates, NOW) for item in found.certificates)
        named = {item.id for item in order}
        plan = make_plan(Wanted(order, tuple(item for item in certificates if item.id not in named)))
        seconds.append(time.process_time() - begun)
        if not plan.write:
            raise RuntimeError("the zone is in order already")
        listed = len(order)
    return Selected(size, listed, statistics.median(seconds))


def _zone(size: int) -> list[dict[str, t.Any]]:
    """Make certificates of which about three hold each name, with priorities in no order."""
    dice = random.Random(1)
    items = []
    for number in range(size):
        names = [f"host-{dice.randrange(size)}.example.com" for _turn in range(3)]
        names += [f"*.area-{dice.randrange(size // 10)}.example.com"] if number % 5 == 0 else []
        items.append(
            certificate(
                names,
                id=f"{number:08x}-0000-4000-8000-000000000000",
                issuer=dice.choice(_ISSUERS),
                signature=dice.choice(_SIGNATURES),
                priority=dice.randrange(size),
                uploaded_on=from_today(-dice.randrange(1, 300)),
                expires_on=from_today(dice.randrange(1, 300)),
            )
        )
    return items


def _entries(items: list[dict[str, t.Any]]) -> list[Entry]:
    """Make entries of every kind; the last ones stand for all certificates but those of one authority."""
    patterns = [
        Entry(issuer=f"{issuer[:4]}*", signature=f"*{kind}*", status="!expired")
        for kind in ("RSA", "384", "ECDSA")
        for issuer in _ISSUERS[:4]
    ]
    hosts = [items[place]["hosts"][place % 3] for place in range(60)]
    inside = [f"www.area-{number}.example.com" for number in range(10)]
    entries = [Entry(host=host, issuer="!entrust") for host in hosts] + [Entry(host=host) for host in inside]
    named = [Entry(id=items[-1 - place]["id"]) for place in range(ENTRIES - len(entries) - len(patterns))]
    return [*named, *entries, *patterns]
