# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After every fault, either the zone is as requested and the result says so, or the failure describes everything that is known.

What an HTTP client has to make of single answers is in tests/unit/plugins/modules/test_network.py.
"""

from __future__ import annotations

import contextlib
import dataclasses
import email.utils
import functools
import gzip
import time
import typing as t
from collections.abc import Callable, Iterator

import pytest

from emulator import Emulator, Fault, Raw
from integration.faults.serving import black_hole, closed_port, raw_server
from integration.faults.world import ZONE, World, judge, next_run_repairs

Arrange = Callable[[World], t.Any]
Options = dict[str, t.Any]

SHORT: Options = {"timeout": 1}
AGAIN: Options = {"retries": 1, "max_wait": 3}
PATIENT: Options = {"max_wait": 2}
UNSURE = "The change may have been made"


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing that goes wrong. `says` is in the message of a run that fails; without it, the run has to succeed."""

    name: str
    arrange: Arrange
    says: str = ""
    options: Options = dataclasses.field(default_factory=dict)
    behaviour: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    lied_to: bool = False
    disturbed: bool = False

    def __str__(self) -> str:
        return self.name


def fault(kind: str, method: str = "GET", times: int | None = 1, after: int = 0, **arguments: t.Any) -> Arrange:
    """Arrange for a fault of the emulator."""
    return lambda world: world.emulator.fault(Fault(kind, **arguments), method=method, times=times, after=after)


def at_put(callback: Callable[[Emulator], object], *others: Arrange) -> Arrange:
    """Arrange for something to happen between the read and the write."""

    def arrange(world: World) -> None:
        for other in others:
            other(world)
        world.emulator.before("PUT", "*", callback)

    return arrange


def elsewhere(server: Callable[[], contextlib.AbstractContextManager[int]], scheme: str = "http") -> Arrange:
    """Arrange for another server than the emulator."""

    def arrange(world: World) -> None:
        world.options["api_url"] = f"{scheme}://127.0.0.1:{world.stack.enter_context(server())}/client/v4"

    return arrange


def either(
    name: str,
    kind: str,
    read: str,
    write: str = UNSURE,
    *,
    mended: bool = True,
    short: bool = False,
    **arguments: t.Any,
) -> Iterator[Case]:
    """A fault as the zone is read, and as it is written. `mended`: whether another attempt is made."""
    options = SHORT if short else {}
    again = {**AGAIN, **options}
    for method, says in (("GET", read), ("PUT", write)):
        yield Case(f"{name}, {method}", fault(kind, method, **arguments), says, options if mended else again)
    if mended:
        yield Case(f"{name}, retries", fault(kind, "PUT", **arguments), options=again)


def _silent() -> contextlib.AbstractContextManager[int]:
    return raw_server(b"", then_wait=True)


LATE = "no complete answer within 1 s"
CONNECTION = [
    Case("refused", elsewhere(lambda: contextlib.nullcontext(closed_port())), "Connection refused", AGAIN),
    Case("no connection", elsewhere(black_hole), "within 1 s", SHORT),
    Case("no TLS handshake", elsewhere(_silent, "https"), "within 1 s", SHORT),
    Case("reset at once", fault("reset_on_connect"), "GET"),
    Case("reset at once, retries", fault("reset_on_connect"), options=AGAIN),
    *either("reset before the request", "reset_before_request", "GET"),
    *either("reset after the request", "reset_after_request", "GET"),
    *either("reset when it is done", "reset_after_apply", "GET"),
    Case("reset when it is done, always", fault("reset_after_apply", "PUT", None), UNSURE, AGAIN),
    *either("reset in the middle", "reset_mid_answer", "GET"),
    *either("closed before the body", "reset_mid_answer", "cut off", how="close", keep=0.0),
    *either("no answer", "no_answer", LATE, short=True),
    *either("done, but no answer", "no_answer", LATE, short=True, applied=True),
    *either("headers in a trickle", "trickle", LATE, short=True, part="headers"),
    *either("body in a trickle", "trickle", LATE, short=True),
    *either("HTML 502", "html", "HTTP 502"),
    *either("done, but HTML 502", "html", "HTTP 502", applied=True),
]

# Envelopes of a read that are as good as none, and parts of one that do not matter.
ENVELOPES: list[dict[str, t.Any]] = [
    *({"success": "true"}, {"result": "text"}, {"result": [1]}, {"result": [{"id": ""}]}),
    {"success": False, "errors": None},
    {"success": False, "errors": "text"},
    {"success": False, "errors": [{"code": True, "message": 1}]},
    {"success": False, "errors": [{"code": 1, "message": {"a": []}, "error_chain": "text"}]},
    {"success": False, "errors": [{"code": 10**30, "error_chain": [None, {"code": None}]}]},
    {"success": False, "errors": [{"code": number} for number in range(20_000)]},
]
NOTES: list[t.Any] = [None, "text", [None, 1, [], {}]]
INFOS: list[t.Any] = [None, [], {"total_count": "4", "total_pages": []}, {"total_count": True}]

