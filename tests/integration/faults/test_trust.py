# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Untrusted servers, private CAs, proxies and redirects: the token is only sent to the API."""

from __future__ import annotations

import datetime
import pathlib
import re

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._sessions import close_sessions
from emulator import Fault
from emulator.fixture import StartEmulator
from integration.faults.serving import Authority, TLSFiles, connect_proxy, raw_server
from integration.faults.world import World, judge

LAST_YEAR = {
    "not_before": datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=400),
    "not_after": datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=35),
}


def _over_tls(world: World, start_emulator: StartEmulator, files: TLSFiles) -> None:
    world.emulator = start_emulator(tls=files)
    world.environment = {"CURL_CA_BUNDLE": str(world.authority.bundle), "NO_PROXY": ""}


@pytest.mark.parametrize("reason", ["unknown CA", "expired", "another name"])
def test_a_server_that_is_not_to_be_trusted(
    world: World, start_emulator: StartEmulator, tmp_path: pathlib.Path, reason: str
) -> None:
    files, says = {
        "unknown CA": (Authority(tmp_path).issue(), "unable to get local issuer|self.signed"),
        "expired": (world.authority.issue("127.0.0.1", **LAST_YEAR), "expired"),
        "another name": (
            world.authority.issue("api.example.com"),
            "not valid for '127.0.0.1'|'127.0.0.1' doesn't match",
        ),
    }[reason]
    _over_tls(world, start_emulator, files)
    # Once: asking again would not mend it.
    world.options = {"retries": 3, "max_wait": 30}
    run = world.run()
    assert run.failed
    assert run.result["requests"] == 1
    assert re.search(says, run.msg), run.msg
    assert "the server's TLS certificate is not trusted" in run.msg
    judge(world, run, world.emulator.order("example.com"))
    assert not world.emulator.requests


def test_a_proxy_gets_the_host_and_not_the_token(world: World, start_emulator: StartEmulator) -> None:
    _over_tls(world, start_emulator, world.authority.issue())
    with connect_proxy() as proxy:
        world.environment["HTTPS_PROXY"] = f"http://user:proxy-secret@127.0.0.1:{proxy.port}"
        run = world.run()
        close_sessions()  # which the proxy waits for, to stop
    assert not run.failed, run.msg
    assert "proxy-secret" not in run.told
    (head,) = proxy.heads
    assert head.startswith(f"CONNECT 127.0.0.1:{world.emulator.port} ".encode())
    assert world.emulator.token.encode() not in head
    assert b"uthorization: Bearer" not in head


def test_a_proxy_that_says_nothing_is_a_failure_that_tells_no_password(
    world: World, start_emulator: StartEmulator
) -> None:
    _over_tls(world, start_emulator, world.authority.issue())
    world.options = {"timeout": 1}
    with raw_server(b"HTTP/1.1 200 ", then_wait=True) as silent:
        world.environment["HTTPS_PROXY"] = f"http://user:proxy-secret@127.0.0.1:{silent}"
        run = world.run()
    assert run.failed, run.msg
    assert "no complete answer within 1 s" in run.msg, run.msg
    assert "proxy-secret" not in run.told
    judge(world, run, world.emulator.order("example.com"))


def test_plain_http_to_loopback_goes_to_no_proxy(world: World) -> None:
    with connect_proxy() as proxy:
        names = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY")
        everywhere = dict.fromkeys(names, f"http://127.0.0.1:{proxy.port}")
        world.environment = {**everywhere, "NO_PROXY": "", "no_proxy": ""}
        run = world.run()
    assert not run.failed
    assert proxy.heads == []


def test_netrc_is_left_alone(world: World, tmp_path: pathlib.Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password netrc-secret\n")
    world.environment = {"NETRC": str(netrc)}
    assert not world.run().failed
    assert {call.headers["Authorization"] for call in world.emulator.requests} == {f"Bearer {world.emulator.token}"}


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("PUT", 307)])
def test_the_target_of_a_redirect_hears_nothing(world: World, method: str, status: int) -> None:
    with connect_proxy() as elsewhere:
        target = f"http://127.0.0.1:{elsewhere.port}/client/v4/zones"
        world.emulator.fault(Fault("redirect", status=status, location=target), method=method)
        run = world.run()
    assert run.failed
    assert target in run.msg
    assert elsewhere.heads == []
    assert len(world.emulator.requests) == (1 if method == "GET" else 2)
