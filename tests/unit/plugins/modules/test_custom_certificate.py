# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module's main() with a server that expects every request, and checks requests and result."""

from __future__ import annotations

import json
import typing as t
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate as module
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import (
    ZONE,
    Script,
    certificate,
    refused,
    throttled,
)
from emulator.pem import issue, key_pem, make_key, named, pem
from integration.faults.serving import raw_server

Run = t.Callable[..., dict[str, t.Any]]
Item = dict[str, t.Any]

LIST = f"/zones/{ZONE}/custom_certificates"
RSA = make_key("rsa2048")
P256 = make_key("p256")
HOSTS = ["www.example.com", "example.com"]
OLD_END, NEW_END = datetime(2035, 3, 1, 23, 59, 59), datetime(2036, 3, 1, 23, 59, 59)
NEW = issue(*HOSTS, key=RSA, end=NEW_END)
KEY = key_pem(RSA)
LEAF = {"certificate": pem(NEW)}
GIVEN = {**LEAF, "private_key": KEY}


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
    sent = {**LEAF, "private_key": KEY, "bundle_method": "ubiquitous", **fields}
    return sent if patch else {"type": "sni_custom", **sent}


ALWAYS = {**GIVEN, "renew": "always"}
AGAIN = {**GIVEN, "retries": 5}
REMOVE = {"state": "absent", "match": {"id": "old"}}

# What is read: a list stands for the certificates of the zone.
BEFORE, AFTER, BOTH = [old()], [shown("new")], [old(), shown("new")]
NUMBERED = [old(priority=7)]
KEYLESS = [shown("keyless", keyless_server={"id": "k"})]
READ_REFUSED: Item = {"method": "GET", "path": LIST, **refused(10000, status=403)}

# What is written, with the answer that it gets where nothing goes wrong.
POST: Item = {"method": "POST", "path": LIST, "body": body(), "result": {"id": "new"}}
PATCH: Item = {"method": "PATCH", "path": f"{LIST}/old", "body": body(patch=True), "result": {"id": "new"}}
PATCH_NEWER = {**PATCH, "path": f"{LIST}/newer"}
SAME = {**PATCH, "path": f"{LIST}/new"}
DELETE: Item = {"method": "DELETE", "path": f"{LIST}/old", "result": {"id": "old"}}


def put(number: float, **answer: t.Any) -> Item:
    numbers = {"certificates": [{"id": "new", "priority": number}]}
    return {"method": "PUT", "path": f"{LIST}/prioritize", "body": numbers, **answer}


# Other answers.
PAGE: Item = {"raw": "<html>bad gateway</html>", "status": 502}
CUT: Item = {"raw": '{"success": tr', "status": 200}
POST_LOST, PATCH_LOST, DELETE_LOST = ({**write, **PAGE} for write in (POST, PATCH, DELETE))
NO_LONGER_THERE = {"7003": refused(7003, status=404), "1002": refused(1002, "Invalid certificate")}


class Done(t.NamedTuple):
    """What is requested, and what comes of it: the action, and the ids of the certificate now and before."""

    requests: list[t.Any]
    outcome: tuple[str, str | None, str | None]
    options: Item = GIVEN


UPLOADED = ("uploaded", "new", None)
RENEWED = ("renewed", "new", "old")
UNCHANGED = ("unchanged", "new", None)
REMOVED = ("removed", None, "old")


