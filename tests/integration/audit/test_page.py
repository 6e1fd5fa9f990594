# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTML reports in a browser: on small and large screens, in light and dark mode."""

from __future__ import annotations

import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.filter.audit_report import audit_report
from ansible_collections.zonefleet.cloudflare.plugins.filter.drift_report import drift_report
from emulator import certificate, generate, zone
from integration.audit.browser import Browser, opened, started

pytestmark = pytest.mark.browser

LONG = (
    "an-extremely-long-hostname-with-many-words.department.a-zone-that-somebody-has-registered-for-a-campaign.example"
)
HOSTILE = "\"><script>document.title = 'run'</script><img src=x onerror=\"console.log('run')\">"


def result(certificates: list[dict[str, t.Any]], decided_by: str = "priority") -> dict[str, t.Any]:
    """What a module returns where the last of the certificates comes first, and the first one is to."""
    holders: dict[str, list[str]] = {}
    for item in certificates:
        for name in item["hosts"]:
            holders.setdefault(name, []).append(item["id"])
    contested = [
        {"name": name, "before": ids[-1], "after": ids[0], "tie": False, "pack": False, "decided_by": decided_by}
        for name, ids in holders.items()
        if len(ids) > 1
    ]
    moved = [{"id": item["id"], "before": 1, "after": 2} for item in certificates]
    return {"certificates": certificates, "contested": contested, "changed": True, "reprioritized": moved}


def pair(*names: str, issuer: str = "DigiCertInc", decided_by: str = "priority", **first: t.Any) -> dict[str, t.Any]:
    winner = certificate(names, issuer=issuer, **first)
    made = zone(names[-1], certificates=[winner, certificate([*names, "www.example.com"], issuer="GlobalSignnvsa")])
    return result(made.certificates, decided_by)


ZONES = {
    "broken.example": {"msg": f"GET /zones/{'0123456789abcdef' * 6}/custom_certificates: HTTP 403. {HOSTILE}"},
    "expired.example": pair("expired.example", expires_in=-3),
    "soon.example": pair("soon.example", expires_in=9, decided_by="undocumented"),
    "pending.example": pair("pending.example", status="pending"),
    LONG: pair(LONG, issuer="ACertificateAuthorityWithALongNameIncorporated" * 2),
    HOSTILE: pair(HOSTILE, "ok.example", issuer=HOSTILE),
    "empty.example": result([]) | {"changed": False},
}
REPORTS: dict[str, t.Callable[..., t.Any]] = {"audit": audit_report, "drift": drift_report}


@pytest.fixture(scope="module")
def browser() -> t.Iterator[Browser]:
    with started() as running:
        yield running


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("width", [390, 1280])
def test_a_report_is_good_to_look_at(browser: Browser, tmp_path: Path, name: str, width: int) -> None:
    path = tmp_path / "report.html"
    path.write_text(REPORTS[name](ZONES, "html"), encoding="utf-8")
    brightness = []
    for dark in (False, True):
        with opened(browser, path, width=width, dark=dark) as seen:
            seen.page.evaluate("document.querySelectorAll('details').forEach(element => element.open = true)")
            assert (seen.page_width() <= width, seen.wide()) == (True, [])
            assert (seen.page.locator("h1").count(), seen.page.locator("script").count()) == (1, 0)
            assert "ustom certificates" in seen.page.title()
            text = seen.page.text_content("body") or ""
            assert [zone for zone in ZONES if zone not in text] == []
            assert seen.hard_to_read() == []
            assert (seen.messages, seen.requests) == ([], [path.as_uri()])
            background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
            brightness.append(sum(map(int, background[4:-1].split(","))))
    assert brightness[0] > 600 > 150 > brightness[1]


def test_a_thousand_zones_are_a_page_that_can_be_opened(browser: Browser, tmp_path: Path) -> None:
    zones = {made.name: result(made.certificates) for made in generate(1000, 3, free_every=0)}
    begun = time.monotonic()
    text = audit_report(zones, "html")
    assert time.monotonic() - begun < 30
    assert len(text) < 6_000_000
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    with opened(browser, path, width=390) as seen:
        assert (seen.page_width(), seen.messages) == (390, [])
