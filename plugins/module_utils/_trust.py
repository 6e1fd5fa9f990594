# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""TLS contexts for CA bundles. Each one is built only once, because building one takes as long as many requests."""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import AttemptError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._route import find_ca_bundle
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

try:
    from requests.utils import DEFAULT_CA_BUNDLE_PATH, extract_zipped_paths
    from urllib3.util.ssl_ import create_urllib3_context
except ImportError:  # Client raises the error
    pass

_Mark = t.Tuple[t.Any, ...]

_built: dict[tuple[str, bool], tuple[_Mark, ssl.SSLContext]] = {}
_lock = threading.Lock()


def prepare(environ: t.Mapping[str, str]) -> None:
    """Build the context for an environment in the parent process, before workers are forked."""
    with contextlib.suppress(Exception):  # the first request reports the error
        context_for(find_ca_bundle(environ))


def context_for(ca_bundle: str | None, *, proxy: bool = False) -> ssl.SSLContext:
    """Return the context for the current content of a CA bundle.

    :param ca_bundle: A file or a directory, None for the bundle of requests.
    :param proxy: Whether it is for the connection to a proxy. Before urllib3 2, the context must check its hostname.
    :raises AttemptError: The bundle does not exist or is invalid.
    """
    path = ca_bundle or extract_zipped_paths(DEFAULT_CA_BUNDLE_PATH)
    reason = ""
    try:
        mark = _mark(path)
        with _lock:
            known = _built.get((path, proxy))
            if known is None or known[0] != mark:
                known = _built[path, proxy] = mark, _build(path, proxy)
            return known[1]
    except FileNotFoundError:
        reason = "does not exist"
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = f"cannot be read: {printable(getattr(error, 'strerror', None) or error)}"
    origin = "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE" if ca_bundle else "the Python library 'certifi'"
    raise AttemptError(f"the CA bundle {printable(path)} {reason} (it comes from {origin})", final=True, sent=False)


def _mark(path: str) -> _Mark:
    """Return a value that changes when the file, or a file in the directory, changes."""
    found = os.stat(path)
    files = sorted(entry.path for entry in os.scandir(path)) if os.path.isdir(path) else []
    return (_state(found), *(_state_of(file) for file in files))


def _state(found: os.stat_result) -> _Mark:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _state_of(path: str) -> _Mark:
    try:
        return (path, *_state(os.stat(path)))
    except OSError:  # a broken link, which OpenSSL ignores as well
        return (path,)


def _build(path: str, proxy: bool) -> ssl.SSLContext:
    context: ssl.SSLContext = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    if os.path.isdir(path):
        context.load_verify_locations(capath=path)
    else:
        context.load_verify_locations(cafile=path)
    if proxy:
        context.check_hostname = True
    return context
