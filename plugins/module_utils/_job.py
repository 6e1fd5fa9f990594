# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The definition of a module, shared by the module and its action plugin."""

from __future__ import annotations

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import Environ, Params
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone


def _needs_api(_options: t.Any) -> Report:
    raise TypeError("this job needs a connection to the API")


class Job(t.NamedTuple):
    """The definition of a module.

    :param spec: The argument spec.
    :param read_options: Parses arguments and environment into typed options with the attributes C(connection) and C(zone),
        and raises OptionError if one is invalid. If they have an attribute C(secrets), it is masked in all output.
    :param work: Runs the module for one zone. In check mode, it only predicts the result.
    :param work_without_api: Runs the module for options whose C(connection) is None.
    :param read_only: Whether the module never writes.
    """

    spec: dict[str, t.Any]
    read_options: t.Callable[[Params, Environ], t.Any]
    work: t.Callable[[Client, Zone, t.Any, bool], Report]
    work_without_api: t.Callable[[t.Any], Report] = _needs_api
    read_only: bool = False
