# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the results down as a page of Markdown."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Callable, Iterable, Sequence

from .comparing import CASES, FAR, FAR_GROWTH, GROWTH, PLAIN, Results, Run, median
from .imports import Imported, Profile, total_of
from .jobs import DEBUG, FORKS, IN_PROCESS, JOBS, LOOK, MANY, MODULE, ONE_READ, PING, Job
from .judging import JUDGED_ZONES, judge, ratio
from .selecting import ENTRIES, Selected

_MOST_IMPORTS = 6
_FAR_HEADS = ["", "seconds", "CPU seconds", "requests per zone"]

# In two parts: the licence check would take the line for this file's own.
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


# Of two names, as two kinds of clients, and one more where the zone has no certificate for one of them.
_HANDSHAKES = 6


def write_page(results: Results, picture: str | None = None) -> str:
    """Return the page.

    :param picture: The name of the picture beside it, if there is one.
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
        _paced(results),
        _emulator(results.runs),
        _imports(results.profile) if results.profile else "",
        _selectors(results.selected),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _introduction(results: Results) -> str:
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("ansible-core", "requests", "cloudflare")
    )
    return f"""\
Every zone is a host, as with the `zones` inventory. The same job is done in each way: have DigiCert's certificate
before GlobalSign's, above all others that share a name with them. It is done for {results.zones} zones that are in order, and for
{results.zones} that all have to be changed, with {FORKS} forks, without a rate limit, over TLS with a usual bundle of CAs, against the
emulator on the same machine. The ways take turns; each figure is the median of {results.rounds} round{"s" * (results.rounds > 1)}, for the ways that start
a process for each zone of one. After each run the requests were counted and every zone was looked at: all ways end with the same order.

The floors ask nothing of the API: `debug` is what Ansible takes to go through so many hosts, `ping` what it takes to
start a module for each. The `uri` tasks and the module on the SDK are written with care (they compare before they
write), but do not page, wait for a throttle, verify or show a diff.

Measured with Python {platform.python_version()}, {versions} (the SDK) on {os.cpu_count()} cores, {platform.system()}.
`make bench` measures again; `make bench BENCH="--help"` tells what can be asked for."""


def _times(results: Results) -> str:
    rows = [_time_row(results, job) for job in JOBS.values() if results.of(job, CASES[1])]
    many = [
        _growth_row(results, job) for job in (IN_PROCESS, MANY) if results.of(job, CASES[1], results.zones * GROWTH)
    ]
    heads = ["", *(f"{case}: {what}" for case in CASES for what in ("seconds", "CPU seconds", "requests per zone"))]
    note = (
        "Seconds are medians, with the fastest and the slowest round. Memory is the most that all processes of a run "
        "held at one moment, in runs of their own over at most 50 zones; shared pages count once."
    )
    return f"## Times\n\n{_table([*heads, 'memory, MiB'], [*rows, *many])}\n\n{note}"


def _time_row(results: Results, job: Job) -> list[str]:
    cells = [cell for case in CASES for cell in _cells(results.of(job, case), job)]
    memory = results.memory.get(job.key)
    return [job.title, *cells, f"{memory:.0f}" if memory else "-"]


def _growth_row(results: Results, job: Job) -> list[str]:
    many = results.zones * GROWTH
    cells = [cell for case in CASES for cell in _cells(results.of(job, case, many), job)]
    return [f"{job.title}, {many} zones", *cells, "-"]


def _far(results: Results) -> str:
    """Show what users see, whose requests go to the other side of a network, and what TLS costs."""
    sizes = [(DEBUG, FAR_GROWTH[0]), *((MANY, growth) for growth in FAR_GROWTH)]
    found = [(job, results.of(job, FAR, results.zones * growth)) for job, growth in sizes]
    if not all(runs for _job, runs in found):
        return ""
    rows = [[f"{job.title}, {runs[0].zones} zones", *_cells(runs, job)] for job, runs in found]
    text = f"## 150 ms away\n\nEach answer takes 150 ms. `zones` works on 50 zones at a time.\n\n{_table(_FAR_HEADS, rows)}"
    plain = results.of(IN_PROCESS, PLAIN)
    if plain:
        text += f"""\n
Without TLS, this collection with a host a zone takes {_wall(plain):.1f} s and
{median(plain, lambda run: run.cost.processor):.1f} CPU seconds for {plain[0].zones} zones in order."""
    return text


def _cells(runs: Sequence[Run], job: Job) -> list[str]:
    walls = [run.cost.wall for run in runs]
    spread = f" ({min(walls):.1f} to {max(walls):.1f})" if len(walls) > 1 else ""
    return [
        f"{median(runs, lambda run: run.cost.wall):.1f}{spread}",
        f"{median(runs, lambda run: run.cost.processor):.1f}",
        f"{median(runs, lambda run: run.requests):g}" if job.requests else "-",
    ]


def _ratios(results: Results) -> str:
    verdicts = judge(results)
    if not verdicts:
        return ""
    rows = [
        [
            verdict.what,
            f"{verdict.value:.3g}{verdict.unit}",
            f"{verdict.processor:.3g}" if verdict.processor else "-",
            f"{'at least' if verdict.at_least else 'at most'} {verdict.target:g}{verdict.unit}",
            "yes" if verdict.reached else "**no**",
        ]
        for verdict in verdicts
    ]
    few = f"\n\nThe targets are for {JUDGED_ZONES} zones or more." if results.zones < JUDGED_ZONES else ""
    table = _table(["", "measured", "in CPU time", "target", "reached"], rows)
    return f"## Ratios\n\nMedians of the rounds' own ratios.\n\n{table}{few}{_floor_of_requests(results)}"


def _floor_of_requests(results: Results) -> str:
    """Say how near to `ping` a module on requests can come at all."""
    floor = ratio(results, CASES[0], ONE_READ, PING)
    own = ratio(results, CASES[0], MODULE, ONE_READ)
    if floor is None or own is None:
        return ""
    return f"""\n
