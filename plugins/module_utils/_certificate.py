# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""One custom certificate of a zone, read from the object that the API answers with."""

from __future__ import annotations

import math
import re
import typing as t
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import comparable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

Number = t.Union[int, Fraction]
Numbers = t.Mapping[str, Number]  # the priority of each certificate, by id

_RFC3339 = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d))",
    re.ASCII,
)
_EPOCH = datetime.min.replace(tzinfo=timezone.utc)

# The kinds by what Cloudflare serves first; a type that the API does not return, or a new one, stands between the known ones.
KEYLESS, LEGACY, UNKNOWN, MODERN = range(4)
_RANKS = {"legacy_custom": LEGACY, "sni_custom": MODERN}


class Malformed(ValueError):
    """An answer that is not what the API documents, with what is wrong as its text."""


class Certificate(t.NamedTuple):
    """A custom certificate, as far as its order and its selection go.

    C(raw) is the API's own object. C(shown) is C(False) where that object has no priority; C(null) is one, of 0.
    Source: Cloudflare API, "List SSL Configurations".
    """

    id: str
    priority: Number
    shown: bool
    names: frozenset[str]
    issuer: str | None
    signature: str | None
    type: str | None
    status: str | None
    geo_restrictions: str | None
    keyless: bool
    raw: t.Mapping[str, t.Any]

    @property
    def rank(self) -> int:
        """Where its kind stands among those that cover a name: the lowest is served first, whatever the priorities."""
        return KEYLESS if self.keyless else _RANKS.get(self.type or "", UNKNOWN)

    @property
    def algorithm(self) -> str | None:
        """What tells it from the others of a pack: V(ecdsa), V(rsa), V(sha1-rsa), another text, or nothing known."""
        return algorithm_of(self.signature)

    @property
    def expires_on(self) -> datetime | None:
        """When it expires, if the API returns a readable time."""
        return read_time(self.raw.get("expires_on"))

    @property
    def uploaded_on(self) -> datetime | None:
        """When it was uploaded, if the API returns a readable time."""
        return read_time(self.raw.get("uploaded_on"))

    def newest_first(self) -> tuple[float, float, str]:
        """Sort key: latest expiry, then latest upload, then id; a time that is not known comes last."""
        return (-_seconds(self.expires_on), *self.latest_upload_first())

    def why_unfit(self, now: datetime) -> str:
        """Say why it is not served, as the end of a sentence; empty if nothing speaks against it."""
        if self.expires_on is not None and self.expires_on <= now:
            return f"expired on {self.expires_on:%Y-%m-%d}"
        if self.status not in (None, "active"):
            return f"has status {printable(self.status, 40)}"
        return ""

    def latest_upload_first(self) -> tuple[float, str]:
        """Sort key: latest upload, then id; a time that is not known comes last."""
        return (-_seconds(self.uploaded_on), self.id)


def read_certificate(item: object) -> Certificate:
    """Read one object of a certificate list.

    :raises Malformed: a field that is read has another type than documented.
    """
    if not isinstance(item, dict):
        raise Malformed(f"a certificate is {_kind(item)}, not an object")
    identifier = item.get("id")
    if not isinstance(identifier, str) or not identifier:
        raise Malformed(f"the 'id' of a certificate is {_kind(identifier)}, not text")
    try:
        return Certificate(
            id=identifier,
            priority=read_number(item.get("priority"), "priority"),
            shown="priority" in item,
            names=_read_hosts(item.get("hosts")),
            issuer=_read_text(item, "issuer"),
            signature=_read_text(item, "signature"),
            type=_read_text(item, "type"),
            status=_read_text(item, "status"),
            geo_restrictions=_read_text(_read_object(item, "geo_restrictions"), "label"),
            keyless=bool(_read_object(item, "keyless_server")),
            raw=item,
        )
    except Malformed as error:
        raise Malformed(f"certificate {printable(identifier, 64)}: {error}") from None


def algorithm_of(signature: str | None) -> str | None:
    """Return what tells a certificate with this signature from the others of a pack, see C(Certificate.algorithm)."""
    text = (signature or "").lower()
    if "ecdsa" in text:
        return "ecdsa"
    if "rsa" in text:
        return "sha1-rsa" if "sha1" in text or "sha-1" in text else "rsa"
    return text or None


def numbers_of(certificates: t.Iterable[Certificate]) -> dict[str, Number]:
    """Return the priority of each certificate, by id."""
    return {certificate.id: certificate.priority for certificate in certificates}


def in_order(certificates: t.Iterable[Certificate], numbers: Numbers) -> list[Certificate]:
    """Return certificates as they are listed everywhere: highest priority first, equal ones by id."""
    return sorted(certificates, key=lambda certificate: (-numbers[certificate.id], certificate.id))


def read_number(value: object, field: str) -> Number:
    """Return a JSON number exactly, nothing as 0.

    :raises Malformed: it is no finite number.
    """
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Malformed(f"{field!r} is {_kind(value)}, not a number")
    if isinstance(value, int):
        return value
    if not math.isfinite(value):
        raise Malformed(f"{field!r} is {value}, not a finite number")
    return int(value) if value.is_integer() else Fraction(value)


def plain_number(value: Number) -> int | float:
    """Return C(value) as JSON carries it: whole numbers as integers."""
    return value if isinstance(value, int) else float(value)


def read_time(value: object) -> datetime | None:
    """Return an RFC 3339 time, with any number of fraction digits; nothing where it is none."""
    match = _RFC3339.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    fraction, sign = (match["fraction"] or "")[:6].ljust(6, "0"), -1 if match["sign"] == "-" else 1
    try:
        local = datetime.fromisoformat(f"{match['date']}T{match['time']}.{fraction}+00:00")
        return local - sign * timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
    except (ValueError, OverflowError):
        return None


def _seconds(moment: datetime | None) -> float:
    return ((moment or _EPOCH) - _EPOCH).total_seconds()


def _read_hosts(value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(host, str) for host in value):
        raise Malformed("'hosts' is no list of names")
    return comparable(value)


def _read_text(item: t.Mapping[str, t.Any], field: str) -> str | None:
    value = item.get(field)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"{field!r} is {_kind(value)}, not text")
    return value


def _read_object(item: t.Mapping[str, t.Any], field: str) -> t.Mapping[str, t.Any]:
    value = item.get(field)
    if value is not None and not isinstance(value, dict):
        raise Malformed(f"{field!r} is {_kind(value)}, not an object")
    return value or {}


def _kind(value: object) -> str:
    names = {type(None): "missing", bool: "a boolean", list: "a list", dict: "an object", str: "text"}
    return names.get(type(value), "a number")
