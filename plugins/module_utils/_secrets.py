# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Finds the secrets of a task, in every form in which they may appear, and masks them. Pure."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import typing as t
from contextvars import ContextVar
from urllib.parse import unquote

# ansible-core's replacements for a secret: as a whole value, and within a string.
WHOLE = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
MASK = "********"

_VARIABLES = ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY")
# Lines of a multi-line secret with fewer characters are not masked. They reveal nothing, and would mask parts of other words.
_SHORTEST_LINE = 4

_KEY = "PRIVATE KEY"  # marks a PEM key, in any option
_BRACES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_STRINGS = re.compile(r"'([^']*)'|\"([^\"]*)\"")

_hidden: ContextVar[tuple[str, ...]] = ContextVar("secrets of the task at hand, the longest first", default=())


def find_secrets(
    spec: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]
) -> tuple[str, ...]:
    """Return every form of every secret in the arguments and the environment of a task, the longest first.

    :param spec: The argument spec, whose C(no_log) marks the secrets.
    :param params: The arguments, validated or not.
    """
    secrets = [*_secret_options(spec, params), *(environ.get(name) or "" for name in _VARIABLES)]
    urls = {part for url in (params.get("api_url"), environ.get("CLOUDFLARE_BASE_URL")) for part in _misplaced(url)}
    proxies = {
        part for name, value in environ.items() if name.lower().endswith("_proxy") for part in _proxy_secrets(value)
    }
    return more_secrets((*urls, *proxies), secrets)


def more_secrets(known: t.Iterable[str], found: t.Iterable[str]) -> tuple[str, ...]:
    """Return the known secrets and every form of those found, the longest first."""
    forms = {form for secret in found for form in _forms(secret)}
    return tuple(sorted(filter(None, {*known, *forms}), key=len, reverse=True))


def _secret_options(spec: t.Mapping[str, t.Any], params: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    for option, entry in spec.items():
        for value in (params.get(name) for name in (option, *entry.get("aliases", ()))):
            if value is not None and (entry.get("no_log") or _KEY in str(value)):
                yield str(value)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    yield from _secret_options(entry.get("options") or {}, item)


def _forms(secret: str) -> set[str]:
    # A PEM in an environment variable or in JSON may have a backslash and an n for a line break.
    lines = [line.strip() for line in secret.replace("\\r", "").replace("\\n", "\n").splitlines()]
    # The BEGIN and END lines of a PEM are not secret.
    parts = [line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----")]
    # Also as ansible-core quotes values in messages, and as JSON within a string.
    plain = {secret, secret.strip(), *parts}
    return {form for text in plain for form in (text, repr(text)[1:-1], json.dumps(text)[1:-1]) if text.strip()}


def _misplaced(given: object) -> set[str]:
    """Return the parts of a URL that may be credentials. Such a URL is refused, and these parts are masked.

    A password may contain C(/) or C(@), and C(//) may be missing, so everything before the last C(@) counts.
    """
    url = str(given or "")
    before = url.rpartition("@")[0]
    login = before.partition("://")[2] or before
    after = [url.partition(mark)[2] for mark in "?#"]
    suspects = {login, login.partition(":")[2], *after}
    return suspects | {unquote(part) for part in suspects}


def _proxy_secrets(url: str) -> set[str]:
    """Return the password in a proxy URL, and the strings that contain it. A user name alone is not a secret."""
    login = (url.partition("://")[2] or url).rpartition("@")[0]
    password = login.partition(":")[2]
    if not password:
        return set()
    header = base64.b64encode(unquote(login).encode("utf-8", "replace")).decode("ascii")
    return {login, password, unquote(login), unquote(password), header}


def find_template_secrets(template: str) -> tuple[str, ...]:
    """Return what may be secret in a template that fails: the text outside the braces, and the strings within."""
    pieces = [template, *_BRACES.split(template), *(text for found in _STRINGS.findall(template) for text in found)]
    return more_secrets((), (piece for piece in pieces if len(piece.strip()) >= _SHORTEST_LINE))


@contextlib.contextmanager
def hiding(secrets: t.Sequence[str]) -> t.Iterator[None]:
    """Make C(hide) mask these secrets within the block. Threads need a copy of the context."""
    token = _hidden.set(tuple(secrets))
    try:
        yield
    finally:
        _hidden.reset(token)


def hide(text: str) -> str:
    """Mask the secrets of the current task in a string. Do this before a string is cut, or a part of a secret may remain."""
    return masked(text, _hidden.get())


def masked(text: str, secrets: t.Sequence[str]) -> str:
    """Return a string without the secrets.

    :param secrets: The longest first, as one may be part of another.
    """
    if not secrets or len(text) < len(secrets[-1]):
        return text
    for secret in secrets:
        if text == secret:
            return WHOLE
        text = text.replace(secret, MASK)
    return text
