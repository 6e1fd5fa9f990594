# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is answered: the envelope around every result, and the refusals, with Cloudflare's codes."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from .behaviour import Behaviour


@dataclasses.dataclass(slots=True)
class Answer:
    """An answer before it becomes bytes. `as_agreed` is False where a switch asks for one outside the contract."""

    status: int
    payload: t.Any
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    as_agreed: bool = True


class Refusal(Exception):
    """A request that gets no result."""

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
        """This refusal in the shape that the switches ask for."""
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
    """A result in its envelope."""
    payload: dict[str, t.Any] = {"result": result}
    if result_info is not None:
        payload["result_info"] = result_info
    payload["success"] = True
    payload["errors"] = []
    payload["messages"] = [dict(NOTICE)] if behaviour.messages == "some" else []
    return Answer(200, payload)


NOTICE: dict[str, t.Any] = {"code": 10000, "message": "A notice that comes with a success", "type": None}


class Raw(str):
    """Text that goes into the JSON as it is, for what no Python value becomes: `Raw("1e999")`."""


_RAW = re.compile(r'"\\u0000raw:(.*?)\\u0000"')


def encode(payload: t.Any) -> bytes:
    """The bytes of an answer; fast, and without support for `Raw`."""
    return json.dumps(payload, separators=(",", ":")).encode()


def encode_raw(payload: t.Any) -> bytes:
    """The bytes of an answer that may hold `Raw` values."""
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
    """Credentials that cannot be credentials."""
    return Refusal(400, 6003, "Invalid request headers", chain=((code, message),))


def missing_headers() -> Refusal:
    """No credentials at all."""
    return Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")


def unknown_token() -> Refusal:
    """A token that nobody has."""
    return Refusal(403, 9109, "Invalid access token")


def locked_out() -> Refusal:
    """Too many tokens that nobody has."""
    return Refusal(403, 9109, "Max auth failures reached, please check your Authorization header")


def unknown_key() -> Refusal:
    """An email and key that belong to nobody."""
    return Refusal(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")


def invisible_zone() -> Refusal:
    """A zone that does not exist, or not for this caller: the service does not tell which."""
    return Refusal(403, 9109, "Unauthorized to access requested resource")


def not_permitted() -> Refusal:
    """A caller without the permission."""
    return Refusal(403, 10000, "Authentication error")


def throttled(retry_after: int | str | None, *, code: int = 971) -> Refusal:
    """Too many requests."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Refusal(429, code, "Please wait and consider throttling your request speed", headers=headers)


def no_route(path: str) -> Refusal:
    """A path with something in it that is no id."""
    return Refusal(400, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def no_such_path() -> Refusal:
    """A path that means nothing."""
    return Refusal(400, 7000, "No route for that URI")


def wrong_method() -> Refusal:
    """A method that the path does not have."""
    return Refusal(405, 10405, "Method not allowed for this endpoint")


def unreadable_body(status: int = 400) -> Refusal:
    """A body that is no JSON."""
    return Refusal(status, 9207, "Request body is invalid.")


def invalid_parameters(pointer: str = "") -> Refusal:
    """A body or a query that says nothing that can be done."""
    return Refusal(400, 2001, "Invalid or missing parameters.", pointer=pointer)


def unknown_certificate(behaviour: Behaviour, pointer: str = "") -> Refusal:
    """A certificate that the zone does not hold."""
    if behaviour.unknown_id == "404":
        return Refusal(404, 1002, "Certificate not found.", pointer=pointer)
    return Refusal(400, 1002, "Invalid certificate.", pointer=pointer)


def plan_refuses(behaviour: Behaviour) -> Refusal:
    """A zone whose plan has no custom certificates."""
    if behaviour.free_zone == "403_10000":
        return not_permitted()
    if behaviour.free_zone == "400_1212":
        return Refusal(400, 1212, "The maximum number of custom certificates for this zone has been reached.")
    return Refusal(400, 1011, "Plan level does not allow custom certificates with type ")
