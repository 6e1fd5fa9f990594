# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The one way from a task's options to its outcome, and the one place where errors are turned into a failed result."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client, Pacer
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import (
    Params,
    find_credentials,
    read_connection,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report

try:
    from ansible.module_utils.secrets import register_secrets  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # before ansible-core 2.22
    register_secrets = None

if t.TYPE_CHECKING:  # pragma: no cover
    from ansible.module_utils.basic import AnsibleModule

Work = t.Callable[[Client, Params, bool], Report]
MakePacer = t.Callable[[Connection], t.Optional[Pacer]]


class Outcome(t.NamedTuple):
    """What to exit with.

    :param secrets: What has to be censored beyond the options that are marked so.
    """

    failed: bool
    result: dict[str, t.Any]
    warnings: list[str]
    secrets: list[str]


def perform(
    work: Work, params: Params, *, check_mode: bool, diff: bool, make_pacer: MakePacer = lambda _connection: None
) -> Outcome:
    """Do a task's work with its validated options. Exits nowhere and raises no CloudflareError."""
    credentials, secrets = find_credentials(params, os.environ)
    client: Client | None = None
    try:
        connection = read_connection(params, os.environ, credentials)
        with Client(connection, make_pacer(connection)) as client:
            report = work(client, params, check_mode)
        failed, result, warnings = False, report.result, report.warnings
        if diff and report.make_diff:
            result["diff"] = report.make_diff()
    except CloudflareError as error:
        failed, result, warnings = True, {"changed": False, **error.fields, "msg": error.message}, []
    if client is not None:
        result.update(requests=client.requests, waited=round(client.waited, 1))
        if client.messages:
            result["messages"] = client.messages
    return Outcome(failed, result, warnings, secrets)


def run_module(module: AnsibleModule, work: Work) -> None:
    """Do a module's work and exit."""
    outcome = perform(work, module.params, check_mode=module.check_mode, diff=module._diff)
    if register_secrets is None:
        module.no_log_values.update(outcome.secrets)
    else:
        register_secrets(outcome.secrets)
    for warning in outcome.warnings:
        module.warn(warning)
    if outcome.failed:
        module.fail_json(**outcome.result)
    module.exit_json(**outcome.result)
