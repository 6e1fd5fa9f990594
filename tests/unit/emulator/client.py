# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simple client for the tests of the emulator, based on requests."""

from __future__ import annotations

import typing as t

import requests

from emulator import Emulator, Pem

ABSENT = "00000000-0000-4000-8000-000000000000"


class Client(requests.Session):
    """Talks to one emulator; paths are those below the API's base."""

    def __init__(self, emulator: Emulator, token: str | None = None) -> None:
        super().__init__()
        self.emulator = emulator
        self.trust_env = False
        self.headers["Authorization"] = f"Bearer {token or emulator.token}"

    def request(self, method: t.Any, url: t.Any, *arguments: t.Any, **options: t.Any) -> requests.Response:
        return super().request(method, f"{self.emulator.url}{url}", *arguments, **{"timeout": 10, **options})

    def path(self, zone: str = "example.com", certificate_id: str = "") -> str:
        """The path of a zone's certificates, or of one of them."""
        path = f"/zones/{self.emulator.zones[zone].id}/custom_certificates"
        return f"{path}/{certificate_id}" if certificate_id else path

    def certificates(self, zone: str = "example.com") -> list[dict[str, t.Any]]:
        """The first page of a zone's certificates."""
        return t.cast(list[dict[str, t.Any]], made(self.get(self.path(zone))))

    def upload(self, pem: Pem, zone: str = "example.com", **others: t.Any) -> requests.Response:
        """POST that certificate with its key. None leaves out a field."""
        body = {"certificate": pem.certificate, "private_key": pem.private_key, "type": "sni_custom", **others}
        return self.post(self.path(zone), json={name: value for name, value in body.items() if value is not None})

    def renew(self, identifier: str, pem: Pem) -> requests.Response:
        """PATCH that certificate."""
        body = {"certificate": pem.certificate, "private_key": pem.private_key}
        return self.patch(self.path(certificate_id=identifier), json=body)

    def prioritize(self, wishes: dict[str, t.Any], zone: str = "example.com") -> requests.Response:
        """PUT these priorities."""
        items = [{"id": identifier, "priority": priority} for identifier, priority in wishes.items()]
        return self.put(self.path(zone, "prioritize"), json={"certificates": items})


def outcome(answer: requests.Response) -> str:
    """The HTTP status, and Cloudflare's code if it is a refusal."""
    envelope = answer.json()
    assert envelope["success"] is not bool(envelope["errors"])
    return " ".join(map(str, (answer.status_code, *(error["code"] for error in envelope["errors"]))))


def made(answer: requests.Response) -> t.Any:
    """The result of an answer that is a success."""
    assert outcome(answer) == "200", answer.text
    return answer.json()["result"]
