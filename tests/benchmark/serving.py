# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator in a process of its own, which tells how much processor time it has used."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import tempfile
import time
import types
import typing as t
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import certifi

from emulator import Edge, Emulator, Latency, Throttle, generate

# The two authorities of every generated zone, in the order that all jobs are to bring about.
AUTHORITIES = ("DigiCertInc", "GlobalSignnvsa")
REAL = Throttle()

Orders = dict[str, list[str]]


@dataclass(frozen=True)
class Where:
    """How to reach it, the zones that it holds (ids by name), the file with the CAs to trust, and its edge's port."""

    url: str
    token: str
    zones: dict[str, str]
    bundle: str | None
    edge_port: int | None

    @property
    def environment(self) -> dict[str, str]:
        """What makes every client trust it, a bundle as large as usual ones; and where the edge is."""
        trust = {name: self.bundle for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE") if self.bundle}
        return {**trust, **({"ZONEFLEET_EDGE_PORT": str(self.edge_port)} if self.edge_port else {})}


@dataclass(frozen=True)
class Tally:
    """What was asked since the last reset.

    :param least: The fewest requests that any zone got, of those that got one.
    :param refused: How many requests the throttle refused.
    :param processor: Seconds of processor time since the process began.
    """

    reads: int
    writes: int
    least: int
    most: int
    refused: int
    processor: float


class Served:
    """An emulator with so many zones, all of them in order or all of them not. Use it in a C(with).

    :param latency: Milliseconds before every answer.
    :param edge: Serve its certificates as well.
    """

    def __init__(
        self,
        zones: int,
        *,
        in_order: bool,
        throttle: Throttle | None = None,
        tls: bool = True,
        latency: float = 0,
        edge: bool = False,
    ) -> None:
        # A new interpreter: nothing of this process's memory or threads takes part in the measurement.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, zones, in_order, throttle, tls, latency, edge), daemon=True
        )
        self._theirs = theirs

    def __enter__(self) -> Served:
        self._process.start()
        self._theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def where(self) -> Where:
        """Return its address and zones."""
        return t.cast(Where, self._ask("where"))

    def reset(self) -> None:
        """Take back all that was done to it."""
        self._ask("reset")

    def tally(self) -> Tally:
        """Return what was asked since the last reset."""
        return t.cast(Tally, self._ask("tally"))

    def orders(self) -> Orders:
        """Return each zone's certificates as C(authority id), the one with the highest priority first."""
        return t.cast(Orders, self._ask("orders"))

    def _ask(self, question: str) -> object:
        self._pipe.send(question)
        return self._pipe.recv()


def _serve(
    pipe: Connection, zones: int, in_order: bool, throttle: Throttle | None, tls: bool, latency: float, has_edge: bool
) -> None:
    # Ctrl-C is for the parent, which then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    made = generate(zones, out_of_order=0 if in_order else zones, free_every=0)
    with (
        tempfile.TemporaryDirectory() as directory,
        Emulator(zones=made, throttle=throttle, validate=False, tls=tls, latency=Latency(latency)) as emulator,
        Edge(emulator) if has_edge else contextlib.nullcontext() as edge,
    ):
        bundle = _write_bundle(emulator, edge, Path(directory)) if tls else None
        answers: dict[str, t.Callable[[Emulator], object]] = {
            "where": lambda emulator: _where(emulator, bundle, edge),
            "reset": Emulator.reset,
            "tally": _tally,
            "orders": _orders,
        }
        while True:
            try:
                question = pipe.recv()
            except EOFError:
                return
            pipe.send(answers[question](emulator))


def _write_bundle(emulator: Emulator, edge: Edge | None, directory: Path) -> str:
    path = directory / "bundle.pem"
    bundles = [Path(certifi.where()), Path(str(emulator.ca_bundle))]
    if edge is not None:
        bundles.append(edge.ca_bundle(directory / "edge.pem"))
    path.write_bytes(b"".join(bundle.read_bytes() for bundle in bundles))
    return str(path)


def _where(emulator: Emulator, bundle: str | None, edge: Edge | None) -> Where:
    zones = {name: zone.id for name, zone in emulator.zones.items()}
    return Where(emulator.url, emulator.token, zones, bundle, edge.port if edge is not None else None)


def _tally(emulator: Emulator) -> Tally:
    by_zone: dict[str | None, int] = {}
    by_method = {"GET": 0, "PUT": 0}
    for (method, zone_id), count in emulator.counts().items():
        by_method[method] += count
        by_zone[zone_id] = by_zone.get(zone_id, 0) + count
    counts = by_zone.values() or [0]
    return Tally(by_method["GET"], by_method["PUT"], min(counts), max(counts), emulator.refused, time.process_time())


def _orders(emulator: Emulator) -> Orders:
    orders = {}
    for name, zone in emulator.zones.items():
        issuers = {item["id"]: item["issuer"] for item in zone.certificates}
        orders[name] = [f"{issuers[identifier]} {identifier}" for identifier, _priority in emulator.order(name)]
    return orders
