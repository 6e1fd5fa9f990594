# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of fault, as a client meets it, and which request meets it."""

from __future__ import annotations

import socket
import threading
import time
import typing as t
from collections.abc import Callable

import pytest
import requests

from emulator import KINDS, Emulator, Fault, Raw, certificate, zone
from emulator.fixture import StartEmulator
from unit.emulator.client import Client, codes

BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def first_id(client: Client) -> str:
    """Of example.com's certificates the first."""
    return str(client.emulator.zones["example.com"].certificates[0]["id"])


def number(client: Client) -> t.Any:
    """Its priority as stored."""
    return client.emulator.zones["example.com"].certificates[0]["priority"]


def put(client: Client) -> requests.Response:
    """Give it 99."""
    return client.prioritize({first_id(client): 99})


def _raw_exchange(emulator: Emulator, keep_alive: bool = False) -> bytes:
    """All that the emulator sends on a connection of its own, byte for byte."""
    request = (
        f"GET /client/v4/zones HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {emulator.token}\r\n"
        f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n"
    )
    received = b""
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=10) as connection:
        connection.sendall(request.encode())
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            received += b"<reset>"
    return received


def _reset_on_connect(client: Client) -> None:
    client.emulator.fault(Fault("reset_on_connect"))
    with pytest.raises(BROKEN):
        client.get("/zones")
    assert not client.emulator.requests
    assert client.get("/zones").status_code == 200


def _reset_before_request(client: Client) -> None:
    client.emulator.fault(Fault("reset_before_request"))
    with pytest.raises(BROKEN):
        put(client)
    (entry,) = client.emulator.requests
    assert (entry.body, entry.status, number(client)) == (b"", 0, 10)


def _reset_after_request(client: Client) -> None:
    client.emulator.fault(Fault("reset_after_request"))
    with pytest.raises(BROKEN):
        put(client)
    (entry,) = client.emulator.requests
    assert (entry.json["certificates"][0]["priority"], entry.status, number(client)) == (99, 0, 10)


def _reset_after_apply(client: Client) -> None:
    client.emulator.fault(Fault("reset_after_apply"))
    with pytest.raises(BROKEN):
        put(client)
    assert number(client) == 99


def _reset_mid_answer(client: Client) -> None:
    for how, ending in (("reset", b"<reset>"), ("close", b"")):
        client.emulator.fault(Fault("reset_mid_answer", keep=0.25, how=how), times=2)
        received = _raw_exchange(client.emulator)
        head, _gap, body = received.partition(b"\r\n\r\n")
        assert body.startswith(b'{"result":[{')
        assert body.endswith(ending)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert len(body.removesuffix(b"<reset>")) == int(length * 0.25)
        with pytest.raises(BROKEN):
            client.get("/zones")


def _close_after_answer(client: Client) -> None:
    client.emulator.fault(Fault("close_after_answer"))
    # Whether a pooled client notices in time is a race, which is the point of the fault; so look at the bytes.
    received = _raw_exchange(client.emulator, keep_alive=True)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"}")
    assert b"Connection:" not in received


def _no_answer(client: Client) -> None:
    for applied, stored in ((False, 10), (True, 99)):
        client.emulator.fault(Fault("no_answer", applied=applied))
        with pytest.raises(requests.ReadTimeout):
            client.session.put(
                f"{client.emulator.url}{client.path()}/prioritize",
                json={"certificates": [{"id": first_id(client), "priority": 99}]},
                timeout=0.1,
            )
        assert number(client) == stored


def _latency(client: Client) -> None:
    client.emulator.fault(Fault("latency", seconds=0.15))
    start = time.monotonic()
    assert put(client).status_code == 200
    assert time.monotonic() - start >= 0.15
    assert number(client) == 99


def _trickle(client: Client) -> None:
    whole = client.get("/zones").content
    for part, chunk in (("body", 200), ("headers", 300)):
        client.emulator.fault(Fault("trickle", part=part, chunk=chunk, interval=0.01))
        start = time.monotonic()
        assert client.get("/zones").content == whole
        assert time.monotonic() - start >= 0.03
    client.emulator.fault(Fault("trickle", interval=30))
    with pytest.raises(requests.exceptions.ConnectionError):
        client.session.get(f"{client.emulator.url}/zones", timeout=0.1)


def _answer(client: Client) -> None:
    fault = Fault("answer", status=418, body="short", content_type="text/x", headers={"X-Own": "1"}, applied=True)
    client.emulator.fault(fault)
    answer = put(client)
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (418, "short", "text/x")
    assert (answer.headers["X-Own"], number(client)) == ("1", 99)
    client.emulator.fault(Fault("answer", body=b"\xff\x00"))
    assert client.get("/zones").content == b"\xff\x00"


