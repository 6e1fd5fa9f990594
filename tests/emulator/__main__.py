# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the emulator and its edge from a shell.

    PYTHONPATH=tests python -m emulator --zones 50

Prints one line of JSON when they are ready, and runs until SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import signal
import sys
import threading
import typing as t
from collections.abc import Sequence

from .behaviour import ALL_SWITCHES, Behaviour
from .edge import Edge
from .generator import generate
from .running import Emulator


def switch(text: str) -> tuple[str, t.Any]:
    """Parse SWITCH=VALUE. The help of the command has all switches."""
    name, _equals, value = text.partition("=")
    default = ALL_SWITCHES.get(name, ("",))[0]
    setting = {name: type(default)(value)}
    Behaviour(**setting)  # argparse reports the exception for a name or value that does not exist
    return name, setting[name]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__.partition("\n")[0])
    parser.add_argument("--announce", type=pathlib.Path, help="also write the line of JSON to this file")
    parser.add_argument("--zones", type=int, default=0, help="number of zones to generate instead of example.com")
    parser.add_argument("--tls", action="store_true", help="serve HTTPS, with a certificate of a generated CA")
    values = "; ".join(f"{name}: {', '.join(map(str, values))}" for name, values in ALL_SWITCHES.items())
    parser.add_argument(
        "--behaviour", nargs="+", default=[], type=switch, metavar="SWITCH=VALUE", help=f"default first: {values}"
    )
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    emulator = Emulator(
        zones=generate(options.zones) or None, behaviour=Behaviour(**dict(options.behaviour)), tls=options.tls
    )
    with emulator, Edge(emulator) as edge:
        announcement = {
            "url": emulator.url,
            "token": emulator.token,
            "zones": {name: zone.id for name, zone in emulator.zones.items()},
            "edge": {"address": edge.address, "port": edge.port},
            **({"ca_bundle": emulator.ca_bundle} if options.tls else {}),
        }
        if options.announce:
            # Written atomically, so that no reader gets an incomplete line.
            draft = options.announce.with_name(f"{options.announce.name}.part")
            draft.write_text(f"{json.dumps(announcement)}\n", encoding="utf-8")
            draft.replace(options.announce)
        print(json.dumps(announcement), flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
