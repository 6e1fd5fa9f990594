# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge: which certificate a handshake gets for a name.

`tests/integration/test_edge.py` compares its choice among random certificates with that of the collection, and
`tests/integration/playbooks/test_examples.py` waits for a change that takes a while.
"""

from __future__ import annotations

import copy
import socket
import ssl
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from emulator import Edge, certificate, from_today, make_pem, uploaded, zone
from emulator.fixture import StartEmulator
from unit.emulator.client import Client

NAME = "www.example.com"
HOSTS = (NAME, "shop.example.com")
CIPHERS = {"ecdsa": "aECDSA", "rsa": "aRSA", "any": "DEFAULT"}

StartEdge = Callable[..., Edge]


@pytest.fixture
def start(start_emulator: StartEmulator) -> Iterator[StartEdge]:
    """Starts an edge for an emulator with these zones, or with these certificates in example.com."""
    running: list[Edge] = []

    def begin(*certificates: t.Any, zones: t.Any = None, **switches: t.Any) -> Edge:
        edge = Edge(start_emulator(zones=zones or [zone("example.com", certificates=certificates)]), **switches)
        edge.start()
        running.append(edge)
        return edge

    yield begin
    for edge in running:
        edge.stop()
        assert edge.failures == []


def look(edge: Edge, name: str | None = NAME, kind: str = "any", **changes: t.Any) -> x509.Certificate:
    """The certificate that a client of that kind gets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if kind != "any":
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # with TLS 1.3, a client accepts every kind
    context.set_ciphers(f"{CIPHERS[kind]}:@SECLEVEL=0")
    with (
        socket.create_connection((edge.address, edge.port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=name) as secure,
    ):
        return x509.load_der_x509_certificate(t.cast(bytes, secure.getpeercert(binary_form=True)))


def winner(edge: Edge, name: str | None = NAME, kind: str = "any") -> str:
    """The O of the issuer of the certificate that a client gets, or nothing."""
    try:
        leaf = look(edge, name, kind)
    except ssl.SSLError:
        return ""
    return str(leaf.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)


def first(by: str, *hosts: str, **fields: t.Any) -> t.Any:
    """A certificate for www.example.com of that issuer."""
    return certificate(hosts or (NAME, f"{by.lower()}.example.com"), issuer=by, **fields)


MODERN = [
    first("A", priority=9, uploaded_on=from_today(-20), type="sni_custom", id="a"),
    first("B", priority=1, uploaded_on=from_today(-10), type="sni_custom", id="b"),
]
PACK = [first("A", *HOSTS, signature="SHA384WithRSA"), first("B", *HOSTS, signature="ECDSAWithSHA384")]
EXPIRED = [first("A", priority=9, expires_in=-1), first("B")]


@pytest.mark.parametrize(
    ("certificates", "switches", "expected"),
    [
        ([first("A", priority=None), first("B", priority=1)], {}, "B"),
        ([first("A", priority=9, status="staging_active"), first("B")], {}, "B"),
        ([first("A", "WWW.Example.COM")], {}, "A"),
        (MODERN, {}, "B"),
        (MODERN, {"sni_priority": "counts"}, "A"),
        (MODERN, {"tie": "lowest_id"}, "A"),
        (EXPIRED, {}, "B"),
        (EXPIRED, {"expired": "served"}, "A"),
        ([], {}, ""),
        ([], {"unknown_sni": "default"}, "Default"),
    ],
)
def test_who_is_first(start: StartEdge, certificates: list[t.Any], switches: dict[str, t.Any], expected: str) -> None:
    edge = start(*copy.deepcopy(certificates), **switches)
    assert winner(edge) == expected
    assert edge.handshakes[-1].ids == tuple(edge.choice(NAME))


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({}, {"rsa": "A", "ecdsa": "B", "any": "B"}),
        ({"one_kind": "rsa"}, {"rsa": "A", "ecdsa": "", "any": "A"}),
        ({"one_kind": "ecdsa"}, {"rsa": "", "ecdsa": "B", "any": "B"}),
        ({"tls_1_3_only": True}, {"rsa": "", "ecdsa": "", "any": "B"}),
    ],
)
def test_the_client_picks_from_a_pack(start: StartEdge, switches: dict[str, t.Any], expected: dict[str, str]) -> None:
    edge = start(*copy.deepcopy(PACK), **switches)
    assert {kind: winner(edge, kind=kind) for kind in expected} == expected


def test_stand_ins_are_what_the_api_says(start: StartEdge, tmp_path: Path) -> None:
    hosts = ["xn--bcher-kva.example.com", "*.example.com"]
    edge = start(certificate(hosts, signature="SHA512WithRSA", expires_on=from_today(0.5)), expired="served")
    leaf = look(edge)
    assert leaf.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S.000000Z") == from_today(0.5)
    assert leaf.signature_algorithm_oid == SignatureAlgorithmOID.RSA_WITH_SHA512
    assert isinstance(leaf.public_key(), rsa.RSAPublicKey)
    edge.emulator.zones["example.com"].certificates[0]["expires_on"] = from_today(90)
    trusting = ssl.create_default_context(cafile=str(edge.ca_bundle(tmp_path / "authorities.pem")))
    for name in ("bücher.example.com", NAME):
        with (
            socket.create_connection((edge.address, edge.port), timeout=10) as raw,
            trusting.wrap_socket(raw, server_hostname=name) as secure,
        ):
            secure.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert secure.recv(100).startswith(b"HTTP/1.1 200")


def test_zones(start: StartEdge) -> None:
    """The most specific zone counts, and an inactive one or one on the Free plan serves nothing."""
    edge = start(
        zones=[
            zone("example.com", certificates=[first("A", "a.shop.example.com", NAME, "www.example.net", priority=9)]),
            zone("shop.example.com", certificates=[first("B", "a.shop.example.com")]),
            zone("example.net", status="pending", certificates=[first("C", "www.example.net")]),
            zone("example.org", plan="free", certificates=[first("D", "www.example.org")]),
        ]
    )
    names = (NAME, "a.shop.example.com", "www.example.net", "www.example.org", "a.www.example.com", None)
    assert [winner(edge, name) for name in names] == ["A", "B", "", "", "", ""]


def test_uploads_are_served_as_they_are_and_a_renewal_leaves_no_gap(start: StartEdge) -> None:
    pem, renewal = make_pem([NAME]), make_pem([NAME], issuer="Sectigo Limited")
    edge = start(uploaded(pem, type="sni_custom"))
    client = Client(edge.emulator)
    edge.emulator.behave(pending_reads=2)
    client.renew(client.certificates()[0]["id"], renewal)
    client.upload(make_pem([NAME], algorithm="rsa"))
    for _read in range(2):
        assert look(edge) == look(edge, kind="ecdsa") == pem.leaf
        assert winner(edge, kind="rsa") == ""
        client.certificates()
    assert look(edge) == look(edge, kind="ecdsa") == renewal.leaf
    assert winner(edge, kind="rsa") == "DigiCert Inc"
