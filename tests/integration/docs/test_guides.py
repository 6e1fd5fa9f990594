# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs all YAML blocks of the guides and the README against the emulator."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from ansible_runs import ROOT, command, environment

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _hints
from emulator import Emulator, Zone, make_pem, zone
from emulator.fixture import StartEmulator
from integration.conftest import StartEdge
from integration.docs.guides import YAML, Block, assert_becomes, assert_winners, blocks, zones
from integration.playbooks.playing import SERVED, Played, Player

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))]

# What the zones hold on a page that says nothing about it, and that no example is about: zones of a fleet.
ZONES = """
zone         account             priority  issuer          hosts
example.com  Example Account           10  DigiCertInc     example.com, www.example.com, shop.example.com
example.com  Example Account           20  GlobalSignnvsa  example.com, www.example.com, api.example.com
example.net  Example Account           10  DigiCertInc     example.net, www.example.net
example.net  Example Account           20  GlobalSignnvsa  example.net
example.org  Example Subsidiary        20  DigiCertInc     example.org, www.example.org
example.org  Example Subsidiary        10  GlobalSignnvsa  example.org
"""

# No handshake leaves this machine.
TASKS = f"""\
- hosts: localhost
  gather_facts: false
  module_defaults: {{{SERVED}: {{address: "{{{{ edge_address }}}}", port: "{{{{ edge_port }}}}"}}}}
  tasks:
"""


class Reader:
    """Does with a page's examples what it says, in a directory in which its files pile up."""

    def __init__(self, play: Player, start_emulator: StartEmulator, start_edge: StartEdge, directory: Path) -> None:
        self._play = play
        self._start_emulator = start_emulator
        self._start_edge = start_edge
        self._directory = directory
        self._last = Played(0, "", "", ())
        self._start([*zones(ZONES), zone("example.edu", plan="free")])
        self._write("ansible.cfg", "")
        # The certificate that readers have.
        made = make_pem(["example.com", "www.example.com"], issuer="DigiCert Inc", algorithm="rsa", expires_in=300)
        for chain, key in (("files/fullchain.pem", "files/key.pem"), ("example.com.pem", "example.com.key")):
            self._write(chain, made.chain)
            self._write(key, made.private_key)

    def do(self, block: Block) -> None:
        match block.kind:
            case "zone":
                self._start(zones(block.text))
            case "file":
                self._write(next(iter(block.options)), block.text)
            case "play":
                self._run(block, block.text)
            case "tasks":
                # As they are written, because a tag or a number may be what an example is about.
                self._run(block, TASKS + textwrap.indent(block.text, "    "))
            case "execution-environment":
                self._execution_environment(block)
            case "becomes":
                assert_becomes(block.text, self._emulator)
            case "winners":
                assert_winners(block.text, next(done.result for done in self._last.done if "contested" in done.result))
            case "output":
                printed = [line.strip() for line in f"{self._last.stdout}\n{self._last.stderr}".splitlines()]
                missing = [line for line in block.text.splitlines() if line.strip() not in printed]
                assert missing == [], f"{block}: this was not printed:\n{self._last.stdout}"
            case _:
                pytest.fail(f"{block}: nothing says what to do with it (kind {block.kind!r})")

    def _start(self, held: list[Zone]) -> None:
        self._emulator: Emulator = self._start_emulator(zones=held)
        self._edge = self._start_edge(self._emulator)

    def _write(self, name: str, text: str) -> Path:
        path = self._directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def _run(self, block: Block, playbook: str) -> None:
        options, token = block.options, self._emulator.token
        played = self._play(
            self._write(f"line_{block.line}.yml", playbook),
            emulator=self._emulator,
            check="check" in options,
            diff="diff" in options,
            env={
                "ANSIBLE_CONFIG": str(self._directory / "ansible.cfg"),
                "TEAM_A_CLOUDFLARE_API_TOKEN": token,
                "TEAM_B_CLOUDFLARE_API_TOKEN": token,
            },
            arguments=["--inventory", str(self._directory / options["inventory"])] if "inventory" in options else [],
            extra_vars={
                "cloudflare_api": self._emulator.url,
                "vault_cloudflare_token": token,
                "edge_address": self._edge.address,
                "edge_port": self._edge.port,
            },
        )
        self._last = played
        changes = sum(1 for done in played.done if done.result.get("changed"))
        due = "fails" in options, int(options.get("changes", 0))
        assert (played.returncode != 0, changes) == due, f"{block}:\n{played.stdout}{played.stderr}"

    def _execution_environment(self, block: Block) -> None:
        path = self._write("execution-environment.yml", block.text)
        context = self._directory / "context"
        env = environment(self._directory)
        finished = command("ansible-builder", "create", "--file", path, "--context", context, env=env)
        assert finished.returncode == 0, f"{block}: {finished.stdout}{finished.stderr}"
        assert list(context.glob("*file")), f"{block}: there is nothing to build from"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_of(
    page: Path, play: Player, start_emulator: StartEmulator, start_edge: StartEdge, tmp_path: Path
) -> None:
    reader = Reader(play, start_emulator, start_edge, tmp_path / "page")
    for block in blocks(page):
        if block.kind or block.language in YAML:
            reader.do(block)


def test_troubleshooting_has_every_code_with_a_hint() -> None:
    page = (ROOT / "docs" / "docsite" / "rst" / "troubleshooting.rst").read_text(encoding="utf-8")
    words = set(re.findall(r"\d+", page))

    hints = vars(_hints)
    assert {str(code) for known in (hints["_BY_CODE"], *hints["_BY_PATH"].values()) for code in known} <= words
