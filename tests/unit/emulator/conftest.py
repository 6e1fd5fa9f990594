# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for the tests of the emulator."""

from __future__ import annotations

import pytest

from emulator import Emulator
from emulator.fixture import emulator, pytest_configure, start_emulator
from unit.emulator.client import Client


@pytest.fixture
def client(emulator: Emulator) -> Client:
    """A client of the fixture's emulator, with the default token."""
    return Client(emulator)


__all__ = ("client", "emulator", "pytest_configure", "start_emulator")
