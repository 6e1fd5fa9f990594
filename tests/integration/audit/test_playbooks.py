# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks audit and drift, run by name with a read-only token: console, report files, exit codes, hostile values."""

from __future__ import annotations

import collections
import html
import json
import re
import typing as t
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from ansible_runs import ROOT
from markdown_it import MarkdownIt

from emulator import Emulator, Fault, Zone, certificate, token, zone
from emulator.fixture import StartEmulator
from integration.playbooks.playing import Played, Player

READER = token("reader", permissions=("zone:read", "ssl:read"))
POLICY = {"certificates": [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]}
REFUSED = Fault(
    "answer", status=403, body='{"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]}'
)
Run = t.Callable[..., Played]


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """An inventory of all zones."""
    path = tmp_path / "inventory" / "cloudflare_zones.yml"
    path.parent.mkdir()
    path.write_text("plugin: zonefleet.cloudflare.zones\n", encoding="utf-8")
    return path


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


def rows_of(played: Played) -> list[list[str]]:
    """The words of each row of the table."""
    lines = table_of(played)
    begin = lines.index("") + 2
    rows = lines[begin : lines.index("", begin) if "" in lines[begin:] else None]
    # Without the further lines of a message.
    return [line.split() for line in rows if not line.startswith(" ")]


