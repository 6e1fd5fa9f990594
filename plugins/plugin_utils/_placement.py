# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Whether a task can run in a worker instead of a new process."""

from __future__ import annotations

import sys
import typing as t
from dataclasses import dataclass

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._route import is_read
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed

# Values for interpreter discovery: the Python that runs already will do. ansible-core 2.22 no longer has two of them.
_DISCOVERY = frozenset(("", "auto", "auto_silent", "auto_legacy", "auto_legacy_silent"))

CONTROLLER_PYTHON = "{{ ansible_playbook_python }}"


@dataclass(frozen=True)
class Circumstances:
    """How a task is to be run.

    :param connection: The full name of the connection plugin.
    :param environment: What is in the way of a worker in the task's C(environment); empty if nothing is.
    :param interpreter: The Python that is asked for, templated; empty where none is.
    :param controller_python: The Python that runs ansible-playbook.
    """

    connection: str | None
    become: bool
    is_async: bool
    environment: str
    interpreter: str
    controller_python: str
    keep_files: bool


def why_a_module(found: Circumstances, platform: str = sys.platform) -> tuple[str, bool]:
    """Say why a task has to run as a module, empty where it does not, and whether that may come as a surprise."""
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
    """Tell whether an C(environment) keyword holds anything; core gives a list with an empty dict where it does not."""
    return any(bool(item) for item in environment or ())


def what_needs_a_process(environment: t.Mapping[str, t.Any]) -> str:
    """Say which variables only a new process can have; empty where the task itself reads all of them."""
    others = [name for name in map(str, environment) if not (name.startswith("CLOUDFLARE_") or is_read(name))]
    return f"sets {listed(others)}" if others else ""


def _is_own(found: Circumstances) -> bool:
    """Compare as text: where the links lead to makes different virtual environments look alike."""
    interpreter = found.interpreter.strip()
    return interpreter in _DISCOVERY or interpreter in (sys.executable, found.controller_python)
