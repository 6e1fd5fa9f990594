# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Matches selectors with the certificates of a zone. Pure."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime
from fnmatch import translate

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, Number
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import a_labels, wildcard_over
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import letters_and_digits

# The fields that match shell patterns. Each one is an attribute of Certificate.
PATTERN_FIELDS = ("issuer", "signature", "type", "status", "geo_restrictions")
# The fields with a string as value, and all fields.
FIELDS = ("id", "host") + PATTERN_FIELDS
SELECTORS = FIELDS + ("valid_for_days",)

_DAY = 86400

# As in fnmatch: a "]" may come first in a set, and an unclosed "[" is an ordinary character.
_SET_OR_CHARACTER = re.compile(r"\[(?=(!?\]?[^\]]*))\1\]|.", re.DOTALL)

Test = t.Callable[[t.Optional[str]], bool]


class Entry(t.NamedTuple):
    """An entry of O(certificates) or O(filter), or the dictionary in O(match). Unset fields are None."""

    id: str | None = None
    host: str | None = None
    issuer: str | None = None
    signature: str | None = None
    type: str | None = None
    status: str | None = None
    geo_restrictions: str | None = None
    valid_for_days: int | None = None
    priority: Number | None = None

    def given(self) -> dict[str, t.Any]:
        """Return the selectors that are set."""
        return {field: value for field in SELECTORS if (value := getattr(self, field)) is not None}

    def __str__(self) -> str:
        """Return the entry as YAML. Values that start with C(*) or C(!) are quoted."""
        return ", ".join(
            f'{field}: "{value}"' if str(value).startswith(("*", "!")) else f"{field}: {value}"
            for field, value in self.given().items()
        )


class Claim(t.NamedTuple):
    """The certificates of an entry.

    :param matches: The ids of all certificates that it matches.
    :param certificates: Those that are assigned to it, newest first.
    """

    entry: Entry
    matches: frozenset[str]
    certificates: tuple[Certificate, ...]


def claim(entries: t.Iterable[Entry], certificates: t.Iterable[Certificate], now: datetime) -> list[Claim]:
    """Assign each certificate to the first entry that matches it. Entries with an C(id) come before all others.

    :returns: A claim for each entry, in the order of the entries. The certificates of a claim are sorted newest first.
    """
    entries, certificates = tuple(entries), tuple(certificates)
    matches = [matching(entry, certificates, now) for entry in entries]
    claimed: set[str] = set()
    left: dict[int, list[Certificate]] = {}
    for index in sorted(range(len(entries)), key=lambda position: entries[position].id is None):
        left[index] = [certificate for certificate in matches[index] if certificate.id not in claimed]
        claimed.update(certificate.id for certificate in left[index])
    return [
        Claim(
            entry,
            frozenset(certificate.id for certificate in matches[index]),
            tuple(sorted(left[index], key=Certificate.newest_first)),
        )
        for index, entry in enumerate(entries)
    ]


def matching(entry: Entry, certificates: t.Sequence[Certificate], now: datetime) -> list[Certificate]:
    """Return the certificates that an entry matches.

    :param certificates: All certificates of the zone: what a C(host) matches depends on the others.
    """
    if entry.id is not None:
        return _with_id(entry.id, certificates)
    candidates = certificates if entry.host is None else _for_host(a_labels(entry.host), certificates)
    tests = [(field, _test(field, value)) for field in PATTERN_FIELDS if (value := getattr(entry, field)) is not None]
    return [
        certificate
        for certificate in candidates
        if all(fits(getattr(certificate, field)) for field, fits in tests)
        and (entry.valid_for_days is None or _is_valid_for(certificate, entry.valid_for_days, now))
    ]


def _with_id(identifier: str, certificates: t.Iterable[Certificate]) -> list[Certificate]:
    """Return the certificate with this id. The case is ignored unless several ids differ only in case."""
    alike = [certificate for certificate in certificates if certificate.id.lower() == identifier.lower()]
    return [certificate for certificate in alike if certificate.id == identifier or len(alike) == 1]


def _for_host(name: str, certificates: t.Sequence[Certificate]) -> list[Certificate]:
    """Return the certificates that Cloudflare chooses from for a name: exact matches, or wildcards if there are none."""
    exact = [certificate for certificate in certificates if name in certificate.names]
    return exact or [certificate for certificate in certificates if wildcard_over(name) in certificate.names]


def _is_valid_for(certificate: Certificate, days: int, now: datetime) -> bool:
    expires_on = certificate.expires_on
    return expires_on is not None and (expires_on - now).total_seconds() >= days * _DAY


def _test(field: str, pattern: str) -> Test:
    return issuer_matcher(pattern) if field == "issuer" else matcher(pattern)


def issuer_matcher(pattern: str) -> Test:
    """Return a test for issuers that compares only letters and digits: C(DigiCert Inc) matches C(DigiCertInc)."""
    negated = pattern.startswith("!")
    fits = matcher("!" * negated + _without_punctuation(pattern[negated:]))
    return lambda value: fits(value if value is None else letters_and_digits(value))


def _without_punctuation(pattern: str) -> str:
    """Remove spaces and punctuation from a shell pattern, except C(*), C(?) and sets in brackets."""
    return _SET_OR_CHARACTER.sub(
        lambda part: part[0] if len(part[0]) > 1 or part[0] in "*?" else letters_and_digits(part[0]), pattern
    )


def matcher(pattern: str) -> Test:
    """Return a test for a case-insensitive shell pattern. A leading C(!) negates it.

    A missing value matches no plain pattern and every negated one.
    """
    negated = pattern.startswith("!")
    try:
        fits = re.compile(translate(pattern[negated:]), re.IGNORECASE).match
    except re.error:  # Python 3.8 and 3.9 raise this for an empty range such as [z-a]
        fits = re.compile(r"(?!)").match
    return lambda value: (value is not None and fits(value) is not None) is not negated
