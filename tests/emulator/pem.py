# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes certificates and keys for tests: `make_pem(["www.example.com"], issuer="DigiCert Inc", expires_in=90)`.

Each one is signed by a CA that exists only in this process. There is one CA for each name and signature algorithm. The emulator
treats these CAs as publicly trusted, unless `public` is false: then the leaf lacks the policy identifier that every publicly
trusted one has. `issue` makes unusual certificates, all fields of which can be set.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import itertools
import pathlib
import ssl
import tempfile
import typing as t
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Hash = hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512

SIGNATURES: dict[str, tuple[str, Hash | None]] = {
    "SHA256WithRSA": ("rsa", hashes.SHA256()),
    "SHA384WithRSA": ("rsa", hashes.SHA384()),
    "SHA512WithRSA": ("rsa", hashes.SHA512()),
    "ECDSAWithSHA256": ("ecdsa", hashes.SHA256()),
    "ECDSAWithSHA384": ("ecdsa", hashes.SHA384()),
    "ECDSAWithSHA512": ("ecdsa", hashes.SHA512()),
    "Ed25519": ("ed25519", None),
}
"""The signature algorithms that a CA can be asked for, in the API's spelling, with the kind of the CA's key."""

# "Organization validated" of the CA/Browser Forum. Publicly trusted leaves have one of 2.23.140.1.2.*.
PUBLIC_POLICIES = x509.ObjectIdentifier("2.23.140.1.2.2")
SHA256 = hashes.SHA256()
END = datetime(2036, 3, 1, 23, 59, 59)
AUTHORITIES: list[str] = []
"""The certificates of all CAs of this process."""

_RSA_TURNS = itertools.cycle(range(6))


@dataclasses.dataclass(frozen=True)
class Pem:
    """A certificate with its key, in PEM. `authority` is the certificate of the CA, which is self-signed, if it is known."""

    certificate: str
    private_key: str = dataclasses.field(repr=False)
    authority: str = ""

    @property
    def chain(self) -> str:
        """The leaf, then the certificate of the CA."""
        return f"{self.certificate}{self.authority}"

    @property
    def leaf(self) -> x509.Certificate:
        """The leaf as an object of `cryptography`."""
        return x509.load_pem_x509_certificate(self.certificate.encode())


class Authority(t.NamedTuple):
    """A CA with its key."""

    key: Key
    certificate: x509.Certificate


def make_pem(  # pylint: disable=too-many-locals
    hosts: Sequence[str] = ("example.com", "www.example.com"),
    *,
    issuer: str | None = "DigiCert Inc",
    algorithm: t.Literal["ecdsa", "rsa", "ed25519"] = "ecdsa",
    signature: str | None = None,
    expires_in: float = 90,
    expires_on: str | None = None,
    sans: bool = True,
    public: bool = True,
    key: Key | None = None,
    key_format: t.Literal["pkcs8", "traditional"] = "pkcs8",
    passphrase: str | None = None,
) -> Pem:
    """Return a certificate for these hosts, and its key.

    :param issuer: The O of the CA, or None for a CA without an O.
    :param algorithm: The kind of the leaf's key.
    :param signature: How the CA signs, one of `SIGNATURES`; by default the usual one for the leaf's kind of key.
    :param expires_in: Days from now. Alternatively, `expires_on` is a time, to the second. Both may be in the past.
    :param sans: Whether the hosts are subject alternative names. If not, the first one is the common name.
    :param public: Whether the emulator treats its CA as publicly trusted.
    :param key: The leaf's key, by default a new one.
    """
    own_key = key or new_key(algorithm)
    usual = "SHA256WithRSA" if isinstance(own_key, rsa.RSAPrivateKey) else "ECDSAWithSHA256"
    signer = authority(issuer, signature or usual)
    now = datetime.now(UTC).replace(microsecond=0)
    last = datetime.fromisoformat(expires_on) if expires_on else now + timedelta(days=expires_in)
    extensions = [
        x509.SubjectKeyIdentifier.from_public_key(own_key.public_key()),
        _usage(False),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()),
        *([x509.CertificatePolicies([x509.PolicyInformation(PUBLIC_POLICIES, None)])] if public else ()),
    ]
    made = issue(
        *(hosts if sans else ()),
        common_name=hosts[0] if len(hosts[0]) <= 64 else "leaf.example.com",
        issuer=signer.certificate.subject,
        key=own_key,
        ca_key=signer.key,
        ca=False,
        start=min(now, last) - timedelta(days=30),
        end=last,
        algorithm=SIGNATURES[signature or usual][1],
        extensions=extensions,
    )
    text = key_pem(own_key, passphrase.encode() if passphrase else None, key_format)
    return Pem(pem(made), text, pem(signer.certificate))


