# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares a zone's certificates, given or read from the API, with those that a server on loopback serves."""

from __future__ import annotations

import typing as t

import pytest
from cryptography import x509

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _x509
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_info
from ansible_collections.zonefleet.cloudflare.plugins.modules import served_certificate_info as module
from ansible_collections.zonefleet.cloudflare.tests.unit import odd_servers as odd
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import ZONE, Item, Run, certificate
from emulator.pem import issue, make_key

KEY = make_key("rsa2048")
SHOP, PAY = "shop.example.com", "pay.example.com"
FIRST = issue(SHOP, "*.example.com", PAY, organization="First CA", key=KEY)
SECOND = issue(SHOP, "*.example.com", organization="Second CA, Inc.", key=KEY)


def listed(identifier: str, presented: x509.Certificate, issuer: str, priority: int) -> Item:
    names = presented.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return certificate(identifier, priority, issuer=issuer, hosts=names.get_values_for_type(x509.DNSName))


CERTIFICATES = [listed("first", FIRST, "FirstCA", 2), listed("second", SECOND, "SecondCAInc", 1)]
CONTESTED = [{"name": SHOP, "after": "first", "decided_by": "priority"}]


def told(result: Item, *fields: str) -> list[tuple[t.Any, ...]]:
    assert not result.get("failed"), result["msg"]
    return [tuple(row[field] for field in fields) for row in result["served"]]


@pytest.mark.parametrize(
    ("presented", "issuer", "certificate_id", "as_expected"),
    [(FIRST, "FirstCA", "first", True), (SECOND, "SecondCAInc", "second", False)],
)
@pytest.mark.parametrize("check", [False, True])
def test_with_one_request(
    run: Run, check: bool, presented: t.Any, issuer: str, certificate_id: str, as_expected: bool
) -> None:
    with odd.serving(odd.tls((KEY, presented))) as port:
        result = run(module, CERTIFICATES, check=check, address="127.0.0.1", port=port)
    assert told(result, "name", "key_type", "issuer", "certificate_id", "expected_id", "as_expected") == [
        (SHOP, "ecdsa", None, None, "first", None),
        (SHOP, "rsa", issuer, certificate_id, "first", as_expected),
    ]
    assert (result["as_expected"], result["changed"], result["zone_id"]) == (as_expected, False, ZONE)
    assert result["waited"] == 0


def test_what_another_module_returned_needs_neither_request_nor_credentials(run: Run) -> None:
    read = run(custom_certificate_info, CERTIFICATES)
    returned = {"certificates": read["certificates"], "contested": read["contested"]}
    with odd.serving(odd.tls((KEY, FIRST))) as port:
        place = {"address": "127.0.0.1", "port": port, "key_types": ["rsa", "rsa"]}
        result = run(module, api_token=None, zone_id=None, **returned, **place)
    assert told(result, "name", "certificate_id", "as_expected", "error") == [(SHOP, "first", True, None)]
    assert (result["zone_id"], result["requests"], result["as_expected"]) == (None, 0, True)


def given(run: Run, port: int, **options: t.Any) -> Item:
    defaults = {"certificates": CERTIFICATES, "contested": CONTESTED, "address": "127.0.0.1", "key_types": ["rsa"]}
    return run(module, port=port, **{**defaults, **options})


def test_names_that_are_asked_for_come_in_their_order_and_once(run: Run) -> None:
    with odd.serving(odd.tls((KEY, FIRST))) as port:
        result = given(run, port, names=["WWW.example.com.", PAY, "b\u00fccher.example.com", PAY, "example.org"])
    assert told(result, "name", "expected_id", "certificate_id") == [
        ("www.example.com", None, "first"),  # "contested" has no item for the wildcard here
        (PAY, "first", "first"),
        ("xn--bcher-kva.example.com", None, "first"),
        ("example.org", None, "first"),
    ]
    assert result["as_expected"] is None


def test_whether_a_client_would_trust_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    with odd.serving(odd.tls((KEY, FIRST))) as port:
        result = given(run, port)
    assert told(result, "trusted", "untrusted_reason") == [(False, "unable to get local issuer certificate")]


def test_a_name_that_does_not_resolve_is_a_row(run: Run) -> None:
    result = given(run, 443, address="no-such-host.invalid")
    ((name, as_expected, error),) = told(result, "name", "as_expected", "error")
    assert (name, as_expected, result["as_expected"]) == (SHOP, None, None)
    assert error.startswith("no-such-host.invalid does not resolve: ")


def test_a_certificate_that_cannot_be_read_is_a_row(run: Run) -> None:
    """Its policies are damaged, which OpenSSL lets pass."""
    damaged = issue(SHOP, key=KEY, extensions=[x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.32"), b"\xff")])
    with odd.serving(odd.tls((KEY, damaged))) as port:
        result = given(run, port)
    ((error,),) = told(result, "error")
    assert error == "the certificate that was presented is damaged, or is not an X.509 certificate"


@pytest.mark.parametrize("contested", [[], [{"name": SHOP, "after": "first", "decided_by": None}]])
def test_no_names_is_no_promise(run: Run, contested: list[Item]) -> None:
    result = given(run, 443, contested=contested)
    assert (result["served"], result["as_expected"]) == ([], None)


def test_without_the_library_it_fails_before_any_request(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_x509, "IMPORT_ERROR", "No module named 'cryptography'")
    result = run(module)
    assert result["failed"]
    assert "'cryptography'" in result["msg"]
    assert result["requests"] == 0
    assert given(run, 443)["msg"] == result["msg"]
