# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API server that expects a script of requests, and the requests and responses that scripts are made of.

A list of certificates in a script is one GET of the zone's certificates. Any other request is a dictionary with the arguments
of C(Script.expect).
"""

from __future__ import annotations

import json
import typing as t

from pytest_httpserver import HTTPServer

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, read_certificate

ZONE = "00112233445566778899aabbccddeeff"
TOKEN = "cfut_0123456789abcdefghijklmnopqrstuvwxyzABCD"
LIST = f"/zones/{ZONE}/custom_certificates"

Run = t.Callable[..., dict[str, t.Any]]
Item = dict[str, t.Any]
Request = list[Item] | Item
Scripted = tuple[tuple[Request, ...], Item]


class Script:
    """An API server that expects exactly these requests, in this order."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self.url = server.url_for("/client/v4")

    def expect(
        self,
        method: str = "GET",
        path: str = LIST,
        result: t.Any = None,
        *,
        query: dict[str, str] | None = None,
        body: t.Any = None,
        headers: dict[str, str] | None = None,
        status: int = 200,
        info: dict[str, int] | None = None,
        raw: str | None = None,
        answer: Item | None = None,
        answer_headers: dict[str, str] | None = None,
    ) -> None:
        """Expect a request and respond to it, with C(result) in an envelope, a whole envelope C(answer), or C(raw) text."""
        matchers: Item = {"query_string": query, "headers": headers, **({"json": body} if body is not None else {})}
        envelope = answer or {"result": result, "success": True, "errors": [], "messages": []}
        if info is not None:
            envelope["result_info"] = info
        self._server.expect_ordered_request(f"/client/v4{path}", method, **matchers).respond_with_data(
            json.dumps(envelope) if raw is None else raw,
            status,
            {
                "cf-ray": "0123456789abcdef-TST",
                "Content-Type": "application/json" if raw is None else "text/html",
                **(answer_headers or {}),
            },
        )

    def expect_all(self, *requests: Request) -> None:
        """Expect requests in this order."""
        for request in requests:
            self.expect(**(reading(request) if isinstance(request, list) else request))

    def check(self) -> None:
        """Fail if there was an unexpected request, or if an expected one is missing."""
        self._server.check_assertions()
        self._server.check_handler_errors()
        assert not self._server.ordered_handlers, f"not requested: {self._server.format_matchers()}"


def script(*requests: Request, **options: t.Any) -> Scripted:
    """Return the requests and the options of a task, for tables."""
    return requests, options


def reading(certificates: list[Item], zone: str = ZONE) -> Item:
    """Return a GET of the certificates of a zone. The totals of the response show that its only page is the last one."""
    count = len(certificates)
    return {
        "path": f"/zones/{zone}/custom_certificates",
        "result": certificates,
        "query": {"page": "1", "per_page": "50"},
        "info": {"page": 1, "per_page": 50, "total_pages": 1, "count": count, "total_count": count},
    }


def look_up(*zones: Item, name: str = "example.com", **query: str) -> Item:
    """Return a GET of the zones with a name."""
    query = {"name": name, "page": "1", "per_page": "50", **query}
    return {"path": "/zones", "result": zones, "query": query, "info": {"total_pages": 1, "total_count": len(zones)}}


def put(numbers: t.Iterable[tuple[str, t.Any]], result: t.Any = None, **answer: t.Any) -> Item:
    """Return a PUT with exactly these ids and priorities."""
    body = {"certificates": [{"id": identifier, "priority": number} for identifier, number in numbers]}
    return {"method": "PUT", "path": f"{LIST}/prioritize", "body": body, "result": result, **answer}


def refused(code: int, message: str = "no", status: int = 400, **more: t.Any) -> Item:
    """Return a response that refuses the request, or with nothing else a GET of certificates that is refused."""
    errors = [{"code": code, "message": message}]
    return {"status": status, "answer": {"success": False, "result": None, "messages": [], "errors": errors}, **more}


def throttled(retry_after: object) -> Item:
    """Return a response that throttles the client."""
    return refused(971, "Please wait", 429, answer_headers={"Retry-After": str(retry_after)})


def certificate(name: str, priority: t.Any = 0, **fields: t.Any) -> Item:
    """Return the API's object of a certificate, with a readable id."""
    return {
        "id": name,
        "type": "legacy_custom",
        "hosts": ["www.example.com"],
        "issuer": "DigiCertInc",
        "signature": "SHA256WithRSA",
        "bundle_method": "ubiquitous",
        "zone_id": ZONE,
        "uploaded_on": "2026-03-01T10:00:00.123456Z",
        "modified_on": "2026-03-01T10:00:02.654321Z",
        "expires_on": "2036-03-01T23:59:59.000000Z",
        "priority": priority,
        "status": "active",
        **fields,
    }


def held(name: str, priority: t.Any = 0, labels: str = "a", **fields: t.Any) -> Certificate:
    """Return a certificate as it is read, with one hostname of example.com for each character of C(labels)."""
    hosts = [f"{label}.example.com" for label in labels]
    return read_certificate(certificate(name, priority, hosts=hosts, **fields))
