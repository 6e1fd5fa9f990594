# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parsed certificates and keys, refusals, and that no message contains a part of a secret."""

from __future__ import annotations

import subprocess
import sys
import typing as t
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509 as library
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _x509
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._x509 import (
    Leaf,
    X509Error,
    read_chain,
    read_leaf,
    unlock_key,
)
from ansible_collections.zonefleet.cloudflare.tests.unit.odd_servers import with_sha1
from emulator.pem import END, SIGNATURES, issue, key_pem, make_key, make_pem, named, pem

NOW = datetime(2026, 6, 1, tzinfo=UTC)
RSA, P256 = make_key("rsa2048"), make_key("p256")
PLAIN = issue("www.example.com", key=RSA)
CA = issue(
    common_name="Test Issuing CA", subject=named("Test Issuing CA", "Test CA Inc."), ca=True, organization="Root"
)
SELF = issue("www.example.com", subject=named("own"), issuer=named("own"), ca=True)
PASSPHRASE = "correct horse battery staple"


def leaf_of(certificate: t.Any) -> Leaf:
    return read_chain(pem(certificate), NOW).leaf


@pytest.mark.parametrize(
    ("certificate", "names"),
    [
        (issue("WWW.Example.com", "example.com"), {"www.example.com", "example.com"}),
        (issue("*.example.com"), {"*.example.com"}),
        (issue("xn--bcher-kva.example"), {"xn--bcher-kva.example"}),
        (issue("www.example.com", common_name="other.example.com"), {"www.example.com"}),
        (issue(common_name="CN.example.com"), {"cn.example.com"}),
        (issue(common_name="b\u00fccher.example"), {"xn--bcher-kva.example"}),
        # Alone, a self-signed one is a leaf, although tools flag it as that of a CA.
        (SELF, {"www.example.com"}),
    ],
)
def test_names(certificate: t.Any, names: set[str]) -> None:
    assert leaf_of(certificate).names == names


@pytest.mark.parametrize(
    ("organizations", "issuer"),
    [
        (["Let's Encrypt"], "LetsEncrypt"),
        (["S\u00e9curit\u00e9, \u4fe1\u983c (Test)"], "S\u00e9curit\u00e9\u4fe1\u983cTest"),
        (["---"], ""),
        ([], None),
        (["First Org", "Second Org"], "FirstOrg"),
    ],
)
def test_the_issuer_is_its_first_o_without_spaces_and_punctuation(organizations: list[str], issuer: str | None) -> None:
    leaf = leaf_of(issue("www.example.com", issuer=named("CA", *organizations)))
    assert (leaf.organization, leaf.issuer) == (next(iter(organizations), None), issuer)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_the_signature_in_the_spelling_of_the_api(signature: str) -> None:
    kind: t.Any = SIGNATURES[signature][0]
    leaf = read_chain(make_pem(signature=signature, algorithm=kind).chain, NOW).leaf
    assert (leaf.signature, leaf.key_type) == (signature, kind)


def test_a_signature_that_the_api_does_not_name() -> None:
    leaf = leaf_of(issue("www.example.com", key=P256, algorithm=hashes.SHA224()))
    assert (leaf.signature, leaf.key_type) == ("Unknown Signature", "ecdsa")


# Made once: the newest library signs with no SHA-1.
SHA1_ECDSA = """
-----BEGIN CERTIFICATE-----
MIIBPDCB5KADAgECAgISZzAJBgcqhkjOPQQBMDExFTATBgNVBAoMDFRlc3QgQ0Eg
SW5jLjEYMBYGA1UEAwwPVGVzdCBJc3N1aW5nIENBMB4XDTIwMDEwMTAwMDAwMFoX
DTM2MDMwMTIzNTk1OVowADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCDN4u81
/d8WDy0K/Za1cxKVmdF27x3usZNj8XTcLbgNLequEsTU1gqak7w/ZYDtvWdCVcVj
v63AtLNqZhu3hUqjHjAcMBoGA1UdEQQTMBGCD3d3dy5leGFtcGxlLmNvbTAJBgcq
hkjOPQQBA0gAMEUCIQD+ljfhcq5D+MJzWBkalMyYV8Ml/Lko5uHsGYoaEG2JDwIg
GtG5Q59CkLcwbGKjAYEptxu3ZRwsXXyyJnV9a/ZQLpg=
-----END CERTIFICATE-----
"""


def test_signatures_with_sha1() -> None:
    assert leaf_of(with_sha1(PLAIN, RSA)).signature == "SHA1WithRSA"
    assert read_chain(SHA1_ECDSA, NOW).leaf.signature == "ECDSAWithSHA1"


