# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Messages about entries that match no certificate, with suggestions from what the zone has. Pure."""

from __future__ import annotations

import itertools
import typing as t
from datetime import datetime
from difflib import SequenceMatcher, get_close_matches

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import a_labels
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import Entry, matching
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import (
    counted,
    letters_and_digits,
    listed,
    printable,
)

DID_YOU_MEAN = "Did you mean"  # reports recognize warnings about near matches by this

_MOST_VALUES = 10
_FEWEST_CONTAINED = 3  # characters; a shorter part of a value is no sign that the value was meant
_CLOSE = 0.75  # difflib's ratio: one wrong letter of four, or two of eight
_CLOSE_AS_A_WHOLE = 0.9  # for long strings, which have much in common anyway

# A value that Cloudflare documents is not a typo, even if it is similar to another one. Here, the values have only
# lower-case letters and digits, as in _normalised.
_KNOWN = {
    "type": {"legacycustom", "snicustom"},
    "status": {"active", "inactive", "expired", "deleted", "pending", "initializing", "deactivating"},
    "geo_restrictions": {"us", "eu", "highestsecurity", "custom"},
    "signature": {
        *(f"sha{size}withrsa" for size in (1, 256, 384, 512)),
        *(f"ecdsawithsha{size}" for size in (1, 256, 384, 512)),
        "ed25519",
    },
}


class _NearMatch(t.NamedTuple):
    """An entry that matches no certificate, and a suggestion.

    :param meant: The suggested entry.
    :param certificates: The certificates that the suggested entry matches.
    """

    entry: Entry
    meant: Entry
    certificates: list[Certificate]


def missing_text(
    missing: t.Sequence[Entry], certificates: t.Sequence[Certificate], deleted: t.Collection[str], now: datetime
) -> str:
    """Return the error message for entries of O(certificates) that match no certificate.

    :param certificates: All certificates of the zone.
    :param deleted: The ids of certificates with status C(deleted).
    """
    near = _near_matches(missing, certificates, now)
    sentences = [_named(missing, "certificates")]
    gone = {identifier.lower() for identifier in deleted}
    sentences += [
        f"Certificate {entry.id} has status 'deleted'." for entry in missing if entry.id and entry.id.lower() in gone
    ]
    sentences += [_did_you_mean(match, len(missing) > 1) for match in near]
    sentences.append(_existing_values(missing, certificates, now))
    correct = f"Correct the {'entry' if len(missing) == 1 else 'entries'}"
    # Ignoring an entry with a typo would ignore the certificate that should come first.
    sentences.append(f"{correct}." if near else f"{correct}, or set 'missing' to 'ignore'.")
    return " ".join(sentences)


def near_match_warnings(
    unmatched: t.Iterable[Entry], certificates: t.Sequence[Certificate], option: str, now: datetime
) -> list[str]:
    """Return a warning about the entries of an option that match no certificate but are similar to one that exists."""
    near = _near_matches(unmatched, certificates, now)
    if not near:
        return []
    sentences = [_named([match.entry for match in near], option)]
    sentences += [_did_you_mean(match, len(near) > 1) for match in near]
    return [" ".join(sentences)]


def did_you_mean(entry: Entry, certificates: t.Sequence[Certificate], now: datetime) -> str | None:
    """Return a suggestion for an entry that matches nothing, or None."""
    near = _near_match(entry, certificates, now)
    return _did_you_mean(near, False) if near else None


def _named(entries: t.Sequence[Entry], option: str) -> str:
    if len(entries) == 1:
        return f"The entry of '{option}' with {printable(entries[0])} matches no certificate of the zone."
    names = ", ".join(f"`{printable(entry)}`" for entry in entries)
    return f"{len(entries)} entries of '{option}' match no certificate of the zone: {names}."


def _did_you_mean(near: _NearMatch, one_of_several: bool) -> str:
    instead = f" instead of `{printable(near.entry)}`" if one_of_several else ""
    issuers = _distinct(certificate.issuer for certificate in near.certificates)
    of_whom = f", of {listed(issuers)}" if issuers else ""
    return (
        f"{DID_YOU_MEAN} `{printable(near.meant)}`{instead}? "
        f"It matches {counted(len(near.certificates), 'certificate')}{of_whom}."
    )


def _existing_values(missing: t.Iterable[Entry], certificates: t.Sequence[Certificate], now: datetime) -> str:
    """Return a sentence with the zone's values of the fields that the entries set."""
    if not certificates:
        return "The zone has no custom certificates."
    fields = dict.fromkeys(field for entry in missing for field in entry.given())
    values = (f"{field} {listed(_values(field, certificates, now), _MOST_VALUES) or 'unset'}" for field in fields)
    return f"The zone's certificates have {'; '.join(values)}."


