# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kit against an emulator: the modules' own core in this process, and no real waiting."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._inspect import INSPECT
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import perform
from emulator import Emulator, Zone, certificate, zone
from live.kit import Kit, Options, Result

ZONE = "example.com"
NAME = "www.example.com"
JSONObject = dict[str, t.Any]


def make_zone(*, pads: int = 0) -> Zone:
    """Three certificates for one name among others, in an order that is neither theirs by upload nor the reverse."""
    return zone(
        ZONE,
        account="Sample Holding",
        certificates=[
            certificate((NAME, "shop.example.com"), priority=20, custom_csr_id="8f14e45f-ceea-467f-a9d4-1a2b3c4d5e6f"),
            certificate((NAME, "api.example.com"), issuer="GlobalSignnvsa", priority=30),
            certificate((NAME, "pay.example.com"), issuer="Sectigo", priority=10),
            certificate(("old.example.com",), issuer="Entrust", priority=5),
            *(certificate((f"h{place}.example.com",), issuer="Entrust", priority=100 + place) for place in range(pads)),
        ],
    )


def environ(emulator: Emulator) -> dict[str, str]:
    return {"CLOUDFLARE_API_TOKEN": emulator.token, "CLOUDFLARE_BASE_URL": emulator.url}


class InProcess:
    """What the playbooks beside the kit do, without Ansible."""

    def __init__(self, emulator: Emulator) -> None:
        self._given = {"api_token": emulator.token, "api_url": emulator.url, "retries": 1, "max_wait": 330}

    def read(self, zone_id: str, entries: Sequence[Mapping[str, t.Any]]) -> tuple[JSONObject, JSONObject]:
        params = {**_defaults(INSPECT.spec), **self._given, "zone_id": zone_id}
        info = perform(INSPECT, params, check_mode=True, diff=False).result
        return info, self._order(zone_id, entries, True)

    def write(self, zone_id: str, entries: Sequence[Mapping[str, t.Any]]) -> JSONObject:
        return self._order(zone_id, entries, False)

    def _order(self, zone_id: str, entries: Sequence[Mapping[str, t.Any]], check: bool) -> JSONObject:
        params = {**_defaults(SET_ORDER.spec), **self._given, "zone_id": zone_id, "certificates": entries}
        params["verify"] = "answer" if check else "read"
        return perform(SET_ORDER, params, check_mode=check, diff=False).result


def _defaults(spec: Mapping[str, Mapping[str, t.Any]]) -> JSONObject:
    return {name: option.get("default") for name, option in spec.items()}


def run_kit(
    emulator: Emulator, output: Path, sleep: t.Callable[[float], object] = lambda _: None, **how: t.Any
) -> Result:
    """Run it on the zone; `how` are options of the kit. Handshakes go to a port where nobody listens, never to a name."""
    options = Options(emulator.zones[ZONE].id, output=output, **{"connect": ("127.0.0.1", 1), **how})
    return Kit(options, environ(emulator), InProcess(emulator), sleep).run()


def fits(result: Result, key: str) -> tuple[t.Any, ...]:
    """Which values of a switch the kit found to show what it saw."""
    return next(finding.fits for finding in result.findings if finding.key == key)


def told(result: Result, key: str) -> str:
    """Its words for that, where it has an answer."""
    return next(getattr(finding.reply, "text", "") for finding in result.findings if finding.key == key)


__all__ = ("NAME", "ZONE", "InProcess", "environ", "fits", "make_zone", "run_kit", "told")
