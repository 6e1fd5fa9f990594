# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that the tasks of a process share, and that no data is mixed up."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _sessions
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._sessions import close_sessions
from emulator import Emulator, Fault
from emulator.fixture import StartEmulator
from integration.faults.serving import connect_proxy
from integration.faults.world import World, judge


def connections(emulator: Emulator) -> int:
    return len({call.connection for call in emulator.requests})


@pytest.fixture(params=["http", "https", "through a proxy", "through an https proxy"])
def place(request: pytest.FixtureRequest, world: World, start_emulator: StartEmulator) -> t.Iterator[World]:
    with contextlib.ExitStack() as stack:
        if request.param != "http":
            world.emulator = start_emulator(tls=world.authority.issue())
            world.environment = {"REQUESTS_CA_BUNDLE": str(world.authority.bundle), "NO_PROXY": "", "no_proxy": ""}
        if "proxy" in request.param:
            scheme, tls = ("https", world.authority.issue()) if "https" in request.param else ("http", None)
            proxy = stack.enter_context(connect_proxy(tls))
            world.environment["HTTPS_PROXY"] = f"{scheme}://user:pass@localhost:{proxy.port}"
        yield world
        close_sessions()  # which a proxy waits for, to stop


def test_tasks_of_one_process_share_a_connection(place: World) -> None:
    before = place.emulator.order("example.com")
    judge(place, place.run(), before)
    for _task in range(3):
        assert not place.run().failed
    assert len(place.emulator.requests) == 5
    assert connections(place.emulator) == 1


def test_a_connection_that_was_closed_while_idle_is_no_failed_attempt(place: World) -> None:
    place.emulator.fault(Fault("close_after_answer"), method="GET", after=1)
    for _task in range(2):
        assert not place.run().failed
    place.emulator.wait_until_idle()
    # A proxy may not have noticed yet, and lets one attempt fail.
    proxied = "HTTPS_PROXY" in place.environment
    place.options = {"retries": 1, "max_wait": 3} if proxied else {}
    run = place.run()
    assert not run.failed
    assert run.result["requests"] in ((1, 2) if proxied else (1,))
    assert connections(place.emulator) == 2


def test_a_connection_that_was_idle_for_long_is_not_used(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sessions, "_LONGEST_IDLE_TO_READ", 0.0)  # seconds
    for _task in range(2):
        assert not world.run().failed
    close_sessions()
    assert connections(world.emulator) == 2


@pytest.mark.parametrize("kind", ["reset_after_apply", "reset_after_request", "reset_before_request"])
def test_a_write_on_a_kept_connection_is_not_repeated_in_silence(place: World, kind: str) -> None:
    place.options = {"certificates": [{"issuer": "GlobalSign*"}, {"issuer": "DigiCertInc"}]}
    assert not place.run().failed
    place.options = {}
    before = place.emulator.order("example.com")
    sent = len(place.emulator.requests)
    place.emulator.fault(Fault(kind), method="PUT")
    run = place.run()
    judge(place, run, before)
    assert run.failed
    assert run.result["requests"] == 2
    assert sum(call.method == "PUT" for call in place.emulator.requests[sent:]) <= 1


@pytest.mark.parametrize(
    ("other_credentials", "environment"),
    [
        (True, {}),
        (False, {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*"}),
        (False, {"CURL_CA_BUNDLE": "", "REQUESTS_CA_BUNDLE": "{copy}"}),
    ],
)
def test_what_shapes_a_session_keeps_it_apart(
    world: World,
    start_emulator: StartEmulator,
    tmp_path: pathlib.Path,
    other_credentials: bool,
    environment: dict[str, str],
) -> None:
    copy = shutil.copy(world.authority.bundle, tmp_path / "copy.pem")
    world.emulator = start_emulator(tls=world.authority.issue())
    world.environment = {"REQUESTS_CA_BUNDLE": str(world.authority.bundle)}
    assert not world.run().failed
    if other_credentials:
        world.options = {"api_token": None, "api_email": world.emulator.email, "api_key": world.emulator.key}
    world.environment |= {name: value.format(copy=copy) for name, value in environment.items()}
    assert not world.run().failed
    assert connections(world.emulator) == (1 if environment.get("NO_PROXY") else 2)
