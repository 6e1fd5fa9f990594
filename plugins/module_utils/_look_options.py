# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The options of M(zonefleet.cloudflare.served_certificate_info)."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    Malformed,
    read_certificate,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import OptionError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._handshake import TrustStore, find_trust_store
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import NameUnreadable, a_labels, ip_address
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import (
    API_SPEC,
    Environ,
    Params,
    ZoneChoice,
    check_numbers,
    read_connection,
    read_zone,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._served import First
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

_KEY_TYPES = ("ecdsa", "rsa", "any")
_DEFAULT_KEY_TYPES = _KEY_TYPES[:2]

SPEC: dict[str, t.Any] = {
    **API_SPEC,
    "timeout": {"type": "int", "default": 10},
    "certificates": {"type": "list", "elements": "dict"},
    "contested": {"type": "list", "elements": "dict"},
    "names": {"type": "list", "elements": "str"},
    "address": {"type": "str"},
    "port": {"type": "int", "default": 443},
    "key_types": {"type": "list", "elements": "str", "choices": list(_KEY_TYPES), "default": list(_DEFAULT_KEY_TYPES)},
}

_HOST = re.compile(r"[0-9a-z_-]+(\.[0-9a-z_-]+)*", re.ASCII)
_WHERE_FROM = "Use what zonefleet.cloudflare.custom_certificate_info returns."


class Given(t.NamedTuple):
    """The results of another module, and the zone's id if it is set.

    :param firsts: The certificate that comes first for each contested name.
    """

    zone_id: str | None
    certificates: tuple[Certificate, ...]
    firsts: dict[str, First]


class LookOptions(t.NamedTuple):
    """The parsed options of a task. Either C(given) is None, or C(connection) and C(zone) are.

    :param names: The names as lower-case A-labels, None for every contested name.
    :param address: Where to connect, None for the names themselves.
    :param timeout: Seconds for one name and kind of client.
    :param trusted: The CAs that a verifying client trusts.
    """

    connection: Connection | None
    zone: ZoneChoice | None
    given: Given | None
    names: tuple[str, ...] | None
    address: str | None
    port: int
    timeout: int
    trusted: TrustStore
    key_types: tuple[str, ...]


def read_options(params: Params, environ: Environ) -> LookOptions:
    """Parse the options of a task.

    :raises OptionError: An option is invalid.
    """
    check_numbers(params)
    given = _read_given(params)
    if not 1 <= params["port"] <= 65535:
        raise OptionError(f"'port' is {params['port']}: it must be from 1 to 65535.")
    return LookOptions(
        connection=None if given else read_connection(params, environ),
        zone=None if given else read_zone(params),
        given=given,
        names=_read_names(params.get("names")),
        address=_read_address(params.get("address")),
        port=params["port"],
        timeout=params["timeout"],
        trusted=find_trust_store(environ),
        key_types=tuple(dict.fromkeys(params.get("key_types") or _DEFAULT_KEY_TYPES)),
    )


def _read_given(params: Params) -> Given | None:
    certificates, contested = params.get("certificates"), params.get("contested")
    if (certificates is None) != (contested is None):
        given, other = ("contested", "certificates") if certificates is None else ("certificates", "contested")
        raise OptionError(
            f"'{given}' is set without '{other}': set both, or neither to read them from the API. {_WHERE_FROM}"
        )
    if certificates is None or contested is None:
        return None
    return Given(
        params.get("zone_id") or None,
        tuple(_read_certificate(item, number) for number, item in enumerate(certificates, 1)),
        # With decided_by null, a name is no longer contested.
        dict(
            _read_contest(item, number)
            for number, item in enumerate(contested, 1)
            if item.get("decided_by", "") is not None
        ),
    )


def _read_certificate(item: object, number: int) -> Certificate:
    try:
        return read_certificate(item)
    except Malformed as error:
        raise OptionError(f"Entry {number} of 'certificates' is invalid: {error}. {_WHERE_FROM}") from None


def _read_contest(item: t.Mapping[str, t.Any], number: int) -> tuple[str, First]:
    fields = [item.get(field) for field in ("name", "after", "decided_by")]
    name, first, decided_by = (field if isinstance(field, str) else None for field in fields)
    if name is None or first is None or decided_by is None:
        raise OptionError(
            f"Entry {number} of 'contested' is invalid: 'name', 'after' and 'decided_by' must be strings. {_WHERE_FROM}"
        )
    return name, First(first, decided_by)


def _read_names(names: t.Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(dict.fromkeys(_read_name(name.strip()) for name in names))


def _read_name(name: str) -> str:
    remedy = "it is not a hostname. Give one such as www.example.com; for a wildcard, a name that it covers"
    return _read_host(name, "'names' has", remedy)


def _read_address(address: str | None) -> str | None:
    """Return a hostname or an IP address, without the brackets that an IPv6 address has in a URL."""
    given = (address or "").strip()
    bare = given[1:-1] if given.startswith("[") and given.endswith("]") else given
    if not bare or ip_address(bare.partition("%")[0]):  # after a "%", the interface of a link-local address
        return bare or None
    remedy = "it must be a hostname or an IP address, without a scheme, a path or a port. For the port, use 'port'"
    return _read_host(given, "'address' is", remedy)


def _read_host(text: str, where: str, remedy: str) -> str:
    try:
        read = a_labels(text)
        if _HOST.fullmatch(read):
            return read
    except NameUnreadable as error:
        remedy = str(error)
    raise OptionError(f"{where} '{printable(text, 80)}': {remedy}.")
