# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The options of all modules: their argument specs, the rules between them, and what they are turned into."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import OptionError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import NameUnreadable, a_labels
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import FIELDS, PATTERN_FIELDS, Entry
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import is_zone_id

Params = t.Mapping[str, t.Any]

DEFAULT_URL = "https://api.cloudflare.com/client/v4"

_SELECTOR_SPEC: dict[str, t.Any] = {field: {"type": "str"} for field in FIELDS}

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

PRIORITY_SPEC: dict[str, t.Any] = {
    **API_SPEC,
    "certificates": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {**_SELECTOR_SPEC, "priority": {"type": "int"}},
    },
    "unlisted": {"type": "str", "choices": ["last", "ignore", "fail"]},
    "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
    "verify": {"type": "str", "choices": ["answer", "read"], "default": "answer"},
}

INFO_SPEC: dict[str, t.Any] = {
    **API_SPEC,
    "filter": {"type": "list", "elements": "dict", "options": _SELECTOR_SPEC},
}

_RANGES = {"timeout": (1, 3600), "retries": (0, 100), "max_wait": (0, 86400), "rate_limit": (0, 1000000)}
_MOST_EXACT = 2**53  # beyond it, a JSON number is not exact in every reader

_CERTIFICATE_ID = re.compile(r"[0-9A-Za-z-]{1,36}", re.ASCII)
_ZONE_NAME = re.compile(r"[0-9a-z_-]+(\.[0-9a-z_-]+)+", re.ASCII)
_HOST = re.compile(r"(\*\.)?[0-9a-z_-]+(\.[0-9a-z_-]+)*", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x21-\x7e]+", re.ASCII)
# Where people put credentials into a URL: it is refused, and these parts of it are not shown.
_MISPLACED = re.compile(r"//([^/@]*)@|[?#](.*)", re.DOTALL)
_URL = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(:[0-9]{1,5})?((?:/[0-9A-Za-z._~-]+)*)", re.ASCII)


class ZoneChoice(t.NamedTuple):
    """The zone to work on: by its id, or by its name and perhaps its account."""

    id: str | None
    name: str | None
    account_id: str | None


class PriorityOptions(t.NamedTuple):
    """What C(custom_certificate_priority) was asked for."""

    zone: ZoneChoice
    entries: tuple[Entry, ...]
    unlisted: str
    missing: str
    verify: str

    @property
    def exact(self) -> bool:
        """Whether the entries say which number each certificate gets (explicit mode)."""
        return self.entries[0].priority is not None


class InfoOptions(t.NamedTuple):
    """What C(custom_certificate_info) was asked for."""

    zone: ZoneChoice
    filters: tuple[Entry, ...]


def find_credentials(params: Params, environ: t.Mapping[str, str]) -> tuple[Credentials | None, list[str]]:
    """Find the credentials to use; options win over the environment as a whole, there the token wins.

    :returns: The credentials, stripped, and every form of a secret that must not be shown.
    """
    token, email, key = (_given(params.get(name)) for name in ("api_token", "api_email", "api_key"))
    if not (token or email or key):
        token = _given(environ.get("CLOUDFLARE_API_TOKEN"))
    if not (token or email or key):
        email, key = _given(environ.get("CLOUDFLARE_EMAIL")), _given(environ.get("CLOUDFLARE_API_KEY"))
    url = params.get("api_url") or environ.get("CLOUDFLARE_BASE_URL") or ""
    misplaced = [part for found in _MISPLACED.findall(url) for part in found]
    secrets = [form for secret in (token, key, *misplaced) if secret for form in (secret, secret.strip()) if form]
    stripped = [value and value.strip() for value in (token, email, key)]
    return (Credentials(*stripped) if any(stripped) else None), secrets


def _given(value: str | None) -> str | None:
    """Return a value as it is, or nothing where it is empty: an unset secret of a CI system is an empty text."""
    return value if value and value.strip() else None


def read_connection(params: Params, environ: t.Mapping[str, str], credentials: Credentials | None) -> Connection:
    """Return where to call and as whom.

    :raises OptionError: an option cannot be what it is.
    """
    for name, (low, high) in _RANGES.items():
        if not low <= params[name] <= high or isinstance(params[name], bool):
            raise OptionError(f"'{name}' is {params[name]}: it has to be from {low} to {high}.")
    return Connection(
        url=_read_url(params, environ),
        credentials=_check_credentials(credentials),
        timeout=params["timeout"],
        retries=params["retries"],
        max_wait=params["max_wait"],
        rate_limit=params["rate_limit"],
    )


