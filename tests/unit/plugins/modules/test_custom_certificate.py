# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module sends, in which order, and what it returns: its real main(), real HTTP, every request expected."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate as module
from ansible_collections.zonefleet.cloudflare.tests.unit.issued import issue, key_pem, make_key, named, pem
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import ZONE, Script, certificate

Run = t.Callable[..., dict[str, t.Any]]
Item = dict[str, t.Any]

LIST = f"/zones/{ZONE}/custom_certificates"
RSA = make_key("rsa2048")
P256 = make_key("p256")
HOSTS = ["www.example.com", "example.com"]
OLD_END, NEW_END = datetime(2035, 3, 1, 23, 59, 59), datetime(2036, 3, 1, 23, 59, 59)
NEW = issue(*HOSTS, key=RSA, end=NEW_END)
KEY = key_pem(RSA)
GIVEN = {"certificate": pem(NEW), "private_key": KEY}


def shown(identifier: str, **fields: t.Any) -> Item:
    """Return the API's object of NEW."""
    new = {
        "type": "sni_custom",
        "hosts": HOSTS,
        "issuer": "TestCAInc",
        "expires_on": "2036-03-01T23:59:59.000000Z",
        "uploaded_on": "2026-11-01T10:00:00.000000Z",
        "modified_on": "2026-11-01T10:00:00.000000Z",
    }
    return certificate(identifier, **{**new, **fields})


def old(identifier: str = "old", **fields: t.Any) -> Item:
    """Return the API's object of the predecessor of NEW."""
    return shown(
        identifier, **{"expires_on": "2035-03-01T23:59:59.000000Z", "uploaded_on": "2025-11-01T10:00:00Z", **fields}
    )


OTHER = certificate("other", 3, hosts=["shop.example.com"], issuer="LetsEncrypt", type="sni_custom")


def body(*, patch: bool = False, **fields: t.Any) -> Item:
    sent = {"certificate": pem(NEW), "private_key": KEY, "bundle_method": "ubiquitous", **fields}
    return sent if patch else {"type": "sni_custom", **sent}


def error(code: int, message: str = "no") -> Item:
    return {"success": False, "result": None, "messages": [], "errors": [{"code": code, "message": message}]}


