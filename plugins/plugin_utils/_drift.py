# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Builds the drift report: which zones are not in the order requested, and what would change. Pure.

The result is the JSON report, described in playbooks/schemas/drift.json.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._near_matches import DID_YOU_MEAN
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._reading import (
    MESSAGE,
    CertificateRow,
    Unusable,
    Zone,
    certificate_row,
    moment,
    read_zone,
    shown,
)

# The statuses of zones, the worst first.
STATUSES = ("failed", "drifted", "ok")


class ChangeRow(t.TypedDict):
    name: str
    decided_by: str
    before: CertificateRow
    after: CertificateRow


class PriorityRow(t.TypedDict):
    id: str
    issuer: str | None
    before: float
    after: float


class ZoneRow(t.TypedDict):
    zone: str
    zone_id: str | None
    status: str
    msg: str | None
    changes: list[ChangeRow]
    priorities: list[PriorityRow]
    unmatched: int


class Summary(t.TypedDict):
    zones: int
    failed_zones: int
    drifted_zones: int
    names: int


class Drift(t.TypedDict):
    report: str
    schema_version: int
    created_on: str
    summary: Summary
    zones: list[ZoneRow]


def make_drift(results: t.Mapping[object, object], now: datetime) -> Drift:
    """Build the report from the results of M(zonefleet.cloudflare.custom_certificate_priority) in check mode.

    :param results: The registered result of each zone, by the zone's name.
    :raises Unusable: An item is not a result of that module.
    """
    zones = [_zone_row(read_zone(name, result), now) for name, result in results.items()]
    zones.sort(key=lambda zone: (STATUSES.index(zone["status"]), -len(zone["changes"]), zone["zone"]))
    return {
        "report": "drift",
        "schema_version": 1,
        "created_on": moment(now),
        "summary": {
            "zones": len(zones),
            "failed_zones": sum(zone["status"] == "failed" for zone in zones),
            "drifted_zones": sum(zone["status"] == "drifted" for zone in zones),
            "names": sum(len(zone["changes"]) for zone in zones),
        },
        "zones": zones,
    }


def _zone_row(zone: Zone, now: datetime) -> ZoneRow:
    rows = {identifier: certificate_row(certificate, now) for identifier, certificate in zone.certificates.items()}
    # A misspelled policy matches nothing, and then nothing would change.
    near_misses = [text for text in map(str, zone.result.get("warnings") or ()) if DID_YOU_MEAN in text]
    drifted = bool(zone.result.get("changed") or near_misses)
    try:
        changes: list[ChangeRow] = [
            {
                "name": shown(item["name"]),
                "decided_by": shown(item["decided_by"]),
                "before": rows[item["before"]],
                "after": rows[item["after"]],
            }
            for item in zone.result["contested"]
            if item["before"] != item["after"]
        ]
        priorities: list[PriorityRow] = [
            {
                "id": shown(item["id"]),
                "issuer": rows[item["id"]]["issuer"],
                "before": item["before"],
                "after": item["after"],
            }
            for item in zone.result.get("reprioritized", ())
        ]
    except (KeyError, TypeError) as error:
        raise Unusable(f"the result of {zone.name} is incomplete, {shown(error)} is missing") from None
    return {
        "zone": zone.name,
        "zone_id": zone.zone_id,
        "status": "failed" if zone.problem else "drifted" if drifted else "ok",
        "msg": zone.problem or zone.note or shown(" ".join(near_misses), MESSAGE) or None,
        "changes": changes,
        "priorities": priorities,
        "unmatched": len(zone.result.get("unmatched", ())),
    }
