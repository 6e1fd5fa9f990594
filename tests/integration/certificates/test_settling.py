# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of every kind: one run uploads or renews them, and further runs send nothing."""

from __future__ import annotations

import random
import typing as t

import pytest

from emulator import Emulator, Pem, make_pem, zone
from integration.certificates.keeping import keep, living, methods, told

ZONES = 80
ORGANIZATIONS = (
    "DigiCert Inc",
    "Let's Encrypt",
    "GlobalSign nv-sa",
    "Example, Inc. (Test) & Sons",
    "Soci\u00e9t\u00e9 G\u00e9n\u00e9rale, S.A.",
    "\u4fe1\u983c",
    "a.b.c",
    "---",
    None,
)
SIGNATURES = (
    "SHA256WithRSA",
    "SHA384WithRSA",
    "SHA512WithRSA",
    "ECDSAWithSHA256",
    "ECDSAWithSHA384",
    "ECDSAWithSHA512",
)


def hosts_of(name: str, dice: random.Random) -> list[str]:
    """Names of a zone, and sometimes of others."""
    kinds = (
        [name],
        [name, f"www.{name}"],
        [f"*.{name}", name],
        [f"xn--bcher-kva.{name}"],
        [f"WWW.{name.upper()}"],
        [f"h{number}.{name}" for number in range(100)],
        [f"www.{name}", "www.elsewhere.example", "*.elsewhere.example"],
    )
    return list(dice.choice(kinds))


def make(name: str, dice: random.Random) -> t.Iterator[Pem]:
    """Yield a certificate, and then its successors."""
    hosts = hosts_of(name, dice)
    fields: dict[str, t.Any] = {
        "sans": len(hosts) > 1 or dice.random() > 0.3,
        "algorithm": dice.choice(("rsa", *4 * ("ecdsa",))),  # to check an RSA key takes most of a run
        "issuer": dice.choice(ORGANIZATIONS),
        "signature": dice.choice(SIGNATURES),
    }
    expires_in = dice.randrange(31, 300)
    while True:
        yield make_pem(hosts, expires_in=expires_in, **fields)
        expires_in += dice.randrange(1, 90)


@pytest.mark.usefixtures("_no_waits")
def test_certificates_settle_after_one_run_each() -> None:
    dice = random.Random(1)
    names = [f"z{number}.example" for number in range(ZONES)]
    wrong: list[tuple[object, ...]] = []
    zones = [zone(name, plan="enterprise", certificates=[]) for name in names]
    with Emulator(zones=zones, throttle=None, validate=False) as emulator:
        for name in names:
            emulator.clear()
            certificates = make(name, dice)
            first, second = next(certificates), next(certificates)
            ends = [
                told(keep(emulator, name, made, private_key=key))
                for made in (first, second)
                for key in (made.private_key, None)
            ]
            sent = {method: count for method, count in methods(emulator).items() if method not in ("GET", "PUT")}
            if ends != ["uploaded", "unchanged", "renewed", "unchanged"] or sent != {"POST": 1, "PATCH": 1}:
                wrong.append((name, ends, sent))
            if len(living(emulator, name)) != 1:
                wrong.append((name, living(emulator, name)))
    assert not wrong, f"{len(wrong)} problems, such as {wrong[:5]}"
