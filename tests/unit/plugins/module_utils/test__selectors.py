# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificates an entry means, and which it gets."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import read_certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import Entry, claim, matcher

ZONE = [
    {"id": "exact", "hosts": ["www.example.com"], "issuer": "DigiCertInc", "expires_on": "2027-01-01T00:00:00Z"},
    {"id": "wild", "hosts": ["*.example.com", "example.com"], "issuer": "GlobalSignnvsa", "status": "expired"},
    {
        "id": "both",
        "hosts": ["WWW.example.com", "*.example.com"],
        "issuer": "DigiCertInc",
        "expires_on": "2027-01-01T01:00:00.5+01:00",
        "geo_restrictions": {"label": "eu"},
    },
    {"id": "idn", "hosts": ["b\u00fccher.example", "xn--caf-dma.example"], "signature": "ECDSAWithSHA384"},
    {"id": "none"},
]


def claims(*entries: Entry) -> list[list[str]]:
    found = claim(entries, map(read_certificate, ZONE))
    return [[certificate.id for certificate in one.certificates] for one in found]


@pytest.mark.parametrize(
    ("entry", "ids"),
    [
        # Exact holders, where the zone has any, and only else a wildcard that covers the name
        ({"host": "www.example.com"}, {"exact", "both"}),
        ({"host": "WwW.Example.COM."}, {"exact", "both"}),
        ({"host": "shop.example.com"}, {"wild", "both"}),
        ({"host": "*.example.com"}, {"wild", "both"}),
        ({"host": "a.b.example.com"}, set()),
        ({"host": "example.com"}, {"wild"}),
        ({"host": "*.com"}, set()),
        # ... of the whole zone: other fields do not make a wildcard count
        ({"host": "www.example.com", "issuer": "GlobalSign*"}, set()),
        # Internationalised names, either way on either side
        ({"host": "xn--bcher-kva.example"}, {"idn"}),
        ({"host": "B\u00dcCHER.example"}, {"idn"}),
        ({"host": "caf\u00e9.example"}, {"idn"}),
        # Patterns
        ({"issuer": "digi*"}, {"exact", "both"}),
        ({"issuer": "DIGICERTINC"}, {"exact", "both"}),
        ({"issuer": "DigiCert"}, set()),
        ({"issuer": "[dg]*"}, {"exact", "both", "wild"}),
        ({"issuer": "*"}, {"exact", "both", "wild"}),
        ({"status": "!expired"}, {"exact", "both", "idn", "none"}),
        ({"issuer": "!*"}, {"idn", "none"}),
        ({"signature": "ecdsa*"}, {"idn"}),
        ({"geo_restrictions": "EU"}, {"both"}),
        ({"geo_restrictions": "!eu", "issuer": "DigiCert*"}, {"exact"}),
        ({"id": "EXACT"}, {"exact"}),
        ({"id": "exac"}, set()),
    ],
)
def test_matches(entry: dict[str, t.Any], ids: set[str]) -> None:
    (found,) = claim([Entry(**entry)], map(read_certificate, ZONE))
    assert found.matches == ids == {certificate.id for certificate in found.certificates}


def test_several_come_newest_first_by_time() -> None:
    # 01:00 at +01:00 is 00:00 in UTC, half a second later than the other one.
    assert claims(Entry(issuer="digi*")) == [["both", "exact"]]


def test_ids_claim_first_wherever_they_stand_and_others_get_what_is_left() -> None:
    assert claims(Entry(issuer="*"), Entry(host="www.example.com"), Entry(id="both")) == [
        ["exact", "wild"],
        [],
        ["both"],
    ]


def test_an_entry_whose_matches_are_all_taken_has_matched() -> None:
    first, second = claim([Entry(issuer="digi*"), Entry(host="www.example.com")], map(read_certificate, ZONE))
    assert not second.certificates and second.matches == first.matches


@given(st.text(max_size=12), st.text(max_size=12) | st.none())
def test_a_negated_pattern_is_the_complement(pattern: str, value: str | None) -> None:
    # After another character, a leading "!" of the pattern itself is an ordinary one.
    assert matcher("!" + pattern)(value) is not (value is not None and matcher("x" + pattern)(f"x{value}"))
