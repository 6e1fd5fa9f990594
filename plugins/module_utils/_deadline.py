# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Connections that keep to the deadline of an attempt, whatever the server does.

The deadline covers every address tried, the TLS handshake, and each byte of the answer: a server that sends a byte now
and then cannot hold a run for longer. Only the look-up of the address has the resolver's own limits instead.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import time
import typing as t
from contextvars import ContextVar

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

try:
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import NewConnectionError
    from urllib3.util.connection import create_connection
except ImportError:  # which _transport tells
    HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment, misc]
    NewConnectionError = Exception  # type: ignore[assignment, misc]

_NO_HOST = "this cannot be the name of a host"

_deadline: ContextVar[float] = ContextVar("deadline of the attempt, on the monotonic clock")


@contextlib.contextmanager
def deadline(seconds: float) -> t.Iterator[None]:
    """Let everything within the block that waits for a server last so long, as a whole."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def _seconds_left() -> float:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise socket.timeout("timed out")
    return left


class Unreachable(NewConnectionError):
    """There is no connection to a server or a proxy.

    :param told: Which, and why.
    :param proxy: Whether it is a proxy.
    :param timed_out: Whether no time was left.
    :param final: Whether another attempt would end in the same way.
    """

    def __init__(self, connection: t.Any, told: str, *, timed_out: bool = False, final: bool = False) -> None:
        super().__init__(connection, told)
        self.proxy = getattr(connection, "proxy", None) is not None
        place = f"{'the proxy ' if self.proxy else ''}{printable(connection.host)} port {connection.port}"
        self.told = f"no connection to {place}: {told}"
        self.timed_out = timed_out
        self.final = final


class _Reader(io.RawIOBase):
    """What a connection reads from: each read may last until the deadline, and no longer."""

    def __init__(self, sock: socket.socket, stream: t.Any) -> None:
        super().__init__()
        self._sock = sock
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        self._sock.settimeout(_seconds_left())
        return t.cast("int | None", self._stream.readinto(buffer))

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer, read more strictly than http.client does."""

    def __init__(self, sock: socket.socket, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp: t.Any = io.BufferedReader(_Reader(sock, self.fp.detach()))

    def _read_status(self) -> tuple[str, int, str]:
        """Skip every interim answer (RFC 9110, 15.2), where http.client takes all but 100 for the final one."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)

    def _read_next_chunk_size(self) -> int:
        """Refuse a negative size, for which http.client would read without a bound."""
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise http.client.HTTPException("the size of a chunk is negative")
        return size


class _Connecting:
    """Connects to whichever address of a host answers first in turn, sharing what is left of the time."""

    response_class: t.Any = _Response
    host: str
    port: int
    sock: t.Any
    source_address: t.Any
    socket_options: t.Any

    def putrequest(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if self.sock is not None:  # kept from an earlier request, with what was left of its time
            self.sock.settimeout(_seconds_left())
        return super().putrequest(*args, **kwargs)  # type: ignore[misc]  # pylint: disable=no-member

    def _new_conn(self) -> socket.socket:
        if not self.host.strip("."):
            raise Unreachable(self, _NO_HOST, final=True)
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unreachable(self, f"the host is not found ({printable(error.strerror)})") from error
        except UnicodeError as error:  # an empty label, or one of more than 63 characters
            raise Unreachable(self, _NO_HOST, final=True) from error
        addresses = [(str(sockaddr[0]), self.port) for *_family, sockaddr in found]
        failure: OSError | None = None
        for tried, address in enumerate(addresses):
            share = _seconds_left() / (len(addresses) - tried)
            try:
                sock = create_connection(address, share, self.source_address, self.socket_options)
            except OSError as error:
                failure = error
            else:
                return _bounded(sock)
        timed_out = isinstance(failure, socket.timeout)
        told = printable(getattr(failure, "strerror", None) or failure)
        raise Unreachable(self, told, timed_out=timed_out) from failure


def _bounded(sock: socket.socket) -> socket.socket:
    """Return a new socket with what is left of the time; nobody else closes it where nothing is left."""
    try:
        sock.settimeout(_seconds_left())
    except OSError:
        sock.close()
        raise
    return sock


class _HTTPConnection(_Connecting, HTTPConnection):
    pass


class _HTTPSConnection(_Connecting, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


POOLS = {"http": _HTTPPool, "https": _HTTPSPool}
