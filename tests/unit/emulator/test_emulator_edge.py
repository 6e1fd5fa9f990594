# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge: which certificate a handshake gets for a name.

`tests/integration/test_edge.py` compares its choice among random certificates with that of the collection, and
`tests/integration/playbooks/test_examples.py` waits for a change that takes a while.
"""

from __future__ import annotations

import socket
import ssl
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from emulator import Edge, Emulator, Zone, certificate, from_today, make_pem, uploaded, zone
from unit.emulator.client import Client, made

NAME = "www.example.com"
CIPHERS = {"ecdsa": "aECDSA", "rsa": "aRSA", "any": "DEFAULT"}


def look(edge: Edge, name: str = NAME, kind: str = "any") -> x509.Certificate:
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


def winner(edge: Edge, name: str = NAME, kind: str = "any") -> str:
    """The O of the issuer of the certificate that a client gets, or nothing."""
    try:
        leaf = look(edge, name, kind)
    except ssl.SSLError:
        return ""
    return str(leaf.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)


def zones() -> list[Zone]:
    """Each name is the case that it stands for. Two certificates with equal hosts form a pack."""

    def by(issuer: str, name: str, *others: str, **fields: t.Any) -> dict[str, t.Any]:
        return certificate((name, *(others or (f"{issuer.lower()}.{name}",))), issuer=issuer, **fields)

    first, last = ({"type": "sni_custom", "uploaded_on": from_today(days)} for days in (-20, -10))
    pack = ("pack.example.com", "shop.example.com")
    held = [
        *(by("A", "staged.example.com", priority=9, status="staging_active"), by("B", "staged.example.com")),
        *(by("A", "expired.example.com", priority=9, expires_in=-1), by("B", "expired.example.com")),
        *(by("A", "sni.example.com", priority=9, id="a", **first), by("B", "sni.example.com", id="b", **last)),
        *(by("A", *pack, signature="SHA384WithRSA"), by("B", *pack, signature="ECDSAWithSHA384")),
        by("A", "UPPER.Example.COM"),
        by("A", "a.sub.example.com", priority=9),
    ]
    return [
        zone("example.com", certificates=held),
        zone("sub.example.com", certificates=[by("B", "a.sub.example.com")]),
        zone("example.net", status="pending", certificates=[by("A", "www.example.net")]),
        zone("example.org", plan="free", certificates=[by("A", "www.example.org")]),
    ]


@pytest.mark.parametrize(
    ("name", "switches", "expected"),
    [
        ("staged.example.com", {}, {"any": "B"}),
        ("expired.example.com", {}, {"any": "B"}),
        ("expired.example.com", {"expired": "served"}, {"any": "A"}),
        ("sni.example.com", {}, {"any": "B"}),
        ("sni.example.com", {"sni_priority": "counts"}, {"any": "A"}),
        ("sni.example.com", {"tie": "lowest_id"}, {"any": "A"}),
        ("pack.example.com", {}, {"rsa": "A", "ecdsa": "B", "any": "B"}),
        ("pack.example.com", {"one_kind": "rsa"}, {"rsa": "A", "ecdsa": "", "any": "A"}),
        ("pack.example.com", {"one_kind": "ecdsa"}, {"rsa": "", "ecdsa": "B", "any": "B"}),
        ("pack.example.com", {"tls_1_3_only": True}, {"rsa": "", "ecdsa": "", "any": "B"}),
        ("upper.example.com", {}, {"any": "A"}),
        ("a.sub.example.com", {}, {"any": "B"}),
        ("www.example.net", {}, {"any": ""}),
        ("www.example.org", {}, {"any": ""}),
        ("absent.example.com", {}, {"any": ""}),
        ("absent.example.com", {"unknown_sni": "default"}, {"any": "Default"}),
    ],
)
def test_who_gets_what(name: str, switches: dict[str, t.Any], expected: dict[str, str]) -> None:
    with Emulator(zones=zones()) as emulator, Edge(emulator, **switches) as edge:
        assert {kind: winner(edge, name, kind) for kind in expected} == expected
        assert edge.handshakes[-1] == (name, tuple(edge.choice(name)))


def test_stand_ins_are_what_the_api_says(tmp_path: Path) -> None:
    hosts = ["xn--bcher-kva.example.com", "*.example.com"]
    item = certificate(hosts, signature="SHA512WithRSA", expires_on=from_today(90.5))
    with Emulator(zones=[zone("example.com", certificates=[item])]) as emulator, Edge(emulator) as edge:
        trusting = ssl.create_default_context(cafile=str(edge.ca_bundle(tmp_path / "authorities.pem")))
        leaf = look(edge)
        assert leaf.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S.000000Z") == item["expires_on"]
        assert leaf.signature_algorithm_oid == SignatureAlgorithmOID.RSA_WITH_SHA512
        assert isinstance(leaf.public_key(), rsa.RSAPublicKey)
        for name in ("bücher.example.com", NAME):
            with (
                socket.create_connection((edge.address, edge.port), timeout=10) as raw,
                trusting.wrap_socket(raw, server_hostname=name) as secure,
            ):
                secure.sendall(b"GET / HTTP/1.1\r\n\r\n")
                assert secure.recv(100).startswith(b"HTTP/1.1 200")


def test_uploads_are_served_as_they_are_and_a_renewal_leaves_no_gap() -> None:
    pem, renewal = make_pem([NAME]), make_pem([NAME], issuer="Sectigo Limited")
    held = zone("example.com", certificates=[uploaded(pem, type="sni_custom")])
    with Emulator(zones=[held]) as emulator, Edge(emulator) as edge:
        client = Client(emulator)
        emulator.behave(pending_reads=2)
        renewed = made(client.renew(held.certificates[0]["id"], make_pem([NAME])))
        client.renew(renewed["id"], renewal)
        client.upload(make_pem([NAME], algorithm="rsa"))
        for _read in range(2):
            assert look(edge) == look(edge, kind="ecdsa") == pem.leaf
            assert winner(edge, kind="rsa") == ""
            client.certificates()
        assert look(edge) == look(edge, kind="ecdsa") == renewal.leaf
        assert winner(edge, kind="rsa") == "DigiCert Inc"
