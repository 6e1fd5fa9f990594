# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for faults: a shared emulator that is reset before each test."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._sessions import close_sessions
from emulator import Emulator
from integration.faults.serving import Authority
from integration.faults.world import World


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().endswith("_PROXY") or name.startswith(
            ("CLOUDFLARE_", "REQUESTS_", "CURL_", "SSL_", "ANSIBLE_")
        ):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_sessions() -> Iterator[None]:
    """Have each test connect, as a run does: this process keeps its sessions, and the emulator goes on."""
    close_sessions()
    yield
    close_sessions()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def _shared_emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def world(_shared_emulator: Emulator, authority: Authority) -> Iterator[World]:
    _shared_emulator.reset()
    with contextlib.ExitStack() as stack:
        yield World(_shared_emulator, authority, stack)
    assert not _shared_emulator.failures, _shared_emulator.failures
    assert not [found for found in _shared_emulator.contract_violations if found.side == "request"]
