# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Makes TLS handshakes to read the certificates that the edge serves, and compares them with a zone's order."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._calls import read_certificates
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, numbers_of
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import find_contests
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._handshake import Unseen
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._look_options import SPEC, LookOptions, read_options
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._served import (
    First,
    Presented,
    compare,
    is_all_as_expected,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._visitors import Sight, visit
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._x509 import X509Error, need_library, read_leaf
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone


def look_at_zone(
    client: Client, zone: Zone, options: LookOptions, check_mode: bool  # pylint: disable=unused-argument
) -> Report:
    """Check the names of a zone. Check mode makes no difference.

    :raises CloudflareError: The zone's certificates cannot be read.
    """
    _check_library()
    current = read_certificates(client, zone.id).current
    numbers = numbers_of(current)
    firsts = {
        contest.name: First(contest.after.certificate.id, contest.after.decided_by)
        for contest in find_contests(current, numbers, numbers)
    }
    return _look(options, zone.id, current, firsts)


def look_with_given(options: LookOptions) -> Report:
    """Check names against the results of another module, without a request to the API.

    :raises CloudflareError: The Python library C(cryptography) is missing.
    """
    _check_library()
    given = options.given
    if given is None:
        raise TypeError("neither a connection nor a zone's certificates are given")
    report = _look(options, given.zone_id, given.certificates, given.firsts)
    return Report({**report.result, "requests": 0, "waited": 0.0}, report.warnings)


def _check_library() -> None:
    try:
        need_library()
    except X509Error as error:
        raise CloudflareError(f"The certificate that a server presents {error}") from None


def _look(
    options: LookOptions, zone_id: str | None, certificates: t.Sequence[Certificate], firsts: t.Mapping[str, First]
) -> Report:
    names = options.names if options.names is not None else [name for name in firsts if not name.startswith("*.")]
    sights = visit(
        names,
        options.key_types,
        address=options.address,
        port=options.port,
        timeout=options.timeout,
        trusted=options.trusted,
    )
    rows = compare(map(_read, sights), certificates, firsts, datetime.now(timezone.utc))
    return Report(
        {
            "changed": False,
            "zone_id": zone_id,
            "served": [row.as_result() for row in rows],
            "as_expected": is_all_as_expected(rows),
        },
        [],
    )


def _read(sight: Sight) -> Presented:
    if isinstance(sight.outcome, Unseen):
        return Presented(sight.name, sight.kind, None, None, sight.outcome.error)
    try:
        leaf = read_leaf(sight.outcome.leaf)
    except X509Error:
        error = "the certificate that was presented is damaged, or is not an X.509 certificate"
        return Presented(sight.name, sight.kind, None, None, error)
    return Presented(sight.name, sight.kind, leaf, sight.outcome.untrusted, None)


LOOK_AT_EDGE = Job(SPEC, read_options, look_at_zone, look_with_given, read_only=True)
