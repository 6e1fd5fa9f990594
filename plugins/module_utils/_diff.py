# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The two sides of C(--diff): what each contested name gets, then the certificates in their order. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, plain_number
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import Contest
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._ordering import Numbers
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed, printable

_MOST_NAMES = 20
_MOST_HOSTS = 4


def in_order(certificates: t.Iterable[Certificate], numbers: Numbers) -> list[Certificate]:
    """Return certificates as they are listed everywhere: highest priority first, equal ones by id."""
    return sorted(certificates, key=lambda certificate: (-numbers[certificate.id], certificate.id))


def make_diff(
    zone_id: str,
    certificates: t.Sequence[Certificate],
    contests: t.Iterable[Contest],
    before: Numbers,
    after: Numbers,
) -> dict[str, str]:
    """Return the C(diff) of a result. Both sides name the same contested names: those whose first one changes."""
    changing = [contest for contest in contests if contest.before.id != contest.after.id]
    rows = {certificate.id: _fields(certificate) for certificate in certificates}
    widths = [max(map(len, column)) for column in zip(*rows.values())]
    digits = max((len(_number(numbers[key])) for numbers in (before, after) for key in rows), default=0)

    def side(numbers: Numbers, winners: t.Mapping[str, Certificate]) -> str:
        lines = [f"{printable(name)} gets {_short(winner)}" for name, winner in winners.items()][:_MOST_NAMES]
        if len(winners) > _MOST_NAMES:
            lines.append(f"and {len(winners) - _MOST_NAMES} more names")
        for certificate in in_order(certificates, numbers):
            cells = [field.ljust(width) for field, width in zip(rows[certificate.id], widths)]
            lines.append("  ".join([_number(numbers[certificate.id]).rjust(digits), *cells]).rstrip())
        return "".join(line + "\n" for line in lines)

    return {
        "before_header": f"custom certificates of zone {zone_id}",
        "after_header": f"custom certificates of zone {zone_id}",
        "before": side(before, {contest.name: contest.before for contest in changing}),
        "after": side(after, {contest.name: contest.after for contest in changing}),
    }


def _number(value: t.Any) -> str:
    return str(plain_number(value))


def _fields(certificate: Certificate) -> tuple[str, ...]:
    hosts = t.cast("list[str]", certificate.raw.get("hosts") or [])
    return (
        printable(certificate.issuer or "-", 40),
        printable(certificate.signature or "-", 40),
        "expires " + _day(certificate),
        listed(hosts, _MOST_HOSTS) or "no hosts",
        printable(certificate.id, 64),
    )


def _short(certificate: Certificate) -> str:
    return (
        f"{printable(certificate.issuer or 'a certificate', 40)} "
        f"(expires {_day(certificate)}, {printable(certificate.id, 64)})"
    )


def _day(certificate: Certificate) -> str:
    return certificate.expires_on.strftime("%Y-%m-%d") if certificate.expires_on else "unknown"
