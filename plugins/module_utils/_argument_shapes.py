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

    :param spec: The argument spec; lists of selectors are those whose elements have options of their own.
    :returns: What is wrong, empty if nothing is; and the arguments, without what ansible-core would not even convert.
    """
    for option in (name for name, described in spec.items() if described.get("options")):
        problem = _problem(option, params.get(option))
        if problem:
            return problem, {**params, option: []}
    return "", dict(params)


def _problem(option: str, value: t.Any) -> str:
    for number, entry in enumerate(value if isinstance(value, list) else (), 1):
        where = f"entry {number} of '{option}'"
        if isinstance(entry, str):
            return (
                f"{where} is the string '{printable(entry, 80)}', and has to be a dictionary, such as "
                f"'issuer: {printable(entry, 80)}' or 'host: www.example.com'."
            )
        if isinstance(entry, dict):
            for field in FIELDS:
                if isinstance(entry.get(field), (list, dict)):
                    kind = "list" if isinstance(entry[field], list) else "dictionary"
                    return (
                        f"'{field}' in {where} is a {kind}, and has to be one string: use one entry for each "
                        f"'{field}', or a pattern that matches them all."
                    )
    return ""
