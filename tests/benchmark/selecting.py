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
_SIZES = (250, 500, 1000)
_TURNS = 5
_ISSUERS = ("DigiCertInc", "GlobalSignnvsa", "Sectigo", "Entrust", "LetsEncrypt")
_SIGNATURES = ("SHA256WithRSA", "ECDSAWithSHA256", "ECDSAWithSHA384")


@dataclass(frozen=True)
class Selected:
    """The median, in seconds of CPU time, for a zone of so many certificates.

    :param listed: How many the entries stand for; the others are unlisted.
    """

    certificates: int
    listed: int
    seconds: float


def select() -> list[Selected]:
    """Measure all sizes."""
    return [_select(_zone(size)) for size in _SIZES]


def _select(items: list[dict[str, t.Any]]) -> Selected:
    entries, now = _entries(items), datetime.now(UTC)
    seconds: list[float] = []
    for _turn in range(_TURNS):
        begun = time.process_time()
        certificates = tuple(map(read_certificate, items))
        order = tuple(item for found in claim(entries, certificates, now) for item in found.certificates)
        named = {item.id for item in order}
        plan = make_plan(Wanted(order, tuple(item for item in certificates if item.id not in named)))
        seconds.append(time.process_time() - begun)
    if not plan.write:
        raise RuntimeError("the zone is in order already")
    return Selected(len(items), len(order), statistics.median(seconds))


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
    kinds = [(issuer, kind) for kind in ("RSA", "384", "ECDSA") for issuer in _ISSUERS[:4]]
    return [
        *(Entry(id=item["id"]) for item in items[-18:]),
        *(Entry(host=item["hosts"][place % 3], issuer="!entrust") for place, item in enumerate(items[:60])),
        *(Entry(host=f"www.area-{number}.example.com") for number in range(10)),
        *(Entry(issuer=f"{issuer[:4]}*", signature=f"*{kind}*", status="!expired") for issuer, kind in kinds),
    ]
