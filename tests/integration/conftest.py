# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of the integration tests."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client
from emulator import Edge, Emulator
from emulator.fixture import emulator, pytest_configure, start_emulator
from integration.playbooks.playing import Player


@pytest.fixture
def play(tmp_path: Path) -> Player:
    """Runs playbooks; see `Player`."""
    return Player(tmp_path / "plays")


StartEdge = Callable[[Emulator], Edge]


@pytest.fixture
def start_edge() -> Iterator[StartEdge]:
    """Starts an edge for an emulator; all are stopped at the end."""
    with contextlib.ExitStack() as running:
        yield lambda emulator: running.enter_context(Edge(emulator))


@pytest.fixture
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace sleeping."""
    monkeypatch.setattr(_client.time, "sleep", lambda seconds: None)


@pytest.fixture(scope="session")
def closed_port() -> Iterator[int]:
    """A port that refuses connections and that nobody else can take."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


__all__ = ("closed_port", "emulator", "play", "pytest_configure", "start_edge", "start_emulator")
