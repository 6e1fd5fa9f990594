# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A playbook with keys in it, in the worker and as a module: it ends alike, and no part of a key is anywhere."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml

from emulator import Emulator, Fault, make_pem, zone
from emulator.fixture import StartEmulator
from integration.playbooks.playing import CERTIFICATE, Played, Player

NAMES = ("life.example", "echo.example", "middle.example")
PASSPHRASE = "correct-horse-battery-staple"

FIRST = make_pem(["life.example", "www.life.example"], algorithm="rsa", expires_in=60)
SECOND = make_pem(
    ["life.example", "www.life.example"],
    algorithm="rsa",
    expires_in=300,
    key_format="traditional",
    passphrase=PASSPHRASE,
)
ECHOED = make_pem(["echo.example"], algorithm="rsa", expires_in=100)
CUT = make_pem(["middle.example"], algorithm="rsa", expires_in=100)
DAMAGED = FIRST.private_key.replace("MII", "AAA", 1)
SECRETS = [
    PASSPHRASE,
    *(
        line
        for made in (FIRST, SECOND, ECHOED, CUT)
        for line in made.private_key.splitlines()
        if not line.startswith("-----") and ":" not in line and line
    ),
]
FAILED = {"wrong passphrase", "unreadable", "misplaced", "no key", "echoed", "in the middle", "missing file"}


def write_files(directory: Path) -> None:
    files = directory / "files"
    files.mkdir(parents=True)
    for name, made in (("first", FIRST), ("second", SECOND), ("echoed", ECHOED), ("cut", CUT)):
        (files / f"{name}.pem").write_text(made.chain)
        (files / f"{name}.key").write_text(made.private_key)
    (files / "passphrase").write_text(PASSPHRASE)
    (files / "damaged.key").write_text(DAMAGED)
    (files / "both.pem").write_text(FIRST.certificate + FIRST.private_key)


def content(name: str) -> str:
    return f"{{{{ lookup('ansible.builtin.file', 'files/{name}') }}}}"


def tasks() -> list[dict[str, t.Any]]:
    life = {"zone": "life.example"}
    renewal = {**life, "certificate_path": "files/second.pem", "private_key_path": "files/second.key"}
    cases: dict[str, dict[str, t.Any]] = {
        "check": {**life, "certificate": content("first.pem"), "private_key": content("first.key")},
        "upload": {**life, "certificate": content("first.pem"), "private_key": content("first.key")},
        "unchanged": {**life, "certificate": content("first.pem")},
        "no key": {**life, "certificate_path": "files/second.pem"},
        "missing file": {**life, "certificate_path": "files/nothing.pem"},
        "wrong passphrase": {**renewal, "private_key_passphrase": "not-" + PASSPHRASE[::-1]},
        "renewal": {**renewal, "private_key_passphrase": content("passphrase")},
        "unreadable": {**life, "certificate": content("first.pem"), "private_key": content("damaged.key")},
        "misplaced": {**life, "certificate": content("both.pem")},
        "echoed": {
            "zone": "echo.example",
            "certificate_path": "files/echoed.pem",
            "private_key_path": "files/echoed.key",
        },
        "in the middle": {
            "zone": "middle.example",
            "certificate": content("cut.pem"),
            "private_key": content("cut.key"),
        },
        "removal": {**life, "state": "absent", "match": {"host": "life.example"}, "allow_uncovered": True},
    }
    return [
        {
            "name": name,
            CERTIFICATE: options,
            "ignore_errors": True,
            "check_mode": name == "check",
            "diff": True,
            "vars": {"ansible_inject_invocation": True},
        }
        for name, options in cases.items()
    ]


def misbehave(emulator: Emulator, seen: list[str]) -> None:
    """Repeat what was sent, in every form; fail after a write; and look at what processes show of themselves."""
    key = ECHOED.private_key
    texts = [
        key,
        key.replace("\n", "\\n"),
        key.replace("\n", ""),
        json.dumps({"private_key": key}),
        key.splitlines()[3],
    ]
    errors = [
        {"code": 1, "message": f"cannot read {text}", "error_chain": [{"code": 2, "message": text}]} for text in texts
    ]
    answer = {"success": False, "result": None, "errors": errors, "messages": [{"code": 3, "message": key}]}
    emulator.fault(
        Fault("answer", status=400, body=json.dumps(answer)),
        method="POST",
        path=f"*{emulator.zones['echo.example'].id}*",
    )
    middle = f"*{emulator.zones['middle.example'].id}*"
    emulator.fault(
        Fault("answer", status=403, body=json.dumps({**answer, "errors": []})), method="GET", path=middle, after=1
    )

    def look(_emulator: Emulator) -> None:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.append(process.read_bytes().decode(errors="replace"))
            except OSError:  # it has ended
                continue

    emulator.before("POST", "*", look, times=None)


@pytest.mark.timeout(300)
def test_both_ways_end_alike_and_show_no_part_of_a_key(tmp_path: Path, start_emulator: StartEmulator) -> None:
    emulator = start_emulator(zones=[zone(name, plan="enterprise", certificates=[]) for name in NAMES], throttle=None)
    ways = []
    for name, keywords in (("worker", {}), ("module", {"environment": {"FORCES": "the module"}})):
        emulator.reset()
        seen: list[str] = []
        misbehave(emulator, seen)
        play = Player(tmp_path / name)
        play_file = play.write(
            "play.yml", yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, **keywords, "tasks": tasks()}])
        )
        write_files(tmp_path / name)
        played = play(play_file, emulator=emulator, arguments=["-vvvv"])
        assert played.returncode == 0, played.stdout[-2000:]
        how = {"worker": "run in process", "module": "run as a module, because"}[name]
        assert played.stdout.count(f"{CERTIFICATE}: {how}") == len(played.done)
        shows_no_secret(played, seen, tmp_path / name)
        ways.append([(done.task, done.status, comparable(done.result)) for done in played.done])
        assert {done.task for done in played.done if done.status == "failed"} == FAILED
        assert played["echoed"].result["changed"] is False and len(played["echoed"].result["errors"]) == 5
        assert played["in the middle"].result["changed"] is True
        assert played["renewal"].result["action"] == "renewed" and played["removal"].result["action"] == "removed"
    assert ways[0] == ways[1]


def shows_no_secret(played: Played, processes: t.Sequence[str], directory: Path) -> None:
    written = [path for path in directory.rglob("*") if path.is_file() and path.parent.name != "files"]
    texts = {
        "stdout": played.stdout,
        "stderr": played.stderr,
        "results": json.dumps([done.result for done in played.done]),
        "processes": "\n".join(processes),
        **{str(path): path.read_bytes().decode(errors="replace") for path in written},
    }
    assert processes
    found = {(where, secret) for where, text in texts.items() for secret in SECRETS if secret in text}
    assert not found, [(where, secret[:8]) for where, secret in found][:10]


def comparable(result: dict[str, t.Any]) -> t.Any:
    """A result without times, and what ansible-core itself makes differ."""
    text = json.dumps(
        {key: value for key, value in result.items() if not key.startswith("_ansible") and key != "warnings"}
    )
    text = re.sub(r"cf-ray [0-9A-Za-z-]+|Task failed: (Module|Action) failed: ", "", text)
    return json.loads(re.sub(r'"(uploaded_on|modified_on)": "[^"]*"', r'"\1": null', text))
