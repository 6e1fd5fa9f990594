# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Makes strings from the API and from users safe to display and to return. Pure."""

from __future__ import annotations

import re
import typing as t
import unicodedata

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._secrets import hide, masked

# Control and format characters (such as bidirectional marks), surrogates, private use, line and paragraph separators.
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
# The name of a result key or an API field. No API token or key looks like this.
_NAME = re.compile(r"[a-z_]{1,30}", re.ASCII)

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def printable(value: object, limit: int = 200) -> str:
    """Return C(value) as one line that is safe to print on a terminal.

    Unsafe characters are escaped. A string of more than C(limit) characters is cut and ends with an ellipsis. Secrets are
    masked first, so that no part of one remains.
    """
    text = hide(str(value))
    if len(text) > limit:
        text = text[: limit - 1] + "\u2026"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if unicodedata.category(char) in _UNSAFE else char for char in text)


def listed(values: t.Iterable[object], most: int = 5) -> str:
    """Return the first C(most) of C(values), separated by commas, and the number of the others."""
    items = [printable(value) for value in values]
    shown = ", ".join(items[:most])
    return f"{shown} and {len(items) - most} more" if len(items) > most else shown


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: C(1 certificate), C(2 certificates)."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def letters_and_digits(text: str) -> str:
    """Return C(text) without spaces and punctuation, as the API spells issuers: C(LetsEncrypt) for C(Let's Encrypt)."""
    return "".join(char for char in text if char.isalnum())


def well_formed(text: str) -> str:
    """Replace lone surrogates. JSON can contain them, but they cannot be encoded, and ansible-core fails."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def returnable(value: t.Any, secrets: t.Sequence[str]) -> t.Any:
    """Return plain data without secrets and lone surrogates in its strings and keys.

    Keys that are field names are kept. Otherwise a secret such as C(e) would change the key C(failed), and the task would
    not fail.

    :param secrets: The longest first.
    """
    if isinstance(value, str):
        return well_formed(masked(value, secrets))
    if isinstance(value, dict):
        return {
            key if _NAME.fullmatch(str(key)) else returnable(key, secrets): returnable(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [returnable(item, secrets) for item in value]
    return value


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
