# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes responses to connections: correctly, or as a fault requires."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gzip
import http
import itertools
import socket
import struct
import typing as t
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web
from multidict import CIMultiDict

from . import envelope
from .behaviour import Behaviour
from .faults import Fault

_RAYS = itertools.count(0x8C0FFEE000000000)

# Some of the headers of every real response.
_USUAL = CIMultiDict(
    {
        "Content-Type": "application/json",
        "Server": "cloudflare",
        "Set-Cookie": "__cf_bm=emulated; path=/; HttpOnly; SameSite=None",
    }
)


@dataclasses.dataclass
class Connection:
    """One connection of a client."""

    number: int
    transport: asyncio.Transport
    gone: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    def reset(self) -> None:
        """Close the connection at once, with a TCP reset if possible."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    async def pause(self, seconds: float) -> bool:
        """Wait. Return False as soon as the client closes the connection."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.gone.wait(), seconds)
        return not self.gone.is_set()


def headers(extra: dict[str, str]) -> CIMultiDict[str]:
    """Return the usual headers of a response, and these."""
    result = _USUAL.copy()
    result["cf-ray"] = f"{next(_RAYS):016x}-EMU"
    result.update(extra)
    return result


@dataclasses.dataclass(frozen=True)
class Outgoing:
    """A response to send."""

    status: int = 200
    body: bytes = b""
    extra: dict[str, str] = dataclasses.field(default_factory=dict)

    def response(self, body: t.Any = None, **changes: str) -> web.Response:
        """Return a complete, valid HTTP message."""
        body = self.body if body is None else body
        return web.Response(status=self.status, body=body, headers=headers({**self.extra, **changes}))

    def written(self, announce: bool = True) -> tuple[bytes, bytes]:
        """Return what is sent without the help of a library, as the last response of a connection: head and body."""
        closing = {"Connection": "close"} if announce else {}
        fields = headers({**self.extra, "Content-Length": str(len(self.body)), **closing})
        first = f"HTTP/1.1 {self.status} {http.HTTPStatus(self.status).phrase}"
        head = "\r\n".join([first, *(f"{name}: {value}" for name, value in fields.items()), "", ""])
        return head.encode(), self.body


async def _reset_after_apply(connection: Connection, outgoing: Outgoing, fault: Fault) -> None:
    connection.reset()


async def _reset_mid_answer(connection: Connection, outgoing: Outgoing, fault: Fault) -> None:
    head, body = outgoing.written()
    connection.transport.write(head + body[: int(len(body) * fault["keep"])])
    if fault["how"] == "close":
        connection.transport.close()
    else:
        # A reset discards unsent data, so wait until it is sent.
        await connection.pause(0.02)
        connection.reset()


async def _close_after_answer(connection: Connection, outgoing: Outgoing, fault: Fault) -> None:
    connection.transport.write(b"".join(outgoing.written(announce=False)))
    connection.transport.close()
    await asyncio.sleep(0)  # closed in the next turn of the loop: before the request counts as dealt with


async def _trickle(connection: Connection, outgoing: Outgoing, fault: Fault) -> None:
    head, body = outgoing.written()
    at_once, slowly = (b"", head + body) if fault["part"] == "headers" else (head, body)
    connection.transport.write(at_once)
    for start in range(0, len(slowly), fault["chunk"]):
        connection.transport.write(slowly[start : start + fault["chunk"]])
        if not await connection.pause(fault["interval"]):
            break
    connection.transport.close()


def _truncated(outgoing: Outgoing, fault: Fault) -> web.Response:
    return outgoing.response(outgoing.body[: int(len(outgoing.body) * fault["keep"])])


def _chunked(outgoing: Outgoing, fault: Fault) -> web.Response:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(outgoing.body), fault["chunk"]):
            yield outgoing.body[start : start + fault["chunk"]]

    return outgoing.response(pieces())


def _gzipped(outgoing: Outgoing, body: bytes) -> web.Response:
    return outgoing.response(gzip.compress(body), **{"Content-Encoding": "gzip"})


_BROKEN: dict[str, Callable[[Connection, Outgoing, Fault], Awaitable[None]]] = {
    "reset_after_apply": _reset_after_apply,
    "reset_mid_answer": _reset_mid_answer,
    "close_after_answer": _close_after_answer,
    "trickle": _trickle,
}
_ODD: dict[str, Callable[[Outgoing, Fault], web.Response]] = {
    "truncated_json": _truncated,
    "wrong_content_type": lambda outgoing, fault: outgoing.response(**{"Content-Type": fault["content_type"]}),
    "gzip": lambda outgoing, fault: _gzipped(outgoing, outgoing.body),
    # With white space before it, it is still valid JSON.
    "gzip_bomb": lambda outgoing, fault: _gzipped(outgoing, outgoing.body.rjust(fault["size"])),
    "huge": lambda outgoing, fault: outgoing.response(outgoing.body.rjust(fault["size"])),
    "chunked": _chunked,
}


async def deliver(connection: Connection, outgoing: Outgoing, fault: Fault) -> web.Response:
    """Send a response as the fault requires."""
    if fault.kind in _BROKEN:
        await _BROKEN[fault.kind](connection, outgoing, fault)
        return web.Response()
    return _ODD[fault.kind](outgoing, fault) if fault.kind in _ODD else outgoing.response()


def _page(fault: Fault) -> Outgoing:
    status = fault["status"]
    text = f"<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>Error {status}</h1></body></html>"
    return Outgoing(status, text.encode(), {"Content-Type": "text/html; charset=UTF-8"})


def _refused(fault: Fault, refusal: envelope.Refusal) -> Outgoing:
    answer = refusal.answer(Behaviour())
    return Outgoing(fault["status"], envelope.encode(answer.payload), answer.headers)


REPLACED: dict[str, Callable[[Fault], Outgoing]] = {
    "answer": lambda fault: Outgoing(fault["status"], fault["body"].encode()),
    "html": _page,
    "server_error": lambda fault: _refused(fault, envelope.Refusal(500, 10001, "internal error")),
    "not_object": lambda fault: Outgoing(200, fault["body"].encode()),
    "empty_body": lambda fault: Outgoing(fault["status"]),
    "redirect": lambda fault: Outgoing(fault["status"], extra={"Location": fault["location"]}),
    "throttled": lambda fault: _refused(fault, envelope.throttled(retry_after=fault["retry_after"])),
}
"""Faults with an answer of their own."""
