# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pytest fixtures; a conftest imports them: `from emulator.fixture import emulator, start_emulator`.

`emulator` runs with `demo_zone()`, or with the arguments of the marker `@pytest.mark.emulator(zones=[...], ...)`.
`start_emulator(...)` starts any number of emulators. Both stop them after the test, and the test fails if the emulator had an
internal error or sent a response that violates the contract.
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
    """Return a function that starts an emulator. Its keywords are those of `Emulator`."""
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
    # Copied, because tests can share a marker and its zones.
    return start_emulator(**(copy.deepcopy(marker.kwargs) if marker else {}))


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker. This also applies to a conftest that imports this function."""
    config.addinivalue_line("markers", "emulator(**keywords): what the fixture `emulator` starts with")


def _hold_to_account(running: Emulator) -> None:
    broken = [item for item in running.contract_violations if item.side == "response"]
    assert not running.failures, "\n".join(running.failures)
    assert not broken, f"answers broke the contract: {broken}"
