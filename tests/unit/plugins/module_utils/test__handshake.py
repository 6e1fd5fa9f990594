# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A handshake returns a certificate or a reason within the deadline, for every kind of client and server."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import sys
import threading
import time
import typing as t
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._handshake import (
    ANY,
    ECDSA,
    RSA,
    Seen,
    TrustStore,
    Unseen,
    find_trust_store,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._visitors import SIDE_BY_SIDE, Sight, visit
from ansible_collections.zonefleet.cloudflare.tests.unit import odd_servers as odd
from emulator.pem import make_key, pem

NAME = "www.example.com"
BOTH = (ECDSA, RSA)
PATIENCE = 20.0
PAST = datetime(2021, 3, 1)
TRUSTED = odd.Authority()
PRIVATE = odd.Authority()
EC_KEY, RSA_KEY = make_key("p256"), make_key("rsa2048")
RSA_CA = odd.Authority(RSA_KEY)

_environ: dict[str, str] = {}

Rows = dict[str, str]


@pytest.fixture(autouse=True, scope="module")
def _trust(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("trusted") / "cas.pem"
    path.write_text(pem(TRUSTED.certificate, RSA_CA.certificate), encoding="ascii")
    _environ.update(SSL_CERT_FILE=str(path), SSL_CERT_DIR=str(path.parent))


def _pair(key: t.Any = EC_KEY, by: odd.Authority = TRUSTED, name: str = NAME, **kwargs: t.Any) -> odd.Pair:
    return key, by.sign(name, key=key, **kwargs)


def _look(
    port: int, *names: str, kinds: t.Sequence[str] = BOTH, timeout: float = PATIENCE, address: str = "127.0.0.1"
) -> list[Sight]:
    trusted = find_trust_store(_environ)
    return visit(names or (NAME,), kinds, address=address, port=port, timeout=timeout, trusted=trusted)


def _told(sights: t.Iterable[Sight], port: int) -> Rows:
    """Return what each row says, the port left out: the number of the key's kind, and whether it is trusted."""
    return {sight.kind: _text(sight.outcome).replace(f"127.0.0.1 port {port}", "SERVER") for sight in sights}


def _text(outcome: Seen | Unseen) -> str:
    if isinstance(outcome, Unseen):
        return f"error: {outcome.error}"
    leaf = x509.load_der_x509_certificate(outcome.leaf, default_backend())
    kind = "RSA" if isinstance(leaf.public_key(), rsa.RSAPublicKey) else "EC"
    return f"{kind}, untrusted: {outcome.untrusted}" if outcome.untrusted else f"{kind}, trusted"


def _large(kibibytes: int) -> x509.Certificate:
    names = [f"{number:08d}.of.a.certificate.with.very.many.names.example.com" for number in range(17 * kibibytes)]
    return TRUSTED.sign(*names, key=EC_KEY)


def _on_name(choose: t.Callable[..., t.Any]) -> t.Callable[[ssl.SSLContext], None]:
    def adjust(context: ssl.SSLContext) -> None:
        context.sni_callback = choose

    return adjust


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextlib.contextmanager
def _filled(server: socket.socket) -> t.Iterator[None]:
    """Fill the queue of a server that accepts nobody, so that whoever comes now has to wait."""
    server.listen(0)
    with contextlib.ExitStack() as stack:
        for _place in range(3):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(server.getsockname())
        yield


def _wants_certificate(context: ssl.SSLContext) -> None:
    context.verify_mode = ssl.CERT_REQUIRED


NOT_FOR = "error: SERVER refused the handshake with the TLS alert handshake_failure: it has no certificate for this name and this kind of client"
SEEN_BY_BOTH = {ECDSA: "EC, trusted", RSA: "RSA, trusted"}


def _both(text: str) -> Rows:
    return {ECDSA: text, RSA: text}


MAKERS: dict[str, tuple[t.Callable[[], odd.Behaviour], Rows]] = {
    "both kinds": (lambda: odd.tls(_pair(), _pair(RSA_KEY)), SEEN_BY_BOTH),
    "ECDSA alone": (lambda: odd.tls(_pair()), {ECDSA: "EC, trusted", RSA: NOT_FOR}),
    "RSA alone": (lambda: odd.tls(_pair(RSA_KEY)), {ECDSA: NOT_FOR, RSA: "RSA, trusted"}),
    "TLS 1.3 alone": (lambda: odd.tls(_pair(), _pair(RSA_KEY), lowest=ssl.TLSVersion.TLSv1_3), {ANY: "EC, trusted"}),
    "TLS 1.3 alone, private CA": (
        lambda: odd.tls(_pair(RSA_KEY, PRIVATE), lowest=ssl.TLSVersion.TLSv1_3),
        {ANY: "RSA, untrusted: unable to get local issuer certificate"},
    ),
    "a private CA": (
        lambda: odd.tls(_pair(by=PRIVATE), _pair(RSA_KEY)),
        {ECDSA: "EC, untrusted: unable to get local issuer certificate", RSA: "RSA, trusted"},
    ),
    "expired": (
        lambda: odd.tls(_pair(end=PAST), _pair(RSA_KEY, end=PAST)),
        {ECDSA: "EC, untrusted: certificate has expired", RSA: "RSA, untrusted: certificate has expired"},
    ),
    "another name": (
        lambda: odd.tls(_pair(name="www.example.org"), _pair(RSA_KEY)),
        {ECDSA: f"EC, untrusted: Hostname mismatch, certificate is not valid for '{NAME}'.", RSA: "RSA, trusted"},
    ),
    "a wildcard": (lambda: odd.tls(_pair(name="*.example.com"), _pair(RSA_KEY)), SEEN_BY_BOTH),
    "RSA 1024": (
        lambda: odd.tls(_pair(make_key("rsa1024")), _pair()),
        {ECDSA: "EC, trusted", RSA: "RSA, untrusted: EE certificate key too weak"},
    ),
    "SHA-1": (
        lambda: odd.tls(_pair(), (RSA_KEY, odd.with_sha1(_pair(RSA_KEY, RSA_CA)[1], RSA_KEY))),
        {ECDSA: "EC, trusted", RSA: "RSA, untrusted: CA signature digest algorithm too weak"},
    ),
    "a chain of 64 KiB": (lambda: odd.tls(_pair(), _pair(RSA_KEY), chain=[_large(64)]), SEEN_BY_BOTH),
    "a chain of 200 KiB": (
        lambda: odd.tls(_pair(), _pair(RSA_KEY), chain=[_large(200)]),
        _both("error: SERVER sent data that OpenSSL does not accept: excessive message size"),
    ),
    "no certificate": (odd.tls, _both(NOT_FOR)),
    "a name that is refused": (
        lambda: odd.tls(_pair(), adjust=_on_name(lambda *_hello: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)),
        _both("error: SERVER refused the handshake with the TLS alert unrecognized_name: it does not serve this name"),
    ),
    "a certificate is asked for, TLS 1.2": (
        lambda: odd.tls(_pair(), _pair(RSA_KEY), highest=ssl.TLSVersion.TLSv1_2, adjust=_wants_certificate),
        _both("error: SERVER ended the handshake with the TLS alert handshake_failure"),
    ),
    "a certificate is asked for, TLS 1.3": (
        lambda: odd.tls(_pair(), _pair(RSA_KEY), adjust=_wants_certificate),
        {ANY: "EC, trusted"},
    ),
    "no certificate at all in its place": (
        lambda: odd.sends(odd.hello_with(b"")),
        {
            ECDSA: "error: SERVER sent data that OpenSSL does not accept: ASN1 lib",
            RSA: "error: SERVER sent data that OpenSSL does not accept: wrong cipher returned",
        },
    ),
    "garbage": (
        lambda: odd.sends(b"\x00\x9f\x1b[31m" + b"\xff" * 200),
        _both("error: SERVER did not answer with TLS: 0x009f1b5b33316dffffffffffffffffff"),
    ),
    "garbage that begins with the number of a record": (
        lambda: odd.sends(b"\x16hello\n" * 20),
        _both(r"error: SERVER did not answer with TLS: '\x16hello'"),
    ),
    "garbage without end": (
        lambda: odd.repeats(b"\x16\x03\x03\x00\x04\x00\x00\x00\x00" * 100),
        _both("error: SERVER completed no handshake within 512 KiB"),
    ),
    "plain HTTP": (
        lambda: odd.sends(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        _both("error: SERVER did not answer with TLS: 'HTTP/1.1 400 Bad Request'"),
    ),
    "three letters": (lambda: odd.sends(b"no\n"), _both("error: SERVER did not answer with TLS: 'no'")),
    "another alert": (
        lambda: odd.sends(odd.alert(80)),
        _both("error: SERVER refused the handshake with the TLS alert internal_error"),
    ),
    "an alert that nobody knows": (
        lambda: odd.sends(odd.alert(200)),
        _both("error: SERVER refused the handshake with the TLS alert 200"),
    ),
    "half a record": (
        lambda: odd.sends(odd.hello_with(b"x" * 300)[:100]),
        {
            ECDSA: "error: SERVER closed the connection during the handshake",
            RSA: "error: SERVER sent data that OpenSSL does not accept: wrong cipher returned",
        },
    ),
    "half a record, without secure renegotiation": (
        lambda: odd.sends(odd.hello_with(b"x" * 300, extensions=b"")[:100]),
        {
            ECDSA: "error: SERVER closed the connection during the handshake",
            RSA: "error: SERVER sent data that OpenSSL does not accept: wrong cipher returned",
        },
    ),
    "closed without a word": (lambda: odd.sends(b""), _both("error: SERVER closed the connection without an answer")),
    "a reset": (lambda: odd.resets, _both("error: SERVER ended the connection: Connection reset by peer")),
}


@pytest.mark.parametrize(("make", "rows"), MAKERS.values(), ids=MAKERS)
def test_odd_servers(make: t.Callable[[], odd.Behaviour], rows: Rows) -> None:
    with odd.serving(make()) as port:
        assert _told(_look(port), port) == rows


@pytest.mark.parametrize(
    ("behave", "what"),
    [
        (odd.until_closed, "sent no answer"),
        (odd.trickles(odd.hello_with(b"x" * 400)), "completed no handshake"),
    ],
    ids=["hangs", "trickles"],
)
def test_a_server_that_hangs_costs_its_own_time_alone(behave: odd.Behaviour, what: str) -> None:
    with odd.serving(behave) as port:
        start = time.monotonic()
        rows = _told(_look(port, timeout=0.5), port)
        assert rows == _both(f"error: SERVER {what} within 0.5 s")
        assert time.monotonic() - start < 5


def test_so_many_connections_are_open_at_a_time_and_no_more() -> None:
    together = threading.Barrier(SIDE_BY_SIDE)
    lock = threading.Lock()
    open_now, most = 0, 0

    def choose(_secure: ssl.SSLObject, _name: str, _context: ssl.SSLContext) -> None:
        nonlocal open_now, most
        with lock:
            open_now += 1
            most = max(most, open_now)
        together.wait(PATIENCE)
        with lock:
            open_now -= 1

    names = [f"{number}.example.com" for number in range(SIDE_BY_SIDE)]
    with odd.serving(
        odd.tls(_pair(name="*.example.com"), _pair(RSA_KEY, name="*.example.com"), adjust=_on_name(choose))
    ) as port:
        sights = _look(port, *names)
    assert [_text(sight.outcome) for sight in sights] == ["EC, trusted", "RSA, trusted"] * SIDE_BY_SIDE
    assert most == SIDE_BY_SIDE


@pytest.mark.parametrize(
    ("kinds", "lowest", "rows"),
    [
        ([ECDSA], ssl.TLSVersion.TLSv1_2, {ECDSA: NOT_FOR}),
        ([RSA], ssl.TLSVersion.TLSv1_2, {RSA: "RSA, trusted"}),
        ([ANY], ssl.TLSVersion.TLSv1_2, {ANY: "RSA, trusted"}),
        ([ECDSA], ssl.TLSVersion.TLSv1_3, {ANY: "RSA, trusted"}),
        (
            [ECDSA, ANY],
            ssl.TLSVersion.TLSv1_3,
            {
                ECDSA: "error: SERVER refused the handshake with the TLS alert protocol_version: it does not support this version of TLS",
                ANY: "RSA, trusted",
            },
        ),
    ],
)
def test_one_kind_that_is_missing_is_not_taken_for_tls_1_3_alone(
    kinds: list[str], lowest: ssl.TLSVersion, rows: Rows
) -> None:
    with odd.serving(odd.tls(_pair(RSA_KEY), lowest=lowest)) as port:
        assert _told(_look(port, kinds=kinds), port) == rows


def test_a_trusted_certificate_costs_one_handshake_and_another_one_two() -> None:
    asked: list[str] = []

    def choose(_secure: ssl.SSLObject, name: str, _context: ssl.SSLContext) -> None:
        asked.append(name)

    with odd.serving(odd.tls(_pair(), adjust=_on_name(choose))) as port:
        _look(port, NAME, "www.example.org", kinds=[ECDSA])
    assert sorted(asked) == [NAME, "www.example.org", "www.example.org"]


def test_the_next_address_is_tried_within_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with odd.serving(odd.tls(_pair())) as port, socket.create_server(("127.0.0.1", 0)) as full:
        closed = _free_port()
        with _filled(full):
            addresses = [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::ffff:127.0.0.1", closed, 0, 0)),
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", full.getsockname()),
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
            ]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: addresses)
            assert _text(_look(port, kinds=[ECDSA], timeout=2)[0].outcome) == "EC, trusted"
            addresses.pop()
            told = _text(_look(port, kinds=[ECDSA], timeout=0.5)[0].outcome)
    assert re.fullmatch(
        rf"error: no connection to ::ffff:127.0.0.1 port {closed}: [A-Z][a-z ]+, 127.0.0.1 port \d+: timed out", told
    )


def test_ipv6() -> None:
    with odd.serving(odd.tls(_pair()), "::1") as port:
        assert _text(_look(port, kinds=[ECDSA], address="::1")[0].outcome) == "EC, trusted"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("no such host", "no such host does not resolve: Name or service not known"),
        ("x" * 70 + ".example.com", f"{'x' * 70}.example.com does not resolve: encoding with 'idna' codec failed"),
    ],
)
def test_a_name_that_does_not_resolve(address: str, reason: str) -> None:
    rows = {sight.kind: _text(sight.outcome) for sight in _look(443, address=address)}
    assert all(text.startswith(f"error: {reason}") for text in rows.values())
    assert list(rows) == [ECDSA, RSA]


