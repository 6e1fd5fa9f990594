# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pytest fixtures; a conftest imports them: `from emulator.fixture import emulator, start_emulator`.

`emulator` runs with `demo_zone()`, or with what the marker says: `@pytest.mark.emulator(zones=[...], ...)`.
`start_emulator(...)` starts as many as a test wants. Both end with the test, and fail it where the emulator itself
went wrong or gave an answer that breaks the contract.
"""

from __future__ import annotations

import contextlib
import copy
import typing as t
from collections.abc import Callable, Iterator

import pytest

from .running import Emulator

StartEmulator = Callable[..., Emulator]


@pytest.fixture
def start_emulator() -> Iterator[StartEmulator]:
    """A function that starts an emulator; its keywords are those of `Emulator`."""
    with contextlib.ExitStack() as stack:

        def start(**keywords: t.Any) -> Emulator:
            running = stack.enter_context(Emulator(**keywords))
            stack.callback(_hold_to_account, running)
            return running

        yield start


@pytest.fixture
def emulator(request: pytest.FixtureRequest, start_emulator: StartEmulator) -> Emulator:
    """A running emulator."""
    marker = request.node.get_closest_marker("emulator")
    # Copies, because a marker is made once and may stand for many tests.
    return start_emulator(**(copy.deepcopy(marker.kwargs) if marker else {}))


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known; a conftest that imports this function does so, too."""
    config.addinivalue_line("markers", "emulator(**keywords): what the fixture `emulator` starts with")


def _hold_to_account(running: Emulator) -> None:
    broken = [item for item in running.contract_violations if item.side == "response"]
    assert not running.failures, "\n".join(running.failures)
    assert not broken, f"answers broke the contract: {broken}"


__all__ = ("emulator", "pytest_configure", "start_emulator")
