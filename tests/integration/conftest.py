# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the integration tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.fixture import emulator, pytest_configure, start_emulator
from integration.playbooks.playing import Player


@pytest.fixture
def play(tmp_path: Path) -> Player:
    """Runs playbooks; see `Player`."""
    return Player(tmp_path / "plays")


__all__ = ("emulator", "play", "pytest_configure", "start_emulator")
