# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile strings have no effect on the terminal and in the templates of a playbook. What a run returns is in test_fuzz.py."""

from __future__ import annotations

import pathlib
import typing as t

from emulator import Emulator, certificate, zone
from integration.faults.world import acts
from integration.playbooks.playing import PRIORITY, Player

MARKS = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred \u202egro.elpmaxe\u202c \u2066x\u2069 \x9b31m\x9d0;owned\x9c \ud800 and \udfff"
)


def test_in_a_playbook(play: Player, tmp_path: pathlib.Path) -> None:
    """What ansible-playbook makes of it: the bytes of --diff, and templates that are registered and printed."""
    owned = tmp_path / "owned"
    template = "{{ 7919 * 7907 }}{{ lookup('ansible.builtin.pipe', 'touch " + str(owned) + "') }}"

    def pair(name: str, text: str) -> t.Any:
        first = certificate([name, f"www.{name}", text], issuer=text, priority=1)
        return zone(name, certificates=[first, certificate([name, text], issuer="GlobalSignnvsa", priority=2)])

    with Emulator(
        zones=[pair("marks.example.com", MARKS), pair("template.example.com", template)], validate=False
    ) as emulator:
        common = {"api_token": emulator.token, "api_url": emulator.url, "retries": 0}
        order = [{"issuer": "!GlobalSign*"}, {"issuer": "GlobalSign*"}]

        def task(name: str, options: dict[str, t.Any], **keywords: t.Any) -> dict[str, t.Any]:
            given = {**common, "zone_id": emulator.zones[f"{name}.example.com"].id, "certificates": order, **options}
            return {"name": name, PRIORITY: given, "register": name, **keywords}

        looked_up = "{{ (template.certificates + module.certificates) | map(attribute='issuer') | list }}"
        facts = "{{ cloudflare_certificate_order | map(attribute='issuer') | list }}"
        tasks = [
            task("marks", {}),
            task("marks", {"certificates": [{"host": "nowhere.example.com"}]}, ignore_errors=True),
            task("template", {}),
            task("template", {"certificates": order[::-1]}, environment={"X": "1"}, register="module"),
            {"ansible.builtin.debug": {"var": "template"}},
            {"ansible.builtin.debug": {"var": "module"}},
            {"ansible.builtin.debug": {"msg": [looked_up, facts]}},
            {"ansible.builtin.set_fact": {"again": looked_up}},
            {"name": "again", "ansible.builtin.debug": {"msg": "{{ again }} {{ again[0] }}"}},
        ]
        played = play(tasks, diff=True)
        assert played.returncode == 0, played.stdout + played.stderr
        # Neither way to run evaluates it, and no use of the result does.
        assert not owned.exists()
        assert played["again"].result["msg"] == f"{[template, 'GlobalSignnvsa', 'GlobalSignnvsa', template]} {template}"
        assert "{{ 7919 * 7907 }}" in played.stdout
        assert str(7919 * 7907) not in played.stdout
        text = played.stdout + played.stderr
        assert "gets" in text and "marks" in text
        assert acts(text.replace("\n", "")) == []
