# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stateful emulator of the part of Cloudflare's API that this collection uses, over real HTTP on loopback.

    from emulator import Emulator, certificate, zone

    with Emulator(zones=[zone("example.com", certificates=[certificate(["www.example.com"], priority=10)])]) as emu:
        ...  # send requests to emu.url with emu.token, then check emu.requests and emu.order("example.com")

`Emulator(tls=True)` uses HTTPS, and clients must trust `emu.ca_bundle`. `latency` delays every response. `Edge(emu)` serves
the zones' certificates to visitors, and `make_pem` makes certificates to upload.

From a shell: `python -m emulator --help`. In pytest: the fixtures of `emulator.fixture`.
"""

from __future__ import annotations

from .behaviour import ALL_SWITCHES, SWITCHES, UPLOAD_SWITCHES, Behaviour, pairs
from .edge import Edge
from .edge_choice import EDGE_SWITCHES, EdgeBehaviour
from .envelope import Raw
from .faults import KINDS, Fault
from .generator import generate
from .objects import Zone, certificate, demo_zone, from_today, token, uploaded, zone
from .packs import forbidden
from .pem import Pem, make_pem
from .running import Emulator
from .throttle import Throttle

__all__ = (
    "ALL_SWITCHES",
    "EDGE_SWITCHES",
    "KINDS",
    "SWITCHES",
    "UPLOAD_SWITCHES",
    "Behaviour",
    "Edge",
    "EdgeBehaviour",
    "Emulator",
    "Fault",
    "Pem",
    "Raw",
    "Throttle",
    "Zone",
    "certificate",
    "demo_zone",
    "forbidden",
    "from_today",
    "generate",
    "make_pem",
    "pairs",
    "token",
    "uploaded",
    "zone",
)
