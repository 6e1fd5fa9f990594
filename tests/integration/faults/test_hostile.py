# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile strings in paths, on terminals and in templates have no effect."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import pytest

from emulator import Emulator, Fault, certificate, zone
from emulator.fixture import StartEmulator
from integration.faults.world import ZONE, Run, World, acting, acts
from integration.playbooks.playing import PRIORITY, Player

HOSTILE = {
    "a path": "../../../accounts/00112233445566778899aabbccddeeff/members",
    "an encoded path": "%2e%2e%2f%2e%2e%2fzones?x=1#y",
    "a backslash": "..\\..\\zones",
    "a line break": "one\r\ntwo: three\n\tfour",
    "a NUL": "one\x00two",
    "an escape": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "a C1 escape": "\x9b31m\x9d0;owned\x9c",
    "a backspace": "good\x08\x08\x08\x08evil",
    "right to left": "\u202egro.elpmaxe\u202c \u2066x\u2069 \u200f",
    "line separators": "one\u2028two\u2029three\x85four",
    "lone surrogates": "\ud800 and \udfff",
    "a template": "{{ 7 * 7 }}{% set x = 1 %}{# x #}",
    "a format": "%s %(x)s {x} {0.__class__} $HOME `id`",
    "a private sign": "\ue000\U000f0000\u200b\ufeff",
    "a long text": "x" * 10_000,
}
_PATH = re.compile(r"/zones(/[0-9a-f]{32}/custom_certificates(/prioritize)?)?")


def returned(value: t.Any) -> t.Any:
    """A value as it may be returned: no encoding has lone surrogates."""
    written = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
    return json.loads(written.decode("utf-16", "replace"))


def run(world: World, **options: t.Any) -> Run:
    """Do a task, in which hostile text must go nowhere as anything else."""
    world.options = options
    done = world.run()
    assert acting(done.result, done.warnings) == []
    assert all(_PATH.fullmatch(call.path) for call in world.emulator.requests)
    return done


@pytest.fixture(params=list(HOSTILE.values()), ids=list(HOSTILE))
def hostile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_in_a_certificate(world: World, start_emulator: StartEmulator, hostile: str) -> None:
    fields: dict[str, t.Any] = dict.fromkeys(("id", "issuer", "signature", "status", "expires_on"), hostile)
    fields |= {"hosts": ["example.com", hostile], "geo_restrictions": {"label": hostile}}
    first = {**certificate(["example.com"], priority=1), **fields}
    second = certificate(["example.com", "mail.example.com"], issuer="GlobalSignnvsa", priority=2)
    world.emulator = start_emulator(zones=[zone(ZONE, certificates=[first, second])], validate=False)
    done = run(world, certificates=[{"issuer": "!GlobalSign*"}, {"issuer": "GlobalSign*"}])
    assert not done.failed, done.msg
    told = done.result["certificates"][0]
    assert {field: told[field] for field in fields} == returned(fields)
    (wrote,) = [call for call in world.emulator.requests if call.method == "PUT"]
    assert wrote.json["certificates"][0]["id"] == hostile
    assert run(world, certificates=[{"host": "nowhere.example.com"}]).failed


def test_in_a_failure(world: World, hostile: str) -> None:
    error = {"code": 7, "message": hostile, "error_chain": [{"message": hostile}], "documentation_url": hostile}
    body = json.dumps({"success": False, "errors": [error, hostile], "messages": [hostile]})
    world.emulator.fault(Fault("answer", status=400, body=body), method="GET")
    done = run(world)
    assert done.failed and done.result["errors"][0]["message"] == returned(hostile)


def test_in_a_put_answer(world: World, hostile: str) -> None:
    """A certificate of the answer that the list did not have."""

    def change(item: dict[str, t.Any]) -> dict[str, t.Any]:
        return {**item, "id": hostile, "hosts": [*item["hosts"], hostile]}

    rival = [str(world.emulator.zones[ZONE].certificates[3]["id"])]
    world.emulator.fault(Fault("patch_result", change=change, ids=rival), method="PUT")
    assert not run(world).failed


@pytest.mark.parametrize("field", ["id", "name", "status", "account"])
def test_in_a_zone(world: World, hostile: str, field: str) -> None:
    value: t.Any = {"id": hostile, "name": hostile} if field == "account" else hostile
    real = world.emulator.zones[ZONE].api
    for zones in ([{**real, field: value}], [real, {**real, field: value}]):
        answer = {"success": True, "errors": [], "messages": [], "result": zones}
        answer["result_info"] = {"total_count": len(zones), "total_pages": 1}
        world.emulator.fault(Fault("answer", body=json.dumps(answer)), path="/zones")
        run(world, zone_id=None, zone=ZONE)


# No option holds lone surrogates: neither YAML nor a command line lets them in.
@pytest.mark.parametrize("hostile", [text for text in HOSTILE.values() if "\ud800" not in text])
@pytest.mark.parametrize("option", ["zone_id", "zone", "account_id", "api_url", "id", "host", "issuer", "status"])
def test_in_an_option(world: World, hostile: str, option: str) -> None:
    if option in {"id", "host", "issuer", "status"}:
        options: dict[str, t.Any] = {"certificates": [{option: hostile}]}
    else:
        options = {"zone_id": None, "zone": None if option == "zone_id" else ZONE, option: hostile}
    assert run(world, **options).failed


def test_in_a_playbook(play: Player, tmp_path: pathlib.Path) -> None:
    """What ansible-playbook makes of it: the bytes of --diff, and templates that are registered and printed."""
    owned = tmp_path / "owned"
    template = "{{ 7919 * 7907 }}{{ lookup('ansible.builtin.pipe', 'touch " + str(owned) + "') }}"
    marks = HOSTILE["an escape"] + HOSTILE["right to left"] + HOSTILE["a C1 escape"] + HOSTILE["lone surrogates"]

    def pair(name: str, text: str) -> t.Any:
        first = certificate([name, f"www.{name}", text], issuer=text, priority=1)
        return zone(name, certificates=[first, certificate([name, text], issuer="GlobalSignnvsa", priority=2)])

    with Emulator(
        zones=[pair("marks.example.com", marks), pair("template.example.com", template)], validate=False
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
        assert all(_PATH.fullmatch(call.path) for call in emulator.requests)
