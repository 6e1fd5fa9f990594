# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Which certificates the entries of C(certificates) mean. Pure."""

from __future__ import annotations

import re
import typing as t
from fnmatch import translate

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, Number
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import a_labels, wildcard_over

# The fields that are compared with a shell pattern; each is an attribute of Certificate of the same name.
PATTERN_FIELDS = ("issuer", "signature", "type", "status", "geo_restrictions")
FIELDS = ("id", "host") + PATTERN_FIELDS


class Entry(t.NamedTuple):
    """One entry of C(certificates) as it was given; a field that was not given is nothing."""

    id: str | None = None
    host: str | None = None
    issuer: str | None = None
    signature: str | None = None
    type: str | None = None
    status: str | None = None
    geo_restrictions: str | None = None
    priority: Number | None = None

    def given(self) -> dict[str, str]:
        """Return the fields by which it selects."""
        return {field: value for field in FIELDS if (value := getattr(self, field)) is not None}

    def __str__(self) -> str:
        return ", ".join(f"{field}: {value}" for field, value in self.given().items())


class Claim(t.NamedTuple):
    """What an entry stands for: all that it matches, and the part that no entry before it has claimed."""

    entry: Entry
    matches: frozenset[str]
    certificates: tuple[Certificate, ...]


def claim(entries: t.Iterable[Entry], certificates: t.Iterable[Certificate]) -> list[Claim]:
    """Give each certificate to the first entry that matches it; entries with an C(id) come before all others.

    :returns: A claim for each entry, in the order of the entries; the certificates of a claim newest first.
    """
    entries = list(entries)
    zone = _Zone(certificates)
    matches = [zone.matching(entry) for entry in entries]
    free = set(zone.by_id)
    claimed: dict[int, frozenset[str]] = {}
    for index in sorted(range(len(entries)), key=lambda position: entries[position].id is None):
        claimed[index] = matches[index] & free
        free -= matches[index]
    return [
        Claim(
            entry,
            matches[index],
            tuple(sorted((zone.by_id[identifier] for identifier in claimed[index]), key=Certificate.newest_first)),
        )
        for index, entry in enumerate(entries)
    ]


class _Zone:
    """A zone's certificates, indexed by what entries ask for, so that many entries cost little more than one."""

    def __init__(self, certificates: t.Iterable[Certificate]) -> None:
        self.by_id = {certificate.id: certificate for certificate in certificates}
        self._ids: dict[str, frozenset[str]] = {}
        self._names: dict[str, set[str]] = {}
        self._values: dict[str, dict[str | None, set[str]]] = {field: {} for field in PATTERN_FIELDS}
        for certificate in self.by_id.values():
            self._ids[certificate.id.lower()] = frozenset([certificate.id])
            for name in certificate.names:
                self._names.setdefault(name, set()).add(certificate.id)
            for field, values in self._values.items():
                values.setdefault(getattr(certificate, field), set()).add(certificate.id)

    def matching(self, entry: Entry) -> frozenset[str]:
        """Return the ids of all certificates that have every field of the entry."""
        if entry.id is not None:
            return self._ids.get(entry.id.lower(), frozenset())
        found = [
            self._with_value(field, pattern) for field, pattern in entry.given().items() if field in PATTERN_FIELDS
        ]
        if entry.host is not None:
            found.append(self._for_host(a_labels(entry.host)))
        return frozenset.intersection(*map(frozenset, found))

    def _for_host(self, name: str) -> t.AbstractSet[str]:
        return self._names.get(name) or self._names.get(wildcard_over(name)) or frozenset()

    def _with_value(self, field: str, pattern: str) -> t.AbstractSet[str]:
        matches = matcher(pattern)
        return frozenset().union(*(ids for value, ids in self._values[field].items() if matches(value)))


def matcher(pattern: str) -> t.Callable[[str | None], bool]:
    """Return a test for values: a shell pattern, whatever the case; a leading C(!) negates.

    A value that is missing fits no plain pattern and every negated one.
    """
    negated = pattern.startswith("!")
    try:
        fits = re.compile(translate(pattern[negated:]), re.IGNORECASE).match
    except re.error:  # on Python 3.8 and 3.9, for a range that is empty: [z-a]
        fits = re.compile(r"(?!)").match
    return lambda value: (value is not None and fits(value) is not None) is not negated
