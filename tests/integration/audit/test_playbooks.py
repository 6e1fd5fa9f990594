# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks audit and drift: output on the console, report files, and exit codes."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from ansible_runs import ROOT

from emulator import Emulator, Fault, Zone, certificate, zone
from emulator.fixture import StartEmulator
from integration.audit.conftest import POLICY, READER, Run, table_of
from integration.playbooks.playing import Played

REFUSED = Fault(
    "answer", status=403, body='{"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]}'
)


def shop(name: str, first: str = "GlobalSignnvsa", expires_in: float = 300) -> Zone:
    """Two hostnames that two certificates cover, of which the one of `first` is used."""
    priorities = {"DigiCertInc": 1, "GlobalSignnvsa": 1, first: 2}
    return zone(
        name,
        certificates=[
            certificate(
                [name, f"www.{name}", f"{issuer[0].lower()}.{name}"],
                issuer=issuer,
                priority=priority,
                expires_in=expires_in if issuer == first else 200,
            )
            for issuer, priority in priorities.items()
        ],
    )


@pytest.fixture
def fleet(start_emulator: StartEmulator) -> Emulator:
    """Three zones: one as requested, one that has drifted, one whose winner has expired."""
    zones = [shop("a.example", "DigiCertInc"), shop("b.example"), shop("c.example", expires_in=-2)]
    return start_emulator(zones=zones, tokens=[READER])


def schema_of(name: str) -> dict[str, t.Any]:
    text = (ROOT / "playbooks" / "schemas" / f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, t.Any] = json.loads(text)
    return loaded


def report_of(path: Path, name: str) -> dict[str, t.Any]:
    """A JSON report, held to its schema."""
    jsonschema.Draft202012Validator.check_schema(schema_of(name))
    report: dict[str, t.Any] = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema_of(name)).validate(report)
    return report


def rows_of(played: Played) -> list[list[str]]:
    """The words of each row of the table."""
    lines = table_of(played)
    begin = lines.index("") + 2
    rows = lines[begin : lines.index("", begin) if "" in lines[begin:] else None]
    # Without the further lines of a message.
    return [line.split() for line in rows if not line.startswith(" ")]


def dates(emulator: Emulator, name: str) -> dict[str, str]:
    return {item["issuer"]: item["expires_on"][:10] for item in emulator.zones[name].certificates}


def test_audit_of_one_zone_takes_no_yaml(run: Run, fleet: Emulator) -> None:
    played = run("audit", fleet, zone="b.example")

    assert played.returncode == 0, played.stdout
    on = dates(fleet, "b.example")
    row = ["GlobalSignnvsa", on["GlobalSignnvsa"], "priority", "DigiCertInc"]
    assert rows_of(played) == [["ok", name, *row] for name in ("b.example", "www.b.example")]
    assert [request.method for request in fleet.requests] == ["GET", "GET"]


def test_several_zones_may_be_named_in_a_text(run: Run, fleet: Emulator) -> None:
    rows = rows_of(run("audit", fleet, zones="b.example, c.example"))
    assert [row[:2] for row in rows] == [
        ["expired", "c.example"],
        ["expired", "www.c.example"],
        ["expired", "g.c.example"],  # which no other certificate covers
        ["ok", "b.example"],
        ["ok", "www.b.example"],
    ]


def test_a_zone_may_be_named_by_its_id(run: Run, fleet: Emulator) -> None:
    identifier = fleet.zones["b.example"].id
    played = run("audit", fleet, zone=identifier)
    assert played.returncode == 0 and [request.method for request in fleet.requests] == ["GET"]


@pytest.mark.parametrize("name", ["audit", "drift"])
def test_an_inventory_is_reported_on_whole_and_a_zone_that_fails_is_a_row(
    run: Run, fleet: Emulator, inventory: Path, tmp_path: Path, name: str
) -> None:
    fleet.fault(REFUSED, path=f"/zones/{fleet.zones['a.example'].id}/*", times=None)
    path = tmp_path / "report.json"

    played = run(name, fleet, "-i", inventory, report=str(path), **(POLICY if name == "drift" else {}))

    assert played.returncode == 2
    # No line for each host, neither of the task nor in the recap.
    assert not re.search(r"^(\w+: \[)?[bc]\.example", played.stdout, re.MULTILINE)
    rows = rows_of(played)
    assert rows[0][:2] == ["failed", "a.example"]
    if name == "audit":
        assert {row[1] for row in rows} > {"b.example", "www.b.example", "c.example", "www.c.example"}
        assert "could not be read: 1 of 3." in played.stdout
    else:
        assert [row[:2] for row in rows if row[0] == "drifted"] == [["drifted", "b.example"], ["drifted", "c.example"]]
        assert "Drifted zones: 2 of 3. Zones that could not be checked: 1." in played.stdout
    failed, *others = report_of(path, name)["zones"]
    assert "10000 Authentication error" in failed["msg"] and len(others) == 2


