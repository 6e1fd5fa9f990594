# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Sets the order of a zone's custom certificates: reads the zone, plans, writes, and verifies the result."""

from __future__ import annotations

import enum
import math
import typing as t
from datetime import datetime, timezone

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._calls import (
    FRESH,
    SETTLING,
    Answered,
    ZoneCertificates,
    is_unknown_certificate,
    prioritize,
    read_certificates,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    Number,
    Numbers,
    numbers_of,
    plain_number,
    read_certificate,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client, Outdated
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._envelope import ApiError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._near_matches import (
    missing_text,
    near_match_warnings,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import ZoneChoice
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._order_options import (
    SPEC,
    OrderOptions,
    read_options,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._ordering import (
    Plan,
    Wanted,
    faults,
    make_plan,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import (
    Report,
    make_diff,
    show_certificates,
    show_reprioritized,
    summarize,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import Claim, Entry, claim
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed, printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._warnings import find_warnings, find_without_effect
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone

_MOST_SHOWN = 10


class _Decision(t.NamedTuple):
    """The plan for a zone, and the data that it is based on.

    :param certificates: The zone's certificates when it was read.
    :param before: Their priorities before any write of this run.
    :param waited: The value of C(Client.waited) when the zone was read.
    """

    zone: Zone
    certificates: tuple[Certificate, ...]
    claims: tuple[Claim, ...]
    wanted: Wanted
    plan: Plan
    unmatched: tuple[Entry, ...]
    waited: float
    before: Numbers

    @property
    def restore(self) -> list[dict[str, t.Any]]:
        """The value of RV(restore)."""
        order = sorted(self.wanted.order, key=lambda certificate: -self.before[certificate.id])
        return [{"id": item.id, "priority": plain_number(self.before[item.id])} for item in order]


class _Outcome(enum.Enum):
    """The outcome of an attempt at a write."""

    WRITTEN = enum.auto()
    RENEWED = enum.auto()  # refused, because a certificate of the list is no longer in the zone
    OUTDATED = enum.auto()  # not attempted, because the last read is too old
    FAILED = enum.auto()


class _Attempt(t.NamedTuple):
    """An attempt at a write.

    :param perhaps_done: Whether it may have changed something.
    """

    outcome: _Outcome
    perhaps_done: bool
    answered: Answered | None = None
    error: ApiError | None = None


def set_order(client: Client, zone: Zone, options: OrderOptions, check_mode: bool) -> Report:
    """Set the order of a zone as requested.

    :raises CloudflareError: After a write, its fields have C(changed) and C(restore).
    """
    decision = _decide(client, zone, options)
    if check_mode or not decision.plan.write:
        after = {**numbers_of(decision.certificates), **decision.plan.after}
        report = _report(decision, decision.certificates, after, bool(decision.plan.write), check_mode)
    else:
        report = _carry_out(client, options, decision)
    if isinstance(options.zone, ZoneChoice) and not options.return_certificates:
        del report.result["certificates"]  # the fact has them
    return report


def give_number(
    client: Client, zone: Zone, connection: Connection, reading: ZoneCertificates, identifier: str, number: Number
) -> tuple[tuple[Certificate, ...], list[str]]:
    """Set the priority of one certificate.

    :param reading: The zone's certificates, just read.
    :returns: The verified certificates of the zone, and warnings about other priorities that changed.
    :raises CloudflareError: See C(set_order).
    """
    entries = (Entry(id=identifier, priority=number),)
    options = OrderOptions(
        connection, ZoneChoice(zone.id, None, None), entries, "last", "fail", "answer", return_certificates=True
    )
    decision = _decide_on(zone, options, reading)
    report = _carry_out(client, options, decision)
    certificates = tuple(read_certificate(item) for item in report.result["certificates"])
    known = {certificate.id for certificate in certificates}
    before = {key: earlier for key, earlier in decision.before.items() if key in known}
    return certificates, _moved_unlisted(decision, before, numbers_of(certificates))


def _decide(client: Client, zone: Zone, options: OrderOptions) -> _Decision:
    return _decide_on(zone, options, read_certificates(client, zone.id))


def _decide_on(zone: Zone, options: OrderOptions, reading: ZoneCertificates) -> _Decision:
    # match the entries with certificates
    now = datetime.now(timezone.utc)
    claims = tuple(claim(options.entries, reading.current, now))
    unmatched = tuple(claimed.entry for claimed in claims if not claimed.matches)
    # a zone without custom certificates is in order, so that one policy can be used for a whole fleet
    has_nothing_to_order = not reading.current and not any(entry.id for entry in unmatched)
    if unmatched and options.missing == "fail" and not has_nothing_to_order:
        raise CloudflareError(
            missing_text(unmatched, reading.current, reading.deleted, now),
            unmatched=[entry.given() for entry in unmatched],
        )
    _check_ids_distinct(claims)
    # plan the priorities
    wanted = _wanted(options, claims, reading.current)
    plan = make_plan(wanted)
    before = numbers_of(reading.current)
    return _Decision(zone, reading.current, claims, wanted, plan, unmatched, reading.waited, before)


def _check_ids_distinct(claims: t.Iterable[Claim]) -> None:
    """Check that no two ids match the same certificate because they differ only in case.

    :raises CloudflareError: Two ids match the same certificate.
    """
    named: dict[str, Entry] = {}
    for claimed in claims:
        for identifier in claimed.matches if claimed.entry.id is not None else ():
            other = named.setdefault(identifier, claimed.entry)
            if other is not claimed.entry:
                raise CloudflareError(
                    f"Entries with {other} and {claimed.entry} select the same certificate, {printable(identifier, 64)}. "
                    "Remove one of them from 'certificates'."
                )


def _wanted(options: OrderOptions, claims: t.Sequence[Claim], certificates: t.Sequence[Certificate]) -> Wanted:
    if options.exact:
        return _wanted_exactly(claims)
    order = tuple(certificate for claimed in claims for certificate in claimed.certificates)
    unlisted = _unlisted(order, certificates)
    if options.unlisted == "fail" and unlisted:
        raise CloudflareError(
            f"The zone has {len(unlisted)} certificate(s) that 'certificates' does not list, and 'unlisted' is 'fail': "
            f"{_described(unlisted)}. List each of them, or set 'unlisted' to 'last' or 'ignore'."
        )
    return Wanted(order, _rivals(options, order, certificates))


def _wanted_exactly(claims: t.Sequence[Claim]) -> Wanted:
    numbers: dict[str, Number] = {}
    for claimed in claims:
        if len(claimed.certificates) > 1:
            raise CloudflareError(
                f"The entry of 'certificates' with {printable(claimed.entry)} and priority {plain_number(t.cast(Number, claimed.entry.priority))} matches "
                f"{len(claimed.certificates)} certificates, which cannot all have that priority: {_described(claimed.certificates)}. "
                "Make it match only one, or remove every 'priority' to set only the order."
            )
        numbers.update((certificate.id, t.cast(Number, claimed.entry.priority)) for certificate in claimed.certificates)
    named = (certificate for claimed in claims for certificate in claimed.certificates)
    return Wanted(tuple(sorted(named, key=lambda certificate: -numbers[certificate.id])), (), numbers)


def _rivals(
    options: OrderOptions, order: t.Iterable[Certificate], certificates: t.Iterable[Certificate]
) -> tuple[Certificate, ...]:
    """Return the unlisted certificates that must stay below the listed ones that they compete with."""
    return _unlisted(order, certificates) if options.unlisted == "last" and not options.exact else ()


def _unlisted(order: t.Iterable[Certificate], certificates: t.Iterable[Certificate]) -> tuple[Certificate, ...]:
    named = {certificate.id for certificate in order}
    return tuple(certificate for certificate in certificates if certificate.id not in named)


def _described(certificates: t.Sequence[Certificate]) -> str:
    shown = (_one_described(certificate) for certificate in certificates[:_MOST_SHOWN])
    more = f"; and {len(certificates) - _MOST_SHOWN} more" if len(certificates) > _MOST_SHOWN else ""
    return "; ".join(shown) + more


def _one_described(certificate: Certificate) -> str:
    hosts = listed(t.cast("list[str]", certificate.raw.get("hosts") or ["-"]), 3)
    return f"{printable(certificate.id, 64)} (issuer {printable(certificate.issuer or '-', 60)}, hosts {hosts})"


def _carry_out(client: Client, options: OrderOptions, decision: _Decision) -> Report:
    """Write the plan, based on a recent read, and report the verified result."""
    may_read_again = True
    may_follow_renewal = all(entry.id is None for entry in options.entries)
    perhaps_done = False
    while decision.plan.write:
        attempt = _attempt(client, decision, decision.waited + FRESH if may_read_again else math.inf)
        perhaps_done |= attempt.perhaps_done
        if attempt.answered is not None:
            return _verify(client, options, decision, attempt.answered)
        # the plan is outdated: read and plan again, once for each reason
        if attempt.outcome is _Outcome.OUTDATED:
            may_read_again = False
        elif attempt.outcome is _Outcome.RENEWED and may_follow_renewal:
            may_follow_renewal = False
        else:
            # pylint: disable-next=raising-bad-type  # a failed attempt has an error
            raise _in_doubt(t.cast(ApiError, attempt.error), decision, perhaps_done)
        try:
            latest = _decide(client, decision.zone, options)
        except CloudflareError as error:
            raise _in_doubt(error, decision, perhaps_done) from None
        decision = _with_numbers_of(decision, latest) if perhaps_done else latest
    # another writer made the change, or an attempt whose response was lost
    after = numbers_of(decision.certificates)
    changed = perhaps_done and any(after[key] != number for key, number in decision.before.items())
    return _report(decision, decision.certificates, after, changed, False)


def _attempt(client: Client, decision: _Decision, stale_after: float) -> _Attempt:
    """Send the write. The client itself retries transient failures."""
    try:
        answered = prioritize(client, decision.zone.id, decision.plan.write, stale_after)
    except Outdated as delay:
        return _Attempt(_Outcome.OUTDATED, delay.problem is not None)
    except ApiError as error:
        outcome = _Outcome.RENEWED if is_unknown_certificate(error) else _Outcome.FAILED
        return _Attempt(outcome, error.perhaps_done, error=error)
    return _Attempt(_Outcome.WRITTEN, True, answered)


def _with_numbers_of(earlier: _Decision, latest: _Decision) -> _Decision:
    """Return the latest decision with the priorities from before the run.

    A certificate that was renewed in between gets the priority of its predecessor: among the certificates of an entry, the
    first new one succeeds the first one that is gone, and so on.
    """
    before = {**latest.before, **{key: earlier.before[key] for key in latest.before if key in earlier.before}}
    for was, now in zip(earlier.claims, latest.claims):
        gone = [item.id for item in was.certificates if item.id not in latest.before]
        new = [item.id for item in now.certificates if item.id not in earlier.before]
        before.update((successor, earlier.before[predecessor]) for predecessor, successor in zip(gone, new))
    return latest._replace(before=before)


def _in_doubt(error: CloudflareError, decision: _Decision, perhaps_done: bool) -> CloudflareError:
    """Return an error. If a write may have been applied before it, add a note and C(restore)."""
    if perhaps_done:
        error.message += (
            " The change may have been made, in whole or in part: run again to check, or undo it with 'restore'."
        )
        error.fields.update(_undo(decision, decision.certificates))
    return error


def _verify(client: Client, options: OrderOptions, decision: _Decision, answered: Answered) -> Report:
    """Report the change if the response to the PUT shows it. Otherwise, read the list again until it does.

    :raises CloudflareError: The list does not show the change, or cannot be read.
    """
    state = _merged(decision.certificates, answered)
    problems: list[str] = []
    if options.verify == "answer" and decision.wanted.concerned() <= answered.current.keys() | answered.deleted:
        problems = _problems(options, decision.wanted, state)
        if not problems:
            return _report(decision, state, numbers_of(state), True, False)
    try:
        for seconds in SETTLING:
            if not client.pause(seconds):
                break
            state = read_certificates(client, decision.zone.id).current
            problems = _problems(options, decision.wanted, state)
            if not problems:
                return _report(decision, state, numbers_of(state), True, False)
    except CloudflareError as error:
        error.message += " The change was sent, but not verified: run again to check, or undo it with 'restore'."
        error.fields.update(_undo(decision, state))
        raise
    raise CloudflareError(
        f"The priorities of zone {decision.zone.id} were set, but the list does not show it: "
        f"{'; '.join(problems[:_MOST_SHOWN])}. Another writer may have changed them since; run again, or undo the change "
        "with 'restore'.",
        **_undo(decision, state),
    )


def _merged(certificates: t.Sequence[Certificate], answered: Answered) -> tuple[Certificate, ...]:
    """Return the certificates that were read, updated with the response to the PUT."""
    known = {certificate.id for certificate in certificates}
    numbers = numbers_of(answered.current.values())
    updated = tuple(
        item._replace(priority=numbers.get(item.id, item.priority))
        for item in certificates
        if item.id not in answered.deleted
    )
    return updated + tuple(item for item in answered.current.values() if item.id not in known)


def _problems(options: OrderOptions, wanted: Wanted, state: t.Sequence[Certificate]) -> list[str]:
    """Return the differences between a state of the zone and the order requested.

    The state may have other unlisted certificates than the plan.
    """
    rivals = _rivals(options, wanted.order, state)
    found = list(faults(wanted._replace(rivals=rivals), numbers_of(state)))
    if options.unlisted == "fail":
        found += [
            f"certificate {printable(item.id, 64)} was added, which 'certificates' does not list, and 'unlisted' is 'fail'"
            for item in _unlisted(wanted.order, state)
        ]
    return found


def _undo(decision: _Decision, state: t.Sequence[Certificate]) -> dict[str, t.Any]:
    return {
        "changed": True,
        "certificates": show_certificates(state, numbers_of(state)),
        "restore": decision.restore,
    }


def _report(
    decision: _Decision, state: t.Sequence[Certificate], after: Numbers, changed: bool, check_mode: bool
) -> Report:
    """Build the report.

    :param state: The certificates after the run. In check mode, the certificates that were read.
    :param after: The priorities after the run. In check mode, the planned ones.
    """
    before = {certificate.id: decision.before.get(certificate.id, certificate.priority) for certificate in state}
    contests = find_contests(state, before, after)
    order = [certificate for certificate in decision.wanted.order if certificate.id in after]
    shown = show_certificates(state, after)
    now = datetime.now(timezone.utc)
    return Report(
        {
            "changed": changed,
            "msg": summarize(order, state, contests, before, after, check_mode),
            "zone_id": decision.zone.id,
            "certificates": shown,
            "reprioritized": show_reprioritized(order, before, after),
            "restore": decision.restore,
            "contested": [contest.as_result() for contest in contests],
            "unmatched": [entry.given() for entry in decision.unmatched],
            "ansible_facts": {
                "cloudflare_certificate_order": show_certificates(state, before) if check_mode else shown
            },
        },
        [
            *find_warnings(order, state, contests, before, after, now),
            *find_without_effect(decision.claims),
            *near_match_warnings(decision.unmatched, state, "certificates", now),
            *_moved_unlisted(decision, before, after),
        ],
        lambda: make_diff(decision.zone, state, contests, before, after),
    )


def _moved_unlisted(decision: _Decision, before: Numbers, after: Numbers) -> list[str]:
    moved = [
        f"{printable(found.id, 64)} from {plain_number(before[found.id])} to {plain_number(after[found.id])}"
        for found in _unlisted(decision.wanted.order, decision.certificates)
        if found.id in after and before[found.id] != after[found.id]
    ]
    return (
        [f"The priority of certificates that are not listed in 'certificates' changed during the run: {listed(moved)}."]
        if moved
        else []
    )


SET_ORDER = Job(SPEC, read_options, set_order)
