# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Base class of the action plugins: runs a module in the worker process if it does not need a process of its own.

For many zones, starting a Python interpreter for each one takes most of the time.
"""

from __future__ import annotations

import functools
import os
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._trust import prepare
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._in_process import run_in_process
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._placement import (
    CONTROLLER_PYTHON,
    Circumstances,
    has_environment,
    what_needs_a_process,
    why_run_as_module,
)
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._shared_pacer import pacer_of_this_run

display = Display()

# Once, in the parent of all workers, for the CA bundle of the environment.
prepare(os.environ)

_MANY_HOSTS = 10


class InProcessAction(ActionBase):
    """Runs a job in the worker, or executes the module. Subclasses set C(job)."""

    job: t.ClassVar[Job]

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the job in this process, or execute the module."""
        variables = task_vars or {}
        begun = super().run(tmp, variables)
        environment = self._environment()
        reason, surprise = why_run_as_module(self._circumstances(variables, environment))
        if reason:
            display.vvv(f"{self._task.action}: run as a module, because {reason}", host=self._host(variables))
            if surprise and self._on_many_hosts(variables):
                display.warning(
                    f"{self._task.action} starts a Python process for each host, because {reason}. Without this, it runs "
                    "many times faster."
                )
            result = self._execute(variables)
        else:
            display.vvv(f"{self._task.action}: run in process", host=self._host(variables))
            result = self._run_here(variables, {**os.environ, **(environment or {})})
        return t.cast("dict[str, t.Any]", merge_hash(begun, result))

    def _environment(self) -> dict[str, str] | None:
        """Return the task's C(environment) as core templates it for a module, or None if that fails."""
        if not has_environment(self._task.environment):
            return {}
        found: dict[str, t.Any] = {}
        try:
            self._compute_environment_string(found)
        except AnsibleError:
            return None  # core reports the same error when it executes the module
        return {str(name): str(value) for name, value in found.items()}

    def _circumstances(self, variables: dict[str, t.Any], environment: dict[str, str] | None) -> Circumstances:
        return Circumstances(
            connection=getattr(self._connection, "ansible_name", None),
            become=self._connection.become is not None,
            is_async=bool(self._task.async_val),
            environment="cannot be read" if environment is None else what_needs_a_process(environment),
            interpreter=self._interpreter(variables),
            controller_python=str(variables.get("ansible_playbook_python") or ""),
            keep_files=bool(C.DEFAULT_KEEP_REMOTE_FILES),
        )

    def _interpreter(self, variables: dict[str, t.Any]) -> str:
        """Return the Python that core would use for the module, from the variables of the host that it runs on."""
        own = variables
        if self._task.delegate_to:
            own = (variables.get("ansible_delegated_vars") or {}).get(self._task.delegate_to) or {}
        asked = C.config.get_config_value("INTERPRETER_PYTHON", variables=own)
        if asked == CONTROLLER_PYTHON and "ansible_playbook_python" in variables:
            return str(variables["ansible_playbook_python"])  # as the inventory plugin sets it, without templating
        try:
            return str(self._templar.template(asked) or "")
        except AnsibleError:
            return str(asked)  # core reports the same error when it executes the module

    def _on_many_hosts(self, variables: dict[str, t.Any]) -> bool:
        return not self._task.run_once and len(variables.get("ansible_play_hosts") or ()) >= _MANY_HOSTS

    def _execute(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """Execute the module as core does without an action plugin."""
        # From ansible-core 2.21 on, the module payload itself handles native async.
        wrap_async = bool(self._task.async_val) and not getattr(self._connection, "has_native_async", False)
        result: dict[str, t.Any] = self._execute_module(task_vars=variables, wrap_async=wrap_async)
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result

    def _run_here(self, variables: dict[str, t.Any], environ: t.Mapping[str, str]) -> dict[str, t.Any]:
        return run_in_process(
            self.job,
            self._task.action,
            self._task.args,
            check_mode=self._task.check_mode,
            diff=self._task.diff,
            invocation=_includes_invocation(variables),
            make_pacer=functools.partial(pacer_of_this_run, host=self._host(variables)),
            tell=_show_progress,
            environ=environ,
        )

    def _host(self, variables: dict[str, t.Any]) -> str:
        return str(variables.get("inventory_hostname"))


def _show_progress(text: str) -> None:
    """Print progress on stderr, unless the output is JSON."""
    if "json" not in str(C.DEFAULT_STDOUT_CALLBACK):
        display.display(f"zonefleet.cloudflare: {text}", stderr=True)


def _includes_invocation(variables: dict[str, t.Any]) -> bool:
    if not C.config.get_configuration_definition("INJECT_INVOCATION"):
        return True  # before ansible-core 2.21, modules always return the invocation
    return bool(C.config.get_config_value("INJECT_INVOCATION", variables=variables))