DONE = {
    "an upload": Done([[OTHER], POST, [OTHER, shown("new")]], UPLOADED),
    "a renewal with a new id": Done([[old(), OTHER], PATCH, [OTHER, shown("new")]], RENEWED),
    "a renewal with the issuer in the API's spelling": Done(
        [[old(issuer="TESTCAInc")], PATCH, [shown("new", issuer="TESTCAInc")]], RENEWED
    ),
    "a renewal that shows late": Done([BEFORE, PATCH, BEFORE, BOTH, AFTER], RENEWED),
    "an upload beside a keyless one": Done([KEYLESS, POST, [*KEYLESS, shown("new")]], UPLOADED),
    "a renewal that keeps its id": Done([BEFORE, PATCH, [shown("old")]], ("renewed", "old", "old")),
    "a removal": Done([BOTH, DELETE, AFTER], REMOVED, REMOVE),
    "what is there, without a key": Done([[OTHER, shown("new")]], UNCHANGED, LEAF),
    "a removal that reads no key": Done(
        [[shown("old"), OTHER], DELETE, [OTHER]],
        REMOVED,
        {**LEAF, "state": "absent", "private_key": key_pem(P256), "allow_uncovered": True},
    ),
    "what is not there": Done([[OTHER, old(status="deleted")]], ("unchanged", None, None), REMOVE),
    # The number
    "a number that has to be set": Done(
        [[*NUMBERED, OTHER], PATCH, [OTHER, shown("new")], put(7, result=[shown("new", priority=7)])], RENEWED
    ),
    "a number whose proof needs the list": Done(
        [[old(priority=7.5)], PATCH, AFTER, put(7.5, result=[]), [shown("new", priority=7.5)]], RENEWED
    ),
    "a number that is left alone on request": Done(
        [NUMBERED, PATCH, AFTER], RENEWED, {**GIVEN, "keep_priority": False}
    ),
    # The status
    "one that is not waited for on request": Done(
        [[], POST, [shown("new", status="pending")]], UPLOADED, {**GIVEN, "wait": False}
    ),
    "an id that changes while it is pending": Done(
        [[], POST, [shown("first", status="pending")], [], [shown("second")]], ("uploaded", "second", None)
    ),
    # Restrictions
    "a policy": Done(
        [[], {**POST, "body": body(policy="(country: NO)")}, [shown("new", policy_restrictions="(country: NO)")]],
        UPLOADED,
        {**GIVEN, "policy": "(country: NO)"},
    ),
    "a policy that is there": Done(
        [[shown("new", policy="(country: NO)")]], UNCHANGED, {**LEAF, "policy": "(country:NO)"}
    ),
    # Which one
    "one with other hosts that match selects": Done(
        [[old(hosts=["www.example.com"]), OTHER], PATCH, [OTHER, shown("new")]],
        RENEWED,
        {**GIVEN, "match": {"host": "www.example.com"}},
    ),
    "an upload where match selects none": Done(
        [BEFORE, POST, BOTH], UPLOADED, {**GIVEN, "match": {"issuer": "AnotherCA"}}
    ),
    "the same, whatever match says": Done([BOTH], UNCHANGED, {**LEAF, "match": {"id": "old"}}),
    "a removal of the same as a certificate": Done(
        [[shown("old"), old("expired")], DELETE, [old("expired")]],
        REMOVED,
        {**LEAF, "state": "absent", "allow_uncovered": True},
    ),
    "a removal of the same as an expired certificate": Done(
        [[old(expires_on="2021-01-01T00:00:00Z"), shown("new")], DELETE, AFTER],
        REMOVED,
        {"state": "absent", "certificate": pem(issue(*HOSTS, key=RSA, end=datetime(2021, 1, 1)))},
    ),
    # Always
    "always, with a new id": Done(
        [[shown("new", priority=4)], {**SAME, "result": {"id": "newer"}}, [shown("newer", priority=4)]],
        ("renewed", "newer", "new"),
        ALWAYS,
    ),
    "always, with no trace but the answer": Done([AFTER, SAME, AFTER], ("renewed", "new", "new"), ALWAYS),
    "always, until the list shows the new id": Done(
        [AFTER, {**SAME, "result": {"id": "newer"}}, AFTER, [shown("newer")]], ("renewed", "newer", "new"), ALWAYS
    ),
    "always, known by its traces after doubt": Done(
        [AFTER, {**SAME, **PAGE}, *[AFTER] * 4, {**SAME, **PAGE}, [shown("new", modified_on="2026-11-25T10:00:00Z")]],
        ("renewed", "new", "new"),
        {**ALWAYS, "retries": 1},
    ),
    "always, and the API has it already": Done([AFTER, {**SAME, **refused(1220)}, AFTER], UNCHANGED, ALWAYS),
    # An upload is never sent twice blindly
    **{
        f"an upload that was applied, answer {number}": Done(
            [[OTHER], {**POST, **answer}, [OTHER, shown("new")]], UPLOADED, AGAIN
        )
        for number, answer in enumerate((PAGE, CUT, refused(2000, status=500)))
    },
    "a renewal that was applied": Done(
        [NUMBERED, PATCH_LOST, AFTER, put(7, result=[shown("new", priority=7)])], RENEWED, AGAIN
    ),
    "an upload that shows late": Done([[], POST_LOST, [], [], AFTER], UPLOADED, AGAIN),
    "an upload that was not applied": Done([[], POST_LOST, *[[]] * 4, POST, AFTER], UPLOADED, AGAIN),
    "a throttle": Done([[], {**POST, **throttled(2)}, POST, AFTER], UPLOADED),
    "a long ban, after which the zone is read again": Done(
        [BEFORE, {**PATCH, **throttled(60)}, [old("newer")], PATCH_NEWER, AFTER], ("renewed", "new", "newer")
    ),
    **{
        f"one that was renewed in between, error {code}": Done(
            [BEFORE, {**PATCH, **refusal}, [old("newer")], PATCH_NEWER, AFTER], ("renewed", "new", "newer")
        )
        for code, refusal in NO_LONGER_THERE.items()
    },
    **{
        f"another run that was faster, error {code}": Done(
            [[], {**POST, **refused(code)}, [shown("theirs")]], ("unchanged", "theirs", None)
        )
        for code in (1220, 1228)
    },
    # Removals that went wrong
    **{
        f"a removal of what is gone, error {code}": Done(
            [BOTH, {**DELETE, **refusal}, [old(status="deleted"), *AFTER]], REMOVED, REMOVE
        )
        for code, refusal in NO_LONGER_THERE.items()
    },
    "a removal that is asked for again": Done(
        [BOTH, DELETE_LOST, {**DELETE, **NO_LONGER_THERE["7003"]}, AFTER], REMOVED, {**REMOVE, "retries": 1}
    ),
    "a removal that was applied before a long ban": Done(
        [BOTH, DELETE_LOST, {**DELETE, **throttled(60)}, AFTER], REMOVED, {**REMOVE, "retries": 1}
    ),
    "a removal that was not applied before a long ban": Done(
        [BOTH, DELETE_LOST, {**DELETE, **throttled(60)}, *[BOTH] * 4, DELETE, AFTER], REMOVED, {**REMOVE, "retries": 1}
    ),
    "a removal that the list shows": Done([BOTH, DELETE_LOST, AFTER], REMOVED, REMOVE),
    "a removal that the list shows as deleted": Done(
        [BOTH, DELETE_LOST, [old(status="deleted"), *AFTER]], REMOVED, REMOVE
    ),
    "a removal that shows late": Done([BOTH, DELETE, BOTH, AFTER], REMOVED, REMOVE),
}


