# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Which certificates the entries of C(certificates) stand for. Pure."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime
from fnmatch import translate

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, Number
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import a_labels, wildcard_over
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import letters_and_digits

# The fields that are compared with a shell pattern; each is an attribute of Certificate of the same name.
PATTERN_FIELDS = ("issuer", "signature", "type", "status", "geo_restrictions")
# The fields whose value is a string, and all fields.
FIELDS = ("id", "host") + PATTERN_FIELDS
SELECTORS = FIELDS + ("valid_for_days",)

_DAY = 86400

# As fnmatch reads a pattern: in a set, a "]" may come first; a "[" that is not closed is an ordinary character.
_SET_OR_CHARACTER = re.compile(r"\[(?=(!?\]?[^\]]*))\1\]|.", re.DOTALL)

Test = t.Callable[[t.Optional[str]], bool]


class Entry(t.NamedTuple):
    """One entry of C(certificates) as it is set in the task; a field that is not set is C(None)."""

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
        """Return the fields by which it selects."""
        return {field: value for field in SELECTORS if (value := getattr(self, field)) is not None}

    def __str__(self) -> str:
        """Return it as it is written in YAML, where C(*) and C(!) have a meaning of their own at the start of a value."""
        return ", ".join(
            f'{field}: "{value}"' if str(value).startswith(("*", "!")) else f"{field}: {value}"
            for field, value in self.given().items()
        )


class Claim(t.NamedTuple):
    """What an entry stands for: all that it matches, and the part that no entry before it has claimed."""

    entry: Entry
    matches: frozenset[str]
    certificates: tuple[Certificate, ...]


def claim(entries: t.Iterable[Entry], certificates: t.Iterable[Certificate], now: datetime) -> list[Claim]:
    """Give each certificate to the first entry that matches it; entries with an C(id) come before all others.

    :returns: A claim for each entry, in the order of the entries; the certificates of a claim newest first.
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
    """Return those of a zone's certificates that an entry matches.

    :param certificates: All of the zone: which of them a C(host) stands for depends on the others.
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
    """Return the certificate with this id; one that differs in case is meant only where no other differs so, too.

    An id is opaque, so two certificates may have ids that differ only in case.
    """
    alike = [certificate for certificate in certificates if certificate.id.lower() == identifier.lower()]
    return [certificate for certificate in alike if certificate.id == identifier or len(alike) == 1]


def _for_host(name: str, certificates: t.Sequence[Certificate]) -> list[Certificate]:
    """Return those from which Cloudflare chooses for a name: a wildcard counts only where the zone has no exact name."""
    exact = [certificate for certificate in certificates if name in certificate.names]
    return exact or [certificate for certificate in certificates if wildcard_over(name) in certificate.names]


def _is_valid_for(certificate: Certificate, days: int, now: datetime) -> bool:
    expires_on = certificate.expires_on
    return expires_on is not None and (expires_on - now).total_seconds() >= days * _DAY


def _test(field: str, pattern: str) -> Test:
    return issuer_matcher(pattern) if field == "issuer" else matcher(pattern)


def issuer_matcher(pattern: str) -> Test:
    """Return a test for issuers, which compares letters and digits alone: C(DigiCert Inc) fits C(DigiCertInc)."""
    negated = pattern.startswith("!")
    fits = matcher("!" * negated + _without_punctuation(pattern[negated:]))
    return lambda value: fits(value if value is None else letters_and_digits(value))


def _without_punctuation(pattern: str) -> str:
    """Drop spaces and punctuation from a shell pattern, but for C(*), C(?) and what stands in brackets."""
    return _SET_OR_CHARACTER.sub(
        lambda part: part[0] if len(part[0]) > 1 or part[0] in "*?" else letters_and_digits(part[0]), pattern
    )


def matcher(pattern: str) -> Test:
    """Return a test for values: a shell pattern, whatever the case; a leading C(!) negates.

    A value that is missing fits no plain pattern and every negated one.
    """
    negated = pattern.startswith("!")
    try:
        fits = re.compile(translate(pattern[negated:]), re.IGNORECASE).match
    except re.error:  # on Python 3.8 and 3.9, for a range that is empty: [z-a]
        fits = re.compile(r"(?!)").match
    return lambda value: (value is not None and fits(value) is not None) is not negated