@functools.cache
def authority(organization: str | None = "DigiCert Inc", signature: str = "ECDSAWithSHA256") -> Authority:
    """Return the CA with this name and signature algorithm, always the same one."""
    kind, digest = SIGNATURES[signature]
    key = new_key(kind)
    name = named(f"Test CA {signature}", organization)
    made = issue(
        subject=name,
        issuer=name,
        key=key,
        ca_key=key,
        ca=True,
        start=datetime(2000, 1, 1),
        end=datetime(2070, 1, 1),
        algorithm=digest,
        extensions=[x509.SubjectKeyIdentifier.from_public_key(key.public_key()), _usage(True)],
    )
    AUTHORITIES.append(pem(made))
    return Authority(key, made)


def issue(
    *names: str,
    common_name: str | None = None,
    organization: str | None = "Test CA Inc.",
    key: t.Any = None,
    ca_key: t.Any = None,
    ca: bool | None = None,
    subject: x509.Name | None = None,
    issuer: x509.Name | None = None,
    start: datetime = datetime(2020, 1, 1),
    end: datetime = END,
    algorithm: Hash | None = SHA256,
    extensions: Iterable[x509.ExtensionType] = (),
) -> x509.Certificate:
    """Return a certificate, by default signed with the RSA key of a CA."""
    ca_key = ca_key or make_key("rsa2048", 99)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or named(common_name))
        .issuer_name(issuer or named("Test Issuing CA", organization))
        .public_key((key or make_key("rsa2048")).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(map(_subject_name, names)), False)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.KeyUsage))
    return builder.sign(ca_key, None if isinstance(ca_key, ed25519.Ed25519PrivateKey) else algorithm)


def new_key(algorithm: str = "ecdsa") -> Key:
    """Return a private key that differs from the previous one. RSA keys are slow to generate, so a few are used in turn."""
    if algorithm == "rsa":
        return t.cast(Key, make_key("rsa2048", next(_RSA_TURNS)))
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def make_key(kind: str, number: int = 0) -> t.Any:
    """Return a key of a kind: `rsa` with a number of bits, `p256`, `p384` or `ed25519`. It is the same one for the same number."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}[kind])


def key_pem(key: t.Any, passphrase: bytes | None = None, form: str = "pkcs8") -> str:
    """Return a private key in PEM, encrypted if there is a passphrase. `traditional` is PKCS #1 for RSA and SEC 1 for EC."""
    forms = {"pkcs8": serialization.PrivateFormat.PKCS8, "traditional": serialization.PrivateFormat.TraditionalOpenSSL}
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    text: bytes = key.private_bytes(serialization.Encoding.PEM, forms[form], lock)
    return text.decode()


def named(common_name: str | None, *organizations: str | None) -> x509.Name:
    """Return an X.509 name with these values of O and this CN, if any."""
    parts = [(NameOID.ORGANIZATION_NAME, value) for value in organizations] + [(NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def pem(*certificates: x509.Certificate) -> str:
    """Return certificates in PEM, as one string."""
    return "".join(found.public_bytes(serialization.Encoding.PEM).decode() for found in certificates)


def server_context(*held: Pem, ciphers: str | None = None) -> ssl.SSLContext:
    """Return a context for a server with these certificates and keys. OpenSSL selects the one that the client supports."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if ciphers:
        context.set_ciphers(ciphers)
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "chain.pem"
        for made in held:
            path.write_text(f"{made.private_key}\n{made.certificate}", encoding="utf-8")
            context.load_cert_chain(path)
    return context


def _subject_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
