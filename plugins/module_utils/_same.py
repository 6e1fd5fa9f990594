# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Compares the certificates of a zone with a leaf. Pure.

The API returns no PEM, serial number or fingerprint, so certificates that agree in all compared fields count as the same.
"""

from __future__ import annotations

import typing as t
import unicodedata

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import letters_and_digits

if t.TYPE_CHECKING:  # pragma: no cover
    from ansible_collections.zonefleet.cloudflare.plugins.module_utils._x509 import Leaf


def is_same(leaf: Leaf, certificate: Certificate, wanted_type: str | None = None) -> bool:
    """Return whether a certificate of a zone is the same as a leaf in all fields that the API returns.

    :param wanted_type: The required type, None for any. A certificate without a type matches as well.
    """
    expires_on = certificate.expires_on
    return (
        expires_on is not None
        and expires_on.replace(microsecond=0) == leaf.expires_on
        and (certificate.signature or "").lower() == leaf.signature.lower()
        and (not leaf.issuer or is_issuer(leaf.organization or "", certificate.issuer or ""))
        and (wanted_type is None or certificate.type in (None, wanted_type))
        and certificate.names <= leaf.names  # the API may omit names of other zones
    )


def find_same(leaf: Leaf, certificates: t.Iterable[Certificate], wanted_type: str | None = None) -> list[Certificate]:
    """Return the certificates that are the same as a leaf, those with the most hosts first.

    If some have all hosts of the leaf, only those: the others may be older, as a CA may reissue a certificate with more hosts.
    """
    found = [certificate for certificate in certificates if is_same(leaf, certificate, wanted_type)]
    whole = [certificate for certificate in found if certificate.names == leaf.names]
    return sorted(whole or found, key=lambda certificate: (-len(certificate.names), certificate.newest_first()))


def is_issuer(organization: str, issuer: str) -> bool:
    """Return whether the API's C(issuer) is this organization, comparing only letters and digits.

    How the API spells non-ASCII letters is not documented. They may be unchanged, removed, or without accents.
    """
    composed = _plain(organization)
    dropped = "".join(char for char in composed if char.isascii())
    without_marks = _plain(unicodedata.normalize("NFKD", organization).encode("ascii", "ignore").decode("ascii"))
    return _plain(issuer) in (composed, dropped, without_marks)


def _plain(text: str) -> str:
    return letters_and_digits(unicodedata.normalize("NFC", text)).casefold()
