# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Parses the registered result of a zone, and its certificates, for the reports. Pure.

The values are plain JSON. Control characters and bidirectional marks in strings are escaped.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    Malformed,
    read_certificate,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

# Cloudflare sends an e-mail 30 days before a certificate expires.
SOON = timedelta(days=30)
_NAME, MESSAGE = 260, 2000
_PLAN_REFUSES = 1011


class CertificateRow(t.TypedDict):
    id: str
    issuer: str | None
    type: str | None
    signature: str | None
    hosts: list[str]
    priority: float
    api_status: str | None
    uploaded_on: str | None
    expires_on: str | None
    days_left: int | None
    status: str


class Zone(t.NamedTuple):
    """The result of a task for one zone.

    :param problem: Why the zone could not be read, or an empty string.
    :param note: A remark about the zone, or None.
    """

    name: str
    zone_id: str | None
    problem: str
    note: str | None
    certificates: dict[str, Certificate]
    result: t.Mapping[str, t.Any]


class Unusable(ValueError):
    """The input of a report is not a module's result. The message says why."""


def shown(value: object, limit: int = _NAME) -> str:
    """Return a string from the API as reports show it."""
    return printable(value, limit)


def read_zone(name: object, result: object) -> Zone:
    """Parse the registered result of a zone.

    :raises Unusable: It is not a result of a module of this collection.
    """
    name = shown(name)
    if not isinstance(result, dict):
        raise Unusable(f"the result of {name} is not a dictionary")
    zone_id = shown(result["zone_id"]) if result.get("zone_id") else None
    # A task for many zones does not return the certificates of a zone in order.
    if result.get("failed") or "contested" not in result:
        return _unread(name, zone_id, result)
    try:
        certificates = [read_certificate(item) for item in result.get("certificates", ())]
    except (Malformed, TypeError) as error:
        raise Unusable(f"the result of {name} is not that of a module of this collection: {error}") from None
    return Zone(name, zone_id, "", None, {certificate.id: certificate for certificate in certificates}, result)


def _unread(name: str, zone_id: str | None, result: t.Mapping[str, t.Any]) -> Zone:
    codes = {error.get("code") for error in result.get("errors") or () if isinstance(error, dict)}
    if _PLAN_REFUSES in codes:
        note = "The zone's plan does not include custom certificates."
        return Zone(name, zone_id, "", note, {}, {"contested": []})
    problem = shown(result.get("msg") or "The task returned neither a result nor a message.", MESSAGE)
    return Zone(name, zone_id, problem, None, {}, {"contested": []})


def certificate_row(certificate: Certificate, now: datetime) -> CertificateRow:
    """Return a certificate as reports show it."""
    expires_on = certificate.expires_on
    return {
        "id": shown(certificate.id),
        "issuer": _optional(certificate.issuer),
        "type": _optional(certificate.type),
        "signature": _optional(certificate.signature),
        "hosts": sorted(shown(name) for name in certificate.names),
        "priority": t.cast("float", certificate.raw.get("priority") or 0),
        "api_status": _optional(certificate.status),
        "uploaded_on": _moment(certificate.uploaded_on),
        "expires_on": _moment(expires_on),
        "days_left": None if expires_on is None else (expires_on - now) // timedelta(days=1),
        "status": _status(certificate, now),
    }


def _status(certificate: Certificate, now: datetime) -> str:
    left = certificate.expires_on - now if certificate.expires_on else SOON
    if certificate.status == "expired" or left <= timedelta(0):
        return "expired"
    if certificate.status not in (None, "active"):
        return "not_active"
    return "expiring" if left < SOON else "valid"


def moment(when: datetime) -> str:
    """Return a time as reports show it: in UTC, to the second."""
    return f"{when.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def _moment(when: datetime | None) -> str | None:
    return None if when is None else moment(when)


def _optional(value: str | None) -> str | None:
    return None if value is None else shown(value)
