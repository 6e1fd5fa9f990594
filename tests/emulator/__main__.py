# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the emulator from a shell.

    PYTHONPATH=tests python -m emulator --zones 50

Prints one line of JSON when it is ready, and runs until SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import signal
import sys
import threading
import types
import typing as t
from collections.abc import Iterable, Mapping, Sequence

from .behaviour import ALL_SWITCHES, Behaviour
from .edge import Edge
from .edge_choice import EDGE_SWITCHES, EdgeBehaviour
from .generator import generate
from .objects import Token, Zone, demo_zone
from .running import Emulator
from .state import load
from .throttle import Latency, Throttle


def _listed(switches: Mapping[str, Iterable[t.Any]]) -> str:
    return "; ".join(f"{name}: {', '.join(map(str, values))}" for name, values in switches.items())


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__.partition("\n")[0])
    parser.add_argument("--state", type=pathlib.Path, help="YAML or JSON file with zones and tokens")
    parser.add_argument(
        "--zones", type=int, default=0, help="number of zones to generate, in addition to those of the file"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the generator")
    parser.add_argument("--out-of-order", type=int, default=0, help="number of generated zones that are out of order")
    parser.add_argument("--free-every", type=int, default=10, help="make every n-th zone a Free zone; 0: none")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 (the default): any free port")
    parser.add_argument(
        "--behaviour",
        action="extend",
        nargs="+",
        default=[],
        metavar="SWITCH=VALUE",
        help=f"the first is the default: {_listed(ALL_SWITCHES)}",
    )
    parser.add_argument("--throttle", default="1200/300/300", help="REQUESTS/SECONDS/BAN, or off")
    parser.add_argument("--no-validation", action="store_true", help="do not validate requests and responses (faster)")
    parser.add_argument(
        "--tls", nargs="*", metavar="FILE", help="serve HTTPS, with a certificate and its key, or with a generated CA"
    )
    parser.add_argument(
        "--latency",
        default="0/0",
        metavar="MS/MS",
        help="delay before each response / before the first one of a connection",
    )
    parser.add_argument("--edge", action="store_true", help="also serve the zones' certificates over TLS")
    parser.add_argument(
        "--edge-behaviour",
        action="extend",
        nargs="+",
        default=[],
        metavar="SWITCH=VALUE",
        help=f"the first is the default: {_listed(EDGE_SWITCHES)}",
    )
    parser.add_argument("--announce", type=pathlib.Path, help="also write the line of JSON to this file")
    options = parser.parse_args(arguments)
    if options.tls is not None and len(options.tls) not in (0, 2):
        parser.error("--tls takes a certificate and its key, or no file")
    return options


def _throttle(text: str) -> Throttle | None:
    if text == "off":
        return None
    limit, window, ban = text.split("/")
    return Throttle(int(limit), float(window), float(ban))


def _content(options: argparse.Namespace) -> tuple[list[Zone], list[Token]]:
    zones, tokens = load(options.state) if options.state else ([], [])
    zones += generate(options.zones, options.seed, options.out_of_order, options.free_every)
    return zones or [demo_zone()], tokens


def _announcement(emulator: Emulator, edge: Edge | None) -> str:
    zones = {zone.id: zone.name for zone in emulator.zones_by_id.values()}
    announcement: dict[str, t.Any] = {
        "url": emulator.url,
        "control": f"{emulator.origin}/emulator",
        "token": emulator.token,
        "email": emulator.email,
        "key": emulator.key,
        "tokens": {name: token.value for name, token in emulator.tokens.items()},
        "zones": {name: zone_id for zone_id, name in zones.items()},
        "zone_ids": list(zones),
    }
    if emulator.has_own_ca:
        announcement["ca_bundle"] = emulator.ca_bundle
    if edge is not None:
        announcement["edge"] = {"address": edge.address, "port": edge.port}
    return json.dumps(announcement)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    options = _arguments(arguments)
    stop = threading.Event()

    def end(number: int, frame: types.FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    zones, tokens = _content(options)
    emulator = Emulator(
        zones=zones,
        tokens=tokens,
        behaviour=Behaviour.from_pairs(options.behaviour),
        throttle=_throttle(options.throttle),
        validate=not options.no_validation,
        tls=tuple(options.tls) if options.tls else options.tls is not None,
        port=options.port,
        latency=Latency(*map(float, options.latency.split("/"))),
    )
    with contextlib.ExitStack() as stack:
        stack.enter_context(emulator)
        behaviour = EdgeBehaviour.from_pairs(options.edge_behaviour)
        edge = stack.enter_context(Edge(emulator, behaviour=behaviour)) if options.edge else None
        line = _announcement(emulator, edge)
        if options.announce:
            # Written atomically, so that a reader never gets a part of it.
            draft = options.announce.with_name(f"{options.announce.name}.part")
            draft.write_text(f"{line}\n", encoding="utf-8")
            draft.replace(options.announce)
        print(line, flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
