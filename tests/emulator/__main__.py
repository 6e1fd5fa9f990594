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
from collections.abc import Sequence

from .behaviour import ALL_SWITCHES, Behaviour
from .edge import Edge
from .generator import generate
from .running import Emulator


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    switches = "; ".join(f"{name}: {', '.join(map(str, values))}" for name, values in ALL_SWITCHES.items())
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__.partition("\n")[0])
    parser.add_argument("--zones", type=int, default=0, help="number of zones to generate instead of example.com")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 (the default): any free port")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS, with a generated CA")
    parser.add_argument("--edge", action="store_true", help="also serve the zones' certificates over TLS")
    parser.add_argument("--announce", type=pathlib.Path, help="also write the line of JSON to this file")
    parser.add_argument(
        "--behaviour", nargs="+", default=[], metavar="SWITCH=VALUE", help=f"the first is the default: {switches}"
    )
    return parser.parse_args(arguments)


def _announcement(emulator: Emulator, edge: Edge | None, tls: bool) -> str:
    announcement: dict[str, t.Any] = {
        "url": emulator.url,
        "token": emulator.token,
        "zones": {name: zone.id for name, zone in emulator.zones.items()},
    }
    if tls:
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
    with contextlib.ExitStack() as stack:
        emulator = stack.enter_context(
            Emulator(
                zones=generate(options.zones) or None,
                behaviour=Behaviour.from_pairs(options.behaviour),
                tls=options.tls,
                port=options.port,
            )
        )
        edge = stack.enter_context(Edge(emulator)) if options.edge else None
        line = _announcement(emulator, edge, options.tls)
        if options.announce:
            # Written atomically, so that no reader gets an incomplete line.
            draft = options.announce.with_name(f"{options.announce.name}.part")
            draft.write_text(f"{line}\n", encoding="utf-8")
            draft.replace(options.announce)
        print(line, flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
