# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The one way from a task's arguments to its outcome."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._argument_shapes import find_misshapen
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client, Pacer
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._many_zones import do_zones
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._one_zone import (
    ZoneTask,
    do_without_api,
    do_zone,
    failure,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import (
    Environ,
    ManyZones,
    Params,
    find_credentials,
)

try:
    from ansible.module_utils.secrets import register_secrets  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # before ansible-core 2.22
    register_secrets = None

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
    job: Job,
    params: Params,
    *,
    check_mode: bool,
    diff: bool,
    make_pacer: MakePacer = lambda _connection: None,
    environ: Environ | None = None,
    tell: t.Callable[[str], None] = lambda _progress: None,
) -> Outcome:
    """Do a task's job with its validated arguments. Exits nowhere and raises no CloudflareError.

    :param make_pacer: Called for each client: what the pacers of one credential share is its business.
    :param tell: Called with the progress of a long run.
    """
    environ = os.environ if environ is None else environ
    _credentials, secrets = find_credentials(params, environ)
    secrets += job.find_secrets(params)
    try:
        options = job.read_options(params, environ)
        secrets += getattr(options, "secrets", ())  # what was read from files
    except CloudflareError as error:
        return Outcome(*failure(error), secrets)
    task = ZoneTask(job, options, check_mode, diff, lambda: Client(options.connection, make_pacer(options.connection)))
    if isinstance(options.zone, ManyZones):
        ended = do_zones(task, options.zone, tell)
    else:
        ended = do_zone(task, options.zone) if options.connection else do_without_api(task)
    return Outcome(*ended, secrets)


class _Module(AnsibleModule):
    """A module whose arguments are looked at before ansible-core converts them, for a message that helps."""

    def _load_params(self) -> None:
        super()._load_params()
        self.misshapen, self.params = find_misshapen(self.params, self.argument_spec)


def run_module(job: Job) -> None:
    """Do a module's job and exit."""
    module = _Module(argument_spec=job.spec, supports_check_mode=True)
    if module.misshapen:
        module.fail_json(msg=module.misshapen, changed=False)
    outcome = perform(job, module.params, check_mode=module.check_mode, diff=module._diff)
    if register_secrets is None:
        module.no_log_values.update(outcome.secrets)
    else:
        register_secrets(outcome.secrets)
    for warning in outcome.warnings:
        module.warn(warning)
    if outcome.failed:
        module.fail_json(**outcome.result)
    module.exit_json(**outcome.result)
