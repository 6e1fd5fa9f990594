# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faulty servers, proxies and environments: the failure is clear, and no secret is shown."""

from __future__ import annotations

import gzip
import json
import resource
import socket
import typing as t
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _deadline
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_priority as module
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import (
    LIST,
    TOKEN,
    ZONE,
    Item,
    Run,
    certificate,
    reading,
)
from integration.faults.serving import Authority, closed_port, raw_server

NOWHERE = "https://127.0.0.1:9/client/v4"

DIGICERT = certificate("digicert", 5)
GLOBALSIGN = certificate("globalsign", 10, issuer="GlobalSign")
BY_ISSUER = [{"issuer": "DigiCertInc"}, {"issuer": "GlobalSign"}]
ORDERED = [{**DIGICERT, "priority": 11}, GLOBALSIGN]


@pytest.fixture
def order(run: Run) -> Run:
    """Run the module with a server that has these answers; without any, where the options say."""

    def _order(*answers: bytes, scheme: str = "http", tls: t.Any = None, **options: t.Any) -> Item:
        if not answers:
            return run(module, **{"certificates": BY_ISSUER, **options})
        with raw_server(*answers, tls=tls) as port:
            return _order(api_url=f"{scheme}://127.0.0.1:{port}", **options)

    return _order


def listed(*certificates: Item) -> bytes:
    info = reading([*certificates])["info"]
    return json.dumps(
        {"success": True, "errors": [], "messages": [], "result": certificates, "result_info": info}
    ).encode()


def http(body: bytes, *headers: str, status: str = "200 OK", framed: bool = True) -> bytes:
    """Return an answer of the server, which closes the connection after each."""
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close", *([f"Content-Length: {len(body)}"] if framed else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body


IN_ORDER = listed(*ORDERED)
READ = http(listed(DIGICERT, GLOBALSIGN))
PACKED = gzip.compress(IN_ORDER)
GZIP = "Content-Encoding: gzip"
CHUNKED = "Transfer-Encoding: chunked"

# Answers to be asked for again, and what is said of them where that is not allowed.
FAILED_ATTEMPTS = {
    "a chunk of -1": (http(b"-1\r\nabc", CHUNKED, framed=False), "negative"),
    "a chunk without a size": (http(b"zz\r\nabc", CHUNKED, framed=False), ""),
    "no HTTP": (b"hello\r\n\r\n", ""),
    "a long header": (http(b"{}", "X-Long: " + "x" * 70_000), ""),
    "many headers": (http(b"{}", *(f"X-{number}: x" for number in range(200))), ""),
    "nothing": (b"", ""),
    "switched protocols": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ""),
    "a body that is cut off": (http(IN_ORDER)[:-10], "cut off"),
    "gzip that is cut off": (http(PACKED[:-9], GZIP), "cut off"),
    "a body of no length that ends early": (http(IN_ORDER[:-9], framed=False), "cut off"),
}


@pytest.mark.parametrize(("answer", "says"), FAILED_ATTEMPTS.values(), ids=FAILED_ATTEMPTS)
def test_what_is_no_answer(order: Run, waits: list[float], answer: bytes, says: str) -> None:
    """Another attempt is made. If none is left after a write, it may have been done."""
    result = order(answer, http(IN_ORDER), retries=1)
    assert result.get("failed") is None, result
    assert result["requests"] == 2, result
    assert len(waits) == 1, result
    result = order(READ, answer)
    assert result["failed"], result["msg"]
    assert "PUT" in result["msg"], result["msg"]
    assert says in result["msg"], result["msg"]
    assert result["changed"] is True
    assert "exception" not in result
    assert result["restore"] == [{"id": "globalsign", "priority": 10}, {"id": "digicert", "priority": 5}]


INTERIM = b"".join(
    f"HTTP/1.1 {status}\r\nLink: </x>; rel=preload\r\n\r\n".encode()
    for status in ("100 Continue", "102 Processing", "103 Early Hints")
)


@pytest.mark.parametrize(
    "answer",
    [
        INTERIM + http(IN_ORDER),
        http(PACKED, GZIP),
        http(PACKED, "content-encoding: X-GZIP ", framed=False),
        http(IN_ORDER, "Content-Encoding:"),
    ],
    ids=["after interim ones", "gzip", "gzip of no length", "no encoding"],
)
def test_an_answer(order: Run, answer: bytes) -> None:
    result = order(answer)
    assert result.get("failed") is None
    assert result["requests"] == 1


BOMB = gzip.compress(bytes(128 * 2**20), 1)
REFUSED = {
    "a bomb": (http(BOMB, GZIP), "larger than 32 MiB"),
    "a bomb in gzip": (http(gzip.compress(BOMB), "Content-Encoding: gzip, gzip"), "encoding gzip, gzip"),
    "an encoding that was not asked for": (http(b"x", "Content-Encoding: br"), "encoding br"),
    "no gzip": (http(IN_ORDER, GZIP), "cannot be decompressed"),
    "a long body": (http(bytes(33 * 2**20)), "larger than 32 MiB"),
    "a page to log in": (
        http(b"<html>", "Content-Type: text/html"),
        "Check 'api_url', and whether a proxy answered instead",
    ),
    "half an object in whole chunks": (http(b'5\r\n{"a":\r\n0\r\n\r\n', CHUNKED, framed=False), "no JSON object"),
}


