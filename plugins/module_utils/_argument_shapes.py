# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Checks the types of arguments before ansible-core converts them, for clearer messages than its own."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.validation import check_type_int

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import FIELDS
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

_SOME_NUMBER = 30
_DAYS = "valid_for_days"


def find_misshapen(
    params: t.Mapping[str, t.Any], spec: t.Mapping[str, t.Mapping[str, t.Any]]
) -> tuple[str, dict[str, t.Any]]:
    """Check arguments before they are validated.

    :param spec: The argument spec. Every option with suboptions is a selector or a list of selectors.
    :returns: The error message, or an empty string; and the arguments, with the invalid one replaced so that ansible-core can
        convert the rest.
    """
    for option, described in spec.items():
        problem = _problem(option, described, params.get(option))
        if problem:
            empty: t.Any = {"list": [], "dict": {}}.get(described["type"], described.get("default"))
            return problem, {**params, option: empty}
    return "", dict(params)


def _problem(option: str, described: t.Mapping[str, t.Any], value: t.Any) -> str:
    if described["type"] == "int":
        return _number_problem(f"'{option}'", value, described.get("default", _SOME_NUMBER))
    if not described.get("options") or _is_converted(value):
        return ""
    return _list_problem(option, value) if described["type"] == "list" else _entry_problem(f"'{option}'", value)


def _is_converted(value: t.Any) -> bool:
    """Return whether ansible-core converts a string to a dictionary: C(key=value) or JSON."""
    return isinstance(value, str) and ("=" in value or value.lstrip().startswith("{"))


def _number_problem(where: str, value: t.Any, example: int) -> str:
    try:
        if value is not None:
            check_type_int(value)
    except TypeError:
        return f"{where} is {_shown(value)}: it must be a whole number, such as {example}."
    return ""


def _list_problem(option: str, value: t.Any) -> str:
    if isinstance(value, dict):
        return f"'{option}' is a dictionary, and must be a list of dictionaries: put '- ' before its first line."
    if isinstance(value, str):
        return f"'{option}' is {_shown(value)}, and must be a list of dictionaries, such as '- issuer: DigiCert*'."
    problems = (
        _entry_problem(f"entry {number} of '{option}'", entry)
        for number, entry in enumerate(value if isinstance(value, list) else (), 1)
    )
    return next(filter(None, problems), "")


def _entry_problem(where: str, entry: t.Any) -> str:
    if isinstance(entry, str):
        return (
            f"{where} is {_shown(entry)}, and must be a dictionary, such as "
            f"'issuer: {printable(entry, 80)}' or 'host: www.example.com'."
        )
    if isinstance(entry, list):
        return f"{where} is a list, and must be a dictionary: remove the '- ' before its first line."
    if not isinstance(entry, dict):
        return ""
    for field in FIELDS:
        if isinstance(entry.get(field), (list, dict)):
            return (
                f"'{field}' in {where} is {_shown(entry[field])}, and must be one string: use one entry for each "
                f"'{field}', or a pattern that matches them all."
            )
    return _number_problem(f"'{_DAYS}' in {where}", entry.get(_DAYS), _SOME_NUMBER)


def _shown(value: t.Any) -> str:
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a dictionary"
    return f"the string '{printable(value, 80)}'" if isinstance(value, str) else printable(value, 80)
