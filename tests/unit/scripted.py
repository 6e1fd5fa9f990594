# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An API server that expects a script of requests, and objects for its responses."""

from __future__ import annotations

import json
import typing as t

from pytest_httpserver import HTTPServer

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, read_certificate

ZONE = "00112233445566778899aabbccddeeff"
TOKEN = "cfut_0123456789abcdefghijklmnopqrstuvwxyzABCD"


class Script:
    """An API server that expects exactly these requests, in this order."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self.url = server.url_for("/client/v4")

    def expect(
        self,
        method: str,
        path: str,
        result: t.Any = None,
        *,
        query: dict[str, str] | None = None,
        body: t.Any = None,
        headers: dict[str, str] | None = None,
        status: int = 200,
        info: dict[str, int] | None = None,
        raw: str | bytes | None = None,
        answer: dict[str, t.Any] | None = None,
        answer_headers: dict[str, str] | None = None,
    ) -> None:
        """Expect a request and respond to it, with C(result) in an envelope, a whole envelope C(answer), or C(raw) text."""
        matchers: dict[str, t.Any] = {"query_string": query, "headers": headers}
        if body is not None:
            matchers["json"] = body
        handler = self._server.expect_ordered_request(f"/client/v4{path}", method, **matchers)
        if raw is not None:
            handler.respond_with_data(raw, status, {"cf-ray": "0123456789abcdef-TST", **(answer_headers or {})})
            return
        envelope = answer or {"result": result, "success": True, "errors": [], "messages": []}
        if info is not None:
            envelope["result_info"] = info
        handler.respond_with_data(
            json.dumps(envelope),
            status,
            {"cf-ray": "0123456789abcdef-TST", **(answer_headers or {})},
            content_type="application/json",
        )

    def expect_list(self, certificates: list[dict[str, t.Any]], zone: str = ZONE) -> None:
        """Expect a GET of the certificates of a zone. The totals of the response show that its only page is the last one."""
        self.expect(
            "GET",
            f"/zones/{zone}/custom_certificates",
            certificates,
            query={"page": "1", "per_page": "50"},
            info={
                "page": 1,
                "per_page": 50,
                "total_pages": 1,
                "count": len(certificates),
                "total_count": len(certificates),
            },
        )

    def expect_put(self, numbers: list[tuple[str, t.Any]], result: t.Any, **kwargs: t.Any) -> None:
        """Expect a PUT with exactly these ids and priorities."""
        body = {"certificates": [{"id": identifier, "priority": number} for identifier, number in numbers]}
        self.expect("PUT", f"/zones/{ZONE}/custom_certificates/prioritize", result, body=body, **kwargs)

    def expect_all(self, *requests: list[dict[str, t.Any]] | dict[str, t.Any]) -> None:
        """Expect requests in this order. A list of certificates is one for C(expect_list), a dictionary has arguments of C(expect)."""
        for request in requests:
            if isinstance(request, list):
                self.expect_list(request)
            else:
                self.expect(**request)

    def check(self) -> None:
        """Fail if there was an unexpected request, or if an expected one is missing."""
        self._server.check_assertions()
        self._server.check_handler_errors()
        assert not self._server.ordered_handlers, f"not requested: {self._server.format_matchers()}"


def refused(code: int, message: str = "no", status: int = 400, **more: t.Any) -> dict[str, t.Any]:
    """Return arguments of C(Script.expect) for a response that refuses the request."""
    errors = [{"code": code, "message": message}]
    return {"status": status, "answer": {"success": False, "result": None, "messages": [], "errors": errors}, **more}


def throttled(retry_after: object) -> dict[str, t.Any]:
    """Return arguments of C(Script.expect) for a response that throttles the client."""
    return refused(971, "Please wait", 429, answer_headers={"Retry-After": str(retry_after)})


def certificate(name: str, priority: t.Any = 0, **fields: t.Any) -> dict[str, t.Any]:
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
