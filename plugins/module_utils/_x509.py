# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Parses X.509 certificates and private keys from PEM or DER. Pure.

- C(read_chain) parses the certificates to upload: the leaf, then the chain. C(read_leaf) parses one certificate of a server.
- C(unlock_key) parses the leaf's private key, and returns it in the format that the API accepts.
- The message of an C(X509Error) follows the name of the option: C('certificate' expired on ...). It contains no part of a
  key or passphrase.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import textwrap
import typing as t
from base64 import b64decode
from datetime import datetime, timezone

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import comparable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import letters_and_digits, listed, printable

# Without the library, this file can be imported, but its functions raise an X509Error.
IMPORT_ERROR: str | None
try:
    from cryptography import __version__, x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.backends import default_backend
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
    from cryptography.x509.oid import ExtensionOID, NameOID
except ImportError as error:
    IMPORT_ERROR = str(error)
    _VERSION = 0
else:
    IMPORT_ERROR = None
    _VERSION = int(__version__.partition(".")[0])

LOWEST_CRYPTOGRAPHY = "2.8"
# OpenSSL's primality test of an RSA key takes 20 times as long as the rest of a run that changes nothing. The key is not
# used here, and _fits_together checks its numbers.
_FAST: dict[str, bool] = {"unsafe_skip_rsa_key_validation": True} if _VERSION >= 39 else {}
_FEWEST_RSA_BITS = 2048

# The API spells signature algorithms as cfssl does (github.com/cloudflare/cfssl, helpers.SignatureString).
_SIGNATURES = {
    "1.2.840.113549.1.1.5": "SHA1WithRSA",
    "1.3.14.3.2.29": "SHA1WithRSA",
    "1.2.840.113549.1.1.11": "SHA256WithRSA",
    "1.2.840.113549.1.1.12": "SHA384WithRSA",
    "1.2.840.113549.1.1.13": "SHA512WithRSA",
    "1.2.840.10045.4.1": "ECDSAWithSHA1",
    "1.2.840.10045.4.3.2": "ECDSAWithSHA256",
    "1.2.840.10045.4.3.3": "ECDSAWithSHA384",
    "1.2.840.10045.4.3.4": "ECDSAWithSHA512",
    "1.3.101.112": "Ed25519",
}
UNKNOWN_SIGNATURE = "Unknown Signature"

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
_KEY_LABEL = re.compile(r"(?:[A-Z0-9]+ )?PRIVATE KEY")


class X509Error(ValueError):
    """A certificate or a key is refused. The message follows the name of the option."""


class Leaf(t.NamedTuple):
    """The fields of a certificate.

    :param names: The hostnames as lower-case A-labels: the DNS names, or the common name if there are none.
    :param valid_from: The start of its validity in UTC. CAs set it to the time of issue, or a little earlier.
    :param expires_on: The time of expiry in UTC, to the second.
    :param organization: The O of the issuer, unchanged.
    :param signature: The signature algorithm, as the API spells it.
    :param key_type: C(rsa), C(ecdsa), C(ed25519), C(ed448) or C(other).
    :param fingerprint_sha256: Lower-case hexadecimal digits.
    :param pem: The certificate without its chain, in PEM.
    """

    names: frozenset[str]
    valid_from: datetime
    expires_on: datetime
    organization: str | None
    signature: str
    key_type: str
    serial_number: int
    fingerprint_sha256: str
    pem: str

    @property
    def issuer(self) -> str | None:
        """The O of the issuer as the API spells it: only letters and digits."""
        return letters_and_digits(self.organization) if self.organization else None


class Chain(t.NamedTuple):
    """A leaf and its chain.

    :param pem: The leaf and the chain in PEM, without other text.
    """

    leaf: Leaf
    pem: str


def read_chain(text: str, now: datetime | None) -> Chain:
    """Parse certificates in PEM, the leaf first. Text outside the PEM blocks is ignored.

    :param now: The time at which the leaf must be valid for an upload, None to skip these checks.
    :raises X509Error: The certificates are invalid, or C(cryptography) is missing.
    """
    need_library()
    found = _blocks(text)
    blocks = [body for label, body in found if label in _CERTIFICATE_LABELS]
    if not blocks:
        raise X509Error(
            f"has no certificate in PEM format{_instead(found)}: provide the text from '-----BEGIN CERTIFICATE-----' to "
            "'-----END CERTIFICATE-----'."
        )
    certificates = [_load(_der(body), f"certificate {number}") for number, body in enumerate(blocks, 1)]
    read = [_read(found, f"certificate {number}") for number, found in enumerate(certificates, 1)]
    _check_first(certificates)
    if now is not None:
        _check_leaf(read[0], certificates[0], now)
    return Chain(read[0], "".join(dict.fromkeys(found.pem for found in read)))


