# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""A custom certificate of a zone, parsed from the API's object."""

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

# The kinds in the order in which Cloudflare prefers them. A missing or unknown type ranks between legacy_custom and sni_custom.
KEYLESS, LEGACY, UNKNOWN, MODERN = range(4)
_RANKS = {"legacy_custom": LEGACY, "sni_custom": MODERN}


class Malformed(ValueError):
    """A response does not match the API's documentation. The message says how."""


class Certificate(t.NamedTuple):
    """The fields of a custom certificate that decide its order and its selection.

    Source: Cloudflare API, "List SSL Configurations".

    :param priority: 0 if the API's object has C(null) or no such field.
    :param shown: Whether the API's object has the field C(priority).
    :param raw: The API's object.
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
        """The rank of its kind. For a hostname, Cloudflare prefers the lowest rank, whatever the priorities."""
        return KEYLESS if self.keyless else _RANKS.get(self.type or "", UNKNOWN)

    @property
    def algorithm(self) -> str | None:
        """What distinguishes it from the others of its pack: C(ecdsa), C(rsa), C(sha1-rsa), another string, or None."""
        return algorithm_of(self.signature)

    @property
    def expires_on(self) -> datetime | None:
        """The time of expiry, or None if the API returns no valid time."""
        return read_time(self.raw.get("expires_on"))

    @property
    def uploaded_on(self) -> datetime | None:
        """The time of the upload, or None if the API returns no valid time."""
        return read_time(self.raw.get("uploaded_on"))

    def newest_first(self) -> tuple[float, float, str]:
        """Return a sort key: latest expiry, then latest upload, then id. Unknown times sort last."""
        return (-_seconds(self.expires_on), *self.latest_upload_first())

    def why_unfit(self, now: datetime) -> str:
        """Return why it cannot be served, as the end of a sentence, or an empty string if it can."""
        if self.expires_on is not None and self.expires_on <= now:
            return f"expired on {self.expires_on:%Y-%m-%d}"
        if self.status not in (None, "active"):
            return f"has status {printable(self.status, 40)}"
        return ""

    def latest_upload_first(self) -> tuple[float, str]:
        """Return a sort key: latest upload, then id. Unknown times sort last."""
        return (-_seconds(self.uploaded_on), self.id)


def read_certificate(item: object) -> Certificate:
    """Parse one object of a certificate list.

    :raises Malformed: A field does not have the documented type.
    """
    if not isinstance(item, dict):
        raise Malformed(f"a certificate is {_kind(item)}, not an object")
    identifier = item.get("id")
    if not isinstance(identifier, str) or not identifier:
        raise Malformed(f"the 'id' of a certificate is {_kind(identifier)}, not a string")
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
    """Return C(Certificate.algorithm) for a signature."""
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
    """Sort certificates as in every output: highest priority first, equal priorities by id."""
    return sorted(certificates, key=lambda certificate: (-numbers[certificate.id], certificate.id))


def read_number(value: object, field: str) -> Number:
    """Return the exact value of a JSON number. C(null) is 0.

    :raises Malformed: The value is not a finite number.
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
    """Return C(value) for JSON: whole numbers as integers."""
    return value if isinstance(value, int) else float(value)


def read_time(value: object) -> datetime | None:
    """Parse an RFC 3339 time with any number of fraction digits. Return None if it is not one."""
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
        raise Malformed("'hosts' is not a list of names")
    return comparable(value)


def _read_text(item: t.Mapping[str, t.Any], field: str) -> str | None:
    value = item.get(field)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"{field!r} is {_kind(value)}, not a string")
    return value


def _read_object(item: t.Mapping[str, t.Any], field: str) -> t.Mapping[str, t.Any]:
    value = item.get(field)
    if value is not None and not isinstance(value, dict):
        raise Malformed(f"{field!r} is {_kind(value)}, not an object")
    return value or {}


def _kind(value: object) -> str:
    names = {type(None): "missing", bool: "a boolean", list: "a list", dict: "an object", str: "a string"}
    return names.get(type(value), "a number")
