# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Renders the reports as HTML, with the templates in playbooks/templates.

This uses Jinja directly instead of Ansible's templating: everything is escaped automatically, strings from the API are never
evaluated as templates, and a report on 1,000 zones takes about as long as one task.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._audit import Audit
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._drift import Drift
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._reading import CertificateRow
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._wording import (
    DECISION,
    STATUS,
    audit_scope,
    days_words,
    drift_findings,
    expiry_words,
    grouped_changes,
    grouped_hostnames,
    zone_findings,
)

_TEMPLATES = Path(__file__).resolve().parents[2] / "playbooks" / "templates"
# The days on the time line. A certificate is valid for 398 days at most.
_DAYS = 400
# The maximum number of zones in the list at the top.
_MOST_FIRST = 50


def audit_page(audit: Audit) -> str:
    """Return the audit as a self-contained HTML page."""
    used = {name["decided_by"] for zone in audit["zones"] for name in zone["contested"]}
    return _render(
        "audit.html.j2",
        report=audit,
        scope=audit_scope(audit),
        hostnames=grouped_hostnames,
        findings=zone_findings,
        by_expiry=lambda rows: sorted(rows, key=lambda row: row["expires_on"] or "9999"),
        at=_place,
        days=days_words,
        decisions={word: text for word, text in DECISION.items() if word in used},
        most=_MOST_FIRST,
    )


def drift_page(drift: Drift) -> str:
    """Return the drift report as a self-contained HTML page."""
    return _render("drift.html.j2", report=drift, scope=drift_findings(drift), changes=grouped_changes)


def _render(name: str, *, report: t.Any, **values: t.Any) -> str:
    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Names from the API are not safe to use as anchors.
    anchors = {zone["zone"]: f"z{place}" for place, zone in enumerate(report["zones"])}
    template = environment.get_template(name)
    return template.render(report=report, anchors=anchors, words=STATUS, expiry=expiry_words, **values)


def _place(row: CertificateRow) -> float:
    """Return the position of the expiry on the time line, in percent."""
    return round(max(0, min(row["days_left"] or 0, _DAYS)) / _DAYS * 100, 1)
