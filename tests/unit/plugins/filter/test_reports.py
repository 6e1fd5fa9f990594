# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report filters: the reports for various results, in every format."""

from __future__ import annotations

import re
import typing as t
from datetime import UTC, datetime, timedelta

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.zonefleet.cloudflare.plugins.filter.audit_report import audit_report
from ansible_collections.zonefleet.cloudflare.plugins.filter.drift_report import drift_report
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _report
from emulator import certificate, zone

Result = dict[str, t.Any]
NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
SHORT, LONG = "x.shop", "a-hostname-that-nobody-would-read-aloud.department.subsidiary.example.com"
Report = t.Callable[..., t.Any]
REPORTS = [audit_report, drift_report]


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    class Today(datetime):
        @classmethod
        def now(cls, tz: t.Any = None) -> t.Any:
            return NOW

    monkeypatch.setattr(_report, "datetime", Today)


def valid(hosts: list[str], days: float = 300, **fields: t.Any) -> dict[str, t.Any]:
    """A certificate that is valid for so many days."""
    return certificate(hosts, **{"expires_on": (NOW + timedelta(days=days)).isoformat(), **fields})


def result(
    *certificates: dict[str, t.Any],
    decided_by: str = "priority",
    pack: bool = False,
    moves: bool = True,
    **others: t.Any,
) -> Result:
    """What a module returns for a zone in which the first certificate of a name comes first, and the last one did.

    :param moves: Whether it did. If not, the first one did as well.
    """
    made = zone("example.com", certificates=certificates).certificates
    holders: dict[str, list[str]] = {}
    for item in made:
        for name in item["hosts"]:
            holders.setdefault(name, []).append(item["id"])
    contested = [
        {"name": name, "before": ids[-moves], "after": ids[0], "tie": False, "pack": pack, "decided_by": decided_by}
        for name, ids in sorted(holders.items())
        if len(ids) > 1
    ]
    return {"zone_id": "0" * 32, "certificates": made, "contested": contested, **others}


def pair(decided_by: str = "priority", pack: bool = False, days: float = 300, **winner: t.Any) -> Result:
    """Two certificates for one hostname, of which the second is in order."""
    return result(
        valid([SHORT], days, **winner),
        valid([SHORT], issuer="GlobalSignnvsa", signature="ECDSAWithSHA384"),
        decided_by=decided_by,
        pack=pack,
    )


FAILED = {"failed": False, "msg": "GET failed: HTTP 403, 10000 Authentication error.", "errors": [{"code": 10000}]}
REFUSED = {"failed": False, "msg": "GET failed: HTTP 400, 1011 Plan level", "errors": [{"code": 1011}]}

