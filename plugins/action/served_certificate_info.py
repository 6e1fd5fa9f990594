# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Runs M(zonefleet.cloudflare.served_certificate_info) in the worker process if it does not need a process of its own."""

from __future__ import annotations

import os

# At the top, so that requests is imported once, in the parent of all workers.
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._handshake import prepare
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._look_at_edge import LOOK_AT_EDGE
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._action import InProcessAction

# Once, in the parent of all workers.
prepare(os.environ)


class ActionModule(InProcessAction):
    """The action plugin."""

    job = LOOK_AT_EDGE
