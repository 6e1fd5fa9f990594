# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge: which certificate a handshake gets for a name."""

from __future__ import annotations

import datetime
import socket
import ssl
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from emulator import EDGE_SWITCHES, Edge, EdgeBehaviour, certificate, from_today, make_pem, uploaded, zone
from emulator.fixture import StartEmulator
from unit.emulator.client import Client

NAME = "www.example.com"
CIPHERS = {"ecdsa": "aECDSA", "rsa": "aRSA", "any": "DEFAULT"}

StartEdge = Callable[..., Edge]


@pytest.fixture
def start(start_emulator: StartEmulator) -> Iterator[StartEdge]:
    """Starts an edge for an emulator that holds those certificates in example.com."""
    running: list[Edge] = []

    def begin(*certificates: t.Any, zones: t.Any = None, **switches: t.Any) -> Edge:
        holding = zones if zones is not None else [zone("example.com", certificates=certificates)]
        edge = Edge(start_emulator(zones=holding), **switches)
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
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{CIPHERS[kind]}:@SECLEVEL=0")
    for attribute, value in changes.items():
        setattr(context, attribute, value)
    with (
        socket.create_connection((edge.address, edge.port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=name) as secure,
    ):
        der = secure.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def issuer(leaf: x509.Certificate) -> str:
    """The O of its issuer."""
    return str(leaf.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)


def winner(edge: Edge, name: str = NAME, kind: str = "any") -> str:
    """Whose certificate a client gets."""
    return issuer(look(edge, name, kind))


def first(by: str, *hosts: str, **fields: t.Any) -> t.Any:
    """A certificate for www.example.com of that issuer."""
    return certificate(hosts or (NAME, f"{by.lower()}.example.com"), issuer=by, **fields)


EARLY, LATE = from_today(-20), from_today(-10)


@pytest.mark.parametrize(
    ("certificates", "expected"),
    {
        "the higher number": ([first("A", priority=1), first("B", priority=2)], "B"),
        "null is 0": ([first("A", priority=1), first("B", priority=None, uploaded_on=LATE)], "A"),
        "exact before wildcard": (
            [first("A", "*.example.com", priority=9), first("B", NAME, type="sni_custom")],
            "B",
        ),
        "wildcard alone": ([first("A", "*.example.com"), first("B", "api.example.com", priority=9)], "A"),
        "keyless before legacy": (
            [first("A", priority=9), first("B", type="sni_custom", keyless_server={"status": "active"})],
            "B",
        ),
        "legacy before modern": ([first("A", type="sni_custom", priority=9), first("B", priority=0)], "B"),
        "no number among modern": (
            [
                first("A", type="sni_custom", priority=9, uploaded_on=EARLY),
                first("B", type="sni_custom", priority=1, uploaded_on=LATE),
            ],
            "B",
        ),
        "the latest among equals": (
            [first("A", priority=3, uploaded_on=LATE), first("B", priority=3, uploaded_on=EARLY)],
            "A",
        ),
        "expired": ([first("A", priority=9, expires_in=-1), first("B")], "B"),
        "status expired": ([first("A", priority=9, status="expired"), first("B")], "B"),
        "deleted": ([first("A", priority=9, status="deleted"), first("B")], "B"),
        "pending": ([first("A", priority=9, status="pending"), first("B")], "B"),
        "staged": ([first("A", priority=9, status="staging_active"), first("B")], "B"),
        "upper case": ([first("A", "WWW.Example.COM")], "A"),
        "a pack stands where its highest stands": (
            [
                first("A", NAME, "p.example.com", priority=1),
                first("A", NAME, "p.example.com", priority=9, signature="ECDSAWithSHA256"),
                first("B", priority=5),
            ],
            "A",
        ),
    }.values(),
)
def test_who_is_first(start: StartEdge, certificates: list[t.Any], expected: str) -> None:
    edge = start(*certificates)
    assert winner(edge) == expected
    assert edge.handshakes[-1].ids == tuple(edge.choice(NAME))


def test_the_client_picks_from_a_pack(start: StartEdge) -> None:
    hosts = (NAME, "shop.example.com")
    pack = [first("A", *hosts, signature="SHA384WithRSA"), first("B", *hosts, signature="ECDSAWithSHA384")]
    edge = start(*pack)
    assert [winner(edge, kind=kind) for kind in ("rsa", "ecdsa", "any")] == ["A", "B", "B"]
    assert [winner(edge, kind=kind) for kind in ("rsa", "ecdsa")] * 5 == ["A", "B"] * 5
    edge.behave(one_kind="rsa")
    assert [winner(edge, kind=kind) for kind in ("rsa", "any")] == ["A", "A"]
    with pytest.raises(ssl.SSLError):
        look(edge, kind="ecdsa")
    edge.behave(one_kind="ecdsa")
    assert [winner(edge, kind=kind) for kind in ("ecdsa", "any")] == ["B", "B"]
    with pytest.raises(ssl.SSLError):
        look(edge, kind="rsa")


def test_a_pack_with_a_member_that_has_expired(start: StartEdge) -> None:
    hosts = (NAME, "shop.example.com")
    edge = start(
        first("A", *hosts, priority=9),
        first("A", *hosts, priority=9, signature="ECDSAWithSHA256", expires_in=-1),
        first("B"),
    )
    assert winner(edge) == "A"
    edge.behave(pack_expiry="whole")
    assert winner(edge) == "B"


def test_stand_ins_are_what_the_api_says(start: StartEdge, tmp_path: Path) -> None:
    made = certificate(
        ["xn--bcher-kva.example.com", "*.example.com"],
        issuer="GlobalSignnvsa",
        signature="SHA512WithRSA",
        expires_on="2020-02-29T23:59:58.000000Z",
    )
    edge = start(made, expired="served")
    leaf = look(edge)
    assert issuer(leaf) == "GlobalSignnvsa"
    assert leaf.not_valid_after_utc == datetime.datetime(2020, 2, 29, 23, 59, 58, tzinfo=datetime.UTC)
    assert isinstance(leaf.public_key(), rsa.RSAPublicKey)
    assert leaf.signature_hash_algorithm is not None and leaf.signature_hash_algorithm.name == "sha512"
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == made["hosts"]
    made["expires_on"] = from_today(90)
    trusting = ssl.create_default_context(cafile=str(edge.ca_bundle(tmp_path / "authorities.pem")))
    with (
        socket.create_connection((edge.address, edge.port), timeout=10) as raw,
        trusting.wrap_socket(raw, server_hostname="bücher.example.com") as secure,
    ):
        secure.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert secure.recv(100).startswith(b"HTTP/1.1 200")


def test_zones(start: StartEdge) -> None:
    """The most specific zone counts, and an inactive one or one on the free plan serves nothing."""
    edge = start(
        zones=[
            zone("example.com", certificates=[first("A", "a.shop.example.com", NAME, "www.example.net", priority=9)]),
            zone("shop.example.com", certificates=[first("B", "a.shop.example.com")]),
            zone("example.net", status="pending", certificates=[first("C", "www.example.net")]),
            zone("example.org", plan="free", certificates=[first("D", "www.example.org")]),
        ]
    )
    assert (winner(edge), winner(edge, "a.shop.example.com")) == ("A", "B")
    for name in ("www.example.net", "www.example.org", "nothing.example.com", "a.www.example.com", None):
        with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
            look(edge, name)
    edge.behave(unknown_sni="default")
    assert issuer(look(edge, None)) == "Default"
    assert [handshake.ids for handshake in edge.handshakes[-2:]] == [(), ()]


def test_tls_1_3_alone(start: StartEdge) -> None:
    edge = start(first("A"))
    assert winner(edge, kind="rsa") == "A"
    edge.behave(tls_1_3_only=True)
    with pytest.raises(ssl.SSLError):
        look(edge, kind="rsa")
    assert issuer(look(edge, minimum_version=ssl.TLSVersion.TLSv1_3)) == "A"


def test_switches_for_what_is_unknown(start: StartEdge) -> None:
    modern: dict[str, t.Any] = {"type": "sni_custom"}
    edge = start(
        first("A", priority=9, uploaded_on=EARLY, id="a", **modern),
        first("B", priority=1, uploaded_on=LATE, id="b", **modern),
    )
    assert winner(edge) == "B"
    edge.behave(sni_priority="counts")
    assert winner(edge) == "A"
    edge.behave(sni_priority="ignored", tie="lowest_id")
    assert winner(edge) == "A"


def test_a_change_takes_a_while(start: StartEdge) -> None:
    edge = start(first("A", priority=2), first("B", priority=1), delay_handshakes=2)
    emulator = edge.emulator
    second = emulator.zones["example.com"].certificates[1]["id"]
    assert winner(edge) == "A"
    emulator.set_priority("example.com", second, 3)
    assert [winner(edge) for _turn in range(4)] == ["A", "A", "B", "B"]
    emulator.delete("example.com", second)
    assert [winner(edge) for _turn in range(4)] == ["B", "B", "A", "A"]


def test_uploads_are_served_as_they_are_and_a_renewal_leaves_no_gap(start: StartEdge) -> None:
    edge = start(zones=[zone("example.com", certificates=[uploaded(make_pem([NAME]), priority=5, type="sni_custom")])])
    client = Client(edge.emulator)
    (old,) = client.certificates()
    before = look(edge).serial_number
    edge.emulator.behave(pending_reads=2)
    renewal = make_pem([NAME], issuer="Sectigo Limited")
    answer = client.renew(old["id"], renewal).json()["result"]
    assert look(edge).serial_number == before
    partner = make_pem([NAME], algorithm="rsa")
    client.upload(partner)
    for _read in range(2):
        assert look(edge).serial_number == before
        client.certificates()
    assert look(edge).serial_number == look(edge, kind="ecdsa").serial_number == renewal.leaf.serial_number
    assert look(edge, kind="rsa").serial_number == partner.leaf.serial_number
    client.delete(f"{client.path()}/{client.certificates()[1]['id']}")
    client.delete(f"{client.path()}/{answer['id']}")
    with pytest.raises(ssl.SSLError):
        look(edge)


def test_the_state_of_a_switch_is_checked() -> None:
    assert EdgeBehaviour() == EdgeBehaviour(**{name: values[0] for name, values in EDGE_SWITCHES.items()})
    for switch, wrong in (("tie", "first"), ("delay_handshakes", -1), ("tls_1_3_only", 1)):
        with pytest.raises(ValueError, match=f"{switch} must be"):
            EdgeBehaviour().but(**{switch: wrong})
