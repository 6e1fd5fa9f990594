# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Parses the API's responses into a result or an error. Pure.

Source: Cloudflare API documentation, "Make API calls", "Rate limits" and "Pagination".
"""

from __future__ import annotations

import json
import math
import typing as t
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._hints import hint_for
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

if t.TYPE_CHECKING:  # pragma: no cover
    from ansible_collections.zonefleet.cloudflare.plugins.module_utils._transport import Answer

_MOST_LEVELS = 50  # of nested JSON; the API has six
_LONGEST_REASON = 2000  # characters of the message; the result has the complete errors

NOT_FROM_API = "Check 'api_url', and whether a proxy answered instead of Cloudflare."
_TRANSIENT = frozenset((500, 502, 503, 504, *range(520, 525)))
# Refused before the request was processed. After any other failure, a write may have been applied, even in part.
_REFUSED_UNSEEN = frozenset((401, 403, 429))
_THROTTLED_CODES = frozenset((971, 10100, 10429))


class ApiError(CloudflareError):
    """A call has failed.

    C(perhaps_done) says whether a write may have been applied anyway, by this attempt or an earlier one.

    :param status: The HTTP status of the last response, None without a response.
    :param errors: The API's error objects.
    :param transient: Whether a retry may succeed.
    :param retry_after: Seconds of the C(Retry-After) header, or None.
    :param sent: Whether a part of the request may have reached the API.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        errors: t.Sequence[t.Any] = (),
        *,
        transient: bool = False,
        retry_after: float | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message, errors=list(errors), **({} if status is None else {"status": status}))
        self.status = status
        self.codes = [code for code, _text in map(code_and_text, errors) if code is not None]
        self.transient = transient
        self.retry_after = retry_after
        self.perhaps_done = sent and status not in _REFUSED_UNSEEN and not self.throttled

    @property
    def throttled(self) -> bool:
        """Whether the rate limit was exceeded."""
        return self.status == 429 or not _THROTTLED_CODES.isdisjoint(self.codes)


class PageInfo:
    """The totals in C(result_info), None where they are missing or invalid."""

    def __init__(self, info: object) -> None:
        fields = info if isinstance(info, dict) else {}
        self.total = _count(fields.get("total_count"))
        self.pages = _count(fields.get("total_pages"))

    def ends(self, page: int, collected: int) -> bool:
        """Return whether the totals prove that this page is the last one."""
        if self.total is None and self.pages is None:
            return False
        return collected >= (self.total or 0) and page >= (self.pages or 0)


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None


def objects_of(envelope: t.Mapping[str, t.Any], what: str) -> list[dict[str, t.Any]]:
    """Return the objects of a list. The API documents C(null) for an empty list.

    :raises ApiError: The result is not a list of objects with an C(id).
    """
    if "result" not in envelope:
        raise ApiError(f"{what} answered without a 'result'.")
    found = envelope["result"]
    if found is None:
        return []
    if not isinstance(found, list):
        raise ApiError(f"{what} answered with a 'result' that is not a list.")
    for item in found:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
            raise ApiError(f"{what} answered with an item that has no 'id': {printable(json.dumps(item))}.")
    return found


def read_envelope(answer: Answer, what: str, path: str) -> dict[str, t.Any]:
    """Return the envelope of a successful response.

    :raises ApiError: The response is not a success. The error has everything that the API returned about it.
    """
    ray = printable(answer.headers.get("cf-ray", ""), 64)
    told = f"{what} answered HTTP {answer.status}" + (f" (cf-ray {ray})" if ray else "")
    again: t.Any = {
        "transient": answer.status in _TRANSIENT,
        "retry_after": _read_retry_after(answer.headers.get("Retry-After")),
    }
    if 300 <= answer.status < 400:
        target = printable(answer.headers.get("Location", "nowhere"))
        raise ApiError(
            f"{told}, a redirect to {target}. Redirects are not followed: check 'api_url'.",
            answer.status,
        )
    try:
        envelope = json.loads(answer.body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        envelope = None
    if isinstance(envelope, (dict, list)) and _is_deep(envelope):
        raise ApiError(f"{told} with JSON that is nested more than {_MOST_LEVELS} levels deep.", answer.status, **again)
    if envelope is None and not answer.framed and answer.body.lstrip()[:1] in (b"", b"{"):
        # Without a known length, the response ends when the connection does, so it may be incomplete.
        raise ApiError(f"{told} with an answer that was cut off.", answer.status, transient=True)
    if not isinstance(envelope, dict):
        kind = printable(answer.headers.get("Content-Type", "no content type"), 60)
        raise ApiError(
            f"{told} with {len(answer.body)} bytes of {kind} that contain no JSON object."
            + _spaced(hint_for((), answer.status, path) or ("" if again["transient"] else NOT_FROM_API)),
            answer.status,
            **again,
        )
    if 200 <= answer.status < 300 and envelope.get("success") is True:
        return envelope
    errors = list_of(envelope.get("errors")) or ([envelope] if "success" not in envelope else [])
    texts = "; ".join(map(_error_text, errors)) or "no reason given"
    texts = texts if len(texts) <= _LONGEST_REASON else texts[: _LONGEST_REASON - 1] + "\u2026"
    hint = hint_for(list(map(code_and_text, errors)), answer.status, path)
    raise ApiError(f"{told}: {texts}." + _spaced(hint), answer.status, errors, **again)


def _is_deep(value: object) -> bool:
    """Return whether JSON is nested so deeply that Ansible may be unable to process it."""
    level: list[t.Any] = [value]
    for _level in range(_MOST_LEVELS):
        containers = [item.values() if isinstance(item, dict) else item for item in level]
        level = [child for items in containers for child in items if isinstance(child, (dict, list))]
        if not level:
            return False
    return True


def _refuse(constant: str) -> t.NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text[:40]} is out of range")
    return value


def list_of(value: object) -> list[t.Any]:
    """Return a field of a response as a list. It may be missing, or a single item."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def code_and_text(error: object) -> tuple[int | None, str]:
    if not isinstance(error, dict):
        return None, printable(error)
    code = error.get("code")
    text = error.get("message") or error.get("error") or "no text"
    return (code if isinstance(code, int) and not isinstance(code, bool) else None), printable(text, 500)


def _error_text(error: object) -> str:
    code, text = code_and_text(error)
    chain = list_of(error.get("error_chain")) if isinstance(error, dict) else []
    below = f" ({'; '.join(map(_error_text, chain))})" if chain else ""
    return (f"{code} {text}" if code is not None else text).rstrip(".") + below


def _spaced(text: str) -> str:
    return f" {text}" if text else ""


def _read_retry_after(value: str | None) -> float | None:
    """Return the seconds of a C(Retry-After) header, a number or a date (RFC 9110). Return None if it is invalid."""
    if value is None:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value.strip()[:9])
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
