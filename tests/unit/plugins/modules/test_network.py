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
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN, ZONE, Script, certificate
from integration.faults.serving import Authority, closed_port, raw_server

Run = t.Callable[..., dict[str, t.Any]]
LIST = f"/zones/{ZONE}/custom_certificates"
NOWHERE = "https://127.0.0.1:9/client/v4"

DIGICERT = certificate("digicert", 5)
GLOBALSIGN = certificate("globalsign", 10, issuer="GlobalSign")
BY_ISSUER = [{"issuer": "DigiCertInc"}, {"issuer": "GlobalSign"}]


def listed(*certificates: dict[str, t.Any]) -> bytes:
    info = {"page": 1, "per_page": 50, "total_pages": 1, "count": len(certificates), "total_count": len(certificates)}
    return json.dumps(
        {"success": True, "errors": [], "messages": [], "result": certificates, "result_info": info}
    ).encode()


def http(body: bytes, *headers: str, status: str = "200 OK", framed: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if framed else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body


IN_ORDER = listed({**DIGICERT, "priority": 11}, GLOBALSIGN)
PACKED = gzip.compress(IN_ORDER)
CHUNKED = "Transfer-Encoding: chunked"

# Answers to be asked for again, and what is said of them where that is not allowed.
FAILED_ATTEMPTS = {
    "a negative chunk": (http(b"-5\r\nabc", CHUNKED, framed=False), "negative"),
    "a chunk of -1": (http(b"-1\r\nabc", CHUNKED, framed=False), "negative"),
    "a chunk without a size": (http(b"zz\r\nabc", CHUNKED, framed=False), ""),
    "no HTTP": (b"hello\r\n\r\n", ""),
    "a status that is no number": (b"HTTP/1.1 abc OK\r\n\r\n", ""),
    "a long header": (http(b"{}", "X-Long: " + "x" * 70_000), ""),
    "many headers": (http(b"{}", *(f"X-{number}: x" for number in range(200))), ""),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", ""),
    "nothing": (b"", ""),
    "switched protocols": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", ""),
    "a body that is cut off": (http(IN_ORDER)[:-10], "cut off"),
    "gzip that is cut off": (http(PACKED[:-9], "Content-Encoding: gzip"), "cut off"),
    "gzip that ends early": (http(PACKED[:-9], "Content-Encoding: gzip", framed=False), "cut off"),
    "a body of no length that ends early": (http(IN_ORDER[:-9], framed=False), "cut off"),
    "headers alone": (http(b"", framed=False), "cut off"),
}


@pytest.mark.parametrize(("answer", "says"), FAILED_ATTEMPTS.values(), ids=FAILED_ATTEMPTS)
class TestFailedAttempts:
    """What is no answer."""

    def test_another_attempt_is_made(self, run: Run, waits: list[float], answer: bytes, says: str) -> None:
        with raw_server(answer, http(IN_ORDER)) as port:
            result = run(module, certificates=BY_ISSUER, api_url=f"http://127.0.0.1:{port}", retries=1)
        assert result.get("failed") is None and result["requests"] == 2 and len(waits) == 1, result

    def test_after_a_write_it_may_have_been_done(self, run: Run, answer: bytes, says: str) -> None:
        with raw_server(http(listed(DIGICERT, GLOBALSIGN), "Connection: close"), answer) as port:
            result = run(module, certificates=BY_ISSUER, api_url=f"http://127.0.0.1:{port}")
        assert result["failed"] and "PUT" in result["msg"] and says in result["msg"], result["msg"]
        assert result["changed"] is True and "exception" not in result
        assert result["restore"] == [{"id": "globalsign", "priority": 10}, {"id": "digicert", "priority": 5}]


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_interim_answers_are_not_final(run: Run, status: str) -> None:
    interim = f"HTTP/1.1 {status}\r\nLink: </x>; rel=preload\r\n\r\n".encode()
    with raw_server(interim * 2 + http(IN_ORDER)) as port:
        result = run(module, certificates=BY_ISSUER, api_url=f"http://127.0.0.1:{port}")
    assert result.get("failed") is None and result["requests"] == 1


@pytest.mark.parametrize("headers", [["Content-Encoding: gzip"], ["content-encoding: X-GZIP "], ["Content-Encoding:"]])
@pytest.mark.parametrize("framed", [True, False])
def test_a_compressed_answer(run: Run, headers: list[str], framed: bool) -> None:
    body = PACKED if "gzip" in headers[0].lower() else IN_ORDER
    with raw_server(http(body, *headers, framed=framed)) as port:
        assert run(module, certificates=BY_ISSUER, api_url=f"http://127.0.0.1:{port}").get("failed") is None


BOMB = gzip.compress(bytes(128 * 2**20), 1)
REFUSED = {
    "a bomb": (http(BOMB, "Content-Encoding: gzip"), "larger than 32 MiB"),
    "a bomb in gzip": (http(gzip.compress(BOMB), "Content-Encoding: gzip, gzip"), "encoding gzip, gzip"),
    "an encoding that was not asked for": (http(b"x", "Content-Encoding: br"), "encoding br"),
    "no gzip": (http(IN_ORDER, "Content-Encoding: gzip"), "cannot be decompressed"),
    "a long body": (http(bytes(33 * 2**20)), "larger than 32 MiB"),
    "half an object in whole chunks": (http(b'5\r\n{"a":\r\n0\r\n\r\n', CHUNKED, framed=False), "no JSON object"),
}


@pytest.mark.parametrize(("answer", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_too_large_or_not_readable_is_refused_at_once(run: Run, answer: bytes, says: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with raw_server(answer) as port:
        result = run(module, certificates=BY_ISSUER, api_url=f"http://127.0.0.1:{port}", retries=5)
    assert says in result["msg"] and result["requests"] == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> list[OSError | None]:
    """What becomes of each attempt to connect: an error, or a connection; and no other after the last."""
    plan: list[OSError | None] = []
    really = _deadline.create_connection

    def connect(*args: t.Any) -> socket.socket:
        error = plan.pop(0)
        if error is not None:
            raise error
        return really(*args)

    monkeypatch.setattr(_deadline, "create_connection", connect)
    return plan


def test_a_write_that_got_no_connection_in_time_has_changed_nothing(run: Run, connect: list[OSError | None]) -> None:
    connect += [None, TimeoutError("timed out")]
    with raw_server(http(listed(DIGICERT, GLOBALSIGN), "Connection: close")) as port:
        result = run(module, certificates=BY_ISSUER, api_url=f"http://127.0.0.1:{port}")
    assert result["failed"] and "PUT" in result["msg"] and connect == []
    assert result["changed"] is False and "restore" not in result


def test_the_addresses_of_a_host_share_the_time(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []

    def connect(_address: object, share: float, *_options: object) -> None:
        shares.append(share)
        raise ConnectionRefusedError

    place = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 9))
    monkeypatch.setattr(_deadline.socket, "getaddrinfo", lambda *_place, **_kind: [place] * 3)
    monkeypatch.setattr(_deadline, "create_connection", connect)
    assert run(module, certificates=BY_ISSUER, api_url=NOWHERE, timeout=60)["failed"]
    assert [round(share / 10) for share in shares] == [2, 3, 6]


class TestConfiguration:
    """What no other attempt would mend is said at once."""

    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    @pytest.mark.parametrize(
        ("content", "says"), [(None, "does not exist"), ("", "cannot be read"), ("no certificate", "cannot be read")]
    )
    def test_a_ca_bundle(
        self,
        run: Run,
        waits: list[float],
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        variable: str,
        content: str | None,
        says: str,
    ) -> None:
        bundle = tmp_path / "bundle.pem"
        if content is not None:
            bundle.write_text(content)
        monkeypatch.setenv(variable, str(bundle))
        self._fails_at_once(run, waits, NOWHERE, f"the CA bundle {bundle} {says}", "CURL_CA_BUNDLE")

    @pytest.mark.parametrize(
        ("proxy", "says"),
        [
            ("http://user:pa/ss@127.0.0.1:3128", "malformed"),
            ("http://user:pass@127.0.0.1:0x", "malformed"),
            ("http://", "malformed"),
            ("http://[::1", "malformed"),
            ("ftp://user:pass@127.0.0.1:3128", "begins with ftp://"),
            ("socks5h://user:pass@127.0.0.1:1080", "PySocks"),
        ],
    )
    def test_a_proxy(
        self, run: Run, waits: list[float], monkeypatch: pytest.MonkeyPatch, proxy: str, says: str
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "")
        self._fails_at_once(run, waits, NOWHERE, says, "")

    @pytest.mark.parametrize("host", ["x" * 64 + ".example", "."])
    def test_a_host(self, run: Run, waits: list[float], host: str) -> None:
        self._fails_at_once(run, waits, f"https://{host}/client/v4", "", "'api_url'")

    @staticmethod
    def _fails_at_once(run: Run, waits: list[float], url: str, *says: str) -> None:
        result = run(module, certificates=BY_ISSUER, api_url=url, retries=5)
        assert result["failed"] and f"GET {LIST} failed: " in result["msg"] and "exception" not in result
        assert all(text in result["msg"] for text in says), result["msg"]
        assert result["requests"] == 1 and waits == [] and result["changed"] is False
        assert not any(part in json.dumps(result) for part in ("pa/ss", "user:", "pass@"))


def test_a_refused_connection_is_told_with_its_place(run: Run, waits: list[float]) -> None:
    port = closed_port()
    result = run(module, certificates=BY_ISSUER, api_url=f"http://127.0.0.1:{port}", retries=2)
    assert f"no connection to 127.0.0.1 port {port}: Connection refused" in result["msg"]
    assert "'api_url'" in result["msg"] and "3 attempts were made" in result["msg"] and len(waits) == 2


def test_a_proxy_that_refuses_is_told_with_its_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed_port()
    monkeypatch.setenv("https_proxy", f"http://user:proxy-password@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    result = run(module, certificates=BY_ISSUER, api_url=NOWHERE)
    assert f"no connection to the proxy 127.0.0.1 port {port}: Connection refused" in result["msg"]
    assert "HTTPS_PROXY" in result["msg"] and "proxy-password" not in json.dumps(result)


def test_a_proxy_that_wants_another_login_is_final(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    login = "user:proxy password"
    echoed = http(b"", status=f"407 No {login} here")
    with raw_server(echoed) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:proxy%20password@127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "")
        result = run(module, certificates=BY_ISSUER, api_url=NOWHERE, retries=3)
    assert "the proxy refused: 407" in result["msg"] and result["requests"] == 1
    assert "proxy password" not in json.dumps(result) and "proxy%20password" not in json.dumps(result)


@pytest.mark.parametrize("variables", [{"CURL_CA_BUNDLE": ""}, {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}])
def test_an_empty_ca_variable_means_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with raw_server(http(IN_ORDER), tls=Authority(tmp_path).good()) as port:
        result = run(module, certificates=BY_ISSUER, api_url=f"https://127.0.0.1:{port}")
    assert result["failed"] and "certificate is not trusted" in result["msg"]


def test_no_cookie_is_sent_back(api: Script, run: Run, httpserver: HTTPServer) -> None:
    cookie = {"Set-Cookie": "__cf_bm=0123; Path=/; Max-Age=1800"}
    for _task in range(2):
        api.expect(
            "GET", LIST, [{**DIGICERT, "priority": 11}, GLOBALSIGN], info={"total_count": 2}, answer_headers=cookie
        )
        assert run(module, certificates=BY_ISSUER)["changed"] is False
    assert not [request.headers["Cookie"] for request, _answer in httpserver.log if "Cookie" in request.headers]


LONG = "cfut_" + "0123456789abcdefghijklmnopqrstuvwxyz" * 8


def echo(padding: int) -> dict[str, t.Any]:
    """Return an answer that repeats LONG where its texts are cut."""
    text = "x" * padding + LONG
    errors = [{"code": 1, "message": text, "error_chain": [{"message": text}]}, text]
    return {"status": 400, "answer": {"success": False, "errors": errors}, "answer_headers": {"cf-ray": text[:1000]}}


def shows_nothing(result: dict[str, t.Any]) -> None:
    told = json.dumps(result)
    assert LONG[:9] not in told and LONG[-24:] not in told and TOKEN not in told, told
    assert "****" in told or "VALUE_SPECIFIED" in told


class TestSecrets:
    """Masked before a text is cut, in every form, as keys and as values."""

    KEYS: t.ClassVar[dict[str, t.Any]] = {"code": 1, "message": "x", LONG: {f"a {LONG}": LONG}}

    @pytest.mark.parametrize(
        "answer",
        [
            *(echo(padding) for padding in (0, 20, 100, 180, 470, 490)),
            {"status": 302, "raw": "", "answer_headers": {"Location": "/" + "x" * 180 + LONG}},
            {"status": 502, "raw": "", "answer_headers": {"Content-Type": "text/" + LONG}},
            {"status": 400, "answer": {"success": False, "errors": [KEYS]}},
        ],
    )
    def test_an_answer_that_repeats_it(self, api: Script, run: Run, answer: dict[str, t.Any]) -> None:
        api.expect("GET", LIST, **answer)
        shows_nothing(run(module, certificates=BY_ISSUER, api_token=LONG))

    def test_a_text_that_holds_json(self, api: Script, run: Run) -> None:
        token = 'cfut_"0123\\456789'
        error = {"code": 1, "message": json.dumps({"token": token})}
        api.expect("GET", LIST, status=400, answer={"success": False, "errors": [error]})
        result = run(module, certificates=BY_ISSUER, api_token=token)
        assert json.dumps(token)[1:-1] not in result["msg"] and "********" in result["msg"]

    def test_a_text_that_is_cut_in_a_thread(self, run: Run) -> None:
        text = "x" * 490 + LONG
        refusal = http(json.dumps({"success": False, "errors": [{"message": text}]}).encode(), status="400 Bad Request")
        with raw_server(refusal) as port:
            place = {"api_url": f"http://127.0.0.1:{port}", "zone_id": None, "zones": [ZONE, "f" * 32]}
            result = run(module, certificates=BY_ISSUER, api_token=LONG, **place)
        assert len(result["failed_zones"]) == 2
        shows_nothing(result)

    def test_certificates_and_notes(self, api: Script, run: Run) -> None:
        echoing = {**DIGICERT, "id": "digicert", LONG: [LONG], "hosts": [f"{LONG}.example.com"]}
        answer = {"success": True, "result": [{**echoing, "priority": 11}, GLOBALSIGN], "messages": [{"message": LONG}]}
        api.expect("GET", LIST, answer={**answer, "result_info": {"total_count": 2, "total_pages": 1}})
        result = run(module, certificates=BY_ISSUER, api_token=LONG, diff=True)
        shows_nothing(result)
        assert result["changed"] is False and result["messages"]

    @pytest.mark.parametrize("option", ["zone_id", "zone", "account_id", "unlisted", "timeout"])
    def test_an_option_that_got_it(self, run: Run, option: str) -> None:
        others = {"zone_id": None} if option in ("zone", "account_id") else {}
        result = run(module, certificates=BY_ISSUER, api_token=LONG, **{**others, option: "a" * 50 + LONG})
        shows_nothing(result)

    @pytest.mark.parametrize("entry", ["x" * 40 + LONG, {"issuer": [LONG]}, {"id": LONG}, {"id": "x", "host": LONG}])
    def test_an_entry_that_got_it(self, run: Run, entry: t.Any) -> None:
        shows_nothing(run(module, certificates=[entry], api_token=LONG))

    @pytest.mark.parametrize(
        "url",
        [
            "https://user:SECRET/KEY@api.example.com/",
            "https://user:SECRET@KEY@api.example.com/",
            "https://SECRETKEY@api.example.com/",
            "user:SECRET/KEY@api.example.com",
            "https:/user:SECRET/KEY@api.example.com/",
            "https:user:SECRET/KEY@api.example.com/",
            "https://api.example.com/?SECRET/KEY",
            "https://api.example.com/#SECRET/KEY",
            "https://user:SECRET%2FKEY@api.example.com/",
        ],
    )
    @pytest.mark.parametrize("place", ["option", "environment"])
    def test_a_url_with_a_password(self, run: Run, monkeypatch: pytest.MonkeyPatch, url: str, place: str) -> None:
        if place == "environment":
            monkeypatch.setenv("CLOUDFLARE_BASE_URL", url)
        result = run(module, certificates=BY_ISSUER, api_url=url if place == "option" else None)
        assert result["failed"] and "SECRET" not in json.dumps(result) and "'api_url'" in result["msg"]

    def test_a_secret_of_several_lines(self, run: Run) -> None:
        result = run(
            module, certificates=[{"id": "first line"}, {"host": "second line"}], api_token="first line\nsecond line"
        )
        assert "first line" not in json.dumps(result) and "second line" not in json.dumps(result)


def test_lone_surrogates_are_replaced(api: Script, run: Run) -> None:
    api.expect_list([{**DIGICERT, "priority": 11, "\ud800": "\udfff x"}, GLOBALSIGN])
    assert run(module, certificates=BY_ISSUER)["certificates"][0]["\ufffd"] == "\ufffd x"
    answer = {"success": False, "errors": [{"code": 1, "message": "\ud800"}], "messages": ["\ud800"]}
    api.expect("GET", LIST, status=400, answer=answer)
    result = run(module, certificates=BY_ISSUER)
    assert result["errors"][0]["message"] == "\ufffd"
    json.dumps(result, ensure_ascii=False).encode()
