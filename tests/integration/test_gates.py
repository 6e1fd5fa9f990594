# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CI can list the parts of tests/gates.py before any package is installed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ansible_runs import ROOT


@pytest.mark.parametrize("plan", ["check", "test", "test-all"])
def test_parts_are_listed_without_any_package(plan: str) -> None:
    command = [sys.executable, "-S", "-E", str(ROOT / "tests" / "gates.py"), plan, "--list"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert {"codeqa", "typing"} <= set(json.loads(listed))