class TestRequests:
    """How many requests each outcome takes, and what they hold."""

    def test_unchanged_takes_one_and_no_key(self, api: Script, run: Run) -> None:
        api.expect_list([OTHER, shown("new")])
        result = run(module, certificate=pem(NEW))
        assert (result["changed"], result["action"], result["requests"]) == (False, "unchanged", 1)
        assert result["certificate"]["id"] == "new" and result["previous"] is None
        assert result["zone_id"] == ZONE and result["waited"] == 0 and "diff" not in result

    def test_an_upload_takes_three(self, api: Script, run: Run) -> None:
        api.expect_list([OTHER])
        api.expect("POST", LIST, {"id": "new"}, body=body())
        api.expect_list([OTHER, shown("new")])
        result = run(module, **GIVEN)
        assert (result["changed"], result["action"], result["requests"]) == (True, "uploaded", 3)
        assert result["certificate"]["id"] == "new" and result["previous"] is None

    def test_a_renewal_takes_three_and_follows_the_new_id(self, api: Script, run: Run) -> None:
        api.expect_list([old(), OTHER])
        api.expect("PATCH", f"{LIST}/old", {"id": "old"}, body=body(patch=True))
        api.expect_list([OTHER, shown("new")])
        result = run(module, **GIVEN)
        assert (result["changed"], result["action"], result["requests"]) == (True, "renewed", 3)
        assert result["certificate"]["id"] == "new" and result["previous"]["id"] == "old"

    def test_a_renewal_that_keeps_its_id(self, api: Script, run: Run) -> None:
        api.expect_list([old()])
        api.expect("PATCH", f"{LIST}/old", {"id": "old"}, body=body(patch=True))
        api.expect_list([shown("old")])
        assert run(module, **GIVEN)["certificate"]["expires_on"] == "2036-03-01T23:59:59.000000Z"

    def test_each_look_at_a_pending_one_takes_one(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([])
        api.expect("POST", LIST, {"id": "new"}, body=body())
        for status in ("initializing", "pending", "active"):
            api.expect_list([shown("new", status=status)])
        result = run(module, **GIVEN)
        assert result["requests"] == 5 and result["certificate"]["status"] == "active"
        assert waits == [0.0, 0.5, 1.0]

    def test_a_number_that_has_to_be_set_takes_one_more(self, api: Script, run: Run) -> None:
        api.expect_list([old(priority=7), OTHER])
        api.expect("PATCH", f"{LIST}/old", {"id": "new"}, body=body(patch=True))
        api.expect_list([OTHER, shown("new")])
        api.expect_put([("new", 7)], [shown("new", priority=7)])
        result = run(module, **GIVEN)
        assert result["requests"] == 4 and result["certificate"]["priority"] == 7

    def test_a_removal_takes_three(self, api: Script, run: Run) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/old", {"id": "old"})
        api.expect_list([shown("new")])
        result = run(module, state="absent", match={"id": "old"})
        assert (result["changed"], result["action"], result["requests"]) == (True, "removed", 3)
        assert result["previous"]["id"] == "old" and result["certificate"] is None

    def test_what_is_not_there_takes_one(self, api: Script, run: Run) -> None:
        api.expect_list([OTHER, {**old(), "status": "deleted"}])
        result = run(module, state="absent", match={"id": "old"})
        assert (result["changed"], result["action"], result["requests"]) == (False, "unchanged", 1)

    def test_everything_that_an_upload_can_hold(self, api: Script, run: Run) -> None:
        chain = issue(common_name="Test Issuing CA", subject=named("Test Issuing CA", "Test CA Inc."), ca=True)
        sent = {
            "certificate": pem(NEW, chain),
            "custom_csr_id": "csr-1",
            "bundle_method": "force",
            "type": "legacy_custom",
            "geo_restrictions": {"label": "eu"},
        }
        after = shown("new", type="legacy_custom", bundle_method="force", geo_restrictions={"label": "eu"})
        api.expect_list([])
        api.expect("POST", LIST, {"id": "new"}, body=sent)
        api.expect_list([after])
        options = {
            "bundle_method": "force",
            "type": "legacy_custom",
            "geo_restrictions": "eu",
            "custom_csr_id": "csr-1",
        }
        assert run(module, certificate=f"leaf\n{pem(NEW)}chain\n{pem(chain)}", **options)["action"] == "uploaded"
        api.expect_list([after])
        assert run(module, certificate=pem(NEW, chain), **options)["action"] == "unchanged"

    def test_a_policy_goes_as_policy(self, api: Script, run: Run) -> None:
        api.expect_list([])
        api.expect("POST", LIST, {"id": "new"}, body=body(policy="(country: NO)"))
        api.expect_list([shown("new", policy_restrictions="(country: NO)", geo_restrictions={"label": "custom"})])
        assert run(module, policy="(country: NO)", **GIVEN)["action"] == "uploaded"

    def test_files_are_read_and_a_locked_key_is_sent_unlocked(self, api: Script, run: Run, tmp_path: Path) -> None:
        (tmp_path / "fullchain.pem").write_text(pem(NEW))
        (tmp_path / "key.pem").write_text(key_pem(RSA, b"correct horse", "traditional"))
        api.expect_list([])
        api.expect("POST", LIST, {"id": "new"}, body=body())
        api.expect_list([shown("new")])
        paths = {"certificate_path": str(tmp_path / "fullchain.pem"), "private_key_path": str(tmp_path / "key.pem")}
        assert run(module, private_key_passphrase="correct horse", **paths)["action"] == "uploaded"


class TestWhichOne:
    """Which certificate is renewed or removed."""

    @pytest.mark.parametrize(
        ("fields", "action"),
        [
            ({}, "renewed"),
            ({"hosts": list(reversed(HOSTS))}, "renewed"),
            ({"signature": "SHA512WithRSA"}, "renewed"),
            ({"issuer": "AnotherCA"}, "renewed"),
            ({"status": "expired"}, "renewed"),
            ({"signature": "ECDSAWithSHA256"}, "uploaded"),
            ({"type": "legacy_custom"}, "uploaded"),
            ({"hosts": ["www.example.com"]}, "uploaded"),
            ({"hosts": [*HOSTS, "shop.example.com"]}, "uploaded"),
            ({"status": "deleted"}, "uploaded"),
            ({"keyless_server": {"id": "k"}}, "uploaded"),
        ],
    )
    def test_without_match_the_one_in_its_place(self, api: Script, run: Run, fields: Item, action: str) -> None:
        api.expect_list([OTHER, old(**fields)])
        assert run(module, check=True, **GIVEN)["action"] == action

    @pytest.mark.parametrize("zone", [{}, {"zone": "example.com", "zone_id": None}])
    def test_names_of_other_zones_may_be_left_out(self, api: Script, run: Run, zone: Item) -> None:
        many = issue(*HOSTS, "www.example.org", key=RSA, end=NEW_END)
        if zone:
            found = [{"id": ZONE, "name": "example.com"}]
            query = {"name": "example.com", "page": "1", "per_page": "50"}
            api.expect("GET", "/zones", found, query=query, info={"total_pages": 1, "total_count": 1})
        api.expect_list([old(), OTHER])
        api.expect("PATCH", f"{LIST}/old", {"id": "new"}, body=body(patch=True, certificate=pem(many)))
        api.expect_list([OTHER, shown("new")])
        assert run(module, certificate=pem(many), private_key=KEY, **zone)["action"] == "renewed"

    def test_match_selects_one_with_other_hosts(self, api: Script, run: Run) -> None:
        api.expect_list([old(hosts=["www.example.com"]), OTHER])
        api.expect("PATCH", f"{LIST}/old", {"id": "new"}, body=body(patch=True))
        api.expect_list([OTHER, shown("new")])
        assert run(module, match={"host": "www.example.com"}, **GIVEN)["previous"]["id"] == "old"

    @pytest.mark.parametrize(("host", "action"), [("www.example.com", "uploaded"), ("*.example.com", "renewed")])
    def test_match_by_host_never_means_a_wildcard_over_it(self, api: Script, run: Run, host: str, action: str) -> None:
        wild = old("wild", hosts=["*.example.com"])
        api.expect_list([wild])
        assert run(module, check=True, match={"host": host}, **GIVEN)["action"] == action
        api.expect_list([wild])
        removal = run(module, check=True, state="absent", match={"host": host}, allow_uncovered=True)
        assert removal["changed"] is (action == "renewed")

    def test_match_that_selects_none_means_an_upload(self, api: Script, run: Run) -> None:
        api.expect_list([old()])
        assert run(module, check=True, match={"issuer": "AnotherCA"}, **GIVEN)["action"] == "uploaded"

    @pytest.mark.parametrize(
        ("options", "advice"),
        [
            ({}, "Select one with 'match'."),
            ({"match": {"host": "example.com"}}, "Set more selectors in 'match' until it selects only one."),
        ],
    )
    def test_several_are_listed_and_nothing_is_sent(self, api: Script, run: Run, options: Item, advice: str) -> None:
        api.expect_list([old("one"), old("two", signature="SHA384WithRSA"), OTHER])
        result = run(module, **GIVEN, **options)
        assert result["failed"] and result["changed"] is False
        assert result["msg"].startswith(
            "2 certificates of the zone could be renewed with this one, and nothing was sent: "
        )
        assert result["msg"].endswith(advice)
        assert "one (type sni_custom" in result["msg"] and "two (type" in result["msg"] and "other" not in result["msg"]

    def test_the_same_counts_whatever_match_says(self, api: Script, run: Run) -> None:
        api.expect_list([old(), shown("new")])
        assert run(module, match={"id": "old"}, certificate=pem(NEW))["action"] == "unchanged"

    def test_the_type_cannot_be_changed_in_place(self, api: Script, run: Run) -> None:
        api.expect_list([old(type="legacy_custom")])
        result = run(module, match={"host": "example.com"}, **GIVEN)
        assert "the type of a certificate cannot be changed in place" in result["msg"] and result["failed"]

    def test_a_keyless_one_is_not_managed(self, api: Script, run: Run) -> None:
        api.expect_list([old(keyless_server={"id": "k"})])
        assert "does not manage keyless certificates" in run(module, match={"id": "old"}, **GIVEN)["msg"]

    @pytest.mark.parametrize(
        ("shows", "option"),
        [
            ({}, {"geo_restrictions": "eu"}),
            ({"geo_restrictions": {"label": "us"}}, {"geo_restrictions": "eu"}),
            ({"policy_restrictions": "(country: NO)"}, {"policy": "(country: SE)"}),
        ],
    )
    @pytest.mark.parametrize("make", [old, shown])
    def test_restrictions_are_set_at_upload_only(
        self, api: Script, run: Run, shows: Item, option: Item, make: t.Callable[..., Item]
    ) -> None:
        api.expect_list([make("one", **shows)])
        result = run(module, **GIVEN, **option)
        (name,) = option
        assert f"'{name}' is '{option[name]}', but certificate one has" in result["msg"]
        assert "(state: absent)" in result["msg"]

    def test_restrictions_that_are_there_are_fine(self, api: Script, run: Run) -> None:
        api.expect_list([shown("one", policy="(country: NO)")])
        assert run(module, certificate=pem(NEW), policy="(country:NO)")["changed"] is False

    def test_a_key_is_asked_for_when_it_is_needed(self, api: Script, run: Run) -> None:
        for check in (True, False):
            api.expect_list([old()])
            result = run(module, check=check, certificate=pem(NEW))
            assert "'private_key' or 'private_key_path' is needed to renew old (type" in result["msg"]
            assert result["changed"] is False and "Nothing was sent" in result["msg"]


class TestSendingAgain:
    """What else than another certificate is a change."""

    def test_another_bundle_method(self, api: Script, run: Run) -> None:
        api.expect_list([shown("new", priority=4)])
        api.expect("PATCH", f"{LIST}/new", {"id": "new"}, body=body(patch=True, bundle_method="optimal"))
        api.expect_list([shown("new", priority=4, bundle_method="optimal")])
        result = run(module, bundle_method="optimal", diff=True, **GIVEN)
        assert (result["action"], result["requests"]) == ("renewed", 3)
        assert "bundle_method: ubiquitous\n" in result["diff"]["before"]
        assert "bundle_method: optimal\n" in result["diff"]["after"]

    def test_renew_always(self, api: Script, run: Run) -> None:
        api.expect_list([shown("new", priority=4)])
        api.expect("PATCH", f"{LIST}/new", {"id": "newer"}, body=body(patch=True))
        api.expect_list([shown("newer", priority=4)])
        result = run(module, renew="always", **GIVEN)
        assert (result["action"], result["certificate"]["id"], result["requests"]) == ("renewed", "newer", 3)

    def test_renew_always_with_no_trace_but_the_answer(self, api: Script, run: Run) -> None:
        api.expect_list([shown("new")])
        api.expect("PATCH", f"{LIST}/new", {"id": "new"}, body=body(patch=True))
        api.expect_list([shown("new")])
        assert run(module, renew="always", **GIVEN)["requests"] == 3

    def test_renew_always_waits_until_the_list_shows_the_new_id(
        self, api: Script, run: Run, waits: list[float]
    ) -> None:
        api.expect_list([shown("new")])
        api.expect("PATCH", f"{LIST}/new", {"id": "newer"}, body=body(patch=True))
        api.expect_list([shown("new")])
        api.expect_list([shown("newer")])
        assert run(module, renew="always", **GIVEN)["certificate"]["id"] == "newer"
        assert waits == [0.0, 0.5]


class TestProof:
    """A later reading is what counts, not the answer."""

    def test_a_write_that_shows_late_is_waited_for(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([old()])
        api.expect("PATCH", f"{LIST}/old", {"id": "new"}, body=body(patch=True))
        api.expect_list([old()])
        api.expect_list([old(), shown("new")])
        api.expect_list([shown("new")])
        result = run(module, **GIVEN)
        assert result["certificate"]["id"] == "new" and waits == [0.0, 0.5, 1.0]

    def test_a_write_that_does_not_show_is_a_failure(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([old()])
        api.expect("PATCH", f"{LIST}/old", {"id": "old"}, body=body(patch=True))
        for _reading in range(4):
            api.expect_list([old()])
        result = run(module, **GIVEN)
        assert result["failed"] and result["changed"] is True and "does not show it yet" in result["msg"]
        assert result["action"] == "renewed" and result["previous"]["id"] == "old" and result["zone_id"] == ZONE
        assert waits == [0.0, 0.5, 1.0, 2.0]

    def test_a_check_that_fails_says_that_it_was_written(self, api: Script, run: Run) -> None:
        api.expect_list([])
        api.expect("POST", LIST, {"id": "new"}, body=body())
        api.expect("GET", LIST, answer=error(10000), status=403)
        result = run(module, **GIVEN)
        assert result["failed"] and result["changed"] is True
        assert "was uploaded, but this could not be checked" in result["msg"] and result["errors"][0]["code"] == 10000

    def test_the_number_that_could_not_be_set_is_told(self, api: Script, run: Run) -> None:
        api.expect_list([old(priority=7)])
        api.expect("PATCH", f"{LIST}/old", {"id": "new"}, body=body(patch=True))
        api.expect_list([shown("new")])
        api.expect("PUT", f"{LIST}/prioritize", answer=error(10000), status=403)
        result = run(module, **GIVEN)
        assert result["failed"] and result["changed"] is True and result["certificate"]["id"] == "new"
        assert "certificate new did not get the priority 7 of its predecessor" in result["msg"]

    def test_others_that_move_with_the_number_are_told(self, api: Script, run: Run) -> None:
        api.expect_list([old(priority=7), OTHER])
        api.expect("PATCH", f"{LIST}/old", {"id": "new"}, body=body(patch=True))
        api.expect_list([OTHER, shown("new")])
        api.expect_put([("new", 7)], [shown("new", priority=7), {**OTHER, "priority": 1}])
        assert "other from 3 to 1" in str(run(module, **GIVEN)["warnings"])

    def test_the_number_is_left_alone_on_request(self, api: Script, run: Run) -> None:
        api.expect_list([old(priority=7)])
        api.expect("PATCH", f"{LIST}/old", {"id": "new"}, body=body(patch=True))
        api.expect_list([shown("new")])
        assert run(module, keep_priority=False, **GIVEN)["certificate"]["priority"] == 0

    def test_a_number_whose_proof_needs_the_list(self, api: Script, run: Run) -> None:
        api.expect_list([old(priority=7.5)])
        api.expect("PATCH", f"{LIST}/old", {"id": "new"}, body=body(patch=True))
        api.expect_list([shown("new")])
        api.expect_put([("new", 7.5)], [])
        api.expect_list([shown("new", priority=7.5)])
        result = run(module, **GIVEN)
        assert result["requests"] == 5 and result["certificate"]["priority"] == 7.5


class TestStatus:
    """Waiting until the certificate is in use."""

    def test_a_zone_that_is_not_active_is_a_warning(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([])
        api.expect("POST", LIST, {"id": "new"}, body=body())
        for _look in range(5):
            api.expect_list([shown("new", status="pending")])
        result = run(module, wait_timeout=3, **GIVEN)
        assert result["changed"] is True and sum(waits) == 3
        assert "certificate new is 'pending' after 3 s" in str(result["warnings"])

    def test_any_other_status_is_a_warning_as_well(self, api: Script, run: Run) -> None:
        api.expect_list([])
        api.expect("POST", LIST, {"id": "new"}, body=body())
        api.expect_list([shown("new", status="holding_deployment")])
        result = run(module, **GIVEN)
        assert result["changed"] is True and "is 'holding_deployment' after 0 s" in str(result["warnings"])

    def test_it_is_not_waited_for_on_request(self, api: Script, run: Run) -> None:
        api.expect_list([])
        api.expect("POST", LIST, {"id": "new"}, body=body())
        api.expect_list([shown("new", status="pending")])
        result = run(module, wait=False, **GIVEN)
        assert result["requests"] == 3 and result["certificate"]["status"] == "pending"

    def test_the_id_may_change_while_it_is_pending(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([])
        api.expect("POST", LIST, {"id": "first"}, body=body())
        api.expect_list([shown("first", status="pending")])
        api.expect_list([])
        api.expect_list([shown("second")])
        assert run(module, **GIVEN)["certificate"]["id"] == "second"


class TestNeverTwice:
    """An upload is never sent twice blindly."""

    PAGE: t.ClassVar[Item] = {"raw": "<html>bad gateway</html>", "status": 502}
    CUT: t.ClassVar[Item] = {"raw": '{"success": tr', "status": 200}

    @pytest.mark.parametrize("answer", [PAGE, CUT, {"answer": error(2000), "status": 500}])
    def test_an_upload_that_was_applied_is_found(self, api: Script, run: Run, answer: Item) -> None:
        api.expect_list([OTHER])
        api.expect("POST", LIST, body=body(), **answer)
        api.expect_list([OTHER, shown("new")])
        result = run(module, retries=5, **GIVEN)
        assert (result["changed"], result["action"], result["requests"]) == (True, "uploaded", 3)

    def test_a_renewal_that_was_applied_is_found(self, api: Script, run: Run) -> None:
        api.expect_list([old(priority=7)])
        api.expect("PATCH", f"{LIST}/old", body=body(patch=True), **self.PAGE)
        api.expect_list([shown("new")])
        api.expect_put([("new", 7)], [shown("new", priority=7)])
        result = run(module, retries=5, **GIVEN)
        assert (result["action"], result["certificate"]["priority"], result["requests"]) == ("renewed", 7, 4)

    def test_one_that_shows_late_is_not_sent_again(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([])
        api.expect("POST", LIST, body=body(), **self.PAGE)
        api.expect_list([])
        api.expect_list([])
        api.expect_list([shown("new")])
        assert run(module, retries=5, **GIVEN)["action"] == "uploaded"

    def test_one_that_was_not_applied_is_sent_again(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([])
        api.expect("POST", LIST, body=body(), **self.PAGE)
        for _reading in range(4):
            api.expect_list([])
        api.expect("POST", LIST, {"id": "new"}, body=body())
        api.expect_list([shown("new")])
        result = run(module, retries=5, **GIVEN)
        assert (result["action"], result["requests"]) == ("uploaded", 8)

    def test_a_refusal_after_doubt_says_that_it_may_have_been_done(
        self, api: Script, run: Run, waits: list[float]
    ) -> None:
        api.expect_list([])
        api.expect("POST", LIST, body=body(), **self.PAGE)
        for _reading in range(4):
            api.expect_list([])
        api.expect("POST", LIST, body=body(), status=403, answer=error(10000))
        result = run(module, retries=5, **GIVEN)
        assert result["failed"] and result["changed"] is True
        assert "An earlier attempt may have been done" in result["msg"]

    def test_the_attempts_are_limited_and_the_list_decides_what_is_told(
        self, api: Script, run: Run, waits: list[float]
    ) -> None:
        api.expect_list([old()])
        for _attempt in range(2):
            api.expect("PATCH", f"{LIST}/old", body=body(patch=True), **self.PAGE)
            for _reading in range(4):
                api.expect_list([old()])
        result = run(module, retries=1, **GIVEN)
        assert result["failed"] and result["changed"] is False and result["status"] == 502
        assert "The list of certificates does not show that it was done." in result["msg"]

    def test_doubt_that_cannot_be_resolved_is_told(self, api: Script, run: Run) -> None:
        api.expect_list([old()])
        api.expect("PATCH", f"{LIST}/old", body=body(patch=True), **self.PAGE)
        api.expect("GET", LIST, **self.PAGE)
        result = run(module, **GIVEN)
        assert result["failed"] and result["changed"] is True and result["previous"]["id"] == "old"
        assert "It may have been done, and that could not be checked" in result["msg"]

    def test_renew_always_is_known_by_its_traces(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([shown("new")])
        api.expect("PATCH", f"{LIST}/new", body=body(patch=True), **self.PAGE)
        for _reading in range(4):
            api.expect_list([shown("new")])
        api.expect("PATCH", f"{LIST}/new", body=body(patch=True), **self.PAGE)
        api.expect_list([shown("new", modified_on="2026-11-25T10:00:00Z")])
        assert run(module, renew="always", retries=1, **GIVEN)["action"] == "renewed"

    def test_a_throttled_one_is_sent_again_by_itself(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([])
        api.expect("POST", LIST, body=body(), answer=error(971), status=429, answer_headers={"Retry-After": "2"})
        api.expect("POST", LIST, {"id": "new"}, body=body())
        api.expect_list([shown("new")])
        assert run(module, **GIVEN)["requests"] == 4

    def test_after_a_long_ban_the_zone_is_read_again(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([old()])
        ban: Item = {"answer": error(971), "status": 429, "answer_headers": {"Retry-After": "60"}}
        api.expect("PATCH", f"{LIST}/old", body=body(patch=True), **ban)
        api.expect_list([old("renewed-by-hand")])
        api.expect("PATCH", f"{LIST}/renewed-by-hand", {"id": "new"}, body=body(patch=True))
        api.expect_list([shown("new")])
        assert run(module, **GIVEN)["previous"]["id"] == "renewed-by-hand"

    @pytest.mark.parametrize(
        "refusal", [{"status": 404, "answer": error(7003)}, {"status": 400, "answer": error(1002)}]
    )
    def test_one_that_was_renewed_in_between_is_followed(self, api: Script, run: Run, refusal: Item) -> None:
        api.expect_list([old()])
        api.expect("PATCH", f"{LIST}/old", body=body(patch=True), **refusal)
        api.expect_list([old("newer-id")])
        api.expect("PATCH", f"{LIST}/newer-id", {"id": "new"}, body=body(patch=True))
        api.expect_list([shown("new")])
        assert run(module, **GIVEN)["previous"]["id"] == "newer-id"

    def test_it_is_followed_once(self, api: Script, run: Run) -> None:
        api.expect_list([old()])
        for _time in range(2):
            api.expect(
                "PATCH", f"{LIST}/old", body=body(patch=True), status=400, answer=error(1002, "Invalid certificate")
            )
            if not _time:
                api.expect_list([old()])
        result = run(module, **GIVEN)
        assert result["failed"] and result["changed"] is False and "1002 Invalid certificate" in result["msg"]

    @pytest.mark.parametrize("code", [1220, 1228])
    def test_another_run_was_faster(self, api: Script, run: Run, code: int) -> None:
        api.expect_list([])
        api.expect("POST", LIST, body=body(), status=400, answer=error(code))
        api.expect_list([shown("theirs")])
        result = run(module, **GIVEN)
        assert (result["changed"], result["action"]) == (False, "unchanged")
        assert result["certificate"]["id"] == "theirs"

    def test_what_the_api_has_already_is_unchanged_even_if_it_is_sent_always(self, api: Script, run: Run) -> None:
        api.expect_list([shown("new")])
        api.expect("PATCH", f"{LIST}/new", body=body(patch=True), status=400, answer=error(1220))
        api.expect_list([shown("new")])
        assert run(module, renew="always", **GIVEN)["action"] == "unchanged"

    @pytest.mark.parametrize("status", [200, 400])
    @pytest.mark.parametrize("code", [1220, 1228])
    def test_a_pack_that_is_full_is_a_failure(self, api: Script, run: Run, code: int, status: int) -> None:
        api.expect_list([OTHER])
        api.expect("POST", LIST, body=body(), status=status, answer=error(code))
        api.expect_list([OTHER])
        result = run(module, **GIVEN)
        assert result["failed"] and result["changed"] is False and result["errors"][0]["code"] == code

    def test_two_uploads_at_once_make_one_run_fail(self, api: Script, run: Run) -> None:
        first, second = shown("first"), shown("second", uploaded_on="2026-11-01T10:00:01Z")
        for mine, failed in (("first", False), ("second", True)):
            api.expect_list([])
            api.expect("POST", LIST, {"id": mine}, body=body())
            api.expect_list([first, second])
            result = run(module, **GIVEN)
            assert result.get("failed", False) is failed and result["changed"] is True
            assert not failed or "Another run has uploaded the same certificate at the same time" in result["msg"]

    @pytest.mark.parametrize("status", [200, 400])
    @pytest.mark.parametrize("code", [2200, 2103, 2106, 2101, 1206, 2005, 1212, 1011, 1434, 2100])
    def test_a_refusal_is_final(self, api: Script, run: Run, code: int, status: int) -> None:
        api.expect_list([])
        api.expect("POST", LIST, body=body(), status=status, answer=error(code, "the reason"))
        result = run(module, retries=5, **GIVEN)
        assert result["failed"] and result["changed"] is False and f"{code} the reason" in result["msg"]


class TestRemoval:
    """state: absent."""

    def test_the_same_as_a_certificate(self, api: Script, run: Run) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/new", {"id": "new"})
        api.expect_list([old()])
        assert run(module, state="absent", certificate=pem(NEW), allow_uncovered=True)["previous"]["id"] == "new"

    def test_an_expired_certificate_can_be_named(self, api: Script, run: Run) -> None:
        expired = issue(*HOSTS, key=RSA, end=datetime(2021, 1, 1))
        api.expect_list([old("gone", expires_on="2021-01-01T00:00:00Z"), shown("new")])
        api.expect("DELETE", f"{LIST}/gone", {"id": "gone"})
        api.expect_list([shown("new")])
        assert run(module, state="absent", certificate=pem(expired))["action"] == "removed"

    def test_several_are_listed_and_nothing_is_removed(self, api: Script, run: Run) -> None:
        api.expect_list([old("one"), old("two"), shown("new")])
        result = run(module, state="absent", match={"host": "example.com"})
        assert "3 certificates of the zone match, and nothing was removed: " in result["msg"]

    @pytest.mark.parametrize(
        ("others", "uncovered"),
        [
            ([], "example.com, www.example.com"),
            ([{"hosts": ["www.example.com"]}], "example.com"),
            ([{"hosts": ["*.example.com"]}], "example.com"),
            ([{"hosts": ["*.example.com", "example.com"], "status": "expired"}], "example.com, www.example.com"),
            ([{"hosts": HOSTS, "expires_on": "2026-01-01T00:00:00Z"}], "example.com, www.example.com"),
            ([{"hosts": HOSTS, "status": "deleted"}], "example.com, www.example.com"),
            ([{"hosts": ["*.example.com"]}, {"hosts": ["example.com"], "type": "legacy_custom"}], ""),
        ],
    )
    def test_names_that_would_be_left_uncovered(
        self, api: Script, run: Run, others: list[Item], uncovered: str
    ) -> None:
        zone = [old(), *(shown(f"other-{number}", **fields) for number, fields in enumerate(others))]
        api.expect_list(zone)
        result = run(module, state="absent", match={"id": "old"}, check=True)
        assert result.get("failed", False) is bool(uncovered)
        assert not uncovered or f"would leave {uncovered} without" in result["msg"]

    @pytest.mark.parametrize(
        "refusal", [{"status": 404, "answer": error(7003)}, {"status": 400, "answer": error(1002)}]
    )
    def test_not_found_counts_as_gone(self, api: Script, run: Run, refusal: Item) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/old", **refusal)
        api.expect_list([old(status="deleted"), shown("new")])
        assert run(module, state="absent", match={"id": "old"})["action"] == "removed"

    def test_a_lost_answer_is_resolved_by_asking_again(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/old", raw="", status=502)
        api.expect("DELETE", f"{LIST}/old", status=404, answer=error(7003))
        api.expect_list([shown("new")])
        assert run(module, state="absent", match={"id": "old"}, retries=1)["action"] == "removed"

    @pytest.mark.parametrize("after", [[shown("new")], [old(status="deleted"), shown("new")]])
    def test_or_by_the_list(self, api: Script, run: Run, after: list[Item]) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/old", raw="", status=502)
        api.expect_list(after)
        assert run(module, state="absent", match={"id": "old"})["action"] == "removed"

    def test_or_it_is_a_failure(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/old", raw="", status=502)
        for _reading in range(4):
            api.expect_list([old(), shown("new")])
        result = run(module, state="absent", match={"id": "old"})
        assert result["failed"] and result["changed"] is False and result["status"] == 502

    def test_a_removal_that_shows_late_is_waited_for(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/old", {"id": "old"})
        api.expect_list([old(), shown("new")])
        api.expect_list([shown("new")])
        assert run(module, state="absent", match={"id": "old"})["requests"] == 4

    def test_a_removal_that_cannot_be_checked(self, api: Script, run: Run) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/old", {"id": "old"})
        api.expect("GET", LIST, status=403, answer=error(10000))
        result = run(module, state="absent", match={"id": "old"})
        assert result["failed"] and result["changed"] is True and "but this could not be checked" in result["msg"]

    def test_the_first_of_a_pack_cannot_go_first(self, api: Script, run: Run) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/old", status=400, answer=error(1305, "Cannot delete primary"))
        result = run(module, state="absent", match={"id": "old"})
        assert result["failed"] and "remove the others of its pack first" in result["msg"]


class TestPrediction:
    """Check mode and diff."""

    CASES: t.ClassVar[list[t.Any]] = [
        ({**GIVEN}, [OTHER], [("POST", LIST)], [OTHER, shown("new")]),
        ({**GIVEN}, [OTHER, old(priority=7)], [("PATCH", f"{LIST}/old")], [OTHER, shown("new", priority=7)]),
        ({**GIVEN, "keep_priority": False}, [old(priority=7)], [("PATCH", f"{LIST}/old")], [shown("new")]),
        ({**GIVEN}, [old(issuer="TESTCAInc")], [("PATCH", f"{LIST}/old")], [shown("new", issuer="TESTCAInc")]),
        ({"certificate": pem(NEW)}, [shown("new")], [], []),
        (
            {"state": "absent", "match": {"id": "old"}},
            [old(), shown("new")],
            [("DELETE", f"{LIST}/old")],
            [shown("new")],
        ),
        ({"state": "absent", "match": {"id": "nobody"}}, [old()], [], []),
    ]

    @pytest.mark.parametrize(("options", "before", "writes", "after"), CASES)
    def test_check_mode_says_what_the_run_does(
        self, api: Script, run: Run, options: Item, before: list[Item], writes: list[t.Any], after: list[Item] | None
    ) -> None:
        api.expect_list(before)
        predicted = run(module, check=True, diff=True, **options)
        api.expect_list(before)
        for method, path in writes:
            api.expect(method, path, {"id": "new"})
        if after:
            api.expect_list(after)
        done = run(module, diff=True, **options)
        for key in ("changed", "action", "previous", "diff"):
            assert predicted[key] == done[key], key
        assert predicted["requests"] == 1
        if after and done["certificate"]:
            assert "id" not in predicted["certificate"]
            decided = ("type", "hosts", "issuer", "signature", "bundle_method")
            for key in decided:
                assert sorted(predicted["certificate"][key]) == sorted(done["certificate"][key]), key

    def test_the_diff_of_a_renewal(self, api: Script, run: Run) -> None:
        api.expect_list([old(priority=7, geo_restrictions={"label": "eu"})])
        diff = run(module, check=True, diff=True, **GIVEN)["diff"]
        assert diff["before"] == (
            "type: sni_custom\nhosts: example.com, www.example.com\nissuer: TestCAInc\nsignature: SHA256WithRSA\n"
            "bundle_method: ubiquitous\nexpires_on: 2035-03-01T23:59:59Z\ngeo_restrictions: eu\npriority: 7\n"
        )
        assert diff["after"] == diff["before"].replace("2035", "2036")
        assert diff["before_header"] == f"custom certificate of zone {ZONE}"

    def test_the_diff_of_an_upload_and_of_a_removal(self, api: Script, run: Run) -> None:
        api.expect_list([])
        upload = run(module, check=True, diff=True, **GIVEN)["diff"]
        api.expect_list([shown("new")])
        removal = run(module, check=True, diff=True, state="absent", match={"id": "new"}, allow_uncovered=True)["diff"]
        assert upload["before"] == removal["after"] == ""
        assert upload["after"] + "priority: 0\n" == removal["before"]


class TestResult:
    """What is returned beside the certificate."""

    @pytest.mark.parametrize(
        ("kind", "advice"),
        [
            ("legacy_custom", "Decide with the module zonefleet.cloudflare.custom_certificate_priority."),
            (
                "sni_custom",
                "It documents no effect of priority among certificates of type sni_custom: check what is served ",
            ),
        ],
    )
    def test_contested_before_and_after(self, api: Script, run: Run, kind: str, advice: str) -> None:
        rival = old("rival", hosts=["www.example.com"], issuer="LetsEncrypt", type=kind)
        api.expect_list([rival])
        api.expect("POST", LIST, {"id": "new"}, body={**body(), "type": kind})
        api.expect_list([rival, shown("new", type=kind)])
        result = run(module, type=kind, **GIVEN)
        (contested,) = result["contested"]
        assert (contested["name"], contested["before"], contested["after"]) == ("www.example.com", "rival", "new")
        assert contested["decided_by"] == "recency"
        warnings = str(result["warnings"])
        assert (
            "covers 1 hostname of this one, such as www.example.com. Cloudflare uses the one that was ordered"
            in warnings
        )
        assert f"most recently. {advice}" in warnings

    def test_check_mode_knows_no_id_yet(self, api: Script, run: Run) -> None:
        api.expect_list([old("rival", hosts=["www.example.com"], issuer="LetsEncrypt", uploaded_on=None)])
        (contested,) = run(module, check=True, **GIVEN)["contested"]
        assert contested["before"] == "rival" and contested["after"] in ("rival", None)

    def test_a_removal_ends_a_contest(self, api: Script, run: Run) -> None:
        api.expect_list([old(), shown("new")])
        api.expect("DELETE", f"{LIST}/new", {"id": "new"})
        api.expect_list([old()])
        contested = run(module, state="absent", match={"id": "new"})["contested"]
        assert [(item["before"], item["after"], item["decided_by"]) for item in contested] == [("new", "old", None)] * 2

    def test_it_expires_soon(self, api: Script, run: Run) -> None:
        end = (datetime.now(UTC) + timedelta(days=20, hours=1)).replace(tzinfo=None, microsecond=0)
        soon = issue(*HOSTS, key=RSA, end=end)
        api.expect_list([shown("new", expires_on=f"{end.isoformat()}Z")])
        result = run(module, certificate=pem(soon))
        assert f"expires on {end:%Y-%m-%d}, in 20 days" in str(result["warnings"])

    def test_another_of_its_pack_expires_earlier(self, api: Script, run: Run) -> None:
        api.expect_list([shown("new"), old("ecdsa", signature="ECDSAWithSHA256")])
        result = run(module, certificate=pem(NEW))
        assert "Certificate ecdsa of the same pack expires on 2035-03-01" in str(result["warnings"])

    def test_a_csr_that_is_refused_is_named(self, api: Script, run: Run) -> None:
        api.expect_list([])
        api.expect("POST", LIST, status=400, answer=error(2001, "Invalid or missing parameters"))
        assert "'custom_csr_id'" in run(module, certificate=pem(NEW), custom_csr_id="nobody")["msg"]

    def test_a_failure_names_the_zone_and_has_what_the_api_said(self, api: Script, run: Run) -> None:
        api.expect_list([])
        api.expect("POST", LIST, body=body(), status=400, answer=error(2103, "no host"))
        result = run(module, **GIVEN)
        assert result["zone_id"] == ZONE and result["errors"] == [{"code": 2103, "message": "no host"}]


class TestRefusals:
    """What is refused before any request."""

    CASES: t.ClassVar[list[t.Any]] = [
        ({}, "No certificate is set: set 'certificate' or 'certificate_path'."),
        ({"certificate": "", "private_key": KEY}, "No certificate is set"),
        ({"state": "absent"}, "No certificate is set: set 'match', 'certificate' or 'certificate_path'."),
        (
            {"certificate": pem(NEW), "certificate_path": "x"},
            "'certificate' and 'certificate_path' are mutually exclusive",
        ),
        ({**GIVEN, "private_key_path": "x"}, "'private_key' and 'private_key_path' are mutually exclusive"),
        ({**GIVEN, "custom_csr_id": "x"}, "'custom_csr_id' and 'private_key' are mutually exclusive"),
        ({"certificate": pem(NEW), "custom_csr_id": "a/b"}, "'custom_csr_id' is 'a/b'"),
        ({**GIVEN, "policy": "x", "geo_restrictions": "us"}, "'geo_restrictions' and 'policy' are mutually exclusive"),
        ({"certificate": "nothing"}, "'certificate' has no certificate in PEM format"),
        ({"certificate": pem(NEW).replace("MII", "AAA", 1)}, "'certificate' cannot be read: certificate 1 is damaged"),
        (
            {"certificate_path": "/nonexistent/x.pem"},
            "'certificate_path' (/nonexistent/x.pem) cannot be read on the host",
        ),
        ({"certificate": pem(issue(*HOSTS, end=datetime(2024, 1, 1)))}, "'certificate' expired on 2024-01-01"),
        ({"certificate": pem(issue(*HOSTS, key=make_key("rsa1024")))}, "'certificate' has an RSA key of 1024 bits"),
        (
            {"certificate": pem(NEW), "private_key": key_pem(P256)},
            "'private_key' is not the private key of the certificate",
        ),
        ({"certificate": pem(NEW), "private_key": key_pem(RSA, b"secret!")}, "'private_key' is encrypted"),
        (
            {"certificate": pem(NEW), "private_key": key_pem(RSA, b"secret!"), "private_key_passphrase": "wrong one"},
            "'private_key' cannot be decrypted with 'private_key_passphrase'",
        ),
        ({"certificate": pem(NEW) + KEY}, "'certificate' contains a private key (its value is not shown)"),
        ({**GIVEN, "match": {"issuer": ""}}, "'match' has no selector"),
        ({**GIVEN, "match": {"issuer": ["A", "B"]}}, "'issuer' in 'match' is a list"),
        ({**GIVEN, "match": {"id": "a", "host": "b.example"}}, "'match' has an 'id' and 'host'"),
        ({**GIVEN, "match": [{"issuer": "A"}]}, "'match' is a list, and must be a dictionary: remove the '- '"),
        ({**GIVEN, "wait_timeout": "2m"}, "'wait_timeout' is the string '2m': it must be a whole number, such as 120."),
        ({**GIVEN, "wait_timeout": -1}, "'wait_timeout' is -1"),
    ]

    @pytest.mark.parametrize(("options", "message"), CASES)
    def test_before_any_request(self, api: Script, run: Run, options: Item, message: str) -> None:
        result = run(module, **options)
        assert result["failed"] and result["changed"] is False and result["msg"].startswith(message), result["msg"]
        assert "requests" not in result
        shows_no_secret(result, options)


def shows_no_secret(result: Item, options: Item) -> None:
    text = str(result)
    secrets = [str(options.get("private_key", "")), KEY if "PRIVATE" in str(options.get("certificate")) else ""]
    for line in "\n".join(secrets).splitlines():
        assert line.startswith("---") or len(line) < 4 or line not in text
    passphrase = options.get("private_key_passphrase")
    assert not passphrase or passphrase not in text
