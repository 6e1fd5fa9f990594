# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Runs a task: from its arguments to its result."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._argument_shapes import find_misshapen
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._many_zones import do_zones
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._one_zone import (
    Ended,
    ZoneTask,
    do_without_api,
    do_zone,
    failure,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import Environ, ManyZones, Params
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._pacing import MemoryStore, Pacer, SharedPacer, Tell
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._secrets import find_secrets, hiding, more_secrets
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import returnable

try:
    from ansible.module_utils.secrets import register_secrets  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # before ansible-core 2.22
    register_secrets = None

# The second argument says whether a write may follow a read.
MakePacer = t.Callable[[Connection, bool], Pacer]


class Outcome(t.NamedTuple):
    """The outcome of a task. Result and warnings contain no secrets.

    :param secrets: Every form of every secret of the task, so that ansible-core can mask them elsewhere.
    """

    failed: bool
    result: dict[str, t.Any]
    warnings: list[str]
    secrets: t.Sequence[str]


def perform(
    job: Job,
    params: Params,
    *,
    check_mode: bool,
    diff: bool,
    make_pacer: MakePacer | None = None,
    environ: Environ | None = None,
    tell: Tell = lambda _progress: None,
) -> Outcome:
    """Run a job with validated arguments. This function does not exit, and every CloudflareError becomes a failed outcome.

    :param make_pacer: Returns the pacer that this task shares with others. None if it shares none.
    :param environ: The environment, that of the process by default.
    :param tell: Called with progress messages of a long run.
    """
    environ = os.environ if environ is None else environ
    secrets = find_secrets(job.spec, params, environ)
    with hiding(secrets):
        try:
            options = job.read_options(params, environ)
        except CloudflareError as error:
            return _outcome(failure(error), secrets)
    # Secrets from files are known only now.
    secrets = more_secrets(secrets, getattr(options, "secrets", ()))
    many = isinstance(options.zone, ManyZones)
    if make_pacer is None and many:
        make_pacer = _pacer_of_its_own
    writes = not (check_mode or job.read_only)
    pacer = make_pacer(options.connection, writes) if make_pacer and options.connection else Pacer()
    task = ZoneTask(
        job,
        options,
        check_mode,
        diff,
        # A task for more zones than the rate limit allows must wait. That does not count against max_wait.
        lambda: Client(options.connection, pacer.another(bounded=not many)),
    )
    with hiding(secrets):
        return _outcome(_do(task, tell), secrets)


def _do(task: ZoneTask, tell: Tell) -> Ended:
    zone = task.options.zone
    if isinstance(zone, ManyZones):
        return do_zones(task, zone, tell)
    return do_zone(task, zone) if task.options.connection else do_without_api(task)


def _outcome(ended: Ended, secrets: t.Sequence[str]) -> Outcome:
    # A response may contain a secret. From ansible-core 2.22 on, core masks only what is displayed.
    return Outcome(ended.failed, returnable(ended.result, secrets), returnable(ended.warnings, secrets), secrets)


def _pacer_of_its_own(connection: Connection, writes: bool) -> Pacer:
    """Return a pacer that the zones of this task share."""
    return SharedPacer(MemoryStore(), connection, "", writes=writes, tell=lambda _wait: None)


class _Module(AnsibleModule):
    """A module that checks its arguments before ansible-core converts them, and masks secrets in its results."""

    def _load_params(self) -> None:
        super()._load_params()
        with hiding(find_secrets(self.argument_spec, self.params, os.environ)):
            self.misshapen, self.params = find_misshapen(self.params, self.argument_spec)

    def exit_json(self, **kwargs: t.Any) -> t.NoReturn:
        super().exit_json(**self._returnable(kwargs))

    def fail_json(self, msg: str, **kwargs: t.Any) -> t.NoReturn:
        if self.misshapen:  # takes precedence over the errors that core finds
            msg, kwargs = self.misshapen, {"changed": False}
        super().fail_json(**self._returnable({"msg": msg, **kwargs}))

    def _returnable(self, result: dict[str, t.Any]) -> dict[str, t.Any]:
        """Mask the result and the arguments in C(invocation), as ansible-core may not do so itself."""
        secrets = find_secrets(self.argument_spec, getattr(self, "params", None) or {}, os.environ)
        self.params = returnable(self.params, secrets)
        return t.cast("dict[str, t.Any]", returnable(result, secrets))


def run_module(job: Job) -> None:
    """Run a module's job and exit."""
    module = _Module(argument_spec=job.spec, supports_check_mode=True)
    if module.misshapen:
        module.fail_json(module.misshapen)
    outcome = perform(job, module.params, check_mode=module.check_mode, diff=module._diff)
    if register_secrets is not None:
        register_secrets(outcome.secrets)  # so that ansible-core masks them in all output
    for warning in outcome.warnings:
        module.warn(warning)
    if outcome.failed:
        module.fail_json(**outcome.result)
    module.exit_json(**outcome.result)