BODIES = [
    *either("HTML 403", "html", "HTTP 403", "HTTP 403", status=403, mended=False),
    *either("a redirect", "redirect", "redirect", "redirect", status=307, mended=False),
    *either("empty", "empty_body", "0 bytes", mended=False),
    *either("truncated JSON", "truncated_json", "contain no JSON object", mended=False),
    *either("no object", "not_object", "contain no JSON object", mended=False),
    *either("JSON too deep", "not_object", "contain no JSON object", body="[" * 100_000, mended=False),
    # No larger than they have to be: a busy emulator takes its time to compress one, as long as the run may wait.
    *either("gzip bomb", "gzip_bomb", "larger than 32 MiB", size=40_000_000, mended=False),
    *either("a huge body", "huge", "larger than 32 MiB", size=40_000_000, mended=False),
    Case("empty, 204", fault("empty_body", status=204), "HTTP 204"),
    Case("empty, 500", fault("empty_body", status=500), "HTTP 500"),
    Case("JSON 500", fault("server_error"), "HTTP 500", behaviour={"server_error": "json"}),
    Case("not modified", fault("answer", status=304), "HTTP 304"),
    *(
        Case(f"redirect to {location!r}", fault("redirect", location=location), "redirect")
        for location in ("https://api.example.net/", "http://[", "", "http://u:p@[/", "javascript:x")
    ),
    Case("no reason", fault("patch_answer", change={"success": False}), "no reason given"),
    Case("no success", fault("patch_answer", remove=["success"]), "GET"),
    Case("no result", fault("patch_answer", remove=["result"]), "without a 'result'"),
    Case("no result of the write", fault("patch_answer", "PUT", remove=["result"])),
    Case("result null", fault("patch_answer", change={"result": None, "result_info": None}), lied_to=True),
    *(Case(f"{change}"[:60], fault("patch_answer", change=change), "GET") for change in ENVELOPES),
    Case("a result of the write that is no list", fault("patch_answer", "PUT", change={"result": "text"}), UNSURE),
    Case("a result of the write that lists none", fault("patch_answer", "PUT", change={"result": [1]}), UNSURE),
]


def _always(harmless: Fault) -> Case:
    return Case(str(harmless)[:60], lambda world: world.emulator.fault(harmless, times=None), options=AGAIN)


# What a run does not mind, neither as it reads nor as it writes.
HARMLESS = [
    _always(Fault("latency", seconds=0.3)),
    _always(Fault("trickle", chunk=500, interval=0.01)),
    _always(Fault("close_after_answer")),
    _always(Fault("chunked")),
    _always(Fault("gzip")),
    _always(Fault("wrong_content_type", content_type="text/html; charset=utf-7")),
    *(_always(Fault("patch_answer", change={"messages": notes})) for notes in NOTES),
    *(_always(Fault("patch_answer", change={"result_info": info})) for info in INFOS),
]

# What the fields that are read cannot be. What the JSON of an answer can hold is text here, as it is written.
WRONG: dict[str, tuple[t.Any, ...]] = {
    "id": (None, 1, ""),
    "priority": (True, "1", Raw("NaN"), Raw("-Infinity"), Raw("1e999"), Raw("1" * 5000)),
    "hosts": ("example.com", [1]),
    "geo_restrictions": ("us", {"label": 1}),
    **dict.fromkeys(("issuer", "signature", "type", "status", "keyless_server"), (True, [])),
}


def _on(place: int, method: str, field: str, value: t.Any, times: int | None = 1) -> Arrange:
    """Arrange for a field of one certificate."""

    def arrange(world: World) -> None:
        patch = Fault("patch_result", change={field: value}, ids=[world.wanted[place]])
        world.emulator.fault(patch, method=method, times=times)

    return arrange


FIELDS = [
    *(
        Case(f"{field} {value!r}, {method}"[:50], _on(0, method, field, value), says)
        for method, says in (("GET", "GET"), ("PUT", UNSURE))
        for field, values in WRONG.items()
        for value in values
    ),
    Case("a great priority below", _on(1, "GET", "priority", Raw("9" * 4000), None), disturbed=True),
    Case("a great priority on top", _on(0, "GET", "priority", Raw("9" * 4000)), lied_to=True),
]


def _date_ahead(world: World) -> None:
    moment = email.utils.formatdate(time.time() + 1.5, usegmt=True)
    world.emulator.fault(Fault("throttled", retry_after=moment))


THROTTLE = [
    *either("429", "throttled", "HTTP 429", "HTTP 429", retry_after="9", mended=False),
    Case("429 with patience", fault("throttled", "PUT", retry_after="1"), options=PATIENT),
    Case("429 as 200", fault("throttled", retry_after="1", status=200), options=PATIENT),
    Case("429, always", fault("throttled", "PUT", None, retry_after="1"), "HTTP 429", PATIENT),
    Case("429, Retry-After as a date", _date_ahead, options=PATIENT),
    Case("429, a date in the past", fault("throttled", retry_after="Mon, 01 Jan 2001 00:00:00 GMT"), options=PATIENT),
    Case("429, for how long is not told", fault("throttled"), "HTTP 429"),
    Case("429, too long", fault("throttled", retry_after="Fri, 31 Dec 9999 23:59:59 GMT"), "HTTP 429"),
]

