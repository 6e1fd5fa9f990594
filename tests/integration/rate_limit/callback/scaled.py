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


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "scaled"

    def __init__(self) -> None:
        super().__init__()
        scale = json.loads(os.environ.get("ZONEFLEET_TEST_SCALE", "{}"))
        for module in (_client, _rate_limit):
            for name, value in scale.get(module.__name__.rpartition(".")[2], {}).items():
                getattr(module, name)  # one that is not there would change nothing
                setattr(module, name, value)
