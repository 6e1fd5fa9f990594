# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report filters: the reports for various results, in every format."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.zonefleet.cloudflare.plugins.filter.audit_report import FilterModule as AuditFilters
from ansible_collections.zonefleet.cloudflare.plugins.filter.drift_report import FilterModule as DriftFilters
from emulator import certificate, zone

Result = dict[str, t.Any]
SHORT, LONG = "short.example.com", "a-hostname-that-nobody-would-read-aloud.department.subsidiary.example.com"
audit_report = AuditFilters().filters()["audit_report"]
drift_report = DriftFilters().filters()["drift_report"]


def result(
    *certificates: dict[str, t.Any], decided_by: str = "priority", pack: bool = False, **others: t.Any
) -> Result:
    """What the info module returns where the certificates are of one zone, and the first of them always comes first."""
    made = zone("example.com", certificates=certificates).certificates
    holders: dict[str, list[str]] = {}
    for item in made:
        for name in item["hosts"]:
            holders.setdefault(name, []).append(item["id"])
    contested = [
        {"name": name, "before": ids[-1], "after": ids[0], "tie": False, "pack": pack, "decided_by": decided_by}
        for name, ids in sorted(holders.items())
        if len(ids) > 1
    ]
    return {"zone_id": "0" * 32, "certificates": made, "contested": contested, **others}


def pair(decided_by: str = "priority", pack: bool = False, **winner: t.Any) -> Result:
    """Two certificates for one hostname, of which the second is in order."""
    return result(
        certificate([SHORT], **{"issuer": "DigiCertInc", **winner}),
        certificate([SHORT], issuer="GlobalSignnvsa", signature="ECDSAWithSHA384"),
        decided_by=decided_by,
        pack=pack,
    )


FAILED = {"failed": False, "msg": "GET failed: HTTP 403, 10000 Authentication error.", "errors": [{"code": 10000}]}
REFUSED = {"failed": False, "msg": "GET failed: HTTP 400, 1011 Plan level", "errors": [{"code": 1011}]}

# A result, and what is found in its zone and in its contested hostname.
FINDINGS: dict[str, tuple[Result, str, list[str]]] = {
    "in order": (pair(), "ok", []),
    "client": (pair("client", pack=True), "ok", []),
    "kind": (pair("kind"), "ok", []),
    "recency": (pair("recency"), "uncertain", ["uncertain"]),
    "undocumented": (pair("undocumented"), "uncertain", ["uncertain"]),
    "29 days left": (pair(expires_in=29), "expiring", ["expiring"]),
    "31 days left": (pair(expires_in=31.5), "ok", []),
    "expired by its date": (pair(expires_in=-1), "expired", ["expired"]),
    "expired by its status": (pair(status="expired"), "expired", ["expired"]),
    "pending": (pair(status="pending"), "not_active", ["not_active"]),
    "no status": (pair(status=None), "ok", []),
    "no expiry": (pair(expires_on="soon"), "ok", []),
    "several": (pair("recency", expires_in=3), "expiring", ["expiring", "uncertain"]),
}


@pytest.mark.parametrize(("given", "status", "findings"), FINDINGS.values(), ids=FINDINGS.keys())
def test_what_is_found(given: Result, status: str, findings: list[str]) -> None:
    report = audit_report({"example.com": given})
    (row,) = report["zones"]
    (name,) = row["contested"]
    assert (row["status"], name["findings"]) == (status, findings)
    assert (name["winner"]["issuer"], [other["issuer"] for other in name["others"]]) == (
        "DigiCertInc",
        ["GlobalSignnvsa"],
    )
    counts = report["summary"]["names"]
    assert counts[status] == sum(counts.values()) == report["summary"]["contested_names"] == 1


def test_a_pack_goes_when_its_first_certificate_expires() -> None:
    members = [certificate([SHORT]), certificate([SHORT], signature="ECDSAWithSHA384", expires_in=5)]
    other = certificate([SHORT, LONG], issuer="GlobalSignnvsa", expires_in=2)
    (row,) = audit_report({"z": result(*members, other, decided_by="client", pack=True)})["zones"]
    assert [name["status"] for name in row["contested"]] == ["expiring"]
    for others in ([members[0], other], members):
        (row,) = audit_report({"z": result(*others, decided_by="priority")})["zones"]
        assert [name["status"] for name in row["contested"]] == ["ok"]


def test_what_nobody_else_covers_is_told_where_it_is_not_in_order() -> None:
    alone = result(certificate(["a.example.com", "b.example.com"], expires_in=-1), certificate(["c.example.com"]))
    report = audit_report({"example.com": alone})
    (row,) = report["zones"]
    assert [(sole["names"], sole["status"]) for sole in row["uncontested"]] == [
        (["a.example.com", "b.example.com"], "expired")
    ]
    assert report["summary"]["names"]["expired"] == 2
    assert any(
        line.startswith("expired  a.example.com +1  DigiCertInc ") for line in audit_report({"z": alone}, "text")
    )