TWO: dict[str, t.Any] = {"max_page_size": 2}
FITS_NOT = "are inconsistent"
PAGES = [
    Case("a page that repeats", fault("duplicate_page", after=1), behaviour=TWO),
    Case("pages that repeat", fault("duplicate_page", times=None), FITS_NOT, behaviour=TWO),
    Case("a page that vanishes", fault("drop_page", after=1), behaviour=TWO),
    Case("pages that vanish", fault("drop_page", times=None), FITS_NOT, behaviour=TWO),
    Case("no pages", fault("result_info", times=None, override={"total_pages": 0}), behaviour=TWO),
    Case("many pages", fault("result_info", times=None, override={"total_pages": 10**12})),
    Case("too few", fault("result_info", times=None, override={"total_count": 3}), FITS_NOT, behaviour=TWO),
    Case("too many", fault("result_info", times=None, override={"total_count": 10**300}), FITS_NOT),
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


def _deleted_before_the_second_put(world: World) -> None:
    world.emulator.before("PUT", "*", _delete, after=1)


lose = fault("reset_after_apply", "PUT")
ban = fault("throttled", "PUT", retry_after="1")
WRITES = [
    Case("pretended, read", fault("pretend", "PUT", None), "the list does not show it", {"verify": "read"}),
    Case("pretended", fault("pretend", "PUT"), lied_to=True),
    *(
        Case(name, arrange, says, options, behaviour, disturbed=True)
        for name, arrange, says, options, behaviour in (
            ("another writer", at_put(_raise_a_rival), "Another writer", {}, {}),
            ("another writer, answer lost", at_put(_raise_a_rival, lose), UNSURE, {}, {}),
            ("another writer during a ban", at_put(_raise_a_rival, ban), "Another writer", PATIENT, {}),
            ("renewed", at_put(_renew), "", {}, {}),
            ("renewed, 404", at_put(_renew), "", {}, {"unknown_id": "404"}),
            ("renewed, half written", at_put(_renew), "", {}, {"bad_item": "partial"}),
            ("renewed, lingers", at_put(_renew), "", {}, {"deleted": "lingers"}),
            ("renewed, named by id", at_put(_renew, _by_id), "1002", {}, {}),
            ("deleted", at_put(_delete), UNSURE, {}, {}),
            ("deleted, half written", at_put(_delete), UNSURE, {}, {"bad_item": "partial"}),
            ("deleted, ignored", at_put(_delete), "", {"missing": "ignore"}, {}),
            ("deleted, named by id", at_put(_delete, _by_id), "1002", {}, {}),
        )
    ),
    Case(
        "answer lost, deleted before it is tried again, then out of order",
        lambda world: [
            arrange(world) for arrange in (lose, _deleted_before_the_second_put, fault("html", after=1, times=None))
        ],
        *(UNSURE, AGAIN),
        disturbed=True,
    ),
    Case("unknown id, always", fault("answer", "PUT", None, status=404, body="{}"), "HTTP 404"),
]


_BOMB = gzip.compress(bytes(200_000_000), 1)

# What no well-behaved server sends, beside the answers of test_network.py.
RAW: dict[str, bytes] = {
    "another version": b"HTTP/9.9 200 OK\r\n\r\n",
    "continue, many times": b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000,
    "no header's end": b"HTTP/1.1 200 OK\r\nContent-Type: application/json",
    "a length in superscript": b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n[]",
    "headers that act": b"HTTP/1.1 302 \x1b[2J\r\nLocation: \xff\x1b]0;x\x07\r\ncf-ray: \x9b2J\r\nContent-Length: 0\r\n\r\n",
    "a failure with a bomb": b"HTTP/1.1 502 Bad\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + _BOMB,
}
HTTP = [
    Case(name, elsewhere(functools.partial(raw_server, answer)), "GET", {"max_wait": 0}) for name, answer in RAW.items()
]

MATRIX = [*CONNECTION, *BODIES, *HARMLESS, *FIELDS, *THROTTLE, *PAGES, *WRITES, *HTTP]


@pytest.mark.parametrize("case", MATRIX, ids=str)
def test_what_goes_wrong(case: Case, world: World) -> None:
    before = world.emulator.order(ZONE)
    world.options.update(case.options)
    world.emulator.behave(**case.behaviour)
    case.arrange(world)
    run = world.run()
    assert run.failed is bool(case.says), run.result
    assert case.says in run.msg
    assert len(run.msg) < 5000
    judge(world, run, before, lied_to=case.lied_to, disturbed=case.disturbed)
    next_run_repairs(world)


def test_many_messages_take_no_time(world: World) -> None:
    notes = [{"code": number} for number in range(30_000)]
    world.emulator.fault(Fault("patch_answer", change={"messages": notes}), times=2)
    run = world.run()
    assert not run.failed
    assert run.seconds < 5
    assert 0 < len(run.result["messages"]) <= 100
