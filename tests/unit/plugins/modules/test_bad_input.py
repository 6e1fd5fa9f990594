# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Invalid options are refused before any request. Messages have the option, its value and advice, but no secret."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_info as info_module
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_priority as module
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN, ZONE, Script, certificate

Run = t.Callable[..., dict[str, t.Any]]

ENTRY = {"id": "globalsign"}

CASES: list[tuple[dict[str, t.Any], list[str]]] = [
    # Credentials
    ({"api_token": None}, ["No credentials", "api_token", "CLOUDFLARE_API_TOKEN"]),
    ({"api_token": ""}, ["No credentials"]),
    ({"api_token": " \n"}, ["No credentials"]),
    ({"api_email": "a@example.com", "api_key": "SECRETKEY"}, ["two kinds", "api_token", "module_defaults"]),
    ({"api_token": None, "api_email": "a@example.com"}, ["'api_email' is set without 'api_key'"]),
    ({"api_token": None, "api_key": "SECRETKEY"}, ["'api_key' is set without 'api_email'"]),
    ({"api_token": "SECRET\nKEY"}, ["'api_token'", "control character", "not shown"]),
    ({"api_token": "SECRET KEY"}, ["'api_token'", "space"]),
    ({"api_token": "SECRETK\u00c9Y"}, ["'api_token'", "ASCII"]),
    ({"api_token": None, "api_email": "a@b\x00", "api_key": "SECRETKEY"}, ["'api_email'"]),
    # The API's address
    ({"api_url": "http://api.cloudflare.com/client/v4"}, ["'api_url'", "http://api.cloudflare.com", "Use https"]),
    ({"api_url": "http://127.0.0.1.example.com/"}, ["'api_url'", "plain http"]),
    ({"api_url": "http://localhost.example.com/"}, ["'api_url'", "plain http"]),
    ({"api_url": "http://127.1/"}, ["'api_url'", "plain http"]),
    ({"api_url": "http://2130706433/"}, ["'api_url'", "plain http"]),
    ({"api_url": "http://[::2]/"}, ["'api_url'", "plain http"]),
    ({"api_url": "http://10.0.0.1/"}, ["'api_url'", "plain http"]),
    ({"api_url": "https://user:SECRETKEY@api.example.com/"}, ["'api_url'", "not shown"]),
    ({"api_url": "http://127.0.0.1\\@example.com/"}, ["'api_url'"]),
    ({"api_url": "https://api.example.com/?token=SECRETKEY"}, ["'api_url'", "https://api.example.com/'", "query"]),
    ({"api_url": "https://api.example.com/#SECRETKEY"}, ["'api_url'", "fragment"]),
    ({"api_url": "https://api.example.com/../x"}, ["'api_url'"]),
    ({"api_url": "https://api.example.com:0/"}, ["'api_url'", "from 1 to 65535"]),
    ({"api_url": "https://api.example.com:99999/"}, ["'api_url'", "port"]),
    ({"api_url": "ftp://api.example.com/"}, ["'api_url'", "ftp://api.example.com/", "https://HOST"]),
    ({"api_url": "https://[192.0.2.1]/client/v4"}, ["'api_url'", "https://[192.0.2.1]/client/v4", "IPv6"]),
    ({"api_url": "http://[127.0.0.1]:8080"}, ["'api_url'", "IPv6"]),
    ({"api_url": "https://[dead]/"}, ["'api_url'", "IPv6"]),
    ({"api_url": "api.example.com"}, ["'api_url'", "api.example.com"]),
    # The zone
    ({"zone_id": None}, ["No zone: set", "'zone_id' or 'zone'"]),
    ({"zone_id": ""}, ["No zone: set"]),
    ({"zone": "example.com"}, ["'zone_id' and 'zone' are mutually exclusive", "set only one"]),
    ({"zone_id": "example.com"}, ["'zone_id' is 'example.com'", "name of a zone: use 'zone'"]),
    ({"zone_id": 12345678901234567890123456789012.0}, ["'zone_id'", "1.2345678901234567e+31", "INI", "YAML"]),
    ({"zone_id": ZONE[1:]}, ["'zone_id'", "32 hexadecimal digits"]),
    ({"zone_id": "../" + ZONE[3:]}, ["'zone_id'", "32 hexadecimal digits"]),
    ({"zone_id": None, "zone": ZONE}, ["'zone' is", "use 'zone_id'"]),
    ({"zone_id": None, "zone": "contains:example"}, ["'zone'", "contains:example", "example.com"]),
    ({"zone_id": None, "zone": "example.com", "account_id": "x"}, ["'account_id'", "'x'"]),
    ({"account_id": ZONE}, ["'account_id'", "remove"]),
    # The list
    ({"certificates": []}, ["'certificates' is empty"]),
    ({"certificates": [{}]}, ["entry 1 of 'certificates' has no selector", "host"]),
    ({"certificates": [ENTRY, {"id": None, "priority": None}]}, ["entry 2 of 'certificates' has no selector"]),
    ({"certificates": [{"issuer": ""}]}, ["entry 1 of 'certificates' has no selector"]),
    ({"certificates": [{"priority": 3}]}, ["entry 1 of 'certificates' has no selector"]),
    ({"certificates": [{"id": "aB"}, {"id": "Ab"}, {"id": "aB"}]}, ["'id' aB", "entries 1 and 3"]),
    ({"certificates": [{"host": "a", "valid_for_days": -1}]}, ["'valid_for_days' in entry 1", "-1", "0 to 36500"]),
    ({"certificates": [{"id": "a", "valid_for_days": 1}]}, ["an 'id' and 'valid_for_days'"]),
    ({"certificates": [{"id": "x" * 37}]}, ["'id' in entry 1", "x" * 37, "36"]),
    ({"certificates": [{"id": "../a"}]}, ["'id' in entry 1", "../a"]),
    ({"certificates": [{"id": "a\x1b[31m"}]}, ["'id' in entry 1", "a\\x1b[31m"]),
    ({"certificates": [{"id": "a", "issuer": "x", "host": "y"}]}, ["entry 1", "'id'", "'host' and 'issuer'"]),
    ({"certificates": [{"host": "\u2603" * 70 + ".example"}]}, ["'host' in entry 1"]),
    (
        {"certificates": [{"host": "https://www.example.com/"}]},
        ["'host' in entry 1", "https://www.example.com/", "not a hostname"],
    ),
    ({"certificates": [{"status": "!"}]}, ["'status' in entry 1", "!expired"]),
    ({"certificates": [{"id": "a", "priority": 1}, ENTRY]}, ["'priority' is missing in entry 2", "none"]),
    ({"certificates": [{"id": "a", "priority": True}]}, ["'priority'", "True", "a number"]),
    ({"certificates": [{"id": "a", "priority": "high"}]}, ["priority", "high"]),
    ({"certificates": [{"id": "a", "priority": "nan"}]}, ["'priority' in entry 1", "nan"]),
    ({"certificates": "DigiCert*"}, ["'certificates' is the string 'DigiCert*'", "a list", "'- issuer: DigiCert*'"]),
    ({"certificates": {"issuer": "DigiCert*"}}, ["'certificates' is a dictionary", "must be a list"]),
    ({"certificates": ["DigiCert*"]}, ["entry 1 of 'certificates'", "the string 'DigiCert*'", "'issuer: DigiCert*'"]),
    (
        {"certificates": [ENTRY, {"issuer": ["a", "b"]}]},
        ["'issuer' in entry 2 of 'certificates' is a list", "one entry for"],
    ),
    ({"certificates": [{"id": "a", "prio": 1}]}, ["prio", "priority"]),
    ({"certificates": [{"id": "a", "priority": 1}], "unlisted": "last"}, ["'unlisted'", "'last'", "Remove"]),
    ({"unlisted": "first"}, ["unlisted", "first", "ignore"]),
    # Numbers
    ({"timeout": 1.5}, ["'timeout' is 1.5", "a whole number", "such as 30"]),
    ({"retries": "3 times"}, ["'retries' is the string '3 times'", "a whole number"]),
    ({"max_wait": [60]}, ["'max_wait' is a list", "a whole number"]),
    (
        {"certificates": [ENTRY, {"host": "a", "valid_for_days": "30.5"}]},
        ["'valid_for_days' in entry 2 of 'certificates' is the string '30.5'", "a whole number"],
    ),
    ({"max_wait": "soon", "unlisted": "first", "prio": 1}, ["'max_wait' is the string 'soon'"]),
    ({"timeout": 0}, ["'timeout' is 0", "from 1 to 3600"]),
    ({"timeout": -1}, ["'timeout' is -1"]),
    ({"retries": -1}, ["'retries' is -1", "from 0 to 100"]),
    ({"retries": 101}, ["'retries' is 101"]),
    ({"max_wait": -1}, ["'max_wait' is -1"]),
    ({"max_wait": 86401}, ["'max_wait' is 86401", "86400"]),
]