def test_what_is_wrong_comes_first_in_every_format() -> None:
    zones = {
        "ok.example": pair(),
        "later.example": pair(expires_in=20),
        "uncertain.example": pair("recency"),
        "sooner.example": pair(expires_in=10),
        "expired.example": pair(expires_in=-1),
        "refused.example": REFUSED,
        "failed.example": FAILED,
    }
    order = [item["zone"] for item in audit_report(zones)["zones"]]
    assert order[:5] == ["failed.example", "expired.example", "sooner.example", "later.example", "uncertain.example"]
    page, text = audit_report(zones, "html"), audit_report(zones, "text")
    places = [page.index(f"<h3>{name}</h3>") for name in order if name != "refused.example"]
    assert places == sorted(places)
    words = ["failed", "expired", "expiring", "expiring", "uncertain", "ok"]
    rows = text[text.index("") + 2 :]
    rows = rows[: rows.index("")]
    assert [row.split()[0] for row in rows if not row.startswith(" ")] == words
    lines = audit_report(zones, "markdown").splitlines()
    assert [line.split(" | ")[0] for line in lines if line.startswith("| ")][2:] == [f"| {word}" for word in words]


def test_a_zone_that_could_not_be_read_is_a_row_and_a_plan_without_certificates_is_none() -> None:
    report = audit_report({"a.example": FAILED, "b.example": REFUSED})
    assert [(row["zone"], row["status"]) for row in report["zones"]] == [("a.example", "failed"), ("b.example", "ok")]
    assert report["summary"]["failed_zones"] == 1
    for zones in (report["zones"], drift_report({"a.example": FAILED, "b.example": REFUSED})["zones"]):
        assert "does not include custom certificates" in zones[1]["msg"]
    for shape in ("text", "markdown", "html"):
        assert "10000 Authentication error." in str(audit_report({"a.example": FAILED}, shape))


def test_hostnames_are_grouped_by_all_that_is_told_of_them() -> None:
    a, b, ok, alone = (f"{name}.example.com" for name in ("a", "b", "ok", "alone"))
    expired, long_valid = certificate([a, b], expires_in=-30), certificate([b], expires_in=3000)
    fine = [certificate([ok], expires_in=300.5), certificate([ok], expires_in=350.5)]
    unknown = certificate([alone], expires_on="soon")
    zones = {"z.example": result(expired, certificate([a, b], expires_in=200.5), long_valid, *fine, unknown)}

    page = audit_report({**zones, "y.example": pair()}, "html")

    # The first two, each for itself, then one of each zone.
    assert page.count('data-is="Hostnames"') == 4
    # One that is in order is no problem.
    assert "2 hostnames</span></li>" in page
    # By expiry, on a time line of 400 days.
    _before, _heading, section = page.rpartition("<h3>z.example</h3>")
    places = re.findall(r'style="--at:([0-9.]+)"></i></div>', section.partition("<h3>")[0])
    assert places == ["0.0", "50.0", "75.0", "87.5", "100.0", "0.0"]
    assert re.findall("<dt>(.*)</dt>", page) == ["priority"]
    (line,) = [line for line in audit_report(zones, "text") if f"  {b}  " in line]
    assert line.endswith(" +1")


def test_a_table_fits_the_console_and_keeps_what_matters() -> None:
    issuer = "ACertificateAuthorityWithALongNameIncorporated"
    zones = {f"zone-{number}.example": pair("undocumented", issuer=issuer) for number in range(60)}
    zones["long.example"] = result(
        certificate([LONG], issuer=issuer), certificate([LONG], issuer=issuer, expires_in=-1)
    )
    zones[LONG] = {"msg": 'It failed for a "reason". ' * 20}
    for lines in (
        audit_report(zones, "text"),
        drift_report({"zone.example": {**pair(), "changed": True}, **zones}, "text"),
    ):
        assert max(map(len, lines)) <= 89
        assert not [line for line in lines if '"' in line or "\\" in line]
    lines = audit_report(zones, "text")
    assert "... and 12 rows more. A report in a file has all of them." in lines
    assert len([line for line in lines if line.startswith("uncertain")]) < 50
    date = zones["long.example"]["certificates"][0]["expires_on"][:10]
    assert all(date in line for line in lines if line.startswith("uncertain"))
    assert audit_report(zones, "markdown").count("\n| uncertain |") == 60


