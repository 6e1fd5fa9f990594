# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the emulators in a separate process, and measures its CPU time."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
import typing as t
from collections.abc import Iterator, Mapping
from multiprocessing.managers import BaseManager
from pathlib import Path

import certifi

from emulator import Edge, Emulator, Throttle, generate, make_pem, uploaded


class Fleet(Emulator):
    """An emulator with so many zones, all of them in order or all of them not, and its edge.

    :param bundle: The file that it writes: all CAs that a client has to trust, as many as usual and its own.
    :param keep: Whether all zones hold one more certificate, which is in a file with its chain and key.
    """

    def __init__(
        self,
        bundle: Path,
        zones: int,
        *,
        in_order: bool = True,
        keep: bool = False,
        tls: bool = True,
        throttle: Throttle | None = None,
        latency: float = 0,
    ) -> None:
        made = generate(zones, out_of_order=0 if in_order else zones, free_every=0)
        chain = bundle.with_suffix(".chain.pem")
        if keep:
            pem = make_pem(["shop.example", "www.shop.example"], issuer="Sectigo Limited", algorithm="rsa")
            chain.write_text(pem.chain + pem.private_key, encoding="utf-8")
            for zone in made:
                zone.add(uploaded(pem, type="sni_custom", priority=0))
        super().__init__(zones=made, validate=False, tls=tls, throttle=throttle, latency=latency)
        self._edge = Edge(self)
        self.start()
        self._edge.start()
        trusted = [Path(certifi.where()), self._edge.ca_bundle(bundle), *([Path(self.ca_bundle)] if tls else [])]
        bundle.write_bytes(b"".join(path.read_bytes() for path in trusted))
        self._environment = {
            "CLOUDFLARE_API_TOKEN": self.token,
            "CLOUDFLARE_BASE_URL": self.url,
            "REQUESTS_CA_BUNDLE": str(bundle),
            "SSL_CERT_FILE": str(bundle),
            "ZONEFLEET_EDGE_PORT": str(self._edge.port),
            "ZONEFLEET_CERTIFICATE": str(chain),
        }

    def stop(self) -> None:
        """Stop both."""
        self._edge.stop()
        super().stop()

    def environment(self) -> dict[str, str]:
        """Return the environment in which every client finds and trusts it."""
        return self._environment

    def ids(self) -> dict[str, str]:
        """Return the ids of the zones by name."""
        return {name: zone.id for name, zone in self.zones.items()}

    def processor(self) -> float:
        """Return the CPU time of the process of all fleets, in seconds."""
        return time.process_time()

    def orders(self) -> dict[str, list[tuple[str, str]]]:
        """Return for each zone id issuer and id of the certificates, the one with the highest priority first."""
        orders = {}
        for zone in self.zones.values():
            issuers = {item["id"]: item["issuer"] for item in zone.certificates}
            orders[zone.id] = [(issuers[identifier], identifier) for identifier, _number in self.order(zone.id)]
        return orders


class _Manager(BaseManager):
    """Has fleets in another process."""

    fleet: t.Callable[..., Fleet]


_Manager.register("fleet", Fleet, exposed=("counts", "environment", "ids", "orders", "processor", "reset", "stop"))


@contextlib.contextmanager
def served(directory: Path, cases: Mapping[str, Mapping[str, t.Any]]) -> Iterator[dict[str, Fleet]]:
    """Start a fleet for each case, all in one process beside this one, with their files in a directory."""
    # A new interpreter: nothing of this process's memory or threads takes part in the measurement.
    with _Manager(ctx=multiprocessing.get_context("spawn")) as manager:
        fleets = {case: manager.fleet(directory / f"{case}.pem", **options) for case, options in cases.items()}
        try:
            yield fleets
        finally:
            for fleet in fleets.values():
                fleet.stop()
