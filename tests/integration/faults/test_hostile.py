# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text that wants to be more than text: in paths, on terminals, in templates."""

from __future__ import annotations

import copy
import json
import pathlib
import re
import typing as t
import unicodedata

import pytest

from emulator import Emulator, Fault, certificate, zone
from emulator.fixture import StartEmulator
from integration.faults.controller import MODULE, start, tell
from integration.faults.modules import Run
from integration.faults.world import ZONE, World

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
_ACTING = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


def acts(text: str) -> list[str]:
    """The characters of a text that could act on a terminal, but for the line breaks of a diff."""
    return [char for char in text if char != "\n" and unicodedata.category(char) in _ACTING]


def returned(value: t.Any) -> t.Any:
    """A value as it may be returned: no encoding has lone surrogates."""
    written = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
    return json.loads(written.decode("utf-16", "replace"))


def hold_to_text(run: Run, emulator: Emulator) -> None:
    """Check that hostile text went nowhere as anything else."""
    diff = run.result.get("diff", {})
    shown = [run.msg, *diff.values(), *map(str, run.result.get("warnings", []))]
    assert not [acting for text in shown for acting in acts(text)], shown
    assert all(_PATH.fullmatch(call.path) for call in emulator.requests)
    assert "Traceback" not in run.written


@pytest.fixture(params=list(HOSTILE.values()), ids=list(HOSTILE))
def hostile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("field", ["id", "issuer", "hosts", "signature", "status", "geo_restrictions", "expires_on"])
def test_in_a_certificate(world: World, start_emulator: StartEmulator, hostile: str, field: str) -> None:
    value: t.Any = {"hosts": ["example.com", hostile], "geo_restrictions": {"label": hostile}}.get(field, hostile)
    first = {**certificate(["example.com", "www.example.com"], priority=1), field: value}
    second = certificate(["example.com", "mail.example.com"], issuer="GlobalSignnvsa", priority=2)
    world.emulator = start_emulator(zones=[zone(ZONE, certificates=[first, second])], validate=False)
    world.options = {"certificates": [{"issuer": "!GlobalSign*"}, {"issuer": "GlobalSign*"}]}
    run = world.run_module()
    assert not run.failed, run.msg
    hold_to_text(run, world.emulator)
    assert run.result["certificates"][0][field] == returned(value)
    wrote = [call for call in world.emulator.requests if call.method == "PUT"]
    assert wrote[0].json["certificates"][0]["id"] == world.emulator.zones[ZONE].certificates[0]["id"]
    world.options = {"certificates": [{"host": "nowhere.example.com"}]}
    refused = world.run_module()
    assert refused.failed
    hold_to_text(refused, world.emulator)


def test_in_a_failure(world: World, hostile: str) -> None:
    error = {"code": 7, "message": hostile, "error_chain": [{"message": hostile}], "documentation_url": hostile}
    body = json.dumps({"success": False, "errors": [error, hostile], "messages": [hostile]})
    world.emulator.fault(Fault("answer", status=400, body=body), method="GET")
    run = world.run_module()
    assert run.failed and run.result["errors"][0]["message"] == returned(hostile)
    hold_to_text(run, world.emulator)


def test_in_a_put_answer(world: World, hostile: str) -> None:
    """A certificate of the answer that the list did not have."""

    def change(item: dict[str, t.Any]) -> dict[str, t.Any]:
        return {**item, "id": hostile, "hosts": [*item["hosts"], hostile]}

    rival = [str(world.emulator.zones[ZONE].certificates[3]["id"])]
    world.emulator.fault(Fault("patch_result", change=change, ids=rival), method="PUT")
    hold_to_text(world.run_module(), world.emulator)


@pytest.mark.parametrize("field", ["id", "name", "status", "account"])
def test_in_a_zone(world: World, hostile: str, field: str) -> None:
    value: t.Any = {"id": hostile, "name": hostile} if field == "account" else hostile
    listed = [copy.deepcopy(world.emulator.zones[ZONE].api), {**world.emulator.zones[ZONE].api, field: value}]
    for zones in (listed[1:], listed):
        answer = {"success": True, "errors": [], "messages": [], "result": zones}
        answer["result_info"] = {"total_count": len(zones), "total_pages": 1}
        world.emulator.fault(Fault("answer", body=json.dumps(answer)), path="/zones")
        world.options = {"zone_id": None, "zone": ZONE}
        arguments = {name: given for name, given in world.arguments().items() if given is not None}
        hold_to_text(world.modules.run(arguments, {}), world.emulator)


# No option holds lone surrogates: neither YAML nor a command line lets them in.
@pytest.mark.parametrize("hostile", [text for text in HOSTILE.values() if "\ud800" not in text])
@pytest.mark.parametrize("option", ["zone_id", "zone", "account_id", "api_url", "id", "host", "issuer", "status"])
def test_in_an_option(world: World, hostile: str, option: str) -> None:
    if option in {"id", "host", "issuer", "status"}:
        world.options = {"certificates": [{option: hostile}]}
    else:
        world.options = {"zone_id": None, "zone": ZONE, option: hostile}
        world.options |= {"zone": None} if option == "zone_id" else {}
    arguments = {name: given for name, given in world.arguments().items() if given is not None}
    run = world.modules.run(arguments, {})
    assert run.failed
    hold_to_text(run, world.emulator)


def test_in_a_playbook(tmp_path: pathlib.Path) -> None:
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
            return {"name": name, MODULE: given, "register": name, **keywords}

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
            {"ansible.builtin.debug": {"msg": "{{ again }} {{ again[0] }}"}},
            tell("again"),
        ]
        played = start(tmp_path, tasks, "--diff").wait()
        assert played.process.returncode == 0, played.stdout + played.stderr
        # Neither way to run evaluates it, and no use of the result does.
        assert not owned.exists()
        told: list[t.Any] = list(played.registered)
        assert told == [[template, "GlobalSignnvsa", "GlobalSignnvsa", template]]
        assert b"{{ 7919 * 7907 }}" in played.stdout
        assert str(7919 * 7907).encode() not in played.stdout
        text = (played.stdout + played.stderr).decode()
        assert "gets" in text and "marks" in text
        assert not acts(text), acts(text)
        assert all(_PATH.fullmatch(call.path) for call in emulator.requests)
