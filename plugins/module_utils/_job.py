# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""What a module does, as one value that the module and its action plugin share."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import Environ, Params
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone


def _needs_api(_options: t.Any) -> Report:
    raise TypeError("this job has no work that does without the API")


class Job(t.NamedTuple):
    """A module's work.

    :param spec: The argument spec.
    :param read_options: Turns arguments and environment into typed options, with C(connection) and C(zone) among them; raises
        OptionError for what is invalid, before a client exists. C(secrets) among them, if there, must not be shown.
    :param work: Does it for one zone, or in check mode says what it would do.
    :param work_without_api: Does it for options whose C(connection) is null.
    :param read_only: Whether it never writes.
    """

    spec: dict[str, t.Any]
    read_options: t.Callable[[Params, Environ], t.Any]
    work: t.Callable[[Client, Zone, t.Any, bool], Report]
    work_without_api: t.Callable[[t.Any], Report] = _needs_api
    read_only: bool = False
