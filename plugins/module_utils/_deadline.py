# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Connections with a deadline for the whole attempt.

The deadline covers every address tried, the TLS handshake and each byte of the response, so a server that trickles bytes
cannot delay a run. Only the DNS look-up is limited by the resolver instead.
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
except ImportError:  # Client raises the error
    HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment, misc]
    NewConnectionError = Exception  # type: ignore[assignment, misc]

_NO_HOST = "this is not a valid hostname"

_deadline: ContextVar[float] = ContextVar("deadline of the attempt, on the monotonic clock")


@contextlib.contextmanager
def deadline(seconds: float) -> t.Iterator[None]:
    """Limit all waiting for a server within the block to this many seconds in total."""
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
    """A server or a proxy cannot be reached.

    C(reason) says which and why. C(proxy) is true for a proxy.

    :param reason: Why the connection failed.
    :param timed_out: Whether the deadline has passed.
    :param final: Whether a retry would fail as well.
    """

    def __init__(self, connection: t.Any, reason: str, *, timed_out: bool = False, final: bool = False) -> None:
        super().__init__(connection, reason)
        self.proxy = getattr(connection, "proxy", None) is not None
        place = f"{'the proxy ' if self.proxy else ''}{printable(connection.host)} port {connection.port}"
        self.reason = f"no connection to {place}: {reason}"
        self.timed_out = timed_out
        self.final = final


class _Reader(io.RawIOBase):
    """Raw stream of a connection. Each read times out at the deadline."""

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
    """A response, parsed more strictly than by http.client."""

    def __init__(self, sock: socket.socket, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp: t.Any = io.BufferedReader(_Reader(sock, self.fp.detach()))

    def _read_status(self) -> tuple[str, int, str]:
        """Skip every interim response (RFC 9110, section 15.2). http.client skips only status 100."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)

    def _read_next_chunk_size(self) -> int:
        """Refuse a negative chunk size. http.client would read without a limit."""
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise http.client.HTTPException("the size of a chunk is negative")
        return size


class _Connecting:
    """Tries the addresses of a host in turn. The remaining time is shared among them."""

    response_class: t.Any = _Response
    host: str
    port: int
    sock: t.Any
    source_address: t.Any
    socket_options: t.Any

    def putrequest(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if self.sock is not None:  # a kept connection still has the timeout of its last request
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
        reason = printable(getattr(failure, "strerror", None) or failure)
        raise Unreachable(self, reason, timed_out=timed_out) from failure


def _bounded(sock: socket.socket) -> socket.socket:
    """Set the remaining time as the timeout of a new socket. Close it if none is left."""
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
