# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Warnings about the order requested: one for each kind of problem, with a count and an example. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    KEYLESS,
    LEGACY,
    MODERN,
    UNKNOWN,
    Certificate,
    Number,
    Numbers,
    plain_number,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import UNDOCUMENTED, Contest
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import Claim
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import counted, printable


class _Lift(t.NamedTuple):
    """A certificate whose kind puts it before a listed one with a higher priority."""

    first: Certificate
    overruled: Certificate


def find_warnings(
    order: t.Sequence[Certificate],
    certificates: t.Sequence[Certificate],
    contests: t.Sequence[Contest],
    before: Numbers,
    after: Numbers,
    now: datetime,
) -> list[str]:
    """Return the warnings about the order requested.

    :param order: The listed certificates, the one to use first at the front.
    :param certificates: All certificates of the zone.
    :param contests: The contested names of the zone.
    :param after: The priorities after the run, by id.
    """
    if not order:
        return _nothing_matched(contests)
    listed = frozenset(certificate.id for certificate in order)
    return [
        *_unfit_first(listed, contests, now),
        *_overruled_by_kind(listed, certificates, after),
        *_changed_without_effect(contests, before, after),
    ]


def find_without_effect(claims: t.Sequence[Claim]) -> list[str]:
    """Warn about priorities without an effect, because other entries have claimed all certificates that the entry matches.

    Without priorities, this is not a mistake: C(issuer: "*") at the end of a list stands for all others, if there are any.
    """
    warnings = []
    for claimed in claims:
        wanted = claimed.entry.priority
        winners = [other.entry for other in claims if not claimed.matches.isdisjoint(_ids(other))]
        winner = next((entry for entry in winners if entry.priority != wanted), None)
        if wanted is not None and not claimed.certificates and winner is not None:
            warnings.append(
                f"The entry of 'certificates' with {printable(claimed.entry)} and priority {plain_number(wanted)} has no effect: "
                f"the entry with {printable(winner)} sets priority {plain_number(t.cast(Number, winner.priority))} for the certificates that it matches. "
                "Remove one of them, or make them match different certificates."
            )
    return warnings


def _ids(claimed: Claim) -> frozenset[str]:
    return frozenset(certificate.id for certificate in claimed.certificates)


def _nothing_matched(contests: t.Sequence[Contest]) -> list[str]:
    if not contests:
        return []
    return [
        "No entry of 'certificates' matches a certificate of the zone, although it has "
        f"{counted(len(contests), 'contested hostname')}, such as {printable(contests[0].name)}. No order was set."
    ]


def _unfit_first(listed: t.Collection[str], contests: t.Iterable[Contest], now: datetime) -> list[str]:
    """Warn about names whose first certificate is expired or not active although a valid one covers them as well."""
    wrong = [
        contest
        for contest in contests
        if contest.after.certificate.id in listed
        and contest.after.certificate.why_unfit(now)
        and not all(holder.why_unfit(now) for holder in contest.holders)
    ]
    if not wrong:
        return []
    first = wrong[0].after.certificate
    return [
        f"The list puts a certificate that is expired or not active first for {counted(len(wrong), 'contested hostname')}: "
        f"{printable(wrong[0].name)} gets {_named(first)}, which {first.why_unfit(now)}."
    ]


def _overruled_by_kind(
    listed: t.Collection[str], certificates: t.Iterable[Certificate], after: Numbers
) -> t.Iterator[str]:
    """Warn about certificates, listed or not, that come before a listed one in spite of a lower priority."""
    # With equal priorities, unlisted certificates go first, so that an equal one is not reported.
    falling = sorted(certificates, key=lambda certificate: (-after[certificate.id], certificate.id in listed))
    for lower, uppers, what in (
        (KEYLESS, (LEGACY, UNKNOWN, MODERN), "a keyless certificate before all others"),
        (LEGACY, (MODERN,), "a legacy_custom certificate before an sni_custom one"),
    ):
        lifts = list(_lifts(falling, listed, lower, uppers))
        if lifts:
            first, overruled = lifts[0]
            unlisted = "" if first.id in listed else f" Certificate {printable(first.id, 64)} is not listed."
            yield (
                f"Cloudflare uses {what}, whatever the priority. That overrules the list in "
                f"{counted(len(lifts), 'place')}, such as {_named(first)} before {_named(overruled)}, "
                f"for the hostnames that both cover.{unlisted}"
            )


def _lifts(
    falling: t.Iterable[Certificate], listed: t.Collection[str], lower: int, uppers: t.Collection[int]
) -> t.Iterator[_Lift]:
    """Yield each certificate of one kind that competes with a listed one of other kinds with a higher priority."""
    above: dict[str | None, Certificate] = {}  # by name; the key None is for one that competes with all
    for certificate in falling:
        if certificate.rank == lower:
            names = certificate.names or above
            overruled = next((above[name] for name in (None, *names) if name in above), None)
            if overruled is not None:
                yield _Lift(certificate, overruled)
        elif certificate.rank in uppers and certificate.id in listed:
            above.update(dict.fromkeys(certificate.names or {None}, certificate))


def _changed_without_effect(contests: t.Iterable[Contest], before: Numbers, after: Numbers) -> list[str]:
    """Warn about names whose priorities change without a documented effect."""
    changed = [
        contest
        for contest in contests
        if contest.after.decided_by == UNDOCUMENTED
        and contest.after.certificate.rank == MODERN
        and any(before[holder.id] != after[holder.id] for holder in contest.holders)
    ]
    if not changed:
        return []
    return [
        f"The new priorities of certificates of type sni_custom may have no effect for {counted(len(changed), 'contested hostname')}, "
        f"such as {printable(changed[0].name)}. Cloudflare documents no effect of priority for this type, only that the most "
        "recently ordered certificate is used. Check which one is served."
    ]


def _named(certificate: Certificate) -> str:
    issuer = f" ({printable(certificate.issuer, 40)})" if certificate.issuer else ""
    return printable(certificate.id, 64) + issuer