def test_what_else_identifies_a_leaf() -> None:
    leaf = read_leaf(PLAIN.public_bytes(serialization.Encoding.DER))
    assert leaf.expires_on == END.replace(tzinfo=UTC)
    assert leaf.valid_from == PLAIN.not_valid_before_utc
    assert leaf.serial_number == PLAIN.serial_number
    assert leaf.fingerprint_sha256 == PLAIN.fingerprint(hashes.SHA256()).hex()
    assert leaf.pem == pem(PLAIN)
    assert leaf == leaf_of(PLAIN)


@pytest.mark.parametrize(
    "text",
    [
        "subject=/CN=www.example.com\n" + pem(PLAIN) + "issuer=/O=x\n" + pem(CA) + "\n\n",
        pem(PLAIN, PLAIN, CA),
        pem(PLAIN, CA).replace(" CERTIFICATE", " X509 CERTIFICATE"),
        pem(PLAIN) + key_pem(RSA) + pem(CA),
        "\ufeff" + pem(PLAIN, CA),
    ],
)
def test_only_the_certificates_of_a_file_count(text: str) -> None:
    chain = read_chain(text, NOW)
    assert chain.pem == pem(PLAIN, CA)
    assert chain.leaf == leaf_of(PLAIN)


DAMAGED = pem(PLAIN).replace("MII", "AAA", 1)
EXPIRED = issue("www.example.com", end=datetime(2026, 6, 1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has no certificate in PEM format"),
        (key_pem(RSA), "has no certificate in PEM format, but PRIVATE KEY: provide the text from"),
        (DAMAGED, "cannot be read: certificate 1 is damaged"),
        (pem(PLAIN) + DAMAGED, "cannot be read: certificate 2 is damaged"),
        ("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----", "cannot be read: certificate 1 is damaged"),
        (pem(CA, PLAIN), "does not begin with the leaf: the first certificate issued certificate 2"),
        (pem(CA, SELF), "does not begin with the leaf: the first certificate is that of a CA"),
        (pem(CA), "the first certificate is that of a CA"),
        (pem(issue("ca.example.com", ca=True), SELF), "the first certificate is that of a CA"),
        (pem(issue(subject=library.Name([]))), "covers no hostname"),
        (pem(EXPIRED), "expired on 2026-06-01 00:00:00 UTC"),
        (pem(issue("www.example.com", key=make_key("rsa1024"))), "has an RSA key of 1024 bits"),
    ],
)
def test_refused_certificates(text: str, problem: str) -> None:
    with pytest.raises(X509Error) as caught:
        read_chain(text, NOW)
    assert problem in str(caught.value)
    shows_nothing_of(str(caught.value), text)


def test_whatever_is_served_is_read() -> None:
    assert read_chain(pem(EXPIRED), NOW - timedelta(seconds=1)).leaf == read_chain(pem(EXPIRED), None).leaf
    old = issue("www.example.com", key=make_key("rsa1024"), end=datetime(2021, 1, 1))
    assert read_leaf(old.public_bytes(serialization.Encoding.DER)).expires_on.year == 2021
    with pytest.raises(X509Error, match="the certificate is damaged"):
        read_leaf(b"\x30\x03\x02\x01\x01")


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "ed25519"])
@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE, "p\u00e4ss"])
def test_a_key_is_given_out_unlocked(kind: str, form: str, passphrase: str | None) -> None:
    key = make_key(kind)
    text = key_pem(key, passphrase.encode() if passphrase else None, "pkcs8" if kind == "ed25519" else form)
    leaf = leaf_of(issue("www.example.com", key=key))
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    for beside in ("", "text\n", pem(PLAIN), parameters):
        assert unlock_key(beside + text, passphrase, leaf) == key_pem(key)
    assert passphrase or unlock_key(text, "not needed", leaf) == key_pem(key)


@pytest.mark.parametrize("line_break", ["\r\n", "\r", "\\n", "\\r\\n", " ", "\n    "])
def test_line_breaks_of_every_kind(line_break: str) -> None:
    """Those of other systems, of environment variables and JSON, and those that folding or indenting has changed."""
    found = read_chain(pem(PLAIN, CA).replace("\n", line_break), NOW)
    assert found == read_chain(pem(PLAIN, CA), NOW)
    assert unlock_key(key_pem(RSA).replace("\n", line_break), None, found.leaf) == key_pem(RSA)
    if line_break != " ":  # the header lines of this form need lines of their own
        assert unlock_key(LOCKED_OLD.replace("\n", line_break), PASSPHRASE, found.leaf) == key_pem(RSA)


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_a_line_break_after_the_passphrase_does_not_count(line_break: str) -> None:
    leaf = leaf_of(PLAIN)
    assert unlock_key(LOCKED, PASSPHRASE + line_break, leaf) == key_pem(RSA)
    assert unlock_key(key_pem(RSA, (PASSPHRASE + line_break).encode()), PASSPHRASE + line_break, leaf) == key_pem(RSA)


