# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases of the fault matrix: each fault, and how a run may end."""

from __future__ import annotations

import dataclasses
import email.utils
import gzip
import json
import time
import typing as t
from collections.abc import Callable, Iterator

from emulator import Emulator, Fault, Raw
from integration.faults.serving import black_hole, closed_port, raw_server
from integration.faults.world import ZONE, World

Arrange = Callable[[World], t.Any]
TWO_A_PAGE: dict[str, t.Any] = {"max_page_size": 2}


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing that goes wrong. `says` is in the message of a run that fails; without it, the run has to succeed."""

    name: str
    arrange: Arrange
    says: str = ""
    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    behaviour: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    lied_to: bool = False
    disturbed: bool = False

    def __str__(self) -> str:
        return self.name


USED: set[str] = {"patch_result"}  # the kinds of faults that cases are made of


def fault(kind: str, method: str = "GET", times: int | None = 1, after: int = 0, **arguments: t.Any) -> Arrange:
    """Arrange for a fault of the emulator."""
    USED.add(kind)
    return lambda world: world.emulator.fault(Fault(kind, **arguments), method=method, times=times, after=after)


def at_put(callback: Callable[[Emulator], object], *more: Arrange) -> Arrange:
    """Arrange for something to happen between the read and the write."""

    def arrange(world: World) -> None:
        world.emulator.before("PUT", "*", callback)
        for other in more:
            other(world)

    return arrange


def _elsewhere(port: int) -> dict[str, t.Any]:
    return {"api_url": f"http://127.0.0.1:{port}/client/v4"}


def _refused(world: World) -> None:
    world.options.update(_elsewhere(closed_port()))


def _black_hole(world: World) -> None:
    world.options.update(_elsewhere(world.stack.enter_context(black_hole())))


def _silent_tls(world: World) -> None:
    port = world.stack.enter_context(black_hole())
    world.options["api_url"] = f"https://127.0.0.1:{port}/client/v4"


def raw(answer: bytes, then_wait: bool = False) -> Arrange:
    """Arrange for a server that answers with these bytes."""
    return lambda world: world.options.update(
        _elsewhere(world.stack.enter_context(raw_server(answer, then_wait=then_wait)))
    )


def _date_ahead(world: World) -> None:
    moment = email.utils.formatdate(time.time() + 1.5, usegmt=True)
    world.emulator.fault(Fault("throttled", retry_after=moment))


MORE_THAN_IT_TAKES = 40_000_000
SHORT = {"timeout": 1}
AGAIN = {"retries": 1, "max_wait": 3}
PATIENT = {"max_wait": 2}
UNSURE = "The change may have been made"

CONNECTION = [
    Case("connection refused", _refused, "Connection refused"),
    Case("connection refused, tried again", _refused, "Connection refused", AGAIN),
    Case("no connection", _black_hole, "within 1 s", options=SHORT),
    Case("no TLS handshake", _silent_tls, "within 1 s", options=SHORT),
    Case("reset at once", fault("reset_on_connect"), "GET"),
    Case("reset at once, then not", fault("reset_on_connect"), options=AGAIN),
    Case("reset before the read", fault("reset_before_request"), "GET"),
    Case("reset before the write", fault("reset_before_request", "PUT"), UNSURE),
    Case("reset before the write, then not", fault("reset_before_request", "PUT"), options=AGAIN),
    Case("reset after the read was asked", fault("reset_after_request"), "GET"),
    Case("reset after the write was asked", fault("reset_after_request", "PUT"), UNSURE),
    Case("reset after the write was asked, then not", fault("reset_after_request", "PUT"), options=AGAIN),
    Case("reset after the write, always", fault("reset_after_apply", "PUT", None), UNSURE, AGAIN),
    Case("written, answer lost", fault("reset_after_apply", "PUT"), UNSURE),
    Case("written, answer lost, then not", fault("reset_after_apply", "PUT"), options=AGAIN),
    *(
        Case(f"{how} in the middle of the answer to {method}, at {keep}", arrange, says, options)
        for how in ("reset", "close")
        for keep in (0.0, 0.5)
        for method, says in (("GET", "GET"), ("PUT", UNSURE))
        for arrange in [fault("reset_mid_answer", method, how=how, keep=keep)]
        for options in [t.cast("dict[str, t.Any]", {})]
    ),
    Case("reset in the middle of the answer, then not", fault("reset_mid_answer", "PUT"), options=AGAIN),
    Case("closed after the answer", fault("close_after_answer"), options=AGAIN),
    Case("no answer to the read", fault("no_answer"), "no complete answer within 1 s", options=SHORT),
    Case("no answer to the read, then one", fault("no_answer"), options={**AGAIN, **SHORT}),
    Case("no answer to the write", fault("no_answer", "PUT"), UNSURE, options=SHORT),
    Case("no answer to the write that was done", fault("no_answer", "PUT", applied=True), UNSURE, options=SHORT),
    Case("answer too late", fault("latency", seconds=1.5), "no complete answer within 1 s", options=SHORT),
    Case("answer late", fault("latency", seconds=0.3)),
    Case("body in a trickle", fault("trickle"), "no complete answer within 1 s", options=SHORT),
    Case("headers in a trickle", fault("trickle", part="headers"), "no complete answer within 1 s", options=SHORT),
    Case("written, body in a trickle", fault("trickle", "PUT"), UNSURE, options=SHORT),
    Case("written, headers in a trickle", fault("trickle", "PUT", part="headers"), UNSURE, options=SHORT),
    Case("body in a fast trickle", fault("trickle", chunk=500, interval=0.01)),
]

_NO_LISTS: list[t.Any] = ["text", 1, True, {}, {"id": "x"}, [1], [None], [[]], [{}], [{"id": 1}], [{"id": ""}]]
_NO_LISTS_OF_CERTIFICATES: list[t.Any] = ["text", 1, {}, [1], [{"id": 1}]]
_NOTES: list[t.Any] = [None, "text", 1, {"message": "x"}, [None, 1, [], {}]]
_REASONS: list[t.Any] = [
    *(None, "text", 1, {}, [None], [[]], [{"code": "x"}], [{"code": True, "message": 1}]),
    [{"code": 1, "message": {"a": []}, "error_chain": "text"}],
    [{"code": 10**30, "error_chain": [None, {"code": None}]}],
    [{"code": number} for number in range(20_000)],
]
_INFOS: list[t.Any] = [None, "text", 1, [], {}, {"total_count": "4", "total_pages": []}, {"total_count": True}]

BODIES = [
    Case("truncated JSON", fault("truncated_json"), "contain no JSON object"),
    Case("truncated JSON after the write", fault("truncated_json", "PUT"), UNSURE),
    *(
        Case(f"JSON that is no object: {body}", fault("not_object", body=body), "contain no JSON object")
        for body in ('["no","object"]', '"text"', "1", "null", "true", "", "{", "\ufeff{}", "[" * 100_000)
    ),
    Case("no object after the write", fault("not_object", "PUT"), UNSURE),
    *(
        Case(f"HTML {status}", fault("html", status=status), f"HTTP {status}")
        for status in (400, 401, 403, 404, 405, 415, 418, 451, 500, 502, 503, 504, 520, 522, 524, 526, 530)
    ),
    Case("HTML 502, then not", fault("html"), options=AGAIN),
    Case("HTML 502 on the write", fault("html", "PUT"), UNSURE),
    Case("HTML 502 on the write that was done", fault("html", "PUT", applied=True), UNSURE),
    Case("HTML 403 on the write", fault("html", "PUT", status=403), "HTTP 403"),
    Case("JSON 500", fault("server_error"), "HTTP 500", behaviour={"server_error": "json"}),
    Case("empty body", fault("empty_body"), "0 bytes"),
    Case("empty body, 204", fault("empty_body", status=204), "HTTP 204"),
    Case("empty body, 500", fault("empty_body", status=500), "HTTP 500"),
    Case("empty body after the write", fault("empty_body", "PUT", applied=True), UNSURE),
    Case("wrong content type", fault("wrong_content_type", "*", 2)),
    Case("HTML by its content type", fault("wrong_content_type", "*", 2, content_type="text/html; charset=utf-7")),
    Case("gzip", fault("gzip", "*", 2)),
    # No larger than they have to be: a busy emulator takes its time to compress one, as long as the run may wait.
    Case("gzip bomb", fault("gzip_bomb", size=MORE_THAN_IT_TAKES), "larger than 32 MiB"),
    Case("gzip bomb after the write", fault("gzip_bomb", "PUT", size=MORE_THAN_IT_TAKES), UNSURE),
    Case("a huge body", fault("huge"), "larger than 32 MiB"),
    Case("chunked", fault("chunked", "*", 2)),
    *(
        Case(f"redirect {status} to {where}", fault("redirect", status=status, location=location), "redirect")
        for status in (301, 302, 303, 307, 308)
        for where, location in (("another host", "https://api.example.net/"), ("the same", "/client/v4/zones"))
    ),
    Case("redirect of the write", fault("redirect", "PUT", status=307, location="/client/v4/zones"), "redirect"),
    *(
        Case(f"redirect to {location!r}", fault("redirect", location=location), "redirect")
        for location in ("http://[", "//[::1", "", "http://u:p@[/", "javascript:x")
    ),
    Case("success that is false", fault("patch_answer", change={"success": False}), "no reason given"),
    Case("success that is text", fault("patch_answer", change={"success": "true"}), "GET"),
    Case("success that is 1", fault("patch_answer", change={"success": 1}), "GET"),
    Case("no success", fault("patch_answer", remove=["success"]), "GET"),
    Case("no result", fault("patch_answer", remove=["result"]), "without a 'result'"),
    Case("result null", fault("patch_answer", change={"result": None, "result_info": None}), lied_to=True),
    *(Case(f"result {value!r}", fault("patch_answer", change={"result": value}), "GET") for value in _NO_LISTS),
    *(
        Case(f"result of the write {value!r}", fault("patch_answer", "PUT", change={"result": value}), UNSURE)
        for value in _NO_LISTS_OF_CERTIFICATES
    ),
    Case("result of the write null", fault("patch_answer", "PUT", change={"result": None})),
    Case("no result of the write", fault("patch_answer", "PUT", remove=["result"])),
    *(Case(f"messages {value!r}", fault("patch_answer", "*", 2, change={"messages": value})) for value in _NOTES),
    *(
        Case(f"errors {value!r}"[:60], fault("patch_answer", change={"success": False, "errors": value}), "GET")
        for value in _REASONS
    ),
    *(Case(f"result_info {value!r}", fault("patch_answer", change={"result_info": value})) for value in _INFOS),
]

# Every field that is read, with what it cannot be. What the JSON of an answer can hold is text here, as it is written.
_WRONG: dict[str, tuple[t.Any, ...]] = {
    "id": (None, 1, "", {}),
    "priority": (True, "1", [], Raw("NaN"), Raw("-Infinity"), Raw("1e999"), Raw("1" * 5000)),
    "hosts": (True, "example.com", {}, [1], [["example.com"]]),
    "issuer": (True, []),
    "signature": (False, 0, {}),
    "type": (True, []),
    "status": (True, []),
    "geo_restrictions": (True, "us", [], {"label": 1}, {"label": []}),
    "keyless_server": (True, "x", []),
}
# Odd, but nothing that a run has to stop for.
_ODD: dict[str, tuple[t.Any, ...]] = {
    "priority": (Raw("-0.0"), Raw("0e9"), 0.5, Raw("-3")),
    "hosts": (None, [], ["\ud800"], ["x" * 100_000]),
    "expires_on": (None, True, [], "", "2026-02-31T00:00:00Z", "9999-12-31T23:59:59-23:59"),
    "uploaded_on": (None, 1, {}, "0000-00-00T00:00:00Z", "0001-01-01T00:00:00+23:59"),
    "signature": (None, "", "\x00"),
    "type": (None, "", "new_custom"),
    "status": (None, "", "pending_something"),
    "geo_restrictions": (None, {}, {"label": None}),
    "keyless_server": (None, {}),
}


def _on_the_first(method: str, field: str, value: t.Any, times: int | None) -> Arrange:
    def arrange(world: World) -> None:
        change = {"change": {field: value}, "ids": [world.wanted[0]]}
        world.emulator.fault(Fault("patch_result", **change), method=method, times=times)

    return arrange


def _types() -> Iterator[Case]:
    for field, values in _WRONG.items():
        for value in values:
            name = f"{field} {value!r}"[:40]
            yield Case(name, _on_the_first("GET", field, value, 1), "GET")
            yield Case(f"{name} after the write", _on_the_first("PUT", field, value, 1), UNSURE)
    for field, values in _ODD.items():
        for value in values:
            # What is put right after it comes from the whole list, so what the first read said may differ from it.
            arrange = _on_the_first("GET", field, value, 1)
            yield Case(f"odd {field} {value!r}"[:40], arrange, disturbed=True)


def _great_number(world: World) -> None:
    change = {"change": {"priority": Raw("9" * 4000)}, "ids": [world.wanted[1]]}
    world.emulator.fault(Fault("patch_result", **change), method="GET")


TYPES = [
    *_types(),
    Case("a great priority below", _great_number, disturbed=True),
    Case("a great priority on top", _on_the_first("GET", "priority", Raw("9" * 4000), 1), lied_to=True),
]

THROTTLE = [
    Case("429, Retry-After in seconds", fault("throttled", retry_after="1"), options=PATIENT),
    Case("429, Retry-After as a date", _date_ahead, options=PATIENT),
    Case("429 on the write", fault("throttled", "PUT", retry_after="1"), options=PATIENT),
    Case("429 on the write, always", fault("throttled", "PUT", None, retry_after="1"), "HTTP 429", PATIENT),
    Case("429 as 200", fault("throttled", retry_after="1", status=200), options=PATIENT),
    *(
        Case(f"429, Retry-After {value!r}"[:60], fault("throttled", retry_after=value), "HTTP 429")
        for value in (None, "999999999", "-1", "soon", "\u0663", "Fri, 31 Dec 9999 23:59:59 GMT")
    ),
    Case(
        "429, Retry-After in the past",
        fault("throttled", retry_after="Mon, 01 Jan 2001 00:00:00 GMT"),
        options=PATIENT,
    ),
]

PAGES = [
    Case("two pages", lambda world: None, behaviour=TWO_A_PAGE),
    Case("a page that repeats", fault("duplicate_page", after=1), behaviour=TWO_A_PAGE),
    Case("pages that repeat", fault("duplicate_page", times=None), "are inconsistent", behaviour=TWO_A_PAGE),
    Case("a page that vanishes", fault("drop_page", after=1), behaviour=TWO_A_PAGE),
    Case("pages that vanish", fault("drop_page", times=None), "are inconsistent", behaviour=TWO_A_PAGE),
    *(
        Case(
            f"{field} {value}{' on two pages' if pages else ''}",
            fault("result_info", times=None, override={field: value}),
            *(says,),
            behaviour=pages,
        )
        for field, value, pages, says in (
            ("total_pages", 1, TWO_A_PAGE, ""),
            ("total_pages", 0, TWO_A_PAGE, ""),
            ("total_pages", 9, TWO_A_PAGE, ""),
            ("total_pages", 9, {}, ""),
            ("total_pages", 10**12, {}, ""),
            ("total_pages", -1, {}, ""),
            ("total_count", 3, TWO_A_PAGE, "are inconsistent"),
            ("total_count", 9, TWO_A_PAGE, "are inconsistent"),
            ("total_count", 0, {}, "are inconsistent"),
            ("total_count", 10**300, {}, "are inconsistent"),
        )
    ),
]


def _raise_a_rival(emulator: Emulator) -> None:
    """Someone gives an unlisted certificate that competes a number above all others."""
    emulator.set_priority(ZONE, str(emulator.zones[ZONE].certificates[3]["id"]), 500)


def _renew(emulator: Emulator) -> None:
    emulator.renew(ZONE, str(emulator.zones[ZONE].certificates[0]["id"]))


def _delete(emulator: Emulator) -> None:
    emulator.delete(ZONE, str(emulator.zones[ZONE].certificates[0]["id"]))


def _by_id(world: World) -> None:
    world.options["certificates"] = [{"id": found} for found in world.wanted]


def _both(*arrangements: Arrange) -> Arrange:
    def arrange(world: World) -> None:
        for one in arrangements:
            one(world)

    return arrange


WRITES = [
    Case(
        "pretended, verified by a read",
        fault("pretend", "PUT", None),
        "the list does not show it",
        {"verify": "read"},
    ),
    Case("pretended, verified by the answer", fault("pretend", "PUT"), lied_to=True),
    Case("another writer between", at_put(_raise_a_rival), "Another writer", disturbed=True),
    Case(
        "another writer between, answer lost",
        at_put(_raise_a_rival, fault("reset_after_apply", "PUT")),
        UNSURE,
        disturbed=True,
    ),
    Case(
        "another writer during a ban between",
        at_put(_raise_a_rival, fault("throttled", "PUT", retry_after="1")),
        "Another writer",
        PATIENT,
        disturbed=True,
    ),
    Case("renewed between", at_put(_renew), disturbed=True),
    Case("renewed between, 404", at_put(_renew), behaviour={"unknown_id": "404"}, disturbed=True),
    Case("renewed between, half written", at_put(_renew), behaviour={"bad_item": "partial"}, disturbed=True),
    Case("renewed between, named by id", _both(_by_id, at_put(_renew)), "1002", disturbed=True),
    Case("renewed between, lingers", at_put(_renew), behaviour={"deleted": "lingers"}, disturbed=True),
    Case("deleted between", at_put(_delete), UNSURE, disturbed=True),
    Case("deleted between, half written", at_put(_delete), UNSURE, behaviour={"bad_item": "partial"}, disturbed=True),
    Case(
        "written, answer lost, deleted before it is tried again, then out of order",
        _both(
            fault("reset_after_apply", "PUT"),
            lambda world: world.emulator.before("PUT", "*", _delete, after=1),
            fault("html", after=1, times=None),
        ),
        UNSURE,
        AGAIN,
        disturbed=True,
    ),
    Case("deleted between, ignored", at_put(_delete), options={"missing": "ignore"}, disturbed=True),
    Case("deleted between, named by id", _both(_by_id, at_put(_delete)), "1002", disturbed=True),
    Case("unknown id, always", fault("answer", "PUT", None, status=404, body="{}"), "HTTP 404"),
]

GOOD = json.dumps(
    {"success": True, "errors": [], "messages": [], "result": [], "result_info": {"total_count": 0}}
).encode()


def _http(body: bytes, *headers: str, status: str = "200 OK", length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", *([f"Content-Length: {len(body)}"] if length else []), *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


_BOMB = gzip.compress(bytes(200_000_000), 1)

# What no well-behaved server sends; a run has to fail on each of them, in the usual way.
RAW: dict[str, bytes] = {
    "nothing": b"",
    "no HTTP": b"garbage\r\n\r\n",
    "empty lines": b"\r\n\r\n\r\n",
    "another version": b"HTTP/9.9 200 OK\r\n\r\n",
    "a status that is no number": b"HTTP/1.1 abc OK\r\n\r\n",
    "a status out of range": b"HTTP/1.1 99999 OK\r\n\r\n",
    "a long status line": b"HTTP/1.1 200 " + b"x" * 70_000,
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 5000 + b"\r\n",
    "a long header": b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 70_000 + b"\r\n\r\n",
    "continue, many times": b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,
    "no header's end": b"HTTP/1.1 200 OK\r\nContent-Type: application/json",
    "a NUL in a header": b"HTTP/1.1 200 OK\r\nX-A: \0\r\nContent-Length: 2\r\n\r\n[]",
    "switching protocols": b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + GOOD,
    "not modified": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "a length below zero": _http(b"[]", "Content-Length: -5", length=False),
    "a length that is no number": _http(b"[]", "Content-Length: many", length=False),
    "a length in superscript": _http(b"[]", "Content-Length: \xb2", length=False),
    "two lengths": _http(b"[]", "Content-Length: 2", "Content-Length: 50", length=False),
    "a length too great": _http(GOOD, "Content-Length: 5000", length=False),
    "a chunk of no size": _http(b"zz\r\n[]\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False),
    "a chunk of size -1": _http(b"-1\r\n[]\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False),
    "a chunk too great": _http(b"ffffffffffffffff\r\n[]", "Transfer-Encoding: chunked", length=False),
    "a chunk cut off": _http(b"40\r\n[]", "Transfer-Encoding: chunked", length=False),
    "gzip that is none": _http(b"garbage", "Content-Encoding: gzip"),
    "gzip cut off": _http(gzip.compress(GOOD)[:20], "Content-Encoding: gzip"),
    "deflate that is none": _http(b"garbage", "Content-Encoding: deflate"),
    "twenty encodings": _http(b"garbage", "Content-Encoding: " + ", ".join(["gzip"] * 20)),
    "UTF-16": _http(GOOD.decode().encode("utf-16")),
    "no UTF-8": _http(b'{"success":true,"result":[{"id":"\xff"}]}'),
    "a redirect to bytes": _http(b"", "Location: \xff\xfe\x80", status="302 Found"),
    "a redirect to an escape": _http(b"", "Location: \x1b]0;x\x07", status="302 Found"),
    "a redirect with a bomb": _http(_BOMB, "Location: /", "Content-Encoding: gzip", status="302 Found"),
    "a failure with a bomb": _http(_BOMB, "Content-Encoding: gzip", status="502 Bad Gateway"),
    "a bomb in a bomb": _http(gzip.compress(_BOMB), "Content-Encoding: gzip, gzip"),
    "Retry-After in superscript": _http(b"", "Retry-After: \xb2", status="429 Too Many Requests"),
    "cookies": _http(b"", 'Set-Cookie: ="; expires=\xff; max-age=x; domain=.; version="a', status="500 Oops"),
    "a content type with an escape": _http(b"", "Content-Type: \x1b[31m\x9b31m"),
    "a ray with an escape": _http(b"", "cf-ray: \x1b[2J\x9b2J"),
    "an unknown charset": _http(b"", "Content-Type: text/html; charset=\xff"),
    "deep errors": _http(
        b'{"success":false,"errors":[' + b'{"error_chain":[' * 20_000 + b"]}" * 20_000 + b"]}", status="400 Bad Request"
    ),
    "errors less deep": _http(
        b'{"success":false,"errors":[' + b'{"error_chain":[' * 450 + b"]}" * 450 + b"]}", status="400 Bad Request"
    ),
}

HTTP = [Case(f"the server sends {name}", raw(answer), "GET", {"max_wait": 0}) for name, answer in RAW.items()]

MATRIX = [*CONNECTION, *BODIES, *TYPES, *THROTTLE, *PAGES, *WRITES, *HTTP]
