# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The envelope of every response, and the errors with Cloudflare's codes."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from .behaviour import Behaviour


@dataclasses.dataclass(slots=True)
class Answer:
    """A response before it is encoded. `as_agreed` is False if a switch requires one that violates the contract."""

    status: int
    payload: t.Any
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    as_agreed: bool = True


class Refusal(Exception):
    """An error response."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        chain: tuple[tuple[int, str], ...] = (),
        headers: dict[str, str] | None = None,
        pointer: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.chain = chain
        self.headers = headers or {}
        self.pointer = pointer

    def answer(self, behaviour: Behaviour) -> Answer:
        """Return the error as the switches require."""
        error: dict[str, t.Any] = {"code": self.code, "message": self.message}
        if self.chain:
            error["error_chain"] = [{"code": code, "message": message} for code, message in self.chain]
        if behaviour.error_shape == "detailed":
            error["documentation_url"] = "https://docs.example.com/errors"
            error["source"] = {"pointer": self.pointer}
        payload: dict[str, t.Any] = {"success": False, "errors": [error]}
        if behaviour.error_shape != "bare":
            payload.update(messages=[], result=None)
        disguised = {"real": False, "200": self.status != 429, "200_throttle_too": True}[behaviour.failure_status]
        return Answer(200 if disguised else self.status, payload, dict(self.headers), as_agreed=not disguised)


def success(result: t.Any, behaviour: Behaviour, result_info: dict[str, int] | None = None) -> Answer:
    """Return a result in its envelope."""
    payload: dict[str, t.Any] = {"result": result}
    if result_info is not None:
        payload["result_info"] = result_info
    payload["success"] = True
    payload["errors"] = []
    payload["messages"] = [dict(NOTICE)] if behaviour.messages == "some" else []
    return Answer(200, payload)


NOTICE: dict[str, t.Any] = {"code": 10000, "message": "A notice that comes with a success", "type": None}


class Raw(str):
    """Text that is part of the JSON unchanged, for numbers that Python would not write, such as `Raw("1e999")`."""


_RAW = re.compile(r'"\\u0000raw:(.*?)\\u0000"')


def encode(payload: t.Any) -> bytes:
    """Return the bytes of a response. This is fast, but does not support `Raw`."""
    return json.dumps(payload, separators=(",", ":")).encode()


def encode_raw(payload: t.Any) -> bytes:
    """Return the bytes of a response that may contain `Raw` values."""
    text = json.dumps(_marked(payload), separators=(",", ":"))
    return _RAW.sub(lambda match: json.loads(f'"{match.group(1)}"'), text).encode()


def _marked(value: t.Any) -> t.Any:
    if isinstance(value, Raw):
        return f"\0raw:{value}\0"
    if isinstance(value, dict):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_marked(item) for item in value]
    return value


def malformed_headers(code: int, message: str) -> Refusal:
    """The credentials are malformed."""
    return Refusal(400, 6003, "Invalid request headers", chain=((code, message),))


def missing_headers() -> Refusal:
    """There are no credentials."""
    return Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")


def unknown_token() -> Refusal:
    """The token is unknown."""
    return Refusal(403, 9109, "Invalid access token")


def locked_out() -> Refusal:
    """There were too many requests with unknown tokens."""
    return Refusal(403, 9109, "Max auth failures reached, please check your Authorization header")


def unknown_key() -> Refusal:
    """The e-mail address and key are unknown."""
    return Refusal(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")


def invisible_zone() -> Refusal:
    """The zone does not exist, or the credentials have no access to it. The API does not say which."""
    return Refusal(403, 9109, "Unauthorized to access requested resource")


def not_permitted() -> Refusal:
    """The credentials lack the permission."""
    return Refusal(403, 10000, "Authentication error")


def throttled(retry_after: int | str | None, *, code: int = 971) -> Refusal:
    """The rate limit is exceeded."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Refusal(429, code, "Please wait and consider throttling your request speed", headers=headers)


def no_route(path: str) -> Refusal:
    """The path contains an invalid id."""
    return Refusal(400, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def no_such_path() -> Refusal:
    """The path is unknown."""
    return Refusal(400, 7000, "No route for that URI")


def wrong_method() -> Refusal:
    """The path does not support the method."""
    return Refusal(405, 10405, "Method not allowed for this endpoint")


def unreadable_body(status: int = 400) -> Refusal:
    """The body is not JSON."""
    return Refusal(status, 9207, "Request body is invalid.")


def invalid_parameters(pointer: str = "") -> Refusal:
    """The body or the query is invalid."""
    return Refusal(400, 2001, "Invalid or missing parameters.", pointer=pointer)


def unknown_certificate(behaviour: Behaviour, pointer: str = "") -> Refusal:
    """The certificate is not in the zone."""
    if behaviour.unknown_id == "404":
        return Refusal(404, 1002, "Certificate not found.", pointer=pointer)
    return Refusal(400, 1002, "Invalid certificate.", pointer=pointer)


def plan_refuses(behaviour: Behaviour) -> Refusal:
    """The plan of the zone does not include custom certificates."""
    if behaviour.free_zone == "403_10000":
        return not_permitted()
    if behaviour.free_zone == "400_1212":
        return Refusal(400, 1212, "The maximum number of custom certificates for this zone has been reached.")
    return Refusal(400, 1011, "Plan level does not allow custom certificates with type ")
