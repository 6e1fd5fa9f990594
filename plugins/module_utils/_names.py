# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Host names as certificates hold them: compared as lower-case A-labels (RFC 5890), wildcards cover one label (RFC 6125)."""

from __future__ import annotations

import ipaddress
import typing as t

_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


class NameUnreadable(ValueError):
    """A name that has no A-label form, with the reason as its text."""


def a_labels(name: str) -> str:
    """Return C(name) in the form in which names are compared: lower case, A-labels, no final dot.

    :raises NameUnreadable: the name is not plain ASCII and cannot be converted.
    """
    if name.isascii():
        return name.lower().rstrip(".")
    try:
        import idna  # pylint: disable=import-outside-toplevel  # hardly any run meets a name that needs it
    except ImportError:
        raise NameUnreadable("the Python library 'idna' is not installed, write the name in its xn-- form") from None
    labels = name.translate(_DOTS).rstrip(".").split(".")
    try:
        return ".".join(
            label.lower() if label.isascii() else idna.encode(label, uts46=True).decode("ascii") for label in labels
        )
    except (idna.IDNAError, UnicodeError) as error:
        raise NameUnreadable(f"it is no valid internationalised name: {error}") from None


def comparable(names: t.Iterable[str]) -> frozenset[str]:
    """Return C(names) as a set to compare; one that has no A-label form stands for itself, case-folded."""
    found = set()
    for name in names:
        try:
            found.add(a_labels(name))
        except NameUnreadable:
            found.add(name.casefold())
    return frozenset(found)


def wildcard_over(name: str) -> str:
    """Return the wildcard that covers C(name), which is in the form of a_labels: C(www.example.com) gives C(*.example.com)."""
    return "*." + name.partition(".")[2]


def ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that a text is, C(None) if it is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