@pytest.mark.parametrize(("answer", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_too_large_or_not_readable_is_refused_at_once(order: Run, answer: bytes, says: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = order(answer, retries=5)
    assert says in result["msg"]
    assert result["requests"] == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_a_write_that_got_no_connection_in_time_has_changed_nothing(
    order: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = iter([_deadline.create_connection])

    def connect(*args: t.Any) -> socket.socket:
        for really in connections:
            return really(*args)
        raise TimeoutError("timed out")

    monkeypatch.setattr(_deadline, "create_connection", connect)
    result = order(READ)
    assert result["failed"]
    assert "PUT" in result["msg"]
    assert result["changed"] is False
    assert "restore" not in result


def test_the_addresses_of_a_host_share_the_time(order: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []

    def connect(_address: object, share: float, *_options: object) -> None:
        shares.append(share)
        raise ConnectionRefusedError

    place = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 9))
    monkeypatch.setattr(_deadline.socket, "getaddrinfo", lambda *_place, **_kind: [place] * 3)
    monkeypatch.setattr(_deadline, "create_connection", connect)
    assert order(api_url=NOWHERE, timeout=60)["failed"]
    assert [round(share / 10) for share in shares] == [2, 3, 6]


# What no other attempt would mend: variables, and what the message says. {} is a directory with two files.
CONFIGURATION = {
    "a CA bundle that does not exist": ({"REQUESTS_CA_BUNDLE": "{}/none"}, "/none does not exist"),
    "an empty CA bundle": ({"CURL_CA_BUNDLE": "{}/empty"}, "/empty cannot be read"),
    "a CA bundle without a certificate": ({"REQUESTS_CA_BUNDLE": "{}/text"}, "/text cannot be read"),
    "a password with a slash": ({"HTTPS_PROXY": "http://user:pa/ss@127.0.0.1:3128"}, "malformed"),
    "no proxy's address": ({"HTTPS_PROXY": "http://[::1"}, "malformed"),
    "another kind of proxy": ({"HTTPS_PROXY": "ftp://user:pass@127.0.0.1:3128"}, "begins with ftp://"),
    "a SOCKS proxy": ({"HTTPS_PROXY": "socks5h://user:pass@127.0.0.1:1080"}, "PySocks"),
    "a long label": ({"CLOUDFLARE_BASE_URL": f"https://{'x' * 64}.example"}, "'api_url'"),
    "an empty label": ({"CLOUDFLARE_BASE_URL": "https://."}, "'api_url'"),
}


@pytest.mark.parametrize(("variables", "says"), CONFIGURATION.values(), ids=CONFIGURATION)
def test_a_configuration_that_fails_at_once(
    order: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], says: str
) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "text").write_text("no certificate")
    for name, value in {"CLOUDFLARE_BASE_URL": NOWHERE, "NO_PROXY": "", **variables}.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    result = order(api_url=None, retries=5)
    assert result["failed"]
    assert f"GET {LIST} failed: " in result["msg"]
    assert "exception" not in result
    assert says in result["msg"]
    assert all(name in result["msg"] for name in variables if "BUNDLE" in name)
    assert result["requests"] == 1
    assert result["changed"] is False
    assert not any(part in json.dumps(result) for part in ("pa/ss", "user:", "pass@"))


def test_a_refused_connection_is_told_with_its_place(order: Run, waits: list[float]) -> None:
    port = closed_port()
    result = order(api_url=f"http://127.0.0.1:{port}", retries=2)
    assert f"no connection to 127.0.0.1 port {port}: Connection refused" in result["msg"]
    assert "'api_url'" in result["msg"]
    assert "3 attempts were made" in result["msg"]
    assert len(waits) == 2


def test_a_proxy_that_refuses_is_told_with_its_place(order: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed_port()
    monkeypatch.setenv("https_proxy", f"http://user:proxy-password@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    result = order(api_url=NOWHERE)
    assert f"no connection to the proxy 127.0.0.1 port {port}: Connection refused" in result["msg"]
    assert "HTTPS_PROXY" in result["msg"]
    assert "proxy-password" not in json.dumps(result)


def test_a_proxy_that_wants_another_login_is_final(order: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(http(b"", status="407 No user:proxy password here")) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:proxy%20password@127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "")
        result = order(api_url=NOWHERE, retries=3)
    assert "the proxy refused: 407" in result["msg"]
    assert result["requests"] == 1
    assert "proxy password" not in json.dumps(result)
    assert "proxy%20password" not in json.dumps(result)


@pytest.mark.parametrize("variables", [["CURL_CA_BUNDLE"], ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]])
def test_an_empty_ca_variable_means_nothing(
    order: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: list[str]
) -> None:
    for name in variables:
        monkeypatch.setenv(name, "")
    result = order(http(IN_ORDER), scheme="https", tls=Authority(tmp_path).issue())
    assert result["failed"]
    assert "certificate is not trusted" in result["msg"]
    assert "Check 'api_url' and the clock of this host." in result["msg"]
    assert "REQUESTS_CA_BUNDLE" in result["msg"]


def test_a_server_without_tls_is_told_with_what_to_check(order: Run) -> None:
    result = order(http(IN_ORDER), scheme="https")
    assert result["failed"]
    assert "TLS failed: " in result["msg"]
    assert "Check 'api_url'" in result["msg"]


def test_no_cookie_is_sent_back(run: Run, httpserver: HTTPServer) -> None:
    read = {**reading(ORDERED), "answer_headers": {"Set-Cookie": "__cf_bm=0123; Path=/; Max-Age=1800"}}
    for _task in range(2):
        assert run(module, read, certificates=BY_ISSUER)["changed"] is False
    assert not [request.headers["Cookie"] for request, _answer in httpserver.log if "Cookie" in request.headers]


LONG = "cfut_" + "0123456789abcdefghijklmnopqrstuvwxyz" * 8


def refusing(*errors: t.Any, **more: t.Any) -> Item:
    return {"status": 400, "answer": {"success": False, "errors": errors}, **more}


def echo(padding: int) -> Item:
    """Return an answer that repeats LONG where its texts are cut."""
    text = "x" * padding + LONG
    chain = {"code": 1, "message": text, "error_chain": [{"message": text}]}
    return refusing(chain, text, answer_headers={"cf-ray": text[:1000]})


def shows_nothing(result: Item) -> None:
    told = json.dumps(result)
    assert LONG[:9] not in told, told
    assert LONG[-24:] not in told, told
    assert TOKEN not in told, told
    assert "****" in told or "VALUE_SPECIFIED" in told


ECHOING = {**DIGICERT, LONG: [LONG], "hosts": [f"{LONG}.example.com"], "priority": 11}


class TestSecrets:
    """Masked before a text is cut, in every form, as keys and as values."""

    @pytest.mark.parametrize(
        "answer",
        [
            *(echo(padding) for padding in (0, 20, 100, 180, 470, 490)),
            {"status": 302, "raw": "", "answer_headers": {"Location": "/" + "x" * 180 + LONG}},
            {"status": 502, "raw": "", "answer_headers": {"Content-Type": "text/" + LONG}},
            refusing({"code": 1, "message": "x", LONG: {f"a {LONG}": LONG}}),
            reading([ECHOING, GLOBALSIGN]),
            {
                "answer": {"success": True, "result": ORDERED, "messages": [{"message": LONG}]},
                "info": {"total_count": 2},
            },
        ],
    )
    def test_an_answer_that_repeats_it(self, run: Run, answer: Item) -> None:
        result = run(module, answer, certificates=BY_ISSUER, api_token=LONG, diff=True)
        shows_nothing({**result, "invocation": None})

    def test_a_text_that_holds_json(self, run: Run) -> None:
        token = 'cfut_"0123\\456789'
        error = {"code": 1, "message": json.dumps({"token": token})}
        message = run(module, refusing(error), certificates=BY_ISSUER, api_token=token)["msg"]
        assert json.dumps(token)[1:-1] not in message
        assert "********" in message

    def test_a_text_that_is_cut_in_a_thread(self, order: Run) -> None:
        refusal = json.dumps(refusing({"message": "x" * 490 + LONG})["answer"]).encode()
        place = {"zone_id": None, "zones": [ZONE, "f" * 32]}
        result = order(http(refusal, status="400 Bad Request"), api_token=LONG, **place)
        assert len(result["failed_zones"]) == 2
        shows_nothing(result)

    @pytest.mark.parametrize(
        "options",
        [
            {"zone_id": LONG},
            *({"zone_id": None, "zone": "example.com", option: "a" * 50 + LONG} for option in ("zone", "account_id")),
            {"unlisted": LONG},
            {"timeout": "a" * 50 + LONG},
            *({"certificates": [entry]} for entry in ("x" * 40 + LONG, {"issuer": [LONG]}, {"id": LONG})),
        ],
    )
    def test_an_option_that_got_it(self, order: Run, options: Item) -> None:
        shows_nothing(order(api_token=LONG, **options))

    def test_a_secret_of_several_lines(self, order: Run) -> None:
        entries = [{"id": "first line"}, {"host": "second line"}]
        told = json.dumps(order(certificates=entries, api_token="first line\nsecond line"))
        assert "first line" not in told
        assert "second line" not in told


def test_lone_surrogates_are_replaced(run: Run) -> None:
    odd = [{**ORDERED[0], "\ud800": "\udfff x"}, GLOBALSIGN]
    assert run(module, odd, certificates=BY_ISSUER)["certificates"][0]["\ufffd"] == "\ufffd x"
    result = run(module, refusing({"code": 1, "message": "\ud800"}), certificates=BY_ISSUER)
    assert result["errors"][0]["message"] == "\ufffd"
    json.dumps(result, ensure_ascii=False).encode()
