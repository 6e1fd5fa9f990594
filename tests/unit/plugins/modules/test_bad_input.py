# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invalid options are refused before any request. Messages have the option, its value and advice, but no secret."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._inspect import INSPECT
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._keep_certificate import KEEP_CERTIFICATE
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._look_at_edge import LOOK_AT_EDGE
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.modules import (
    custom_certificate,
    custom_certificate_info,
    custom_certificate_priority,
    served_certificate_info,
)
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN, ZONE, Item, Run, certificate, refused
from emulator.pem import issue, key_pem, make_key, pem

NEW = pem(issue("www.example.com", key=make_key("rsa2048"), end=datetime(2036, 3, 1)))
KEY = key_pem(make_key("rsa2048"))
LEAF = {"certificate": NEW}
GIVEN = {**LEAF, "private_key": KEY}
ENTRY = {"id": "globalsign"}
CONTEST = {"name": "www.example.com", "after": "globalsign", "decided_by": "priority"}
BY_NAME = {"zone_id": None, "zone": "example.com"}
MANY = {"zone_id": None, "zones": ["example.com", ZONE]}

MODULES: dict[str, tuple[t.Any, Job, Item]] = {
    "priority": (custom_certificate_priority, SET_ORDER, {"certificates": [ENTRY]}),
    "info": (custom_certificate_info, INSPECT, {}),
    "certificate": (custom_certificate, KEEP_CERTIFICATE, LEAF),
    "served": (
        served_certificate_info,
        LOOK_AT_EDGE,
        {"certificates": [certificate("globalsign")], "contested": [CONTEST]},
    ),
}