def read_priority_options(params: Params) -> PriorityOptions:
    """Return what the priority module was asked for.

    :raises OptionError: an option cannot be what it is.
    """
    entries = _read_entries(params["certificates"], "certificates")
    if not entries:
        raise OptionError(
            "'certificates' is empty: name the certificates in the order wanted, the first is used first."
        )
    _check_distinct(entries)
    _check_priorities(entries)
    unlisted = params.get("unlisted")
    if unlisted and entries[0].priority is not None:
        raise OptionError(
            f"'unlisted' is '{unlisted}', but the entries of 'certificates' have a 'priority': then all other certificates "
            "keep theirs. Remove 'unlisted', or remove every 'priority' to have just the order kept."
        )
    return PriorityOptions(
        _read_zone(params), entries, unlisted or "last", params["missing"] or "fail", params["verify"] or "answer"
    )


def read_info_options(params: Params) -> InfoOptions:
    """Return what the info module was asked for.

    :raises OptionError: an option cannot be what it is.
    """
    return InfoOptions(_read_zone(params), _read_entries(params.get("filter") or [], "filter"))


def _check_credentials(credentials: Credentials | None) -> Credentials:
    if credentials is None:
        raise OptionError(
            "No credentials: set 'api_token' or the environment variable CLOUDFLARE_API_TOKEN, or 'api_email' and "
            "'api_key' (CLOUDFLARE_EMAIL, CLOUDFLARE_API_KEY). An empty value counts as none."
        )
    if credentials.token and (credentials.email or credentials.key):
        raise OptionError(
            "'api_token' and 'api_email' with 'api_key' are two kinds of credentials, and both are given: keep one. "
            "A value from 'module_defaults' counts as given; set it to an empty text in the task to leave it out."
        )
    if not credentials.token and not (credentials.email and credentials.key):
        given, other = ("api_email", "api_key") if credentials.email else ("api_key", "api_email")
        raise OptionError(
            f"'{given}' is given without '{other}': a Global API Key needs both. An API token is 'api_token'."
        )
    for name, value in (
        ("api_token", credentials.token),
        ("api_email", credentials.email),
        ("api_key", credentials.key),
    ):
        if value and not _HEADER_VALUE.fullmatch(value):
            raise OptionError(
                f"'{name}' holds a space, a control character or one that is not ASCII, which no credential has (its value "
                "is not shown): check how it is stored, for example for a line break in the middle."
            )
    return credentials


def _read_url(params: Params, environ: t.Mapping[str, str]) -> str:
    given = params.get("api_url") or environ.get("CLOUDFLARE_BASE_URL") or DEFAULT_URL
    url = given.strip().rstrip("/")
    if "@" in url:  # which may be a secret: not shown
        raise OptionError(
            "'api_url' holds an '@': credentials do not go there but into 'api_token'. Its value is not shown."
        )
    match = _URL.fullmatch(url)
    shown = printable(given.partition("?")[0].partition("#")[0])
    if not match or ".." in url:
        raise OptionError(
            f"'api_url' is '{shown}': it has to be https://HOST[:PORT][/PATH], without a query or a fragment, such as {DEFAULT_URL}."
        )
    host = match.group(2).strip("[]")
    if host != match.group(2) and not _is_ipv6(host):
        raise OptionError(f"'api_url' is '{shown}': what stands in brackets has to be an IPv6 address.")
    if match.group(1) == "http" and not _is_loopback(host):
        raise OptionError(
            f"'api_url' is '{shown}': plain http would send the credentials in clear text; it is for 127.0.0.0/8, [::1] and "
            "localhost alone. Use https."
        )
    if int((match.group(3) or ":443")[1:]) not in range(1, 65536):
        raise OptionError(f"'api_url' is '{shown}': its port is not from 1 to 65535.")
    return url


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _read_zone(params: Params) -> ZoneChoice:
    zone_id, name, account_id = (
        str(params.get(option) or "").strip() or None for option in ("zone_id", "zone", "account_id")
    )
    if (zone_id is None) == (name is None):
        how = "Both are given" if zone_id else "Neither is given"
        raise OptionError(f"The zone is named by exactly one of 'zone_id' and 'zone'. {how}: keep one.")
    if zone_id is not None:
        if account_id is not None:
            raise OptionError(
                "'account_id' narrows a look-up by 'zone'; with 'zone_id' there is none: remove 'account_id'."
            )
        return ZoneChoice(_read_hex("zone_id", zone_id), None, None)
    return ZoneChoice(None, _read_zone_name(str(name)), account_id and _read_hex("account_id", account_id))


