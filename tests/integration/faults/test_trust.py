# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a run trusts, through what it goes, and how much it takes in."""

from __future__ import annotations

import pathlib
import re

import pytest

from emulator import Emulator, Fault
from emulator.fixture import StartEmulator
from integration.faults.serving import Authority, TLSFiles, closed_port, connect_proxy, raw_server
from integration.faults.world import World, in_order, judge

WAYS = ["run_here", "run_module"]


def _over_tls(world: World, start_emulator: StartEmulator, files: TLSFiles) -> Emulator:
    world.emulator = start_emulator(tls=files)
    return world.emulator


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("which", "says"),
    [
        ("untrusted", "unable to get local issuer|self.signed"),
        ("expired", "expired"),
        ("wrong_name", "not valid for '127.0.0.1'|'127.0.0.1' doesn't match"),
    ],
)
def test_a_server_that_is_not_to_be_trusted(
    world: World, start_emulator: StartEmulator, which: str, says: str, way: str
) -> None:
    authority = world.authority
    emulator = _over_tls(world, start_emulator, getattr(authority, which)())
    # Once: asking again would not mend it.
    world.options = {"retries": 3, "max_wait": 30}
    world.environment = {"REQUESTS_CA_BUNDLE": str(authority.bundle)}
    run = getattr(world, way)()
    assert run.failed and run.result["requests"] == 1
    assert re.search(says, run.msg), run.msg
    assert "the server's TLS certificate is not trusted" in run.msg
    judge(world, run, emulator.order("example.com"))
    assert not emulator.requests


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_private_authority_works_through_the_environment(
    world: World, start_emulator: StartEmulator, authority: Authority, variable: str, way: str
) -> None:
    emulator = _over_tls(world, start_emulator, authority.good())
    before = emulator.order("example.com")
    world.environment = {variable: str(authority.bundle)}
    judge(world, run := getattr(world, way)(), before)
    assert not run.failed and in_order(emulator, world.wanted)


def test_without_it_the_private_authority_is_not_trusted(
    world: World, start_emulator: StartEmulator, authority: Authority
) -> None:
    _over_tls(world, start_emulator, authority.good())
    assert "not trusted" in world.run_module().msg


def test_a_bundle_that_is_not_there(world: World, start_emulator: StartEmulator, authority: Authority) -> None:
    emulator = _over_tls(world, start_emulator, authority.good())
    world.environment = {"REQUESTS_CA_BUNDLE": str(authority.bundle.with_name("nowhere.pem"))}
    run = world.run_here()
    assert run.failed and "nowhere.pem" in run.msg and not emulator.requests


@pytest.mark.parametrize("way", WAYS)
def test_a_proxy_gets_the_host_and_not_the_token(
    world: World, start_emulator: StartEmulator, authority: Authority, way: str
) -> None:
    emulator = _over_tls(world, start_emulator, authority.good())
    before = emulator.order("example.com")
    with connect_proxy() as proxy:
        world.environment = {
            "REQUESTS_CA_BUNDLE": str(authority.bundle),
            "HTTPS_PROXY": f"http://user:proxy-secret@127.0.0.1:{proxy.port}",
            "NO_PROXY": "",
        }
        run = getattr(world, way)()
    assert not run.failed, run.msg
    judge(world, run, before)
    assert "proxy-secret" not in run.written
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT 127.0.0.1:{emulator.port} ".encode())
    assert emulator.token.encode() not in head + bytes(proxy.passed) and b"uthorization: Bearer" not in head


@pytest.mark.parametrize(
    ("port", "says"), [("closed", "Connection refused"), ("0x", ""), ("silent", "no complete answer within 1 s")]
)
def test_a_proxy_that_does_not_work_is_a_failure_that_tells_no_password(
    world: World, start_emulator: StartEmulator, authority: Authority, port: str, says: str
) -> None:
    emulator = _over_tls(world, start_emulator, authority.good())
    world.options = {"timeout": 1}
    with raw_server(b"HTTP/1.1 200 ", then_wait=True) as silent:
        place = {"closed": str(closed_port()), "silent": str(silent)}.get(port, port)
        world.environment = {"HTTPS_PROXY": f"http://user:proxy-secret@127.0.0.1:{place}"}
        run = world.run_module()
    assert run.failed and says in run.msg and "proxy-secret" not in run.written, run.msg
    judge(world, run, emulator.order("example.com"))


@pytest.mark.parametrize("way", WAYS)
def test_plain_http_to_loopback_goes_to_no_proxy(world: World, way: str) -> None:
    with connect_proxy() as proxy:
        everywhere = f"http://127.0.0.1:{proxy.port}"
        names = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY")
        world.environment = {**dict.fromkeys(names, everywhere), "NO_PROXY": "", "no_proxy": ""}
        run = getattr(world, way)()
    assert not run.failed and proxy.heads == []


def test_netrc_is_left_alone(world: World, modules_home: pathlib.Path) -> None:
    netrc = modules_home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password netrc-secret\n")
    netrc.chmod(0o600)
    try:
        assert not world.run_module().failed
    finally:
        netrc.unlink()
    assert {call.headers["Authorization"] for call in world.emulator.requests} == {f"Bearer {world.emulator.token}"}


@pytest.fixture
def modules_home(world: World) -> pathlib.Path:
    return world.modules.home


@pytest.mark.parametrize("kind", ["huge", "gzip_bomb"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_memory_is_bounded(world: World, kind: str, method: str) -> None:
    quiet = world.run_module()
    world.emulator.reset()
    world.emulator.fault(Fault(kind), method=method)
    run = world.run_module()
    assert run.failed and "larger than 32 MiB" in run.msg
    assert run.peak < min(200, quiet.peak + 100), (quiet.peak, run.peak)


def test_many_messages_take_no_time(world: World) -> None:
    notes = [{"code": number} for number in range(30_000)]
    world.emulator.fault(Fault("patch_answer", change={"messages": notes}), times=2)
    run = world.run_here()
    assert not run.failed and run.seconds < 5 and 0 < len(run.result["messages"]) <= 100


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_the_target_of_a_redirect_hears_nothing(
    world: World, start_emulator: StartEmulator, status: int, method: str
) -> None:
    with connect_proxy() as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.port}/client/v4/zones"
        world.emulator.fault(Fault("redirect", status=status, location=target), method=method)
        run = world.run_module()
    assert run.failed and target in run.msg and elsewhere.heads == []
    assert len(world.emulator.requests) == (1 if method == "GET" else 2)