# Options, and texts in the message.
CASES: dict[str, list[tuple[t.Any, ...]]] = {
    "priority": [
        # Credentials
        ({"api_token": None}, "No credentials", "api_token", "CLOUDFLARE_API_TOKEN"),
        ({"api_token": " \n"}, "No credentials"),
        ({"api_email": "a@example.com", "api_key": "SECRETKEY"}, "two kinds", "api_token", "module_defaults"),
        ({"api_token": None, "api_email": "a@example.com"}, "'api_email' is set without 'api_key'"),
        ({"api_token": None, "api_key": "SECRETKEY"}, "'api_key' is set without 'api_email'"),
        ({"api_token": "SECRET\nKEY"}, "'api_token'", "control character", "not shown"),
        ({"api_token": "SECRETK\u00c9Y"}, "'api_token'", "ASCII"),
        ({"api_token": None, "api_email": "a@b\x00", "api_key": "SECRETKEY"}, "'api_email'"),
        # The zone
        ({"zone_id": ""}, "No zone: set", "'zone_id' or 'zone'"),
        ({"zone": "example.com"}, "'zone_id' and 'zone' are mutually exclusive", "set only one"),
        ({"zone_id": "example.com"}, "'zone_id' is 'example.com'", "name of a zone: use 'zone'"),
        ({"zone_id": 12345678901234567890123456789012.0}, "'zone_id'", "1.2345678901234567e+31", "INI", "YAML"),
        ({"zone_id": "../" + ZONE[3:]}, "'zone_id'", "32 hexadecimal digits"),
        ({**BY_NAME, "zone": ZONE}, "'zone' is", "use 'zone_id'"),
        ({**BY_NAME, "zone": "contains:example"}, "'zone'", "contains:example", "example.com"),
        ({**BY_NAME, "account_id": "x"}, "'account_id'", "'x'"),
        ({"account_id": ZONE}, "'account_id'", "remove"),
        # The list
        ({"certificates": []}, "'certificates' is empty"),
        ({"certificates": [ENTRY, {"id": None, "priority": 3}]}, "entry 2 of 'certificates' has no selector"),
        ({"certificates": [{"issuer": ""}]}, "entry 1 of 'certificates' has no selector", "host"),
        ({"certificates": [{"id": "aB"}, {"id": "Ab"}, {"id": "aB"}]}, "'id' aB", "entries 1 and 3"),
        ({"certificates": [{"host": "a", "valid_for_days": -1}]}, "'valid_for_days' in entry 1", "-1", "0 to 36500"),
        ({"certificates": [{"id": "a", "valid_for_days": 1}]}, "an 'id' and 'valid_for_days'"),
        ({"certificates": [{"id": "x" * 37}]}, "'id' in entry 1", "x" * 37, "36"),
        ({"certificates": [{"id": "../a\x1b[31m"}]}, "'id' in entry 1", "../a\\x1b[31m"),
        ({"certificates": [{"id": "a", "issuer": "x", "host": "y"}]}, "entry 1", "'id'", "'host' and 'issuer'"),
        ({"certificates": [{"host": "\u2603" * 70 + ".example"}]}, "'host' in entry 1"),
        ({"certificates": [{"host": "https://www.example.com/"}]}, "'host' in entry 1", "https://", "not a hostname"),
        ({"certificates": [{"status": "!"}]}, "'status' in entry 1", "!expired"),
        ({"certificates": [{"id": "a", "priority": 1}, ENTRY]}, "'priority' is missing in entry 2", "none"),
        ({"certificates": [{"id": "a", "priority": True}]}, "'priority'", "True", "a number"),
        ({"certificates": [{"id": "a", "priority": "high"}]}, "priority", "high"),
        ({"certificates": [{"id": "a", "priority": "nan"}]}, "'priority' in entry 1", "nan"),
        ({"certificates": "DigiCert*"}, "'certificates' is the string 'DigiCert*'", "a list", "'- issuer: DigiCert*'"),
        ({"certificates": {"issuer": "DigiCert*"}}, "'certificates' is a dictionary", "must be a list"),
        ({"certificates": ["DigiCert*"]}, "entry 1 of 'certificates'", "the string 'DigiCert*'", "'issuer: DigiCert*'"),
        ({"certificates": [ENTRY, {"issuer": ["a"]}]}, "'issuer' in entry 2 of 'certificates' is a list", "one entry"),
        ({"certificates": [{"id": "a", "prio": 1}]}, "prio", "priority"),
        ({"certificates": [ENTRY, {"valid_for_days": "9.5"}]}, "in entry 2 of 'certificates' is the string '9.5'"),
        ({"certificates": [{"id": "a", "priority": 1}], "unlisted": "last"}, "'unlisted'", "'last'", "Remove"),
        ({"unlisted": "first"}, "unlisted", "first", "ignore"),
        ({"max_wait": "soon", "unlisted": "first", "prio": 1}, "'max_wait' is the string 'soon'"),
        # Many zones
        ({**MANY, "zones": []}, "'zones' is empty"),
        ({**MANY, "zones": ["example.com", ZONE, "EXAMPLE.com."]}, "'EXAMPLE.com.'", "entries 1 and 3 of 'zones'"),
        ({**MANY, "zones": [ZONE, ZONE.upper()]}, ZONE.upper(), "entries 1 and 2 of 'zones'"),
        ({**MANY, "zones": ["example.com", "no zone"]}, "entry 2 of 'zones' is 'no zone'"),
        ({**MANY, "zone": "example.com"}, "'zone' and 'zones' are mutually exclusive"),
        ({**MANY, "zone_id": ZONE}, "'zone_id' and 'zones' are mutually exclusive"),
    ],
    "info": [
        ({"filter": [{}]}, "entry 1 of 'filter' has no selector"),
        ({"filter": {"issuer": "DigiCert*"}}, "'filter' is a dictionary"),
        ({"zone_id": ZONE[1:]}, "32 hexadecimal digits"),
        ({**MANY, "zones": []}, "'zones' is empty"),
    ],
    "certificate": [
        ({"certificate": ""}, "No certificate is set: set 'certificate' or 'certificate_path'."),
        ({"certificate": None, "state": "absent"}, "set 'match', 'certificate' or 'certificate_path'."),
        ({"certificate_path": "x"}, "'certificate' and 'certificate_path' are mutually exclusive"),
        ({**GIVEN, "private_key_path": "x"}, "'private_key' and 'private_key_path' are mutually exclusive"),
        ({**GIVEN, "custom_csr_id": "x"}, "'custom_csr_id' and 'private_key' are mutually exclusive"),
        ({"custom_csr_id": "a/b"}, "'custom_csr_id' is 'a/b'"),
        ({"policy": "x", "geo_restrictions": "us"}, "'geo_restrictions' and 'policy' are mutually exclusive"),
        ({"certificate": NEW.replace("MII", "AAA", 1)}, "'certificate' cannot be read: certificate 1 is damaged"),
        ({"certificate": None, "certificate_path": "/none"}, "'certificate_path' (/none) cannot be read on the host"),
        (
            {"certificate": "files/www/fullchain.pem"},
            "'certificate' has no certificate in PEM format: provide the text from '-----BEGIN CERTIFICATE-----' to "
            "'-----END CERTIFICATE-----'. For the path of a file, set 'certificate_path'.",
        ),
        (
            {"private_key": "files/www/key.pem"},
            "'private_key' has no private key in PEM format: provide exactly one, as PEM. For the path of a file, set "
            "'private_key_path'.",
        ),
        (
            {"certificate": NEW.replace("CERTIFICATE", "CERTIFICATE REQUEST")},
            "'certificate' has no certificate in PEM format, but CERTIFICATE REQUEST: provide ",
        ),
        ({"private_key": key_pem(make_key("p256"))}, "'private_key' is not the private key of the certificate"),
        (
            {"private_key": key_pem(make_key("rsa2048"), b"SECRETKEY"), "private_key_passphrase": "SECRETK"},
            "'private_key' cannot be decrypted with 'private_key_passphrase'",
        ),
        ({"certificate": NEW + KEY}, "'certificate' contains a private key (its value is not shown)"),
        ({"match": {"issuer": ""}}, "'match' has no selector"),
        ({"match": {"issuer": ["A", "B"]}}, "'issuer' in 'match' is a list"),
        ({"match": {"id": "a", "host": "b.example"}}, "'match' has an 'id' and 'host'"),
        ({"match": [{"issuer": "A"}]}, "'match' is a list, and must be a dictionary: remove the '- '"),
    ],
    "served": [
        ({"names": ["*.example.com"]}, "'names' has '*.example.com': it is not a hostname."),
        ({"names": ["b\u00fc cher.example"]}, "'names' has 'b\u00fc cher.example': "),
        ({"address": "https://192.0.2.1"}, "'address' is 'https://192.0.2.1': it must be a hostname or an IP address"),
        ({"address": "edge.example.com:8443"}, "'address' is 'edge.example.com:8443': it must be a hostname"),
        ({"contested": None}, "'certificates' is set without 'contested': set both, or neither"),
        ({"certificates": None}, "'contested' is set without 'certificates': set both, or neither"),
        ({"certificates": [{"id": 3}]}, "Entry 1 of 'certificates' is invalid: the 'id' of a certificate"),
        (
            {"certificates": [{"id": "a", "priority": float("inf")}]},
            "Entry 1 of 'certificates' is invalid: certificate a: 'priority' is inf, not a finite number.",
        ),
        ({"contested": [CONTEST, {"name": "a"}]}, "Entry 2 of 'contested' is invalid: 'name', 'after' and"),
        ({"key_types": ["dsa"]}, "value of key_types must be one or more of: ecdsa, rsa, any"),
    ],
}


