# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""One HTTP attempt, as a whole within one deadline and a bounded size.

The deadline covers every address tried, the TLS handshake, and each byte of the answer: a server that sends a byte now
and then cannot hold a run for longer. Only the look-up of the address has the resolver's own limits instead.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import typing as t
from contextvars import ContextVar

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

# At the top, so that an action plugin has them imported once, in the parent of all workers.
try:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import ConnectTimeoutError, DecodeError, HTTPError, NewConnectionError
    from urllib3.util.connection import create_connection
except ImportError as import_error:
    IMPORT_ERROR: str | None = str(import_error)
    HTTPAdapter = HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment, misc]
else:
    IMPORT_ERROR = None

MAX_BYTES = 32 * 1024 * 1024
_CHUNK = 16 * 1024

_deadline: ContextVar[float] = ContextVar("deadline of the attempt, on the monotonic clock")


class NoAnswer(Exception):
    """No whole answer came; its text is the reason. Asking again may help."""


class NotConnected(NoAnswer):
    """There was no connection on which anything could have been sent."""


class UnusableAnswer(Exception):
    """An answer came, or was refused, in a way that asking again will not mend; its text is the reason."""


class Answer(t.NamedTuple):
    """An HTTP answer, its body whole and decompressed."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes


def open_session(url: str) -> requests.Session:
    """Return a session for one server, which keeps connections alive and whose attempts keep to the deadline."""
    session = requests.Session()
    # A token sent over plain HTTP, which is for a loopback host alone, must not be sent to a proxy instead.
    proxies = {"http": ""} if url.startswith("http:") else {}
    # The environment has a say in the proxy and in whom to trust; asked once, as it would be for each attempt.
    settings = session.merge_environment_settings(url, proxies, None, None, None)
    session.proxies, session.verify, session.trust_env = settings["proxies"], settings["verify"], False
    # Redirects are not followed; without this, requests would still parse their target, and read their whole body.
    session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]
    session.mount("https://", _Adapter())
    session.mount("http://", _Adapter())
    return session


def attempt(session: requests.Session, method: str, url: str, *, timeout: float, **kwargs: t.Any) -> Answer:
    """Make one attempt at a request; redirects are answers like any other.

    :param timeout: Seconds for the whole attempt.
    :raises NoAnswer: the connection failed, was cut, or the time was up.
    :raises UnusableAnswer: the server is not trusted, or the answer is too large or not decodable.
    """
    token = _deadline.set(time.monotonic() + timeout)
    try:
        with session.request(method, url, timeout=timeout, allow_redirects=False, stream=True, **kwargs) as response:
            return Answer(response.status_code, response.headers, _read(response))
    except (requests.exceptions.ContentDecodingError, DecodeError):
        raise UnusableAnswer("its body cannot be decompressed") from None
    except (requests.exceptions.RequestException, HTTPError, OSError) as error:
        raise _failure(error, timeout) from None
    finally:
        _deadline.reset(token)


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    while True:
        chunk = response.raw.read(_CHUNK, decode_content=True)
        if not chunk:
            break
        body += chunk
        if len(body) > MAX_BYTES:
            raise UnusableAnswer(f"its body is larger than {MAX_BYTES // 2**20} MiB")
    announced = response.headers.get("Content-Length", "")
    if (
        announced.isascii() and announced.isdigit() and response.raw.tell() < int(announced)
    ):  # older urllib3 does not tell
        raise NoAnswer("the answer was cut off")
    return bytes(body)


def _failure(error: BaseException, timeout: float) -> Exception:
    """Reduce the nested exceptions of the HTTP libraries to the one reason at the bottom."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnusableAnswer(f"the server's TLS certificate is not trusted: {printable(cause.verify_message)}")
    for cause in chain:
        timed_out = isinstance(cause, (socket.timeout, TimeoutError, ConnectTimeoutError))
        if timed_out and not isinstance(cause, NewConnectionError):  # to urllib3, a refused connection timed out, too
            return NoAnswer(f"no whole answer within {timeout:g} s")
    for cause in chain:
        if isinstance(cause, http.client.IncompleteRead):
            return NoAnswer("the answer was cut off")
    last = chain[-1]
    kind = NotConnected if any(isinstance(cause, NewConnectionError) for cause in chain) else NoAnswer
    return kind(printable(getattr(last, "strerror", None) or str(last) or type(last).__name__))


def _causes(error: BaseException) -> t.Iterator[BaseException]:
    """Yield an exception and all that it wraps, in whichever way, the innermost last."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        wrapped = [getattr(current, "reason", None), *current.args, current.__cause__, current.__context__]
        current = next((item for item in wrapped if isinstance(item, BaseException) and id(item) not in seen), None)


def _seconds_left() -> float:
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise socket.timeout("timed out")
    return left


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
    def __init__(self, sock: socket.socket, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp: t.Any = io.BufferedReader(_Reader(sock, self.fp.detach()))


class _Connecting:
    """Connects to whichever address of a host answers first in turn, sharing what is left of the time."""

    response_class: t.Any = _Response
    host: str
    port: int
    source_address: t.Any
    socket_options: t.Any

    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise NewConnectionError(t.cast(t.Any, self), f"the host is not found: {error.strerror}") from error
        addresses = [(str(sockaddr[0]), self.port) for *_family, sockaddr in found]
        failure: OSError | None = None
        for tried, address in enumerate(addresses):
            share = _seconds_left() / (len(addresses) - tried)
            try:
                sock = create_connection(address, share, self.source_address, self.socket_options)
            except OSError as error:
                failure = error
            else:
                sock.settimeout(_seconds_left())
                return sock
        raise NewConnectionError(t.cast(t.Any, self), str(failure)) from failure


class _HTTPConnection(_Connecting, HTTPConnection):
    pass


class _HTTPSConnection(_Connecting, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class _Adapter(HTTPAdapter):
    """Never tries again by itself: what to do after a failure is decided in one place, in the client."""

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, **kwargs)  # pylint: disable=no-member
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        manager = super().proxy_manager_for(proxy, **kwargs)  # pylint: disable=no-member
        if not proxy.lower().startswith("socks"):  # a SOCKS proxy connects in its own way
            manager.pool_classes_by_scheme = _POOLS
        return manager
