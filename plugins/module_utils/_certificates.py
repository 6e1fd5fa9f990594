# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The calls that the collection makes for custom certificates.

Source: Cloudflare API, "List SSL Configurations" and "Re-prioritize SSL Certificates".
"""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._api import ApiError, Client, list_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    Malformed,
    Number,
    plain_number,
    read_certificate,
)

_DELETED = "deleted"


class ZoneCertificates(t.NamedTuple):
    """A zone's custom certificates, and the ids of those that the list still shows though they are deleted."""

    current: tuple[Certificate, ...]
    deleted: frozenset[str]


def read_certificates(client: Client, zone_id: str) -> ZoneCertificates:
    """Read all custom certificates of a zone, with one request for each 50 of them.

    :raises ApiError: as for a call, or an object of the list is not what is documented.
    """
    path = _path(zone_id)
    asked = f"list the custom certificates of zone {zone_id}"
    found = _read_all(client.list_all(path, asked), f"Could not {asked}: GET {path}")
    return ZoneCertificates(
        tuple(certificate for certificate in found if certificate.status != _DELETED),
        frozenset(certificate.id for certificate in found if certificate.status == _DELETED),
    )


def prioritize(
    client: Client, zone_id: str, numbers: t.Iterable[tuple[str, Number]], throttled_at_most: float
) -> dict[str, Certificate]:
    """Give certificates their priorities and return those that the answer shows with a priority, by id.

    :param numbers: Pairs of id and priority; the certificate to be used first comes first.
    :param throttled_at_most: See Client.call.
    :raises ApiError: as for a call.
    :raises Outdated: as for a call.
    """
    path = f"{_path(zone_id)}/prioritize"
    asked = f"set the priorities of the custom certificates of zone {zone_id}"
    body = {"certificates": [{"id": identifier, "priority": plain_number(number)} for identifier, number in numbers]}
    envelope = client.call("PUT", path, asked, body=body, throttled_at_most=throttled_at_most)
    answered = _read_all(list_of(envelope.get("result")), f"Could not {asked}: PUT {path}")
    return {certificate.id: certificate for certificate in answered if certificate.shown}


def is_unknown_certificate(error: ApiError) -> bool:
    """Tell whether a PUT was refused because the zone does not hold a certificate of the list."""
    return error.status == 404 or 1002 in error.codes


def _path(zone_id: str) -> str:
    return f"/zones/{zone_id}/custom_certificates"


def _read_all(items: t.Iterable[object], what: str) -> list[Certificate]:
    try:
        return [read_certificate(item) for item in items]
    except Malformed as error:
        raise ApiError(f"{what} gave an answer that is not as documented: {error}.") from None
