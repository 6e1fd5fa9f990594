# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Read a zone's custom certificates, and who is served first."""

from __future__ import annotations

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._calls import read_certificates, zone_id_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import numbers_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import Params, read_info_options
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report, show_certificates
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import claim


def inspect(client: Client, params: Params, check_mode: bool) -> Report:  # pylint: disable=unused-argument
    """Do what the task's options ask for; in check mode, too, as nothing is ever changed.

    :raises CloudflareError: the zone or its certificates cannot be read.
    """
    options = read_info_options(params)
    zone_id = zone_id_of(client, options.zone)
    current = read_certificates(client, zone_id).current
    numbers = numbers_of(current)
    chosen = set(numbers)
    if options.filters:
        chosen = set().union(*(found.matches for found in claim(options.filters, current)))
    return Report(
        {
            "changed": False,
            "zone_id": zone_id,
            "certificates": show_certificates((found for found in current if found.id in chosen), numbers),
            # Of all certificates: what a filter leaves out is served all the same.
            "contested": [contest.as_result() for contest in find_contests(current, numbers, numbers)],
        },
        [],
    )
