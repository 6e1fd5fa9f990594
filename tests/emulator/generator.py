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
from collections.abc import Iterator

from .objects import JSONObject, Zone, certificate, certificate_id, from_today, object_id, zone

_ACCOUNTS = ("Example Account", "Example Subsidiary")
_ON_TOP, _BELOW = 30, 20

# The status of a certificate, the labels of its hosts ("" for the zone's name itself), and other fields. A function makes a
# field from the zone's name.
Extra = tuple[str, tuple[str, ...], JSONObject]


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
    made = {number: _paid(number, place, turns, dice, number in reversed_ones) for place, number in enumerate(paid)}
    return [made.get(number) or _free(number) for number in range(zones)]


def _free(number: int) -> Zone:
    return zone(_name(number), plan="free", status="pending" if number % 20 == 19 else "active")


def _name(number: int) -> str:
    return f"brand-{number:05d}.example"


def _paid(number: int, place: int, turns: Iterator[Extra], dice: random.Random, is_reversed: bool) -> Zone:
    name = _name(number)
    first, second = (_BELOW, _ON_TOP) if is_reversed else (_ON_TOP, _BELOW)
    certificates = [
        certificate((name, f"www.{name}", f"shop.{name}"), issuer="DigiCertInc", priority=first),
        certificate((name, f"www.{name}", f"api.{name}"), issuer="GlobalSignnvsa", priority=second),
    ]
    certificates += [_extra(next(turns), name, dice) for _turn in range(3)]
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


def _extra(extra: Extra, name: str, dice: random.Random) -> JSONObject:
    status, labels, others = extra
    fields = {field: value(name) if callable(value) else value for field, value in others.items()}
    if "priority" not in fields:
        fields["priority"] = dice.randrange(10)
    return certificate([f"{label}.{name}".lstrip(".") for label in labels], status=status, **fields)


def _keyless(name: str) -> JSONObject:
    return {
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


def _csr(name: str) -> str:
    return certificate_id("csr", name)


_WILDCARD = {"issuer": "LetsEncrypt", "signature": "ECDSAWithSHA384"}
_UNRANKED = {"issuer": "Entrust", "signature": "SHA1WithRSA", "priority": None}
_CUSTOM = {"issuer": "Sectigo", "geo_restrictions": {"label": "custom"}}
_POLICY = "(country: US) or (region: EU)"


def _geo(label: str) -> JSONObject:
    return {"issuer": "Sectigo", "geo_restrictions": {"label": label}}


# Each zone gets the next three, so nine zones with certificates have all of them. Any three in a row, also across the end of
# the table, differ in their hosts.
_EXTRAS: tuple[Extra, ...] = (
    ("active", ("*", ""), _WILDCARD),
    ("active", ("us", "www"), _geo("us")),
    ("expired", ("old", "www"), _UNRANKED),
    ("active", ("www",), {"issuer": "LetsEncrypt", "type": "sni_custom", "priority": 0, "custom_csr_id": _csr}),
    ("active", ("restrictions", "shop"), {**_CUSTOM, "policy_restrictions": _POLICY}),
    ("pending", ("optimal", "api"), {"issuer": "Entrust", "bundle_method": "optimal"}),
    ("active", ("pay",), {"issuer": "CloudFlare", "keyless_server": _keyless}),
    ("active", ("eu", "www"), _geo("eu")),
    ("holding_deployment", ("force", "api"), {"issuer": "Entrust", "bundle_method": "force"}),
    # With equal hosts and another algorithm, it forms a pack with GlobalSignnvsa's.
    ("active", ("", "www", "api"), {"issuer": "Sectigo", "signature": "ECDSAWithSHA256"}),
    ("active", ("highest-security", "www"), _geo("highest_security")),
    ("initializing", ("xn--bcher-kva", "api"), {"issuer": "LetsEncrypt"}),
    ("active", ("older", "shop"), {**_CUSTOM, "policy": _POLICY}),
    ("staging_active", ("*", ""), _WILDCARD),
    ("deleted", ("us", "www"), _geo("us")),
    ("active", ("old", "www"), _UNRANKED),
)