def test_drift_is_quiet_where_all_is_as_requested(run: Run, fleet: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    played = run("drift", fleet, zone="a.example", report=str(path), **POLICY)
    assert played.returncode == 0, played.stdout
    assert table_of(played)[0].startswith("1 of 1 zone is in the order requested, on ")
    assert report_of(path, "drift")["zones"][0]["status"] == "ok"


def test_drift_says_who_gets_what_and_fails(run: Run, fleet: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    played = run("drift", fleet, zones=["a.example", "b.example"], report=str(path), unlisted="fail", **POLICY)
    assert played.returncode == 2
    assert rows_of(played) == [["drifted", "b.example", "b.example", "+1", "GlobalSignnvsa", "DigiCertInc"]]
    report = report_of(path, "drift")
    assert [change["name"] for change in report["zones"][0]["changes"]] == ["b.example", "www.b.example"]


def test_the_policy_may_be_in_the_variables_of_the_inventory(run: Run, fleet: Emulator, inventory: Path) -> None:
    variables = inventory.parent / "group_vars" / "cloudflare_zones.yml"
    variables.parent.mkdir()
    variables.write_text(json.dumps({**POLICY, "missing": "ignore"}), encoding="utf-8")
    other = variables.with_name("other.yml")
    other.write_text(json.dumps({"certificates": [{"issuer": "GlobalSign*"}]}), encoding="utf-8")
    inventory.write_text(
        inventory.read_text(encoding="utf-8") + "groups: {other: cloudflare_zone_name == 'b.example'}\n",
        encoding="utf-8",
    )
    played = run("drift", fleet, "-i", inventory)
    assert rows_of(played) == [["drifted", "c.example", "c.example", "+1", "GlobalSignnvsa", "DigiCertInc"]]

    variables.unlink()
    assert "Zones without one: 2, such as a.example." in run("drift", fleet, "-i", inventory).stdout
    assert run("drift", fleet, "-i", inventory, "--limit", "other").returncode == 0


WRONG: dict[str, tuple[str, dict[str, t.Any], str]] = {
    "no zone": ("audit", {}, "Set which zones to check: -e zone=example.com"),
    "no zone, empty": ("audit", {"zone": "", "zones": ""}, "Set which zones to check: -e zone=example.com"),
    "no policy": ("drift", {"zone": "a.example"}, "Set the order requested in the variable 'certificates'"),
    "no selectors": ("drift", {"zone": "a.example", "certificates": "DigiCert*"}, "and 'DigiCert*' is not one."),
    "one no selector": ("drift", {"zone": "a.example", "certificates": [{"issuer": "A"}, 7]}, "and '7' is not one."),
    "ending": (
        "audit",
        {"zone": "a.example", "report": "a.pdf"},
        "must end in .html, .json or .md, and a.pdf does not.",
    ),
    "no ending": ("drift", {"zone": "a.example", "report": "a", **POLICY}, "must end in .html, .json or .md"),
    "directory": ("audit", {"zone": "a.example", "report": "nowhere/a.md"}, "nowhere. Create it first."),
}


@pytest.mark.parametrize(("name", "variables", "problem"), WRONG.values(), ids=WRONG.keys())
def test_what_is_missing_or_wrong_is_said_before_anything_is_read(
    run: Run, fleet: Emulator, name: str, variables: dict[str, t.Any], problem: str
) -> None:
    played = run(name, fleet, **variables)
    assert played.returncode == 2
    assert problem in played["Fail if a variable is missing or wrong"].result["msg"]
    assert fleet.requests == []


@pytest.mark.parametrize("name", ["audit", "drift"])
@pytest.mark.parametrize(("variables", "remedy"), [({"zone": "b.example"}, "Omit it"), ({}, "No inventory with")])
def test_a_limit_that_leaves_no_zone_is_said(
    run: Run, fleet: Emulator, name: str, variables: dict[str, str], remedy: str
) -> None:
    played = run(name, fleet, "--limit", "a.example", **variables)
    assert played.returncode != 0 and fleet.requests == []
    text = " ".join((played.stdout + played.stderr).split())
    assert "--limit a.example selects from the zones of an inventory" in text and remedy in text


@pytest.mark.parametrize(("name", "ending", "begin"), [("audit", "HTML", "<!DOCTYPE html>"), ("drift", "Md", "# ")])
def test_reports_go_by_the_ending_and_to_where_ansible_was_started(
    run: Run, fleet: Emulator, tmp_path: Path, name: str, ending: str, begin: str
) -> None:
    played = run(name, fleet, "--check", zone="c.example", report=f"the report.{ending}", **POLICY)
    assert ("changed=1" in played.stdout) == (name == "drift")
    (path,) = tmp_path.glob(f"plays/*/the report.{ending}")
    assert path.read_text(encoding="utf-8").lstrip().startswith(begin)
    assert oct(path.stat().st_mode)[-3:] == "644"
