# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The logic of the inventory plugin: which zones become hosts, with which names and variables. Pure."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import typing as t
import unicodedata
from dataclasses import dataclass

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError, OptionError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import NameUnreadable, a_labels, comparable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import matcher
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed, printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import (
    account_of,
    described,
    is_zone_id,
    part_of,
)
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._zone_certificates import Held

Zone = t.Mapping[str, t.Any]

FILTERS = ("accounts", "names", "statuses", "plans", "types")

# Without this filter, the API omits zones of type "internal".
_EVERY_TYPE = "?type=full,partial,secondary,internal"

# The values that Cloudflare documents. A pattern that matches none of them is an error, as it would exclude every zone or none.
_KNOWN = {
    "statuses": ("initializing", "pending", "active", "moved"),
    "plans": ("free", "pro", "business", "enterprise"),
    "types": ("full", "partial", "secondary", "internal"),
}

_CACHE_FORMAT = 2
_CACHE_SALT = "zonefleet.cloudflare.zones inventory cache"

_MARKS = frozenset("._-+=@")


@dataclass(frozen=True)
class Filter:
    """A list of shell patterns. A value must match one of the plain patterns, if there are any, and no negated one."""

    option: str
    patterns: tuple[str, ...]

    def keeps(self, *forms: str | None) -> bool:
        """Return whether a value passes. It may have several equivalent forms."""
        plain = [pattern for pattern in self.patterns if not pattern.startswith("!")]
        negated = [pattern for pattern in self.patterns if pattern.startswith("!")]
        return (not plain or any(_matches(pattern, form) for pattern in plain for form in forms)) and not any(
            _matches(pattern[1:], form) for pattern in negated for form in forms
        )

    @property
    def only(self) -> str | None:
        """The pattern in lower case if there is only one, else None."""
        return self.patterns[0].lower() if len(self.patterns) == 1 else None


@dataclass(frozen=True)
class Filters:
    """The filters that decide whether a zone becomes a host."""

    by_option: t.Mapping[str, Filter]

    def path(self) -> str:
        """Return the path of the list of zones. Requesting every type does not count as a filter (see C(query))."""
        internal = "types" in self.by_option and self.by_option["types"].keeps("internal")
        return f"/zones{_EVERY_TYPE}" if internal else "/zones"

    def query(self) -> dict[str, str]:
        """Return the query parameters with which the API filters the list. It may ignore them, so C(keeps) filters again.

        The totals cannot prove that a filtered list is complete, so only the account is sent, which excludes the most zones.
        """
        account = self.by_option["accounts"].only if "accounts" in self.by_option else None
        return {"account.id": account} if account and is_zone_id(account) else {}

    def keeps(self, zone: Zone) -> bool:
        """Return whether the zone passes every filter."""
        return all(item.keeps(*_FORMS[option](zone)) for option, item in self.by_option.items())

    def __str__(self) -> str:
        return "; ".join(f"'{option}': {listed(item.patterns)}" for option, item in self.by_option.items())


def read_filters(given: t.Mapping[str, t.Any]) -> Filters:
    """Parse the filter options. Each one is a list, or a string with commas.

    :raises OptionError: An entry is invalid.
    """
    found = {option: Filter(option, _read_patterns(option, given.get(option))) for option in FILTERS}
    return Filters({option: item for option, item in found.items() if item.patterns})


