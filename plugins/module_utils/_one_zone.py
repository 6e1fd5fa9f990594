# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Runs a task's job for one zone. Only this file turns an error into a failed result."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._calls import find_zone
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import ZoneChoice
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

Result = t.Dict[str, t.Any]


class ZoneTask(t.NamedTuple):
    """A job with its options.

    :param open_client: Returns a new client for one zone.
    """

    job: Job
    options: t.Any
    check_mode: bool
    diff: bool
    open_client: t.Callable[[], Client]


class Ended(t.NamedTuple):
    """The outcome of a job for one zone or for many."""

    failed: bool
    result: Result
    warnings: list[str]


def do_zone(task: ZoneTask, choice: ZoneChoice, by_id: t.Collection[str] = ()) -> Ended:
    """Run the job for a zone. A CloudflareError becomes a failed outcome.

    :param by_id: The ids of other zones in the task, to detect a zone that is set both by id and by name.
    """
    client: Client | None = None
    try:
        with task.open_client() as client:
            ended = _work(task, client, choice, by_id)
    except CloudflareError as error:
        ended = failure(error)
    if client is not None:
        ended.result.update(requests=client.requests, waited=round(client.waited, 1))
        if client.messages:
            ended.result["messages"] = client.messages
    return ended


def do_without_api(task: ZoneTask) -> Ended:
    """Run a job that needs no request to the API. A CloudflareError becomes a failed outcome."""
    try:
        return _ended(task, task.job.work_without_api(task.options))
    except CloudflareError as error:
        return failure(error)


def failure(error: CloudflareError) -> Ended:
    """Return the failed outcome for an error."""
    return Ended(True, {"changed": False, **error.fields, "msg": error.message}, [])


def _work(task: ZoneTask, client: Client, choice: ZoneChoice, by_id: t.Collection[str]) -> Ended:
    zone = find_zone(client, choice)
    try:
        if zone.id in by_id:
            raise CloudflareError(
                f"{printable(choice.name)} and {zone.id} in 'zones' are the same zone: remove one of them."
            )
        report = task.job.work(client, zone, task.options, task.check_mode)
    except CloudflareError as error:
        error.fields = {"zone_id": zone.id, **error.fields}
        raise
    return _ended(task, report)


def _ended(task: ZoneTask, report: Report) -> Ended:
    if task.diff and report.make_diff:
        report.result["diff"] = report.make_diff()
    return Ended(False, report.result, report.warnings)
