# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Suggestions for entries that match nothing, and their messages."""

from __future__ import annotations

import re
import typing as t
from datetime import UTC, datetime

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import read_certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._near_matches import (
    missing_text,
    near_match_warnings,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import Entry

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ZONE = [
    read_certificate({"type": "legacy_custom", "status": "active", "signature": "SHA384WithRSA", **fields})
    for fields in (
        {"id": "6d1f0a52-Aa", "hosts": ["www.example.com", "example.com"], "issuer": "DigiCertInc"},
        {"id": "6d1f0a52-aA", "hosts": ["*.shop.example.com"], "issuer": "DigiCertEurope"},
        {
            "id": "e07b93c4-1a5d",
            "hosts": ["www.example.com", "mail.example.com", "*.api.example.org", "api.example.org"],
            "issuer": "GlobalSignnvsa",
            "expires_on": "2026-07-01T12:00:00Z",
            "geo_restrictions": {"label": "eu"},
        },
    )
]


def suggested(**fields: t.Any) -> str | None:
    (text,) = near_match_warnings([Entry(**fields)], ZONE, "certificates", NOW) or [""]
    found = re.search(r"Did you mean `(.*)`\? It matches ", text)
    return found[1] if found else None


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        # Part of the value, without the wildcard
        ({"issuer": "GlobalSign"}, "issuer: GlobalSign*"),
        ({"issuer": "Global Sign"}, "issuer: Global Sign*"),
        ({"issuer": "nv-sa"}, 'issuer: "*nv-sa"'),
        ({"signature": "RSA"}, 'signature: "*RSA"'),
        # More than the value
        ({"issuer": "DigiCert Inc Ltd"}, "issuer: DigiCertInc"),
        # Misspelled
        ({"issuer": "DigiCrtInc"}, "issuer: DigiCertInc"),
        ({"issuer": "Glbal*"}, "issuer: GlobalSignnvsa"),
        ({"status": "aktive"}, "status: active"),
        ({"signature": "SHA384-RSA"}, "signature: SHA384WithRSA"),
        ({"host": "wwww.example.com"}, "host: www.example.com"),
        ({"host": "www.exmaple.com"}, "host: www.example.com"),
        ({"id": "e07b93c4-1a5e"}, "id: e07b93c4-1a5d"),
        # Other fields are kept, if it matches something with them
        ({"issuer": "GlobalSign", "host": "www.example.com"}, "host: www.example.com, issuer: GlobalSign*"),
        ({"issuer": "GlobalSign", "host": "wwww.example.com"}, "host: www.example.com, issuer: GlobalSign*"),
        ({"issuer": "GlobalSign", "status": "expired"}, "issuer: GlobalSign*"),
        ({"issuer": "GlobalSign*", "status": "expired"}, None),
        ({"issuer": "GlobalSign", "geo_restrictions": "eu"}, "issuer: GlobalSign*, geo_restrictions: eu"),
        # Above a hostname
        ({"host": "shop.example.com"}, 'host: "*.shop.example.com"'),
        ({"host": "eu.west.api.example.org"}, 'host: "*.api.example.org"'),
        ({"host": "maps.example.com"}, "host: example.com"),
        ({"host": "*.example.com"}, "host: example.com"),
        ({"host": "www.example.net"}, None),
        # Ids that differ only in case, or are cut
        ({"id": "6d1f0a52-AA"}, "id: 6d1f0a52-Aa"),
        ({"id": "E07B93C4"}, "id: e07b93c4-1a5d"),
        ({"id": "1a5d"}, "id: e07b93c4-1a5d"),
        # Nothing like it is there
        ({"issuer": "LetsEncrypt"}, None),
        ({"issuer": "Di"}, None),
        ({"issuer": "!*"}, None),
        ({"id": "a41c7f9e-3d02"}, None),
        # Another value that Cloudflare knows is no misspelling
        ({"signature": "SHA256WithRSA"}, None),
        ({"geo_restrictions": "us"}, None),
        ({"valid_for_days": 90}, None),
    ],
)
def test_near_matches(fields: dict[str, t.Any], meant: str | None) -> None:
    assert suggested(**fields) == meant
    (entry,) = [Entry(**fields)]
    text = missing_text([entry], ZONE, (), NOW)
    assert text.startswith(f"The entry of 'certificates' with {entry} matches no certificate of the zone. ")
    # To ignore a near match would turn the order round.
    assert ("set 'missing' to 'ignore'" in text) is (meant is None)
    assert ("Did you mean" in text) is (meant is not None)


def test_what_matches_is_counted() -> None:
    (text,) = near_match_warnings([Entry(issuer="DigiCert"), Entry(issuer="Sectigo")], ZONE, "filter", NOW)
    assert text == (
        "The entry of 'filter' with issuer: DigiCert matches no certificate of the zone. "
        "Did you mean `issuer: DigiCert*`? It matches 2 certificates, of DigiCertEurope, DigiCertInc."
    )


def test_every_missing_entry_is_named_and_then_what_there_is() -> None:
    missing = [Entry(issuer="GlobalSign"), Entry(issuer="Sectigo", valid_for_days=40), Entry(issuer="DigiCrtInc")]
    assert missing_text(missing, ZONE, (), NOW) == (
        "3 entries of 'certificates' match no certificate of the zone: `issuer: GlobalSign`, "
        "`issuer: Sectigo, valid_for_days: 40`, `issuer: DigiCrtInc`. "
        "Did you mean `issuer: GlobalSign*` instead of `issuer: GlobalSign`? It matches 1 certificate, of GlobalSignnvsa. "
        "Did you mean `issuer: DigiCertInc` instead of `issuer: DigiCrtInc`? It matches 1 certificate, of DigiCertInc. "
        "The zone's certificates have issuer DigiCertEurope, DigiCertInc, GlobalSignnvsa; valid_for_days 30. "
        "Correct the entries."
    )


def test_ids_are_listed_only_where_one_was_asked_for() -> None:
    by_host = missing_text([Entry(host="a.example.net", geo_restrictions="us")], ZONE[:2], (), NOW)
    assert not any(certificate.id in by_host for certificate in ZONE)
    assert "have host *.shop.example.com, example.com, www.example.com; geo_restrictions unset." in by_host
    assert "have id 6d1f0a52-Aa, 6d1f0a52-aA, e07b93c4-1a5d." in missing_text([Entry(id="other")], ZONE, (), NOW)
    assert "The zone has no custom certificates." in missing_text([Entry(id="other")], [], (), NOW)
    assert "Certificate Gone has status 'deleted'." in missing_text([Entry(id="Gone")], ZONE, ("gone",), NOW)