def _blocks(text: str) -> list[tuple[str, str]]:
    r"""Return the label and the body of each PEM block. Environment variables and JSON may have C(\n) for a line break."""
    found: list[tuple[str, str]] = _BLOCK.findall(text.replace("\\r", "").replace("\\n", "\n"))
    return found


def _instead(found: t.Iterable[tuple[str, str]]) -> str:
    """Return which PEM blocks were found instead, as a part of a message, or an empty string."""
    labels = listed(dict.fromkeys(label for label, _body in found), 3)
    return f", but {labels}" if labels else ""


def read_leaf(der: bytes) -> Leaf:
    """Parse one certificate in DER.

    :raises X509Error: It is invalid, or C(cryptography) is missing.
    """
    need_library()
    return _read(_load(der, "the certificate"), "the certificate")


def unlock_key(text: str, passphrase: str | None, leaf: Leaf) -> str:
    """Return the private key of a leaf as unencrypted PKCS #8 in PEM.

    :param text: One private key in PEM. Other text is ignored.
    :param passphrase: Used only if the key is encrypted.
    :raises X509Error: The key is invalid, too weak, or not the leaf's.
    """
    need_library()
    found = _blocks(text)
    blocks = [(label, body) for label, body in found if _KEY_LABEL.fullmatch(label)]
    if len(blocks) != 1:
        how_many = f"{len(blocks)} private keys" if blocks else f"no private key in PEM format{_instead(found)}"
        raise X509Error(f"has {how_many}: provide exactly one, as PEM.")
    key = _load_key(*blocks[0], passphrase)
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _FEWEST_RSA_BITS:
        raise _too_weak(key.key_size)
    if _public_der(key.public_key()) != _public_der(_load(_der(leaf.pem), "the certificate").public_key()):
        raise X509Error(
            "is not the private key of the certificate: provide the key that the certificate was issued for."
        )
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode("ascii")


def need_library() -> None:
    """Check that the Python library C(cryptography) is installed.

    :raises X509Error: It is missing.
    """
    if IMPORT_ERROR is not None:
        raise X509Error(
            f"cannot be read: the Python library 'cryptography' ({LOWEST_CRYPTOGRAPHY} or newer) cannot be imported: "
            f"{IMPORT_ERROR}. Install it for the Python that runs this task."
        )


