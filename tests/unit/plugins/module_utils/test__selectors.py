# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificates an entry matches, and which of them it claims."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _selectors
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import read_certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import (
    Entry,
    claim,
    issuer_matcher,
    matcher,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
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
    {
        "id": "idn",
        "hosts": ["b\u00fccher.example", "xn--caf-dma.example"],
        "issuer": "Let's Encrypt",  # as the API does not spell it
        "signature": "ECDSAWithSHA384",
        "expires_on": "soon",
    },
    {"id": "none"},
]


def claims(*entries: Entry) -> list[list[str]]:
    found = claim(entries, map(read_certificate, ZONE), NOW)
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
        # For issuers, letters and digits alone count, as other tools print more
        ({"issuer": "DigiCert, Inc."}, {"exact", "both"}),
        ({"issuer": "globalsign nv-sa"}, {"wild"}),
        ({"issuer": "Global Sign*"}, {"wild"}),
        ({"issuer": "g?obal-sign *"}, {"wild"}),
        ({"issuer": "[g-] lobalSign*"}, {"wild"}),
        ({"issuer": "[!a-f]lobal[s-]ign*"}, {"wild"}),
        ({"issuer": "[DigiCert Inc"}, {"exact", "both"}),
        ({"issuer": "Digi[]Cert Inc"}, {"exact", "both"}),
        ({"issuer": "!DigiCert Inc"}, {"wild", "idn", "none"}),
        ({"issuer": "Let's Encrypt"}, {"idn"}),
        ({"issuer": "LetsEncrypt"}, {"idn"}),
        ({"signature": "ECDSA With SHA384"}, set()),
        # So many days from the run on
        ({"valid_for_days": 0}, {"exact", "both"}),
        ({"valid_for_days": 214}, {"exact", "both"}),
        ({"valid_for_days": 215}, set()),
        ({"valid_for_days": 1, "host": "*.example.com"}, {"both"}),
        ({"issuer": "*"}, {"exact", "both", "wild", "idn"}),
        ({"status": "!expired"}, {"exact", "both", "idn", "none"}),
        ({"issuer": "!*"}, {"none"}),
        ({"signature": "ecdsa*"}, {"idn"}),
        ({"geo_restrictions": "EU"}, {"both"}),
        ({"geo_restrictions": "!eu", "issuer": "DigiCert*"}, {"exact"}),
        ({"id": "EXACT"}, {"exact"}),
        ({"id": "exac"}, set()),
    ],
)
def test_matches(entry: dict[str, t.Any], ids: set[str]) -> None:
    (found,) = claim([Entry(**entry)], map(read_certificate, ZONE), NOW)
    assert found.matches == ids == {certificate.id for certificate in found.certificates}


def test_several_come_newest_first_by_time() -> None:
    # 01:00 at +01:00 is 00:00 in UTC, half a second later than the other one.
    assert claims(Entry(issuer="digi*")) == [["both", "exact"]]


def test_ids_claim_first_wherever_they_stand_and_others_get_what_is_left() -> None:
    assert claims(Entry(issuer="*"), Entry(host="www.example.com"), Entry(id="both")) == [
        ["exact", "idn", "wild"],
        [],
        ["both"],
    ]


@pytest.mark.parametrize(
    ("ids", "entries", "claimed"),
    [
        # Another case is meant only where that is clear
        (["abc", "other"], ["ABC"], [["abc"]]),
        (["abc", "aBC"], ["ABC"], [[]]),
        (["abc", "aBC"], ["aBC"], [["aBC"]]),
        (["abc", "aBC"], ["aBC", "abc"], [["aBC"], ["abc"]]),
        (["abc"], ["aBC", "abc"], [["abc"], []]),
    ],
)
def test_ids_are_compared_by_case_first(ids: list[str], entries: list[str], claimed: list[list[str]]) -> None:
    zone = [read_certificate({"id": identifier}) for identifier in ids]
    found = claim([Entry(id=identifier) for identifier in entries], zone, NOW)
    assert [[certificate.id for certificate in one.certificates] for one in found] == claimed


def test_an_entry_whose_matches_are_all_taken_has_matched() -> None:
    first, second = claim([Entry(issuer="digi*"), Entry(host="www.example.com")], map(read_certificate, ZONE), NOW)
    assert not second.certificates and second.matches == first.matches


@given(st.text(max_size=12), st.text(max_size=12) | st.none())
def test_a_negated_pattern_is_the_complement(pattern: str, value: str | None) -> None:
    # After another character, a leading "!" of the pattern itself is an ordinary one.
    assert matcher("!" + pattern)(value) is not (value is not None and matcher("x" + pattern)(f"x{value}"))


@given(st.text(st.characters(exclude_characters="*?[!"), max_size=12), st.text(" '.,-()", max_size=3))
def test_punctuation_makes_no_other_issuer(issuer: str, punctuation: str) -> None:
    assert issuer_matcher(issuer)(issuer)
    assert issuer_matcher(issuer)(punctuation + issuer) and issuer_matcher(issuer + punctuation)(issuer)
    assert not issuer_matcher("!" + issuer + punctuation)(issuer)


def test_a_pattern_that_an_old_python_does_not_take_fits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_selectors, "translate", lambda pattern: "[b-a]")  # as before Python 3.9.13
    assert not matcher("[b-a]")("b") and matcher("![b-a]")("b")
