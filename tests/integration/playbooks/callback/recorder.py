# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback plugin that writes the result of every task, as one line of JSON each."""

from __future__ import annotations

import json
import os
import time
import typing as t

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "recorder"

    def __init__(self) -> None:
        super().__init__()
        self._begun: dict[tuple[str, str], float] = {}

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        self._begun[host.get_name(), task._uuid] = time.monotonic()

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._write(result, "ok")

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._write(result, "failed")

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._write(result, "skipped")

    def _write(self, result: t.Any, status: str) -> None:
        host, task = result._host.get_name(), result._task
        line = {
            "task": task.get_name().strip(),
            "host": host,
            "status": status,
            "result": result._result,
            "begun": self._begun[host, task._uuid],
            "ended": time.monotonic(),
        }
        with open(os.environ["ZONEFLEET_TEST_RECORD"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=_plain) + "\n")


def _plain(value: t.Any) -> t.Any:
    """From 2.19 on, warnings are objects."""
    if hasattr(value, "event"):
        return value.event.msg
    if hasattr(value, "details"):
        return value.details[0].msg
    return str(value)
