# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for custom_certificate. The tests do not wait: sleeping is replaced."""

from __future__ import annotations

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client


@pytest.fixture
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client.time, "sleep", lambda seconds: None)
