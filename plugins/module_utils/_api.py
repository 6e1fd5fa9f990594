# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Calls of the Cloudflare API: credentials, the one attempt loop, the envelope, and lists of several pages.

Source: Cloudflare API documentation, "Make API calls", "Rate limits" and "Pagination".
"""

from __future__ import annotations

import json
import math
import random
import sys
import time
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _transport
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._hints import condemns, hint_for
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._version import VERSION

PER_PAGE = 50  # the most that the API gives
_MOST_PAGES = 1000
_MOST_READINGS = 3
_MOST_LEVELS = 50  # of nested JSON; the API has six
_MOST_MESSAGES = 100
_LONGEST_REASON = 2000  # characters of a message; the errors are in the result as a whole

_TRANSIENT = frozenset((500, 502, 503, 504, *range(520, 525)))
# Refused before the request as such was looked at; after any other failure, a write may have been done, or half done.
_REFUSED_UNSEEN = frozenset((401, 403, 429))
_THROTTLED_CODES = frozenset((971, 10100, 10429))
_FIRST_THROTTLED_WAIT = 30.0
_NEXT_THROTTLED_WAITS = 60.0
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0


@dataclass(frozen=True)
class Credentials:
    """An API token, or an account's e-mail address with its Global API Key."""

    token: str | None = field(default=None, repr=False)
    email: str | None = None
    key: str | None = field(default=None, repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers that log in."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        return {"X-Auth-Email": str(self.email), "X-Auth-Key": str(self.key)}


@dataclass(frozen=True)
class Connection:
    """Where to call, as whom, how long to try (in seconds), and how often in 300 s where a gate counts that."""

    url: str
    credentials: Credentials
    timeout: float = 30
    retries: int = 5
    max_wait: float = 660
    rate_limit: int = 1000


class ApiError(CloudflareError):
    """The API did not do what was asked.

    :param status: The HTTP status of the last answer; nothing where there was none.
    :param errors: The API's own error objects, whole.
    :param transient: Whether the same call may succeed a moment later.
    :param retry_after: The seconds that the API asks to wait, if it does.

    C(perhaps_done) tells whether a write may have been done all the same, by this attempt or an earlier one.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        errors: t.Sequence[t.Any] = (),
        *,
        transient: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, errors=list(errors), **({} if status is None else {"status": status}))
        self.status = status
        self.codes = [code for code, _text in map(_code_and_text, errors) if code is not None]
        self.transient = transient
        self.retry_after = retry_after
        self.perhaps_done = status not in _REFUSED_UNSEEN

    @property
    def throttled(self) -> bool:
        """Whether the rate limit was exceeded: a wait helps."""
        return self.status == 429 or not _THROTTLED_CODES.isdisjoint(self.codes)


class Outdated(Exception):
    """A throttle has held up a write for so long that what it was decided on has to be read again.

    :param perhaps_done: Whether an earlier attempt at the write may have done it.
    """

    def __init__(self, perhaps_done: bool) -> None:
        super().__init__()
        self.perhaps_done = perhaps_done


class _Changed(Exception):
    """The pages of a list do not fit together, with how as the text."""


class Gate:
    """What every attempt has to pass. This one lets all through: a module runs alone and obeys what it is told.

    An action plugin has one that many workers share (plugin_utils/_run_file.py).
    """

    def enter(self, client: Client, method: str) -> None:
        """Have an attempt wait by C(client.wait) for as long as need be.

        :raises CloudflareError: the attempt is pointless, or the waiting would be too long.
        """

    def banned(self, seconds: float, told: bool) -> None:
        """Note that the API refuses all calls for so long, by its own word if C(told)."""

    def condemned(self, reason: str) -> None:
        """Note that the API refuses these credentials as such."""

    def passed(self) -> None:
        """Note that an attempt was not throttled."""

    def leave(self) -> None:
        """Give back what was held for attempts that were not made."""


class Client:
    """Makes calls over one session and keeps account of them.

    C(requests) counts attempts, C(waited) the seconds spent waiting, C(throttled) those of them that the API asked for,
    and C(throttled_at_reading) what it was when the last list began to come; C(messages) are the notes in the answers.
    """

    def __init__(self, connection: Connection, gate: Gate | None = None) -> None:
        if _transport.IMPORT_ERROR is not None:
            raise CloudflareError(
                f"The Python library 'requests' (2.25 or newer) is needed, and {sys.executable} cannot import it: "
                f"{_transport.IMPORT_ERROR}. Install it for the Python that runs this task."
            )
        self.requests = 0
        self.waited = 0.0
        self.throttled = 0.0
        self.throttled_at_reading = 0.0
        self.messages: list[t.Any] = []
        self._gate = gate or Gate()
        self._connection = connection
        self._session = _transport.open_session(connection.url)
        self._session.headers.update({"User-Agent": f"zonefleet.cloudflare/{VERSION}", "Accept": "application/json"})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._gate.leave()
        self._session.close()

    def call(
        self,
        method: str,
        path: str,
        asked: str,
        *,
        query: t.Mapping[str, t.Any] | None = None,
        body: t.Any = None,
        throttled_at_most: float = math.inf,
    ) -> dict[str, t.Any]:
        """Make a call and return the whole envelope of a successful answer.

        An attempt that was throttled is made again after the time that the API asks for, one that failed otherwise
        after a short one, unless the failure is final.

        :param path: Below the base URL, already quoted.
        :param asked: What the call is for, to be read after "Could not".
        :param throttled_at_most: How far C(throttled) may go before the call is pointless.
        :raises ApiError: the API refused, or did not answer within the retries and the waiting that are allowed.
        :raises Outdated: the API had the call wait for longer than C(throttled_at_most).
        """
        failures = throttles = 0
        perhaps_done = False
        while True:
            self._gate.enter(self, method)
            if self.throttled > throttled_at_most:
                raise Outdated(perhaps_done)
            try:
                return self._attempt(method, path, asked, query, body)
            except ApiError as error:
                problem = error
            perhaps_done = problem.perhaps_done = perhaps_done or problem.perhaps_done
            if problem.throttled:
                self._sit_out(problem, throttles)
                throttles += 1
            elif problem.transient and failures < self._connection.retries:
                self._back_off(problem, failures)
                failures += 1
            else:
                if condemns(map(_code_and_text, problem.fields["errors"])):
                    self._gate.condemned(problem.message)
                raise problem

    def list_all(self, path: str, asked: str, query: t.Mapping[str, t.Any] | None = None) -> list[dict[str, t.Any]]:
        """Read a list of objects with an C(id), page by page, until the answers prove that it is whole.

        A list that changes under the reading is read again from the start, never put together from two states.

        :param query: A filter, if one is wanted.
        :raises ApiError: as for a call, or the list did not hold still.
        """
        for _reading in range(_MOST_READINGS):
            try:
                return self._read_pages(path, asked, query or {})
            except _Changed as error:
                reason = str(error)
        raise ApiError(f"Could not {asked}: the pages of GET {path} do not fit together: {reason}.")

    def _read_pages(self, path: str, asked: str, query: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
        items: dict[str, dict[str, t.Any]] = {}
        totals: set[int] = set()
        for page in range(1, _MOST_PAGES + 1):
            envelope = self.call("GET", path, asked, query={**query, "page": page, "per_page": PER_PAGE})
            if page == 1:
                self.throttled_at_reading = self.throttled
            found = _objects(envelope, f"Could not {asked}: GET {path}")
            info = _Info(envelope.get("result_info"))
            totals.update(() if info.total is None else (info.total,))
            for item in found:
                if items.setdefault(item["id"], item) is not item:
                    raise _Changed(f"page {page} repeats {printable(item['id'], 64)}")
            if not found or info.ends(page, len(items)):
                break
        else:
            raise _Changed(f"there is no end after {_MOST_PAGES} pages")
        # Whether the totals count what a filter leaves or everything is not documented: then, an empty page is the end.
        if not query and totals - {len(items)}:
            raise _Changed(f"{len(items)} objects came, {', '.join(map(str, sorted(totals)))} were announced")
        if not query and not found and not totals and page < (info.pages or 0):
            raise _Changed(f"page {page} of {info.pages} is empty")
        return list(items.values())

    def wait(self, seconds: float, why: str, throttled: bool) -> None:
        """Wait on behalf of a gate, for the API's throttle or for another reason.

        :raises CloudflareError: that would be longer than C(max_wait) allows.
        """
        self._check_wait(seconds, CloudflareError(f"No request was made: {why}."))
        self.pause(seconds)
        self.throttled += seconds if throttled else 0.0

    def pause(self, seconds: float) -> bool:
        """Wait so long, where C(max_wait) allows it, and say whether it did."""
        if self.waited + seconds > self._connection.max_wait:
            return False
        time.sleep(seconds)
        self.waited += seconds
        return True

    def _attempt(
        self, method: str, path: str, asked: str, query: t.Mapping[str, t.Any] | None, body: t.Any
    ) -> dict[str, t.Any]:
        what = f"Could not {asked}: {method} {path}"
        self.requests += 1
        try:
            answer = _transport.attempt(
                self._session,
                method,
                self._connection.url + path,
                timeout=self._connection.timeout,
                params=query,
                json=body,
                auth=self._log_in,
            )
        except _transport.NoAnswer as error:
            raise ApiError(f"{what} failed: {error}.", transient=True) from None
        except _transport.UnusableAnswer as error:
            raise ApiError(f"{what} failed: {error}.") from None
        try:
            envelope = _read_envelope(answer, what, path)
        except ApiError as error:
            if not error.throttled:
                self._gate.passed()
            raise
        self._gate.passed()
        self._keep_messages(list_of(envelope.get("messages")))
        return envelope

    def _keep_messages(self, notes: t.Sequence[t.Any]) -> None:
        for note in notes[:_MOST_MESSAGES]:
            if note not in self.messages and len(self.messages) < _MOST_MESSAGES:
                self.messages.append(note)

    def _log_in(self, request: t.Any) -> t.Any:
        """Set the credentials of a prepared request. As the session's own way to log in, it also keeps .netrc out."""
        request.headers.update(self._connection.credentials.headers())
        return request

    def _sit_out(self, problem: ApiError, throttles: int) -> None:
        seconds = problem.retry_after
        if seconds is None:
            seconds = _NEXT_THROTTLED_WAITS if throttles else _FIRST_THROTTLED_WAIT
        seconds = max(seconds, 1.0)
        self._gate.banned(seconds, problem.retry_after is not None)
        self.throttled += self._wait(seconds, problem)

    def _back_off(self, problem: ApiError, failures: int) -> None:
        seconds = min(_FIRST_BACKOFF * 2**failures, _LONGEST_BACKOFF)
        self._wait(max(seconds, problem.retry_after or 0.0), problem)

    def _wait(self, seconds: float, problem: ApiError) -> float:
        """Wait a little longer than C(seconds), so that many runs do not come back at once."""
        self._check_wait(seconds, problem)
        seconds = min(seconds * random.uniform(1.0, 1.1), self._connection.max_wait - self.waited)
        self.pause(seconds)
        return seconds

    def _check_wait(self, seconds: float, problem: CloudflareError) -> None:
        if self.waited + seconds > self._connection.max_wait:
            problem.message += (
                f" To try again takes a wait of {math.ceil(seconds)} s; 'max_wait' is {self._connection.max_wait:g} s, of "
                f"which {self.waited:.0f} s are spent."
            )
            raise problem


class _Info:
    """What C(result_info) tells of a list; whatever it does not tell is nothing."""

    def __init__(self, info: object) -> None:
        told = info if isinstance(info, dict) else {}
        self.total = _count(told.get("total_count"))
        self.pages = _count(told.get("total_pages"))

    def ends(self, page: int, collected: int) -> bool:
        """Whether it proves that nothing comes after this page."""
        if self.total is None and self.pages is None:
            return False
        return collected >= (self.total or 0) and page >= (self.pages or 0)


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None


def _objects(envelope: t.Mapping[str, t.Any], what: str) -> list[dict[str, t.Any]]:
    """Return the objects of a list's answer; C(null) is documented for an empty one."""
    if "result" not in envelope:
        raise ApiError(f"{what} answered without a 'result'.")
    found = envelope["result"]
    if found is None:
        return []
    if not isinstance(found, list):
        raise ApiError(f"{what} answered with a 'result' that is no list.")
    for item in found:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
            raise ApiError(f"{what} answered with an item that has no 'id': {printable(json.dumps(item))}.")
    return found


def _read_envelope(answer: _transport.Answer, what: str, path: str) -> dict[str, t.Any]:
    """Return the envelope of a successful answer.

    :raises ApiError: it is anything else; nothing of what the API said is lost.
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
            f"{told}, a redirect to {target}. Redirects are not followed, so that credentials stay here: check 'api_url'.",
            answer.status,
        )
    try:
        envelope = json.loads(answer.body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        envelope = None
    if isinstance(envelope, (dict, list)) and _is_deep(envelope):
        raise ApiError(f"{told} with JSON that is nested more than {_MOST_LEVELS} levels deep.", answer.status, **again)
    if not isinstance(envelope, dict):
        kind = printable(answer.headers.get("Content-Type", "no content type"), 60)
        raise ApiError(
            f"{told} with {len(answer.body)} bytes of {kind} that hold no JSON object."
            + _spaced(hint_for((), answer.status, path)),
            answer.status,
            **again,
        )
    if 200 <= answer.status < 300 and envelope.get("success") is True:
        return envelope
    errors = list_of(envelope.get("errors")) or ([envelope] if "success" not in envelope else [])
    texts = "; ".join(map(_error_text, errors)) or "no reason given"
    texts = texts if len(texts) <= _LONGEST_REASON else texts[: _LONGEST_REASON - 1] + "\u2026"
    codes = [code for code, _text in map(_code_and_text, errors) if code is not None]
    raise ApiError(f"{told}: {texts}." + _spaced(hint_for(codes, answer.status, path)), answer.status, errors, **again)


def _is_deep(value: object) -> bool:
    """Tell whether JSON is nested so deeply that whoever gets the result may not be able to write or read it."""
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
    """Return a list of an answer, where the API may leave it out or give one item without its list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _code_and_text(error: object) -> tuple[int | None, str]:
    if not isinstance(error, dict):
        return None, printable(error)
    code = error.get("code")
    text = error.get("message") or error.get("error") or "no text"
    return (code if isinstance(code, int) and not isinstance(code, bool) else None), printable(text, 500)


def _error_text(error: object) -> str:
    code, text = _code_and_text(error)
    chain = list_of(error.get("error_chain")) if isinstance(error, dict) else []
    below = f" ({'; '.join(map(_error_text, chain))})" if chain else ""
    return (f"{code} {text}" if code is not None else text).rstrip(".") + below


def _spaced(text: str) -> str:
    return f" {text}" if text else ""


def _read_retry_after(value: str | None) -> float | None:
    """Return the seconds of a C(Retry-After) header, which may give a date (RFC 9110); nothing for anything else."""
    if value is None:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value.strip()[:9])
    try:
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
