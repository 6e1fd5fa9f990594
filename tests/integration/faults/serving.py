# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers other than the emulator: raw bytes, ports that never respond, a proxy; and TLS certificates."""

from __future__ import annotations

import contextlib
import itertools
import pathlib
import re
import socket
import ssl
import threading
import typing as t
from collections.abc import Iterator

import trustme

from ansible_collections.zonefleet.cloudflare.tests.unit.odd_servers import serving

TLSFiles = tuple[pathlib.Path, pathlib.Path]


class Authority:
    """A private CA. `bundle` is the file with its certificate."""

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        self._numbers = itertools.count()
        self._ca = trustme.CA()
        self.bundle = directory / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.bundle))

    def issue(self, *names: str, **validity: t.Any) -> TLSFiles:
        """Return the files of a certificate and its key: for this machine, if no names are given."""
        issued = self._ca.issue_cert(*(names or ("127.0.0.1", "localhost")), **validity)
        path = self._directory / f"{next(self._numbers)}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(path))
        return path, path


def _secured(accepted: socket.socket, tls: TLSFiles | None) -> socket.socket:
    if tls is None:
        return accepted
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*tls)
    return context.wrap_socket(accepted, server_side=True)


def _head(connection: socket.socket) -> bytes:
    """Read a request, and return its headers. What was left unread would reset the connection at its end."""
    asked = b""
    while b"\r\n\r\n" not in asked and (piece := connection.recv(65536)):
        asked += piece
    head, _end, body = asked.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]) and (piece := connection.recv(65536)):
        body += piece
    return head


@contextlib.contextmanager
def raw_server(*answers: bytes, then_wait: bool = False, tls: TLSFiles | None = None) -> Iterator[int]:
    """Send each connection the next of these bytes, or the last, once its request's headers have come; give the port."""
    over = threading.Event()
    upcoming = itertools.chain(answers, itertools.repeat(answers[-1]))

    def behave(accepted: socket.socket) -> None:
        accepted.settimeout(10)
        with _secured(accepted, tls) as connection:
            _head(connection)
            connection.sendall(next(upcoming))
            if then_wait:
                over.wait(30)
                return
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(0.3)  # a failed run may keep its connection until exceptions are collected
            while connection.recv(65536):
                pass

    with serving(behave) as port:
        try:
            yield port
        finally:
            over.set()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes no connection and refuses none: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _place in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


class Proxy(t.NamedTuple):
    """A proxy: its port, and the headers of each request that it has got."""

    port: int
    heads: list[bytes]


@contextlib.contextmanager
def connect_proxy(tls: TLSFiles | None = None) -> Iterator[Proxy]:
    """Run a proxy for CONNECT alone, to whatever it is asked for."""
    heads: list[bytes] = []

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def behave(accepted: socket.socket) -> None:
        with _secured(accepted, tls) as connection:
            heads.append(_head(connection))
            method, target, *_rest = heads[-1].decode().split(" ")
            if method != "CONNECT":
                connection.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
                return
            host, _colon, port = target.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=10) as server:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(server, connection))
                back.start()
                pump(connection, server)
                back.join()

    with serving(behave) as port:
        yield Proxy(port, heads)
