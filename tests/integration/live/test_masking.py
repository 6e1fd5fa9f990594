# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leaves this machine tells nobody whose zone it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator, Fault
from integration.live.running import ZONE, environ, make_zone, run_kit
from integration.live.visitors import Edge
from live.masking import Masker

ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(zones=[make_zone()], throttle=None, validate=False) as running:
        yield running


@pytest.mark.parametrize("write", [False, True])
def test_the_reports_hold_no_name_no_id_and_no_secret(emulator: Emulator, tmp_path: Path, write: bool) -> None:
    told = f"Refused for ops@{ZONE} at 192.0.2.7 and 2001:db8::7, token {emulator.token}, zone {ZONE}."
    body = json.dumps({"success": False, "errors": [{"code": 1, "message": told}], "messages": [], "result": None})
    emulator.fault(Fault("answer", status=400, body=body), path="*/no_certificate_id")
    emulator.fault(Fault("answer", status=400, body=body), method="PUT", after=1 if write else 0)
    with Edge(emulator).serving() as edge:
        run_kit(emulator, tmp_path, write=write, connect=edge.place)
    zone = emulator.zones[ZONE]
    secrets = {
        emulator.token,
        "example.com",
        "example.net",
        "Sample Holding",
        "Sample Authority",
        "192.0.2.7",
        "db8::7",
    }
    for item in zone.certificates:
        secrets |= {item["id"], item["issuer"], item["uploaded_on"], item["expires_on"], item["expires_on"][:10]}
    for name in ("report.txt", "report.json"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert [secret for secret in secrets if secret.lower() in text.lower()] == []
        assert ID.search(text) is None
        assert str(tmp_path) not in text
    shown = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    # The same certificate has the same name everywhere, so that the file can be worked with.
    whole = next(item for item in shown["exchanges"] if item["label"] == "whole list")["payload"]["result"]
    assert len({item["id"] for item in whole}) == len(zone.certificates)
    one = next(item for item in shown["exchanges"] if item["label"] == "one")
    assert one["payload"]["result"]["id"] == whole[0]["id"] == one["path"].rpartition("/")[2]
    assert [item["priority"] for item in whole] == [20, 30, 10, 5]


def test_the_output_on_the_terminal_holds_no_secret(
    emulator: Emulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_kit(emulator, tmp_path, write=True)
    captured = capfd.readouterr()
    assert emulator.token not in captured.out + captured.err
    assert emulator.token not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert environ(emulator)["CLOUDFLARE_API_TOKEN"] == emulator.token


def test_what_is_not_known_to_be_harmless_is_masked() -> None:
    masker = Masker(["a-token-of-someone"])
    shown = masker.value({
        "status": "active", "type": "Sneaky Co. Ltd", "new_field": "Someone", "www.example.com": 1,
        "hosts": ["WWW.example.com", "www.example.com"], "expires_on": "2026-01-01T00:00:00Z", "priority": 3,
    })  # fmt: skip
    assert shown == {
        "status": "active", "type": "text-1", "new_field": "text-2", "key-1": 1,
        "hosts": [shown["hosts"][0]] * 2, "expires_on": "time-1", "priority": 3,
    }  # fmt: skip
    assert "example" not in json.dumps(shown)
    assert masker.leaks("nothing here") == []
    assert masker.leaks("for A-Token-Of-Someone") == ["secret-1"]
