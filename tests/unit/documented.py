# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the result of a module with its RETURN documentation."""

from __future__ import annotations

import functools
import typing as t

import yaml

# The keys that ansible-core documents for all modules.
_COMMON = frozenset(("changed", "failed", "warnings", "deprecations", "exception", "invocation", "diff"))
# The API's own objects, which may have any field.
_OF_THE_API = frozenset(
    ("certificates", "certificate", "previous", "messages", "errors", "cloudflare_certificate_order")
)


def undocumented(module: t.Any, result: dict[str, t.Any]) -> list[str]:
    """Return the paths of all keys of a result that RETURN does not document."""
    documented = _documented(module.RETURN)
    common = _COMMON | {"msg"} if result.get("failed") else _COMMON
    return list(_missing({key: value for key, value in result.items() if key not in common}, documented, ""))


@functools.lru_cache(None)
def _documented(text: str) -> dict[str, t.Any]:
    loaded: dict[str, t.Any] = yaml.safe_load(text)
    return loaded


def _missing(value: t.Any, documented: dict[str, t.Any], path: str) -> t.Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        for key, inner in item.items() if isinstance(item, dict) else ():
            if key not in documented:
                yield path + key
            elif key not in _OF_THE_API and "contains" in documented[key]:
                yield from _missing(inner, documented[key]["contains"], f"{path}{key}/")
