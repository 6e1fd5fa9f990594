# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the results as a Markdown page, docs/benchmark.md."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Iterable, Sequence

from .comparing import CASES, FAR, FAR_GROWTH, GROWTH, IN_ORDER, KEPT, PLAIN, Results, Run
from .imports import OTHER, OWN, Times
from .jobs import CERTIFICATES, DEBUG, IN_PROCESS, INVENTORY, JOBS, KEEP, LOOK, MANY, PACED, Job
from .judging import HEADS, JUDGED_ZONES, judge
from .measuring import FORKS
from .selecting import ENTRIES

_MOST_IMPORTS = 6
_HEADS = ("seconds", "CPU seconds", "requests per zone")
# Apart from its value: the license check would treat the line as the license of this file.
_SPDX = "SPDX-License-Identifier"


def write_page(results: Results, picture: str) -> str:
    """Return the page, with the name of the picture in the same directory."""
    zones, tables = results.zones, _tables(results)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("ansible-core", "requests"))
    floor, look, plain = results.of(DEBUG, IN_ORDER), results.of(LOOK, IN_ORDER), results.of(IN_PROCESS, PLAIN)
    paced = [run for run in results.runs if run.step.job == PACED]
    limited = paced[0].step.zones
    asked = [run for run in results.runs if run.step.job.asks]
    each = sum(run.emulator for run in asked) / sum(run.requests for run in asked)
    busiest = max(asked, key=lambda run: run.emulator / run.wall)
    return f"""\
<!--
Copyright (c) 2026, zonefleet.cloudflare contributors
GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
{_SPDX}: GPL-3.0-or-later

Written by `make bench`.
-->

# What a fleet costs

Every zone is a host, as with the `zones` inventory. Each way does the same job: put DigiCert's certificate
before GlobalSign's, and both above all others that share a hostname with them. It is done for {zones} zones
that are in order, and for {zones} zones that must be changed, with {FORKS} forks, without a rate limit, over TLS with
a CA bundle of the usual size, against the emulator on the same machine. The ways take turns. Each figure is the
median of {results.rounds} round{"s" * (results.rounds > 1)}. The `uri` tasks start a process for each zone and ran only once.
After each run, the requests were counted and every zone was checked: all ways result in the same order.

The floors send no requests to the API: they show the time that Ansible takes for this number of hosts. The `uri`
tasks only write if the order is wrong, but do not read further pages, wait when the rate limit is exceeded, verify
the change or show a diff.

Measured with Python {platform.python_version()}, {versions} on {os.cpu_count()} cores, {platform.system()}.
`make bench` repeats the measurements; `make bench BENCH="--help"` lists the options.

![Seconds for each way to do the job]({picture})

## Times

{tables["times"]}

Seconds are medians, with the fastest and the slowest round. Memory is the peak of all processes of a run together,
in separate runs with at most 50 zones; shared pages count once.

## 150 ms away

Each response takes 150 ms. `zones` processes 50 zones at a time.

{tables["far"]}

Without TLS, this collection with one host per zone takes {_wall(plain):.1f} s and
{_processor(plain):.1f} CPU seconds for {zones} zones in order.

## Ratios

Medians of the ratios of each round.

{tables["ratios"]}

## What visitors get

To check two names of each of {zones} zones in order, as an ECDSA and as an RSA client, one task per zone in process
takes {_wall(look):.1f} s and {_processor(look):.1f} CPU seconds; `debug` takes {_wall(floor):.1f} s and
{_processor(floor):.1f}. Each zone takes one request and 6 handshakes with the emulator's edge, on the same machine.

## Certificates that are kept current

`custom_certificate` for {zones} zones that have the certificate already, with its chain and its key (RSA) in a
file, compared with `custom_certificate_priority` for the same zones in order. Each zone is a host, and the tasks
run in process.

{tables["kept"]}

## Inventory

A play without tasks, which only reads the inventory. With `certificates: true`, it takes one more request for each
zone.

{tables["inventories"]}

## With the rate limit

The figures above are without `rate_limit`. With its default, {limited} zones to change take {_wall(paced):.1f} s:
{limited * 2} requests fit into the window of 1000 in 300 s, so nothing waits. The difference is the cost of the
shared count, and the variation between rounds. The emulator enforced Cloudflare's own limit in these runs and refused
no request. With more requests, only the limit matters: 1000 zones to change need 2000 requests, and the second half
of them is sent 300 s later.

## The emulator's share

The emulator took {each * 1000:.2f} ms of CPU time per request. In its busiest run, it took {busiest.emulator:.2f} s
of {busiest.wall:.1f} s, {busiest.emulator / busiest.wall:.0%} of one core, so the runs did not wait for it.
Its time is not part of the CPU seconds above.

## Imports of a module process

Measured with `python -X importtime` for the module as Ansible starts it. This makes everything a little slower.

{tables["imports"]}

The collection's slowest files: {_slowest(results.profile[OWN])}.
Modules that only the collection imports: {_slowest(results.profile[OTHER])}.

## Selectors in large zones

{ENTRIES} entries of every kind (ids, exact hosts, hosts that a wildcard covers, patterns) for one zone whose order is
completely wrong:

{tables["selectors"]}
"""


