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
from dataclasses import dataclass
from multiprocessing.managers import BaseManager
from pathlib import Path

import certifi

from emulator import Edge, Emulator, Throttle, generate, make_pem, uploaded

# The two authorities of every generated zone, in the order that all jobs are to bring about.
AUTHORITIES = ("DigiCertInc", "GlobalSignnvsa")

Orders = dict[str, list[str]]


@dataclass(frozen=True)
class Where:
    """How to reach it, the zones that it holds (ids by name), the file with the CAs to trust, and its edge's port.

    :param certificate: The file with a certificate that every zone holds, and its key, if there is one.
    """

    url: str
    token: str
    zones: dict[str, str]
    bundle: str
    edge_port: int
    certificate: str

    @property
    def environment(self) -> dict[str, str]:
        """What makes every client trust it, a bundle as large as usual ones; and where the edge is."""
        return {
            "REQUESTS_CA_BUNDLE": self.bundle,
            "SSL_CERT_FILE": self.bundle,
            "ZONEFLEET_EDGE_PORT": str(self.edge_port),
            "ZONEFLEET_CERTIFICATE": self.certificate,
        }


@dataclass(frozen=True)
class Tally:
    """What was asked since the last reset.

    :param least: The fewest requests that any zone got, of those that got one.
    :param refused: How many requests the throttle refused.
    :param processor: Seconds of processor time that it took meanwhile.
    """

    reads: int
    writes: int
    least: int
    most: int
    refused: int
    processor: float

    @property
    def requests(self) -> int:
        """Reads and writes."""
        return self.reads + self.writes


class Fleet:
    """An emulator with so many zones, all of them in order or all of them not, and its edge.

    :param bundle: The file that it writes: all CAs that a client has to trust.
    :param latency: Milliseconds before every answer.
    :param keep: Whether all zones hold one more certificate, which is in a file with its chain and key.
    """

    def __init__(
        self,
        bundle: Path,
        zones: int,
        *,
        in_order: bool,
        throttle: Throttle | None = None,
        tls: bool = True,
        latency: float = 0,
        keep: bool = False,
    ) -> None:
        made = generate(zones, out_of_order=0 if in_order else zones, free_every=0)
        self._certificate = str(bundle.with_suffix(".chain.pem")) if keep else ""
        if keep:
            pem = make_pem(["shop.example", "www.shop.example"], issuer="Sectigo Limited", algorithm="rsa")
            Path(self._certificate).write_text(pem.chain + pem.private_key, encoding="utf-8")
            for zone in made:
                zone.add(uploaded(pem, type="sni_custom", priority=0))
        self._emulator = Emulator(zones=made, throttle=throttle, validate=False, tls=tls, latency=latency)
        self._edge = Edge(self._emulator)
        self._emulator.start()
        self._edge.start()
        self._bundle = bundle
        bundles = [
            Path(certifi.where()),
            self._edge.ca_bundle(bundle),
            *([Path(self._emulator.ca_bundle)] if tls else []),
        ]
        bundle.write_bytes(b"".join([path.read_bytes() for path in bundles]))
        self._processor = 0.0

    def close(self) -> None:
        """Stop."""
        self._edge.stop()
        self._emulator.stop()

    def where(self) -> Where:
        """Return its address and zones."""
        zones = {name: zone.id for name, zone in self._emulator.zones.items()}
        emulator, port = self._emulator, self._edge.port
        return Where(emulator.url, emulator.token, zones, str(self._bundle), port, self._certificate)

    def reset(self) -> None:
        """Take back all that was done to it."""
        self._emulator.reset()
        self._processor = time.process_time()

    def tally(self) -> Tally:
        """Return what was asked since the last reset."""
        by_zone: dict[str | None, int] = {}
        by_method = {"GET": 0, "PUT": 0}
        for (method, zone_id), count in self._emulator.counts().items():
            by_method[method] += count
            by_zone[zone_id] = by_zone.get(zone_id, 0) + count
        counts = by_zone.values() or [0]
        processor = time.process_time() - self._processor
        return Tally(by_method["GET"], by_method["PUT"], min(counts), max(counts), self._emulator.refused, processor)

    def orders(self) -> Orders:
        """Return each zone's certificates as C(authority id), the one with the highest priority first."""
        orders = {}
        for name, zone in self._emulator.zones.items():
            issuers = {item["id"]: item["issuer"] for item in zone.certificates}
            orders[name] = [
                f"{issuers[identifier]} {identifier}" for identifier, _priority in self._emulator.order(name)
            ]
        return orders


class _Manager(BaseManager):
    """Has fleets in another process."""

    fleet: t.Callable[..., Fleet]


_Manager.register("fleet", Fleet)


@contextlib.contextmanager
def served(directory: Path, cases: Mapping[str, Mapping[str, t.Any]]) -> Iterator[dict[str, Fleet]]:
    """Start a fleet for each case, all in one process beside this one, with their bundles in a directory."""
    # A new interpreter: nothing of this process's memory or threads takes part in the measurement.
    with _Manager(ctx=multiprocessing.get_context("spawn")) as manager:
        fleets = {case: manager.fleet(directory / f"{case}.pem", **options) for case, options in cases.items()}
        try:
            yield fleets
        finally:
            for fleet in fleets.values():
                fleet.close()
