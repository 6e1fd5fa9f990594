# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Text that comes from elsewhere, made safe to show on a terminal."""

from __future__ import annotations

import typing as t
import unicodedata

# Controls, formats (bidirectional marks among them), lone surrogates, private use, and the two line separators.
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


def printable(value: object, limit: int = 200) -> str:
    """Return C(value) as one line of text in which nothing can act on a terminal.

    Unsafe characters are shown as escapes; more than C(limit) characters are cut, with an ellipsis.
    """
    text = str(value)
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


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
