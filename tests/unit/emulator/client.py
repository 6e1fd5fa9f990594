# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simple client for the tests of the emulator, based on requests."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import typing as t
from collections.abc import Iterator

import requests

from emulator import Emulator, Pem


class Client(requests.Session):
    """Talks to one emulator; paths are those below the API's base."""

    def __init__(self, emulator: Emulator, token: str | None = None) -> None:
        super().__init__()
        self.emulator = emulator
        self.trust_env = False
        self.headers["Authorization"] = f"Bearer {token or emulator.token}"

    def request(self, method: t.Any, url: t.Any, *arguments: t.Any, **options: t.Any) -> requests.Response:
        """One request."""
        return super().request(method, f"{self.emulator.url}{url}", *arguments, **{"timeout": 10, **options})

    def path(self, zone: str = "example.com") -> str:
        """The path of a zone's certificates."""
        return f"/zones/{self.emulator.zones[zone].id}/custom_certificates"

    def certificates(self, zone: str = "example.com", **query: t.Any) -> list[dict[str, t.Any]]:
        """One page of a zone's certificates."""
        answer = self.get(self.path(zone), params=query)
        assert answer.status_code == 200, answer.text
        return t.cast(list[dict[str, t.Any]], answer.json()["result"])

    def upload(self, pem: Pem, zone: str = "example.com", **others: t.Any) -> requests.Response:
        """POST that certificate with its key."""
        body = {"certificate": pem.certificate, "private_key": pem.private_key, "type": "sni_custom", **others}
        return self.post(self.path(zone), json={name: value for name, value in body.items() if value is not None})

    def renew(self, identifier: str, pem: Pem | None, zone: str = "example.com", **others: t.Any) -> requests.Response:
        """PATCH that certificate."""
        body = {"certificate": pem.certificate, "private_key": pem.private_key} if pem is not None else {}
        return self.patch(f"{self.path(zone)}/{identifier}", json={**body, **others})

    def prioritize(self, wishes: dict[str, t.Any], zone: str = "example.com") -> requests.Response:
        """PUT these numbers."""
        items = [{"id": identifier, "priority": priority} for identifier, priority in wishes.items()]
        return self.put(f"{self.path(zone)}/prioritize", json={"certificates": items})


def codes(answer: requests.Response) -> tuple[int, int]:
    """HTTP status and Cloudflare's code of a refusal."""
    data = answer.json()
    assert data["success"] is False
    return answer.status_code, data["errors"][0]["code"]


@contextlib.contextmanager
def shell(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, t.Any]]]:
    """An emulator in a process of its own, and what it announced."""
    tests = pathlib.Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-m", "emulator", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tests)},
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()
