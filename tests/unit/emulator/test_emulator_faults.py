# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: what arrives, and whether the request took effect.

What a user of the collection sees of each kind is in `tests/integration/faults/`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from emulator import Emulator, Fault, certificate, zone
from emulator.fixture import StartEmulator
from unit.emulator.client import Client

ZONE = zone("example.com", certificates=[certificate(["example.com"], priority=10)])
pytestmark = pytest.mark.emulator(zones=[ZONE])

SHOWN = ("Content-Type", "Content-Encoding", "Transfer-Encoding", "Connection", "Location", "Retry-After")
ERRORS = {
    "aborted": "reset",
    "reset": "reset",
    "IncompleteRead(0": "no body",
    "IncompleteRead": "part of the body",
    "timed out": "timeout",
}


def put(client: Client, timeout: float = 10) -> str:
    """Give the certificate priority 99, and return what arrives: the status and some headers, or the client's error."""
    (item,) = client.emulator.zones["example.com"].certificates
    body = {"certificates": [{"id": item["id"], "priority": 99}]}
    path = client.path(certificate_id="prioritize")
    try:
        answer = client.put(path, json=body, timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        return next(meaning for text, meaning in ERRORS.items() if text in str(error))
    return " ".join([str(answer.status_code), *(answer.headers[name] for name in SHOWN if name in answer.headers)])


@pytest.mark.parametrize(
    ("fault", "arrived", "stored"),
    [
        (Fault("reset_on_connect"), "reset", 10),
        (Fault("reset_before_request"), "reset", 10),
        (Fault("reset_after_request"), "reset", 10),
        (Fault("reset_after_apply"), "reset", 99),
        (Fault("reset_mid_answer"), "reset", 99),
        (Fault("reset_mid_answer", how="close"), "part of the body", 99),
        (Fault("reset_mid_answer", how="close", keep=0), "no body", 99),
        (Fault("no_answer"), "timeout", 10),
        (Fault("no_answer", applied=True), "timeout", 99),
        (Fault("trickle", interval=30), "timeout", 99),
        (Fault("close_after_answer"), "200 application/json", 99),  # and no Connection header announces it
        (Fault("answer", status=418), "418 application/json", 10),
        (Fault("html"), "502 text/html; charset=UTF-8", 10),
        (Fault("server_error", applied=True), "500 text/html; charset=UTF-8", 99),
        (Fault("redirect", location="/elsewhere"), "302 application/json /elsewhere", 10),
        (Fault("throttled", retry_after="soon"), "429 application/json soon", 10),
        (Fault("truncated_json"), "200 application/json", 99),
        (Fault("wrong_content_type"), "200 text/plain", 99),
        (Fault("gzip"), "200 application/json gzip", 99),
        (Fault("chunked"), "200 application/json chunked", 99),
        (Fault("pretend"), "200 application/json", 10),
    ],
    ids=str,
)
def test_what_arrives_and_what_is_stored(client: Client, fault: Fault, arrived: str, stored: int) -> None:
    client.emulator.fault(fault)
    assert put(client, 0.5 if arrived == "timeout" else 10) == arrived
    client.emulator.wait_until_idle()
    assert client.emulator.zones["example.com"].certificates[0]["priority"] == stored
    bodies = {"reset_on_connect": [], "reset_before_request": [False]}
    assert [call.body != b"" for call in client.emulator.requests] == bodies.get(fault.kind, [True])
    assert Client(client.emulator).get("/zones").status_code == 200


def test_which_requests_a_fault_meets(client: Client) -> None:
    client.emulator.fault(Fault("html"), path="*/prioritize", times=2, after=1)
    assert [put(client)[:3] for _turn in range(4)] == ["200", "502", "502", "200"]


def test_faults_know_their_arguments() -> None:
    with pytest.raises(ValueError, match="no fault is called"):
        Fault("explode")
    with pytest.raises(TypeError, match="the fault html has no size"):
        Fault("html", size=1)


def test_a_callback_that_fails_is_told(start_emulator: StartEmulator) -> None:
    running = start_emulator()
    running.before("GET", "*", lambda emulator: 1 / 0)
    answer = Client(running).get("/zones")
    assert answer.status_code == 500
    assert "ZeroDivisionError" in answer.text
    assert "ZeroDivisionError" in running.failures[0]
    running.reset()


def test_stopping_ends_what_is_never_answered() -> None:
    with ThreadPoolExecutor() as pool, Emulator() as running:
        running.fault(Fault("no_answer"))
        waiting = pool.submit(Client(running).get, "/zones")
        running.wait_for_requests(1)
        running.stop()
        assert isinstance(waiting.exception(5), requests.ConnectionError)