As a module, a zone costs a process. Python compiles every file in each of them, because Ansible sends a module as a zip file:
use a local connection, or `zones`. A module that imports `requests`, makes one GET and does nothing else takes
{floor[0]:.2f} times as long as `ping` ({floor[1]:.2f} in CPU time), and this collection as a module {own[0]:.2f} times as long as that one
({own[1]:.2f} in CPU time)."""


def _looks(results: Results) -> str:
    runs, floor = results.of(LOOK, CASES[0]), results.of(DEBUG, CASES[0])
    if not runs or not floor:
        return ""
    return f"""\
## What visitors get

To look at two names of each of {runs[0].zones} zones in order, as an ECDSA and as an RSA client, a task a zone in process takes
{_wall(runs):.1f} s and {median(runs, lambda run: run.cost.processor):.1f} CPU seconds; `debug` takes {_wall(floor):.1f} s and \
{median(floor, lambda run: run.cost.processor):.1f}. Each zone takes one request and {_HANDSHAKES} handshakes
with the emulator's edge, on the same machine."""


def _paced(results: Results) -> str:
    if not results.paced:
        return ""
    zones = results.paced[0].zones
    return f"""\
## With the rate limit

The figures above are without `rate_limit`. With its default, {zones} zones to change take {_wall(results.paced):.1f} s: {zones * 2} requests fit into
the window of 1000 in 300 s, so nothing waits: this is what counting together costs, and how much rounds differ. The emulator
enforced Cloudflare's own limit in these runs and refused none. Where more requests are due than fit, the limit alone
decides: 1000 zones to change are 2000 requests, and the second half of them goes out 300 s later."""


def _wall(runs: Sequence[Run]) -> float:
    return median(runs, lambda run: run.cost.wall)


def _emulator(runs: Sequence[Run]) -> str:
    asked = [run for run in runs if JOBS.get(run.job, IN_PROCESS).requests]
    if not asked:
        return ""
    busiest = max(asked, key=lambda run: run.emulator / run.cost.wall)
    each = sum(run.emulator for run in asked) / sum(run.tally.reads + run.tally.writes for run in asked)
    share = busiest.emulator / busiest.cost.wall
    return f"""\
## The emulator's share

The emulator took {each * 1000:.2f} ms of CPU time for a request. In the run in which it was busiest it took {busiest.emulator:.2f} s of
{busiest.cost.wall:.1f} s, {share:.0%} of one core: it is not what the runs waited for. Its time is not part of the CPU seconds above."""


def _imports(profile: Profile) -> str:
    rows: list[tuple[str, float]] = [
        ("Python's and Ansible's own, as for `ping`", profile.floor),
        ("`requests`, `urllib3`, `idna` and the like", profile.requests),
        ("what these import of the standard library", profile.requests_library),
        (f"this collection's {len(profile.own)} files, compiled in each process", total_of(profile.own)),
        ("what only this collection imports", total_of(profile.other)),
        ("total", profile.total),
    ]
    table = _table(["imported", "ms"], [[what, f"{milliseconds:.1f}"] for what, milliseconds in rows])
    return f"""\
## Imports of a module process

As `python -X importtime` tells for the module as Ansible starts it, which makes everything a little slower.

{table}

The collection's most expensive files: {_top(profile.own)}. What only it imports: {_top(profile.other) or "nothing"}."""


def _top(items: Sequence[Imported]) -> str:
    shown = [f"`{item.name.rpartition('.')[2]}` {item.milliseconds:.1f} ms" for item in items[:_MOST_IMPORTS]]
    return ", ".join(shown)


def _selectors(selected: Sequence[Selected]) -> str:
    if not selected:
        return ""
    parts: tuple[Callable[[Selected], float], ...] = (
        lambda found: found.read,
        lambda found: found.resolve,
        lambda found: found.plan,
        lambda found: found.total,
    )
    rows = [
        [str(found.certificates), str(found.listed), *(f"{part(found) * 1000:.0f}" for part in parts)]
        for found in selected
    ]
    heads = ["certificates", "of which listed", "read, ms", "resolve, ms", "plan, ms", "all, ms"]
    return f"""\
## Selectors in big zones

{ENTRIES} entries of every kind (ids, hosts exact and under a wildcard, patterns) against one zone whose order is all wrong:

{_table(heads, rows)}"""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [list(heads), rule, *map(list, rows)])
