# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The options that all modules share: the API's URL, the credentials and the zone.

Each module parses its own options in a separate file, such as _order_options.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import OptionError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import NameUnreadable, a_labels, ip_address
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._route import find_route
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import is_zone_id

Params = t.Mapping[str, t.Any]
Environ = t.Mapping[str, str]

DEFAULT_URL = "https://api.cloudflare.com/client/v4"

API_SPEC: dict[str, t.Any] = {
    "api_token": {"type": "str", "no_log": True},
    "api_email": {"type": "str", "aliases": ["account_email"]},
    "api_key": {"type": "str", "no_log": True, "aliases": ["account_api_key"]},
    "api_url": {"type": "str"},
    "timeout": {"type": "int", "default": 30},
    "retries": {"type": "int", "default": 5},
    "max_wait": {"type": "int", "default": 660},
    "rate_limit": {"type": "int", "default": 1000},
    "zone_id": {"type": "str"},
    "zone": {"type": "str", "aliases": ["domain"]},
    "account_id": {"type": "str"},
}

# For the modules that support many zones in one task.
ZONES_SPEC: dict[str, t.Any] = {
    "zones": {"type": "list", "elements": "str"},
    "concurrency": {"type": "int", "default": 20},
}

_RANGES = {"timeout": (1, 3600), "retries": (0, 100), "max_wait": (0, 86400), "rate_limit": (0, 1000000)}
_MOST_AT_A_TIME = 200  # the API allows this many requests per second from an IP address

_ZONE_NAME = re.compile(r"[0-9a-z_-]+(\.[0-9a-z_-]+)+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x21-\x7e]+", re.ASCII)
_URL = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(:[0-9]{1,5})?((?:/[0-9A-Za-z._~-]+)*)", re.ASCII)


class ZoneChoice(t.NamedTuple):
    """A zone as the task sets it: by id, or by name and optionally account."""

    id: str | None
    name: str | None
    account_id: str | None


class ManyZones(t.NamedTuple):
    """The zones of a task for many zones.

    :param concurrency: How many zones to process at a time.
    """

    choices: tuple[ZoneChoice, ...]
    concurrency: int


def find_credentials(params: Params, environ: Environ) -> Credentials | None:
    """Return the credentials, without surrounding whitespace, or None.

    If any option is set, the environment is ignored. In the environment, the token takes precedence.
    """
    token, email, key = (_given(params.get(name)) for name in ("api_token", "api_email", "api_key"))
    if not (token or email or key):
        token = _given(environ.get("CLOUDFLARE_API_TOKEN"))
    if not (token or email or key):
        email, key = _given(environ.get("CLOUDFLARE_EMAIL")), _given(environ.get("CLOUDFLARE_API_KEY"))
    stripped = [value and value.strip() for value in (token, email, key)]
    return Credentials(*stripped) if any(stripped) else None


def _given(value: str | None) -> str | None:
    """Return a value, or None if it is empty. CI systems pass an unset secret as an empty string."""
    return value if value and value.strip() else None


def check_numbers(params: Params) -> None:
    """Check the ranges of the numeric options that all modules share.

    :raises OptionError: A value is out of range.
    """
    for name, (low, high) in _RANGES.items():
        if not low <= params[name] <= high or isinstance(params[name], bool):
            raise OptionError(f"'{name}' is {params[name]}: it must be from {low} to {high}.")


def read_connection(params: Params, environ: Environ) -> Connection:
    """Parse the connection options.

    :raises OptionError: An option is invalid.
    """
    check_numbers(params)
    url = _read_url(params, environ)
    return Connection(
        url=url,
        route=find_route(url, environ),
        credentials=_check_credentials(find_credentials(params, environ)),
        timeout=params["timeout"],
        retries=params["retries"],
        max_wait=params["max_wait"],
        rate_limit=params["rate_limit"],
    )


def _check_credentials(credentials: Credentials | None) -> Credentials:
    if credentials is None:
        raise OptionError(
            "No credentials: set 'api_token' or the environment variable CLOUDFLARE_API_TOKEN, or 'api_email' and "
            "'api_key' (CLOUDFLARE_EMAIL, CLOUDFLARE_API_KEY). An empty value counts as none."
        )
    if credentials.token and (credentials.email or credentials.key):
        raise OptionError(
            "'api_token' and 'api_email' with 'api_key' are two kinds of credentials and mutually exclusive: set only one of "
            "them. A value from 'module_defaults' counts as set; set it to an empty string in the task to unset it."
        )
    if not credentials.token and not (credentials.email and credentials.key):
        given, other = ("api_email", "api_key") if credentials.email else ("api_key", "api_email")
        raise OptionError(
            f"'{given}' is set without '{other}': a Global API Key needs both. For an API token, use 'api_token'."
        )
    for name, value in (
        ("api_token", credentials.token),
        ("api_email", credentials.email),
        ("api_key", credentials.key),
    ):
        if value and not _HEADER_VALUE.fullmatch(value):
            raise OptionError(
                f"'{name}' contains a space, a control character or a non-ASCII character, which is invalid (its value is "
                "not shown): check how it is stored, for example for a line break in the middle."
            )
    return credentials


