# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Lists of selectors that are not lists of dictionaries, which ansible-core's own conversion would describe badly. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import FIELDS
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable


def find_misshapen(
    params: t.Mapping[str, t.Any], spec: t.Mapping[str, t.Mapping[str, t.Any]]
) -> tuple[str, dict[str, t.Any]]:
    """Look at arguments before they are validated.

    :param spec: The argument spec; selectors, and lists of them, are what has options of its own.
    :returns: What is wrong, empty if nothing is; and the arguments, without what ansible-core would not even convert.
    """
    for option, described in spec.items():
        if described.get("options"):
            is_list, value = described["type"] == "list", params.get(option)
            if isinstance(value, str) and _is_converted(value):
                continue
            problem = _list_problem(option, value) if is_list else _entry_problem(f"'{option}'", value)
            if problem:
                return problem, {**params, option: [] if is_list else {}}
    return "", dict(params)


def _is_converted(value: str) -> bool:
    """Tell whether ansible-core reads a string as what it should be: C(key=value), as on a command line, or JSON."""
    return "=" in value or value.lstrip().startswith("{")


def _list_problem(option: str, value: t.Any) -> str:
    if isinstance(value, dict):
        return f"'{option}' is a dictionary, and must be a list of dictionaries: put '- ' before its first line."
    if isinstance(value, str):
        return (
            f"'{option}' is the string '{printable(value, 80)}', and must be a list of dictionaries, such as "
            "'- issuer: DigiCert*'."
        )
    problems = (
        _entry_problem(f"entry {number} of '{option}'", entry)
        for number, entry in enumerate(value if isinstance(value, list) else (), 1)
    )
    return next(filter(None, problems), "")


def _entry_problem(where: str, entry: t.Any) -> str:
    if isinstance(entry, str):
        return (
            f"{where} is the string '{printable(entry, 80)}', and must be a dictionary, such as "
            f"'issuer: {printable(entry, 80)}' or 'host: www.example.com'."
        )
    for field in FIELDS if isinstance(entry, dict) else ():
        if isinstance(entry.get(field), (list, dict)):
            kind = "list" if isinstance(entry[field], list) else "dictionary"
            return (
                f"'{field}' in {where} is a {kind}, and must be one string: use one entry for each "
                f"'{field}', or a pattern that matches them all."
            )
    return ""
