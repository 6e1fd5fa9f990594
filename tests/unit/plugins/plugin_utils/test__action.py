# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# pylint: disable=protected-access  # these are tests of the parts

"""Temporary files and progress messages of action plugins. Complete runs are in tests/integration/in_process."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.action import custom_certificate_priority
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _action


@pytest.mark.parametrize(
    ("is_async", "connection", "wrapped"),
    [(0, {}, False), (5, {}, True), (5, {"has_native_async": False}, True), (5, {"has_native_async": True}, False)],
)
def test_the_module_is_executed_as_core_does(
    is_async: int, connection: dict[str, bool], wrapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: t.Any = object.__new__(custom_certificate_priority.ActionModule)
    made._task = types.SimpleNamespace(async_val=is_async)
    made._connection = types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir="tmp"), **connection)
    gone: list[str] = []
    monkeypatch.setattr(made, "_execute_module", lambda **keywords: keywords)
    monkeypatch.setattr(made, "_remove_tmp_path", gone.append)
    assert made._execute({"a": 1}) == {"task_vars": {"a": 1}, "wrap_async": wrapped}
    assert gone == ["tmp"] * (not wrapped)


@pytest.mark.parametrize(("callback", "told"), [("ansible.builtin.default", True), ("ansible.posix.json", False)])
def test_progress_is_not_told_among_json(monkeypatch: pytest.MonkeyPatch, callback: str, told: bool) -> None:
    texts: list[str] = []
    monkeypatch.setattr(_action.C, "DEFAULT_STDOUT_CALLBACK", callback)
    monkeypatch.setattr(_action.display, "display", lambda text, **_where: texts.append(text))
    _action._show_progress("2 of 9 zones done")
    assert texts == ["zonefleet.cloudflare: 2 of 9 zones done"] * told
