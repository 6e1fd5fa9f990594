# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs all YAML blocks of the guides and the README against the emulator."""

from __future__ import annotations

import collections
import re
import subprocess
import sys
import typing as t
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml
from ansible_runs import ROOT

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _hints
from emulator import Pem, make_pem, zone
from emulator.fixture import StartEmulator
from integration.conftest import StartEdge
from integration.docs.guides import YAML, Block, assert_becomes, assert_winners, blocks, rows, zones
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


class Reader:
    """Does with a page's examples what it says, in a directory in which its files pile up."""

    def __init__(self, play: Player, start: StartEmulator, directory: Path, start_edge: StartEdge) -> None:
        self._play = play
        self._start = start
        self._directory = directory
        self._start_edge = start_edge
        self._emulator = start(zones=[*zones(rows(ZONES)), zone("example.edu", plan="free")])
        self._edge = start_edge(self._emulator)
        self._last: Played | None = None
        self._actions: dict[str, Callable[[Block], None]] = {
            "zone": self._zone,
            "file": self._file,
            "pem": self._pem,
            "play": self._playbook,
            "tasks": self._tasks,
            "execution-environment": self._execution_environment,
            "becomes": lambda block: assert_becomes(rows(block.text), self._emulator),
            "winners": lambda block: assert_winners(rows(block.text), self._result()),
            "output": self._output,
        }
        directory.mkdir()
        # The certificate that readers have.
        (directory / "files").mkdir()
        made = make_pem(["example.com", "www.example.com"], issuer="DigiCert Inc", algorithm="rsa", expires_in=300)
        self._write_pem([directory / "files" / name for name in ("fullchain.pem", "key.pem")], made)
        (directory / "ansible.cfg").touch()

    @staticmethod
    def _write_pem(paths: Sequence[Path], made: Pem) -> None:
        for path, text in zip(paths, (made.chain, made.private_key), strict=True):
            path.write_text(text, encoding="utf-8")

    def do(self, block: Block) -> None:
        assert block.kind in self._actions, f"{block}: nothing says what to do with it (kind {block.kind!r})"
        self._actions[block.kind](block)

    def _zone(self, block: Block) -> None:
        self._emulator = self._start(zones=zones(rows(block.text)))
        self._edge = self._start_edge(self._emulator)

    def _file(self, block: Block) -> None:
        path = self._directory / block.words[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")

    def _pem(self, block: Block) -> None:
        self._write_pem([self._directory / name for name in block.words], make_pem(block.text.split()))

    def _playbook(self, block: Block) -> None:
        path = self._directory / f"line_{block.line}.yml"
        path.write_text(block.text, encoding="utf-8")
        self._run(block, path)

    def _tasks(self, block: Block) -> None:
        play = {"hosts": "localhost", "gather_facts": False, "tasks": yaml.load(block.text, yaml.BaseLoader)}
        path = self._directory / f"line_{block.line}.yml"
        # As they are written, because a tag or a number may be what an example is about.
        # And no handshake leaves this machine.
        place = '{address: "{{ edge_address }}", port: "{{ edge_port }}"}'
        head = f"- hosts: localhost\n  gather_facts: false\n  module_defaults: {{{SERVED}: {place}}}\n  tasks:\n"
        path.write_text(head + "".join(f"    {line}\n" for line in block.text.splitlines()), encoding="utf-8")
        assert play["tasks"]
        self._run(block, path)

    def _run(self, block: Block, path: Path) -> None:
        inventory = block.option("inventory")
        played = self._play(
            path,
            emulator=self._emulator,
            check=block.option("check") is not None,
            diff=block.option("diff") is not None,
            env=self._environment(),
            arguments=["--inventory", str(self._directory / inventory)] if inventory else [],
            extra_vars={
                "cloudflare_api": self._emulator.url,
                "vault_cloudflare_token": self._emulator.token,
                "edge_address": self._edge.address,
                "edge_port": self._edge.port,
            },
        )
        self._last = played
        told = f"{block}:\n{played.stdout}{played.stderr}"
        assert bool(played.returncode) == (block.option("fails") is not None), told
        changes = sum(1 for done in played.done if done.result.get("changed"))
        assert changes == int(block.option("changes") or 0), f"{changes} changes: {told}"

    def _environment(self) -> dict[str, str]:
        names = ("TEAM_A_CLOUDFLARE_API_TOKEN", "TEAM_B_CLOUDFLARE_API_TOKEN")
        return {
            "ANSIBLE_CONFIG": str(self._directory / "ansible.cfg"),
            **dict.fromkeys(names, self._emulator.token),
        }

    def _execution_environment(self, block: Block) -> None:
        path = self._directory / "execution-environment.yml"
        path.write_text(block.text, encoding="utf-8")
        builder = Path(sys.executable).with_name("ansible-builder")
        command = [str(builder), "create", "--file", str(path), "--context", str(self._directory / "context")]
        finished = subprocess.run(command, cwd=self._directory, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, f"{block}: {finished.stdout}{finished.stderr}"
        assert list((self._directory / "context").glob("*file")), f"{block}: there is nothing to build from"

    def _output(self, block: Block) -> None:
        assert self._last is not None
        printed = [line.strip() for line in f"{self._last.stdout}\n{self._last.stderr}".splitlines()]
        for line in block.text.splitlines():
            assert line.strip() in printed, f"{block}: {line!r} was not printed:\n{self._last.stdout}"

    def _result(self) -> dict[str, t.Any]:
        assert self._last is not None
        return next(done.result for done in self._last.done if "contested" in done.result)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_of(
    page: Path, play: Player, start_emulator: StartEmulator, start_edge: StartEdge, tmp_path: Path
) -> None:
    reader = Reader(play, start_emulator, tmp_path / "page", start_edge)
    for block in blocks(page):
        if block.kind or block.language in YAML:
            reader.do(block)


def test_every_example_is_run() -> None:
    every = [block for page in PAGES for block in blocks(page) if block.language in YAML]
    kinds = collections.Counter(block.kind for block in every)
    print(f"{len(every)} examples in YAML: {dict(kinds)}")

    assert kinds.keys() <= {"play", "tasks", "file", "execution-environment"}
    assert len(every) >= 50


def test_troubleshooting_has_every_code_with_a_hint() -> None:
    page = (ROOT / "docs" / "docsite" / "rst" / "troubleshooting.rst").read_text(encoding="utf-8")
    words = set(re.findall(r"\d+", page))

    hints = vars(_hints)
    assert {str(code) for known in (hints["_BY_CODE"], *hints["_BY_PATH"].values()) for code in known} <= words
