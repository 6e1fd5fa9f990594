# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the results as a Markdown page, docs/benchmark.md."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterable, Mapping, Sequence

from .comparing import CASES, FAR, FAR_GROWTH, GROWTH, IN_ORDER, KEPT, PLAIN, Results, Run, median
from .imports import OTHER, OWN, Times
from .jobs import CERTIFICATES, DEBUG, FORKS, IN_PROCESS, INVENTORY, JOBS, KEEP, LOOK, MANY, PACED, Job
from .judging import JUDGED_ZONES, judge
from .selecting import ENTRIES, Selected

_MOST_IMPORTS = 6
_HEADS = ("seconds", "CPU seconds", "requests per zone")

# In two parts, because the license check would treat the line as the license of this file.
_HEADER = (
    """\
<!--
Copyright (c) 2026, zonefleet.cloudflare contributors
GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-"""
    """Identifier: GPL-3.0-or-later

Written by `make bench`.
-->
"""
)


# For two names, with two kinds of clients. A name without a certificate for one of them needs one more.
_HANDSHAKES = 6


def write_page(results: Results, picture: str | None = None) -> str:
    """Return the page.

    :param picture: The name of the picture in the same directory, if there is one.
    """
    parts = [
        _HEADER,
        "# What a fleet costs",
        _introduction(results),
        f"![Seconds for each way to do the job]({picture})" if picture else "",
        _times(results),
        _far(results),
        _ratios(results),
        _looks(results),
        _kept(results),
        _inventories(results),
        _paced(results),
        _emulator(results.runs),
        _imports(results.profile),
        _selectors(results.selected),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _introduction(results: Results) -> str:
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("ansible-core", "requests", "cloudflare")
    )
    return f"""\
Every zone is a host, as with the `zones` inventory. Each way does the same job: put DigiCert's certificate
before GlobalSign's, and both above all others that share a hostname with them. It is done for {results.zones} zones that are in order, and for
{results.zones} zones that must be changed, with {FORKS} forks, without a rate limit, over TLS with a CA bundle of the usual size, against the
emulator on the same machine. The ways take turns. Each figure is the median of {results.rounds} round{"s" * (results.rounds > 1)}. The ways that start
a process for each zone ran only once. After each run, the requests were counted and every zone was checked: all ways result in the same order.

The floors send no requests to the API: `debug` is the time that Ansible takes for this number of hosts, `ping` the time to
start a module for each. The `uri` tasks and the module that uses the SDK only write if the order is wrong, but do not read
further pages, wait when the rate limit is exceeded, verify the change or show a diff.

Measured with Python {platform.python_version()}, {versions} (the SDK) on {os.cpu_count()} cores, {platform.system()}.
`make bench` repeats the measurements; `make bench BENCH="--help"` lists the options."""


def _times(results: Results) -> str:
    zones, more = results.zones, results.zones * GROWTH
    rows = [_time_row(results, job, job.title, zones) for job in JOBS.values()]
    rows += [_time_row(results, job, f"{job.title}, {more} zones", more) for job in (IN_PROCESS, MANY)]
    heads = ["", *(f"{case}: {what}" for case in CASES for what in _HEADS), "memory, MiB"]
    note = (
        "Seconds are medians, with the fastest and the slowest round. Memory is the peak of all processes of a run "
        "together, in separate runs with at most 50 zones; shared pages count once."
    )
    return f"## Times\n\n{_table(heads, filter(None, rows))}\n\n{note}"


def _time_row(results: Results, job: Job, title: str, zones: int) -> list[str]:
    """Return an empty row for a job that was not run."""
    cells = [cell for case in CASES for cell in _cells(results.of(job, case, zones))]
    memory = results.memory.get(job.key) if zones == results.zones else None
    return [title, *cells, f"{memory:.0f}" if memory else "-"] if cells else []


def _far(results: Results) -> str:
    """Return the section about the times over a network, and the cost of TLS."""
    sizes = [(DEBUG, FAR_GROWTH[0]), *((MANY, growth) for growth in FAR_GROWTH)]
    found = [results.of(job, FAR, results.zones * growth) for job, growth in sizes]
    if not all(found):
        return ""
    rows = [[f"{runs[0].step.job.title}, {runs[0].step.zones} zones", *_cells(runs)] for runs in found]
    text = f"## 150 ms away\n\nEach response takes 150 ms. `zones` processes 50 zones at a time.\n\n{_table(['', *_HEADS], rows)}"
    plain = results.of(IN_PROCESS, PLAIN)
    if plain:
        text += f"""\n
Without TLS, this collection with one host per zone takes {_wall(plain):.1f} s and
{_processor(plain):.1f} CPU seconds for {results.zones} zones in order."""
    return text


def _cells(runs: Sequence[Run]) -> list[str]:
    """Return no cells if there is no run."""
    if not runs:
        return []
    walls = [run.cost.wall for run in runs]
    spread = f" ({min(walls):.1f} to {max(walls):.1f})" if len(walls) > 1 else ""
    requests = f"{median(runs, lambda run: run.requests):g}" if runs[0].step.job.requests else "-"
    return [f"{_wall(runs):.1f}{spread}", f"{_processor(runs):.1f}", requests]


def _wall(runs: Sequence[Run]) -> float:
    return median(runs, lambda run: run.cost.wall)


