# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The API calls of the collection, one function for each endpoint.

Source: Cloudflare API, "List SSL Configurations", "Create SSL Configuration", "Edit SSL Configuration", "Delete SSL
Configuration", "Re-prioritize SSL Certificates" and "List Zones".
"""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    Malformed,
    Number,
    plain_number,
    read_certificate,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._envelope import NOT_FROM_API, ApiError, list_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import a_labels, comparable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import ZoneChoice
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone, account_of, described, is_zone_id

FRESH = 10.0  # seconds; a task that has waited longer since its last read reads again before a write
SETTLING = (0.0, 0.5, 1.0, 2.0)  # seconds before each read after a write, as the API may show it with a delay

_MOST_SHOWN = 10
_DELETED = "deleted"


class ZoneCertificates(t.NamedTuple):
    """A zone's custom certificates.

    :param current: The certificates, without those of status C(deleted).
    :param deleted: The ids of the certificates that the API still lists with status C(deleted).
    :param waited: The value of C(Client.waited) when the list was read.
    """

    current: tuple[Certificate, ...]
    deleted: frozenset[str]
    waited: float


def read_certificates(client: Client, zone_id: str) -> ZoneCertificates:
    """Read all custom certificates of a zone, 50 per request.

    :raises ApiError: See Client.call. Also raised if a certificate in the list is malformed.
    """
    path = _path(zone_id)
    asked = f"list the custom certificates of zone {zone_id}"
    listing = client.list_all(path, asked)
    found = _read_all(listing.items, f"Could not {asked}: GET {path}")
    return ZoneCertificates(
        tuple(certificate for certificate in found if certificate.status != _DELETED),
        frozenset(certificate.id for certificate in found if certificate.status == _DELETED),
        listing.waited,
    )


class Answered(t.NamedTuple):
    """The certificates in the response to a write.

    :param current: The certificates with a priority, by id.
    :param deleted: The ids of the certificates with status C(deleted).
    """

    current: t.Mapping[str, Certificate]
    deleted: frozenset[str]


def prioritize(client: Client, zone_id: str, numbers: t.Iterable[tuple[str, Number]], stale_after: float) -> Answered:
    """Set the priorities of certificates.

    :param numbers: Pairs of id and priority, the certificate to use first at the front.
    :param stale_after: See Client.call.
    :raises ApiError: See Client.call.
    :raises Outdated: See Client.call.
    """
    path = f"{_path(zone_id)}/prioritize"
    asked = f"set the priorities of the custom certificates of zone {zone_id}"
    body = {"certificates": [{"id": identifier, "priority": plain_number(number)} for identifier, number in numbers]}
    envelope = client.call("PUT", path, asked, body=body, stale_after=stale_after)
    answered = _read_all(list_of(envelope.get("result")), f"Could not {asked}: PUT {path}")
    return Answered(
        {item.id: item for item in answered if item.shown and item.status != _DELETED},
        frozenset(item.id for item in answered if item.status == _DELETED),
    )


def upload(client: Client, zone_id: str, body: t.Mapping[str, t.Any], stale_after: float) -> str | None:
    """Upload a certificate and return its id, if the response has one.

    The request is not repeated if an attempt may have been applied.

    :param body: The request body of "Create SSL Configuration".
    :param stale_after: See Client.call.
    :raises ApiError: See Client.call.
    :raises Outdated: See Client.call.
    """
    asked = f"upload a custom certificate to zone {zone_id}"
    return _id_in(client.call("POST", _path(zone_id), asked, body=body, stale_after=stale_after, resend=False))


def renew(
    client: Client, zone_id: str, certificate_id: str, body: t.Mapping[str, t.Any], stale_after: float
) -> str | None:
    """Replace a certificate in place and return the id in the response, which may be a new one.

    The parameters and errors are those of C(upload).
    """
    asked = f"renew custom certificate {printable(certificate_id, 64)} of zone {zone_id}"
    path = _path_of(zone_id, certificate_id)
    return _id_in(client.call("PATCH", path, asked, body=body, stale_after=stale_after, resend=False))


def remove(client: Client, zone_id: str, certificate_id: str, stale_after: float) -> None:
    """Remove a certificate.

    :raises ApiError: See Client.call. Use C(is_unknown_certificate) to check whether the id does not exist.
    :raises Outdated: See Client.call.
    """
    asked = f"remove custom certificate {printable(certificate_id, 64)} of zone {zone_id}"
    client.call("DELETE", _path_of(zone_id, certificate_id), asked, stale_after=stale_after)


def _id_in(envelope: t.Mapping[str, t.Any]) -> str | None:
    result = envelope.get("result")
    identifier = result.get("id") if isinstance(result, dict) else None
    return identifier if isinstance(identifier, str) and identifier else None


def is_unknown_certificate(error: ApiError) -> bool:
    """Return whether a write was refused because the zone does not have a certificate with the id that was sent."""
    return error.status == 404 or 1002 in error.codes


def _path(zone_id: str) -> str:
    return f"/zones/{zone_id}/custom_certificates"


def _path_of(zone_id: str, certificate_id: str) -> str:
    """Return the path of a certificate.

    :raises CloudflareError: The API has returned an id with which the path would be that of the list or of the zone.
    """
    if certificate_id in (".", ".."):
        raise CloudflareError(
            f"The API returned '{certificate_id}' as the id of a certificate of zone {zone_id}, which is invalid, so no request "
            f"was sent for it. {NOT_FROM_API}"
        )
    return f"{_path(zone_id)}/{quote(certificate_id, safe='')}"


def _read_all(items: t.Iterable[object], what: str) -> list[Certificate]:
    try:
        return [read_certificate(item) for item in items]
    except Malformed as error:
        raise ApiError(f"{what} returned a response that does not match the API's documentation: {error}.") from None


def find_zone(client: Client, choice: ZoneChoice) -> Zone:
    """Return the zone of a task. A look-up by name takes one request.

    :raises CloudflareError: No zone, or more than one zone, has the name.
    """
    if choice.id is not None:
        return Zone(choice.id, choice.name)
    name = a_labels(str(choice.name))
    query = {"name": name, **({"account.id": choice.account_id} if choice.account_id else {})}
    listed = client.list_all("/zones", f"look up zone {printable(choice.name)}", query).items
    # The API ignores unknown query parameters, so the response is filtered again.
    return _select_zone(choice, [zone for zone in listed if _name_of(zone) == {name}])


def find_zones(client: Client, choices: t.Sequence[ZoneChoice]) -> list[Zone | CloudflareError]:
    """Look up zones by name in the list of all zones (50 per request).

    :returns: For each name, the zone or the error of the look-up.
    :raises CloudflareError: The list cannot be read.
    """
    by_name: dict[frozenset[str], list[dict[str, t.Any]]] = {}
    for zone in client.list_all("/zones", "list zones to find those of 'zones'").items:
        by_name.setdefault(_name_of(zone), []).append(zone)
    found: list[Zone | CloudflareError] = []
    for choice in choices:
        try:
            found.append(_select_zone(choice, by_name.get(comparable([str(choice.name)]), [])))
        except CloudflareError as error:
            found.append(error)
    return found


def _name_of(zone: t.Mapping[str, t.Any]) -> frozenset[str]:
    return comparable([str(zone.get("name"))])


def _select_zone(choice: ZoneChoice, listed: t.Sequence[t.Mapping[str, t.Any]]) -> Zone:
    """Return the requested zone from the zones with its name."""
    name, account_id = str(choice.name), choice.account_id
    matching = [zone for zone in listed if not account_id or account_of(zone, "id") == account_id]
    if not matching:
        raise CloudflareError(_no_such_zone(name, account_id))
    if len(matching) > 1:
        shown = "; ".join(described(zone) for zone in matching[:_MOST_SHOWN])
        raise CloudflareError(
            f"{len(matching)} zones have the name {printable(name)}: {shown}. Set 'account_id', or use the id of the zone."
        )
    zone_id = t.cast(str, matching[0]["id"])
    if not is_zone_id(zone_id):
        raise CloudflareError(f"The zone {printable(name)} has an id that is invalid: {printable(zone_id, 80)}.")
    return Zone(zone_id, name)


def _no_such_zone(name: str, account_id: str | None) -> str:
    within = f" in account {account_id}" if account_id else ""
    parent = name.partition(".")[2]
    hint = f" If that is a hostname, use the name of its zone, such as {printable(parent)}." if "." in parent else ""
    return (
        f"No zone {printable(name)}{within} is visible with these credentials.{hint} Check the name in 'zone' or 'zones'. To find "
        "a zone by its name, an API token also needs the permission 'Zone Read'; with the id of the zone, it does not."
    )