def _read_url(params: Params, environ: Environ) -> str:
    given = params.get("api_url") or environ.get("CLOUDFLARE_BASE_URL") or DEFAULT_URL
    url = given.strip().rstrip("/")
    if "@" in url:  # which may be a secret: not shown
        raise OptionError("'api_url' contains an '@': set credentials in 'api_token' instead. Its value is not shown.")
    match = _URL.fullmatch(url)
    shown = printable(given.partition("?")[0].partition("#")[0])
    if not match or ".." in url:
        raise OptionError(
            f"'api_url' is '{shown}': it must be https://HOST[:PORT][/PATH], without a query or a fragment, such as {DEFAULT_URL}."
        )
    host = match.group(2).strip("[]")
    if host != match.group(2) and not _is_ipv6(host):
        raise OptionError(f"'api_url' is '{shown}': the part in brackets must be an IPv6 address.")
    if match.group(1) == "http" and not _is_loopback(host):
        raise OptionError(
            f"'api_url' is '{shown}': plain http would send the credentials in clear text and is allowed only for 127.0.0.0/8, "
            "[::1] and localhost. Use https."
        )
    if int((match.group(3) or ":443")[1:]) not in range(1, 65536):
        raise OptionError(f"'api_url' is '{shown}': its port is not from 1 to 65535.")
    return url


def _is_ipv6(host: str) -> bool:
    address = ip_address(host)
    return address is not None and address.version == 6


def _is_loopback(host: str) -> bool:
    address = ip_address(host)
    return address.is_loopback if address else host.lower() == "localhost"


def read_zone(params: Params) -> ZoneChoice:
    """Parse O(zone_id), O(zone) and O(account_id).

    :raises OptionError: No zone is set, two options are mutually exclusive, or a value is invalid.
    """
    zone_id, name, account_id = (
        str(params.get(option) or "").strip() or None for option in ("zone_id", "zone", "account_id")
    )
    if zone_id is None and name is None:
        raise OptionError("No zone: set 'zone_id' or 'zone'.")
    if zone_id is not None and name is not None:
        raise OptionError("'zone_id' and 'zone' are mutually exclusive: set only one of them.")
    if zone_id is not None:
        if account_id is not None:
            raise OptionError("'account_id' and 'zone_id' are mutually exclusive: remove 'account_id'.")
        return ZoneChoice(_read_hex("zone_id", zone_id), None, None)
    return ZoneChoice(None, _read_zone_name(str(name)), account_id and _read_hex("account_id", account_id))


def read_zones(params: Params) -> ZoneChoice | ManyZones:
    """Parse O(zones), or the options of C(read_zone) if it is unset.

    :raises OptionError: See C(read_zone). Also raised if a zone is listed twice.
    """
    named = params.get("zones")
    if named is None:
        return read_zone(params)
    for option in ("zone_id", "zone"):
        if str(params.get(option) or "").strip():
            raise OptionError(f"'{option}' and 'zones' are mutually exclusive: set only one of them.")
    if not named:
        raise OptionError("'zones' is empty: list the ids or names of zones.")
    concurrency = params["concurrency"]
    if not 1 <= concurrency <= _MOST_AT_A_TIME:
        raise OptionError(f"'concurrency' is {concurrency}: it must be from 1 to {_MOST_AT_A_TIME}.")
    account_id = str(params.get("account_id") or "").strip() or None
    account_id = account_id and _read_hex("account_id", account_id)
    return ManyZones(tuple(_read_one_of_many(named, account_id)), concurrency)


def _read_one_of_many(named: t.Iterable[t.Any], account_id: str | None) -> t.Iterator[ZoneChoice]:
    places: dict[str, int] = {}
    for number, item in enumerate(named, 1):
        text = str(item).strip()
        if is_zone_id(text.lower()):
            key, choice = text.lower(), ZoneChoice(text.lower(), None, None)
        else:
            _read_zone_name(text, f"entry {number} of 'zones'")
            key, choice = a_labels(text), ZoneChoice(None, text, account_id)
        if places.setdefault(key, number) != number:
            raise OptionError(
                f"'{printable(text, 80)}' is in entries {places[key]} and {number} of 'zones': remove one of them."
            )
        yield choice


def _read_hex(option: str, value: str) -> str:
    if is_zone_id(value.lower()):
        return value.lower()
    if option == "zone_id" and _ZONE_NAME.fullmatch(value.lower()):
        raise OptionError(f"'zone_id' is '{printable(value, 80)}'. That is the name of a zone: use 'zone' for it.")
    raise OptionError(
        f"'{option}' is '{printable(value, 80)}': it must be 32 hexadecimal digits, as the dashboard's overview page "
        "shows it. INI inventories and YAML turn some ids into numbers (all digits, or one 'e' among digits): "
        f'write {option}: "..." in YAML and {option}=\'"..."\' in INI.'
    )


def _read_zone_name(name: str, where: str = "'zone'") -> str:
    try:
        if _ZONE_NAME.fullmatch(a_labels(name)):
            return name
        if is_zone_id(name.lower()):
            raise OptionError(f"{where} is '{name}'. That is the ID of a zone: use 'zone_id' for it.")
        reason = "it is not a domain name"
    except NameUnreadable as error:
        reason = str(error)
    raise OptionError(f"{where} is '{printable(name, 80)}': {reason}. Give the name of a zone, such as example.com.")
