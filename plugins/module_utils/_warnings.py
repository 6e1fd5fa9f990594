# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""What the list decides wrongly, told once a kind, with a count and an example. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import Contest
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import counted, printable


def find_warnings(order: t.Sequence[Certificate], contests: t.Sequence[Contest], now: datetime) -> list[str]:
    """Return the warnings about the listed certificates.

    :param order: The listed certificates; the one to be used first comes first.
    :param contests: The contested names of the zone, as they are with the list in force.
    """
    if not order:
        return _nothing_matched(contests)
    return _unfit_first(order, contests, now) + _wrong_kind_first(order)


def _nothing_matched(contests: t.Sequence[Contest]) -> list[str]:
    if not contests:
        return []
    return [
        "No entry of 'certificates' matches a certificate of the zone, though it has "
        f"{counted(len(contests), 'contested name')}, such as {printable(contests[0].name)}: nothing was decided."
    ]


def _unfit_first(order: t.Sequence[Certificate], contests: t.Sequence[Contest], now: datetime) -> list[str]:
    """Warn of names for which the list puts an unfit certificate first although a fit one holds the name, too."""
    listed = {certificate.id for certificate in order}
    wrong = [
        contest
        for contest in contests
        if contest.after.certificate.id in listed
        and _unfit(contest.after.certificate, now)
        and not all(_unfit(holder, now) for holder in contest.holders)
    ]
    if not wrong:
        return []
    first = wrong[0].after.certificate
    return [
        f"The list puts a certificate that is expired or not active first for {counted(len(wrong), 'contested name')}: "
        f"{printable(wrong[0].name)} gets {printable(first.id, 64)}, which {_unfit(first, now)}."
    ]


def _unfit(certificate: Certificate, now: datetime) -> str:
    if certificate.expires_on is not None and certificate.expires_on <= now:
        return f"expired on {certificate.expires_on:%Y-%m-%d}"
    if certificate.status not in (None, "active"):
        return f"has status {printable(certificate.status, 40)}"
    return ""


def _wrong_kind_first(order: t.Sequence[Certificate]) -> list[str]:
    """Warn of certificates that the list has in an order in which Cloudflare never uses them, whatever the priority."""
    kinds = (
        ("a legacy_custom certificate below an sni_custom one", _is_legacy, _is_modern),
        ("a keyless certificate below another one", _is_keyless, lambda certificate: not certificate.keyless),
    )
    warnings = []
    for what, is_lower, is_upper in kinds:
        pairs = _competing_below(order, is_lower, is_upper)
        if pairs:
            lower, upper = pairs[0]
            warnings.append(
                f"The list has {what} in {counted(len(pairs), 'place')}, such as {printable(lower.id, 64)} below "
                f"{printable(upper.id, 64)}: for the names that both hold, Cloudflare uses the lower one first, whatever "
                "the priority."
            )
    return warnings


_Test = t.Callable[[Certificate], bool]


def _is_keyless(certificate: Certificate) -> bool:
    return certificate.keyless


def _is_legacy(certificate: Certificate) -> bool:
    return certificate.type == "legacy_custom" and not certificate.keyless


def _is_modern(certificate: Certificate) -> bool:
    return certificate.type == "sni_custom" and not certificate.keyless


def _competing_below(
    order: t.Sequence[Certificate], is_lower: _Test, is_upper: _Test
) -> list[tuple[Certificate, Certificate]]:
    """Return each certificate of one kind with one of the other kind that it competes with and that stands above it."""
    above: dict[str | None, Certificate] = {}  # by name; under None one that competes with all
    pairs = []
    for certificate in order:
        if is_lower(certificate):
            names = certificate.names or above
            upper = next((above[name] for name in (None, *names) if name in above), None)
            if upper is not None:
                pairs.append((certificate, upper))
        if is_upper(certificate):
            above.update(dict.fromkeys(certificate.names or {None}, certificate))
    return pairs
