# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Reads the certificate that a TLS server presents for a name to one kind of client, within a deadline.

The first handshake verifies the certificate as a browser would. If verification fails, a second handshake with the same
address accepts any certificate, so that an expired certificate or one of a private CA can be read as well. A trusted
certificate takes one handshake, any other takes two. Every failure of the server is returned as a reason, not raised.

The deadline covers every address tried, both handshakes and each byte. Only the DNS look-up is limited by the resolver
instead.
"""

from __future__ import annotations

import functools
import os
import socket
import ssl
import time
import typing as t
from contextlib import suppress

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed, printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._tls_failure import (
    ENOUGH,
    Cause,
    explain,
    no_tls,
    speaks_tls,
)

ECDSA, RSA, ANY = "ecdsa", "rsa", "any"
"""The kinds of client: TLS 1.2 with only ECDSA ciphers, TLS 1.2 with only RSA ciphers, everything up to TLS 1.3."""

_CIPHERS = {ECDSA: "aECDSA", RSA: "aRSA", ANY: "DEFAULT"}
# Allows servers without secure renegotiation. Python has the constant since 3.12.
_LEGACY_SERVER_CONNECT = getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
_MOST_BYTES = 512 * 1024  # limit for a handshake; OpenSSL accepts chains of up to 100 KiB


class Seen(t.NamedTuple):
    """The certificate that was presented.

    :param leaf: The leaf, in DER.
    :param untrusted: Why a verifying client would refuse it for the name, None if it would accept it.
    """

    leaf: bytes
    untrusted: str | None


class Unseen(t.NamedTuple):
    """No certificate was read.

    :param error: The reason.
    """

    error: str
    cause: Cause


class Place(t.NamedTuple):
    """Where to connect: a hostname or an IP address, and a port."""

    host: str
    port: int


class TrustStore(t.NamedTuple):
    """A file and a directory with CA certificates."""

    file: str | None
    directory: str | None


class _Failed(Exception):
    def __init__(self, cause: Cause, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


class _Address(t.NamedTuple):
    family: int
    sockaddr: t.Any

    def __str__(self) -> str:
        return f"{printable(self.sockaddr[0])} port {self.sockaddr[1]}"


class _Deadline(t.NamedTuple):
    seconds: float
    end: float

    def left(self) -> float:
        left = self.end - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left


def find_trust_store(environ: t.Mapping[str, str]) -> TrustStore:
    """Return the CAs that OpenSSL trusts in an environment, or those of certifi if it has none."""
    paths = ssl.get_default_verify_paths()
    file = environ.get(paths.openssl_cafile_env) or paths.openssl_cafile
    directory = environ.get(paths.openssl_capath_env) or paths.openssl_capath
    if os.path.isfile(file) or os.path.isdir(directory):
        return TrustStore(file if os.path.isfile(file) else None, directory if os.path.isdir(directory) else None)
    try:
        import certifi  # pylint: disable=import-outside-toplevel  # only where the system has no trust store
    except ImportError:
        return TrustStore(None, None)
    return TrustStore(certifi.where(), None)


def prepare(environ: t.Mapping[str, str]) -> None:
    """Load the CAs in the parent process, before workers are forked. This takes longer than many handshakes."""
    with suppress(OSError):  # C(look) reports the error
        for kind in (ECDSA, RSA):
            _context(kind, find_trust_store(environ))


def look(name: str, kind: str, place: Place, timeout: float, trusted: TrustStore) -> Seen | Unseen:
    """Return the certificate that a server presents for a name.

    :param name: The name to send as SNI, in the form of C(a_labels), not a wildcard.
    :param kind: The kind of client.
    :param place: Where to connect.
    :param timeout: Seconds from the first address to the last byte.
    :param trusted: The CAs that a verifying client trusts.
    """
    deadline = _Deadline(timeout, time.monotonic() + timeout)
    try:
        connection = _connect(_resolve(place), deadline)
        try:
            return Seen(connection.handshake(name, kind, trusted), None)
        except _Failed as failure:
            if failure.cause not in (Cause.REFUSED_HERE, Cause.NO_COMMON_KIND):
                raise
            untrusted = str(failure)
        connection = _connect([connection.address], deadline)
        return Seen(connection.handshake(name, kind, None), untrusted)
    except _Failed as failure:
        return Unseen(str(failure), failure.cause)


def _resolve(place: Place) -> list[_Address]:
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # ValueError: a label that is longer than DNS allows
        raise _Failed(Cause.NO_CONNECTION, f"{printable(place.host)} does not resolve: {_reason(error)}") from None
    return [_Address(family, sockaddr) for family, _type, _protocol, _name, sockaddr in found]


def _connect(addresses: t.Sequence[_Address], deadline: _Deadline) -> _Connection:
    """Connect to the first address that accepts. The remaining addresses share the remaining time.

    :raises _Failed: No address accepts.
    """
    failures: list[str] = []
    for tried, address in enumerate(addresses):
        sock: socket.socket | None = None
        try:
            share = deadline.left() / (len(addresses) - tried)
            sock = socket.socket(address.family, socket.SOCK_STREAM)
            sock.settimeout(share)
            sock.connect(address.sockaddr)
        except OSError as error:
            failures.append(f"{address}: {_reason(error)}")
            if sock:
                sock.close()
        else:
            return _Connection(sock, address, deadline)
    raise _Failed(Cause.NO_CONNECTION, f"no connection to {listed(failures)}")


class _Connection:
    """A connection for one handshake."""

    def __init__(self, sock: socket.socket, address: _Address, deadline: _Deadline) -> None:
        self.address = address
        self._sock = sock
        self._deadline = deadline
        self._start = b""
        self._received = 0

    def handshake(self, name: str, kind: str, trusted: TrustStore | None) -> bytes:
        """Make the handshake, close the connection, and return the leaf in DER.

        :param trusted: The CAs to trust, None to accept any certificate.
        :raises _Failed: The server sent no certificate, or it was refused.
        """
        try:
            with self._sock:
                leaf = self._exchange(_make_context(kind, trusted), name)
        except ssl.SSLCertVerificationError as error:
            raise _Failed(Cause.REFUSED_HERE, printable(error.verify_message)) from None
        except ssl.SSLError as error:
            cause, reason = explain(self._start, error)
            raise _Failed(cause, f"{self.address} {reason}") from None
        except socket.timeout:
            what = "completed no handshake" if self._start else "sent no answer"
            raise _Failed(Cause.NO_ANSWER, f"{self.address} {what} within {self._deadline.seconds:g} s") from None
        except OSError as error:
            raise _Failed(Cause.ENDED, f"{self.address} ended the connection: {_reason(error)}") from None
        if not leaf:
            raise _Failed(Cause.OTHER, f"{self.address} presented no certificate")
        return leaf

    def _exchange(self, context: ssl.SSLContext, name: str) -> bytes | None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            secure = context.wrap_bio(incoming, outgoing, server_hostname=name)
        except (TypeError, ValueError) as error:
            reason = f"{printable(name)} cannot be used in a TLS handshake: {printable(error)}"
            raise _Failed(Cause.OTHER, reason) from None
        while True:
            try:
                secure.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._send(outgoing.read())
                incoming.write(self._receive())
            except ssl.SSLError:
                self._send_last(outgoing.read())
                raise
        self._send_last(outgoing.read())
        return secure.getpeercert(binary_form=True)

    def _send(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def _send_last(self, data: bytes) -> None:
        """Send the last bytes of the handshake. Errors are ignored: the certificate has been read or refused already."""
        with suppress(OSError):
            self._send(data)

    def _receive(self) -> bytes:
        self._sock.settimeout(self._deadline.left())
        data = self._sock.recv(16 * 1024)
        if not data:
            raise self._closed()
        self._received += len(data)
        if self._received > _MOST_BYTES:
            reason = f"{self.address} completed no handshake within {_MOST_BYTES // 1024} KiB"
            raise _Failed(Cause.OTHER, reason)
        self._start = (self._start + data[:ENOUGH])[:ENOUGH]
        return data

    def _closed(self) -> _Failed:
        if self._start and not speaks_tls(self._start):
            return _Failed(Cause.OTHER, f"{self.address} {no_tls(self._start)}")
        when = "during the handshake" if self._start else "without an answer"
        return _Failed(Cause.ENDED, f"{self.address} closed the connection {when}")


def _make_context(kind: str, trusted: TrustStore | None) -> ssl.SSLContext:
    """Return a context that verifies, or one that accepts any certificate if C(trusted) is None."""
    try:
        return _context_that_accepts_all(kind) if trusted is None else _context(kind, trusted)
    except OSError as error:
        what = f" with the CAs of {trusted.file or trusted.directory}" if trusted else ""
        raise _Failed(Cause.REFUSED_HERE, f"OpenSSL cannot be set up{printable(what)}: {_reason(error)}") from None


@functools.lru_cache(maxsize=16)
def _context(kind: str, trusted: TrustStore) -> ssl.SSLContext:
    """Return a context that verifies as current browsers do, and refuses weak keys and signatures."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _configure(context, kind, "@SECLEVEL=2", ssl.TLSVersion.TLSv1_2)
    if ssl.HAS_NEVER_CHECK_COMMON_NAME:
        context.hostname_checks_common_name = False
    if trusted != TrustStore(None, None):
        context.load_verify_locations(trusted.file, trusted.directory)
    return context


@functools.lru_cache(maxsize=None)
def _context_that_accepts_all(kind: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _configure(context, kind, "@SECLEVEL=0", ssl.TLSVersion.MINIMUM_SUPPORTED)
    context.options |= _LEGACY_SERVER_CONNECT
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _configure(context: ssl.SSLContext, kind: str, level: str, lowest: ssl.TLSVersion) -> None:
    """Set the versions and ciphers of a kind of client. With TLS 1.3, the server would choose the kind of key."""
    context.minimum_version = lowest if kind == ANY else ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED if kind == ANY else ssl.TLSVersion.TLSv1_2
    try:
        context.set_ciphers(f"{_CIPHERS[kind]}:{level}")
    except ssl.SSLError:  # LibreSSL has no levels
        context.set_ciphers(_CIPHERS[kind])


def _reason(error: BaseException) -> str:
    return printable(getattr(error, "strerror", None) or str(error) or type(error).__name__)
