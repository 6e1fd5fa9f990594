# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""What a task tells: the result, the warnings, and a diff that is made only where one is asked for."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import Certificate, plain_number
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._diff import in_order
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._ordering import Numbers


class Report(t.NamedTuple):
    """A result, the warnings that go with it, and how to make its diff, if it has one."""

    result: dict[str, t.Any]
    warnings: list[str]
    make_diff: t.Callable[[], dict[str, str]] | None = None


def show_certificates(certificates: t.Iterable[Certificate], numbers: Numbers) -> list[dict[str, t.Any]]:
    """Return the API's objects with these priorities, the highest first."""
    return [
        {**certificate.raw, "priority": plain_number(numbers[certificate.id])}
        for certificate in in_order(certificates, numbers)
    ]
