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
from cryptography.x509.oid import NameOID

from .behaviour import Behaviour

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
    """The leaf of an upload. `chain` has all certificates as DER: what makes two uploads the same."""

    certificate: x509.Certificate
    chain: tuple[bytes, ...]

    @property
    def hosts(self) -> list[str]:
        """The DNS names, or the common name if there are none."""
        names = _extension(self.certificate, x509.SubjectAlternativeName)
        common = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return names.get_values_for_type(x509.DNSName) if names else [str(item.value) for item in common]

    @property
    def signature(self) -> str:
        """The signature algorithm, as the API spells it."""
        digest = self.certificate.signature_hash_algorithm
        if digest is None:
            return "Ed25519"
        is_ecdsa = isinstance(self.certificate.signature_algorithm_parameters, ec.ECDSA)
        return f"ECDSAWith{digest.name.upper()}" if is_ecdsa else f"{digest.name.upper()}WithRSA"

    @property
    def expires_on(self) -> str:
        """The time of expiry, in the API's format."""
        return self.certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S.000000Z")

    @property
    def is_public(self) -> bool:
        """Whether the emulator treats it as publicly trusted."""
        policies = _extension(self.certificate, x509.CertificatePolicies)
        return any(item.policy_identifier.dotted_string.startswith(_PUBLIC_POLICIES) for item in policies or ())

    def issuer(self, behaviour: Behaviour) -> str:
        """Return the O of its issuer, as the API spells it."""
        kept = "-" if behaviour.issuer_spelling == "dashes" else ""
        names = self.certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return "".join(char for name in names for char in str(name.value) if char.isalnum() or char in kept)


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


def _is_ca(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