# Zones in which a certificate that has the zone's name as its issuer comes first, or what else is registered.
FIRST: dict[str, dict[str, t.Any]] = {
    "kind": {"decided_by": "kind"},
    "pack": {"decided_by": "client", "pack": True},
    "tie": {"decided_by": "recency"},
    "modern": {"decided_by": "undocumented"},
    "29-days": {"days": 29.9},
    "30-days": {"days": 30},
    "9-days-and-tie": {"days": 9, "decided_by": "recency"},
    "now": {"days": 0, "issuer": None, "id": "an-id"},
    "expired": {"status": "expired"},
    "pending": {"status": "pending"},
    "no-status": {"status": None},
    "no-expiry": {"expires_on": "soon"},
}
SHORT_PACK: dict[str, t.Any] = {"days": 5, "signature": "ECDSAWithSHA384"}
AUDITED = {name: pair(**{"issuer": name, **fields}) for name, fields in FIRST.items()} | {
    "alone": result(valid(["a.shop", "b.shop"], -1), valid(["c.shop"])),
    # A pack goes when its first certificate expires.
    "mate": result(valid([SHORT], issuer="mate"), valid([SHORT], **SHORT_PACK), pack=True),
    "no-mate": result(valid([SHORT], issuer="no-mate"), valid([SHORT, "d.shop"], **SHORT_PACK), pack=True),
    "no-pack": result(valid([SHORT], issuer="no-pack"), valid([SHORT], **SHORT_PACK)),
    "refused": REFUSED,
    "failed": FAILED,
}
AUDIT = """\
18 zones, 32 custom certificates, 15 contested hostnames, on 2026-06-01 at 12:30 UTC.
1 zone could not be read; the certificate of 4 hostnames has expired; the certificate of
1 hostname is not active; the certificate of 4 hostnames expires within 30 days; it is
uncertain which certificate is used for 2 hostnames.

STATUS      HOSTNAME   GETS                        DECIDED BY    ALSO COVERED BY
failed      failed     GET failed: HTTP 403, 10000 Authentication error.
expired     a.shop +1  DigiCertInc 2026-05-31      -             -
expired     x.shop     an-id 2026-06-01            priority      GlobalSignnvsa
expired     x.shop     expired 2027-03-28          priority      GlobalSignnvsa
not active  x.shop     pending 2027-03-28          priority      GlobalSignnvsa
expiring    d.shop     DigiCertInc 2026-06-06      -             -
expiring    x.shop     9-days-and-tie 2026-06-10   recency       GlobalSignnvsa
expiring    x.shop     29-days 2026-07-01          priority      GlobalSignnvsa
expiring    x.shop     mate 2027-03-28             priority      DigiCertInc
uncertain   x.shop     modern 2027-03-28           undocumented  GlobalSignnvsa
uncertain   x.shop     tie 2027-03-28              recency       GlobalSignnvsa
ok          x.shop     no-mate 2027-03-28          priority      DigiCertInc
ok          x.shop     30-days 2026-07-01          priority      GlobalSignnvsa
ok          x.shop     kind 2027-03-28             kind          GlobalSignnvsa
ok          x.shop     no-pack 2027-03-28          priority      DigiCertInc
ok          x.shop     no-status 2027-03-28        priority      GlobalSignnvsa
ok          x.shop     pack 2027-03-28             client        GlobalSignnvsa
ok          x.shop     no-expiry (no expiry date)  priority      GlobalSignnvsa

kind: Keyless certificates are used before legacy_custom ones, and those before
  sni_custom ones.
priority: Of legacy_custom certificates, the one with the higher priority is used.
recency: The priorities are equal. Cloudflare uses the most recently ordered certificate;
  the report shows the most recently uploaded one.
client: RSA and ECDSA certificates with the same hostnames form a pack. The visitor's
  client picks one.
undocumented: The priorities differ, but Cloudflare documents their effect only for
  legacy_custom certificates. The report shows the one with the highest priority."""

MISSPELLED = "The entry with issuer: X matches no certificate. Did you mean `issuer: X*`? It matches 1."
DRIFTED = {
    "quiet": pair() | {"contested": []},
    "moved": result(
        valid([SHORT], id="an-id"),
        valid([SHORT]),
        moves=False,
        changed=True,
        reprioritized=[{"id": "an-id", "before": 1, "after": 2}],
    ),
    "typo": pair() | {"contested": [], "warnings": ["Another one.", MISSPELLED]},
    "dates": pair(issuer="GlobalSignnvsa", days=9) | {"changed": True},
    "more": result(
        valid(["a.shop", "b.shop"]),
        valid(["b.shop", "a.shop"], issuer="Other"),
        changed=True,
        warnings=[MISSPELLED],
    ),
    "refused": REFUSED,
    "failed": FAILED,
}
DRIFT = """\
2 of 7 zones are in the order requested, 4 drifted, 1 could not be checked, on 2026-06-01
at 12:30 UTC.

STATUS   ZONE    HOSTNAME   GETS                       REQUESTED
failed   failed  GET failed: HTTP 403, 10000 Authentication error.
drifted  more    a.shop +1  Other                      DigiCertInc
drifted  more    The entry with issuer: X matches no certificate. Did you mean `issuer:
                 X*`? It matches 1.
drifted  dates   x.shop     GlobalSignnvsa 2027-03-28  GlobalSignnvsa 2026-06-10
drifted  moved   1 priority differs, but every hostname keeps its certificate
drifted  typo    The entry with issuer: X matches no certificate. Did you mean `issuer:
                 X*`? It matches 1."""
GOLDEN = {
    "audit": (audit_report, AUDITED, AUDIT, "| a.shop +1 (b.shop) | DigiCertInc 2026-05-31 (expired) |"),
    "drift": (drift_report, DRIFTED, DRIFT, "| GlobalSignnvsa 2026-06-10 (in 9 days) |"),
}