def _processor(runs: Sequence[Run]) -> float:
    return median(runs, lambda run: run.cost.processor)


def _ratios(results: Results) -> str:
    rows = [
        [
            verdict.what,
            f"{verdict.value:.3g}{verdict.unit}",
            f"{verdict.processor:.3g}" if verdict.processor else "-",
            f"{'at least' if verdict.at_least else 'at most'} {verdict.target:g}{verdict.unit}",
            "yes" if verdict.reached else "**no**",
        ]
        for verdict in judge(results)
    ]
    few = f"\n\nThe targets are for {JUDGED_ZONES} zones or more." if results.zones < JUDGED_ZONES else ""
    table = _table(["", "measured", "in CPU time", "target", "reached"], rows)
    return f"## Ratios\n\nMedians of the ratios of each round.\n\n{table}{few}" if rows else ""


def _looks(results: Results) -> str:
    runs, floor = results.of(LOOK, IN_ORDER), results.of(DEBUG, IN_ORDER)
    if not runs or not floor:
        return ""
    return f"""\
## What visitors get

To check two names of each of {results.zones} zones in order, as an ECDSA and as an RSA client, one task per zone in process takes
{_wall(runs):.1f} s and {_processor(runs):.1f} CPU seconds; `debug` takes {_wall(floor):.1f} s and {_processor(floor):.1f}. \
Each zone takes one request and {_HANDSHAKES} handshakes
with the emulator's edge, on the same machine."""


def _kept(results: Results) -> str:
    floor, order, keep = results.of(DEBUG, IN_ORDER), results.of(IN_PROCESS, KEPT), results.of(KEEP, KEPT)
    if not floor or not order or not keep:
        return ""
    rows = [[title, *_cells(runs)] for title, runs in (("debug", floor), ("order", order), ("certificate", keep))]
    return f"""\
## Certificates that are kept current

`custom_certificate` for {results.zones} zones that have the certificate already, with its chain and its key (RSA) in a file, compared with
`custom_certificate_priority` for the same zones in order. Each zone is a host, and the tasks run in process.

{_table(["", *_HEADS], rows)}"""


def _inventories(results: Results) -> str:
    zones = results.zones * GROWTH
    found = [results.of(job, IN_ORDER, zones) for job in (INVENTORY, CERTIFICATES)]
    if not all(found):
        return ""
    rows = [[f"{runs[0].step.job.title}, {zones} zones", *_cells(runs)[:2], str(runs[0].tally.reads)] for runs in found]
    return f"""\
## Inventory

A play without tasks, which only reads the inventory. With `certificates: true`, it takes one more request for each zone.

{_table(["", *_HEADS[:2], "requests"], rows)}"""


def _paced(results: Results) -> str:
    runs = [run for run in results.runs if run.step.job == PACED]
    if not runs:
        return ""
    zones = runs[0].step.zones
    return f"""\
## With the rate limit

The figures above are without `rate_limit`. With its default, {zones} zones to change take {_wall(runs):.1f} s: {zones * 2} requests fit into
the window of 1000 in 300 s, so nothing waits. The difference is the cost of the shared count, and the variation between rounds.
The emulator enforced Cloudflare's own limit in these runs and refused no request. With more requests, only the limit matters:
1000 zones to change need 2000 requests, and the second half of them is sent 300 s later."""


def _emulator(runs: Sequence[Run]) -> str:
    asked = [run for run in runs if run.step.job.requests]
    if not asked:
        return ""
    busiest = max(asked, key=lambda run: run.tally.processor / run.cost.wall)
    each = sum(run.tally.processor for run in asked) / sum(run.tally.requests for run in asked)
    share = busiest.tally.processor / busiest.cost.wall
    return f"""\
## The emulator's share

The emulator took {each * 1000:.2f} ms of CPU time per request. In its busiest run, it took {busiest.tally.processor:.2f} s of
{busiest.cost.wall:.1f} s, {share:.0%} of one core, so the runs did not wait for it. Its time is not part of the CPU seconds above."""


def _imports(profile: Mapping[str, Times]) -> str:
    if not profile:
        return ""
    rows = [[payer, str(len(times)), f"{sum(times.values()):.1f}"] for payer, times in profile.items()]
    return f"""\
## Imports of a module process

Measured with `python -X importtime` for the module as Ansible starts it. This makes everything a little slower.

{_table(["imported", "modules", "ms"], rows)}

The collection's slowest files: {_most_expensive(profile[OWN])}. Modules that only the collection imports: {_most_expensive(profile[OTHER]) or "nothing"}."""


def _most_expensive(times: Times) -> str:
    names = sorted(times, key=lambda name: -times[name])[:_MOST_IMPORTS]
    return ", ".join(f"`{name.rpartition('.')[2]}` {times[name]:.1f} ms" for name in names)


def _selectors(selected: Sequence[Selected]) -> str:
    if not selected:
        return ""
    rows = [[str(item.certificates), str(item.listed), f"{item.seconds * 1000:.0f}"] for item in selected]
    return f"""\
## Selectors in large zones

{ENTRIES} entries of every kind (ids, exact hosts, hosts that a wildcard covers, patterns) for one zone whose order is completely wrong:

{_table(["certificates", "of which listed", "read, resolved and planned, ms"], rows)}"""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [heads, rule, *rows])
