# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reference pages and the README's pictures are current, and the docs site builds without warnings."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_runs import ROOT

from integration.audit.browser import opened, started

SITE = ROOT / ".cache" / "docs-site" / "html"
# What people look for that is called otherwise by Ansible or Cloudflare, as the search of the site stems it.
SEARCHED = {"rollback", "undo", "slack", "found", "renew", "drift", "awx"}


def check(script: str) -> None:
    command = [sys.executable, str(ROOT / "docs" / script), "--check"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.timeout(600)  # the first time, it installs the tools
def test_reference_is_current_and_the_site_builds_without_warnings() -> None:
    check("build.py")

    index = (SITE / "searchindex.js").read_text(encoding="utf-8")
    terms = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["terms"]
    assert SEARCHED - terms.keys() == set()
    pages = {path: path.read_text(encoding="utf-8") for path in SITE.rglob("*.html")}
    pictures = list((ROOT / "docs" / "pictures").glob("*.svg"))
    assert sum(text.count('<figure class="picture">') for text in pages.values()) == len(pictures)
    assert [path for path, text in pages.items() if "Sample:" in text and ">[{" in text] == []


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_no_page_is_wider_than_a_phone() -> None:
    check("build.py")

    with started() as browser:
        for page in (SITE / "index.html", *SITE.glob("*_*.html"), *SITE.glob("docsite/*.html")):
            with opened(browser, page, width=390) as seen:
                assert (seen.messages, seen.page_width() <= 390) == ([], True), page
                # nor is a table of options, which would have to be scrolled sideways
                assert [element for element in seen.wide() if "ansible-option" in element] == [], page


def test_the_picture_of_the_readme_is_current() -> None:
    check("draw.py")
