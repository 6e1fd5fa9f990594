# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Connection settings: the API's URL, the credentials and the limits."""

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
        """Return the headers that authenticate a request."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        return {"X-Auth-Email": str(self.email), "X-Auth-Key": str(self.key)}


@dataclass(frozen=True)
class Connection:
    """How to call the API.

    :param timeout: Seconds for one attempt.
    :param retries: Retries after a transient failure.
    :param max_wait: Seconds that all waiting may take.
    :param rate_limit: Requests per 300 seconds, applied by a pacer.
    :param route: The proxy and the CA bundle.
    """

    url: str
    credentials: Credentials
    timeout: float = 30
    retries: int = 5
    max_wait: float = 660
    rate_limit: int = 1000
    route: Route = field(default_factory=Route)
