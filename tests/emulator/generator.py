# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generates fleets of zones: the same ones for the same seed. Together they have every optional field of a certificate.

Every zone with certificates has one of DigiCertInc and one of GlobalSignnvsa. Their hosts overlap but are not equal, so the
priority decides between them. In a zone that is in order, DigiCertInc's comes first, then GlobalSignnvsa's, then the others.
"""

from __future__ import annotations

import itertools
import random
import typing as t
from collections.abc import Callable, Iterator

from .objects import JSONObject, Zone, certificate, certificate_id, from_today, object_id, zone
from .packs import family, pack_of

_ACCOUNTS = ("Example Account", "Example Subsidiary")
_ON_TOP, _BELOW = 30, 20

Extra = Callable[[str, random.Random], JSONObject]


def generate(zones: int = 10, seed: int = 1, out_of_order: int = 0, free_every: int = 10) -> list[Zone]:
    """Return this number of zones. `out_of_order` of them have GlobalSignnvsa above DigiCertInc. Every `free_every`-th zone is on
    the Free plan and has no certificates (0: none). With 10 zones or more, every optional field occurs.
    """
    dice = random.Random(seed)
    paid = [number for number in range(zones) if not free_every or number % free_every != free_every - 1]
    if out_of_order > len(paid):
        raise ValueError(f"out_of_order is {out_of_order}, but only {len(paid)} of {zones} zones have certificates")
    reversed_ones = set(dice.sample(paid, out_of_order))
    turns = itertools.cycle(_EXTRAS)
    places = {number: place for place, number in enumerate(paid)}
    made = []
    for number in range(zones):
        if number in places:
            made.append(_paid(number, places[number], turns, dice, number in reversed_ones))
        else:
            made.append(zone(_name(number), plan="free", status="pending" if number % 20 == 19 else "active"))
    return made


def forbidden(zone: Zone) -> list[tuple[str, str]]:
    """Return the pairs of a zone's certificates that the API would not allow together (error 1228)."""
    return [
        (one["id"], other["id"])
        for one, other in itertools.combinations(zone.certificates, 2)
        if pack_of(one) == pack_of(other) and family(one["signature"]) == family(other["signature"])
    ]


def _name(number: int) -> str:
    return f"brand-{number:05d}.example"


def _paid(number: int, place: int, turns: Iterator[tuple[str, Extra]], dice: random.Random, is_reversed: bool) -> Zone:
    name = _name(number)
    first, second = (_BELOW, _ON_TOP) if is_reversed else (_ON_TOP, _BELOW)
    certificates = [
        certificate((name, f"www.{name}", f"shop.{name}"), issuer="DigiCertInc", priority=first),
        certificate((name, f"www.{name}", f"api.{name}"), issuer="GlobalSignnvsa", priority=second),
    ]
    for _turn in range(3):
        status, extra = next(turns)
        certificates.append({**extra(name, dice), "status": status})
    for item in certificates:
        item["expires_on"] = from_today(
            dice.randrange(-20, -1) if item["status"] == "expired" else dice.randrange(20, 390)
        )
    # The order of upload differs from the order of priority, so that a client that ignores priorities fails.
    dice.shuffle(certificates)
    return zone(
        name,
        certificates=certificates,
        account=_ACCOUNTS[number % len(_ACCOUNTS)],
        plan="enterprise" if place % 4 == 3 else "business",
        quota=str(5) if place % 3 == 2 else 5,
        development_mode=-dice.randrange(1, 10**6) if place % 5 == 4 else 0,
    )


def _keyless(name: str, dice: random.Random) -> JSONObject:
    server = {
        "id": object_id("keyless", name),
        "name": f"{name} Keyless SSL",
        "host": f"keyless.{name}",
        "port": 24008,
        "status": "active",
        "enabled": True,
        "permissions": ["#ssl:read", "#ssl:edit"],
        "created_on": from_today(-90),
        "modified_on": from_today(-80),
        "tunnel": {"private_ip": "192.0.2.10", "vnet_id": certificate_id("network", name)},
    }
    return certificate((f"pay.{name}",), issuer="CloudFlare", priority=dice.randrange(10), keyless_server=server)


def _from_csr(name: str, dice: random.Random) -> JSONObject:
    csr = certificate_id("csr", name)
    return certificate((f"www.{name}",), issuer="LetsEncrypt", type="sni_custom", priority=0, custom_csr_id=csr)


def _wildcard(name: str, dice: random.Random) -> JSONObject:
    hosts = (f"*.{name}", name)
    return certificate(hosts, issuer="LetsEncrypt", signature="ECDSAWithSHA384", priority=dice.randrange(10))


def _geo(label: str) -> Extra:
    def make(name: str, dice: random.Random) -> JSONObject:
        hosts = (f"{label.replace('_', '-')}.{name}", f"www.{name}")
        return certificate(hosts, issuer="Sectigo", priority=dice.randrange(10), geo_restrictions={"label": label})

    return make


def _policy(field: str) -> Extra:
    def make(name: str, dice: random.Random) -> JSONObject:
        fields: dict[str, t.Any] = {field: "(country: US) or (region: EU)", "geo_restrictions": {"label": "custom"}}
        hosts = (f"{field.partition('_')[2] or 'older'}.{name}", f"shop.{name}")
        return certificate(hosts, issuer="Sectigo", priority=dice.randrange(10), **fields)

    return make


def _bundled(method: str) -> Extra:
    def make(name: str, dice: random.Random) -> JSONObject:
        hosts = (f"{method}.{name}", f"api.{name}")
        return certificate(hosts, issuer="Entrust", priority=dice.randrange(10), bundle_method=method)

    return make


def _unranked(name: str, dice: random.Random) -> JSONObject:
    return certificate((f"old.{name}", f"www.{name}"), issuer="Entrust", signature="SHA1WithRSA", priority=None)


def _international(name: str, dice: random.Random) -> JSONObject:
    return certificate((f"xn--bcher-kva.{name}", f"api.{name}"), issuer="LetsEncrypt", priority=dice.randrange(10))


def _pack(name: str, dice: random.Random) -> JSONObject:
    """Return a certificate that forms a pack with GlobalSignnvsa's: with equal hosts and another algorithm."""
    hosts = (name, f"www.{name}", f"api.{name}")
    return certificate(hosts, issuer="Sectigo", signature="ECDSAWithSHA256", priority=dice.randrange(10))


# Each zone gets the next three, and each one has a status, so nine zones with certificates have all of them. Any
# three in a row, also across the end of the table, have different functions, so no zone gets the same one twice.
_EXTRAS: tuple[tuple[str, Extra], ...] = (
    ("active", _wildcard),
    ("active", _geo("us")),
    ("expired", _unranked),
    ("active", _from_csr),
    ("active", _policy("policy_restrictions")),
    ("pending", _bundled("optimal")),
    ("active", _keyless),
    ("active", _geo("eu")),
    ("holding_deployment", _bundled("force")),
    ("active", _pack),
    ("active", _geo("highest_security")),
    ("initializing", _international),
    ("active", _policy("policy")),
    ("staging_active", _wildcard),
    ("deleted", _geo("us")),
    ("active", _unranked),
)