def _html(client: Client) -> None:
    for status in (403, 502, 520, 523, 530):
        client.emulator.fault(Fault("html", status=status))
        answer = put(client)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=UTF-8")
        assert answer.headers["cf-ray"]
    assert number(client) == 10


def _server_error(client: Client) -> None:
    client.emulator.behave(server_error="json")
    client.emulator.fault(Fault("server_error", applied=True))
    assert codes(put(client)) == (500, 10001)
    assert number(client) == 99


def _not_object(client: Client) -> None:
    client.emulator.fault(Fault("not_object"))
    assert client.get("/zones").json() == ["no", "object"]
    client.emulator.fault(Fault("not_object", body="null"))
    assert client.get("/zones").json() is None


def _empty_body(client: Client) -> None:
    for status in (200, 204, 500):
        client.emulator.fault(Fault("empty_body", status=status))
        answer = client.get("/zones")
        assert (answer.status_code, answer.content) == (status, b"")


def _redirect(client: Client) -> None:
    client.emulator.fault(Fault("redirect", status=307, location="https://elsewhere.example/zones"))
    answer = client.get("/zones", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "https://elsewhere.example/zones")


def _throttled(client: Client) -> None:
    for value in (None, "7", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "soon"):
        client.emulator.fault(Fault("throttled", retry_after=value, code=10100))
        answer = put(client)
        assert codes(answer) == (429, 10100)
        assert answer.headers.get("Retry-After") == value
    assert (number(client), client.emulator.refused) == (10, 0)


