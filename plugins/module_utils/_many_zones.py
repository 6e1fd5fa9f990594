# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Runs a task's job for many zones in one process, and combines the results."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._calls import find_zones
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._one_zone import (
    Ended,
    Result,
    ZoneTask,
    do_zone,
    failure,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import ManyZones, ZoneChoice
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._side_by_side import side_by_side
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

# From this number of names on, listing all zones (50 per request) is cheaper than one look-up per name.
_MANY_NAMES = 20
_MOST_WARNINGS = 10
_PROGRESS_EVERY = 5.0  # seconds

Tell = t.Callable[[str], None]


class _LookUp(t.NamedTuple):
    """The zones found for the names, the requests and seconds that this took, and the API's C(messages).

    :param found: By name, the zone, or the failure of its look-up.
    """

    found: t.Mapping[str, ZoneChoice | Ended]
    requests: int
    waited: float
    messages: t.Sequence[t.Any]


def do_zones(task: ZoneTask, many: ManyZones, tell: Tell) -> Ended:
    """Run the job for each zone. A failed zone does not stop the others, and no CloudflareError is raised.

    :param tell: Called with a progress message, at most every five seconds.
    """
    names = [choice for choice in many.choices if choice.id is None]
    look_up = _look_up(task, names) if len(names) >= _MANY_NAMES else _LookUp({}, 0, 0.0, ())

    by_id = frozenset(choice.id for choice in many.choices if choice.id)

    def do(choice: ZoneChoice) -> Ended:
        found = look_up.found.get(choice.name or "", choice)
        return found if isinstance(found, Ended) else do_zone(task, found, by_id if choice.name else frozenset())

    progress = _Progress(len(many.choices), tell)
    ended = side_by_side(do, many.choices, many.concurrency, progress.see)
    return _put_together(task, many.choices, ended, look_up)


def _look_up(task: ZoneTask, names: t.Sequence[ZoneChoice]) -> _LookUp:
    """Look up all names at once. An error for a name becomes the result of its zone."""
    found: dict[str, ZoneChoice | Ended] = {}
    with task.open_client() as client:
        try:
            zones = find_zones(client, names)
        except CloudflareError as error:
            zones = [error for _name in names]
        for choice, zone in zip(names, zones):
            name = str(choice.name)
            found[name] = _not_found(zone) if isinstance(zone, CloudflareError) else choice._replace(id=zone.id)
        return _LookUp(found, client.requests, client.waited, client.messages)


def _not_found(error: CloudflareError) -> Ended:
    ended = failure(error)
    ended.result.update(requests=0, waited=0.0)  # the task counts those of the common look-up
    return ended


def _put_together(task: ZoneTask, choices: t.Sequence[ZoneChoice], ended: t.Sequence[Ended], look_up: _LookUp) -> Ended:
    items = [
        _item(task, choice, each, look_up.messages if choice.id is None else ()) for choice, each in zip(choices, ended)
    ]
    failed = [item for item in items if item["failed"]]
    changed = [item for item in items if item["changed"]]
    result: Result = {
        "changed": bool(changed),
        "zones": items,
        "changed_zones": [item["zone_id"] for item in changed],
        "failed_zones": [item["zone_id"] or item["zone"] for item in failed],
        "requests": look_up.requests + sum(each.result.get("requests", 0) for each in ended),
        # Zones are processed in parallel, so the task has waited as long as the zone that waited longest.
        "waited": round(look_up.waited + max(each.result.get("waited", 0.0) for each in ended), 1),
        "msg": _summary(task, items, changed, failed),
    }
    diffs = [each.result["diff"] for each in ended if each.result.get("changed") and "diff" in each.result]
    if task.diff:
        result["diff"] = diffs
    return Ended(bool(failed), result, _warnings(items, ended))


def _item(task: ZoneTask, choice: ZoneChoice, ended: Ended, messages: t.Sequence[t.Any]) -> Result:
    """Return the result of a zone without its facts and diff. Certificates of an unchanged zone are only included on request.

    :param messages: The API's C(messages) for the look-up of the zone.
    """
    item = {key: value for key, value in ended.result.items() if key not in ("ansible_facts", "diff")}
    if not (ended.failed or item["changed"] or task.options.return_certificates):
        item.pop("certificates", None)
    messages = [*messages, *(note for note in item.get("messages", ()) if note not in messages)]
    if messages:
        item["messages"] = messages
    if ended.warnings:
        item["warnings"] = ended.warnings
    return {"zone_id": choice.id, **item, "zone": choice.name, "failed": ended.failed}


def _summary(task: ZoneTask, items: t.Sequence[Result], changed: t.Sequence[Result], failed: t.Sequence[Result]) -> str:
    if failed:
        first = failed[0]
        name = printable(first["zone"] or first["zone_id"])
        return f"{len(failed)} of {len(items)} zones failed. {name}: {first['msg']}"
    if task.job.read_only:
        return f"{len(items)} of {len(items)} zones read."
    would = "would change" if task.check_mode else "changed"
    return f"{len(changed)} of {len(items)} zones {would}."


def _warnings(items: t.Sequence[Result], ended: t.Sequence[Ended]) -> list[str]:
    """Return the warnings of the first zones that have any. Each item of C(zones) has all of its own."""
    warned = [(item, each) for item, each in zip(items, ended) if each.warnings]
    shown = [
        f"{printable(item['zone'] or item['zone_id'])}: {warning}"
        for item, each in warned[:_MOST_WARNINGS]
        for warning in each.warnings
    ]
    further = len(warned) - _MOST_WARNINGS
    if further > 0:
        shown.append(f"{further} more zones have warnings: see 'warnings' in the items of 'zones'.")
    return shown


class _Progress:
    """Reports the progress of a long run."""

    def __init__(self, total: int, tell: Tell) -> None:
        self._total = total
        self._tell = tell
        self._done = self._changed = self._failed = 0
        self._next = time.monotonic() + _PROGRESS_EVERY

    def see(self, ended: Ended | None) -> None:
        """Count a finished zone, and report the progress when it is due."""
        if ended is not None:
            self._done += 1
            self._changed += bool(ended.result.get("changed"))
            self._failed += ended.failed
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _PROGRESS_EVERY
            self._tell(f"{self._done} of {self._total} zones done, {self._changed} changed, {self._failed} failed.")
