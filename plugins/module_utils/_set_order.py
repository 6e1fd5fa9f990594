# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Bring the order of a zone's custom certificates about: read, plan, write, verify."""

from __future__ import annotations

import math
import typing as t
from datetime import datetime, timezone

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._calls import (
    ZoneCertificates,
    is_unknown_certificate,
    prioritize,
    read_certificates,
    zone_id_of,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    Numbers,
    numbers_of,
    plain_number,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client, Outdated
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._envelope import ApiError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import (
    Params,
    PriorityOptions,
    read_priority_options,
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
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import Claim, Entry, claim
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed, printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._warnings import find_warnings

_FRESH = 10.0  # seconds of waiting after which a reading is too old to write on it
_SETTLING = (0.0, 0.5, 1.0, 2.0)  # seconds before each reading back, for an API that shows a write late
_MOST_SHOWN = 10


class _Decision(t.NamedTuple):
    """What a reading of the zone leads to."""

    zone_id: str
    zone_name: str | None
    certificates: tuple[Certificate, ...]
    wanted: Wanted
    plan: Plan
    unmatched: tuple[Entry, ...]
    waited: float

    @property
    def numbers(self) -> dict[str, t.Any]:
        return numbers_of(self.certificates)

    @property
    def restore(self) -> list[dict[str, t.Any]]:
        listed_ones = sorted(self.wanted.order, key=lambda certificate: -certificate.priority)
        return [{"id": found.id, "priority": plain_number(found.priority)} for found in listed_ones]


def set_order(client: Client, params: Params, check_mode: bool) -> Report:
    """Do what the task's options ask for.

    :raises CloudflareError: with all that is known in its fields; after a write C(changed), and C(restore) to undo it.
    """
    options = read_priority_options(params)
    zone_id = zone_id_of(client, options.zone)
    try:
        decision = _decide(client, zone_id, options)
        if check_mode or not decision.plan.write:
            after = {**decision.numbers, **decision.plan.after}
            return _report(decision, decision.certificates, after, bool(decision.plan.write), check_mode)
        return _write(client, options, decision)
    except CloudflareError as error:
        error.fields = {"zone_id": zone_id, **error.fields}
        raise


def _decide(client: Client, zone_id: str, options: PriorityOptions) -> _Decision:
    zone = read_certificates(client, zone_id)
    claims = claim(options.entries, zone.current)
    unmatched = tuple(found.entry for found in claims if not found.matches)
    if unmatched and options.missing == "fail":
        raise _missing(unmatched, zone)
    wanted = _wanted(options, claims, zone.current)
    return _Decision(zone_id, options.zone.name, zone.current, wanted, make_plan(wanted), unmatched, zone.waited)


def _wanted(options: PriorityOptions, claims: t.Sequence[Claim], certificates: t.Sequence[Certificate]) -> Wanted:
    if options.exact:
        return _wanted_exactly(claims)
    order = tuple(certificate for found in claims for certificate in found.certificates)
    unlisted = _unlisted(order, certificates)
    if options.unlisted == "fail" and unlisted:
        raise CloudflareError(
            f"The zone has {len(unlisted)} certificate(s) that 'certificates' does not name, and 'unlisted' is 'fail': "
            f"{_described(unlisted)}. Name each of them, or set 'unlisted' to 'last' or 'ignore'."
        )
    return Wanted(order, _rivals(options, order, certificates))


def _wanted_exactly(claims: t.Sequence[Claim]) -> Wanted:
    numbers: dict[str, int] = {}
    for found in claims:
        if len(found.certificates) > 1:
            raise CloudflareError(
                f"The entry of 'certificates' with {printable(found.entry)} and priority {found.entry.priority} matches "
                f"{len(found.certificates)} certificates, which cannot all have that number: {_described(found.certificates)}. "
                "Make it match one, or remove every 'priority' to have just the order kept."
            )
        numbers.update((certificate.id, t.cast(int, found.entry.priority)) for certificate in found.certificates)
    named = (certificate for found in claims for certificate in found.certificates)
    return Wanted(tuple(sorted(named, key=lambda certificate: -numbers[certificate.id])), (), numbers)


def _rivals(
    options: PriorityOptions, order: t.Iterable[Certificate], certificates: t.Iterable[Certificate]
) -> tuple[Certificate, ...]:
    """Return the unlisted certificates that have to stay below the listed ones with which they compete."""
    return _unlisted(order, certificates) if options.unlisted == "last" and not options.exact else ()


def _unlisted(order: t.Iterable[Certificate], certificates: t.Iterable[Certificate]) -> tuple[Certificate, ...]:
    named = {certificate.id for certificate in order}
    return tuple(certificate for certificate in certificates if certificate.id not in named)


def _missing(unmatched: t.Sequence[Entry], zone: ZoneCertificates) -> CloudflareError:
    entry = unmatched[0]
    many = f" (and {len(unmatched) - 1} more)" if len(unmatched) > 1 else ""
    if entry.id is not None and entry.id.lower() in {identifier.lower() for identifier in zone.deleted}:
        problem = f"Certificate {entry.id} of 'certificates' has status 'deleted'{many}."
    else:
        problem = f"The entry of 'certificates' with {printable(entry)}{many} matches no certificate of the zone."
    fields = [field for field in entry.given() if field not in ("id", "host")]
    return CloudflareError(
        f"{problem} The zone has {_described(zone.current, fields) or 'none'}. Correct the entry, or set 'missing' to 'ignore'.",
        unmatched=[entry.given() for entry in unmatched],
    )


def _described(certificates: t.Sequence[Certificate], fields: t.Sequence[str] = ()) -> str:
    shown = (_one_described(certificate, fields or ("issuer",)) for certificate in certificates[:_MOST_SHOWN])
    more = f"; and {len(certificates) - _MOST_SHOWN} more" if len(certificates) > _MOST_SHOWN else ""
    return "; ".join(shown) + more


def _one_described(certificate: Certificate, fields: t.Iterable[str]) -> str:
    values = (f"{field} {printable(getattr(certificate, field) or '-', 60)}" for field in fields)
    hosts = listed(t.cast("list[str]", certificate.raw.get("hosts") or ["-"]), 3)
    return f"{printable(certificate.id, 64)} ({', '.join(values)}, hosts {hosts})"


def _write(client: Client, options: PriorityOptions, decision: _Decision) -> Report:
    """Write what was decided, on fresh knowledge, and report what proves it."""
    origin = decision  # what stood before anything may have been written
    stale_after = decision.waited + _FRESH
    perhaps_done = False
    may_follow_renewal = all(entry.id is None for entry in options.entries)
    while decision.plan.write:
        try:
            shown = prioritize(client, decision.zone_id, decision.plan.write, stale_after)
        except Outdated as delay:
            stale_after = math.inf
            perhaps_done |= delay.perhaps_done
        except ApiError as error:
            perhaps_done |= error.perhaps_done
            if not (may_follow_renewal and is_unknown_certificate(error)):
                _tell_doubt(error, origin, perhaps_done)
                raise
            may_follow_renewal = False
        else:
            return _verify(client, options, decision, origin, shown)
        try:
            decision = _decide(client, decision.zone_id, options)
        except CloudflareError as error:
            _tell_doubt(error, origin, perhaps_done)
            raise
        origin = origin if perhaps_done else decision
    changed = any(origin.numbers.get(key, number) != number for key, number in decision.numbers.items())
    return _report(_since(origin, decision), decision.certificates, decision.numbers, changed, False)


def _tell_doubt(error: CloudflareError, origin: _Decision, perhaps_done: bool) -> None:
    """Have an error tell that a write may have been done before it, and how to undo that."""
    if perhaps_done:
        error.message += (
            " The change may have been made, in whole or in part: run again to see, or undo it with 'restore'."
        )
        error.fields.update(_undo(origin, origin.certificates))


def _since(origin: _Decision, decision: _Decision) -> _Decision:
    """Return a decision with the numbers that its certificates had before anything may have been written."""
    return (
        decision
        if origin is decision
        else decision._replace(
            certificates=_renumber(decision.certificates, origin.numbers),
            wanted=decision.wanted._replace(order=_renumber(decision.wanted.order, origin.numbers)),
        )
    )


def _renumber(certificates: t.Iterable[Certificate], numbers: Numbers) -> tuple[Certificate, ...]:
    return tuple(found._replace(priority=numbers.get(found.id, found.priority)) for found in certificates)


def _verify(
    client: Client, options: PriorityOptions, decision: _Decision, origin: _Decision, shown: t.Mapping[str, Certificate]
) -> Report:
    """Report the change if an answer shows it; the list is read again where the PUT's answer does not."""
    before = _since(origin, decision)
    state = _merged(decision.certificates, shown)
    problems: list[str] = []
    if options.verify == "answer" and decision.wanted.concerned() <= shown.keys():
        problems = _problems(options, decision.wanted, state)
        if not problems:
            return _report(before, state, numbers_of(state), True, False)
    try:
        for seconds in _SETTLING:
            if not client.pause(seconds):
                break
            state = read_certificates(client, decision.zone_id).current
            problems = _problems(options, decision.wanted, state)
            if not problems:
                return _report(before, state, numbers_of(state), True, False)
    except CloudflareError as error:
        error.message += " The change was sent, but not verified: run again to see, or undo it with 'restore'."
        error.fields.update(_undo(before, state))
        raise
    raise CloudflareError(
        f"The priorities of zone {decision.zone_id} were set, but the list does not show it: {'; '.join(problems[:_MOST_SHOWN])}. "
        "Another writer may have changed them since; run again, or undo the change with 'restore'.",
        **_undo(before, state),
    )


def _merged(certificates: t.Sequence[Certificate], shown: t.Mapping[str, Certificate]) -> tuple[Certificate, ...]:
    """Return what was read with the priorities that an answer shows, and what only that answer shows."""
    known = {certificate.id for certificate in certificates}
    updated = _renumber(certificates, {identifier: found.priority for identifier, found in shown.items()})
    return updated + tuple(found for found in shown.values() if found.id not in known and found.status != "deleted")


def _problems(options: PriorityOptions, wanted: Wanted, state: t.Sequence[Certificate]) -> list[str]:
    """Say what is not as wanted in a state of the zone, whose unlisted certificates may not be those of the plan."""
    rivals = _rivals(options, wanted.order, state)
    return list(faults(wanted._replace(rivals=rivals), numbers_of(state)))


def _undo(before: _Decision, state: t.Sequence[Certificate]) -> dict[str, t.Any]:
    return {
        "changed": True,
        "certificates": show_certificates(state, numbers_of(state)),
        "restore": before.restore,
    }


def _report(
    decision: _Decision, state: t.Sequence[Certificate], after: Numbers, changed: bool, check_mode: bool
) -> Report:
    """Put the result together.

    :param decision: What was read before the run, and decided.
    :param state: The certificates after it, in check mode those that were read.
    :param after: Their numbers after it, in check mode those planned.
    """
    read = {certificate.id: certificate for certificate in decision.certificates}
    certificates = [read.get(certificate.id, certificate) for certificate in state]
    before = numbers_of(certificates)
    contests = find_contests(certificates, before, after)
    order = [certificate for certificate in decision.wanted.order if certificate.id in after]
    shown = show_certificates(certificates, after)
    return Report(
        {
            "changed": changed,
            "zone_id": decision.zone_id,
            "certificates": shown,
            "reprioritized": show_reprioritized(order, before, after),
            "restore": decision.restore,
            "contested": [contest.as_result() for contest in contests],
            "unmatched": [entry.given() for entry in decision.unmatched],
            "ansible_facts": {
                "cloudflare_certificate_order": show_certificates(certificates, before) if check_mode else shown
            },
        },
        find_warnings(order, contests, datetime.now(timezone.utc)) + _moved_unlisted(decision, before, after),
        lambda: make_diff(decision.zone_id, decision.zone_name, certificates, contests, before, after),
    )


def _moved_unlisted(decision: _Decision, before: Numbers, after: Numbers) -> list[str]:
    moved = [
        f"{printable(found.id, 64)} from {plain_number(before[found.id])} to {plain_number(after[found.id])}"
        for found in _unlisted(decision.wanted.order, decision.certificates)
        if found.id in after and before[found.id] != after[found.id]
    ]
    return (
        [f"Certificates that the list does not name have another priority since the run: {listed(moved)}."]
        if moved
        else []
    )