def _read_hex(option: str, value: str) -> str:
    if not is_zone_id(value.lower()):
        raise OptionError(
            f"'{option}' is '{printable(value, 80)}': it has to be 32 hexadecimal digits, as the dashboard's overview page "
            "shows it. INI inventories and YAML turn some ids into numbers (all digits, or one 'e' among digits): "
            f'write {option}: "..." in YAML and {option}=\'"..."\' in INI.'
        )
    return value.lower()


def _read_zone_name(name: str) -> str:
    try:
        if _ZONE_NAME.fullmatch(a_labels(name)):
            return name
        reason = "it is no domain name"
    except NameUnreadable as error:
        reason = str(error)
    raise OptionError(f"'zone' is '{printable(name, 80)}': {reason}. Give the name of a zone, such as example.com.")


def _read_entries(items: t.Iterable[Params], option: str) -> tuple[Entry, ...]:
    return tuple(_read_entry(item or {}, f"entry {number} of '{option}'") for number, item in enumerate(items, 1))


def _read_entry(item: Params, where: str) -> Entry:
    fields = {field: str(item[field]).strip() for field in FIELDS if item.get(field) is not None}
    fields = {field: value for field, value in fields.items() if value}
    if not fields:
        raise OptionError(f"{where} selects nothing: give it an 'id', or any of {', '.join(FIELDS[1:])}.")
    if "id" in fields:
        _check_id(fields, where)
    if "host" in fields:
        _check_host(fields["host"], where)
    for field in PATTERN_FIELDS:
        if fields.get(field) == "!":
            raise OptionError(f"'{field}' in {where} is '!': a pattern has to follow, such as \"!expired\".")
    return Entry(**fields, priority=_read_priority(item.get("priority"), where))


def _check_host(host: str, where: str) -> None:
    try:
        if _HOST.fullmatch(a_labels(host)):
            return
        reason = "it is no host name. Give a name such as www.example.com, or *.example.com for the wildcard itself"
    except NameUnreadable as error:
        reason = str(error)
    raise OptionError(f"'host' in {where} is '{printable(host, 80)}': {reason}.")


def _check_id(fields: t.Mapping[str, str], where: str) -> None:
    if not _CERTIFICATE_ID.fullmatch(fields["id"]):
        raise OptionError(
            f"'id' in {where} is '{printable(fields['id'], 80)}': a certificate id has at most 36 characters, all of them "
            "letters, digits or '-'. The module zonefleet.cloudflare.custom_certificate_info lists the ids."
        )
    if len(fields) > 1:
        others = " and ".join(f"'{field}'" for field in fields if field != "id")
        raise OptionError(f"{where} has an 'id' and {others}: an id says it all. Remove the one or the other.")


def _read_priority(value: t.Any, where: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise OptionError(f"'priority' in {where} is {printable(value, 80)}: it has to be a whole number.")
    if abs(value) > _MOST_EXACT:
        raise OptionError(
            f"'priority' in {where} is {printable(value, 80)}: give a number from -{_MOST_EXACT} to {_MOST_EXACT}."
        )
    return value


def _check_distinct(entries: t.Sequence[Entry]) -> None:
    seen: dict[str, int] = {}
    for number, entry in enumerate(entries, 1):
        if entry.id is not None and seen.setdefault(entry.id.lower(), number) != number:
            raise OptionError(
                f"'id' {entry.id} is in entries {seen[entry.id.lower()]} and {number} of 'certificates': a certificate has one "
                "place, remove one of them."
            )


def _check_priorities(entries: t.Sequence[Entry]) -> None:
    without = [number for number, entry in enumerate(entries, 1) if entry.priority is None]
    if without and len(without) < len(entries):
        raise OptionError(
            f"'priority' is missing in {_entries(without)} of 'certificates', others have one: give every entry its number, or "
            "none to have just the order kept."
        )


def _entries(numbers: t.Sequence[int]) -> str:
    return ("entry " if len(numbers) == 1 else "entries ") + ", ".join(map(str, numbers))