def refusal(run: Run, which: str, **options: t.Any) -> str:
    """Return the message of a task that makes no request."""
    module, _job, given = MODULES[which]
    result = run(module, **{**given, **options})
    assert result["failed"] is True
    assert not result.get("changed")
    assert "requests" not in result
    told = json.dumps(result)
    lines = [line for line in KEY.splitlines() if not line.startswith("-")]
    assert not any(secret in told for secret in (TOKEN, "SECRETK", "SECRET\\nK", *lines)), told
    assert "exception" not in result
    return str(result["msg"])


@pytest.mark.parametrize(("which", "case"), [(which, case) for which, cases in CASES.items() for case in cases])
def test_refused_before_any_request(run: Run, which: str, case: tuple[t.Any, ...]) -> None:
    options, *texts = case
    message = refusal(run, which, **options)
    assert [text for text in texts if text not in message] == [], message


RANGES = {
    "timeout": (1, 3600),
    "retries": (0, 100),
    "max_wait": (0, 86400),
    "rate_limit": (0, 1000000),
    "concurrency": (1, 200),
    "port": (1, 65535),
    "wait_timeout": (0, 3600),
}


@pytest.mark.parametrize("which", MODULES)
def test_numbers(run: Run, which: str) -> None:
    job = MODULES[which][1]
    where = MANY if "zones" in job.spec else {}
    numbers = {name: described["default"] for name, described in job.spec.items() if described["type"] == "int"}
    for name, default in numbers.items():
        low, high = RANGES[name]
        wrong: list[tuple[t.Any, str]] = [
            (value, f"{value}: it must be from {low} to {high}.") for value in (low - 1, high + 1)
        ]
        for value, shown in ((1.5, "1.5"), ("3 times", "the string '3 times'"), ([60], "a list")):
            wrong.append((value, f"{shown}: it must be a whole number, such as {default}."))
        for value, says in wrong:
            assert refusal(run, which, **where, **{name: value}) == f"'{name}' is {says}"


URLS = {
    "http://api.cloudflare.com/client/v4": "is 'http://api.cloudflare.com/client/v4': plain http",
    "http://127.0.0.1.example.com/": "Use https",
    "http://localhost.example.com/": "Use https",
    "http://[::2]/": "Use https",
    "http://10.0.0.1/": "Use https",
    "http://127.0.0.1\\@example.com/": "not shown",
    "https://user:SECRETK/EY@api.example.com/": "not shown",
    "https://api.example.com/?token=SECRETK/EY": "is 'https://api.example.com/': it must be https://HOST",
    "https://api.example.com/#SECRETK/EY": "fragment",
    "https://api.example.com/../x": "https://HOST",
    "https://api.example.com:0/": "from 1 to 65535",
    "https://api.example.com:99999/": "port",
    "ftp://api.example.com/": "is 'ftp://api.example.com/'",
    "https://[192.0.2.1]/client/v4": "IPv6",
    "https://[dead]/": "IPv6",
}


@pytest.mark.parametrize("url", URLS)
def test_urls(run: Run, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    told = refusal(run, "priority", api_url=url)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", url)
    assert told == refusal(run, "priority", api_url=None)
    assert told.startswith("'api_url' ")
    assert URLS[url] in told


@pytest.mark.parametrize("url", ["http://127.0.0.2:9", "http://LOCALHOST:9", "http://[::1]:9/client/v4/"])
def test_loopback_may_be_plain_http(run: Run, url: str) -> None:
    assert "failed: " in run(custom_certificate_priority, certificates=[ENTRY], api_url=url)["msg"]


def test_the_stripped_form_of_a_secret_is_censored_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", f"\t{TOKEN}\n")
    refusing = refused(10000, f"echo {TOKEN}", 403)
    result = run(custom_certificate_priority, refusing, certificates=[ENTRY], api_token=None)
    assert TOKEN not in json.dumps(result)
    assert "10000 echo ****" in result["msg"]
