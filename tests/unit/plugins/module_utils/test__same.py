# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificates of a zone count as the same as a leaf."""

# pylint: disable=no-member  # pylint does not know that a Leaf is a named tuple

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import read_certificate
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._same import find_same, is_same
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._x509 import Leaf
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import certificate

LEAF = Leaf(
    names=frozenset({"www.example.com", "*.example.com", "xn--bcher-kva.example"}),
    valid_from=datetime(2026, 3, 1, tzinfo=UTC),
    expires_on=datetime(2036, 3, 1, 23, 59, 59, tzinfo=UTC),
    organization="DigiCert, Inc",
    signature="SHA256WithRSA",
    key_type="rsa",
    serial_number=1,
    fingerprint_sha256="00",
    pem="",
)


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({}, True),
        ({"expires_on": "2036-03-02T00:59:59.25+01:00"}, True),
        ({"expires_on": "2036-03-01T23:59:58Z"}, False),
        ({"expires_on": None}, False),
        ({"signature": "SHA384WithRSA"}, False),
        ({"signature": "sha256WithRSA"}, True),
        ({"signature": None}, False),
        ({"issuer": "digicertINC"}, True),
        ({"issuer": "DigiCert"}, False),
        ({"issuer": None}, False),
        ({"type": "sni_custom"}, False),
        ({"type": None}, True),
        ({"hosts": ["WWW.example.com", "b\u00fccher.example"]}, True),
        ({"hosts": ["www.example.com", "shop.example.com"]}, False),
    ],
)
def test_each_field_that_is_compared(fields: dict[str, t.Any], same: bool) -> None:
    found = read_certificate(certificate("one", **fields))
    assert is_same(LEAF, found, "legacy_custom") is same
    # Any type will do where none is asked for.
    assert is_same(LEAF, found) is (same or "type" in fields)


@pytest.mark.parametrize(
    ("organization", "issuer", "same"),
    [
        # Not compared where the leaf names none
        (None, "Whoever", True),
        ("---", "Whoever", True),
        # Letters that are not ASCII may be kept, replaced or dropped
        ("S\u00e9curit\u00e9, S.A.", "Se\u0301curite\u0301SA", True),
        ("S\u00e9curit\u00e9, S.A.", "SecuriteSA", True),
        ("S\u00e9curit\u00e9, S.A.", "ScuritSA", True),
        ("S\u00e9curit\u00e9, S.A.", "SekuriteSA", False),
        ("\u4fe1\u983c", "", True),
        ("\u4fe1\u983c", "\u4fe1", False),
    ],
)
def test_issuers(organization: str | None, issuer: str, same: bool) -> None:
    found = read_certificate(certificate("one", issuer=issuer))
    assert is_same(LEAF._replace(organization=organization), found) is same


def test_the_one_with_most_of_the_hosts_comes_first_and_one_with_all_alone() -> None:
    names = {"few": ["www"], "other": ["mail"], "more": ["www", "*"]}
    zone = [
        read_certificate(certificate(name, hosts=[f"{label}.example.com" for label in labels]))
        for name, labels in names.items()
    ]
    assert [found.id for found in find_same(LEAF, zone)] == ["more", "few"]
    whole = read_certificate(certificate("whole", hosts=[*LEAF.names]))
    assert [found.id for found in find_same(LEAF, [*zone, whole])] == ["whole"]
