# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rate limit: a user who makes more requests in the window than allowed is banned for a while."""

from __future__ import annotations

import collections
import dataclasses
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
        self.reset()

    def reset(self) -> None:
        """Forget all requests and bans."""
        self.refused = 0
        self._spent: collections.defaultdict[str, collections.deque[float]] = collections.defaultdict(collections.deque)
        self._banned_until: collections.defaultdict[str, float] = collections.defaultdict(float)

    def admit(self, user: str) -> float:
        """Count a request. Return the remaining seconds of a ban, 0 if there is none."""
        moment = time.monotonic()
        left = max(self._banned_until[user], self._banned_until[EVERYONE]) - moment
        if left <= 0 and self.throttle is not None and not self._spend(user, moment, self.throttle):
            self.ban(self.throttle.ban, user)
            left = self.throttle.ban
        self.refused += left > 0
        return max(left, 0.0)

    def policy(self, lists_zones: bool) -> dict[str, str]:
        """Return the rate limit headers. As in real responses, the remainder never changes."""
        throttle, name = self.throttle or REAL, "list_zones" if lists_zones else "default"
        quota = throttle.limit + lists_zones
        return {
            "Ratelimit": f'"{name}";r={quota - 1};t=1',
            "Ratelimit-Policy": f'"{name}";q={quota};w={throttle.window:g}',
        }

    def ban(self, seconds: float, user: str = EVERYONE) -> None:
        """Ban a user, or all users, for this number of seconds from now; 0 ends a ban."""
        self._banned_until[user] = time.monotonic() + seconds

    def outsider(self, requests: int, user: str) -> None:
        """Count requests of a user, as if a dashboard or another tool had made them."""
        self._spent[user].extend([time.monotonic()] * requests)

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
