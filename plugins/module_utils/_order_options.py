# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The options of M(zonefleet.cloudflare.custom_certificate_priority)."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import OptionError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import (
    API_SPEC,
    ZONES_SPEC,
    Environ,
    ManyZones,
    Params,
    ZoneChoice,
    read_connection,
    read_zones,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selector_options import SELECTOR_SPEC, read_entries
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import Entry

SPEC: dict[str, t.Any] = {
    **API_SPEC,
    **ZONES_SPEC,
    "certificates": {
        "type": "list",
        "elements": "dict",
        "required": True,
        # Raw, so that any number that the API returns is accepted without loss of precision.
        "options": {**SELECTOR_SPEC, "priority": {"type": "raw"}},
    },
    "unlisted": {"type": "str", "choices": ["last", "ignore", "fail"]},
    "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
    "return_certificates": {"type": "bool"},
    "verify": {"type": "str", "choices": ["answer", "read"], "default": "answer"},
}


class OrderOptions(t.NamedTuple):
    """The parsed options of a task."""

    connection: Connection
    zone: ZoneChoice | ManyZones
    entries: tuple[Entry, ...]
    unlisted: str
    missing: str
    verify: str
    return_certificates: bool

    @property
    def exact(self) -> bool:
        """Whether the entries set exact priorities (explicit mode)."""
        return self.entries[0].priority is not None


def read_options(params: Params, environ: Environ) -> OrderOptions:
    """Parse the options of a task.

    :raises OptionError: An option is invalid, or conflicts with another one.
    """
    connection = read_connection(params, environ)
    entries = read_entries(params["certificates"], "certificates")
    if not entries:
        raise OptionError(
            "'certificates' is empty: list the certificates in order, starting with the one to use first."
        )
    _check_distinct(entries)
    _check_priorities(entries)
    unlisted = params.get("unlisted")
    if unlisted and entries[0].priority is not None:
        raise OptionError(
            f"'unlisted' is '{unlisted}', but the entries of 'certificates' have a 'priority', and the two are mutually "
            "exclusive. Remove 'unlisted', or remove every 'priority' to set only the order."
        )
    zone, return_certificates = read_zones(params), params.get("return_certificates")
    return OrderOptions(
        connection,
        zone,
        entries,
        unlisted or "last",
        params["missing"] or "fail",
        params["verify"] or "answer",
        isinstance(zone, ZoneChoice) if return_certificates is None else return_certificates,
    )


def _check_distinct(entries: t.Sequence[Entry]) -> None:
    seen: dict[str, int] = {}
    for number, entry in enumerate(entries, 1):
        if entry.id is not None and seen.setdefault(entry.id, number) != number:
            raise OptionError(
                f"'id' {entry.id} is in entries {seen[entry.id]} and {number} of 'certificates': remove one of them."
            )


def _check_priorities(entries: t.Sequence[Entry]) -> None:
    without = [number for number, entry in enumerate(entries, 1) if entry.priority is None]
    if without and len(without) < len(entries):
        raise OptionError(
            f"'priority' is missing in {_numbered(without)} of 'certificates', but other entries have one: set it in every entry, or "
            "in none to set only the order."
        )


def _numbered(numbers: t.Sequence[int]) -> str:
    return ("entry " if len(numbers) == 1 else "entries ") + ", ".join(map(str, numbers))
