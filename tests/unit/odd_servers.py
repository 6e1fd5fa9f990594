# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS servers on loopback that behave well or badly, and certificates for them."""

from __future__ import annotations

import contextlib
import itertools
import selectors
import socket
import ssl
import struct
import tempfile
import threading
import typing as t
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from emulator.pem import END, issue, key_pem, make_key, named, pem

Pair = tuple[t.Any, x509.Certificate]
"""A private key and its certificate."""

Behaviour = t.Callable[[socket.socket], None]

_numbers = itertools.count()


@contextlib.contextmanager
def serving(behave: Behaviour, host: str = "127.0.0.1") -> t.Iterator[int]:
    """Call C(behave) for each connection, in a separate thread, and yield the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    threads: list[threading.Thread] = []

    def answer(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            behave(sock)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _address = listener.accept()
                threads.append(threading.Thread(target=answer, args=(sock,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
        listener.close()
        for thread in threads:
            thread.join()


class Authority:
    """A CA that signs any certificate."""

    def __init__(self, key: t.Any = None) -> None:
        self.key = key or make_key("p256", 98)
        self.name = named("Test CA", f"Test CA {next(_numbers)}")
        self.certificate = issue(subject=self.name, issuer=self.name, key=self.key, ca_key=self.key, ca=True)

    def sign(self, *names: str, key: t.Any, end: datetime = END) -> x509.Certificate:
        """Return a certificate for C(names)."""
        return issue(*names, key=key, end=end, ca_key=self.key, issuer=self.name)


def with_sha1(certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> x509.Certificate:
    """Return a certificate with an SHA-1 signature of an RSA CA. The library refuses to sign with SHA-1."""
    sha256, sha1 = (bytes.fromhex(f"06092a864886f70d0101{last}") for last in ("0b", "05"))
    before = certificate.tbs_certificate_bytes
    after = before.replace(sha256, sha1)
    signature = key.sign(after, PKCS1v15(), hashes.SHA1())
    whole = certificate.public_bytes(serialization.Encoding.DER).replace(before, after).replace(sha256, sha1)
    return x509.load_der_x509_certificate(whole.replace(certificate.signature, signature))


def tls(
    *pairs: Pair,
    chain: t.Sequence[x509.Certificate] = (),
    lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    highest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
    adjust: t.Callable[[ssl.SSLContext], None] | None = None,
) -> Behaviour:
    """Return a TLS server that has these certificates. Weak keys and signatures are allowed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with contextlib.suppress(ValueError):  # highest may be below the current minimum
        context.maximum_version = highest
    context.minimum_version = lowest
    for key, certificate in pairs:
        _load(context, key, [certificate, *chain])
    if adjust:
        adjust(context)

    def behave(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as secure:
            until_closed(secure)

    return behave


def sends(data: bytes) -> Behaviour:
    """Return a server that reads the client's hello, sends these bytes, and closes."""

    def behave(sock: socket.socket) -> None:
        sock.recv(1)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        until_closed(sock)

    return behave


def repeats(data: bytes) -> Behaviour:
    """Return a server that sends the same bytes repeatedly until the client closes the connection."""

    def behave(sock: socket.socket) -> None:
        while True:
            sock.sendall(data)

    return behave


def trickles(data: bytes) -> Behaviour:
    """Return a server that sends one byte at a time, with a short pause after each."""

    def behave(sock: socket.socket) -> None:
        sock.recv(4096)
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            for byte in itertools.cycle(data):
                if selector.select(0.02):  # the client has closed the connection
                    return
                sock.sendall(bytes([byte]))

    return behave


def until_closed(sock: socket.socket) -> None:
    """Send nothing until the client closes the connection."""
    while sock.recv(4096):
        pass


def resets(sock: socket.socket) -> None:
    """Read the client's hello, and reset the connection."""
    sock.recv(4096)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def alert(number: int) -> bytes:
    """Return the record of a fatal alert."""
    return bytes([21, 3, 3, 0, 2, 2, number])


# Secure renegotiation.
_EXTENSIONS = b"\xff\x01\x00\x01\x00"


def hello_with(certificate: bytes, extensions: bytes = _EXTENSIONS) -> bytes:
    """Return the first messages of a TLS 1.2 server, up to its certificate, which may be any bytes."""
    choice = b"\xc0\x2b"  # ECDHE-ECDSA-AES128-GCM-SHA256
    hello = b"\x03\x03" + bytes(32) + b"\x00" + choice + b"\x00" + _sized(extensions, 2)
    listed = _sized(_sized(certificate, 3), 3)
    return _record(b"\x02" + _sized(hello, 3)) + _record(b"\x0b" + _sized(listed, 3))


def _record(message: bytes) -> bytes:
    return b"\x16\x03\x03" + _sized(message, 2)


def _sized(data: bytes, width: int) -> bytes:
    return len(data).to_bytes(width, "big") + data


def _load(context: ssl.SSLContext, key: t.Any, chain: t.Sequence[x509.Certificate]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "pair.pem")
        path.write_text(key_pem(key) + pem(*chain), encoding="ascii")
        context.load_cert_chain(path)
