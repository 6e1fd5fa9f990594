# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the documentation run, and return what the documentation shows."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_runs import ROOT

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._version import VERSION
from emulator import Edge, Emulator, certificate, make_pem, zone
from integration.playbooks.playing import SERVED, Player, pairs_of

PLUGINS = "ansible_collections.zonefleet.cloudflare.plugins.modules"
# The first two return the certificates themselves.
MODULES = ("custom_certificate_priority", "custom_certificate_info", "served_certificate_info", "custom_certificate")


def printed(module: str, name: str) -> t.Any:
    """A part of a module's documentation, as data."""
    return yaml.safe_load(getattr(importlib.import_module(f"{PLUGINS}.{module}"), name))


# What the examples talk about: two certificates with the printed ids, and one of one more authority.
EXAMPLE = zone(
    "example.com",
    id="5a7e1c4d9b3f40268e0d7c51f3a2b684",
    plan="enterprise",
    certificates=[
        certificate(
            ["example.com", "*.example.com", "shop.example.com", "www.example.com"],
            id="6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908",
            issuer="DigiCertInc",
            priority=2,
        ),
        certificate(
            ["example.com", "*.example.com", "api.example.com"],
            id="e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156",
            issuer="GlobalSignnvsa",
            priority=3,
        ),
        certificate(
            ["example.com", "*.example.com", "shop.example.com"], issuer="LetsEncrypt", priority=9, expires_in=12
        ),
    ],
)
with_example = pytest.mark.emulator(zones=[EXAMPLE])


def write_certificates(play: Player) -> None:
    """The files that the examples of custom_certificate take."""
    for name, algorithm, passphrase in (("shop", "ecdsa", "of the key"), ("www", "rsa", None)):
        made = make_pem(
            [f"{name}.example.com"], algorithm=t.cast(t.Any, algorithm), passphrase=passphrase, expires_in=300
        )
        play.write(f"files/{name}.example.com/fullchain.pem", made.chain)
        play.write(f"files/{name}.example.com/key.pem", made.private_key)


@with_example
@pytest.mark.parametrize("module", MODULES)
def test_examples_run_as_printed(play: Player, emulator: Emulator, closed_port: int, module: str) -> None:
    """No handshake leaves this machine."""
    write_certificates(play)
    source = importlib.import_module(f"{PLUGINS}.{module}").EXAMPLES
    tasks = play.write("tasks.yml", source.replace("192.0.2.10", "127.0.0.1"))
    wrapper = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "vars": {"vault_cloudflare_token": emulator.token, "vault_key_passphrase": "of the key"},
            "module_defaults": {SERVED: {"address": "127.0.0.1", "port": closed_port}},
            "tasks": [{"name": "The examples", "ansible.builtin.import_tasks": str(tasks)}],
        }
    ]
    played = play(play.write("examples.yml", yaml.safe_dump(wrapper)), emulator=emulator)
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr}"
    assert [done.task for done in played.done] == [task["name"] for task in flat(printed(module, "EXAMPLES"))]
    assert {done.status for done in played.done} == {"ok"}
    assert "[WARNING]" not in played.stderr, played.stderr
    assert "[DEPRECATION" not in played.stderr, played.stderr


def flat(tasks: t.Iterable[dict[str, t.Any]]) -> t.Iterator[dict[str, t.Any]]:
    for task in tasks:
        yield from flat(task["block"]) if "block" in task else [task]


def test_one_zone_and_back(play: Player, emulator: Emulator, tmp_path: Path) -> None:
    """In the demo's zone, with the file of previous priorities."""
    before = emulator.order("example.com")
    restore_file = tmp_path / "restore file.yml"
    played = play(ROOT / "examples" / "one_zone.yml", emulator=emulator, extra_vars={"restore_file": str(restore_file)})
    assert played.returncode == 0, played.stdout
    assert emulator.order("example.com") != before, played.stdout
    assert restore_file.stat().st_mode & 0o777 == 0o600
    restore = yaml.safe_load(restore_file.read_text(encoding="utf-8"))["restore"]
    assert set(pairs_of(restore)) <= set(before)
    undone = play(ROOT / "examples" / "undo.yml", emulator=emulator, arguments=["--extra-vars", f"@{restore_file}"])
    assert undone.returncode == 0, undone.stdout
    assert emulator.order("example.com") == before, undone.stdout


