# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and keys for tests, made with whichever version of cryptography is there."""

from __future__ import annotations

import typing as t
from datetime import datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

SHA256 = hashes.SHA256()
END = datetime(2036, 3, 1, 23, 59, 59)
_FORMATS = {
    "pkcs8": serialization.PrivateFormat.PKCS8,
    "traditional": serialization.PrivateFormat.TraditionalOpenSSL,
}


@cache
def make_key(kind: str, number: int = 0) -> t.Any:
    """Return a key of a kind: C(rsa) with its bits, C(p256), C(p384) or C(ed25519); the same one for the same number."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:] or 2048), default_backend())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}[kind], default_backend())


def key_pem(key: t.Any, passphrase: bytes | None = None, form: str = "pkcs8") -> str:
    """Return a key as PEM, encrypted if there is a passphrase."""
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    text: bytes = key.private_bytes(serialization.Encoding.PEM, _FORMATS[form], lock)
    return text.decode()


def issue(
    *names: str,
    common_name: str | None = None,
    organization: str | None = "Test CA Inc.",
    key: t.Any = None,
    ca_key: t.Any = None,
    ca: bool | None = None,
    subject: x509.Name | None = None,
    issuer: x509.Name | None = None,
    end: datetime = END,
    algorithm: t.Any = SHA256,
    extra: x509.ExtensionType | None = None,
    **signing: t.Any,
) -> x509.Certificate:
    """Return a certificate, signed by an RSA key of a CA if no other is given."""
    ca_key = ca_key or make_key("rsa2048", 99)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or named(common_name))
        .issuer_name(issuer or named("Test Issuing CA", organization))
        .public_key((key or make_key("rsa2048")).public_key())
        .serial_number(4711)
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(end)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
    if extra is not None:
        builder = builder.add_extension(extra, False)
    algorithm = None if isinstance(ca_key, ed25519.Ed25519PrivateKey) else algorithm
    return builder.sign(ca_key, algorithm, default_backend(), **signing)


def named(common_name: str | None, *organizations: str | None) -> x509.Name:
    """Return an X.509 name with a CN and Os, where there are any."""
    parts = [(NameOID.ORGANIZATION_NAME, value) for value in organizations] + [(NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def pem(*certificates: x509.Certificate) -> str:
    """Return certificates as one PEM text."""
    return "".join(found.public_bytes(serialization.Encoding.PEM).decode() for found in certificates)
