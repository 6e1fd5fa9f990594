# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Client for the Cloudflare API: the loop over attempts, and paginated lists.

Source: Cloudflare API documentation, "Make API calls", "Rate limits" and "Pagination".
"""

from __future__ import annotations

import math
import random
import sys
import time
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _sessions
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._envelope import (
    ApiError,
    PageInfo,
    code_and_text,
    list_of,
    objects_of,
    read_envelope,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import AttemptError, CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._hints import condemns
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import Pacer
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._transport import attempt

PER_PAGE = 50  # the API's maximum
_MOST_PAGES = 1000
_MOST_READINGS = 3
_MOST_MESSAGES = 100

_FIRST_THROTTLED_WAIT = 30.0
_NEXT_THROTTLED_WAITS = 60.0
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 8.0


class Outdated(Exception):
    """A write has waited so long that the data behind it must be read again.

    :param problem: The failure of the last attempt if that or an earlier one may have been applied, else None.
    """

    def __init__(self, problem: ApiError | None) -> None:
        super().__init__()
        self.problem = problem


class _Changed(Exception):
    """The pages of a list are inconsistent. The message says how."""


class Listing(t.NamedTuple):
    """The objects of a list, and the value of C(Client.waited) after the first page."""

    items: list[dict[str, t.Any]]
    waited: float


class Client:
    """Makes calls over one session, for one thread, and counts them.

    C(requests) is the number of attempts and C(waited) the seconds spent waiting. C(messages) are the API's own
    C(messages). C(retries) is how often to retry after a transient failure.
    """

    def __init__(self, connection: Connection, pacer: Pacer | None = None) -> None:
        if _sessions.IMPORT_ERROR is not None:
            raise CloudflareError(
                f"The Python library 'requests' (2.25 or newer) is needed, and {sys.executable} cannot import it: "
                f"{_sessions.IMPORT_ERROR}. Install it for the Python that runs this task."
            )
        self.requests = 0
        self.waited = 0.0
        self.retries = connection.retries
        self.messages: list[t.Any] = []
        self._waited_beside = 0.0
        self._pacer = pacer or Pacer()
        self._connection = connection
        self._session: _sessions.ApiSession | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_exception: object) -> None:
        self._pacer.leave()
        session, self._session = self._session, None
        if session is None:
            return
        if kind is None or issubclass(kind, CloudflareError):
            _sessions.keep_session(session)
        else:  # after any other exception, a response may be half read
            session.close()

    def call(
        self,
        method: str,
        path: str,
        asked: str,
        *,
        query: t.Mapping[str, t.Any] | None = None,
        body: t.Any = None,
        stale_after: float = math.inf,
        resend: bool = True,
    ) -> dict[str, t.Any]:
        """Make a call and return the whole envelope of a successful response.

        A throttled attempt is repeated after the time that the API asks for, a transient failure after a short backoff.

        :param path: Path below the base URL, already quoted.
        :param asked: Purpose of the call, as the end of a sentence that starts with "Could not".
        :param stale_after: Value of C(waited) after which no further attempt is made, because the data behind the call is
            too old.
        :param resend: Whether to repeat a failed attempt that may have been applied.
        :raises ApiError: The API refused, C(retries) or C(max_wait) is used up, or the pacer refused another attempt.
        :raises Outdated: The next attempt would come after C(stale_after).
        """
        failures = throttles = 0
        before = self.requests
        perhaps_done = False
        problem: ApiError | None = None
        while True:
            self._enter(method, stale_after, problem if perhaps_done else None)
            try:
                return self._attempt(method, path, asked, query, body)
            except ApiError as error:
                problem = error
            perhaps_done = problem.perhaps_done = perhaps_done or problem.perhaps_done
            if problem.throttled:
                self._wait_while_throttled(problem, throttles)
                throttles += 1
            elif problem.transient and failures < self.retries and (resend or not perhaps_done):
                self.back_off(problem, failures)
                failures += 1
            else:
                if condemns(map(code_and_text, problem.fields["errors"])):
                    self._pacer.condemned(problem.message)
                if failures:
                    problem.message += f" {self.requests - before} attempts were made."
                raise problem

    def list_all(self, path: str, asked: str, query: t.Mapping[str, t.Any] | None = None) -> Listing:
        """Read all pages of a list of objects with an C(id), and verify that the list is complete.

        A list that changes while it is read is read again from the start.

        :param query: Filter parameters.
        :raises ApiError: See C(call). Also raised if the list changed during every read.
        """
        for _reading in range(_MOST_READINGS):
            try:
                return self._read_pages(path, asked, query or {})
            except _Changed as error:
                reason = str(error)
        raise ApiError(
            f"Could not {asked}: the pages of GET {path} are inconsistent: {reason}. Another client may be changing the list: run "
            "again."
        )

    def _read_pages(self, path: str, asked: str, query: t.Mapping[str, t.Any]) -> Listing:
        waited = self.waited
        items: dict[str, dict[str, t.Any]] = {}
        totals: set[int] = set()
        for page in range(1, _MOST_PAGES + 1):
            envelope = self.call("GET", path, asked, query={**query, "page": page, "per_page": PER_PAGE})
            if page == 1:
                waited = self.waited
            found = objects_of(envelope, f"Could not {asked}: GET {path}")
            info = PageInfo(envelope.get("result_info"))
            totals.update(() if info.total is None else (info.total,))
            for item in found:
                if items.setdefault(item["id"], item) is not item:
                    raise _Changed(f"page {page} repeats {printable(item['id'], 64)}")
            if not found or info.ends(page, len(items)):
                break
        else:
            raise _Changed(f"the list has more than {_MOST_PAGES} pages")
        # Cloudflare does not document whether the totals respect a filter. With a filter, an empty page is the end.
        if not query and totals - {len(items)}:
            raise _Changed(
                f"the total is {', '.join(map(str, sorted(totals)))}, but the pages have {len(items)} objects"
            )
        if not query and not found and not totals and page < (info.pages or 0):
            raise _Changed(f"page {page} of {info.pages} is empty")
        return Listing(list(items.values()), waited)

    def wait(self, step: float, whole: float, why: str, *, counts: bool = True) -> None:
        """Wait on behalf of a pacer.

        :param step: Seconds to wait now.
        :param whole: Seconds of the whole wait.
        :param counts: Whether the wait counts against C(max_wait).
        :raises CloudflareError: The whole wait would exceed C(max_wait).
        """
        if counts:
            self._check_wait(whole, CloudflareError(f"The next request was not sent: {why}."))
        else:
            self._waited_beside += step
        self._sleep(step)

    def pause(self, seconds: float) -> bool:
        """Wait, unless that would exceed C(max_wait). Return whether it waited."""
        if seconds > self._patience_left():
            return False
        self._sleep(seconds)
        return True

    def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)
        self.waited += seconds

    def _patience_left(self) -> float:
        return self._connection.max_wait - (self.waited - self._waited_beside)

    def _enter(self, method: str, stale_after: float, problem: ApiError | None) -> None:
        """Wait for the pacer before an attempt.

        :param problem: See Outdated.
        :raises ApiError: The pacer refuses the attempt.
        :raises Outdated: See C(call).
        """
        try:
            if self._pacer.enter(self, method, stale_after):
                return
        except CloudflareError as error:
            raise ApiError(error.message, sent=problem is not None) from None
        raise Outdated(problem)

    def _attempt(
        self, method: str, path: str, asked: str, query: t.Mapping[str, t.Any] | None, body: t.Any
    ) -> dict[str, t.Any]:
        what = f"Could not {asked}: {method} {path}"
        self.requests += 1
        try:
            if self._session is None:
                self._session = _sessions.take_session(self._connection)
            answer = attempt(
                self._session,
                method,
                self._connection.url + path,
                timeout=self._connection.timeout,
                params=query,
                json=body,
                auth=self._log_in,
            )
        except AttemptError as error:
            advice = f" {error.advice}" if error.advice else ""
            raise ApiError(f"{what} failed: {error}.{advice}", transient=not error.final, sent=error.sent) from None
        try:
            envelope = read_envelope(answer, what, path)
        except ApiError as error:
            if not error.throttled:
                self._pacer.passed()
            raise
        self._pacer.passed()
        self._keep_messages(list_of(envelope.get("messages")))
        return envelope

    def _keep_messages(self, notes: t.Sequence[t.Any]) -> None:
        for note in notes[:_MOST_MESSAGES]:
            if note not in self.messages and len(self.messages) < _MOST_MESSAGES:
                self.messages.append(note)

    def _log_in(self, request: t.Any) -> t.Any:
        """Set the credentials of a prepared request. With C(auth) set, requests does not read .netrc."""
        request.headers.update(self._connection.credentials.headers())
        return request

    def _wait_while_throttled(self, problem: ApiError, throttles: int) -> None:
        seconds = problem.retry_after
        if seconds is None:
            seconds = _NEXT_THROTTLED_WAITS if throttles else _FIRST_THROTTLED_WAIT
        seconds = max(seconds, 1.0)
        self._pacer.banned(seconds, problem.retry_after is not None)
        self._wait(seconds, problem)

    def back_off(self, problem: ApiError, failures: int) -> None:
        """Wait before a retry, with exponential backoff.

        :raises ApiError: The wait would exceed C(max_wait).
        """
        seconds = min(_FIRST_BACKOFF * 2**failures, _LONGEST_BACKOFF)
        self._wait(max(seconds, problem.retry_after or 0.0), problem)

    def _wait(self, seconds: float, problem: ApiError) -> None:
        """Wait for C(seconds) plus jitter, so that many runs do not retry at the same time."""
        self._check_wait(seconds, problem)
        self._sleep(min(seconds * random.uniform(1.0, 1.1), self._patience_left()))

    def _check_wait(self, whole: float, problem: CloudflareError) -> None:
        left = self._patience_left()
        if whole > left:
            problem.message += (
                f" The next attempt is due in {math.ceil(whole)} s. 'max_wait' is {self._connection.max_wait:g} s, of "
                f"which {self._connection.max_wait - left:.0f} s are used."
            )
            raise problem
