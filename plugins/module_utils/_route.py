# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Finds the proxy and the CA bundle in an environment, as requests does.

The environment is a mapping, because a task's C(environment) differs from that of the worker that runs it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import typing as t
from dataclasses import dataclass, field

try:
    from requests.utils import get_environ_proxies, select_proxy
except ImportError:  # Client raises the error
    get_environ_proxies = select_proxy = None  # type: ignore[assignment]

_PROXY_VARIABLES = frozenset(("http_proxy", "https_proxy", "all_proxy", "no_proxy"))
_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_environ_lock = threading.Lock()


@dataclass(frozen=True)
class Route:
    """How to connect to a server.

    :param proxy: The proxy's URL, which may contain a password, or None.
    :param ca_bundle: A file or a directory, None for the bundle of requests.
    """

    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None


def is_read(variable: str) -> bool:
    """Return whether an environment variable sets the proxy or the CA bundle."""
    return variable.lower() in _PROXY_VARIABLES or variable in _BUNDLE_VARIABLES


def find_route(url: str, environ: t.Mapping[str, str]) -> Route:
    """Return the proxy and the CA bundle for a URL."""
    # Plain HTTP is allowed only for a loopback host. The token must not go to a proxy.
    if url.startswith("http:") or get_environ_proxies is None:
        return Route()
    with _as_process_environment(environ):
        # The meaning of no_proxy depends on the version of requests, so it is left to requests.
        proxy = select_proxy(url, get_environ_proxies(url))
    return Route(proxy or None, find_ca_bundle(environ))


def find_ca_bundle(environ: t.Mapping[str, str]) -> str | None:
    """Return the CA bundle that an environment sets, or None.

    An empty variable counts as unset. requests before 2.28 would disable verification for an empty CURL_CA_BUNDLE.
    """
    return next(filter(None, map(environ.get, _BUNDLE_VARIABLES)), None)


@contextlib.contextmanager
def _as_process_environment(environ: t.Mapping[str, str]) -> t.Iterator[None]:
    """Set the proxy variables of another environment in this process, for the duration of the block."""
    wanted, own = _proxies(environ), _proxies(os.environ)
    if wanted == own:
        yield
        return
    with _environ_lock:
        try:
            _replace(own, wanted)
            yield
        finally:
            _replace(wanted, own)


def _proxies(environ: t.Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.lower() in _PROXY_VARIABLES}


def _replace(old: t.Mapping[str, str], new: t.Mapping[str, str]) -> None:
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)
