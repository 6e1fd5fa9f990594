# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Where to call the API, as whom, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._route import Route


@dataclass(frozen=True)
class Credentials:
    """An API token, or an account's e-mail address with its Global API Key."""

    token: str | None = field(default=None, repr=False)
    email: str | None = None
    key: str | None = field(default=None, repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers that log in."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        return {"X-Auth-Email": str(self.email), "X-Auth-Key": str(self.key)}


@dataclass(frozen=True)
class Connection:
    """Where to call, as whom, by which way, how long to try (in seconds), and how often in 300 s if a pacer counts that."""

    url: str
    credentials: Credentials
    timeout: float = 30
    retries: int = 5
    max_wait: float = 660
    rate_limit: int = 1000
    route: Route = field(default_factory=Route)