def test_a_change_is_waited_for_until_the_edge_has_it(play: Player, emulator: Emulator) -> None:
    change, look = ROOT / "examples" / "change_and_check.yml", ROOT / "examples" / "what_visitors_get.yml"
    played = play(change, emulator=emulator, check=True)
    assert (played.returncode, played["Wait until visitors get it"].status) == (0, "skipped"), played.stdout
    # All of the first attempt: three names, two kinds of clients, two handshakes each as nobody trusts the certificates.
    with Edge(emulator, delay_handshakes=12) as edge:
        place = {"edge_address": edge.address, "edge_port": edge.port}
        played = play(change, emulator=emulator, extra_vars=place)
        assert played.returncode == 0, played.stdout
        waited = played["Wait until visitors get it"].result
        assert (waited["attempts"], waited["as_expected"], waited["requests"]) == (2, True, 0)
        assert "www.example.com, rsa clients: DigiCertInc" in played.stdout
        played = play(look, emulator=emulator, extra_vars=place)
        assert played.returncode == 0, played.stdout
        assert "www.example.com: DigiCertInc, as expected" in played.stdout, played.stdout


def test_every_example_playbook_is_run_by_a_test() -> None:
    """Here, with the policies and with the audit; one that joins has to get its test."""
    files = {path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "examples").rglob("*.yml")}
    playbooks = [path.name for path, data in files.items() if isinstance(data, list) and "hosts" in data[0]]
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "integration").rglob("test_*.py"))
    assert playbooks
    assert [name for name in sorted(playbooks) if f'"{name}"' not in tests] == []


def leaves(fields: t.Mapping[str, t.Any], schemas: t.Mapping[str, t.Any], path: str = "") -> set[str]:
    """The paths of all fields that have no fields of their own, of a schema of the contract or of what RETURN says."""
    found = set()
    for name, field in fields.items():
        field = schemas.get(field.get("$ref", "").rpartition("/")[2], field)
        inner = field.get("properties") or field.get("contains")
        found |= leaves(inner, schemas, f"{path}{name}.") if inner else {f"{path}{name}"}
    return found


@pytest.mark.parametrize("module", MODULES[:2])
def test_return_names_the_fields_of_the_contract(module: str) -> None:
    contract = yaml.safe_load((ROOT / "tests" / "emulator" / "contract.yaml").read_text(encoding="utf-8"))
    schemas = contract["components"]["schemas"]
    returned = printed(module, "RETURN")["certificates"]["contains"]
    assert leaves(returned, schemas) == leaves(schemas["certificate"]["properties"], schemas)


@with_example
def test_what_comes_back_is_documented(play: Player, emulator: Emulator, closed_port: int) -> None:
    emulator.behave(messages="some")
    given: dict[str, dict[str, t.Any]] = {
        "custom_certificate_priority": {"certificates": [{"issuer": "DigiCert*"}]},
        "custom_certificate_info": {},
        "served_certificate_info": {"address": "127.0.0.1", "port": closed_port},
        "custom_certificate": {"state": "absent", "match": {"host": "nobody.example.com"}},
    }
    tasks = [{"name": name, f"zonefleet.cloudflare.{name}": {"zone": "example.com", **given[name]}} for name in MODULES]
    played = play(tasks, emulator=emulator)
    core = {"changed", "invocation", "diff", "_ansible_no_log", "warnings"}
    for module in MODULES:
        result, documented_fields = played[module].result, printed(module, "RETURN")
        assert result.keys() - core <= documented_fields.keys()
        always = {name for name, field in documented_fields.items() if field["returned"] in ("success", "always")}
        assert always <= result.keys()
    row, *_others = played["served_certificate_info"].result["served"]
    assert row.keys() == printed("served_certificate_info", "RETURN")["served"]["contains"].keys()


def test_versions_are_equal() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert galaxy["version"] == VERSION


def test_the_demo_is_as_it_says() -> None:
    finished = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    counts = [line for line in finished.stdout.splitlines() if line.startswith("Requests:")]
    one_zone, fleet = counts[:7], [line.rsplit(",", 1)[0] for line in counts[7:]]
    look = "2 GET, 0 PUT"
    due = (look, "2 GET, 0 PUT", "2 GET, 1 PUT", look, "2 GET, 0 PUT", "1 GET, 1 PUT", look)
    assert one_zone == [f"Requests: {count}" for count in due]
    seen = re.findall(r'"(?:www\.)?example\.com: (\w+), as expected"', finished.stdout)
    assert seen == ["GlobalSignnvsa"] * 2 + ["DigiCertInc"] * 2 + ["GlobalSignnvsa"] * 2
    assert fleet == [f"Requests: 2 to list the zones, 50 GET and {puts} PUT for the 50" for puts in (0, 6, 0)]
    assert "\x1b" not in finished.stdout
