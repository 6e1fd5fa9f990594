# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Runs M(zonefleet.cloudflare.served_certificate_info) inside the worker where a new process gains nothing."""

from __future__ import annotations

import os

# At the top, so that requests is imported once, in the parent of all workers.
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._handshake import prepare
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._look_at_edge import LOOK_AT_EDGE
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._action import InProcessAction

# For the same reason.
prepare(os.environ)


class ActionModule(InProcessAction):
    """What the module does."""

    job = LOOK_AT_EDGE
