# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback plugin that makes time pass faster: it is loaded in the controller, before workers are forked.

`ZONEFLEET_TEST_SCALE` holds JSON: `{"_rate_limit": {"WINDOW": 5}, "_client": {...}}`.
"""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client, _rate_limit

_MODULES = {"_client": _client, "_rate_limit": _rate_limit}


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "scaled"

    def __init__(self) -> None:
        super().__init__()
        for module, values in json.loads(os.environ.get("ZONEFLEET_TEST_SCALE", "{}")).items():
            for name, value in values.items():
                if not hasattr(_MODULES[module], name):
                    raise AttributeError(f"{module} has no {name}")
                setattr(_MODULES[module], name, value)