def _truncated_json(client: Client) -> None:
    whole = client.get("/zones").content
    client.emulator.fault(Fault("truncated_json", keep=0.5))
    answer = client.get("/zones")
    assert answer.content == whole[: len(whole) // 2]
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


def _wrong_content_type(client: Client) -> None:
    client.emulator.fault(Fault("wrong_content_type"))
    answer = client.get("/zones")
    assert (answer.headers["Content-Type"], answer.json()["success"]) == ("text/plain", True)


def _gzip(client: Client) -> None:
    client.emulator.fault(Fault("gzip"))
    answer = client.get("/zones")
    assert (answer.headers["Content-Encoding"], answer.json()["success"]) == ("gzip", True)


def _gzip_bomb(client: Client) -> None:
    client.emulator.fault(Fault("gzip_bomb", size=3_000_000), times=2)
    answer = client.get("/zones")
    assert (len(answer.content), answer.json()["success"]) == (3_000_000, True)
    received = _raw_exchange(client.emulator)
    assert len(received) < 10_000


def _huge(client: Client) -> None:
    client.emulator.fault(Fault("huge", size=3_000_000))
    answer = client.get("/zones")
    assert answer.headers["Content-Length"] == "3000000"
    assert (len(answer.content), answer.json()["success"]) == (3_000_000, True)
    client.emulator.fault(Fault("huge"))
    with client.session.get(f"{client.emulator.url}/zones", timeout=10, stream=True) as answer:
        assert len(next(answer.iter_content(1000))) == 1000


def _chunked(client: Client) -> None:
    client.emulator.fault(Fault("chunked", chunk=10))
    answer = client.get("/zones")
    assert (answer.headers["Transfer-Encoding"], answer.json()["success"]) == ("chunked", True)


def _duplicate_page(client: Client) -> None:
    client.emulator.fault(Fault("duplicate_page"), after=1)
    pages = [client.get(f"{client.path('many.example')}?page={page}").json() for page in (1, 2, 2)]
    assert pages[0]["result"] == pages[1]["result"] != pages[2]["result"]
    assert pages[1]["result_info"]["page"] == 2


def _drop_page(client: Client) -> None:
    client.emulator.fault(Fault("drop_page"))
    answer = client.get(client.path("many.example")).json()
    assert (answer["result"], answer["result_info"]["total_count"]) == ([], 23)


def _result_info(client: Client) -> None:
    override = {"total_pages": 9, "count": "many"}
    client.emulator.fault(Fault("result_info", override=override, remove=["per_page"]))
    info = client.get("/zones").json()["result_info"]
    assert info == {"page": 1, "total_pages": 9, "count": "many", "total_count": 2}


def _patch_result(client: Client) -> None:
    change = {"priority": Raw("1e999"), "hosts": 7, "status": float("nan")}
    client.emulator.fault(Fault("patch_result", change=change, remove=["issuer"], ids=[first_id(client)]))
    text = client.get(client.path()).text
    assert '"priority":1e999' in text
    assert '"status":NaN' in text
    client.emulator.fault(Fault("patch_result", change=lambda item: item["id"]))
    assert client.get(client.path()).json()["result"][0] == first_id(client)
    client.emulator.fault(Fault("patch_result", change={"id": None}))
    assert client.get(f"{client.path()}/{first_id(client)}").json()["result"]["id"] is None
    assert client.certificates()[0]["id"] == first_id(client)


def _patch_answer(client: Client) -> None:
    client.emulator.fault(Fault("patch_answer", change={"success": False, "errors": None}, remove=["result"]))
    assert client.get("/zones").json().items() >= {"success": False, "errors": None}.items()
    client.emulator.fault(Fault("patch_answer", change=lambda answer: {"ResultInfo": answer["result_info"]}))
    assert list(client.get("/zones").json()) == ["ResultInfo"]


def _pretend(client: Client) -> None:
    client.emulator.fault(Fault("pretend"))
    shown = put(client).json()["result"][0]
    assert (shown["id"], shown["priority"], number(client)) == (first_id(client), 99, 10)


CHECKS: dict[str, Callable[[Client], None]] = {
    name.removeprefix("_"): check
    for name, check in list(globals().items())
    if name.startswith("_") and name.removeprefix("_") in KINDS
}
ZONES = [
    zone("example.com", certificates=[certificate(["example.com"], priority=10), certificate(["www.example.com"])]),
    zone("many.example", certificates=[certificate([f"{n}.many.example"]) for n in range(23)]),
]


def test_every_kind_has_a_check() -> None:
    assert set(CHECKS) == set(KINDS)


@pytest.mark.emulator(zones=ZONES)
@pytest.mark.parametrize("kind", KINDS)
def test_fault(client: Client, kind: str) -> None:
    CHECKS[kind](client)
    client.emulator.reset(state=False)
    assert client.get("/zones").status_code == 200
    assert client.emulator.requests[-1].status == 200


def test_which_request_a_fault_meets(client: Client) -> None:
    emulator = client.emulator
    emulator.fault(Fault("html", status=500), method="PUT", path="*/prioritize", times=2, after=1)
    emulator.fault(Fault("html", status=501), method="get", times=None)
    assert [put(client).status_code for _turn in range(4)] == [200, 500, 500, 200]
    assert [client.get("/zones").status_code for _turn in range(3)] == [501] * 3


def test_faults_know_their_arguments() -> None:
    with pytest.raises(ValueError, match="no fault is called"):
        Fault("explode")
    with pytest.raises(TypeError, match="the fault html has no size"):
        Fault("html", size=1)
    assert repr(Fault("chunked", chunk=1)) == "Fault('chunked', chunk=1)"


def test_another_writer_between_read_and_write(client: Client) -> None:
    emulator = client.emulator
    other = Client(emulator)
    second = emulator.zones["example.com"].certificates[1]["id"]
    # The callback sends a request itself, so the emulator must go on answering meanwhile.
    emulator.before("PUT", "*prioritize", lambda running: other.prioritize({second: 50}))
    assert put(client).status_code == 200
    assert [entry.json["certificates"][0]["priority"] for entry in emulator.requests] == [99, 50]
    assert [priority for _id, priority in emulator.order("example.com")][:2] == [99, 50]


def test_renewed_between_read_and_write(client: Client) -> None:
    emulator = client.emulator
    old = first_id(client)
    emulator.before("PUT", "*prioritize", lambda running: running.renew("example.com", old))
    assert codes(put(client)) == (400, 1002)
    renewed = emulator.zones["example.com"].certificates[-1]
    assert renewed["id"] != old
    assert renewed["priority"] == 10
    emulator.set_priority("example.com", renewed["id"], None)
    assert renewed["priority"] is None
    with pytest.raises(KeyError):
        emulator.delete("example.com", old)


def test_a_callback_that_fails_is_told(start_emulator: StartEmulator) -> None:
    running = start_emulator()
    running.before("GET", "*", lambda emulator: 1 / 0)
    answer = Client(running).get("/zones")
    assert answer.status_code == 500
    assert "ZeroDivisionError" in answer.text
    assert "ZeroDivisionError" in running.failures[0]
    running.reset()


def test_stopping_ends_what_is_never_answered() -> None:
    with Emulator() as running:
        running.fault(Fault("no_answer"))
        client = Client(running)
        outcome: list[type] = []

        def wait() -> None:
            try:
                client.get("/zones")
            except requests.ConnectionError as error:
                outcome.append(type(error))

        waiting = threading.Thread(target=wait)
        waiting.start()
        running.wait_for_requests(1)
    waiting.join(5)
    assert outcome == [requests.ConnectionError]