def report_of(path: Path, name: str) -> dict[str, t.Any]:
    """A JSON report, held to its schema."""
    schema = json.loads((ROOT / "playbooks" / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    report: dict[str, t.Any] = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(report)
    return report


def test_zones_may_be_named_in_a_text_and_by_their_ids(run: Run, fleet: Emulator) -> None:
    played = run("audit", fleet, zones=f"b.example, {fleet.zones['c.example'].id}")
    assert played.returncode == 0, played.stdout
    *rows, row, last_row = rows_of(played)
    assert [row[:2] for row in rows] == [
        ["expired", "c.example"],
        ["expired", "www.c.example"],
        ["expired", "g.c.example"],  # which no other certificate covers
    ]
    expires = next(item["expires_on"] for item in fleet.zones["b.example"].certificates if item["priority"] == 2)
    winner = ["GlobalSignnvsa", expires[:10], "priority", "DigiCertInc"]
    assert [row, last_row] == [["ok", "b.example", *winner], ["ok", "www.b.example", *winner]]
    # To find a zone by its name takes a request.
    assert [request.method for request in fleet.requests] == ["GET", "GET", "GET"]


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
    assert "10000 Authentication error" in failed["msg"]
    assert len(others) == 2


def test_drift_says_who_gets_what_and_fails(run: Run, fleet: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    played = run("drift", fleet, zones=["a.example", "b.example"], report=str(path), unlisted="fail", **POLICY)
    assert played.returncode == 2
    assert rows_of(played) == [["drifted", "b.example", "b.example", "+1", "GlobalSignnvsa", "DigiCertInc"]]
    drifted, quiet = report_of(path, "drift")["zones"]
    assert [change["name"] for change in drifted["changes"]] == ["b.example", "www.b.example"]
    assert (drifted["status"], quiet["status"]) == ("drifted", "ok")


def test_the_policy_may_be_in_the_variables_of_the_inventory(run: Run, fleet: Emulator, inventory: Path) -> None:
    variables = inventory.parent / "group_vars" / "cloudflare_zones.yml"
    variables.parent.mkdir()
    variables.write_text(json.dumps({**POLICY, "missing": "ignore"}), encoding="utf-8")
    other = variables.with_name("other.yml")
    other.write_text(json.dumps({"certificates": [{"issuer": "GlobalSign*"}]}), encoding="utf-8")
    with inventory.open("a", encoding="utf-8") as file:
        file.write("groups: {other: cloudflare_zone_name == 'b.example'}\n")
    played = run("drift", fleet, "-i", inventory)
    assert rows_of(played) == [["drifted", "c.example", "c.example", "+1", "GlobalSignnvsa", "DigiCertInc"]]

    variables.unlink()
    assert "Zones without one: 2, such as a.example." in run("drift", fleet, "-i", inventory).stdout
    quiet = run("drift", fleet, "-i", inventory, "--limit", "other")
    assert quiet.returncode == 0
    assert table_of(quiet)[0].startswith("1 of 1 zone is in the order requested, on ")


WRONG: dict[str, tuple[str, dict[str, t.Any], list[str]]] = {
    "no zone": (
        "audit",
        {"report": "a.pdf"},
        ["Set which zones to check: -e zone=example.com", "must end in .html, .json or .md, and a.pdf does not."],
    ),
    "empty": ("drift", {"zone": "", "zones": ""}, ["Set which zones to check: -e zone=example.com"]),
    "no policy": (
        "drift",
        {"zone": "a.example", "report": "nowhere/a.md"},
        ["Set the order requested in the variable 'certificates'", "nowhere. Create it first."],
    ),
    "no selectors": (
        "drift",
        {"zone": "a.example", "certificates": "DigiCert*", "report": "a"},
        ["and 'DigiCert*' is not one.", "must end in .html, .json or .md"],
    ),
    "one no selector": ("drift", {"zone": "a.example", "certificates": [{"issuer": "A"}, 7]}, ["and '7' is not one."]),
}


@pytest.mark.parametrize(("name", "variables", "problems"), WRONG.values(), ids=WRONG.keys())
def test_what_is_missing_or_wrong_is_said_before_anything_is_read(
    run: Run, fleet: Emulator, name: str, variables: dict[str, t.Any], problems: list[str]
) -> None:
    played = run(name, fleet, **variables)
    assert played.returncode == 2
    told = played["Fail if a variable is missing or wrong"].result["msg"]
    assert [problem for problem in problems if problem not in told] == [], told
    assert fleet.requests == []


@pytest.mark.parametrize(
    ("name", "variables", "remedy"), [("audit", {"zone": "b.example"}, "Omit it"), ("drift", {}, "No inventory with")]
)
def test_a_limit_that_leaves_no_zone_is_said(
    run: Run, fleet: Emulator, name: str, variables: dict[str, str], remedy: str
) -> None:
    played = run(name, fleet, "--limit", "a.example", **variables)
    assert played.returncode != 0
    assert fleet.requests == []
    text = " ".join((played.stdout + played.stderr).split())
    assert "--limit a.example selects from the zones of an inventory" in text
    assert remedy in text


@pytest.mark.parametrize(("name", "ending", "begin"), [("audit", "HTML", "<!DOCTYPE html>"), ("drift", "Md", "# ")])
def test_reports_go_by_the_ending_and_to_where_ansible_was_started(
    run: Run, fleet: Emulator, tmp_path: Path, name: str, ending: str, begin: str
) -> None:
    played = run(name, fleet, "--check", zone="c.example", report=f"the report.{ending}", **POLICY)
    assert ("changed=1" in played.stdout) == (name == "drift")
    (path,) = tmp_path.glob(f"plays/*/the report.{ending}")
    assert path.read_text(encoding="utf-8").lstrip().startswith(begin)
    assert oct(path.stat().st_mode)[-3:] == "644"


ISSUERS = [
    "<script>document.title='run'</script>",
    '"><img src=x onerror="document.title=\'run\'">',
    "{{ lookup('ansible.builtin.env', 'HOME') }}{% raw %}",
    "#jinja2: variable_start_string:'[%'",
    "| a | [b](https://c.example) ![d](e) <f@g.example> `h` **i** www.j.example https://k.example &lt; ~~l~~",
    "reversed \u202e gnp.exe\u2028 \x1b[31m line\nfeed",
]
HOSTS = ["'\"><script>1</script>.example.com", "{{ 7 * 7 }}.example.com", "`*.example.com"]
# As they are shown: what would act on a terminal, or turn the line round, is an escape.
SHOWN = [*ISSUERS[:5], "reversed \\u202e gnp.exe\\u2028 \\x1b[31m line\\nfeed"]
TAG = re.compile(r"<(/?[\w!][^>]*)>")


def test_values_of_the_api_are_data_in_every_report(run: Run, start_emulator: StartEmulator, tmp_path: Path) -> None:
    certificates = [
        certificate([*HOSTS, f"{place}.example.com"], issuer=issuer, priority=place, status=f"<b>{issuer}")
        for place, issuer in enumerate(ISSUERS)
    ]
    hostile = start_emulator(zones=[zone("example.com", certificates=certificates)], tokens=[READER])
    lowest = hostile.zones["example.com"].certificates[0]["id"]

    def report(name: str, ending: str) -> str:
        path = tmp_path / f"report.{ending}"
        played = run(name, hostile, zone="example.com", report=str(path), certificates=[{"id": lowest}])
        assert not {"\x1b", "\u202e", "\u2028"} & set("".join(table_of(played)))
        return path.read_text(encoding="utf-8")

    rows = json.loads(report("audit", "json"))["zones"][0]["certificates"]
    assert sorted(row["issuer"] for row in rows) == sorted(SHOWN)
    assert all(set(HOSTS) < set(row["hosts"]) for row in rows)

    page = report("audit", "html")
    text = html.unescape(TAG.sub("", page))
    assert [value for value in SHOWN + HOSTS if value not in text] == []
    for tag in TAG.findall(page + report("drift", "html")):
        assert not re.match("script|img|iframe|link|object", tag), tag
        assert not re.search(r"\son\w+=", tag), tag

    for name in ("audit", "drift"):
        text = report(name, "md")
        # What GitHub makes links of, and everything that CommonMark does.
        assert not re.search(r"(?<!\\)://|\bwww\.", text)
        tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
        assert {child.type for token in tokens for child in token.children or ()} == {"text"}
        kinds = collections.Counter(token.type for token in tokens)
        assert kinds["html_block"] == 0
        assert kinds["th_open"] == 5
        assert kinds["td_open"] == 5 * (kinds["tr_open"] - 1) > 0