@pytest.mark.parametrize("case", DONE.values(), ids=DONE)
def test_what_is_done(api: Script, run: Run, waits: list[float], case: Done) -> None:
    api.expect_all(*case.requests)
    result = run(module, **case.options)
    action, now, before = case.outcome
    assert (result["action"], result["changed"]) == (action, action != "unchanged")
    assert result["certificate"] == (now and as_read(case.requests, now)[-1])
    assert result["previous"] == (before and as_read(case.requests, before)[0])
    assert result["requests"] == len(case.requests)
    assert result["zone_id"] == ZONE and "diff" not in result


def as_read(requests: list[t.Any], identifier: str) -> list[Item]:
    """Return a certificate as each reading and each answer to a PUT shows it."""
    answers = [request if isinstance(request, list) else request.get("result") for request in requests]
    return [item for found in answers if isinstance(found, list) for item in found if item["id"] == identifier]


class Failed(t.NamedTuple):
    """What is requested, whether it may have changed something, and what is returned beside the message."""

    requests: list[t.Any]
    changed: bool
    options: Item = GIVEN
    returned: t.Mapping[str, t.Any] = MappingProxyType({})


# By what the message says.
FAILED = {
    "does not show it yet": Failed(
        [BEFORE, PATCH, *[BEFORE] * 4], True, GIVEN, {"action": "renewed", "previous": old()}
    ),
    "was uploaded, but this could not be checked": Failed(
        [[], POST, READ_REFUSED], True, GIVEN, {"errors": [{"code": 10000, "message": "no"}]}
    ),
    "certificate new did not get the priority 7 of its predecessor": Failed(
        [NUMBERED, PATCH, AFTER, put(7, **refused(10000, status=403))], True, GIVEN, {"certificate": shown("new")}
    ),
    "An earlier attempt may have been applied": Failed(
        [[], POST_LOST, *[[]] * 4, {**POST, **refused(10000, status=403)}], True, AGAIN
    ),
    "The list of certificates does not show the change.": Failed(
        [BEFORE, *[PATCH_LOST, *[BEFORE] * 4] * 2], False, {**GIVEN, "retries": 1}, {"status": 502}
    ),
    "It may have been applied, and this could not be checked": Failed(
        [BEFORE, PATCH_LOST, {**READ_REFUSED, **PAGE}], True, GIVEN, {"previous": old()}
    ),
    # No longer than max_wait
    "Run again to check": Failed([BEFORE, PATCH, BEFORE, BEFORE], True, {**GIVEN, "max_wait": 1}),
    # Followed once
    "1002 Invalid certificate": Failed([BEFORE, {**PATCH, **NO_LONGER_THERE["1002"]}] * 2, False),
    # A pack that is full
    "1220 no": Failed([[OTHER], {**POST, **refused(1220, status=200)}, [OTHER]], False),
    "1228 no": Failed([[OTHER], {**POST, **refused(1228)}, [OTHER]], False),
    # Final
    "2200 no": Failed(
        [[], {**POST, **refused(2200, status=200)}], False, AGAIN, {"errors": [{"code": 2200, "message": "no"}]}
    ),
    "1212 no. The zone's plan has no room for another custom certificate of this type. To replace a certificate in place": Failed(
        [[], {**POST, **refused(1212)}], False, AGAIN
    ),
    "must be valid for at least 14 more days": Failed([[], {**POST, **refused(1206)}], False),
    "'custom_csr_id'": Failed(
        [[], {**POST, "body": None, **refused(2001)}], False, {**LEAF, "custom_csr_id": "nobody"}
    ),
    "the type of a certificate cannot be changed in place": Failed(
        [[old(type="legacy_custom")]], False, {**GIVEN, "match": {"host": "example.com"}}
    ),
    "does not manage keyless certificates": Failed(
        [[old(keyless_server={"id": "k"})]], False, {**GIVEN, "match": {"id": "old"}}
    ),
    "3 certificates of the zone match, and nothing was removed: ": Failed(
        [[old("one"), *BOTH]], False, {"state": "absent", "match": {"host": "example.com"}}
    ),
    "HTTP 502": Failed([BOTH, DELETE_LOST, *[BOTH] * 4], False, REMOVE, {"status": 502}),
    "was removed, but this could not be checked": Failed([BOTH, DELETE, READ_REFUSED], True, REMOVE),
    "Remove the other certificates of its pack first": Failed([BOTH, {**DELETE, **refused(1305)}], False, REMOVE),
}


