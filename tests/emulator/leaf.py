# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses certificates and keys as the API does. This follows its documentation and does not use the collection's code."""

from __future__ import annotations

import dataclasses
import typing as t

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from .behaviour import Behaviour

_SIGNATURES = {
    SignatureAlgorithmOID.RSA_WITH_SHA1: "SHA1WithRSA",
    SignatureAlgorithmOID.RSA_WITH_SHA256: "SHA256WithRSA",
    SignatureAlgorithmOID.RSA_WITH_SHA384: "SHA384WithRSA",
    SignatureAlgorithmOID.RSA_WITH_SHA512: "SHA512WithRSA",
    SignatureAlgorithmOID.ECDSA_WITH_SHA1: "ECDSAWithSHA1",
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: "ECDSAWithSHA256",
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: "ECDSAWithSHA384",
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: "ECDSAWithSHA512",
    SignatureAlgorithmOID.ED25519: "Ed25519",
}
# The CA/Browser Forum's policies. Every publicly trusted leaf has one of them.
_PUBLIC_POLICIES = "2.23.140.1.2."
_SMALLEST_RSA = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Extension = t.TypeVar("Extension", bound=x509.ExtensionType)


class InvalidPEM(ValueError):
    """The text is not a certificate."""


class NoLeaf(ValueError):
    """All certificates are CA certificates."""


class BadKey(ValueError):
    """The text is not a key, or a key that the API does not accept."""


@dataclasses.dataclass(frozen=True)
class Leaf:
    """The leaf of an upload."""

    certificate: x509.Certificate
    chain: tuple[bytes, ...]
    """All certificates of the upload, leaf or not, as DER: what makes two uploads the same."""

    @property
    def hosts(self) -> list[str]:
        """The DNS names, or the common name if there are none."""
        names = _extension(self.certificate, x509.SubjectAlternativeName)
        hosts = names.get_values_for_type(x509.DNSName) if names is not None else []
        return hosts or [str(item.value) for item in _attributes(self.certificate.subject, NameOID.COMMON_NAME)]

    @property
    def signature(self) -> str:
        """The signature algorithm, as the API spells it."""
        return _SIGNATURES.get(self.certificate.signature_algorithm_oid, "Unknown Signature")

    @property
    def expires_on(self) -> str:
        """The time of expiry."""
        return self.certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S.000000Z")

    @property
    def is_public(self) -> bool:
        """Whether the emulator treats it as publicly trusted."""
        policies = _extension(self.certificate, x509.CertificatePolicies)
        return any(item.policy_identifier.dotted_string.startswith(_PUBLIC_POLICIES) for item in policies or ())

    def issuer(self, behaviour: Behaviour) -> str:
        """Return the O of its issuer, as the API spells it."""
        kept = "-" if behaviour.issuer_spelling == "dashes" else ""
        organization = "".join(
            str(item.value) for item in _attributes(self.certificate.issuer, NameOID.ORGANIZATION_NAME)
        )
        return "".join(char for char in organization if char.isalnum() or char in kept)

    def fields(self, behaviour: Behaviour) -> dict[str, t.Any]:
        """Return the fields that the API returns."""
        return {
            "hosts": self.hosts,
            "issuer": self.issuer(behaviour),
            "signature": self.signature,
            "expires_on": self.expires_on,
        }


def read_leaf(text: str) -> Leaf:
    """Return the leaf of an upload, in any position."""
    try:
        certificates = x509.load_pem_x509_certificates(text.encode())
        chain = tuple(item.public_bytes(serialization.Encoding.DER) for item in certificates)
        leaves = [item for item in certificates if not _is_ca(item)]
    except ValueError as error:
        raise InvalidPEM(str(error)) from error
    if not leaves:
        raise NoLeaf
    return Leaf(leaves[0], chain)


def read_key(text: str) -> Key:
    """Return the private key of an upload."""
    if "-----BEGIN EC PARAMETERS-----" in text:
        raise BadKey("EC PARAMETERS")
    try:
        key = serialization.load_pem_private_key(text.encode(), None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise BadKey from error
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SMALLEST_RSA:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key
    raise BadKey(type(key).__name__)


def fits(leaf: Leaf, key: Key) -> bool:
    """Return whether the key is that of the leaf."""
    return bool(leaf.certificate.public_key() == key.public_key())


def _is_ca(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _attributes(name: x509.Name, oid: x509.ObjectIdentifier) -> list[x509.NameAttribute[t.Any]]:
    return list(name.get_attributes_for_oid(oid))


__all__ = ("BadKey", "InvalidPEM", "Key", "Leaf", "NoLeaf", "fits", "read_key", "read_leaf")
