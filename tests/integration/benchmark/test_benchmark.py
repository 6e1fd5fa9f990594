# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs of the benchmark give the same result with the expected number of requests. Times are not tested."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmark.comparing import CASES, Results, compare
from benchmark.imports import OTHER, OWN, REQUESTS
from benchmark.jobs import IN_PROCESS, JOBS
from benchmark.picture import draw
from benchmark.report import write_page

# All runs are made for the first of the tests.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def results() -> Results:
    """A run that ends with other requests than due, or with another order than the others, fails here."""
    return compare(2, 1, lambda text: None)


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
    for job in JOBS:
        assert f"| {job.title} |" in page
        assert texts.count(job.title) == len(CASES)
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith(f"| {IN_PROCESS.title} | ")]
    assert [(row[3], row[6]) for row in rows] == [("1", "2")]  # requests for a zone in order, and for one to change
    assert all(results.memory.values()) == Path("/proc/self/smaps_rollup").exists()
