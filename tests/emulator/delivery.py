# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes responses to connections: correctly, or as a fault requires."""

from __future__ import annotations

import asyncio
import contextlib
import http
import itertools
import socket
import struct
import typing as t
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web
from multidict import CIMultiDict

from . import envelope
from .behaviour import Behaviour
from .faults import Fault

_BLOCK = b" " * 65536
_RAYS = itertools.count(0x8C0FFEE000000000)

# The headers of every real response.
_USUAL = CIMultiDict(
    {
        "Content-Type": "application/json",
        "Server": "cloudflare",
        "cf-cache-status": "DYNAMIC",
        "Cache-Control": "no-store, no-cache, must-revalidate, post-check=0, pre-check=0",
        "Pragma": "no-cache",
        "Expires": "Sun, 25 Jan 1981 05:00:00 GMT",
        "Vary": "accept-encoding",
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000",
        "Set-Cookie": "__cf_bm=emulated; path=/; HttpOnly; SameSite=None",
    }
)


class Connection:
    """One connection of a client."""

    def __init__(self, number: int, transport: asyncio.Transport) -> None:
        self.number = number
        self.transport = transport
        self.gone = asyncio.Event()

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


class Outgoing(t.NamedTuple):
    """A response to send, with the data that a fault may need."""

    request: web.BaseRequest
    connection: Connection
    status: int
    extra: dict[str, str]
    body: bytes

    def plain(self, **changes: str) -> web.Response:
        """Return a complete, valid HTTP message."""
        return web.Response(status=self.status, body=self.body, headers=headers({**self.extra, **changes}))


async def deliver(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    """Send a response as the fault requires."""
    return await _WAYS.get(fault.kind, _plain)(outgoing, fault)


async def _plain(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    return outgoing.plain()


async def _reset_after_apply(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    outgoing.connection.reset()
    return web.Response()


async def _reset_mid_answer(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    kept = int(len(outgoing.body) * fault["keep"])
    outgoing.connection.transport.write(_head(outgoing) + outgoing.body[:kept])
    if fault["how"] == "close":
        outgoing.connection.transport.close()
    else:
        # A reset discards unsent data, so wait until it is sent.
        await outgoing.connection.pause(0.02)
        outgoing.connection.reset()
    return web.Response()


async def _close_after_answer(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    outgoing.connection.transport.write(_head(outgoing, announce=False) + outgoing.body)
    outgoing.connection.transport.close()
    await asyncio.sleep(0)  # closed in the next turn of the loop: before the request counts as dealt with
    return web.Response()


async def _trickle(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    connection, head, body = outgoing.connection, _head(outgoing), outgoing.body
    at_once, slowly = (b"", head + body) if fault["part"] == "headers" else (head, body)
    connection.transport.write(at_once)
    for start in range(0, len(slowly), fault["chunk"]):
        connection.transport.write(slowly[start : start + fault["chunk"]])
        if not await connection.pause(fault["interval"]):
            break
    connection.transport.close()
    return web.Response()


async def _truncated(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    return outgoing._replace(body=outgoing.body[: int(len(outgoing.body) * fault["keep"])]).plain()


async def _content_type(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    return outgoing.plain(**{"Content-Type": fault["content_type"]})


async def _gzip(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(outgoing.body) + packer.flush()
    return outgoing._replace(body=packed).plain(**{"Content-Encoding": "gzip"})


async def _gzip_bomb(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    packer = zlib.compressobj(wbits=31)

    async def packed() -> AsyncIterator[bytes]:
        async for piece in _padded(outgoing.body, fault["size"]):
            yield packer.compress(piece)
        yield packer.flush()

    return await _stream(outgoing, packed(), {"Content-Encoding": "gzip"}, None)


async def _huge(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    size = max(fault["size"], len(outgoing.body))
    return await _stream(outgoing, _padded(outgoing.body, size), {}, size)


async def _chunked(outgoing: Outgoing, fault: Fault) -> web.StreamResponse:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(outgoing.body), fault["chunk"]):
            yield outgoing.body[start : start + fault["chunk"]]

    return await _stream(outgoing, pieces(), {}, None)


async def _padded(body: bytes, size: int) -> AsyncIterator[bytes]:
    """Return the body, padded at the start with white space to this size. It is still valid JSON."""
    left = max(size - len(body), 0)
    while left:
        piece = _BLOCK[:left]
        left -= len(piece)
        yield piece
        await asyncio.sleep(0)
    yield body


async def _stream(
    outgoing: Outgoing, pieces: AsyncIterator[bytes], extra: dict[str, str], length: int | None
) -> web.StreamResponse:
    response = web.StreamResponse(status=outgoing.status, headers=headers({**outgoing.extra, **extra}))
    if length is None:
        response.enable_chunked_encoding()
    else:
        response.content_length = length
    try:
        await response.prepare(outgoing.request)
        async for piece in pieces:
            if piece:
                await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        # The client has refused the rest, as it should.
        outgoing.connection.reset()
    return response


def _head(outgoing: Outgoing, announce: bool = True) -> bytes:
    """Return the status line and the headers of the last response of a connection."""
    reason = http.HTTPStatus(outgoing.status).phrase
    fields = headers(
        {**outgoing.extra, "Content-Length": str(len(outgoing.body)), **({"Connection": "close"} if announce else {})}
    )
    lines = [f"HTTP/1.1 {outgoing.status} {reason}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode()


def _page(fault: Fault) -> tuple[int, dict[str, str], bytes]:
    return fault["status"], {"Content-Type": "text/html; charset=UTF-8"}, fault.page().encode()


def _server_error(fault: Fault, form: str) -> tuple[int, dict[str, str], bytes]:
    return _page(fault) if form == "html" else _refused(fault, envelope.Refusal(500, 10001, "internal error"))


def _refused(fault: Fault, refusal: envelope.Refusal) -> tuple[int, dict[str, str], bytes]:
    answer = refusal.answer(Behaviour())
    return fault["status"], answer.headers, envelope.encode(answer.payload)


_WAYS: dict[str, Callable[[Outgoing, Fault], Awaitable[web.StreamResponse]]] = {
    "reset_after_apply": _reset_after_apply,
    "reset_mid_answer": _reset_mid_answer,
    "close_after_answer": _close_after_answer,
    "trickle": _trickle,
    "truncated_json": _truncated,
    "wrong_content_type": _content_type,
    "gzip": _gzip,
    "gzip_bomb": _gzip_bomb,
    "huge": _huge,
    "chunked": _chunked,
}

REPLACED: dict[str, Callable[[Fault, str], tuple[int, dict[str, str], bytes]]] = {
    "answer": lambda fault, form: (
        fault["status"],
        {"Content-Type": fault["content_type"], **(fault["headers"] or {})},
        fault["body"] if isinstance(fault["body"], bytes) else fault["body"].encode(),
    ),
    "html": lambda fault, form: _page(fault),
    "server_error": _server_error,
    "not_object": lambda fault, form: (200, {}, fault["body"].encode()),
    "empty_body": lambda fault, form: (fault["status"], {}, b""),
    "redirect": lambda fault, form: (fault["status"], {"Location": fault["location"]}, b""),
    "throttled": lambda fault, form: _refused(fault, envelope.throttled(fault["retry_after"], code=fault["code"])),
}
"""Faults with an answer of their own: status, headers and body."""
