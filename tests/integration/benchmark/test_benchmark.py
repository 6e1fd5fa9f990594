# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs of the benchmark give the same result with the expected number of requests. Times are not tested."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from benchmark.comparing import CASES, GROWTH, IN_ORDER, KEPT, LIMITED, Results, comparison
from benchmark.imports import OTHER, OWN, REQUESTS
from benchmark.jobs import CERTIFICATES, COMPARED, IN_PROCESS, INVENTORY, JOBS, KEEP, LOOK, PACED
from benchmark.picture import draw
from benchmark.report import write_page

ZONES = 3
PROFILED = 2

# All runs are made for the first of the tests.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def results() -> Results:
    """One run of every job in every case; a job that ends with another order than the others fails here."""
    with comparison(ZONES, list(JOBS.values()), lambda text: None) as compared:
        return Results(ZONES, 1, compared.round(), profile=compared.profile(PROFILED))


@pytest.mark.parametrize("case", CASES)
def test_jobs_make_the_requests_that_they_should(results: Results, case: str) -> None:
    is_change = case == "to change"
    found = {job.key: [(run.tally.reads, run.tally.writes) for run in results.of(job, case)] for job in COMPARED}
    # The pager of the SDK asks for pages until one is empty.
    reads = {job.key: 2 * ZONES if job.key == "sdk" else ZONES for job in COMPARED}
    assert found == {key: [(count, ZONES if is_change else 0)] for key, count in reads.items()}


def test_the_default_rate_limit_costs_no_request(results: Results) -> None:
    assert [(run.requests, run.tally.refused) for run in results.of(PACED, LIMITED)] == [(2, 0)]


def test_names_are_looked_at_with_one_request_for_a_zone(results: Results) -> None:
    assert [(run.tally.reads, run.tally.writes) for run in results.of(LOOK, IN_ORDER)] == [(ZONES, 0)]
    assert "## What visitors get" in write_page(results)


def test_a_certificate_that_is_there_takes_one_request_as_an_order_does(results: Results) -> None:
    found = [run for job in (IN_PROCESS, KEEP) for run in results.of(job, KEPT)]
    assert [(run.tally.reads, run.tally.writes) for run in found] == [(ZONES, 0)] * 2
    assert "## Certificates that are kept current" in write_page(results)


def test_the_inventory_takes_one_request_for_the_certificates_of_a_zone(results: Results) -> None:
    zones = ZONES * GROWTH
    reads = [[run.tally.reads for run in results.of(job, IN_ORDER, zones)] for job in (INVENTORY, CERTIFICATES)]
    assert reads == [[1], [1 + zones]]
    assert "## Inventory" in write_page(results)


def test_the_module_imports_requests_once_and_little_that_nobody_else_needs(results: Results) -> None:
    assert "requests" in results.profile[REQUESTS]
    own = {name.rpartition(".")[2] for name in results.profile[OWN]}
    assert {"_set_order", "_transport"} <= own
    assert not {"_info"} & own
    heavy = {"asyncio", "concurrent.futures", "multiprocessing", "unittest", "xml", "sqlite3", "pydoc", "inspect"}
    assert not heavy & set(results.profile[OTHER])


def test_page_and_picture_show_every_job(results: Results) -> None:
    page = write_page(results, "benchmark.svg")
    svg = ET.fromstring(draw(results))
    texts = [text.text or "" for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    for job in JOBS.values():
        assert f"| {job.title} |" in page
        assert texts.count(job.title) == len(CASES)
