# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which strings Ansible may evaluate, with the installed ansible-core and with 2.18."""

from __future__ import annotations

import typing as t

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _templating

HOSTILE = "{{ 6 * 7 }}"


def test_what_is_evaluated() -> None:
    templar = Templar(loader=DataLoader())
    assert templar.template(_templating.as_template(HOSTILE)) == 42
    assert templar.template(_templating.as_data({"a": [HOSTILE]})) == {"a": [HOSTILE]}


class Marked(str):
    __slots__ = ()


@pytest.mark.parametrize("text", [HOSTILE, "{% x %}", "{# x #}", "}}", "#jinja2:variable_start_string:'[%'\n[% 1 %]"])
def test_without_trust_possible_templates_are_marked(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(_templating, "_trust", None)
    monkeypatch.setattr(_templating, "wrap_var", Marked)
    plain = {"plain": "a # text", "none": None, "number": 5}
    found: t.Any = _templating.as_data({text: [text, {"deep": text, **plain}]})
    assert found == {text: [text, {"deep": text, **plain}]}
    key, (first, rest) = next(iter(found.items()))
    assert [type(one) for one in (key, first, rest["deep"], rest["plain"])] == [Marked, Marked, Marked, str]
    assert _templating.as_template(text) is text
