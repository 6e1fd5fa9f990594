# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the live kit share."""

from __future__ import annotations

import time

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules' core waits for answers that show a write; here they come at once."""

    class Clock:
        sleep = staticmethod(lambda _seconds: None)
        monotonic = staticmethod(time.monotonic)

    monkeypatch.setattr(_client, "time", Clock)
