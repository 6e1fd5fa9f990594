# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The wording of the reports, the same on the console, in Markdown and in HTML. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._audit import Audit
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._audit import ZoneRow as AuditZone
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._drift import ChangeRow, Drift
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._drift import ZoneRow as DriftZone
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._reading import CertificateRow

STATUS = {
    "failed": "failed",
    "expired": "expired",
    "not_active": "not active",
    "expiring": "expiring",
    "uncertain": "uncertain",
    "drifted": "drifted",
    "ok": "ok",
    "valid": "valid",
}

_ORDER = list(STATUS)

_FOUND = {
    "expired": "the certificate of {} has expired",
    "not_active": "the certificate of {} is not active",
    "expiring": "the certificate of {} expires within 30 days",
    "uncertain": "it is uncertain which certificate is used for {}",
}

DECISION = {
    "kind": "Keyless certificates are used before legacy_custom ones, and those before sni_custom ones.",
    "priority": "Of legacy_custom certificates, the one with the higher priority is used.",
    "recency": "The priorities are equal. Cloudflare uses the most recently ordered certificate; the report shows the most recently "
    "uploaded one.",
    "client": "RSA and ECDSA certificates with the same hostnames form a pack. The visitor's client picks one.",
    "undocumented": "The priorities differ, but Cloudflare documents their effect only for legacy_custom certificates. The report "
    "shows the one with the highest priority.",
}


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def audit_scope(audit: Audit) -> str:
    """Return how many zones, certificates and hostnames the audit covers."""
    summary = audit["summary"]
    return ", ".join(
        (
            counted(summary["zones"], "zone"),
            counted(summary["certificates"], "custom certificate"),
            counted(summary["contested_names"], "contested hostname"),
        )
    )


def audit_findings(audit: Audit) -> list[str]:
    """Return a phrase for each kind of problem, the worst first."""
    summary = audit["summary"]
    found = []
    if summary["failed_zones"]:
        found.append(f"{counted(summary['failed_zones'], 'zone')} could not be read")
    for status, text in _FOUND.items():
        if summary["names"][status]:
            found.append(text.format(counted(summary["names"][status], "hostname")))
    return found


def drift_findings(drift: Drift) -> str:
    """Return one sentence about how many zones are in order, drifted or failed."""
    summary = drift["summary"]
    fine = summary["zones"] - summary["failed_zones"] - summary["drifted_zones"]
    verb = "is" if 1 in (fine, summary["zones"]) else "are"
    parts = [f"{fine:,} of {counted(summary['zones'], 'zone')} {verb} in the order requested"]
    if summary["drifted_zones"]:
        parts.append(f"{summary['drifted_zones']:,} drifted")
    if summary["failed_zones"]:
        parts.append(f"{summary['failed_zones']:,} could not be checked")
    return ", ".join(parts)


def expiry_words(row: CertificateRow) -> str:
    """Return the date of expiry, with a remark if the certificate is expired, not active or about to expire."""
    date = row["expires_on"][:10] if row["expires_on"] else "(no expiry date)"
    if row["status"] == "expired":
        return f"{date} (expired)"
    if row["status"] == "not_active":
        return f"{date} ({row['api_status']})"
    if row["status"] == "expiring":
        return f"{date} ({days_words(row)})"
    return date


def days_words(row: CertificateRow) -> str:
    """Return the time until expiry in days."""
    days = row["days_left"]
    if days is None:
        return "unknown"
    if days < 0:
        return f"{counted(-days, 'day')} ago"
    return "today" if days == 0 else f"in {counted(days, 'day')}"


class Change(t.NamedTuple):
    """Hostnames of a zone that would change from the same certificate to the same other one."""

    names: list[str]
    before: CertificateRow
    after: CertificateRow
    decided_by: str


def grouped_changes(changes: t.Iterable[ChangeRow]) -> list[Change]:
    """Group the changes of a zone, in the order of the first hostname of each group."""
    groups: dict[tuple[str, str, str], Change] = {}
    for item in changes:
        key = (item["before"]["id"], item["after"]["id"], item["decided_by"])
        groups.setdefault(key, Change([], item["before"], item["after"], item["decided_by"])).names.append(item["name"])
    return list(groups.values())


class Hostnames(t.NamedTuple):
    """Hostnames of a zone with the same certificate, the same reason and the same other certificates."""

    names: list[str]
    findings: list[str]
    certificate: CertificateRow
    decided_by: str
    others: list[CertificateRow]


def grouped_hostnames(zone: AuditZone) -> list[Hostnames]:
    """Group the hostnames of a zone by their certificate, the worst group first."""
    groups: dict[tuple[object, ...], Hostnames] = {}
    for row in zone["contested"]:
        key = (row["winner"]["id"], row["decided_by"], *row["findings"], *(other["id"] for other in row["others"]))
        new = Hostnames([], row["findings"] or ["ok"], row["winner"], row["decided_by"], row["others"])
        groups.setdefault(key, new).names.append(row["name"])
    alone = [
        Hostnames(sole["names"], [sole["status"]], sole["certificate"], "not contested", [])
        for sole in zone["uncontested"]
    ]
    return sorted([*groups.values(), *alone], key=lambda group: _ORDER.index(group.findings[0]))


def drift_words(zone: DriftZone) -> str:
    """Return a sentence about a zone that has drifted although every hostname keeps its certificate."""
    count = len(zone["priorities"])
    verb = "differs" if count == 1 else "differ"
    return f"{counted(count, 'priority', 'priorities')} {verb}, but every hostname keeps its certificate"


def zone_findings(zone: AuditZone) -> list[tuple[str, int]]:
    """Return the number of hostnames of a zone by status, the worst first, without status C(ok)."""
    counts: dict[str, int] = {}
    for name in zone["contested"]:
        counts[name["status"]] = counts.get(name["status"], 0) + 1
    for sole in zone["uncontested"]:
        counts[sole["status"]] = counts.get(sole["status"], 0) + len(sole["names"])
    return [(status, counts[status]) for status in STATUS if status in counts and status != "ok"]
