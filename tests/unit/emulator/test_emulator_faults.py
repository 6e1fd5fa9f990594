# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: the effects that tests of the collection cannot observe, and which request gets which fault.

The effects of most kinds on a client are in `tests/integration/faults/cases.py`, which has all kinds.
"""

from __future__ import annotations

import socket
import threading
import typing as t

import pytest
import requests

from emulator import Emulator, Fault, certificate, zone
from emulator.fixture import StartEmulator
from unit.emulator.client import Client

BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
pytestmark = pytest.mark.emulator(
    zones=[zone("example.com", certificates=[certificate(["example.com"], priority=10), certificate()])]
)


def first_id(client: Client) -> str:
    """Of example.com's certificates the first."""
    return str(client.emulator.zones["example.com"].certificates[0]["id"])


def number(client: Client) -> t.Any:
    """Its priority as stored."""
    return client.emulator.zones["example.com"].certificates[0]["priority"]


def put(client: Client, timeout: float = 10) -> requests.Response:
    """Give it 99."""
    body = {"certificates": [{"id": first_id(client), "priority": 99}]}
    return client.put(f"{client.path()}/prioritize", json=body, timeout=timeout)


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


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        (Fault("reset_on_connect"), 10),
        (Fault("reset_before_request"), 10),
        (Fault("reset_after_request"), 10),
        (Fault("reset_after_apply"), 99),
        (Fault("reset_mid_answer"), 99),
        (Fault("reset_mid_answer", how="close"), 99),
        (Fault("no_answer"), 10),
        (Fault("no_answer", applied=True), 99),
        (Fault("trickle", interval=30), 99),
    ],
    ids=repr,
)
def test_whether_a_request_without_an_answer_was_applied(client: Client, fault: Fault, stored: int) -> None:
    client.emulator.fault(fault)
    with pytest.raises((*BROKEN, requests.ReadTimeout)):
        put(client, timeout=0.2)
    assert number(client) == stored
    assert [entry.body != b"" for entry in client.emulator.requests] == {
        "reset_on_connect": [],
        "reset_before_request": [False],
    }.get(fault.kind, [True])
    assert client.get("/zones").status_code == 200


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        (Fault("answer", body="short"), 10),
        (Fault("html"), 10),
        (Fault("server_error", applied=True), 99),
        (Fault("throttled"), 10),
        (Fault("truncated_json"), 99),
        (Fault("pretend"), 10),
    ],
    ids=repr,
)
def test_whether_a_request_with_a_wrong_answer_was_applied(client: Client, fault: Fault, stored: int) -> None:
    client.emulator.fault(fault)
    put(client)
    assert number(client) == stored


@pytest.mark.parametrize(("how", "ending"), [("reset", b"<reset>"), ("close", b"")])
def test_part_of_an_answer(emulator: Emulator, how: str, ending: bytes) -> None:
    emulator.fault(Fault("reset_mid_answer", keep=0.25, how=how))
    head, _gap, body = _raw_exchange(emulator).partition(b"\r\n\r\n")
    assert body.startswith(b'{"result":[{')
    assert body.endswith(ending)
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert len(body.removesuffix(b"<reset>")) == int(length * 0.25)


def test_a_connection_that_closes_unannounced(emulator: Emulator) -> None:
    emulator.fault(Fault("close_after_answer"))
    # Whether a pooled client notices in time is a race, which is the point of the fault; so look at the bytes.
    received = _raw_exchange(emulator, keep_alive=True)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"}")
    assert b"Connection:" not in received


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("wrong_content_type", "Content-Type", "text/plain"),
        ("gzip", "Content-Encoding", "gzip"),
        ("chunked", "Transfer-Encoding", "chunked"),
    ],
)
def test_the_right_answer_in_another_form(client: Client, kind: str, header: str, value: str) -> None:
    whole = client.get("/zones").content
    client.emulator.fault(Fault(kind))
    answer = client.get("/zones")
    assert (answer.headers[header], answer.content) == (value, whole)


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        (Fault("answer", status=418, body=b"\xff", content_type="text/x", headers={"X-Own": "1"}), 418, {"X-Own": "1"}),
        (Fault("html", status=520), 520, {"Content-Type": "text/html; charset=UTF-8"}),
        (
            Fault("redirect", status=307, location="https://elsewhere.example/"),
            307,
            {"Location": "https://elsewhere.example/"},
        ),
        (Fault("throttled", retry_after="soon"), 429, {"Retry-After": "soon"}),
    ],
    ids=repr,
)
def test_an_answer_of_its_own(client: Client, fault: Fault, status: int, headers: dict[str, str]) -> None:
    client.emulator.fault(fault)
    answer = client.get("/zones", allow_redirects=False)
    assert answer.status_code == status
    assert answer.headers.items() >= headers.items()


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
