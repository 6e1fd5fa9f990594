# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Sessions, kept with their connections for later tasks of the same process.

A loop over zones then needs one TLS handshake instead of one per item.
"""

from __future__ import annotations

import os
import threading
import time
import typing as t
from http.cookiejar import DefaultCookiePolicy
from importlib.util import find_spec

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._deadline import POOLS
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import AttemptError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._trust import context_for
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._version import VERSION

if t.TYPE_CHECKING:  # pragma: no cover
    import ssl

# At the top, so that action plugins import them once, in the parent of all workers.
try:
    from requests import Session
    from requests.adapters import HTTPAdapter
    from requests.utils import prepend_scheme_if_needed
    from urllib3.exceptions import HTTPError
    from urllib3.util import parse_url
except ImportError as import_error:
    IMPORT_ERROR: str | None = str(import_error)
    Session = HTTPAdapter = object  # type: ignore[assignment, misc]
else:
    IMPORT_ERROR = None

_SOCKS = ("socks4", "socks4a", "socks5", "socks5h")
_PROXY_SCHEMES = ("http", "https", *_SOCKS)
PROXY_ADVICE = "Check the variable HTTPS_PROXY (or ALL_PROXY) in the environment."

# Servers and firewalls drop idle connections without notice. A write needs a connection that was used recently.
_LONGEST_IDLE_TO_READ = 30.0  # seconds
_LONGEST_IDLE_TO_WRITE = 5.0
_MOST_KEPT = 200

_Key = t.Tuple[t.Any, ...]


class ApiSession(Session):
    """A session for one server, used by one client at a time."""

    def __init__(self, connection: Connection, context: ssl.SSLContext | None, key: _Key) -> None:
        super().__init__()
        self.key = key
        self.last_used = time.monotonic()
        # _route has read the environment already.
        self.trust_env = False
        self.proxies = {"https": connection.route.proxy} if connection.route.proxy else {}
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update(
            {
                "User-Agent": f"zonefleet.cloudflare/{VERSION}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",  # only this, as _transport decompresses the body
            }
        )
        self.adapters.clear()
        self.mount(connection.url.partition("://")[0] + "://", _Adapter(connection, context))

    def get_redirect_target(self, resp: t.Any) -> None:
        """Follow no redirect. With allow_redirects=False, requests would still parse the target and read the whole body."""

    def refresh(self, method: str) -> None:
        """Close connections that were idle for too long. urllib3 detects connections that the server has closed."""
        now = time.monotonic()
        if now - self.last_used > (_LONGEST_IDLE_TO_READ if method == "GET" else _LONGEST_IDLE_TO_WRITE):
            self.close()
        self.last_used = now


class _Adapter(HTTPAdapter):
    """Adapter without retries of its own: only the client decides about retries."""

    def __init__(self, connection: Connection, context: ssl.SSLContext | None) -> None:
        self._tls: dict[str, t.Any] = {} if context is None else {"ssl_context": context}
        self._ca_bundle = connection.route.ca_bundle
        super().__init__()

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, **{**kwargs, **self._tls})  # pylint: disable=no-member
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        tls = dict(self._tls)
        if proxy.lower().startswith("https:"):
            tls["proxy_ssl_context"] = context_for(self._ca_bundle, proxy=True)
        manager = super().proxy_manager_for(proxy, **{**kwargs, **tls})  # pylint: disable=no-member
        if not proxy.lower().startswith("socks"):  # a SOCKS proxy connects in its own way
            manager.pool_classes_by_scheme = POOLS
        return manager

    def close(self) -> None:
        """Close every connection now. urllib3 2 leaves that to garbage collection."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in list(manager.pools.keys()):  # it cannot be iterated
                manager.pools[key].close()
        super().close()  # pylint: disable=no-member

    def build_connection_pool_key_attributes(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Use the context of this adapter. requests 2.32.2 would use its own."""
        host, tls = super().build_connection_pool_key_attributes(*args, **kwargs)  # pylint: disable=no-member
        tls.update(t.cast(t.Any, self._tls))
        return host, tls

    def cert_verify(self, conn: t.Any, url: t.Any, verify: t.Any, cert: t.Any) -> None:
        """Always verify, with the CA bundle of the context. requests would load the bundle for every connection."""
        conn.cert_reqs = "CERT_REQUIRED"


class _Kept:
    """The unused sessions of this process. Those of the parent are ignored, as two processes must not share a TLS stream."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._sessions: list[ApiSession] = []

    def take(self, key: _Key) -> ApiSession | None:
        """Return the most recently used session with this key, or None."""
        with self._lock:
            if self._process != os.getpid():
                self._process, self._sessions = os.getpid(), []
            place = next((place for place, kept in reversed([*enumerate(self._sessions)]) if kept.key == key), None)
            return None if place is None else self._sessions.pop(place)

    def add(self, session: ApiSession) -> None:
        """Keep a session. Close the least recently used one if there are too many."""
        with self._lock:
            self._sessions.append(session)
            surplus = self._sessions[:-_MOST_KEPT]
            del self._sessions[:-_MOST_KEPT]
        for each in surplus:
            each.close()

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            sessions, self._sessions = self._sessions, []
        if self._process == os.getpid():
            for each in sessions:
                each.close()


_kept = _Kept()


def take_session(connection: Connection) -> ApiSession:
    """Return a session for exclusive use, a kept one if possible.

    :raises AttemptError: The proxy or the CA bundle of the environment cannot be used.
    """
    _check_proxy(connection.route.proxy)
    # Plain http needs no trust store, and reading one takes long.
    context = context_for(connection.route.ca_bundle) if connection.url.startswith("https:") else None
    # Everything that a session depends on. A CA bundle that has changed on disk results in another context.
    key = (connection.url, connection.route, connection.credentials, context)
    return _kept.take(key) or ApiSession(connection, context, key)


def keep_session(session: ApiSession) -> None:
    """Keep a session for later use."""
    _kept.add(session)


def close_sessions() -> None:
    """Close all kept sessions."""
    _kept.close()


def _check_proxy(proxy: str | None) -> None:
    """Check the URL of a proxy. Messages do not show it, as it may contain a password.

    :raises AttemptError: It cannot be used.
    """
    if proxy is None:
        return
    try:
        found = parse_url(prepend_scheme_if_needed(proxy, "http"))
    except (ValueError, HTTPError):
        found = None
    problem, advice = "", PROXY_ADVICE
    if found is None or not found.host:
        problem = "the URL of the proxy is malformed (it is not shown, as it may contain a password)"
        advice += " Percent-encode special characters in a password."
    elif found.scheme not in _PROXY_SCHEMES:
        schemes = ", ".join(_PROXY_SCHEMES)
        problem = (
            f"the URL of the proxy begins with {printable(found.scheme, 20)}://, and must begin with one of {schemes}"
        )
    elif found.scheme in _SOCKS and not _has_socks():
        problem = "the proxy is a SOCKS proxy, for which the Python library 'PySocks' is needed"
        advice = "Install it for the Python that runs this task."
    if problem:
        raise AttemptError(problem, final=True, sent=False, advice=advice)


def _has_socks() -> bool:
    return find_spec("socks") is not None
