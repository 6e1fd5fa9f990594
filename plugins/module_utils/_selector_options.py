# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Parses the options that select certificates."""

from __future__ import annotations

import math
import re
import typing as t
from fractions import Fraction

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Number
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import OptionError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import NameUnreadable, a_labels
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import Params
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import (
    FIELDS,
    PATTERN_FIELDS,
    SELECTORS,
    Entry,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

SELECTOR_SPEC: dict[str, t.Any] = {**{field: {"type": "str"} for field in FIELDS}, "valid_for_days": {"type": "int"}}

_MOST_DAYS = 36500

_CERTIFICATE_ID = re.compile(r"[0-9A-Za-z-]{1,36}", re.ASCII)
_HOST = re.compile(r"(\*\.)?[0-9a-z_-]+(\.[0-9a-z_-]+)*", re.ASCII)


def read_entries(items: t.Iterable[Params], option: str) -> tuple[Entry, ...]:
    """Parse a list of selectors.

    :raises OptionError: An entry is invalid.
    """
    return tuple(read_entry(item or {}, f"entry {number} of '{option}'") for number, item in enumerate(items, 1))


def read_entry(item: Params, where: str) -> Entry:
    """Parse a selector.

    :param where: Its name in messages.
    :raises OptionError: It is invalid.
    """
    fields: dict[str, t.Any] = {field: str(item[field]).strip() for field in FIELDS if item.get(field) is not None}
    fields = {field: value for field, value in fields.items() if value}
    if item.get("valid_for_days") is not None:
        fields["valid_for_days"] = _read_days(item["valid_for_days"], where)
    if not fields:
        raise OptionError(f"{where} has no selector: set 'id', or any of {', '.join(SELECTORS[1:])}.")
    if "id" in fields:
        _check_id(fields, where)
    if "host" in fields:
        _check_host(fields["host"], where)
    for field in PATTERN_FIELDS:
        if fields.get(field) == "!":
            raise OptionError(f"'{field}' in {where} is '!': add a pattern, such as \"!expired\".")
    return Entry(**fields, priority=_read_priority(item.get("priority"), where))


def _read_days(value: t.Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_DAYS:
        raise OptionError(
            f"'valid_for_days' in {where} is {printable(value, 80)}: it must be a number of days from 0 to {_MOST_DAYS}."
        )
    return value


def _check_host(host: str, where: str) -> None:
    try:
        if _HOST.fullmatch(a_labels(host)):
            return
        reason = "it is not a hostname. Give a name such as www.example.com, or *.example.com for the wildcard itself"
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
        raise OptionError(f"{where} has an 'id' and {others}, which are mutually exclusive: remove one of them.")


def _read_priority(value: t.Any, where: str) -> Number | None:
    """Return the exact value of a priority. Any number that the API returns is accepted, also fractions."""
    if value is None or value == "":
        return None
    number = _exact(value)
    if number is None:
        raise OptionError(f"'priority' in {where} is {printable(value, 80)}: it must be a number.")
    return number


def _exact(value: t.Any) -> Number | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):  # a template's result may be a string
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() else Fraction(value)
    return None