def _tables(results: Results) -> dict[str, str]:
    zones, more = results.zones, results.zones * GROWTH
    times = [_times(results, job, job.title, zones) for job in JOBS]
    times += [_times(results, job, f"{job.title}, {more} zones", more) for job in (IN_PROCESS, MANY)]
    far = [(DEBUG, zones * FAR_GROWTH[0]), *((MANY, zones * growth) for growth in FAR_GROWTH)]
    few = f"\n\nThe targets are for {JUDGED_ZONES} zones or more." if zones < JUDGED_ZONES else ""
    kept = {
        "debug": results.of(DEBUG, IN_ORDER),
        "order": results.of(IN_PROCESS, KEPT),
        "certificate": results.of(KEEP, KEPT),
    }
    listed = [(job.title, results.of(job, IN_ORDER, more)) for job in (INVENTORY, CERTIFICATES)]
    return {
        "times": _table(["", *(f"{case}: {head}" for case in CASES for head in _HEADS), "memory, MiB"], times),
        "far": _table(
            ["", *_HEADS], [[f"{job.title}, {size} zones", *_cells(results.of(job, FAR, size))] for job, size in far]
        ),
        "ratios": _table(HEADS, judge(results)) + few,
        "kept": _table(["", *_HEADS], [[title, *_cells(runs)] for title, runs in kept.items()]),
        "inventories": _table(
            ["", *_HEADS[:2], "requests"],
            [[f"{title}, {more} zones", *_cells(runs)[:2], str(runs[0].requests)] for title, runs in listed],
        ),
        "imports": _table(
            ["imported", "modules", "ms"],
            [[payer, str(len(each)), f"{sum(each.values()):.1f}"] for payer, each in results.profile.items()],
        ),
        "selectors": _table(
            ["certificates", "of which listed", "read, resolved and planned, ms"],
            [[str(one.certificates), str(one.listed), f"{one.seconds * 1000:.0f}"] for one in results.selected],
        ),
    }


def _times(results: Results, job: Job, title: str, zones: int) -> list[str]:
    cells = [cell for case in CASES for cell in _cells(results.of(job, case, zones))]
    memory = results.memory[job] if zones == results.zones else 0
    return [title, *cells, f"{memory:.0f}" if memory else "-"]


def _cells(runs: Sequence[Run]) -> list[str]:
    walls = [run.wall for run in runs]
    spread = f" ({min(walls):.1f} to {max(walls):.1f})" if len(walls) > 1 else ""
    requests = f"{runs[0].requests / runs[0].step.zones:g}" if runs[0].step.job.asks else "-"
    return [f"{_wall(runs):.1f}{spread}", f"{_processor(runs):.1f}", requests]


def _wall(runs: Iterable[Run]) -> float:
    return statistics.median(run.wall for run in runs)


def _processor(runs: Iterable[Run]) -> float:
    return statistics.median(run.processor for run in runs)


def _slowest(times: Times) -> str:
    names = sorted(times, key=lambda name: -times[name])[:_MOST_IMPORTS]
    return ", ".join(f"`{name.rpartition('.')[2]}` {times[name]:.1f} ms" for name in names)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [heads, rule, *rows])