LOCKED = key_pem(RSA, PASSPHRASE.encode())
LOCKED_OLD = key_pem(RSA, PASSPHRASE.encode(), "traditional")
LINES = key_pem(RSA).splitlines()
KEY_DAMAGED = "\n".join([*LINES[:3], LINES[3][::-1], *LINES[4:]]).replace("MII", "AAA", 1)


@pytest.mark.parametrize(
    ("text", "passphrase", "problem"),
    [
        ("", None, "has no private key in PEM format: provide exactly one, as PEM."),
        (pem(PLAIN), None, "has no private key in PEM format, but CERTIFICATE: provide exactly one, as PEM."),
        (key_pem(RSA).replace("PRIVATE", "PUBLIC"), None, "has no private key in PEM format, but PUBLIC KEY: "),
        (key_pem(RSA) + key_pem(P256), None, "has 2 private keys"),
        (LOCKED, None, "is encrypted: set 'private_key_passphrase'"),
        (LOCKED, "", "is encrypted: set 'private_key_passphrase'"),
        (LOCKED_OLD, None, "is encrypted: set 'private_key_passphrase'"),
        (LOCKED, "wrong secret", "cannot be decrypted with 'private_key_passphrase'"),
        (LOCKED_OLD, "wrong secret", "cannot be decrypted with 'private_key_passphrase'"),
        (KEY_DAMAGED, None, "cannot be read: the PRIVATE KEY is damaged"),
        (
            key_pem(RSA).replace("PRIVATE", "OPENSSH PRIVATE"),
            None,
            "cannot be read: the OPENSSH PRIVATE KEY is damaged",
        ),
        (key_pem(make_key("rsa2048", 2)), None, "is not the private key of the certificate"),
        (key_pem(P256), None, "is not the private key of the certificate"),
        (key_pem(make_key("rsa1024")), None, "has an RSA key of 1024 bits"),
    ],
)
def test_refused_keys(text: str, passphrase: str | None, problem: str) -> None:
    with pytest.raises(X509Error) as caught:
        unlock_key(text, passphrase, leaf_of(PLAIN))
    assert str(caught.value).startswith(problem)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    shows_nothing_of(str(caught.value), text)
    assert not passphrase or passphrase not in str(caught.value)


@pytest.mark.parametrize("field", ["d", "dmp1", "dmq1", "iqmp"])
def test_an_rsa_key_whose_numbers_do_not_belong_together_is_refused(field: str) -> None:
    numbers, other = RSA.private_numbers(), make_key("rsa2048", 2).private_numbers()
    fields = {name: getattr(numbers, name) for name in ("p", "q", "d", "dmp1", "dmq1", "iqmp")}
    mixed = rsa.RSAPrivateNumbers(**{**fields, field: getattr(other, field)}, public_numbers=numbers.public_numbers)
    text = key_pem(mixed.private_key(unsafe_skip_rsa_key_validation=True))
    with pytest.raises(X509Error, match="cannot be read: the PRIVATE KEY is damaged"):
        unlock_key(text, None, leaf_of(PLAIN))


def shows_nothing_of(message: str, text: str) -> None:
    for line in text.splitlines():
        assert len(line) < 8 or line.startswith("---") or line.strip() not in message


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        (
            "sys.modules['cryptography'] = None\n"
            "from {utils} import _x509\n"
            "try: _x509.read_leaf(b'')\n"
            "except _x509.X509Error as error: print(error)\n",
            "cannot be read: the Python library 'cryptography' (2.8 or newer) cannot be imported",
        ),
        # It takes longer than all other imports, so only the modules that need it import it.
        (
            "from {utils} import _set_order, _inspect\n"
            "print('cryptography.x509' in sys.modules)\n"
            "from {utils} import _keep_certificate\n"
            "print('cryptography.x509' in sys.modules)\n",
            "False\nTrue",
        ),
    ],
)
def test_the_library_is_imported_where_it_is_needed_alone(program: str, printed: str) -> None:
    program = "import sys\n" + program.format(utils=_x509.__package__)
    environment = {"PYTHONPATH": ":".join(sys.path)}
    line = [sys.executable, "-c", program]
    assert subprocess.run(line, env=environment, capture_output=True, text=True, check=True).stdout.startswith(printed)
