# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Hostnames: compared as lower-case A-labels (RFC 5890). A wildcard covers one label (RFC 6125). Pure."""

from __future__ import annotations

import ipaddress
import typing as t

_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


class NameUnreadable(ValueError):
    """A name cannot be converted to A-labels. The message says why."""


def a_labels(name: str) -> str:
    """Return C(name) as lower-case A-labels without a final dot.

    :raises NameUnreadable: The name is not ASCII and cannot be converted.
    """
    if name.isascii():
        return name.lower().rstrip(".")
    try:
        import idna  # pylint: disable=import-outside-toplevel  # few runs need it
    except ImportError:
        raise NameUnreadable("the Python library 'idna' is not installed: write the name in its xn-- form") from None
    labels = name.translate(_DOTS).rstrip(".").split(".")
    try:
        return ".".join(
            label.lower() if label.isascii() else idna.encode(label, uts46=True).decode("ascii") for label in labels
        )
    except (idna.IDNAError, UnicodeError) as error:
        raise NameUnreadable(f"it is not a valid internationalized name: {error}") from None


def comparable(names: t.Iterable[str]) -> frozenset[str]:
    """Return C(names) as a set of A-labels. A name that cannot be converted is case-folded instead."""
    found = set()
    for name in names:
        try:
            found.add(a_labels(name))
        except NameUnreadable:
            found.add(name.casefold())
    return frozenset(found)


def wildcard_over(name: str) -> str:
    """Return the wildcard that covers C(name), in the form of C(a_labels): C(*.example.com) for C(www.example.com)."""
    return "*." + name.partition(".")[2]


def ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address in C(text), or None if it is not one."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
