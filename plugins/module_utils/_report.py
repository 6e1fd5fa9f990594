# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Builds the result, C(msg) and the diff of the modules that set or read the order. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    Numbers,
    in_order,
    plain_number,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import Contest, First
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import counted, listed, printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone

_MOST_NAMES = 20
_MOST_HOSTS = 4


class Report(t.NamedTuple):
    """A result with its warnings.

    :param make_diff: Returns the diff, None if there is none. It is called only in diff mode.
    """

    result: dict[str, t.Any]
    warnings: list[str]
    make_diff: t.Callable[[], dict[str, str]] | None = None


def show_certificates(certificates: t.Iterable[Certificate], numbers: Numbers) -> list[dict[str, t.Any]]:
    """Return the API's objects with these priorities, the highest priority first."""
    return [
        {**certificate.raw, "priority": plain_number(numbers[certificate.id])}
        for certificate in in_order(certificates, numbers)
    ]


def show_reprioritized(
    certificates: t.Iterable[Certificate], before: Numbers, after: Numbers
) -> list[dict[str, t.Any]]:
    """Return RV(reprioritized): the certificates whose priority changes."""
    return [
        {
            "id": certificate.id,
            "issuer": certificate.issuer,
            "expires_on": certificate.raw.get("expires_on"),
            "before": plain_number(before[certificate.id]),
            "after": plain_number(after[certificate.id]),
        }
        for certificate in certificates
        if before[certificate.id] != after[certificate.id]
    ]


def summarize(
    order: t.Collection[Certificate],
    certificates: t.Collection[Certificate],
    contests: t.Iterable[Contest],
    before: Numbers,
    after: Numbers,
    check_mode: bool,
) -> str:
    """Return RV(msg): one line about what changed, or would change in check mode.

    :param order: The listed certificates.
    :param certificates: All certificates of the zone.
    """
    if not certificates:
        return "The zone has no custom certificates."
    if not order:
        return "No entry of 'certificates' matches a certificate of the zone."
    changed = sum(before[certificate.id] != after[certificate.id] for certificate in certificates)
    if not changed:
        return "The order is as requested."
    parts = [f"{changed} of {len(certificates)} priorities {'would change' if check_mode else 'changed'}"]
    parts += _consequences(tuple(contests), check_mode)
    return "; ".join(parts) + "."


def _consequences(contests: t.Sequence[Contest], check_mode: bool) -> t.Iterator[str]:
    """Yield which names get a different certificate, and which ties are resolved."""
    moving = [contest for contest in contests if contest.moves]
    resolved = [printable(contest.name) for contest in contests if contest.before.tie and not contest.after.tie]
    if moving:
        name, first = moving[0].name, moving[0].after
        verb = (
            ("would get" if check_mode else "now gets")
            if first.sure
            else ("might get" if check_mode else "may now get")
        )
        others = _others(len(moving) - 1, check_mode)
        yield f"{printable(name)} {verb} {_owned(first.certificate)} (expires {_day(first.certificate)}){others}"
    if resolved:
        what = f"tie for {resolved[0]}" if len(resolved) == 1 else f"ties for {listed(resolved, 1)}"
        yield f"the {what} {'would be' if check_mode else 'is' if len(resolved) == 1 else 'are'} resolved"
    if contests and not moving and not resolved:
        yield "every contested hostname keeps its certificate"


def _others(count: int, check_mode: bool) -> str:
    verb = "would get" if check_mode else "gets" if count == 1 else "get"
    return f", and {counted(count, 'more hostname')} {verb} a different one" if count else ""


def _owned(certificate: Certificate) -> str:
    if certificate.issuer:
        return f"{printable(certificate.issuer, 40)}'s certificate"
    return f"certificate {printable(certificate.id, 64)}"


def make_diff(
    zone: Zone,
    certificates: t.Sequence[Certificate],
    contests: t.Iterable[Contest],
    before: Numbers,
    after: Numbers,
) -> dict[str, str]:
    """Return RV(diff): one line for each name whose certificate changes, then the certificates in order."""
    moving = [contest for contest in contests if contest.moves]
    rows = {certificate.id: _row(certificate) for certificate in certificates}
    widths = [max(map(len, column)) for column in zip(*rows.values())]
    digits = max((len(_number(numbers[key])) for numbers in (before, after) for key in rows), default=0)

    def side(numbers: Numbers, firsts: t.Sequence[tuple[str, First]]) -> str:
        lines = [_gets(name, first) for name, first in firsts[:_MOST_NAMES]]
        if len(firsts) > _MOST_NAMES:
            lines.append(f"and {len(firsts) - _MOST_NAMES} more hostnames")
        for certificate in in_order(certificates, numbers):
            cells = [cell.ljust(width) for cell, width in zip(rows[certificate.id], widths)]
            lines.append("  ".join([_number(numbers[certificate.id]).rjust(digits), *cells]).rstrip())
        return "".join(line + "\n" for line in lines)

    return {
        "before_header": f"custom certificates of zone {zone}",
        "after_header": f"custom certificates of zone {zone}",
        "before": side(before, [(contest.name, contest.before) for contest in moving]),
        "after": side(after, [(contest.name, contest.after) for contest in moving]),
    }


def _number(value: t.Any) -> str:
    return str(plain_number(value))


def _row(certificate: Certificate) -> tuple[str, ...]:
    hosts = t.cast("list[str]", certificate.raw.get("hosts") or [])
    return (
        printable(certificate.issuer or "-", 40),
        printable(certificate.signature or "-", 40),
        "expires " + _day(certificate),
        listed(hosts, _MOST_HOSTS) or "no hosts",
        printable(certificate.id, 64),
    )


def _gets(name: str, first: First) -> str:
    """Return what a name gets. The verb is "gets" if Cloudflare documents it, otherwise "may get"."""
    issuer = printable(first.certificate.issuer or "a certificate", 40)
    identifier = printable(first.certificate.id, 64)
    verb = "gets" if first.sure else "may get"
    return f"{printable(name)} {verb} {issuer} (expires {_day(first.certificate)}, {identifier})"


def _day(certificate: Certificate) -> str:
    return certificate.expires_on.strftime("%Y-%m-%d") if certificate.expires_on else "unknown"