def test_what_to_do_about_a_failure_is_on_the_console() -> None:
    told = "The entry of 'certificates' with issuer: GlobaSign* matches no certificate of the zone. " * 4
    for report in (audit_report, drift_report):
        text = " ".join("\n".join(report({"example.com": {"msg": f"{told}Correct the entry."}}, "text")).split())
        assert text.endswith("Correct the entry.") and "…" not in text


def test_drift_says_who_would_get_what() -> None:
    drifted = {
        **pair(issuer="GlobalSignnvsa"),
        "changed": True,
        "reprioritized": [],
        "unmatched": [{"issuer": "Nobody*"}],
    }
    quiet = {**pair(), "changed": False}
    quiet["contested"] = [{**item, "before": item["after"]} for item in quiet["contested"]]
    moved = {**pair(), "changed": True, "contested": []}
    moved["reprioritized"] = [{"id": moved["certificates"][0]["id"], "before": 1, "after": 2}]
    zones = {"quiet.example": quiet, "moved.example": moved, "drifted.example": drifted, "failed.example": FAILED}

    report = drift_report(zones)

    assert [(row["zone"], row["status"], row["unmatched"]) for row in report["zones"]] == [
        ("failed.example", "failed", 0),
        ("drifted.example", "drifted", 1),
        ("moved.example", "drifted", 0),
        ("quiet.example", "ok", 0),
    ]
    assert report["summary"] == {"zones": 4, "failed_zones": 1, "drifted_zones": 2, "names": 1}
    (change,) = report["zones"][1]["changes"]
    assert (change["name"], change["before"]["id"], change["after"]["id"]) == (
        SHORT,
        drifted["certificates"][1]["id"],
        drifted["certificates"][0]["id"],
    )
    text = "\n".join(drift_report(zones, "text"))
    assert "1 of 4 zones is in the order requested, 2 drifted, 1 could not be checked" in text
    alone = drift_report({"drifted.example": drifted}, "text")[0]
    assert alone.startswith("0 of 1 zone is in the order requested, 1 drifted, on ")
    assert "1 priority differs, but every hostname keeps its certificate" in text and "quiet.example" not in text
    assert "quiet.example" in drift_report(zones, "html")


@pytest.mark.parametrize("changed", [False, True])
def test_a_misspelled_policy_is_no_zone_in_order(changed: bool) -> None:
    warning = (
        "The entry of 'certificates' with issuer: X matches no certificate. Did you mean `issuer: X*`? It matches 1."
    )
    misspelled = {**pair(), "changed": changed, "unmatched": [{"issuer": "X"}]}
    misspelled["warnings"] = ["Another one.", warning]
    if not changed:
        misspelled["contested"] = []
    report = drift_report({"example.com": misspelled})
    assert [(row["status"], row["msg"]) for row in report["zones"]] == [("drifted", warning)]
    assert report["summary"]["drifted_zones"] == 1
    for shape in ("text", "markdown", "html"):
        text = " ".join(str(drift_report({"example.com": misspelled}, shape)).replace("&#39;", "'").split())
        assert ("Did you mean" in text and "1 drifted" in text) or shape == "html", text
        assert (SHORT in text) is changed and "0 priorities" not in text


def test_changes_for_different_reasons_are_told_apart() -> None:
    changes = result(certificate([SHORT, LONG]), certificate([SHORT, LONG], issuer="GlobalSignnvsa"), changed=True)
    changes["contested"][0]["decided_by"] = "recency"
    assert drift_report({"example.com": changes}, "html").count('data-is="Decided by"') == 2


@pytest.mark.parametrize("report", [audit_report, drift_report])
@pytest.mark.parametrize(
    ("results", "shape", "problem"),
    [
        ({}, "pdf", "The format must be one of data, text, markdown, html, not 'pdf'"),
        ([], "data", "must be a dictionary of registered results"),
        ({"a.example": "text"}, "data", "the result of a.example is not a dictionary"),
        ({"a.example": {"certificates": [{"id": 1}], "contested": []}}, "data", "a.example is not that of a module"),
        (
            {"a.example": {"certificates": [], "contested": [{"name": "x", "before": "gone", "after": "lost"}]}},
            "data",
            "the result of a.example is incomplete",
        ),
    ],
)
def test_what_is_no_result_is_an_error_that_says_so(
    report: t.Callable[..., t.Any], results: t.Any, shape: str, problem: str
) -> None:
    with pytest.raises(AnsibleFilterError, match=problem):
        report(results, shape)


def test_no_zone_at_all_is_a_report_as_well() -> None:
    for report in (audit_report, drift_report):
        assert report({})["zones"] == []
        assert all(report({}, shape) for shape in ("text", "markdown", "html"))
