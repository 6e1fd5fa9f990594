# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the emulator and its edge from a shell.

    PYTHONPATH=tests python -m emulator

Prints one line of JSON when they are ready, and runs until SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import signal
import sys
import threading
from collections.abc import Sequence

from .edge import Edge
from .running import Emulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__.partition("\n")[0])
    parser.add_argument("--announce", type=pathlib.Path, help="also write the line of JSON to this file")
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with Emulator() as emulator, Edge(emulator) as edge:
        announcement = {
            "url": emulator.url,
            "token": emulator.token,
            "zones": {name: zone.id for name, zone in emulator.zones.items()},
            "edge": {"address": edge.address, "port": edge.port},
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