def _der(body: str) -> bytes:
    """Return the decoded body of a PEM block, with or without its BEGIN and END lines. Empty if it is not base64."""
    try:
        return b64decode("".join(_BLOCK.sub(r"\2", body).split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _load(der: bytes, which: str) -> t.Any:
    try:
        return x509.load_der_x509_certificate(der, default_backend())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _unreadable(which) from None


def _unreadable(which: str) -> X509Error:
    return X509Error(
        f"cannot be read: {which} is damaged, or is not an X.509 certificate. Provide it as the CA issued it."
    )


def _read(found: t.Any, which: str) -> Leaf:
    try:
        der: bytes = found.public_bytes(serialization.Encoding.DER)
        return Leaf(
            names=_names(found),
            valid_from=_moment(found, "not_valid_before"),
            expires_on=_moment(found, "not_valid_after"),
            organization=_first(found.issuer, NameOID.ORGANIZATION_NAME),
            signature=_SIGNATURES.get(found.signature_algorithm_oid.dotted_string, UNKNOWN_SIGNATURE),
            key_type=_key_type(found),
            serial_number=found.serial_number,
            fingerprint_sha256=hashlib.sha256(der).hexdigest(),
            pem=_pem(found),
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise _unreadable(which) from None


def _pem(found: t.Any) -> str:
    pem: bytes = found.public_bytes(serialization.Encoding.PEM)
    return pem.decode("ascii")


def _names(found: t.Any) -> frozenset[str]:
    extension = _extension(found, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    names = extension.get_values_for_type(x509.DNSName) if extension is not None else []
    common_name = _first(found.subject, NameOID.COMMON_NAME)
    return comparable(names or ([common_name] if common_name else []))


def _moment(found: t.Any, field: str) -> datetime:
    moment: datetime | None = getattr(found, f"{field}_utc", None)  # since cryptography 42
    return moment or getattr(found, field).replace(tzinfo=timezone.utc)


def _extension(found: t.Any, oid: t.Any) -> t.Any:
    try:
        return found.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None


def _first(name: t.Any, oid: t.Any) -> str | None:
    return next((str(attribute.value) for attribute in name.get_attributes_for_oid(oid)), None)


def _key_type(found: t.Any) -> str:
    try:
        key = found.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "other"
    kinds = {
        "rsa": rsa.RSAPublicKey,
        "ecdsa": ec.EllipticCurvePublicKey,
        "ed25519": ed25519.Ed25519PublicKey,
        "ed448": ed448.Ed448PublicKey,
    }
    return next((name for name, kind in kinds.items() if isinstance(key, kind)), "other")


def _check_first(certificates: t.Sequence[t.Any]) -> None:
    """Check that the first certificate is the leaf. A single self-signed certificate may be a CA certificate.

    :raises X509Error: The first certificate is not the leaf.
    """
    first = certificates[0]
    others = [(number, found) for number, found in enumerate(certificates, 1) if found != first]
    issued = next((number for number, found in others if found.issuer == first.subject), None)
    constraints = _extension(first, ExtensionOID.BASIC_CONSTRAINTS)
    is_ca = constraints is not None and constraints.ca
    if issued or (is_ca and (others or _extension(first, ExtensionOID.SUBJECT_ALTERNATIVE_NAME) is None)):
        why = f"issued certificate {issued} of the same file" if issued else "is that of a CA"
        raise X509Error(
            f"does not begin with the leaf: the first certificate {why}. Put the leaf first, then its chain."
        )


def _check_leaf(leaf: Leaf, found: t.Any, now: datetime) -> None:
    if not leaf.names:
        raise X509Error("covers no hostname: the leaf has neither a DNS name nor a common name.")
    if leaf.expires_on <= now:
        raise X509Error(f"expired on {leaf.expires_on:%Y-%m-%d %H:%M:%S} UTC. Provide one that is valid.")
    if leaf.key_type == "other":
        raise X509Error("has a public key of an unsupported type: use RSA or ECDSA.")
    if leaf.key_type == "rsa" and found.public_key().key_size < _FEWEST_RSA_BITS:
        raise _too_weak(found.public_key().key_size)


def _too_weak(bits: int) -> X509Error:
    return X509Error(f"has an RSA key of {bits} bits: Cloudflare accepts {_FEWEST_RSA_BITS} bits or more.")


def _load_key(label: str, body: str, passphrase: str | None) -> t.Any:
    locked = label.startswith("ENCRYPTED") or "Proc-Type: 4,ENCRYPTED" in body
    if locked and not passphrase:
        raise X509Error("is encrypted: set 'private_key_passphrase'.")
    pem = f"-----BEGIN {label}-----\n{_rewrapped(body)}\n-----END {label}-----\n"
    # a block scalar or a file ends with a line break that is not part of the passphrase
    for secret in dict.fromkeys((passphrase, passphrase.rstrip("\r\n"))) if locked and passphrase else (None,):
        try:
            key = serialization.load_pem_private_key(
                pem.encode(), secret.encode() if secret else None, default_backend(), **_FAST
            )
            if not isinstance(key, rsa.RSAPrivateKey) or _fits_together(key.private_numbers()):
                return key
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
    if locked:
        raise X509Error(
            "cannot be decrypted with 'private_key_passphrase': the passphrase is wrong, or the key is damaged."
        )
    raise X509Error(
        f"cannot be read: the {printable(label)} is damaged, or its type is not supported. Provide an RSA or ECDSA key, "
        "as PKCS #8, PKCS #1 or SEC 1."
    )


def _fits_together(numbers: t.Any) -> bool:
    """Return whether the numbers of an RSA key are consistent. Primality is not checked."""
    p, q, public = numbers.p, numbers.q, numbers.public_numbers
    return bool(
        p > 1
        and q > 1
        and p * q == public.n
        and (numbers.d * public.e - 1) % (p - 1) == 0
        and (numbers.d * public.e - 1) % (q - 1) == 0
        and numbers.dmp1 == numbers.d % (p - 1)
        and numbers.dmq1 == numbers.d % (q - 1)
        and numbers.iqmp * q % p == 1
    )


def _rewrapped(body: str) -> str:
    """Return the body of a PEM block in lines of 64 characters, without indentation. Header lines are kept."""
    lines = [line.strip() for line in body.strip().splitlines()]
    headers = [line for line in lines if ":" in line]
    data = "".join("".join(line.split()) for line in lines if ":" not in line)
    return "\n".join([*headers, *([""] if headers else []), *textwrap.wrap(data, 64)])


def _public_der(key: t.Any) -> bytes:
    der: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return der
