# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers other than the emulator: raw bytes, a port that never responds, a proxy; and TLS certificates."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import itertools
import pathlib
import socket
import ssl
import threading
import typing as t
from collections.abc import Iterator

import trustme

TLSFiles = tuple[pathlib.Path, pathlib.Path]


class Authority:
    """A private certificate authority, and certificates of it that a client should not accept."""

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        self._ca = trustme.CA()
        self.bundle = directory / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.bundle))

    def good(self) -> TLSFiles:
        """A certificate for this machine."""
        return self._written("good", self._ca.issue_cert("127.0.0.1", "localhost"))

    def expired(self) -> TLSFiles:
        """One that was good last year."""
        now = datetime.datetime.now(datetime.UTC)
        cert = self._ca.issue_cert(
            "127.0.0.1", not_before=now - datetime.timedelta(days=400), not_after=now - datetime.timedelta(days=35)
        )
        return self._written("expired", cert)

    def wrong_name(self) -> TLSFiles:
        """One for another host."""
        return self._written("wrong_name", self._ca.issue_cert("api.example.com"))

    def untrusted(self) -> TLSFiles:
        """One of an authority that nobody knows."""
        return self._written("untrusted", trustme.CA().issue_cert("127.0.0.1"))

    def _written(self, name: str, cert: trustme.LeafCert) -> TLSFiles:
        files = self._directory / f"{name}.pem", self._directory / f"{name}.key"
        files[0].write_bytes(b"".join(blob.bytes() for blob in cert.cert_chain_pems))
        files[1].write_bytes(cert.private_key_pem.bytes())
        return files


def _server_context(tls: TLSFiles | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*tls)
    return context


def _secured(accepted: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    return context.wrap_socket(accepted, server_side=True) if context else accepted


@contextlib.contextmanager
def raw_server(*answers: bytes, then_wait: bool = False, tls: TLSFiles | None = None) -> Iterator[int]:
    """Serve each connection with the next of these bytes, or the last, once its request's headers have come; give the port."""
    context = _server_context(tls)
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    upcoming = itertools.chain(answers, itertools.repeat(answers[-1]))

    def serve(accepted: socket.socket) -> None:
        accepted.settimeout(10)
        with contextlib.suppress(OSError), _secured(accepted, context) as connection:
            asked = b""
            while b"\r\n\r\n" not in asked and (piece := connection.recv(65536)):
                asked += piece
            connection.sendall(next(upcoming))
            if then_wait:
                over.wait(30)
            else:
                connection.shutdown(socket.SHUT_WR)
                connection.settimeout(0.3)  # a failed run may keep its connection until exceptions are collected
                while connection.recv(65536):
                    pass

    with _accepting(listener, serve):
        yield listener.getsockname()[1]
        over.set()


@contextlib.contextmanager
def _accepting(listener: socket.socket, serve: t.Callable[[socket.socket], None]) -> Iterator[None]:
    threads: list[threading.Thread] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = listener.accept()
                threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # which ends accept(), as close() would not
        listener.close()
        acceptor.join(10)
        for thread in threads:
            thread.join(10)


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


@dataclasses.dataclass
class Proxy:
    """A proxy for CONNECT: its port, and every byte that came through it in the direction of the server."""

    port: int
    heads: list[bytes] = dataclasses.field(default_factory=list)
    passed: bytearray = dataclasses.field(default_factory=bytearray)


@contextlib.contextmanager
def connect_proxy(tls: TLSFiles | None = None) -> Iterator[Proxy]:
    """Run a proxy that connects to whatever it is asked for."""
    context = _server_context(tls)
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(listener.getsockname()[1])

    def pump(source: socket.socket, target: socket.socket, keep: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if keep:
                    proxy.passed.extend(piece)
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(accepted: socket.socket) -> None:
        with contextlib.suppress(OSError), _secured(accepted, context) as connection:
            head = b""
            while b"\r\n\r\n" not in head and (piece := connection.recv(65536)):
                head += piece
            proxy.heads.append(head)
            method, target, *_rest = head.split(b" ")
            if method != b"CONNECT":
                connection.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
                return
            host, _colon, port = target.decode().rpartition(":")
            with socket.create_connection((host, int(port)), timeout=10) as server:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(server, connection, False), daemon=True)
                back.start()
                pump(connection, server, True)
                back.join(10)

    with _accepting(listener, serve):
        yield proxy
