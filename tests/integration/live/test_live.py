# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live kit with the emulator: it detects the switches, restores the zone, and reveals nothing about the zone."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_runs import ROOT, environment

from emulator import SWITCHES, Emulator, Fault, certificate, zone
from live.__main__ import main

ZONE = "example.com"
READ = (
    *("per_page_out_of_range", "list_order", "custom_csr_id", "type_field", "total_pages"),
    *("unknown_id", "failure_status"),
)
ASKED = (*READ, "put_result", "put_result_info", "unlisted", "stale_reads")
# whether the throttle's refusals have status 200 as well is not asked: that would take 1,200 requests
SETTINGS = [(name, value) for name in ASKED for value in SWITCHES[name] if value != "200_throttle_too"]


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Three certificates for one name, in an order that is neither theirs by upload nor the reverse."""
    names = ("www.example.com",)
    made = [
        certificate((*names, "a.example.com"), priority=20, custom_csr_id="8f14e45f-ceea-467f-a9d4-1a2b3c4d5e6f"),
        certificate((*names, "b.example.com"), issuer="GlobalSignnvsa", priority=30),
        certificate((*names, "c.example.com"), issuer="Sectigo", priority=10),
        certificate(("old.example.com",), issuer="Entrust", priority=5),
    ]
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with Emulator(zones=[zone(ZONE, certificates=made)], throttle=None, validate=False) as running:
        yield running
        assert not running.failures, running.failures


class Kit:
    """Runs the kit in this process, on the emulator's zone."""

    def __init__(self, zone_id: str, output: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._where = ("--zone-id", zone_id)
        self._output = output
        self._capsys = capsys
        self.saved = output / f"restore-{zone_id}.json"
        self.text = ""

    def run(self, *arguments: str) -> int:
        code = main([*(() if "--restore" in arguments else self._where), *arguments], self._output)
        self.text = "".join(self._capsys.readouterr())
        return code

    @property
    def values(self) -> dict[str, str]:
        return dict(re.findall(r"^[ !] (\w+) +(\S+)", self.text, re.MULTILINE))


@pytest.fixture
def kit(
    emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Kit]:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", emulator.token)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", emulator.url)
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield Kit(emulator.zones[ZONE].id, tmp_path, capsys)
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("switch", "value"), SETTINGS)
def test_it_tells_one_setting_from_another(emulator: Emulator, kit: Kit, switch: str, value: t.Any) -> None:
    before = emulator.order(ZONE)
    emulator.behave(**{switch: value})
    assert kit.run("--write") == 0, kit.text
    # A certificate that shows no CSR may have none.
    told = "?" if (switch, value) == ("custom_csr_id", "absent") else str(value)
    # A refusal with status 200 does not tell which status it should have.
    hidden = {"unknown_id": "?"} if value == "200" else {}
    assert kit.values == {name: str(SWITCHES[name][0]) for name in ASKED} | {switch: told} | hidden
    changed = f"{switch}={value!r}" if told not in ("?", str(SWITCHES[switch][0])) else ""
    assert f"Behaviour({changed})" in kit.text
    assert emulator.order(ZONE) == before


def test_without_the_flag_it_only_reads(emulator: Emulator, kit: Kit) -> None:
    assert kit.run() == 0
    assert [call.method for call in emulator.requests] == ["GET"] * 4
    assert set(kit.values) == set(READ)
    assert not kit.saved.exists()


