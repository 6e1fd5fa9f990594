# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reference pages and the README's picture are current, and the docs site builds without a warning."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_runs import ROOT


@pytest.mark.timeout(600)  # the first time, it installs the tools
def test_reference_is_current_and_the_site_builds_without_warnings() -> None:
    command = [sys.executable, str(ROOT / "docs" / "build.py"), "--check"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_picture_of_the_readme_is_current() -> None:
    command = [sys.executable, str(ROOT / "docs" / "draw.py"), "--check"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stdout + finished.stderr
