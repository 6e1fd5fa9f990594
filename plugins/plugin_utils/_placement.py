# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Decides whether a task can run in the worker instead of a new process."""

from __future__ import annotations

import sys
import typing as t
from dataclasses import dataclass

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._route import is_read
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed

# Values that request interpreter discovery, for which the worker's Python is used. ansible-core 2.22 removed two of them.
_DISCOVERY = frozenset(("", "auto", "auto_silent", "auto_legacy", "auto_legacy_silent"))

CONTROLLER_PYTHON = "{{ ansible_playbook_python }}"


@dataclass(frozen=True)
class Circumstances:
    """The settings that decide where a task runs.

    :param connection: The full name of the connection plugin.
    :param environment: Why the task's C(environment) needs a new process, or an empty string.
    :param interpreter: The requested Python interpreter, templated, or an empty string.
    :param controller_python: The Python interpreter that runs ansible-playbook.
    :param keep_files: Whether C(ANSIBLE_KEEP_REMOTE_FILES) is set.
    """

    connection: str | None
    become: bool
    is_async: bool
    environment: str
    interpreter: str
    controller_python: str
    keep_files: bool


def why_run_as_module(found: Circumstances, platform: str = sys.platform) -> tuple[str, bool]:
    """Return why a task must run as a module, and whether that may surprise the user.

    The reason is empty if the task can run in the worker.
    """
    causes: tuple[tuple[bool, str, bool], ...] = (
        (found.connection != "ansible.builtin.local", f"the connection is {found.connection}", False),
        (found.keep_files, "ANSIBLE_KEEP_REMOTE_FILES is set", False),
        (found.is_async, "the task is asynchronous", False),
        (platform == "darwin", "a forked process cannot look up proxies on macOS", False),
        (found.become, "the task becomes another user", True),
        (bool(found.environment), f"the task's 'environment' {found.environment}", True),
        (not _is_own(found), f"the interpreter is {found.interpreter}", True),
    )
    return next(((reason, surprise) for applies, reason, surprise in causes if applies), ("", False))


def has_environment(environment: t.Any) -> bool:
    """Return whether the C(environment) keyword is set. If it is not, core provides a list with an empty dictionary."""
    return any(bool(item) for item in environment or ())


def what_needs_a_process(environment: t.Mapping[str, t.Any]) -> str:
    """Return which variables need a new process, or an empty string if the collection itself reads all of them."""
    others = [name for name in map(str, environment) if not (name.startswith("CLOUDFLARE_") or is_read(name))]
    return f"sets {listed(others)}" if others else ""


def _is_own(found: Circumstances) -> bool:
    """Return whether the interpreter is the worker's own. Links are not resolved: virtual environments share their target."""
    interpreter = found.interpreter.strip()
    return interpreter in _DISCOVERY or interpreter in (sys.executable, found.controller_python)
