# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-playbook shows: no secrets, and no hostile strings that act on the terminal or as templates."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from emulator import Emulator, Fault, certificate, make_pem, token, zone
from integration.faults.controller import command_lines
from integration.faults.serving import connect_proxy
from integration.faults.world import acts
from integration.playbooks.playing import CERTIFICATE, PRIORITY, Player

PEM = make_pem(["example.com"], algorithm="rsa", expires_in=60)


def _files(directory: pathlib.Path) -> t.Iterator[str]:
    """The names and texts of what a run has left, but for the play itself: the count of requests, for its owner alone."""
    for path in directory.rglob("*"):
        if path.is_file() and path.name not in ("play.yml", "inventory.yml", "ansible.cfg", "record"):
            assert path.name.startswith("zonefleet-cloudflare-"), path
            assert path.stat().st_mode & 0o077 == 0, path
            yield path.name + path.read_text()


# Not in the play itself: core shows the lines of a task that fails.
SECRET, KEY, KEY_FILE = (f"{{{{ lookup('ansible.builtin.env', '{name}') }}}}" for name in ("SECRET", "KEY", "PEM"))
ORDER = {"certificates": [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]}
SHOWN: list[tuple[str, dict[str, t.Any]]] = [
    (PRIORITY, ORDER),  # with the token of the environment
    (PRIORITY, {**ORDER, "api_token": f" {SECRET}\n"}),
    (PRIORITY, {**ORDER, "api_email": "someone@example.com", "api_key": f"{KEY} "}),
    (PRIORITY, {**ORDER, "api_token": SECRET}),
    (PRIORITY, {**ORDER, "api_token": f"{SECRET}\n{SECRET}"}),
    (PRIORITY, {**ORDER, "api_token": SECRET, "timeout": SECRET}),
    (PRIORITY, {**ORDER, "api_token": SECRET, "api_url": f"https://x:{SECRET}@example.com"}),
    # In a zone that the API refuses.
    (CERTIFICATE, {"certificate": PEM.certificate, "private_key": KEY_FILE, "api_token": SECRET, "zone_id": "0" * 32}),
]


def _shown(emulator: Emulator, way: str) -> t.Iterator[dict[str, t.Any]]:
    common = {"zone_id": emulator.zones["example.com"].id, "api_url": emulator.url, "retries": 0, "max_wait": 1}
    starts = {"environment": {"STARTS": "a process"}} if way == "as a module" else {}
    for name, options in SHOWN:
        yield {"name": "task", name: {**common, **options}, "ignore_errors": True, **starts}


@pytest.mark.parametrize("way", ["in process", "as a module"])
def test_secrets_are_nowhere_to_be_seen(play: Player, tmp_path: pathlib.Path, way: str) -> None:
    """Not with -vvvv, in no result, file or process arguments, and not where a redirect leads."""
    lines: list[bytes] = []
    with Emulator(tokens=[token("pair", email="someone@example.com")]) as emulator, connect_proxy() as elsewhere:
        secret, key = emulator.token, emulator.tokens["pair"].key or ""
        emulator.before("*", "*", lambda _emulator: lines.append(command_lines()), times=None)
        errors = [{"code": 10000, "message": f"who is {secret}?", "error_chain": [{"message": secret}]}]
        emulator.fault(Fault("patch_answer", change={"success": False, "errors": errors}), times=2)
        emulator.fault(Fault("redirect", location=f"http://127.0.0.1:{elsewhere.port}/?{key}"))
        emulator.fault(Fault("patch_result", change={"issuer": secret}))
        given = {"SECRET": secret, "KEY": key, "PEM": PEM.private_key, "CLOUDFLARE_API_TOKEN": f" {secret} "}
        played = play(list(_shown(emulator, way)), diff=True, arguments=["-vvvv"], env=given)
        assert [done.status for done in played.done] == ["failed"] * len(SHOWN)
        assert "cf-ray" in played.stdout
        assert ("run in process" in played.stdout) is (way == "in process")
        assert lines
        assert all(b"ansible-playbook" in line for line in lines)
        assert elsewhere.heads == []
        shown = [b"".join(lines).decode(), played.stdout, played.stderr, str(played.done), *_files(tmp_path)]
        hidden = [secret, key, *PEM.private_key.splitlines()[1:-1]]
        assert [text for text in shown if any(each in text for each in hidden)] == []
        assert not any("Traceback" in text for text in shown)


MARKS = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred \u202egro.elpmaxe\u202c \u2066x\u2069 \x9b31m\x9d0;owned\x9c \ud800 and \udfff"
)


def test_hostile_strings_have_no_effect(play: Player, tmp_path: pathlib.Path) -> None:
    """Not in the bytes of --diff, and not as templates that are registered and printed. What a run returns is in test_fuzz.py."""
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
        assert "gets" in text
        assert "marks" in text
        assert acts(text.replace("\n", "")) == []
