# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pseudonyms: the same value is always called the same, and nothing tells what it was.

What may be shown is listed; everything else is masked. Times are masked too: with the public logs of certificates, the
second in which one ends would lead back to its names.
"""

from __future__ import annotations

import functools
import re
import typing as t

_SHOWN_KEYS = frozenset(("bundle_method", "label", "legacy_id", "result_info", "signature", "status", "type"))
_SHOWN = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_KEY = re.compile(r"[A-Za-z_]{1,40}", re.ASCII)
_KINDS = {"hosts": "name", "name": "name", "email": "name", "issuer": "issuer"}
# What can be told by its form wherever it stands: ids, e-mail and IP addresses, host names, tokens.
_PATTERNS = (
    ("id", re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)),
    ("name", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("address", re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")),
    ("address", re.compile(r"(?<![\w:])(?=[0-9a-f:]*::|(?:[0-9a-f]+:){7})[0-9a-f:]+(?![\w:])", re.IGNORECASE)),
    ("name", re.compile(r"(?:\*\.)?\b[\w-]+(?:\.[\w-]+)*\.[^\W\d_][\w-]+\b")),
    ("secret", re.compile(r"\b[A-Za-z0-9_-]{24,}\b")),
)


class Masker:
    """Hands out pseudonyms, and remembers what must not be seen."""

    def __init__(self, secrets: t.Iterable[str] = ()) -> None:
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        for secret in secrets:
            self.alias("secret", secret)

    def alias(self, kind: str, value: str) -> str:
        """The pseudonym of a value; names are the same in any case."""
        key = value.strip().lower()
        if key not in self._known:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[key] = f"{kind}-{self._counts[kind]}"
        return self._known[key]

    def text(self, text: str) -> str:
        """Prose of others: without all that is known, and without all that looks like an id, a name or a secret."""
        # One pass over all of them, the longest first, so that no pseudonym is masked again.
        known = sorted((value for value in self._known if len(value) > 2), key=len, reverse=True)
        if known:
            pattern = re.compile("(?<![\\w-])(?:" + "|".join(map(re.escape, known)) + ")(?![\\w-])", re.IGNORECASE)
            text = pattern.sub(lambda match: self._known[match.group().lower()], text)
        for kind, pattern in _PATTERNS:
            text = pattern.sub(functools.partial(self._replacement, kind), text)
        return text

    def _replacement(self, kind: str, match: re.Match[str]) -> str:
        return self.alias(kind, match.group())

    def path(self, path: str) -> str:
        """The path of a request: its words, and pseudonyms for what stands between them."""
        words = {"", "zones", "custom_certificates", "prioritize"}
        return "/".join(part if part in words else self.alias("id", part) for part in path.split("/"))

    def value(self, value: t.Any, key: str = "") -> t.Any:
        """JSON: its structure, numbers and truth values, and of its texts those that are known to be harmless."""
        if isinstance(value, dict):
            return {self._key(name): self.value(item, str(name)) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item, key) for item in value]
        if not isinstance(value, str):
            return value
        if key in _SHOWN_KEYS and _SHOWN.fullmatch(value):
            return value
        if key == "message":
            return self.text(value)
        return self.alias(_kind(key), value) if value else value

    def _key(self, key: object) -> str:
        return key if isinstance(key, str) and _KEY.fullmatch(key) else self.alias("key", str(key))

    def leaks(self, text: str) -> list[str]:
        """Pseudonyms of what a text shows all the same: of what is too long, or too much a name, to be there by chance."""
        lower = text.lower()
        return [alias for value, alias in self._known.items() if _is_telling(value) and value in lower]


def _is_telling(value: str) -> bool:
    """Whether it is an id, a secret or a host name: nothing that a report's own words could hold by chance."""
    return len(value) >= 16 or ("." in value.strip("*.") and value.rpartition(".")[2].isalpha())


def _kind(key: str) -> str:
    if key == "id" or key.endswith("_id"):
        return "id"
    if key.endswith("_on"):
        return "time"
    return _KINDS.get(key, "name" if key.endswith("name_servers") else "text")


__all__ = ("Masker",)