def _read_patterns(option: str, given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    items = given.split(",") if isinstance(given, str) else given
    if not isinstance(items, (list, tuple)):
        raise OptionError(f"'{option}' is {printable(given, 80)}: it must be a list of strings.")
    return tuple(_read_pattern(option, number, item) for number, item in enumerate(items, 1))


def _read_pattern(option: str, number: int, item: object) -> str:
    pattern = str(item).strip() if isinstance(item, (str, int)) and not isinstance(item, bool) else ""
    if not pattern.removeprefix("!"):
        # Ignoring an empty pattern would make the inventory larger than intended.
        raise OptionError(
            f"entry {number} of '{option}' is {printable(repr(item), 80)}: it must be a string: a value or a shell "
            "pattern, with or without a leading '!'."
        )
    known = _KNOWN.get(option, ())
    if known and not any(matcher(pattern.removeprefix("!"))(value) for value in known):
        near = difflib.get_close_matches(pattern.removeprefix("!").lower(), known, 1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise OptionError(
            f"entry {number} of '{option}' is '{printable(pattern, 80)}', which matches none of {', '.join(known)}.{meant}"
        )
    if option == "names" and not pattern.isascii() and not re.search(r"[*?\[]", pattern):
        try:
            return "!" * pattern.startswith("!") + a_labels(pattern.removeprefix("!"))
        except NameUnreadable as error:
            raise OptionError(f"entry {number} of '{option}' is '{printable(pattern, 80)}': {error}.") from None
    return pattern


def _matches(pattern: str, value: str | None) -> bool:
    # Account names may contain brackets, so a string always matches itself.
    return value is not None and (value.casefold() == pattern.casefold() or matcher(pattern)(value))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _name_forms(zone: Zone) -> list[str | None]:
    name = zone_name(zone)
    forms: list[str | None] = [name]
    if not name.isascii():
        forms += comparable([name])
    elif "xn--" in name.lower():
        forms.append(_in_its_script(name))
    return forms


def _in_its_script(name: str) -> str | None:
    try:
        # Imported here, because few runs need it.
        import idna  # pylint: disable=import-outside-toplevel

        return idna.decode(name)
    except (ImportError, UnicodeError):
        return None


_FORMS: dict[str, t.Callable[[Zone], list[str | None]]] = {
    "accounts": lambda zone: [_text(account_of(zone, "id")), _text(account_of(zone, "name"))],
    "names": _name_forms,
    "statuses": lambda zone: [_text(zone.get("status"))],
    "plans": lambda zone: [_text(part_of(zone, "plan", "legacy_id"))],
    "types": lambda zone: [_text(zone.get("type"))],
}


def zone_name(zone: Zone) -> str:
    """Return the zone's name.

    :raises CloudflareError: The zone has no name.
    """
    name = zone.get("name")
    if not isinstance(name, str) or not name:
        raise CloudflareError(
            f"Could not list zones: GET /zones answered with zone {printable(zone.get('id'), 64)} without a name."
        )
    return name


def host_variables(zone: Zone, held: Held | None = None) -> dict[str, t.Any]:
    """Return the host variables of a zone. Values that the API does not return are null."""
    return {
        **({} if held is None else {"cloudflare_custom_certificates": held.number}),
        "cloudflare_zone_id": zone["id"],
        "cloudflare_zone_name": zone_name(zone),
        "cloudflare_zone_status": zone.get("status"),
        "cloudflare_zone_plan": part_of(zone, "plan", "legacy_id"),
        "cloudflare_custom_certificate_quota": read_quota(part_of(zone, "meta", "custom_certificate_quota")),
        "cloudflare_account_id": account_of(zone, "id"),
        "cloudflare_account_name": account_of(zone, "name"),
        "cloudflare_zone": dict(zone),
    }


def read_quota(value: object) -> int | None:
    """Parse a quota, which the API returns as a number or a string. Return None if it is invalid."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        return int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 and value % 1 == 0:
        return int(value)
    return None


@dataclass(frozen=True)
class ZoneHost:
    """A zone with the name of its host."""

    name: str
    zone: Zone
    variables: t.Mapping[str, t.Any]
    contested: bool = False


def host_name(given: object, zone: Zone) -> str:
    """Check the host name of a zone, and return it as a plain string.

    :param given: The result of the template in O(hostname).
    :raises CloudflareError: Host patterns, C(--limit) or Ansible itself would interpret the name differently.
    """
    if not isinstance(given, str):
        problem = f"is {'nothing' if given is None else 'of type ' + type(given).__name__}, and must be a string"
    elif not given:
        problem = "is empty"
    elif not all(char in _MARKS or unicodedata.category(char)[0] in "LMN" for char in given):
        problem = f"contains characters other than letters, digits and {' '.join(sorted(_MARKS))}, which host patterns do not support"
    elif not given[0].isalnum() and given[0] != "_":
        problem = "begins with neither a letter nor a digit nor _"
    elif given.lower() == "localhost" or re.fullmatch(r"127\.[0-9.]+", given, re.ASCII):
        problem = "is that of the control node"
    else:
        return "".join(given)  # a plain str, not a tagged one
    raise CloudflareError(
        f"The host name {printable(given, 80)!r} of zone {described(zone)} {problem}: set 'hostname' to a template that "
        'returns another name, such as "{{ cloudflare_zone_id }}".'
    )


def check_names(hosts: t.Iterable[ZoneHost], others: t.Callable[[str], str | None]) -> None:
    """Check that every host name is unique.

    :param others: Returns where else in the inventory a name is defined, or None.
    :raises CloudflareError: A name is not unique.
    """
    by_name: dict[str, list[ZoneHost]] = {}
    for host in hosts:
        by_name.setdefault(host.name, []).append(host)
    for same in by_name.values():
        if len(same) > 1:
            raise CloudflareError(_duplicate_message(same, sum(1 for each in by_name.values() if len(each) > 1) - 1))
    taken = [(name, where) for name in by_name if (where := others(name)) is not None]
    if taken:
        name, where = taken[0]
        raise CloudflareError(_taken_message(name, by_name[name][0].zone, where, len(taken) - 1))


def _duplicate_message(hosts: t.Sequence[ZoneHost], further: int) -> str:
    zones = "; ".join(described(host.zone) for host in hosts[:5])
    return (
        f"The host name {printable(hosts[0].name)} is that of {len(hosts)} zones: {zones}.{_and_more(further)} Exclude "
        "all but one with 'statuses' (such as [active]) or 'accounts', or set 'hostname' to a template that returns unique "
        'names, such as "{{ cloudflare_zone_name }}.{{ cloudflare_account_id }}".'
    )


def _taken_message(name: str, zone: Zone, where: str, further: int) -> str:
    return (
        f"The host name {printable(name)} of zone {described(zone)} is already {where}. The two would become one host, and "
        f"tasks for the one would run for the other.{_and_more(further)} Use a separate inventory for zones, exclude the zone "
        "with 'accounts', 'names' or 'statuses', or set 'hostname' to a template that returns other names, such as "
        '"{{ cloudflare_zone_name }}.zone".'
    )


def _and_more(further: int) -> str:
    return f" The same applies to {further} more {'name' if further == 1 else 'names'}." if further else ""


def cache_digest(connection: Connection, path: str, query: t.Mapping[str, str]) -> str:
    """Return a cache key for the credentials, the API and the query. It does not reveal any of them."""
    credentials = connection.credentials
    who = [credentials.token, credentials.email, credentials.key]
    parts = [_CACHE_SALT, who, connection.url, path, sorted(query.items())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


class Reading(t.NamedTuple):
    """The zones that were read, and the certificates by zone id."""

    zones: list[dict[str, t.Any]]
    held: dict[str, Held]


def to_cache(reading: Reading) -> dict[str, t.Any]:
    """Return the cache entry of a reading."""
    held = {zone_id: list(item) for zone_id, item in reading.held.items()}
    return {"format": _CACHE_FORMAT, "zones": reading.zones, "certificates": held}


def from_cache(content: object) -> Reading | None:
    """Return the reading of a cache entry, or None if the entry is invalid or of another version."""
    if not isinstance(content, dict) or content.get("format") != _CACHE_FORMAT:
        return None
    zones, held = content.get("zones"), content.get("certificates")
    if not isinstance(zones, list) or not isinstance(held, dict):
        return None
    if not all(isinstance(zone, dict) and isinstance(zone.get("id"), str) for zone in zones):
        return None
    try:
        return Reading(
            zones, {zone_id: Held(int(number), bool(contested)) for zone_id, (number, contested) in held.items()}
        )
    except (TypeError, ValueError):
        return None
