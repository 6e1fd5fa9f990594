# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Does in a worker what AnsibleModule does in a module: validates arguments, masks secrets, adds warnings and invocation."""

from __future__ import annotations

import datetime
import json
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._argument_shapes import find_misshapen
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import Environ
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._secrets import find_secrets, hiding
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import (
    MakePacer,
    Outcome,
    perform,
    register_secrets,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import returnable


# Most of the locals are parameters.
# pylint: disable-next=too-many-locals
def run_in_process(
    job: Job,
    name: str,
    arguments: t.Mapping[str, t.Any],
    *,
    check_mode: bool,
    diff: bool,
    invocation: bool,
    make_pacer: MakePacer | None,
    environ: Environ,
    tell: t.Callable[[str], None] = lambda _progress: None,
) -> dict[str, t.Any]:
    """Run a job in this process, and return the result that the module would return.

    :param job: The module's job. Deprecated options are not supported, as there are none.
    :param name: The module's name in the task.
    :param arguments: The arguments of the task, templated but not validated.
    :param invocation: Whether the result contains the arguments.
    :param environ: The environment that the module would have.
    :param tell: Called with progress messages of a long run.
    """
    # A module gets its arguments as JSON, without subclasses of str and vaulted values.
    plain = json.loads(json.dumps(dict(arguments), default=_as_json))
    given_secrets = find_secrets(job.spec, plain, environ)
    with hiding(given_secrets):
        misshapen, plain = find_misshapen(plain, job.spec)
    validation = ArgumentSpecValidator(job.spec).validate(plain)
    params = {**plain, **validation.validated_parameters}
    if misshapen:
        outcome = Outcome(True, {"msg": misshapen, "changed": False}, [], given_secrets)
    elif validation.error_messages:
        outcome = Outcome(True, {"msg": _validation_message(validation.errors, name)}, [], given_secrets)
    else:
        outcome = perform(
            job, params, check_mode=check_mode, diff=diff, make_pacer=make_pacer, environ=environ, tell=tell
        )
    if register_secrets is not None:
        register_secrets(outcome.secrets)  # so that ansible-core masks them in all output
    result = {**outcome.result, **({"failed": True} if outcome.failed else {})}
    warnings = [*_alias_warnings(validation), *outcome.warnings]
    if warnings:
        result["warnings"] = warnings
    if invocation:
        result["invocation"] = {"module_args": params}
    plain_result = json.loads(json.dumps(result))
    return t.cast("dict[str, t.Any]", returnable(plain_result, outcome.secrets))


def _as_json(value: t.Any) -> t.Any:
    """Convert a value that JSON does not support as core does when it passes arguments to a module."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, t.Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    return str(value)  # decrypts a vaulted value


def _validation_message(errors: t.Any, name: str) -> str:
    prefix = f"Unsupported parameters for ({name}) module: " if isinstance(errors[0], UnsupportedError) else ""
    return prefix + str(errors.msg)


def _alias_warnings(validation: t.Any) -> list[str]:
    return [f"Both option {found['option']} and its alias {found['alias']} are set." for found in validation._warnings]
