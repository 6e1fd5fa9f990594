# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Reads a zone's custom certificates and determines which one comes first for each contested name."""

from __future__ import annotations

from datetime import datetime, timezone

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._calls import read_certificates
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import numbers_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._info_options import SPEC, InfoOptions, read_options
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._near_matches import near_match_warnings
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report, show_certificates
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import claim
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone


def inspect(
    client: Client, zone: Zone, options: InfoOptions, check_mode: bool  # pylint: disable=unused-argument
) -> Report:
    """Read the certificates of a zone. Check mode makes no difference.

    :raises CloudflareError: The certificates cannot be read.
    """
    current = read_certificates(client, zone.id).current
    numbers = numbers_of(current)
    now = datetime.now(timezone.utc)
    claims = claim(options.filters, current, now)
    chosen = set().union(*(claimed.matches for claimed in claims)) if options.filters else set(numbers)
    unmatched = [claimed.entry for claimed in claims if not claimed.matches]
    return Report(
        {
            "changed": False,
            "zone_id": zone.id,
            "certificates": show_certificates((item for item in current if item.id in chosen), numbers),
            # From all certificates: Cloudflare serves those that the filter excludes as well.
            "contested": [contest.as_result() for contest in find_contests(current, numbers, numbers)],
        },
        near_match_warnings(unmatched, current, "filter", now),
    )


INSPECT = Job(SPEC, read_options, inspect, read_only=True)
