# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that tasks of one process share, and what must never come of that."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import typing as t

import pytest

from emulator import Emulator, Fault
from emulator.fixture import StartEmulator
from integration.faults.serving import Authority, connect_proxy
from integration.faults.world import World, in_order, judge


def connections(emulator: Emulator) -> int:
    return len({call.connection for call in emulator.requests})


@pytest.fixture(params=["http", "https", "through a proxy", "through an https proxy"])
def place(request: pytest.FixtureRequest, world: World, start_emulator: StartEmulator) -> t.Iterator[World]:
    with contextlib.ExitStack() as stack:
        if request.param != "http":
            world.emulator = start_emulator(tls=world.authority.good())
            world.environment = {"REQUESTS_CA_BUNDLE": str(world.authority.bundle), "NO_PROXY": "", "no_proxy": ""}
        if request.param == "through a proxy":
            proxy = stack.enter_context(connect_proxy())
            world.environment["HTTPS_PROXY"] = f"http://user:pass@127.0.0.1:{proxy.port}"
        if request.param == "through an https proxy":
            proxy = stack.enter_context(connect_proxy(tls=world.authority.good()))
            world.environment["HTTPS_PROXY"] = f"https://user:pass@localhost:{proxy.port}"
        yield world


def test_tasks_of_one_process_share_a_connection(place: World) -> None:
    before = place.emulator.order("example.com")
    judge(place, place.run_here(), before)
    for _task in range(3):
        assert not place.run_here().failed
    assert len(place.emulator.requests) == 5 and connections(place.emulator) == 1


def test_a_connection_that_was_closed_while_idle_is_no_failed_attempt(place: World) -> None:
    place.emulator.fault(Fault("close_after_answer"), method="GET", after=1)
    for _task in range(2):
        assert not place.run_here().failed
    place.emulator.wait_until_idle()
    # A proxy may not have noticed yet, and lets one attempt fail.
    proxied = "HTTPS_PROXY" in place.environment
    place.options = {"retries": 1, "max_wait": 3} if proxied else {}
    run = place.run_here()
    assert not run.failed and run.result["requests"] in ((1, 2) if proxied else (1,))
    assert connections(place.emulator) == 2


@pytest.mark.parametrize("kind", ["reset_after_apply", "reset_after_request", "reset_before_request"])
def test_a_write_on_a_kept_connection_is_not_repeated_in_silence(place: World, kind: str) -> None:
    place.options = {"certificates": [{"issuer": "GlobalSign*"}, {"issuer": "DigiCertInc"}]}
    assert not place.run_here().failed
    place.options = {}
    before = place.emulator.order("example.com")
    sent = len(place.emulator.requests)
    place.emulator.fault(Fault(kind), method="PUT")
    run = place.run_here()
    judge(place, run, before)
    assert run.failed and run.result["requests"] == 2
    assert sum(call.method == "PUT" for call in place.emulator.requests[sent:]) <= 1


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ({"api_token": "another token"}, {}),
        ({}, {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "*"}),
        ({}, {"CURL_CA_BUNDLE": "", "REQUESTS_CA_BUNDLE": "{copy}"}),
    ],
)
def test_what_shapes_a_session_keeps_it_apart(
    world: World,
    start_emulator: StartEmulator,
    tmp_path: pathlib.Path,
    options: dict[str, str],
    environment: dict[str, str],
) -> None:
    copy = shutil.copy(world.authority.bundle, tmp_path / "copy.pem")
    world.emulator = start_emulator(tls=world.authority.good())
    world.environment = {"REQUESTS_CA_BUNDLE": str(world.authority.bundle)}
    assert not world.run_here().failed
    if "api_token" in options:
        options = {"api_token": world.emulator.tokens["default"].value, "api_url": world.emulator.url + "/"}
        world.options = {"api_token": None, "api_email": world.emulator.email, "api_key": world.emulator.key}
        world.options = {name: value for name, value in world.options.items() if value is not None}
    world.environment |= {name: value.format(copy=copy) for name, value in environment.items()}
    arguments = {name: value for name, value in world.arguments().items() if not (options and name == "api_token")}
    world.arguments = lambda: arguments  # type: ignore[method-assign]
    assert not world.run_here().failed
    assert connections(world.emulator) == (1 if environment.get("NO_PROXY") else 2)


def test_a_bundle_that_changes_on_disk_is_read_again(
    world: World, start_emulator: StartEmulator, tmp_path: pathlib.Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    bundle = tmp_path / "bundle.pem"
    shutil.copy(Authority(other).bundle, bundle)
    world.emulator = start_emulator(tls=world.authority.good())
    world.environment = {"REQUESTS_CA_BUNDLE": str(bundle)}
    assert "not trusted" in world.run_here().msg
    shutil.copy(world.authority.bundle, bundle)
    assert not world.run_here().failed and in_order(world.emulator, world.wanted)
    os.replace(shutil.copy(Authority(other).bundle, tmp_path / "new.pem"), bundle)
    assert "not trusted" in world.run_here().msg
