# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes certificates and keys for tests: `make_pem(["www.example.com"], issuer="DigiCert Inc", expires_in=90)`.

Each is signed by a CA that exists in this process alone, one for each name and signature algorithm. As far as the
emulator is concerned such a CA is publicly trusted, unless `public` is false: the leaf then lacks the policy identifier
that every publicly trusted one has.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import itertools
import typing as t
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

SIGNATURES: dict[str, tuple[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None]] = {
    "SHA256WithRSA": ("rsa", hashes.SHA256()),
    "SHA384WithRSA": ("rsa", hashes.SHA384()),
    "SHA512WithRSA": ("rsa", hashes.SHA512()),
    "ECDSAWithSHA256": ("ecdsa", hashes.SHA256()),
    "ECDSAWithSHA384": ("ecdsa", hashes.SHA384()),
    "ECDSAWithSHA512": ("ecdsa", hashes.SHA512()),
    "Ed25519": ("ed25519", None),
}
"""The signature algorithms that a CA can be asked for, in the API's spelling, with the kind of the CA's key."""

# Organization validated, by the CA/Browser Forum: publicly trusted leaves say one of 2.23.140.1.2.*.
PUBLIC_POLICIES = x509.ObjectIdentifier("2.23.140.1.2.2")

_RSA_KEYS = 6
_KNOWN: list[str] = []
_FIRST, _LAST = datetime.datetime(2000, 1, 1), datetime.datetime(2070, 1, 1)


@dataclasses.dataclass(frozen=True)
class Pem:
    """A certificate with its key, as PEM. `authority` is the certificate of the CA, which is its own root."""

    certificate: str
    private_key: str
    authority: str

    @property
    def chain(self) -> str:
        """The leaf, and the CA's certificate after it."""
        return f"{self.certificate}{self.authority}"

    @property
    def leaf(self) -> x509.Certificate:
        """The leaf as an object of `cryptography`."""
        return x509.load_pem_x509_certificate(self.certificate.encode())


@dataclasses.dataclass(frozen=True)
class Authority:
    """A CA with a key of its own."""

    key: Key
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """Its certificate."""
        return _text(self.certificate)


def make_pem(  # pylint: disable=too-many-locals
    hosts: Sequence[str] = ("example.com", "www.example.com"),
    *,
    issuer: str | None = "DigiCert Inc",
    algorithm: t.Literal["ecdsa", "rsa", "ed25519"] = "ecdsa",
    signature: str | None = None,
    expires_in: float = 90,
    expires_on: datetime.datetime | str | None = None,
    common_name: str | None = None,
    sans: bool = True,
    public: bool = True,
    ca: bool = False,
    self_signed: bool = False,
    key: Key | None = None,
    bits: int = 2048,
    key_format: t.Literal["pkcs8", "traditional"] = "pkcs8",
    passphrase: str | None = None,
) -> Pem:
    """A certificate for those hosts, and its key.

    :param issuer: The O of the CA's name; none of them if null.
    :param algorithm: The kind of the leaf's key.
    :param signature: How the CA signs, one of `SIGNATURES`; by default the usual one for the kind of key.
    :param expires_in: Days from now, or a date as `expires_on`, to the second; both may be past.
    :param common_name: By default the first host. With `sans` false there is nothing else.
    :param public: Whether its CA counts as publicly trusted.
    :param ca: Make a certificate of a CA instead of a leaf.
    :param key: The leaf's key, in place of a new one.
    :param key_format: `traditional` is PKCS#1 for RSA and SEC 1 for EC.
    """
    own_key = key or new_key(algorithm, bits)
    usual = {"rsa": "SHA256WithRSA", "ecdsa": "ECDSAWithSHA256", "ed25519": "ECDSAWithSHA256"}
    signature = signature or usual["ed25519" if isinstance(own_key, ed25519.Ed25519PrivateKey) else _kind(own_key)]
    signer = authority(issuer, signature)
    last = _moment(expires_on) or _now() + datetime.timedelta(days=expires_in)
    subject = _name(None, common_name or (hosts[0] if len(hosts[0]) <= 64 else "leaf.example.com"))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if self_signed else signer.certificate.subject)
        .public_key(own_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(_now(), last) - datetime.timedelta(days=30))
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own_key.public_key()), critical=False)
        .add_extension(_usage(ca), critical=True)
    )
    if sans:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    if not self_signed:
        from_signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key())
        builder = builder.add_extension(from_signer, critical=False)
    if not ca:
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(server, critical=False)
    if public and not self_signed:
        policy = x509.CertificatePolicies([x509.PolicyInformation(PUBLIC_POLICIES, None)])
        builder = builder.add_extension(policy, critical=False)
    signing, digest = (own_key, hashes.SHA256()) if self_signed else (signer.key, SIGNATURES[signature][1])
    made = builder.sign(signing, None if isinstance(signing, ed25519.Ed25519PrivateKey) else digest)
    return Pem(_text(made), key_text(own_key, key_format, passphrase), signer.pem)


@functools.cache
def authority(organization: str | None = "DigiCert Inc", signature: str = "ECDSAWithSHA256") -> Authority:
    """The CA of that name that signs in that way; the same one each time."""
    kind, digest = SIGNATURES[signature]
    key = new_key(kind)
    name = _name(organization, f"Test CA {signature}")
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FIRST)
        .not_valid_after(_LAST)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(True), critical=True)
    )
    made = Authority(key, builder.sign(key, digest))
    _KNOWN.append(made.pem)
    return made


def known_authorities() -> list[str]:
    """The certificates of all CAs that this process has made so far."""
    return list(_KNOWN)


def new_key(algorithm: str = "ecdsa", bits: int = 2048) -> Key:
    """A new private key. RSA keys are slow to make: there are a few of each size, in turns, and two in a row differ."""
    if algorithm == "ecdsa":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return _rsa_key(bits, next(_turns(bits)))


def key_text(key: Key, form: str = "pkcs8", passphrase: str | None = None) -> str:
    """A private key as PEM, locked where there is a passphrase."""
    forms = {"pkcs8": serialization.PrivateFormat.PKCS8, "traditional": serialization.PrivateFormat.TraditionalOpenSSL}
    lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        lock = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(serialization.Encoding.PEM, forms[form], lock).decode()


@functools.lru_cache(maxsize=32)
def _rsa_key(bits: int, turn: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.lru_cache(maxsize=32)
def _turns(bits: int) -> t.Iterator[int]:
    return itertools.cycle(range(_RSA_KEYS))


def _kind(key: Key) -> t.Literal["ecdsa", "rsa"]:
    return "rsa" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa"


def _name(organization: str | None, common_name: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


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


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0, tzinfo=None)


def _moment(value: datetime.datetime | str | None) -> datetime.datetime | None:
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if value is not None and value.tzinfo is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return value.replace(microsecond=0) if value is not None else None


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


__all__ = ("SIGNATURES", "Authority", "Key", "Pem", "authority", "key_text", "known_authorities", "make_pem", "new_key")
