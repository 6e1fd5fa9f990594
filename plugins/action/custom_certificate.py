# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Runs M(zonefleet.cloudflare.custom_certificate) in the worker process if it does not need a process of its own."""

from __future__ import annotations

import contextlib
import typing as t

# At the top, so that requests and cryptography are imported once, in the parent of all workers.
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._keep_certificate import KEEP_CERTIFICATE
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._action import InProcessAction


class ActionModule(InProcessAction):
    """The action plugin."""

    job = KEEP_CERTIFICATE

    def _run_here(self, *arguments: t.Any) -> dict[str, t.Any]:
        # ansible-core runs modules in this directory, so relative paths are resolved here
        with contextlib.chdir(self._loader.get_basedir()):
            return super()._run_here(*arguments)
