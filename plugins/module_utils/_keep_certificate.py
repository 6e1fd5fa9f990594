# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Uploads, renews or removes a certificate: reads the zone, plans, writes, and verifies the result by reading again.

A write is repeated only after another read has shown that it was not applied: the API accepts the same certificate twice.
"""

from __future__ import annotations

import enum
import math
import typing as t
from datetime import datetime, timezone

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._calls import (
    FRESH,
    SETTLING,
    ZoneCertificates,
    is_unknown_certificate,
    read_certificates,
    remove,
    renew,
    upload,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, plain_number
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client, Outdated
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._envelope import ApiError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._keep_options import (
    SPEC,
    KeepOptions,
    read_options,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._renewal import (
    RENEWED,
    UNCHANGED,
    UPLOADED,
    Step,
    described,
    explain_upload,
    find_rivals,
    find_successor,
    plan,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._renewal_report import State, make_report, show
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import give_number
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone

_PENDING = ("pending", "initializing")
_POLLS = (0.5, 1.0, 1.0, 2.0, 3.0)  # seconds between reads of a pending certificate; the last value is repeated
_ALREADY_THERE = frozenset((1220, 1228))


class _Outcome(enum.Enum):
    """The outcome of an attempt at a write."""

    WRITTEN = enum.auto()
    OUTDATED = enum.auto()  # not attempted, because the last read is too old
    GONE = enum.auto()  # refused, because the certificate to renew does not exist
    TAKEN = enum.auto()  # refused, because the zone has such a certificate already
    IN_DOUBT = enum.auto()  # unknown, because the response is missing or unclear
    REFUSED = enum.auto()


class _Attempt(t.NamedTuple):
    outcome: _Outcome
    answered: str | None = None
    error: ApiError | None = None


class _Task(t.NamedTuple):
    """The context of a run."""

    client: Client
    zone: Zone
    options: KeepOptions

    def read(self) -> ZoneCertificates:
        return read_certificates(self.client, self.zone.id)

    def plan(self, reading: ZoneCertificates) -> Step:
        return plan(self.options, self.zone.name, reading.current, datetime.now(timezone.utc))

    def find_successor(
        self,
        step: Step,
        origin: ZoneCertificates,
        reading: ZoneCertificates,
        answered: str | None = None,
        sure: bool = False,
    ) -> Certificate | None:
        return find_successor(
            self.options, self.zone.name, step, origin.current, reading.current, answered=answered, sure=sure
        )

    def report(self, step: Step, state: State, *, changed: bool = True, warnings: t.Sequence[str] = ()) -> Report:
        return make_report(self.zone, self.options, step, state, changed, list(warnings), datetime.now(timezone.utc))


def keep_certificate(client: Client, zone: Zone, options: KeepOptions, check_mode: bool) -> Report:
    """Upload, renew or remove a certificate as requested.

    :raises CloudflareError: The fields have everything known about the certificate, and C(changed) after a write.
    """
    task = _Task(client, zone, options)
    reading = task.read()
    step = task.plan(reading)
    if step.action in (UPLOADED, RENEWED):
        _check_sendable(options, step)
    if step.action == UNCHANGED:
        return task.report(step, State(reading.current, reading.current, step.current), changed=False)
    if check_mode:
        return task.report(step, State.predicted(zone, options, step, reading.current))
    return _remove(task, reading, step) if options.absent else _send(task, reading, step)


def _check_sendable(options: KeepOptions, step: Step) -> None:
    if not options.credentials_of_certificate:
        what = f"to renew {described([step.current])}" if step.current else "to upload the certificate"
        raise CloudflareError(
            f"'private_key' or 'private_key_path' is needed {what}, or 'custom_csr_id' for a key that Cloudflare holds. "
            "Nothing was sent."
        )


def _send(task: _Task, origin: ZoneCertificates, step: Step) -> Report:
    """Upload or renew, and report the result that another read shows.

    :param origin: The zone before any write.
    """
    reading = origin
    may_read_again = may_follow = True
    perhaps_done = False
    failures = 0
    while step.action != UNCHANGED:
        attempt = _attempt(task, reading, step, reading.waited + FRESH if may_read_again else math.inf)
        if attempt.outcome is _Outcome.WRITTEN:
            return _settle(task, origin, step, attempt.answered)
        if attempt.outcome is _Outcome.REFUSED or (attempt.outcome is _Outcome.GONE and not may_follow):
            # pylint: disable-next=raising-bad-type  # a refused attempt has an error
            raise _refused(t.cast(ApiError, attempt.error), perhaps_done)
        perhaps_done |= attempt.outcome is _Outcome.IN_DOUBT
        # read the current state
        reading, successor = _look_again(task, origin, step, attempt, perhaps_done)
        if successor is not None and perhaps_done:
            return _finish(task, origin, reading, step, successor)
        if successor is not None:  # another run was faster
            unchanged = Step(UNCHANGED, successor)
            return task.report(unchanged, State(reading.current, reading.current, successor), changed=False)
        # plan again, and retry if that may help
        if attempt.outcome is _Outcome.OUTDATED:
            may_read_again = False
        elif attempt.outcome is _Outcome.GONE:
            may_follow = False
        else:
            failures = _allow_another(task, attempt, failures)
        step = task.plan(reading)
    return task.report(step, State(reading.current, reading.current, step.current), changed=False)


def _refused(error: ApiError, perhaps_done: bool) -> ApiError:
    """Return the refusal, with a note if an earlier attempt may have been applied."""
    if perhaps_done:
        error.message += " An earlier attempt may have been applied: run again to check."
        error.fields["changed"] = True
    return error


def _attempt(task: _Task, reading: ZoneCertificates, step: Step, stale_after: float) -> _Attempt:
    options = task.options
    body: dict[str, t.Any] = {
        "certificate": options.chain.pem if options.chain else "",
        **options.credentials_of_certificate,
        "bundle_method": options.bundle_method,  # PATCH resets it if it is omitted
    }
    try:
        if step.current is not None:
            return _Attempt(_Outcome.WRITTEN, renew(task.client, task.zone.id, step.current.id, body, stale_after))
        body["type"] = options.type
        if options.geo_restrictions:
            body["geo_restrictions"] = {"label": options.geo_restrictions}
        if options.policy:
            body["policy"] = options.policy
        return _Attempt(_Outcome.WRITTEN, upload(task.client, task.zone.id, body, stale_after))
    except Outdated:
        return _Attempt(_Outcome.OUTDATED)
    except ApiError as error:
        outcome = _outcome_of(error, step)
        if step.action == UPLOADED and outcome in (_Outcome.REFUSED, _Outcome.TAKEN):
            unmatched = explain_upload(options, task.zone, reading.current, datetime.now(timezone.utc))
            error.message += f" {unmatched}" if unmatched else ""
        return _Attempt(outcome, error=error)


def _outcome_of(error: ApiError, step: Step) -> _Outcome:
    if not error.perhaps_done:
        return _Outcome.REFUSED
    if not _ALREADY_THERE.isdisjoint(error.codes):
        return _Outcome.TAKEN
    if step.current is not None and is_unknown_certificate(error):
        return _Outcome.GONE
    return _Outcome.IN_DOUBT if _is_in_doubt(error) else _Outcome.REFUSED


def _is_in_doubt(error: ApiError) -> bool:
    """Return whether a failed write may have been applied."""
    if not error.perhaps_done or error.status is None or error.status >= 500:
        return error.perhaps_done
    # a refusal may have status 200; without a code, the response was cut off
    return error.status < 300 and not error.codes


def _look_again(
    task: _Task, origin: ZoneCertificates, step: Step, attempt: _Attempt, perhaps_done: bool
) -> tuple[ZoneCertificates, Certificate | None]:
    """Read the zone again and find the certificate that the write should have created.

    After a write in doubt, the read is repeated for a few seconds, as the API may show a write with a delay.
    """
    pauses = SETTLING if attempt.outcome is _Outcome.IN_DOUBT else (0.0,)
    try:
        reading, successor = origin, None
        for seconds in pauses:
            if seconds and not task.client.pause(seconds):
                break
            reading = task.read()
            taken = attempt.outcome is _Outcome.TAKEN
            successor = task.find_successor(step, origin, reading, sure=taken)
            if successor is not None:
                break
        return reading, successor
    except CloudflareError as error:
        if perhaps_done:
            first = f"{attempt.error.message} " if attempt.error else ""
            raise _after_write(
                step, f"{first}It may have been applied, and this could not be checked: {error.message}"
            ) from None
        raise


def _allow_another(task: _Task, attempt: _Attempt, failures: int) -> int:
    """Wait before another attempt, and return how many attempts have failed.

    :raises ApiError: Another attempt would not help.
    """
    error = t.cast(ApiError, attempt.error)
    if attempt.outcome is _Outcome.IN_DOUBT:
        error.message += " The list of certificates does not show the change."
        if error.status is None:  # the server may still be processing the request
            error.fields["changed"] = True
        if failures < task.client.retries:
            task.client.back_off(error, failures)
            return failures + 1
    raise error


def _settle(task: _Task, origin: ZoneCertificates, step: Step, answered: str | None) -> Report:
    """Read the zone until it shows the certificate that was written.

    :raises CloudflareError: It does not, or cannot be read.
    """
    for seconds in SETTLING:
        if not task.client.pause(seconds):
            break
        try:
            reading = task.read()
        except CloudflareError as error:
            message = f"The certificate was {step.action}, but this could not be checked: {error.message}"
            raise _after_write(step, message, error) from None
        successor = task.find_successor(step, origin, reading, answered, sure=True)
        if successor is not None:
            return _finish(task, origin, reading, step, successor)
    raise _after_write(
        step,
        f"The API answered that the certificate was {step.action}, but the list of zone {task.zone.id} does not show it yet. Run again "
        "to check.",
    )


def _finish(
    task: _Task, origin: ZoneCertificates, reading: ZoneCertificates, step: Step, successor: Certificate
) -> Report:
    """Wait until the certificate is active, set its priority, and report."""
    reading, successor, warnings = _wait_while_pending(task, origin, reading, step, successor)
    rivals = find_rivals(task.options, successor, origin.current, reading.current) if step.action == UPLOADED else []
    if rivals and any(rival.latest_upload_first() > successor.latest_upload_first() for rival in rivals):
        raise _after_write(
            step,
            f"Another run has uploaded the same certificate at the same time. The zone has {described([successor, *rivals])}. "
            "Remove one of them, with 'state' set to 'absent' and its id in 'match'.",
            certificate=show(successor),
        )
    if task.options.keep_priority and step.current is not None and successor.priority != step.current.priority:
        reading, successor, moved = _give_number(task, reading, step, successor)
        warnings = [*warnings, *moved]
    return task.report(step, State(origin.current, reading.current, successor), warnings=warnings)


def _wait_while_pending(
    task: _Task, origin: ZoneCertificates, reading: ZoneCertificates, step: Step, successor: Certificate
) -> tuple[ZoneCertificates, Certificate, list[str]]:
    waited = 0.0
    polls = 0
    while successor.status in _PENDING:
        seconds = min(_POLLS[min(polls, len(_POLLS) - 1)], task.options.wait_timeout - waited)
        if seconds <= 0 or not task.client.pause(seconds):
            break
        waited += seconds
        polls += 1
        try:
            reading = task.read()
        except CloudflareError as error:
            message = f"The certificate was {step.action}, but its status could not be read: {error.message}"
            raise _after_write(step, message, error, certificate=show(successor)) from None
        # its id may change again; if it is missing from the list for a moment, keep the last state
        successor = task.find_successor(step, origin, reading, successor.id) or successor
    if successor.status in (None, "active") or not task.options.wait_timeout:
        return reading, successor, []
    warning = (
        f"The status of certificate {printable(successor.id, 64)} is '{printable(successor.status, 40)}' after {waited:.0f} s: it "
        "may not be served yet. In a zone that is not active, the status does not change."
    )
    return reading, successor, [warning]


def _give_number(
    task: _Task, reading: ZoneCertificates, step: Step, successor: Certificate
) -> tuple[ZoneCertificates, Certificate, list[str]]:
    """Give the successor the priority of its predecessor, planned and verified as in C(_set_order)."""
    number = t.cast(Certificate, step.current).priority
    try:
        state, moved = give_number(task.client, task.zone, task.options.connection, reading, successor.id, number)
    except CloudflareError as error:
        raise _after_write(
            step,
            f"The certificate was renewed, but certificate {printable(successor.id, 64)} did not get the priority "
            f"{plain_number(number)} of its predecessor, so that visitors may get a different one: {error.message} Set it with the "
            "module zonefleet.cloudflare.custom_certificate_priority.",
            error,
            certificate=show(successor),
        ) from None
    latest = reading._replace(current=state)
    return latest, next(found for found in state if found.id == successor.id), moved


def _remove(task: _Task, origin: ZoneCertificates, step: Step) -> Report:
    reading = origin
    stale_after = reading.waited + FRESH
    may_repeat = True
    while step.current is not None:
        current = step.current
        attempt = _attempt_removal(task, current, stale_after)
        stale_after = math.inf  # read again because of a delay only once
        if attempt.outcome is _Outcome.OUTDATED:
            reading = task.read()
            step = task.plan(reading)
            continue
        reading = _read_without(task, step, current, attempt.error)
        if not _lists(reading, current):
            return task.report(step, State(origin.current, reading.current, None))
        if attempt.error is None:
            raise _after_write(
                step,
                f"The API answered that the certificate was removed, but the list of zone {task.zone.id} still has it. Run again "
                "to check.",
            )
        if attempt.error.transient or not may_repeat:
            raise attempt.error  # pylint: disable=raising-bad-type  # it is not None here
        may_repeat = False
        step = task.plan(reading)
    # another run has removed it
    return task.report(step, State(reading.current, reading.current, None), changed=False)


def _attempt_removal(task: _Task, current: Certificate, stale_after: float) -> _Attempt:
    """Send the request, which the client repeats after a transient failure.

    :raises ApiError: The API refused it.
    """
    try:
        remove(task.client, task.zone.id, current.id, stale_after)
    except Outdated as delay:
        return _Attempt(_Outcome.IN_DOUBT if delay.problem else _Outcome.OUTDATED, error=delay.problem)
    except ApiError as error:
        if not is_unknown_certificate(error) and not _is_in_doubt(error):
            raise
        return _Attempt(_Outcome.IN_DOUBT, error=error)
    return _Attempt(_Outcome.WRITTEN)


def _read_without(task: _Task, step: Step, removed: Certificate, problem: ApiError | None) -> ZoneCertificates:
    """Read the zone until it no longer has a certificate, for as long as the API may delay showing a write."""
    try:
        reading = task.read()
        for seconds in SETTLING[1:]:
            if not _lists(reading, removed) or not task.client.pause(seconds):
                break
            reading = task.read()
        return reading
    except CloudflareError as error:
        start = (
            f"{problem.message} It may have been applied, and this"
            if problem
            else "The certificate was removed, but this"
        )
        raise _after_write(step, f"{start} could not be checked: {error.message}", problem or error) from None


def _lists(reading: ZoneCertificates, certificate: Certificate) -> bool:
    return any(found.id == certificate.id for found in reading.current)


def _after_write(step: Step, message: str, cause: CloudflareError | None = None, **fields: t.Any) -> CloudflareError:
    """Return an error whose fields say what the run has changed."""
    known = {
        key: value for key, value in (cause.fields if cause else {}).items() if key in ("errors", "status", "restore")
    }
    previous = {"previous": show(step.current)} if step.current else {}
    return CloudflareError(message, **{**known, "changed": True, "action": step.action, **previous, **fields})


KEEP_CERTIFICATE = Job(SPEC, read_options, keep_certificate)
