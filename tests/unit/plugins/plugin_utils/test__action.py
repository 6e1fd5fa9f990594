# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# pylint: disable=protected-access  # these are tests of the parts

"""What an action plugin asks core for, on the version at hand; tests/integration/in_process has whole runs."""

from __future__ import annotations

import sys
import types
import typing as t

import pytest
from ansible import constants as C
from ansible.errors import AnsibleError

from ansible_collections.zonefleet.cloudflare.plugins.action import custom_certificate_priority
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _action

OWN = "/opt/ansible/bin/python"


class Templar:
    def template(self, text: t.Any) -> t.Any:
        if text == "{{ nothing }}":
            raise AnsibleError("'nothing' is undefined")
        return OWN if text == "{{ ansible_playbook_python }}" else text


def plugin(
    *, become: object = None, connection: str = "ansible.builtin.local", **task: t.Any
) -> _action.InProcessAction:
    """The plugin in the middle of a play, as far as it looks around."""
    made: t.Any = object.__new__(custom_certificate_priority.ActionModule)
    defaults: dict[str, t.Any] = {
        "delegate_to": None,
        "async_val": 0,
        "environment": [{}],
        "run_once": False,
        "check_mode": False,
    }
    made._task = types.SimpleNamespace(action="test", args={}, diff=False, **{**defaults, **task})
    made._connection = types.SimpleNamespace(ansible_name=connection, become=become)
    made._templar = Templar()
    return t.cast(_action.InProcessAction, made)


def interpreter(variables: dict[str, t.Any], **task: t.Any) -> str:
    return plugin(**task)._circumstances({"ansible_playbook_python": OWN, **variables}).interpreter


@pytest.fixture(autouse=True)
def _default_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANSIBLE_PYTHON_INTERPRETER", raising=False)


def test_the_interpreter_is_that_of_the_host() -> None:
    assert interpreter({}) == "auto"
    assert interpreter({"ansible_python_interpreter": "/usr/bin/python3"}) == "/usr/bin/python3"
    assert interpreter({"ansible_python_interpreter": "{{ ansible_playbook_python }}"}) == OWN
    assert interpreter({"ansible_python_interpreter": ""}) == ""


def test_the_interpreter_is_that_of_the_host_delegated_to() -> None:
    variables = {
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_delegated_vars": {
            "localhost": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "bare": {},
        },
    }
    assert interpreter(variables, delegate_to="localhost") == OWN
    assert interpreter(variables, delegate_to="bare") == "auto"
    assert interpreter(variables, delegate_to="unknown") == "auto"


def test_an_interpreter_that_cannot_be_templated_is_left_to_core() -> None:
    assert interpreter({"ansible_python_interpreter": "{{ nothing }}"}) == "{{ nothing }}"


def test_the_interpreter_of_the_configuration_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_PYTHON_INTERPRETER", "/usr/bin/python3")
    assert interpreter({}) == "/usr/bin/python3"


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ({}, {}),
        ({"become": object()}, {"become": True}),
        ({"async_val": 5}, {"is_async": True}),
        ({"environment": [{}, {"A": "b"}]}, {"environment": True}),
        ({"connection": "ansible.builtin.ssh"}, {"connection": "ansible.builtin.ssh"}),
    ],
)
def test_circumstances(keywords: dict[str, t.Any], found: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(C, "DEFAULT_KEEP_REMOTE_FILES", False)
    expected = {
        "connection": "ansible.builtin.local",
        "become": False,
        "is_async": False,
        "environment": False,
        "interpreter": "auto",
        "controller_python": sys.executable,
        "keep_files": False,
        **found,
    }
    assert vars(plugin(**keywords)._circumstances({"ansible_playbook_python": sys.executable})) == expected


def test_files_that_are_to_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(C, "DEFAULT_KEEP_REMOTE_FILES", True)
    assert plugin()._circumstances({}).keep_files is True


@pytest.mark.parametrize(
    ("hosts", "run_once", "expected"), [(9, False, False), (10, False, True), (10, True, False), (None, False, False)]
)
def test_many_hosts(hosts: int | None, run_once: bool, expected: bool) -> None:
    variables = {} if hosts is None else {"ansible_play_hosts": ["host"] * hosts}
    assert plugin(run_once=run_once)._on_many_hosts(variables) is expected


@pytest.mark.parametrize(
    ("is_async", "native", "wrapped", "removed"),
    [(0, None, False, ["tmp"]), (5, None, True, []), (5, False, True, []), (5, True, False, ["tmp"])],
)
def test_the_module_is_executed_as_core_does(
    is_async: int, native: bool | None, wrapped: bool, removed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: t.Any = plugin(async_val=is_async)
    made._connection._shell = types.SimpleNamespace(tmpdir="tmp")
    if native is not None:
        made._connection.has_native_async = native
    calls: list[dict[str, t.Any]] = []
    gone: list[str] = []

    def execute(**keywords: t.Any) -> dict[str, t.Any]:
        calls.append(keywords)
        return {"changed": True}

    monkeypatch.setattr(made, "_execute_module", execute)
    monkeypatch.setattr(made, "_remove_tmp_path", gone.append)
    assert made._execute({"a": 1}) == {"changed": True}
    assert calls == [{"task_vars": {"a": 1}, "wrap_async": wrapped}]
    assert gone == removed


@pytest.mark.parametrize(
    ("defined", "variables", "expected"),
    [(False, {}, True), (True, {}, False), (True, {"ansible_inject_invocation": True}, True)],
)
def test_the_invocation_is_told_where_core_tells_it(
    defined: bool, variables: dict[str, t.Any], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = types.SimpleNamespace(
        get_configuration_definition=lambda _name: {"default": False} if defined else None,
        get_config_value=lambda _name, variables: variables.get("ansible_inject_invocation", False),
    )
    monkeypatch.setattr(C, "config", config)
    assert _action._tells_invocation(variables) is expected
