# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rate limit: a user who makes more requests in the window than allowed is banned for a while."""

from __future__ import annotations

import collections
import dataclasses
import math
import time

EVERYONE = "*"


@dataclasses.dataclass(frozen=True)
class Throttle:
    """The limits, by default Cloudflare's: a ban of `ban` seconds for more than `limit` requests in `window` seconds."""

    limit: int = 1200
    window: float = 300
    ban: float = 300


REAL = Throttle()


class Guard:
    """Counts the requests of each user, with all tokens together."""

    def __init__(self, throttle: Throttle | None) -> None:
        self.throttle = throttle
        self.refused = 0
        self._spent: collections.defaultdict[str, collections.deque[float]] = collections.defaultdict(collections.deque)
        self._banned_until: dict[str, float] = {}

    def admit(self, user: str) -> float:
        """Count a request. Return the remaining seconds of a ban, 0 if there is none."""
        moment = time.monotonic()
        left = max(self._banned_until.get(user, 0.0), self._banned_until.get(EVERYONE, 0.0)) - moment
        if left <= 0 and self.throttle is not None and not self._spend(user, moment, self.throttle):
            self._banned_until[user] = moment + self.throttle.ban
            left = self.throttle.ban
        if left > 0:
            self.refused += 1
            return left
        return 0.0

    def ban(self, seconds: float, user: str = EVERYONE) -> None:
        """Ban a user, or all users, for this number of seconds from now; 0 ends a ban."""
        self._banned_until[user] = time.monotonic() + seconds

    def outsider(self, requests: int, user: str) -> None:
        """Count requests of a user, as if a dashboard or another tool had made them."""
        self._spent[user].extend([time.monotonic()] * requests)

    def reset(self) -> None:
        """Forget all requests and bans."""
        self.refused = 0
        self._spent.clear()
        self._banned_until.clear()

    def _spend(self, user: str, moment: float, throttle: Throttle) -> bool:
        spent = self._spent[user]
        while spent and spent[0] <= moment - throttle.window:
            spent.popleft()
        if len(spent) >= throttle.limit:
            # After the ban, the count starts from 0.
            spent.clear()
            return False
        spent.append(moment)
        return True


def policy_headers(throttle: Throttle | None, listing_zones: bool) -> dict[str, str]:
    """Return the rate limit headers. As in real responses, the remainder never changes."""
    limit, window = (throttle.limit, throttle.window) if throttle is not None else (1200, 300.0)
    if listing_zones:
        return {
            "Ratelimit": f'"list_zones";r={limit};t=1',
            "Ratelimit-Policy": f'"list_zones";q={limit + 1};w={window:g}',
        }
    return {"Ratelimit": f'"default";r={limit - 1};t=1', "Ratelimit-Policy": f'"default";q={limit};w={window:g}'}


def whole_seconds(left: float) -> int:
    """Return the value of `Retry-After`."""
    return max(1, math.ceil(left))
