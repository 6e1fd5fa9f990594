# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract: checks requests and responses against `contract.yaml`."""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
import typing as t

import yaml
from openapi_core import OpenAPI
from openapi_core.deserializing.exceptions import DeserializeError
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.media_types.exceptions import MediaTypeFinderError
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.request.exceptions import ParameterValidationError

from .journal import Recorded

PATH = pathlib.Path(__file__).with_name("contract.yaml")


@dataclasses.dataclass(frozen=True)
class Violation:
    """A request or a response that violates the contract. `parameter` is the query parameter that does, if any."""

    side: t.Literal["request", "response"]
    method: str
    path: str
    text: str
    kind: t.Literal["content", "media_type", "unreadable"] = "content"
    parameter: str = ""


@functools.lru_cache(maxsize=1)
def load() -> OpenAPI:
    """Read the contract, and check that it is valid OpenAPI. This takes a while, so it is done once per process."""
    return OpenAPI.from_dict(yaml.safe_load(PATH.read_text(encoding="utf-8")))


class Contract:
    """Checks requests and responses against the contract, and keeps the `violations`."""

    def __init__(self) -> None:
        self._openapi = load()
        self.violations: list[Violation] = []

    def check_request(self, call: Recorded) -> Violation | None:
        """Return the violation of a request, or None."""
        try:
            self._openapi.validate_request(_request(call))
        except OpenAPIError as error:
            return self._note("request", call, error)
        return None

    def check_response(self, call: Recorded, status: int, content_type: str, body: bytes) -> Violation | None:
        """Return the violation of a response, or None."""
        answer = MockResponse(body, status, {"Content-Type": content_type}, content_type.lower())
        try:
            self._openapi.validate_response(_request(call), answer)
        except PathError:
            # A path or method that is not in the contract was refused. The contract does not define that response.
            return None
        except OpenAPIError as error:
            return self._note("response", call, error)
        return None

    def _note(self, side: t.Literal["request", "response"], call: Recorded, error: OpenAPIError) -> Violation:
        chain = list(_chain(error))
        kind: t.Literal["content", "media_type", "unreadable"] = "content"
        if any(isinstance(item, MediaTypeFinderError) for item in chain):
            kind = "media_type"
        elif any(isinstance(item, (DeserializeError, json.JSONDecodeError)) for item in chain):
            kind = "unreadable"
        parameter = next((item.name for item in chain if isinstance(item, ParameterValidationError)), "")
        text = "; ".join(dict.fromkeys(_text(item) for item in chain))
        broken = Violation(side, call.method, call.path, text, kind, parameter)
        self.violations.append(broken)
        return broken


def _request(call: Recorded) -> MockRequest:
    return MockRequest(
        "http://emulator.example.com",
        call.method,
        f"/client/v4{call.path}",
        args=call.query,
        headers=dict(call.headers),
        data=call.body,
        content_type=call.headers.get("Content-Type", "").lower(),
    )


def _chain(error: BaseException | None) -> t.Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _text(error: BaseException) -> str:
    details = getattr(error, "schema_errors", None)
    return f"{error}: {'; '.join(str(item.message) for item in details)}" if details else str(error)
