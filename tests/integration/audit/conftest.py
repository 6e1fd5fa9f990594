# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures that run the collection's playbooks by name, with a read-only token."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from emulator import Emulator, token
from integration.playbooks.playing import Played, Player

READER = token("reader", permissions=("zone:read", "ssl:read"))
POLICY = {"certificates": [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]}

Run = t.Callable[..., Played]


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """An inventory of all zones."""
    path = tmp_path / "inventory" / "cloudflare_zones.yml"
    path.parent.mkdir()
    path.write_text("plugin: zonefleet.cloudflare.zones\n", encoding="utf-8")
    return path


@pytest.fixture
def run(play: Player) -> Run:
    """Run a playbook of the collection, with variables as -e gives them. Nothing is ever written to the API."""

    def _run(name: str, emulator: Emulator, *arguments: str | Path, **variables: t.Any) -> Played:
        emulator.clear()
        before = emulator.dump()
        played = play(
            Path(f"zonefleet.cloudflare.{name}"),
            emulator=emulator,
            extra_vars=variables,
            env={"CLOUDFLARE_API_TOKEN": emulator.tokens["reader"].value},
            arguments=[str(argument) for argument in arguments],
        )
        assert {request.method for request in emulator.requests} <= {"GET"}
        assert emulator.dump() == before
        return played

    return _run


def table_of(played: Played) -> list[str]:
    """The lines of the report on the console, which has room for 100 columns."""
    lines: list[str] = played["Show the report"].result["msg"]
    printed = played.stdout.splitlines()
    for line in filter(None, lines):
        assert [shown.strip(" ,") for shown in printed if line in shown] == [f'"{line}"'], "printed once, as it is"
    assert max(len(line) for line in printed if '"' in line and "FAILED" not in line) <= 100
    return lines