@pytest.mark.parametrize(("message", "case"), FAILED.items(), ids=FAILED)
def test_what_fails(api: Script, run: Run, waits: list[float], message: str, case: Failed) -> None:
    api.expect_all(*case.requests)
    result = run(module, **case.options)
    assert (result["failed"], result["changed"]) == (True, case.changed)
    assert message in result["msg"]
    assert {key: result[key] for key in case.returned} == case.returned
    assert result["zone_id"] == ZONE


def test_a_server_that_says_nothing_may_apply_it_later(run: Run, waits: list[float]) -> None:
    text = json.dumps({"success": True, "result": [], "result_info": {"total_count": 0, "total_pages": 0}})
    nothing = f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode()
    with raw_server(nothing, b"", *[nothing] * 4) as port:
        result = run(module, api_url=f"http://127.0.0.1:{port}", **GIVEN)
    assert result["failed"] and result["changed"] is True
    assert "The list of certificates does not show the change." in result["msg"]


class TestRequests:
    """What requests hold."""

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
        api.expect_all([], {**POST, "body": sent}, [after], [after])
        options = {**sent, "geo_restrictions": "eu"}
        options["certificate"] = f"leaf\n{pem(NEW)}chain\n{pem(chain)}"
        assert [run(module, **options)["action"] for _time in range(2)] == ["uploaded", "unchanged"]

    def test_a_binary_file_is_refused_with_its_formats(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "cert.der"
        path.write_bytes(b64decode("".join(pem(NEW).splitlines()[1:-1])))
        message = run(module, certificate_path=str(path))["msg"]
        assert f"'certificate_path' ({path}) has no certificate in PEM format" in message
        assert message.endswith(
            "It seems to be in DER or PKCS #12 format: convert it to PEM, for example with openssl."
        )

    def test_files_are_read_and_a_locked_key_is_sent_unlocked(self, api: Script, run: Run, tmp_path: Path) -> None:
        (tmp_path / "fullchain.pem").write_text(pem(NEW))
        (tmp_path / "key.pem").write_text(key_pem(RSA, b"correct horse", "traditional"))
        api.expect_all([], POST, [shown("new")])
        paths = {"certificate_path": str(tmp_path / "fullchain.pem"), "private_key_path": str(tmp_path / "key.pem")}
        assert run(module, private_key_passphrase="correct horse", **paths)["action"] == "uploaded"

    @pytest.mark.parametrize("line_break", ["\n", "\\n"])
    def test_a_line_of_the_key_that_the_api_echoes_is_masked(self, api: Script, run: Run, line_break: str) -> None:
        key = key_pem(RSA, form="traditional")
        line = key.splitlines()[5]
        api.expect_all([], {**POST, **refused(2106, f"cannot read {line}")})
        result = run(module, **LEAF, private_key=key.replace("\n", line_break))
        assert "2106 cannot read ********" in result["msg"] and line not in str(result)

    def test_a_key_from_a_file_is_masked_as_well(self, api: Script, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        path.write_text(KEY)
        line = KEY.splitlines()[1]
        api.expect_all([], {**POST, **refused(1206, f"echo {line}")})
        result = run(module, private_key_path=str(path), **LEAF)
        assert "1206 echo ********" in result["msg"] and line not in str(result)


class TestDecisions:
    """Which certificate is renewed or removed, and whether it may be."""

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
        sent = {**PATCH, "body": body(patch=True, certificate=pem(many))}
        api.expect_all([old(), OTHER], sent, [OTHER, shown("new")])
        assert run(module, certificate=pem(many), private_key=KEY, **zone)["action"] == "renewed"

    @pytest.mark.parametrize(
        ("hosts", "more", "action_by_id", "action_by_name"),
        [
            (HOSTS, "api.example.com", "uploaded", "uploaded"),
            (["*.example.com"], "example.com", "uploaded", "uploaded"),
            (["www.example.com"], "example.com", "unchanged", "uploaded"),
            (HOSTS, "notexample.com", "unchanged", "unchanged"),
            (["www.example.com", "www.example.org"], "example.com", "unchanged", "uploaded"),
        ],
    )
    def test_a_reissue_may_add_hosts_and_keep_the_expiry(
        self, api: Script, run: Run, hosts: list[str], more: str, action_by_id: str, action_by_name: str
    ) -> None:
        reissued = {"certificate": pem(issue(*hosts, more, key=RSA, end=NEW_END)), "private_key": KEY}
        before = [shown("before", hosts=hosts)]
        api.expect_list(before)
        assert run(module, check=True, **reissued)["action"] == action_by_id
        api.expect("GET", "/zones", [{"id": ZONE, "name": "example.com"}], info={"total_pages": 1, "total_count": 1})
        api.expect_list(before)
        assert run(module, check=True, zone="example.com", zone_id=None, **reissued)["action"] == action_by_name
        if action_by_id == "uploaded":
            api.expect_all(before, before)
            assert run(module, check=True, match={"host": hosts[0]}, **reissued)["action"] == "renewed"
            assert run(module, check=True, state="absent", **reissued)["action"] == "unchanged"

    @pytest.mark.parametrize("match", ['{"id": "old"}', "id=old"])
    def test_match_may_be_a_string_that_ansible_converts(self, api: Script, run: Run, match: str) -> None:
        api.expect_list([old(), OTHER])
        assert run(module, check=True, match=match, **GIVEN)["action"] == "renewed"

    @pytest.mark.parametrize(("host", "action"), [("www.example.com", "uploaded"), ("*.example.com", "renewed")])
    def test_match_by_host_never_means_a_wildcard_over_it(self, api: Script, run: Run, host: str, action: str) -> None:
        wild = old("wild", hosts=["*.example.com"])
        api.expect_list([wild])
        assert run(module, check=True, match={"host": host}, **GIVEN)["action"] == action
        api.expect_list([wild])
        removal = run(module, check=True, state="absent", match={"host": host}, allow_uncovered=True)
        assert removal["changed"] is (action == "renewed")

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

    def test_a_key_is_asked_for_when_it_is_needed(self, api: Script, run: Run) -> None:
        for check in (True, False):
            api.expect_list([old()])
            result = run(module, check=check, certificate=pem(NEW))
            assert "'private_key' or 'private_key_path' is needed to renew old (type" in result["msg"]
            assert result["changed"] is False and "Nothing was sent" in result["msg"]

    def test_another_bundle_method(self, api: Script, run: Run) -> None:
        sent = {**SAME, "body": body(patch=True, bundle_method="optimal")}
        api.expect_all(AFTER, sent, [shown("new", bundle_method="optimal")])
        result = run(module, bundle_method="optimal", diff=True, **GIVEN)
        assert (result["action"], result["requests"]) == ("renewed", 3)
        assert "bundle_method: ubiquitous\n" in result["diff"]["before"]
        assert "bundle_method: optimal\n" in result["diff"]["after"]

    def test_two_uploads_at_once_make_one_run_fail(self, api: Script, run: Run) -> None:
        first, second = shown("first"), shown("second", uploaded_on="2026-11-01T10:00:01Z")
        for mine, failed in (("first", False), ("second", True)):
            api.expect_all([], {**POST, "result": {"id": mine}}, [first, second])
            result = run(module, **GIVEN)
            assert result.get("failed", False) is failed and result["changed"] is True
            assert not failed or "Another run has uploaded the same certificate at the same time" in result["msg"]

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


class TestWaiting:
    """For what is written to be seen, and in use."""

    def test_each_look_at_a_pending_one_takes_one(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_all([], POST)
        api.expect_all(*([shown("new", status=status)] for status in ("initializing", "pending", "active")))
        result = run(module, **GIVEN)
        assert result["requests"] == 5 and result["certificate"]["status"] == "active"
        assert waits == [0.0, 0.5, 1.0]

    def test_a_zone_that_is_not_active_is_a_warning(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_all([], POST, *[[shown("new", status="pending")]] * 5)
        result = run(module, wait_timeout=3, **GIVEN)
        assert result["changed"] is True and sum(waits) == 3
        assert "certificate new is 'pending' after 3 s" in str(result["warnings"])

    def test_where_nobody_waits_it_is_none(self, api: Script, run: Run) -> None:
        api.expect_all([], POST, [shown("new", status="pending")])
        assert "warnings" not in run(module, wait=False, **GIVEN)

    def test_any_other_status_is_a_warning_as_well(self, api: Script, run: Run) -> None:
        api.expect_all([], POST, [shown("new", status="holding_deployment")])
        result = run(module, **GIVEN)
        assert result["changed"] is True and "is 'holding_deployment' after 0 s" in str(result["warnings"])

    def test_others_that_move_with_the_number_are_told(self, api: Script, run: Run) -> None:
        api.expect_all([old(priority=7), OTHER], PATCH, [OTHER, shown("new")])
        api.expect_put([("new", 7)], [shown("new", priority=7), {**OTHER, "priority": 1}])
        assert "other from 3 to 1" in str(run(module, **GIVEN)["warnings"])


class TestPrediction:
    """Check mode and diff."""

    PREDICTED = (
        "an upload",
        "a number that has to be set",
        "a number that is left alone on request",
        "a renewal with the issuer in the API's spelling",
        "what is there, without a key",
        "a removal",
        "what is not there",
    )

    @pytest.mark.parametrize("name", PREDICTED)
    def test_check_mode_says_what_the_run_does(self, api: Script, run: Run, name: str) -> None:
        case = DONE[name]
        api.expect_all(case.requests[0], *case.requests)
        predicted = run(module, check=True, diff=True, **case.options)
        done = run(module, diff=True, **case.options)
        for key in ("changed", "action", "previous", "diff"):
            assert predicted[key] == done[key], key
        assert predicted["requests"] == 1
        if done["changed"] and done["certificate"]:
            assert "id" not in predicted["certificate"]
            for key in ("type", "hosts", "issuer", "signature", "bundle_method"):
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
        api.expect_list([old(priority=7)])
        alone = run(module, check=True, diff=True, keep_priority=False, **GIVEN)["diff"]
        assert "priority" not in alone["before"] + alone["after"]

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
            ("legacy_custom", "Set the order with the module zonefleet.cloudflare.custom_certificate_priority."),
            (
                "sni_custom",
                "It documents no effect of priority among certificates of type sni_custom: check what is served ",
            ),
        ],
    )
    def test_contested_before_and_after(self, api: Script, run: Run, kind: str, advice: str) -> None:
        rival = old("rival", hosts=["www.example.com"], issuer="LetsEncrypt", type=kind)
        api.expect_all([rival], {**POST, "body": {**body(), "type": kind}}, [rival, shown("new", type=kind)])
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
        # It is said when it comes about, not in each run from then on.
        api.expect_list([rival, shown("new", type=kind)])
        assert "warnings" not in run(module, type=kind, **GIVEN)

    def test_priority_may_not_decide_between_others_and_the_new_one(self, api: Script, run: Run) -> None:
        """Of this type, Cloudflare uses the one that was ordered most recently, which is the new one."""
        rival = old("rival", hosts=["www.example.com"], priority=5)
        api.expect_all([rival], POST, [rival, shown("new")])
        result = run(module, **GIVEN)
        (contested,) = result["contested"]
        assert (contested["after"], contested["decided_by"]) == ("rival", "undocumented")
        assert "Another certificate of the same type covers 1 hostname of this one, such as www" in str(
            result["warnings"]
        )

    UNMATCHED: t.ClassVar[dict[str, t.Any]] = {
        "an id that is gone": ([OTHER], {"id": "gone"}, "`id: gone` selects no", "A renewal may have changed the id: "),
        "in an empty zone": ([], {"id": "gone"}, "`id: gone` selects no", "A renewal may have changed the id: "),
        "part of an id": ([OTHER], {"id": "othe"}, "`id: othe` selects no", "Did you mean `id: other`? "),
        "almost an issuer": (
            [OTHER],
            {"issuer": "Let's Encript"},
            "selects no",
            "Did you mean `issuer: LetsEncrypt`? ",
        ),
        "almost a host": (
            [OTHER],
            {"host": "shops.example.com"},
            "selects no",
            "`host: shop.example.com`? It matches 1 ",
        ),
        "not the one in its place": (
            BEFORE,
            {"issuer": "AnotherCA"},
            "selects no",
            "Without 'match', old (type sni_custom, ",
        ),
    }

    @pytest.mark.parametrize("check", [True, False])
    @pytest.mark.parametrize("case", UNMATCHED.values(), ids=UNMATCHED)
    def test_a_match_that_selects_none(self, api: Script, run: Run, case: t.Any, check: bool) -> None:
        before, match, *texts = case
        api.expect_all(*([before] if check else [before, POST, [*before, shown("new")]]))
        result = run(module, check=check, match=match, **GIVEN)
        assert (result["action"], result["changed"]) == ("uploaded", True)
        (warning,) = (text for text in map(str, result["warnings"]) if "'match'" in text)
        assert [text for text in texts if text not in warning] == []

    def test_a_refused_upload_says_that_match_selects_none(self, api: Script, run: Run) -> None:
        api.expect_all(BEFORE, {**POST, **refused(1228)}, BEFORE)
        result = run(module, match={"id": "gone"}, **GIVEN)
        assert "1228 no" in result["msg"] and "`id: gone` selects no certificate of the zone" in result["msg"]
        assert "Without 'match', old (type sni_custom, " in result["msg"]

    @pytest.mark.parametrize(
        ("before", "match"),
        [
            ([], {"issuer": "TestCAInc"}),
            ([OTHER], {"issuer": "TestCAInc"}),
            ([certificate("wild", hosts=["*.example.com"])], {"host": "www.example.com"}),
            (BEFORE, {"host": "example.com"}),
        ],
    )
    def test_no_warning_of_a_first_upload_or_a_renewal(
        self, api: Script, run: Run, before: list[Item], match: Item
    ) -> None:
        api.expect_list(before)
        assert "'match'" not in str(run(module, check=True, match=match, **GIVEN).get("warnings", []))

    @pytest.mark.parametrize("before", [[], [old("predecessor")]])
    def test_check_mode_predicts_the_most_recent_one_without_an_id(
        self, api: Script, run: Run, before: list[Item]
    ) -> None:
        api.expect_list([old("rival", hosts=["www.example.com"], issuer="LetsEncrypt"), *before])
        result = run(module, check=True, **GIVEN)
        (contested,) = result["contested"]
        assert (contested["after"], contested["after_issuer"], contested["decided_by"]) == (
            None,
            "TestCAInc",
            "recency",
        )
        assert {"id", "uploaded_on"}.isdisjoint(result["certificate"])

    def test_a_removal_ends_a_contest(self, api: Script, run: Run) -> None:
        api.expect_all(BOTH, {**DELETE, "path": f"{LIST}/new"}, BEFORE)
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


class TestRefusals:
    """What is refused before any request."""

    CASES: t.ClassVar[list[t.Any]] = [
        ({}, "No certificate is set: set 'certificate' or 'certificate_path'."),
        ({"certificate": "", "private_key": KEY}, "No certificate is set"),
        ({"state": "absent"}, "No certificate is set: set 'match', 'certificate' or 'certificate_path'."),
        ({**LEAF, "certificate_path": "x"}, "'certificate' and 'certificate_path' are mutually exclusive"),
        ({**GIVEN, "private_key_path": "x"}, "'private_key' and 'private_key_path' are mutually exclusive"),
        ({**GIVEN, "custom_csr_id": "x"}, "'custom_csr_id' and 'private_key' are mutually exclusive"),
        ({**LEAF, "custom_csr_id": "a/b"}, "'custom_csr_id' is 'a/b'"),
        ({**GIVEN, "policy": "x", "geo_restrictions": "us"}, "'geo_restrictions' and 'policy' are mutually exclusive"),
        ({"certificate": pem(NEW).replace("MII", "AAA", 1)}, "'certificate' cannot be read: certificate 1 is damaged"),
        ({"certificate_path": "/none/x.pem"}, "'certificate_path' (/none/x.pem) cannot be read on the host"),
        (
            {"certificate": "files/www/fullchain.pem"},
            "'certificate' has no certificate in PEM format: provide the text from '-----BEGIN CERTIFICATE-----' to "
            "'-----END CERTIFICATE-----'. For the path of a file, set 'certificate_path'.",
        ),
        (
            {**LEAF, "private_key": "files/www/key.pem"},
            "'private_key' has no private key in PEM format: provide exactly one, as PEM. For the path of a file, set "
            "'private_key_path'.",
        ),
        (
            {"certificate": pem(NEW).replace("CERTIFICATE", "CERTIFICATE REQUEST")},
            "'certificate' has no certificate in PEM format, but CERTIFICATE REQUEST: provide ",
        ),
        ({**LEAF, "private_key": key_pem(P256)}, "'private_key' is not the private key of the certificate"),
        (
            {**LEAF, "private_key": key_pem(RSA, b"secret!"), "private_key_passphrase": "wrong one"},
            "'private_key' cannot be decrypted with 'private_key_passphrase'",
        ),
        ({"certificate": pem(NEW) + KEY}, "'certificate' contains a private key (its value is not shown)"),
        ({**GIVEN, "match": {"issuer": ""}}, "'match' has no selector"),
        ({**GIVEN, "match": {"issuer": ["A", "B"]}}, "'issuer' in 'match' is a list"),
        ({**GIVEN, "match": {"id": "a", "host": "b.example"}}, "'match' has an 'id' and 'host'"),
        ({**GIVEN, "match": [{"issuer": "A"}]}, "'match' is a list, and must be a dictionary: remove the '- '"),
        ({**GIVEN, "wait_timeout": "2m"}, "'wait_timeout' is the string '2m': it must be a whole number, such as 120."),
        ({**GIVEN, "wait_timeout": -1}, "'wait_timeout' is -1"),
        ({**GIVEN, "wait_timeout": 3601}, "'wait_timeout' is 3601"),
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
