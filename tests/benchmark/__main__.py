# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the benchmark from a shell.

    make bench BENCH="--zones 20 --rounds 1"

It fails if a job has a wrong result or a wrong number of requests, but not if it is slow.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ansible_runs import ROOT

from .comparing import compare
from .measuring import BenchmarkFailed
from .picture import draw
from .report import write_page

_PAGE, _PICTURE = "benchmark.md", "benchmark.svg"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write the page and the picture."""
    parser = argparse.ArgumentParser(prog="benchmark", description="Compare ways to keep the order of many zones.")
    parser.add_argument("--zones", type=int, default=200, help="how many zones each way has to do (200)")
    parser.add_argument("--rounds", type=int, default=3, help="how many times (3)")
    output = f"directory for {_PAGE} and {_PICTURE}: docs, if zones and rounds are not fewer than by default, else none"
    parser.add_argument("--output", type=Path, help=output)
    options = parser.parse_args(arguments)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    try:
        results = compare(options.zones, options.rounds, say)
    except BenchmarkFailed as error:
        print(f"The benchmark failed: {error}", file=sys.stderr)
        return 1
    page = write_page(results, _PICTURE)
    print(page)
    is_full = options.zones >= 200 and options.rounds >= 3
    directory: Path | None = options.output or (ROOT / "docs" if is_full else None)
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / _PAGE).write_text(page, encoding="utf-8")
        (directory / _PICTURE).write_text(draw(results), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
