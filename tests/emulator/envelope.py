# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The envelope of every response, and the errors with Cloudflare's codes."""

from __future__ import annotations

import dataclasses
import functools
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
    """An error response. `cause` is the code and message of the error that it contains."""

    def __init__(
        self, status: int, code: int, message: str, *, cause: tuple[int, str] | None = None, retry_after: t.Any = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.error: dict[str, t.Any] = {"code": code, "message": message}
        if cause:
            self.error["error_chain"] = [{"code": cause[0], "message": cause[1]}]

    def answer(self, behaviour: Behaviour) -> Answer:
        """Return the error as the switches require."""
        payload: dict[str, t.Any] = {"success": False, "errors": [self.error]}
        if behaviour.error_shape != "bare":
            payload.update(messages=[], result=None)
        disguised = {"real": False, "200": self.status != 429, "200_throttle_too": True}[behaviour.failure_status]
        return Answer(200 if disguised else self.status, payload, self.headers, as_agreed=not disguised)


def success(result: t.Any, behaviour: Behaviour, result_info: dict[str, int] | None = None) -> Answer:
    """Return a result in its envelope."""
    payload: dict[str, t.Any] = {"result": result}
    if result_info is not None:
        payload["result_info"] = result_info
    notice = {"code": 10000, "message": "A notice that comes with a success", "type": None}
    payload.update(success=True, errors=[], messages=[notice] if behaviour.messages == "some" else [])
    return Answer(200, payload)


@dataclasses.dataclass(frozen=True)
class Raw:
    """Text that is part of the JSON unchanged, for numbers that Python would not write, such as `Raw("1e999")`."""

    text: str


_RAW = re.compile(r'"\\u0000raw:(.*?)\\u0000"')


def encode(payload: t.Any) -> bytes:
    """Return the bytes of a response."""
    text = json.dumps(payload, separators=(",", ":"), default=lambda raw: f"\0raw:{raw.text}\0")
    return (_RAW.sub(r"\1", text) if "\\u0000raw:" in text else text).encode()


def malformed_headers(code: int, message: str) -> Refusal:
    """The credentials are malformed."""
    return Refusal(400, 6003, "Invalid request headers", cause=(code, message))


missing_headers = functools.partial(Refusal, 400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
unknown_token = functools.partial(Refusal, 403, 9109, "Invalid access token")
locked_out = functools.partial(Refusal, 403, 9109, "Max auth failures reached, please check your Authorization header")
unknown_key = functools.partial(Refusal, 403, 9103, "Unknown X-Auth-Key or X-Auth-Email")
# The zone does not exist, or the credentials have no access to it. The API does not say which.
invisible_zone = functools.partial(Refusal, 403, 9109, "Unauthorized to access requested resource")
not_permitted = functools.partial(Refusal, 403, 10000, "Authentication error")
throttled = functools.partial(Refusal, 429, 971, "Please wait and consider throttling your request speed")
no_such_path = functools.partial(Refusal, 400, 7000, "No route for that URI")
wrong_method = functools.partial(Refusal, 405, 10405, "Method not allowed for this endpoint")
invalid_parameters = functools.partial(Refusal, 400, 2001, "Invalid or missing parameters.")
quota_reached = functools.partial(Refusal, 400, message="The maximum number of custom certificates has been reached.")


def no_route(path: str) -> Refusal:
    """The path contains an invalid id."""
    return Refusal(400, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def unreadable_body(status: int = 400) -> Refusal:
    """The body is not JSON."""
    return Refusal(status, 9207, "Request body is invalid.")


def plan_refuses(behaviour: Behaviour) -> Refusal:
    """The plan of the zone does not include custom certificates."""
    if behaviour.free_zone == "403_10000":
        return not_permitted()
    if behaviour.free_zone == "400_1212":
        return quota_reached(1212)
    return Refusal(400, 1011, "Plan level does not allow custom certificates with type ")


def unknown_certificate(behaviour: Behaviour) -> Refusal:
    """The certificate is not in the zone."""
    if behaviour.unknown_id == "404":
        return Refusal(404, 1002, "Certificate not found.")
    return Refusal(400, 1002, "Invalid certificate.")
