# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Text that comes from elsewhere, made safe to show on a terminal and to return."""

from __future__ import annotations

import re
import typing as t
import unicodedata

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._secrets import hide, masked

# Controls, formats (bidirectional marks among them), lone surrogates, private use, and the two line separators.
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
# The name of a field, of a result of ours or of an object of the API. No token or key of Cloudflare looks like that.
_NAME = re.compile(r"[a-z_]{1,30}", re.ASCII)

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def printable(value: object, limit: int = 200) -> str:
    """Return C(value) as one line of text in which nothing can act on a terminal.

    Unsafe characters are shown as escapes; more than C(limit) characters are cut, with an ellipsis. Secrets are masked
    before that: of one that is cut, the rest would be shown.
    """
    text = hide(str(value))
    if len(text) > limit:
        text = text[: limit - 1] + "\u2026"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if unicodedata.category(char) in _UNSAFE else char for char in text)


def listed(values: t.Iterable[object], most: int = 5) -> str:
    """Return the first C(most) of C(values), comma separated, and how many more there are."""
    items = [printable(value) for value in values]
    shown = ", ".join(items[:most])
    return f"{shown} and {len(items) - most} more" if len(items) > most else shown


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: C(1 certificate), C(2 certificates)."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def letters_and_digits(text: str) -> str:
    """Return C(text) without spaces and punctuation, which is how the API spells an issuer: C(Let's Encrypt) is C(LetsEncrypt)."""
    return "".join(char for char in text if char.isalnum())


def well_formed(text: str) -> str:
    """Return a text without lone surrogates, which JSON can hold and no encoding can: ansible-core refuses them."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def returnable(value: t.Any, secrets: t.Sequence[str]) -> t.Any:
    """Return plain data without secrets and lone surrogates in any text of it, whether it is a key or a value.

    Keys that are names of fields stay: with a secret as short as C(e), a task would lose its C(failed), and end well.

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