@pytest.mark.parametrize(("options", "texts"), CASES)
def test_refused_before_any_request(api: Script, run: Run, options: dict[str, t.Any], texts: list[str]) -> None:
    result = run(module, **{"certificates": [ENTRY], **options})
    assert result["failed"] is True
    for text in texts:
        assert text in result["msg"]
    assert "SECRETK" not in json.dumps(result) and "SECRET\\nK" not in json.dumps(result)
    assert TOKEN not in json.dumps(result) and "exception" not in result


@pytest.mark.parametrize("url", ["http://127.0.0.2:9", "http://LOCALHOST:9", "http://[::1]:9/client/v4/"])
def test_loopback_may_be_plain_http(api: Script, run: Run, url: str) -> None:
    assert "failed: " in run(module, certificates=[ENTRY], api_url=url)["msg"]


def test_the_stripped_form_of_a_secret_is_censored_too(api: Script, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", f"\t{TOKEN}\n")
    error = {"code": 10000, "message": f"echo {TOKEN}"}
    api.expect("GET", f"/zones/{ZONE}/custom_certificates", status=403, answer={"success": False, "errors": [error]})
    result = run(module, certificates=[ENTRY], api_token=None)
    assert TOKEN not in json.dumps(result) and "10000 echo ****" in result["msg"]


class TestAgainstTheZone:
    """What is asked of a zone that does not fit it."""

    def test_an_id_that_it_does_not_hold(self, api: Script, run: Run) -> None:
        api.expect_list([certificate("globalsign", issuer="GlobalSignnvsa")])
        result = run(module, certificates=[{"id": "digicert"}, ENTRY, {"id": "other"}])
        assert result["msg"] == (
            "2 entries of 'certificates' match no certificate of the zone: `id: digicert`, `id: other`. "
            "The zone's certificates have id globalsign. Correct the entries, or set 'missing' to 'ignore'."
        )
        assert result["unmatched"] == [{"id": "digicert"}, {"id": "other"}] and result["zone_id"] == ZONE

    def test_which_is_left_out_with_missing_ignore(self, api: Script, run: Run) -> None:
        api.expect_list([certificate("globalsign")])
        result = run(module, certificates=[{"id": "digicert"}, ENTRY], missing="ignore")
        assert result["unmatched"] == [{"id": "digicert"}] and result["changed"] is False

    def test_a_near_match_is_not_left_out_without_a_word(self, api: Script, run: Run) -> None:
        zone = [certificate("globalsign", 9, issuer="GlobalSignnvsa"), certificate("digicert", 1)]
        hint = "Did you mean `issuer: GlobalSign*`? It matches 1 certificate, of GlobalSignnvsa."
        wish = [{"issuer": "GlobalSign"}, {"issuer": "DigiCert*"}]
        api.expect_list(zone)
        refused = run(module, certificates=wish)
        assert refused["failed"] and hint in refused["msg"] and "to 'ignore'" not in refused["msg"]
        api.expect_list(zone)
        ignored = run(module, certificates=wish, missing="ignore", check=True)
        assert not ignored.get("failed") and hint in str(ignored["warnings"])
        api.expect_list(zone)
        assert hint in str(run(info_module, filter=[{"issuer": "GlobalSign"}])["warnings"])
        api.expect_list(zone)
        # An empty answer is what a look for the expired hopes for.
        assert "status: expired" not in str(run(info_module, filter=[{"status": "expired"}]).get("warnings"))

    def test_two_ids_that_differ_in_case_and_name_one_certificate(self, api: Script, run: Run) -> None:
        api.expect_list([certificate("globalsign", 1)])
        result = run(module, certificates=[{"id": "GlobalSign", "priority": 1}, {"id": "globalsign", "priority": 5}])
        assert result["failed"] is True and result["changed"] is False and result["zone_id"] == ZONE
        assert (
            "Entries with id: GlobalSign and id: globalsign" in result["msg"] and "Remove one of them" in result["msg"]
        )

    def test_one_that_is_deleted(self, api: Script, run: Run) -> None:
        api.expect_list([certificate("globalsign", status="deleted"), certificate("other")])
        result = run(module, certificates=[ENTRY])
        assert "Certificate globalsign has status 'deleted'" in result["msg"]

    def test_deleted_ones_do_not_exist(self, api: Script, run: Run) -> None:
        api.expect_list([certificate("deleted", 9, status="deleted"), certificate("globalsign")])
        result = run(module, certificates=[{"issuer": "*"}], unlisted="fail")
        assert result["changed"] is False and len(result["certificates"]) == 1 and result["contested"] == []

    def test_an_unlisted_one_with_unlisted_fail(self, api: Script, run: Run) -> None:
        api.expect_list([certificate("globalsign"), certificate("other", hosts=["x.example.com"])])
        result = run(module, certificates=[ENTRY], unlisted="fail")
        assert "other (issuer DigiCertInc, hosts x.example.com)" in result["msg"] and "'unlisted'" in result["msg"]

    def test_a_selector_says_what_would_have_matched(self, api: Script, run: Run) -> None:
        api.expect_list([certificate("globalsign", issuer="GlobalSignnvsa", status="expired")])
        result = run(module, certificates=[{"issuer": "Global Sign", "status": "active"}])
        assert "have issuer GlobalSignnvsa; status expired." in result["msg"]

    def test_one_number_for_two(self, api: Script, run: Run) -> None:
        api.expect_list([certificate("one"), certificate("two")])
        result = run(module, certificates=[{"issuer": "digi*", "priority": 3}])
        assert "matches 2 certificates" in result["msg"] and "one (" in result["msg"] and "two (" in result["msg"]

    @pytest.mark.parametrize(
        ("other", "entry", "warned"),
        [
            ({"host": "www.example.com", "priority": 3}, {"issuer": "di*", "priority": 5}, True),
            ({"id": "one", "priority": 3}, {"issuer": "dig*", "priority": 5}, True),
            ({"host": "www.example.com", "priority": 3}, {"issuer": "digi*", "priority": "3"}, False),
            ({"host": "www.example.com"}, {"issuer": "digic*"}, False),  # in order mode, it stands for what is left
        ],
    )
    def test_a_number_that_no_certificate_gets(
        self, api: Script, run: Run, other: dict[str, t.Any], entry: dict[str, t.Any], warned: bool
    ) -> None:
        api.expect_list([certificate("one", 3)])
        result = run(module, certificates=[entry, other] if "id" in other else [other, entry])
        text = (
            f"The entry of 'certificates' with issuer: {entry['issuer']} and priority 5 has no effect: the entry with "
            f"{'id: one' if 'id' in other else 'host: www.example.com'} sets priority 3 for the certificates that it matches. Remove one of them"
        )
        warnings = str(result.get("warnings"))
        assert result["changed"] is False and (text in warnings) is warned
        assert warned or f"issuer: {entry['issuer']} and priority" not in warnings


def test_the_info_module_has_the_same_rules(api: Script, run: Run) -> None:
    assert "entry 1 of 'filter' has no selector" in run(info_module, filter=[{}])["msg"]
    assert "32 hexadecimal digits" in run(info_module, zone_id="x")["msg"]
    assert "'filter' is a dictionary" in run(info_module, filter={"issuer": "DigiCert*"})["msg"]
    assert "'filter' is the string" in run(info_module, filter="DigiCert*")["msg"]
