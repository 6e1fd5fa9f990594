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
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._handshake import (
    ANY,
    ECDSA,
    RSA,
    Seen,
    Unseen,
    find_trust_store,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._visitors import SIDE_BY_SIDE, visit
from ansible_collections.zonefleet.cloudflare.tests.unit import odd_servers as odd
from emulator.pem import make_key, pem

NAME = "www.example.com"
PATIENCE = 20.0
PAST = datetime(2021, 3, 1)
TRUSTED, PRIVATE = odd.Authority(), odd.Authority()
EC_KEY, RSA_KEY = make_key("p256"), make_key("rsa2048")
RSA_CA = odd.Authority(RSA_KEY)

_environ: dict[str, str] = {}


@pytest.fixture(autouse=True, scope="module")
def _trust(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("trusted") / "cas.pem"
    path.write_text(pem(TRUSTED.certificate, RSA_CA.certificate), encoding="ascii")
    _environ.update(SSL_CERT_FILE=str(path), SSL_CERT_DIR=str(path.parent))


def _pair(key: t.Any = EC_KEY, by: odd.Authority = TRUSTED, name: str = NAME, **kwargs: t.Any) -> odd.Pair:
    return key, by.sign(name, key=key, **kwargs)


def _look(
    behave: odd.Behaviour,
    *names: str,
    kinds: t.Sequence[str] = (ECDSA, RSA),
    timeout: float = PATIENCE,
    host: str = "127.0.0.1",
    address: str = "",
) -> list[str]:
    """Return what each kind of client is told about a server, without the server's port."""
    trusted = find_trust_store(_environ)
    with odd.serving(behave, host) as port:
        sights = visit(names or (NAME,), kinds, address=address or host, port=port, timeout=timeout, trusted=trusted)
    return [f"{sight.kind}: {_text(sight.outcome)}".replace(f"{host} port {port}", "SERVER") for sight in sights]


def _text(outcome: Seen | Unseen) -> str:
    """Return an error, or the kind of the key and whether it is trusted."""
    if isinstance(outcome, Unseen):
        return outcome.error
    key = x509.load_der_x509_certificate(outcome.leaf).public_key()
    kind = "RSA" if isinstance(key, rsa.RSAPublicKey) else "EC"
    return f"{kind}, untrusted: {outcome.untrusted}" if outcome.untrusted else f"{kind}, trusted"


def _large(kibibytes: int) -> x509.Certificate:
    names = [f"{number:08d}.of.a.certificate.with.very.many.names.example.com" for number in range(17 * kibibytes)]
    return TRUSTED.sign(*names, key=EC_KEY)


def _on_name(choose: t.Callable[..., t.Any]) -> t.Callable[[ssl.SSLContext], None]:
    def adjust(context: ssl.SSLContext) -> None:
        context.sni_callback = choose

    return adjust


def _wants_certificate(context: ssl.SSLContext) -> None:
    context.verify_mode = ssl.CERT_REQUIRED


def _both(text: str) -> list[str]:
    return [f"ecdsa: {text}", f"rsa: {text}"]


EC, WITH_RSA = _pair(), _pair(RSA_KEY)
UNKNOWN_CA = "untrusted: unable to get local issuer certificate"
NO_NAME = "refused the handshake with the TLS alert unrecognized_name: it does not serve this name"
OLD_VERSION = "refused the handshake with the TLS alert protocol_version: it does not support this version of TLS"
NOT_FOR = (
    "SERVER refused the handshake with the TLS alert handshake_failure: it has no certificate for this name "
    "and this kind of client"
)
LEGACY, MODERN = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
SHA1 = odd.with_sha1(_pair(RSA_KEY, RSA_CA)[1], RSA_KEY)

SERVERS: dict[str, tuple[odd.Behaviour, list[str]]] = {
    "both kinds": (odd.tls(EC, WITH_RSA), ["ecdsa: EC, trusted", "rsa: RSA, trusted"]),
    "ECDSA alone": (odd.tls(EC), ["ecdsa: EC, trusted", f"rsa: {NOT_FOR}"]),
    "TLS 1.3 alone": (odd.tls(EC, WITH_RSA, lowest=MODERN), ["any: EC, trusted"]),
    "TLS 1.3 alone, private CA": (odd.tls(_pair(RSA_KEY, PRIVATE), lowest=MODERN), [f"any: RSA, {UNKNOWN_CA}"]),
    "expired": (
        odd.tls(_pair(end=PAST), WITH_RSA),
        ["ecdsa: EC, untrusted: certificate has expired", "rsa: RSA, trusted"],
    ),
    "another name": (
        odd.tls(_pair(name="www.example.org"), WITH_RSA),
        [
            f"ecdsa: EC, untrusted: Hostname mismatch, certificate is not valid for '{NAME}'.",
            "rsa: RSA, trusted",
        ],
    ),
    "RSA 1024": (
        odd.tls(EC, _pair(make_key("rsa1024"))),
        ["ecdsa: EC, trusted", "rsa: RSA, untrusted: EE certificate key too weak"],
    ),
    "SHA-1": (
        odd.tls(EC, (RSA_KEY, SHA1)),
        ["ecdsa: EC, trusted", "rsa: RSA, untrusted: CA signature digest algorithm too weak"],
    ),
    "a chain of 200 KiB": (
        odd.tls(EC, WITH_RSA, chain=[_large(200)]),
        _both("SERVER sent data that OpenSSL does not accept: excessive message size"),
    ),
    "a name that is refused": (
        odd.tls(EC, adjust=_on_name(lambda *_hello: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)),
        _both(f"SERVER {NO_NAME}"),
    ),
    "a certificate is asked for, TLS 1.2": (
        odd.tls(EC, WITH_RSA, highest=LEGACY, adjust=_wants_certificate),
        _both("SERVER ended the handshake with the TLS alert handshake_failure"),
    ),
    "a certificate is asked for, TLS 1.3": (odd.tls(EC, WITH_RSA, adjust=_wants_certificate), ["any: EC, trusted"]),
}


@pytest.mark.parametrize(("behave", "rows"), SERVERS.values(), ids=SERVERS)
def test_what_both_kinds_of_clients_are_shown(behave: odd.Behaviour, rows: list[str]) -> None:
    assert _look(behave) == rows


CERTIFICATE = b"x" * 300


@pytest.mark.parametrize(
    ("behave", "what"),
    [
        (odd.sends(b"\x00\x9f\x1b[31m" + b"\xff" * 99), "did not answer with TLS: 0x009f1b5b33316dffffffffffffffffff"),
        (odd.sends(b"\x16hello\n" * 20), r"did not answer with TLS: '\x16hello'"),
        (odd.sends(b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"), "did not answer with TLS: 'HTTP/1.1 400 No'"),
        (odd.sends(b"no\n"), "did not answer with TLS: 'no'"),
        (odd.sends(odd.alert(80)), "refused the handshake with the TLS alert internal_error"),
        (odd.sends(odd.alert(200)), "refused the handshake with the TLS alert 200"),
        (odd.sends(odd.hello_with(b"")), "sent data that OpenSSL does not accept: ASN1 lib"),
        (odd.sends(odd.hello_with(CERTIFICATE)[:100]), "closed the connection during the handshake"),
        # The second handshake accepts servers without secure renegotiation.
        (odd.sends(odd.hello_with(CERTIFICATE, b"")[:100]), "closed the connection during the handshake"),
        (odd.sends(b""), "closed the connection without an answer"),
        (odd.resets, "ended the connection: Connection reset by peer"),
        (odd.repeats(b"\x16\x03\x03\x00\x04\x00\x00\x00\x00" * 100), "completed no handshake within 512 KiB"),
    ],
)
def test_what_does_not_come_to_a_handshake(behave: odd.Behaviour, what: str) -> None:
    assert _look(behave, kinds=[ECDSA]) == [f"ecdsa: SERVER {what}"]


@pytest.mark.parametrize(
    ("behave", "what"),
    [
        (odd.until_closed, "sent no answer"),
        (odd.trickles(odd.hello_with(CERTIFICATE)), "completed no handshake"),
    ],
)
def test_a_server_that_hangs_costs_its_own_time_alone(behave: odd.Behaviour, what: str) -> None:
    start = time.monotonic()
    assert _look(behave, timeout=0.5) == _both(f"SERVER {what} within 0.5 s")
    assert time.monotonic() - start < 5


def test_so_many_connections_are_open_at_a_time_and_no_more() -> None:
    open_now: set[int] = set()
    counted: list[int] = []

    def let_others_come() -> None:
        threading.Event().wait(0.2)

    together = threading.Barrier(SIDE_BY_SIDE, let_others_come)

    def choose(*_hello: object) -> None:
        open_now.add(threading.get_ident())
        counted.append(len(open_now))
        together.wait(PATIENCE)
        open_now.remove(threading.get_ident())

    pairs = [_pair(key, name="*.example.com") for key in (EC_KEY, RSA_KEY)]
    names = [f"{number}.example.com" for number in range(SIDE_BY_SIDE)]
    seen = _look(odd.tls(*pairs, adjust=_on_name(choose)), *names)
    assert seen == ["ecdsa: EC, trusted", "rsa: RSA, trusted"] * SIDE_BY_SIDE
    assert max(counted) == SIDE_BY_SIDE


@pytest.mark.parametrize(
    ("kinds", "lowest", "rows"),
    [
        ([ECDSA], LEGACY, [f"ecdsa: {NOT_FOR}"]),
        ([RSA], LEGACY, ["rsa: RSA, trusted"]),
        ([ANY], LEGACY, ["any: RSA, trusted"]),
        ([ECDSA], MODERN, ["any: RSA, trusted"]),
        ([ECDSA, ANY], MODERN, [f"ecdsa: SERVER {OLD_VERSION}", "any: RSA, trusted"]),
    ],
)
def test_one_kind_that_is_missing_is_not_taken_for_tls_1_3_alone(
    kinds: list[str], lowest: ssl.TLSVersion, rows: list[str]
) -> None:
    assert _look(odd.tls(WITH_RSA, lowest=lowest), kinds=kinds) == rows


def test_a_trusted_certificate_costs_one_handshake_and_another_one_two() -> None:
    asked: list[str] = []
    behave = odd.tls(EC, adjust=_on_name(lambda _secure, name, _context: asked.append(name)))
    _look(behave, NAME, "www.example.org", kinds=[ECDSA])
    assert sorted(asked) == [NAME, "www.example.org", "www.example.org"]


def test_the_next_address_is_tried_within_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one is closed. The second one is a server that accepts nobody, with a full queue."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _place in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with socket.create_server(("127.0.0.1", 0)) as server:
            closed = server.getsockname()[1]
        tried = 3

        def addresses(_host: str, port: int, **_keywords: object) -> t.Iterator[t.Any]:
            for place in (("::ffff:127.0.0.1", closed), full.getsockname(), ("127.0.0.1", port))[:tried]:
                family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
                yield family, socket.SOCK_STREAM, 6, "", place

        monkeypatch.setattr(socket, "getaddrinfo", addresses)
        assert _look(odd.tls(EC), kinds=[ECDSA], timeout=2) == ["ecdsa: EC, trusted"]
        tried = 2
        (told,) = _look(odd.tls(EC), kinds=[ECDSA], timeout=0.5)
    first = f"::ffff:127.0.0.1 port {closed}: [A-Z][a-z ]+"
    assert re.fullmatch(rf"ecdsa: no connection to {first}, 127.0.0.1 port \d+: timed out", told)


def test_ipv6() -> None:
    assert _look(odd.tls(EC), kinds=[ECDSA], host="::1") == ["ecdsa: EC, trusted"]


LONG = "x" * 70 + ".example.com"


@pytest.mark.parametrize(
    ("name", "address", "reason"),
    [
        (NAME, "no such host", "no such host does not resolve: Name or service not known"),
        (NAME, LONG, f"{LONG} does not resolve: encoding with 'idna' codec failed"),
        (LONG, "127.0.0.1", f"{LONG} cannot be used in a TLS handshake: "),
        (".example.com", "127.0.0.1", ".example.com cannot be used in a TLS handshake: "),
        ("a\0b.example.com", "127.0.0.1", r"a\x00b.example.com cannot be used in a TLS handshake: "),
    ],
)
def test_names_that_cannot_be_used(name: str, address: str, reason: str) -> None:
    (told,) = _look(odd.tls(EC), name, address=address, kinds=[ECDSA])
    assert told.startswith(f"ecdsa: {reason}")


def test_cas_that_cannot_be_read_trust_nothing_but_all_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cas.pem"
    path.write_text("no certificate\n", encoding="ascii")
    monkeypatch.setitem(_environ, "SSL_CERT_FILE", str(path))
    (told,) = _look(odd.tls(EC), kinds=[ECDSA])
    assert told.startswith(f"ecdsa: EC, untrusted: OpenSSL cannot be set up with the CAs of {path}: ")


def test_without_a_trust_store_nothing_is_trusted_but_all_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = {"openssl_cafile_env": "F", "openssl_capath_env": "D", "openssl_cafile": "", "openssl_capath": ""}
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: SimpleNamespace(**nowhere))
    monkeypatch.setitem(sys.modules, "certifi", None)
    assert _look(odd.tls(EC), kinds=[ECDSA]) == [f"ecdsa: EC, {UNKNOWN_CA}"]