@pytest.mark.parametrize("arguments", [("--zone-id", "../zones"), (), ("--zone-id", "0" * 32, "--restore", "x")])
def test_arguments_that_are_refused(emulator: Emulator, kit: Kit, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert emulator.requests == []


@pytest.mark.parametrize("certificates", [0, 1, 60])
def test_a_zone_that_it_does_not_write_to(emulator: Emulator, kit: Kit, certificates: int) -> None:
    more = [certificate([f"h{number}.example.com"]) for number in range(certificates)]
    emulator.zones[ZONE].certificates[:] = [{**item, "id": f"c{place}"} for place, item in enumerate(more)]
    assert kit.run("--write") == 1
    assert emulator.writes(ZONE) == 0
    assert "Nothing is written" in kit.text


@pytest.mark.parametrize(
    ("after", "kind"), [*enumerate(("reset_after_apply", "reset_after_request", "server_error", "truncated_json"))]
)
def test_a_write_that_fails_leaves_the_zone_as_it_was(emulator: Emulator, kit: Kit, after: int, kind: str) -> None:
    before = emulator.order(ZONE)
    emulator.fault(Fault(kind), method="PUT", after=after)
    assert kit.run("--write") == 0
    assert emulator.order(ZONE) == before


def test_null_and_equal_priorities_and_a_certificate_that_goes(emulator: Emulator, kit: Kit) -> None:
    items = emulator.zones[ZONE].certificates
    for item, priority in zip(items, (None, 0, 7, 7), strict=True):
        item["priority"] = priority
    gone = str(items[3]["id"])
    emulator.before("PUT", "*", lambda running: running.delete(ZONE, gone), after=2)
    assert kit.run("--write") == 0
    assert [item["priority"] for item in emulator.zones[ZONE].certificates] == [0, 0, 7]


def test_a_zone_that_cannot_be_restored_now_is_not_written_to_again(emulator: Emulator, kit: Kit) -> None:
    before = emulator.order(ZONE)
    emulator.fault(Fault("html"), method="PUT", after=1, times=None)
    assert kit.run("--write") == 2
    assert f"Run: make live RESTORE={kit.saved}" in kit.text
    assert emulator.order(ZONE) != before
    emulator.reset(state=False)
    assert kit.run("--write") == 2
    assert emulator.writes(ZONE) == 0
    assert kit.run("--restore", str(kit.saved)) == 0
    assert emulator.order(ZONE) == before


def test_nothing_tells_whose_zone_it_is(emulator: Emulator, kit: Kit) -> None:
    told = f"Refused for ops@{ZONE}, token {emulator.token}, zone {ZONE}."
    body = json.dumps({"success": False, "errors": [{"code": 1, "message": told}], "messages": [told], "result": None})
    emulator.fault(Fault("answer", status=400, body=body), method="PUT", after=2)
    assert kit.run("--write") == 0
    report = "\n".join(line for line in kit.text.splitlines() if "make live" not in line)
    ids = [item["id"] for item in emulator.zones[ZONE].certificates]
    assert [secret for secret in (emulator.token, ZONE, emulator.zones[ZONE].id, *ids) if secret in report] == []


@pytest.mark.parametrize(
    ("after", "number"),
    [(0, signal.SIGINT), (1, signal.SIGTERM), (2, signal.SIGHUP), (3, signal.SIGINT), (1, signal.SIGKILL)],
)
def test_a_signal_restores_the_zone(
    emulator: Emulator, kit: Kit, tmp_path: Path, after: int, number: signal.Signals
) -> None:
    """The last write is the one that restores: a signal does not stop that one. What is killed can be restored from the file."""
    before = emulator.order(ZONE)
    running: list[subprocess.Popen[str]] = []
    emulator.before("PUT", "*", lambda _emulator: running[0].send_signal(number), after=after)
    code = (
        f"import sys, pathlib, live.__main__ as kit; sys.exit(kit.main(sys.argv[1:], pathlib.Path({str(tmp_path)!r})))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "--zone-id", emulator.zones[ZONE].id, "--write"],
        env=environment(tmp_path, emulator, PYTHONPATH=str(ROOT / "tests")),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        running.append(process)
        output, _none = process.communicate(timeout=60)
    emulator.wait_until_idle()
    if number is signal.SIGKILL:
        assert process.returncode == -number
        assert f"make live RESTORE={kit.saved}" in output
        assert emulator.order(ZONE) != before
        assert kit.saved.stat().st_mode & 0o777 == 0o600
        assert kit.run("--restore", str(kit.saved)) == 0
    else:
        assert process.returncode == 130
    assert emulator.order(ZONE) == before
    assert not kit.saved.exists()
