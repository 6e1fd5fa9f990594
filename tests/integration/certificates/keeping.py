# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs custom_certificate over HTTP without Ansible, and describes the zone afterwards."""

from __future__ import annotations

import typing as t
from collections import Counter

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._keep_certificate import KEEP_CERTIFICATE
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import Outcome, perform
from emulator import Emulator, Pem

ZONE = "example.com"
DEFAULTS = {name: option.get("default") for name, option in KEEP_CERTIFICATE.spec.items()}


def keep(emulator: Emulator, made: Pem | None = None, *, check: bool = False, **options: t.Any) -> Outcome:
    """Do a task for the zone, with a certificate and its key if one is given."""
    given = {"certificate": made.certificate, "private_key": made.private_key} if made else {}
    where: dict[str, t.Any] = {"api_token": emulator.token, "api_url": emulator.url, "rate_limit": 0}
    where["zone_id"] = emulator.zones[ZONE].id
    return perform(KEEP_CERTIFICATE, {**DEFAULTS, **where, **given, **options}, check_mode=check, diff=True, environ={})


def living(emulator: Emulator) -> list[dict[str, t.Any]]:
    """Return the certificates that the zone has."""
    with emulator.lock:
        return [dict(item) for item in emulator.zones[ZONE].certificates if item["status"] != "deleted"]


def methods(emulator: Emulator) -> dict[str, int]:
    """Return how many requests came by method."""
    return dict(Counter(request.method for request in emulator.requests))


def told(outcome: Outcome) -> str:
    """Return how a run ended, in a few words."""
    return f"failed: {outcome.result['msg']}" if outcome.failed else str(outcome.result["action"])
