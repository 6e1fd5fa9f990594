# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Makes one HTTP attempt, within a deadline and a maximum size."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import typing as t
import zlib

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._deadline import Unreachable, deadline
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import AttemptError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._sessions import PROXY_ADVICE, ApiSession
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

try:
    from requests.exceptions import InvalidURL
    from urllib3.exceptions import ConnectTimeoutError, LocationValueError, NewConnectionError
except ImportError:  # Client raises the error
    pass

if t.TYPE_CHECKING:  # pragma: no cover
    import requests

MAX_BYTES = 32 * 1024 * 1024
_CHUNK = 16 * 1024
_GZIP = 16 + zlib.MAX_WBITS

_PLACE_ADVICE = "Check 'api_url', and whether a proxy is needed (HTTPS_PROXY)."
_TRUST_ADVICE = (
    "Check 'api_url' and the clock of this host. If a private CA issued the certificate, for example that of a proxy, set the "
    "environment variable REQUESTS_CA_BUNDLE to a file with this CA."
)
_REFUSED_BY_PROXY = re.compile(r"Tunnel connection failed: (4[0-9]{2}\b.*)", re.DOTALL)


class Answer(t.NamedTuple):
    """An HTTP response.

    :param body: The decompressed body.
    :param framed: Whether the length of the body was known, so that the body is complete.
    """

    status: int
    headers: t.Mapping[str, str]
    body: bytes
    framed: bool = True


def attempt(session: ApiSession, method: str, url: str, *, timeout: float, **kwargs: t.Any) -> Answer:
    """Make one attempt at a request. Redirects are not followed.

    :param timeout: Seconds for the whole attempt.
    :raises AttemptError: There is no usable response.
    """
    session.refresh(method)
    with deadline(timeout):
        try:
            with session.request(method, url, timeout=timeout, stream=True, **kwargs) as response:
                return _read(response)
        except AttemptError:
            raise
        except Exception as error:
            # Which exceptions the libraries raise depends on their versions and on the server.
            raise _failure(error, timeout) from None


def _read(response: requests.Response) -> Answer:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise AttemptError(f"its body has the encoding {printable(encoding, 60)}, which was not requested", final=True)
    body = bytearray()
    while True:
        # urllib3 before 2.0 decompresses without a limit.
        chunk = response.raw.read(_CHUNK, decode_content=False)
        if not chunk:
            break
        body += chunk
        _check_size(body)
    announced = response.headers.get("Content-Length", "")
    has_length = announced.isascii() and announced.isdigit()
    if has_length and len(body) < int(announced):  # older urllib3 does not raise an error
        raise AttemptError("the answer was cut off")
    framed = has_length or "Transfer-Encoding" in response.headers or response.status_code in (204, 304)
    packed = bool(body) and encoding.endswith("gzip")
    return Answer(response.status_code, response.headers, _decompress(body) if packed else bytes(body), framed)


def _decompress(packed: bytes | bytearray) -> bytes:
    stream = zlib.decompressobj(_GZIP)
    try:
        body = stream.decompress(packed, MAX_BYTES + 1)
    except zlib.error:
        raise AttemptError("its body cannot be decompressed", final=True) from None
    _check_size(body)
    if not stream.eof:
        raise AttemptError("the answer was cut off")
    return body


def _check_size(body: bytes | bytearray) -> None:
    if len(body) > MAX_BYTES:
        raise AttemptError(f"its body is larger than {MAX_BYTES // 2**20} MiB", final=True)


# One return statement for each kind of failure.
# pylint: disable-next=too-many-return-statements
def _failure(error: Exception, timeout: float) -> AttemptError:
    """Return the innermost reason in the nested exceptions of the HTTP libraries."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, AttemptError):
            return cause
        if isinstance(cause, ssl.SSLCertVerificationError):
            # urllib3 before 2 compares names itself and raises an exception without verify_message.
            problem = getattr(cause, "verify_message", None) or _text_of(cause)
            reason = f"the server's TLS certificate is not trusted: {printable(problem)}"
            return AttemptError(reason, final=True, sent=False, advice=_TRUST_ADVICE)
        if isinstance(cause, Unreachable) and not cause.timed_out:
            return _no_connection(cause)
        if isinstance(cause, (InvalidURL, LocationValueError)):
            reason = f"the URL is invalid ({_text_of(cause)})"
            return AttemptError(reason, final=True, sent=False, advice="Check 'api_url'.")
    sent = not any(isinstance(cause, NewConnectionError) for cause in chain)
    if any(map(_is_timeout, chain)):
        return AttemptError(f"no complete answer within {timeout:g} s", sent=sent)
    if any(isinstance(cause, http.client.IncompleteRead) for cause in chain):
        return AttemptError("the answer was cut off")
    last = chain[-1]
    refused = _REFUSED_BY_PROXY.search(str(last))
    if refused:
        reason = f"the proxy refused: {printable(refused.group(1))}"
        return AttemptError(reason, final=True, sent=False, advice=PROXY_ADVICE)
    if isinstance(last, ssl.SSLError):
        return AttemptError(f"TLS failed: {_text_of(last)}", sent=sent, advice=_PLACE_ADVICE)
    return AttemptError(_text_of(last), sent=sent)


def _is_timeout(error: BaseException) -> bool:
    # In urllib3, a failed connection (NewConnectionError) is a ConnectTimeoutError as well.
    connect_timeout = isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError)
    return connect_timeout or isinstance(error, (socket.timeout, TimeoutError))


def _text_of(error: BaseException) -> str:
    return printable(getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")


def _no_connection(cause: Unreachable) -> AttemptError:
    advice = PROXY_ADVICE if cause.proxy else _PLACE_ADVICE
    return AttemptError(cause.reason, final=cause.final, sent=False, advice=advice)


def _causes(error: BaseException) -> t.Iterator[BaseException]:
    """Yield an exception and all exceptions that it wraps, the innermost last."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        wrapped = [getattr(current, "reason", None), *current.args, current.__cause__, current.__context__]
        current = next((item for item in wrapped if isinstance(item, BaseException) and id(item) not in seen), None)
