# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Reads, for many zones, how many custom certificates each one has and whether it has contested names."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._calls import read_certificates
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import numbers_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._envelope import ApiError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._side_by_side import side_by_side

_AT_A_TIME = 20
_PROGRESS_EVERY = 5.0  # seconds
_PLAN_HAS_NONE = 1011  # "Plan level does not allow custom certificates"


class Held(t.NamedTuple):
    """The custom certificates of a zone.

    :param number: How many there are.
    :param contested: Whether two of them cover the same hostname.
    """

    number: int
    contested: bool


def read_held(
    open_client: t.Callable[[], Client], zone_ids: t.Sequence[str], tell: t.Callable[[str], None]
) -> dict[str, Held]:
    """Read the certificates of zones in parallel, one request per zone. A zone whose plan does not include any has none.

    :param tell: Called with a progress message, at most every five seconds.
    :raises CloudflareError: A zone cannot be read.
    """
    done, next_time = 0, time.monotonic() + _PROGRESS_EVERY

    def see(held: Held | None) -> None:
        nonlocal done, next_time
        done += held is not None
        if time.monotonic() >= next_time:
            next_time = time.monotonic() + _PROGRESS_EVERY
            tell(f"The certificates of {done} of {len(zone_ids)} zones are read.")

    held = side_by_side(lambda zone_id: _read(open_client, zone_id), zone_ids, _AT_A_TIME, see)
    return dict(zip(zone_ids, held, strict=True))


def _read(open_client: t.Callable[[], Client], zone_id: str) -> Held:
    with open_client() as client:
        try:
            current = read_certificates(client, zone_id).current
        except ApiError as error:
            if _PLAN_HAS_NONE in error.codes:
                return Held(0, False)
            raise
    numbers = numbers_of(current)
    return Held(len(current), bool(find_contests(current, numbers, numbers)))