@pytest.mark.parametrize("name", ["x" * 70 + ".example.com", ".example.com", "a\0b.example.com"])
def test_a_name_that_no_hello_can_carry(name: str) -> None:
    with odd.serving(odd.tls(_pair())) as port:
        told = _text(_look(port, name, kinds=[ECDSA])[0].outcome)
    assert re.match(r"error: \S+ cannot be used in a TLS handshake: ", told), told


def test_cas_that_cannot_be_read_trust_nothing_but_all_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "cas.pem"
    path.write_text("no certificate\n", encoding="ascii")
    with odd.serving(odd.tls(_pair())) as port:
        trusted = TrustStore(str(path), None)
        (sight,) = visit([NAME], [ECDSA], address="127.0.0.1", port=port, timeout=PATIENCE, trusted=trusted)
    assert _text(sight.outcome).startswith(f"EC, untrusted: OpenSSL cannot be set up with the CAs of {path}: ")


def test_without_a_trust_store_nothing_is_trusted_but_all_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = {"openssl_cafile_env": "F", "openssl_capath_env": "D", "openssl_cafile": "", "openssl_capath": ""}
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: SimpleNamespace(**nowhere))
    monkeypatch.setitem(sys.modules, "certifi", None)
    with odd.serving(odd.tls(_pair())) as port:
        told = _text(_look(port, kinds=[ECDSA])[0].outcome)
    assert told == "EC, untrusted: unable to get local issuer certificate"
