# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small client for the tests of the emulator: plain `requests`, nothing clever."""

from __future__ import annotations

import typing as t

import requests

from emulator import Emulator


class Client:
    """Talks to one emulator over one kept-alive session."""

    def __init__(self, emulator: Emulator, token: str | None = None) -> None:
        self.emulator = emulator
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token or emulator.token}"

    def get(self, path: str, **options: t.Any) -> requests.Response:
        """GET below the API's base."""
        return self.session.get(f"{self.emulator.url}{path}", timeout=10, **options)

    def put(self, path: str, **options: t.Any) -> requests.Response:
        """PUT below the API's base."""
        return self.session.put(f"{self.emulator.url}{path}", timeout=10, **options)

    def path(self, zone: str = "example.com") -> str:
        """The path of a zone's certificates."""
        return f"/zones/{self.emulator.zones[zone].id}/custom_certificates"

    def certificates(self, zone: str = "example.com", **query: t.Any) -> list[dict[str, t.Any]]:
        """One page of a zone's certificates."""
        answer = self.get(self.path(zone), params=query)
        assert answer.status_code == 200, answer.text
        return t.cast(list[dict[str, t.Any]], answer.json()["result"])

    def prioritize(self, wishes: dict[str, t.Any], zone: str = "example.com") -> requests.Response:
        """PUT these numbers."""
        items = [{"id": identifier, "priority": priority} for identifier, priority in wishes.items()]
        return self.put(f"{self.path(zone)}/prioritize", json={"certificates": items})


def codes(answer: requests.Response) -> tuple[int, int]:
    """HTTP status and Cloudflare's code of a refusal."""
    data = answer.json()
    assert data["success"] is False
    return answer.status_code, data["errors"][0]["code"]
