# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Builds the audit: which certificate visitors get for each contested name, and what decides it. Problems first. Pure.

The result is the JSON report, described in playbooks/schemas/audit.json.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._reading import (
    CertificateRow,
    Unusable,
    Zone,
    certificate_row,
    moment,
    read_zone,
    shown,
)

# The statuses of names and zones, the worst first.
STATUSES = ("failed", "expired", "not_active", "expiring", "uncertain", "ok")
# The values of decided_by for which Cloudflare does not document the winner.
_UNCERTAIN = ("recency", "undocumented")


class NameRow(t.TypedDict):
    name: str
    status: str
    findings: list[str]
    decided_by: str
    pack: bool
    winner: CertificateRow
    others: list[CertificateRow]


class SoleRow(t.TypedDict):
    names: list[str]
    status: str
    certificate: CertificateRow


class ZoneRow(t.TypedDict):
    zone: str
    zone_id: str | None
    status: str
    msg: str | None
    contested: list[NameRow]
    uncontested: list[SoleRow]
    certificates: list[CertificateRow]


class Summary(t.TypedDict):
    zones: int
    failed_zones: int
    certificates: int
    contested_names: int
    names: dict[str, int]


class Audit(t.TypedDict):
    report: str
    schema_version: int
    created_on: str
    summary: Summary
    zones: list[ZoneRow]


def make_audit(results: t.Mapping[object, object], now: datetime) -> Audit:
    """Build the report from the results of M(zonefleet.cloudflare.custom_certificate_info).

    :param results: The registered result of each zone, by the zone's name.
    :raises Unusable: An item is not a result of that module.
    """
    zones = sorted((_zone_row(read_zone(name, result), now) for name, result in results.items()), key=_worst_first)
    return {
        "report": "audit",
        "schema_version": 1,
        "created_on": moment(now),
        "summary": _summary(zones),
        "zones": zones,
    }


def _zone_row(zone: Zone, now: datetime) -> ZoneRow:
    rows = {identifier: certificate_row(certificate, now) for identifier, certificate in zone.certificates.items()}
    holders: dict[str, list[str]] = {}
    for certificate in zone.certificates.values():
        for name in certificate.names:
            holders.setdefault(name, []).append(certificate.id)
    contested = sorted((_name_row(zone, item, rows, holders) for item in zone.result["contested"]), key=_worst_name)
    uncontested = sorted(_sole_rows(rows, holders), key=lambda row: (_severity(row["status"]), row["names"]))
    found = [row["status"] for row in contested] + [row["status"] for row in uncontested]
    return {
        "zone": zone.name,
        "zone_id": zone.zone_id,
        "status": "failed" if zone.problem else min(found, key=_severity, default="ok"),
        "msg": zone.problem or zone.note,
        "contested": contested,
        "uncontested": uncontested,
        "certificates": list(rows.values()),
    }


def _name_row(
    zone: Zone,
    item: t.Mapping[str, t.Any],
    rows: t.Mapping[str, CertificateRow],
    holders: t.Mapping[str, t.Sequence[str]],
) -> NameRow:
    try:
        winner, decided_by, pack = rows[item["after"]], str(item["decided_by"]), bool(item["pack"])
        others = [rows[holder] for holder in holders[item["name"]] if holder != item["after"]]
    except (KeyError, TypeError) as error:
        raise Unusable(f"the result of {zone.name} is incomplete, {shown(error)} is missing") from None
    # Cloudflare removes a whole pack when the first of its certificates expires.
    mates = [
        other for other in others if pack and other["hosts"] == winner["hosts"] and other["type"] == winner["type"]
    ]
    findings = {row["status"] for row in (winner, *mates)} - {"valid"}
    if decided_by in _UNCERTAIN:
        findings.add("uncertain")
    ordered = sorted(findings, key=_severity)
    return {
        "name": shown(item["name"]),
        "status": ordered[0] if ordered else "ok",
        "findings": ordered,
        "decided_by": shown(decided_by),
        "pack": pack,
        "winner": winner,
        "others": others,
    }


def _sole_rows(rows: t.Mapping[str, CertificateRow], holders: t.Mapping[str, t.Sequence[str]]) -> t.Iterator[SoleRow]:
    """Yield the hostnames that only one certificate covers, if that certificate has a problem."""
    sole: dict[str, list[str]] = {}
    for name, ids in holders.items():
        if len(ids) == 1:
            sole.setdefault(ids[0], []).append(shown(name))
    for identifier, names in sole.items():
        row = rows[identifier]
        if row["status"] != "valid":
            yield {"names": sorted(names), "status": row["status"], "certificate": row}


def _summary(zones: t.Sequence[ZoneRow]) -> Summary:
    names = dict.fromkeys(STATUSES[1:], 0)
    for zone in zones:
        for name in zone["contested"]:
            names[name["status"]] += 1
        for sole in zone["uncontested"]:
            names[sole["status"]] += len(sole["names"])
    return {
        "zones": len(zones),
        "failed_zones": sum(zone["status"] == "failed" for zone in zones),
        "certificates": sum(len(zone["certificates"]) for zone in zones),
        "contested_names": sum(len(zone["contested"]) for zone in zones),
        "names": names,
    }


def _severity(status: str) -> int:
    return STATUSES.index(status)


def _worst_first(zone: ZoneRow) -> tuple[int, float, str]:
    return _severity(zone["status"]), _soonest(zone), zone["zone"]


def _soonest(zone: ZoneRow) -> float:
    """Return the days until the first certificate in use expires. Zones without one come last."""
    rows = [name["winner"] for name in zone["contested"]] + [sole["certificate"] for sole in zone["uncontested"]]
    return min((row["days_left"] for row in rows if row["days_left"] is not None), default=float("inf"))


def _worst_name(row: NameRow) -> tuple[int, str]:
    return _severity(row["status"]), row["name"]