def _values(field: str, certificates: t.Iterable[Certificate], now: datetime) -> list[str]:
    if field == "host":
        return _distinct(name for certificate in certificates for name in certificate.names)
    if field == "valid_for_days":
        left = {(certificate.expires_on - now).days for certificate in certificates if certificate.expires_on}
        return [str(days) for days in sorted(left)]
    return _distinct(getattr(certificate, field) for certificate in certificates)


def _distinct(values: t.Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})


def _near_matches(entries: t.Iterable[Entry], certificates: t.Sequence[Certificate], now: datetime) -> list[_NearMatch]:
    return [near for entry in entries if (near := _near_match(entry, certificates, now)) is not None]


def _near_match(entry: Entry, certificates: t.Sequence[Certificate], now: datetime) -> _NearMatch | None:
    """Correct the fields that match nothing on their own. If the corrected entry matches nothing, try only those fields."""
    better: dict[str, t.Any] = {}
    for field, value in entry.given().items():
        if not _matches_alone(field, value, certificates, now):
            candidates = _candidates(field, value, certificates)
            found = (item for item in candidates if _matches_alone(field, item, certificates, now))
            better.update((field, item) for item in itertools.islice(found, 1))
    for meant in (entry._replace(**better), Entry(**better)) if better else ():
        matches = matching(meant, certificates, now)
        if matches:
            return _NearMatch(entry, meant, matches)
    return None


def _matches_alone(field: str, value: t.Any, certificates: t.Sequence[Certificate], now: datetime) -> bool:
    return bool(matching(Entry(**{field: value}), certificates, now))


def _candidates(field: str, value: t.Any, certificates: t.Sequence[Certificate]) -> t.Iterable[str]:
    """Return suggestions for a value, the most likely first."""
    if field == "valid_for_days":
        return ()
    if field == "host":
        return _near_hosts(a_labels(value), frozenset().union(*(certificate.names for certificate in certificates)))
    values = _distinct(getattr(certificate, field) for certificate in certificates)
    return _near_ids(value, values) if field == "id" else _near_patterns(field, value, values)


def _near_ids(identifier: str, ids: t.Sequence[str]) -> list[str]:
    """Return ids that differ only in case, or start or end with the value. If there are none, return similar ids."""
    text = identifier.lower()
    alike = [item for item in ids if item.lower() == text]
    if len(text) >= _FEWEST_CONTAINED:
        alike += [item for item in ids if item.lower().startswith(text) or item.lower().endswith(text)]
    return alike or get_close_matches(identifier, ids, cutoff=_CLOSE_AS_A_WHOLE)


def _near_hosts(name: str, names: t.AbstractSet[str]) -> t.Iterator[str]:
    """Return similar hostnames, then the name's parent domains and their wildcards, the nearest first."""
    label, _dot, parent = name.partition(".")
    siblings = [item for item in sorted(names) if item.partition(".")[2] == parent and not item.startswith("*.")]
    close = get_close_matches(label, [item.partition(".")[0] for item in siblings], n=1, cutoff=_CLOSE)
    yield from (f"{found}.{parent}" for found in close)
    yield from get_close_matches(name, sorted(names - set(siblings)), n=1, cutoff=_CLOSE_AS_A_WHOLE)
    above = name[2:] if name.startswith("*.") else name
    while "." in above:
        yield from (item for item in (f"*.{above}", above) if item in names)
        above = above.partition(".")[2]


def _near_patterns(field: str, pattern: str, values: t.Sequence[str]) -> t.Iterator[str]:
    """Return patterns for the values that contain the given one, then similar values."""
    core = _normalised(pattern)
    if pattern.startswith("!") or core in _KNOWN.get(field, ()) or len(core) < _FEWEST_CONTAINED:
        return
    if any(core in _normalised(value) for value in values):
        yield from (f"{pattern}*", f"*{pattern}", f"*{pattern}*")
    yield from (
        value
        for value in values
        if core in _normalised(value) or (len(value) >= _FEWEST_CONTAINED and _normalised(value) in core)
    )
    likeness = {value: _likeness(core, _normalised(value), "*" in pattern) for value in values}
    yield from sorted((value for value in values if likeness[value] >= _CLOSE), key=lambda value: -likeness[value])


def _likeness(core: str, value: str, is_open: bool) -> float:
    """Return the similarity (0 to 1) of a pattern without its wildcards to a value, or to the start of the value."""
    beginnings = [value, value[: len(core)]] if is_open else [value]
    return max(SequenceMatcher(None, core, beginning).ratio() for beginning in beginnings)


def _normalised(text: str) -> str:
    return letters_and_digits(text).lower()
