# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a visitor gets, before the order is reversed, after it, and when it is restored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from integration.live.running import NAME, ZONE, make_zone, run_kit, told
from integration.live.visitors import Edge


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(zones=[make_zone()], throttle=None, validate=False) as running:
        yield running


def test_the_handshake_follows_the_priority(emulator: Emulator, tmp_path: Path) -> None:
    with Edge(emulator).serving() as edge:
        result = run_kit(emulator, tmp_path, write=True, connect=edge.place)
    assert told(result, "tls") == (
        "before: leaf-1 (the first one by the old order); reversed: leaf-2 (the first one by the reversed order); "
        "restored: leaf-1 (the first one by the old order); the handshake FOLLOWS the priority (look 1)"
    )
    shown = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["tls"]
    assert shown["before"] == shown["restored"] != shown["reversed"]
    assert shown["before"]["issuer"].startswith("issuer-")


def test_a_handshake_that_follows_late_is_waited_for(emulator: Emulator, tmp_path: Path) -> None:
    looks: list[str] = []

    def late(name: str) -> str | None:
        looks.append(name)
        return edge.first(name) if len(looks) != 2 else first

    edge = Edge(emulator, late)
    first = edge.first(NAME)
    with edge.serving():
        result = run_kit(emulator, tmp_path, write=True, connect=edge.place)
    assert told(result, "tls").endswith("FOLLOWS the priority (look 2)")
    assert set(looks) == {NAME}


def test_a_handshake_that_does_not_change_is_told(emulator: Emulator, tmp_path: Path) -> None:
    edge = Edge(emulator, lambda name: emulator.zones[ZONE].certificates[0]["id"])
    with edge.serving():
        result = run_kit(emulator, tmp_path, write=True, connect=edge.place, settle=10)
    assert told(result, "tls").endswith("NOT CHANGED in 3 look(s)")


def test_a_certificate_that_the_zone_does_not_hold_is_told(emulator: Emulator, tmp_path: Path) -> None:
    with Edge(emulator, lambda name: None).serving() as edge:
        result = run_kit(emulator, tmp_path, write=True, connect=edge.place, settle=0)
    assert told(result, "tls").startswith("before: leaf-1 (none of the list)")


def test_no_handshake_is_made_without_a_contested_name(emulator: Emulator, tmp_path: Path) -> None:
    for place, item in enumerate(emulator.zones[ZONE].certificates):
        item["hosts"] = [f"h{place}.example.com"]
    result = run_kit(emulator, tmp_path, write=True)
    assert "tls: no name has another first certificate" in result.text


def test_a_name_that_does_not_answer_is_told(emulator: Emulator, tmp_path: Path) -> None:
    result = run_kit(emulator, tmp_path, write=True)
    assert "tls: the handshake failed (ConnectionRefusedError)" in result.text
    assert result.code == 0