@pytest.mark.parametrize(("report", "zones", "expected", "whole"), GOLDEN.values(), ids=GOLDEN)
def test_every_format_has_all_that_is_wrong_in_the_same_order(
    report: Report, zones: dict[str, Result], expected: str, whole: str
) -> None:
    data, text, markdown, page = (report(zones, shape) for shape in ("data", "text", "markdown", "html"))
    assert "\n".join(text) == expected
    words = re.findall("^(failed|expired|not active|expiring|uncertain|drifted|ok)  ", expected, re.MULTILINE)
    assert re.findall(r"^\| ([a-z ]+) \|", markdown, re.MULTILINE) == words
    assert whole in markdown
    order = [item["zone"] for item in data["zones"]]
    headings = re.findall("<h3>([a-z0-9-]+)</h3>", page)
    assert headings == [name for name in order if name in headings]
    assert len(headings) >= 5
    assert all(name in page for name in order)
    refused = data["zones"][order.index("refused")]
    assert "does not include custom certificates" in refused["msg"]
    assert "10000 Authentication error." in page


def test_what_is_found_is_told_with_the_worst_first() -> None:
    report = audit_report(AUDITED)
    counts = {"expired": 4, "not_active": 1, "expiring": 4, "uncertain": 2, "ok": 7}
    assert (report["summary"]["names"], report["summary"]["contested_names"]) == (counts, 15)
    (name,) = next(zone["contested"] for zone in report["zones"] if zone["zone"] == "9-days-and-tie")
    assert (name["status"], name["findings"]) == ("expiring", ["expiring", "uncertain"])


def test_hostnames_are_grouped_by_all_that_is_told_of_them() -> None:
    a, b, ok, alone = (f"{name}.example.com" for name in ("a", "b", "ok", "alone"))
    expired, long_valid = valid([a, b], -30), valid([b], 3000)
    fine = [valid([ok], 300.9), valid([ok], 350.9)]
    unknown = certificate([alone], expires_on="soon")
    zones = {"z.example": result(expired, valid([a, b], 200), long_valid, *fine, unknown)}

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


def test_changes_for_different_reasons_are_told_apart() -> None:
    changes = result(valid([SHORT, LONG]), valid([SHORT, LONG], issuer="Other"), changed=True, unmatched=[{}])
    changes["contested"][0]["decided_by"] = "recency"
    zones = {"example.com": changes}
    assert drift_report(zones, "html").count('data-is="Decided by"') == 2
    assert drift_report(zones, "text")[0].startswith("0 of 1 zone is in the order requested, 1 drifted")
    assert drift_report(zones)["zones"][0]["unmatched"] == 1


@pytest.mark.parametrize("report", REPORTS)
def test_a_table_fits_the_console_and_keeps_what_matters(report: Report) -> None:
    issuer = "ACertificateAuthorityWithALongNameIncorporated"
    changed: Result = {"changed": True}
    zones = {f"zone-{number}": pair("undocumented", issuer=issuer) | changed for number in range(60)}
    zones["long.example"] = result(valid([LONG], issuer=issuer), valid([LONG], -1, issuer=issuer), **changed)
    zones[LONG] = {"msg": 'It failed for a "reason" and another. ' * 9 + "Correct the entry."}
    text = report(zones, "text")
    assert max(map(len, text)) <= 89
    assert not [line for line in text if '"' in line or "\\" in line]
    assert "Correct the entry." in " ".join(" ".join(text).split())
    assert "... and 12 rows more. A report in a file has all of them." in text
    assert len([line for line in text if line.startswith(("uncertain", "drifted"))]) < 50
    assert report(zones, "markdown").count("\n| ") == 64
    if report is audit_report:
        assert all("2027-03-28" in line for line in text if line.startswith("uncertain"))


@pytest.mark.parametrize("report", REPORTS)
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
def test_what_is_no_result_is_an_error_that_says_so(report: Report, results: t.Any, shape: str, problem: str) -> None:
    with pytest.raises(AnsibleFilterError, match=problem):
        report(results, shape)


@pytest.mark.parametrize("report", REPORTS)
def test_no_zone_at_all_is_a_report_as_well(report: Report) -> None:
    assert report({})["zones"] == []
    assert all(report({}, shape) for shape in ("text", "markdown", "html"))
