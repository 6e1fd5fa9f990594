# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The options of M(zonefleet.cloudflare.custom_certificate_info)."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
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
    "filter": {"type": "list", "elements": "dict", "options": SELECTOR_SPEC},
}


class InfoOptions(t.NamedTuple):
    """The parsed options of a task."""

    connection: Connection
    zone: ZoneChoice | ManyZones
    filters: tuple[Entry, ...]
    return_certificates: bool = True  # of each zone


def read_options(params: Params, environ: Environ) -> InfoOptions:
    """Parse the options of a task.

    :raises OptionError: An option is invalid.
    """
    connection = read_connection(params, environ)
    return InfoOptions(connection, read_zones(params), read_entries(params.get("filter") or [], "filter"))
