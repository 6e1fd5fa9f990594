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


@pytest.mark.parametrize(
    ("entry", "ids"),
    [
        # Exact holders, where the zone has any, and only else a wildcard that covers the name
        ({"host": "www.example.com"}, {"exact", "both"}),
        ({"host": "WwW.Example.COM."}, {"exact", "both"}),
        ({"host": "shop.example.com"}, {"wild", "both"}),
        ({"host": "*.example.com"}, {"wild", "both"}),
        ({"host": "a.b.example.com"}, set()),
        # ... of the whole zone: other fields do not make a wildcard count
        ({"host": "www.example.com", "issuer": "GlobalSign*"}, set()),
        # Internationalised names, either way on either side
        ({"host": "xn--bcher-kva.example"}, {"idn"}),
        ({"host": "caf\u00e9.example"}, {"idn"}),
        # Patterns
        ({"issuer": "digi*"}, {"exact", "both"}),
        ({"issuer": "DigiCert"}, set()),
        ({"issuer": "[dg]*"}, {"exact", "both", "wild"}),
        # For issuers, letters and digits alone count, as other tools print more
        ({"issuer": "DigiCert, Inc."}, {"exact", "both"}),
        ({"issuer": "g?obal-sign *"}, {"wild"}),
        ({"issuer": "[!a-f]lobal[s-]ign*"}, {"wild"}),
        ({"issuer": "[DigiCert Inc"}, {"exact", "both"}),
        ({"issuer": "Digi[]Cert Inc"}, {"exact", "both"}),
        ({"issuer": "!DigiCert Inc"}, {"wild", "idn", "none"}),
        ({"issuer": "LetsEncrypt"}, {"idn"}),
        ({"signature": "ECDSA With SHA384"}, set()),
        # So many days from the run on
        ({"valid_for_days": 214}, {"exact", "both"}),
        ({"valid_for_days": 215}, set()),
        ({"valid_for_days": 1, "host": "*.example.com"}, {"both"}),
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


@pytest.mark.parametrize(
    ("entries", "claimed"),
    [
        # Newest first by time: 01:00 at +01:00 is 00:00 in UTC, half a second later than the other one
        ([{"issuer": "digi*"}], [["both", "exact"]]),
        # Ids claim first wherever they stand, and others get what is left
        (
            [{"issuer": "*"}, {"host": "www.example.com"}, {"id": "both"}],
            [["exact", "idn", "wild"], [], ["both"]],
        ),
    ],
)
def test_who_claims_what(entries: list[dict[str, t.Any]], claimed: list[list[str]]) -> None:
    found = claim([Entry(**entry) for entry in entries], map(read_certificate, ZONE), NOW)
    assert [[certificate.id for certificate in one.certificates] for one in found] == claimed
    assert all(one.matches for one in found)  # even where all are taken


@pytest.mark.parametrize(
    ("ids", "entries", "claimed"),
    [
        # Another case is meant only where that is clear
        (["abc", "other"], ["ABC"], [["abc"]]),
        (["abc", "aBC"], ["ABC"], [[]]),
        (["abc", "aBC"], ["aBC", "abc"], [["aBC"], ["abc"]]),
        (["abc"], ["aBC", "abc"], [["abc"], []]),
    ],
)
def test_ids_are_compared_by_case_first(ids: list[str], entries: list[str], claimed: list[list[str]]) -> None:
    zone = [read_certificate({"id": identifier}) for identifier in ids]
    found = claim([Entry(id=identifier) for identifier in entries], zone, NOW)
    assert [[certificate.id for certificate in one.certificates] for one in found] == claimed


@given(st.text(max_size=12), st.text(max_size=12) | st.none())
def test_a_negated_pattern_is_the_complement(pattern: str, value: str | None) -> None:
    # After another character, a leading "!" of the pattern itself is an ordinary one.
    assert matcher("!" + pattern)(value) is not (value is not None and matcher("x" + pattern)(f"x{value}"))


@given(st.text(st.characters(exclude_characters="*?[!"), max_size=12), st.text(" '.,-()", max_size=3))
def test_punctuation_makes_no_other_issuer(issuer: str, punctuation: str) -> None:
    assert issuer_matcher(issuer)(issuer)
    assert issuer_matcher(issuer)(punctuation + issuer)
    assert issuer_matcher(issuer + punctuation)(issuer)
    assert not issuer_matcher("!" + issuer + punctuation)(issuer)


def test_a_pattern_that_an_old_python_does_not_take_fits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_selectors, "translate", lambda pattern: "[b-a]")  # as before Python 3.9.13
    assert not matcher("[b-a]")("b")
    assert matcher("![b-a]")("b")
