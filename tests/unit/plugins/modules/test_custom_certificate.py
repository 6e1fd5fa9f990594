# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module's main() with a server that expects every request, and checks requests and result."""

from __future__ import annotations

import functools
import json
import typing as t
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate as module
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import (
    LIST,
    ZONE,
    Item,
    Request,
    Run,
    Scripted,
    certificate,
    look_up,
    put,
    refused,
    script,
    throttled,
)
from emulator.pem import issue, key_pem, make_key, named, pem
from integration.faults.serving import raw_server

RSA = make_key("rsa2048")
P256 = make_key("p256")
HOSTS = ["www.example.com", "example.com"]
NEW_END = datetime(2036, 3, 1, 23, 59, 59)
NEW = issue(*HOSTS, key=RSA, end=NEW_END)
KEY, TRADITIONAL = key_pem(RSA), key_pem(RSA, form="traditional")


@pytest.fixture
def keep(run: Run) -> Run:
    """Run the module with NEW and its key, if no others are given."""
    return functools.partial(run, module, certificate=pem(NEW), private_key=KEY)


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
    earlier = {"expires_on": "2035-03-01T23:59:59.000000Z", "uploaded_on": "2025-11-01T10:00:00Z"}
    return shown(identifier, **{**earlier, **fields})


OTHER = certificate("other", 3, hosts=["shop.example.com"], issuer="LetsEncrypt", type="sni_custom")

# Options
ALWAYS, AGAIN, NO_KEY = {"renew": "always"}, {"retries": 5}, {"private_key": None}
REMOVE: Item = {"state": "absent", "match": {"id": "old"}, "certificate": None, **NO_KEY}
REMOVE_AGAIN = {**REMOVE, "retries": 1}
REMOVE_SAME: Item = {**NO_KEY, "state": "absent", "allow_uncovered": True}

# What is read
BEFORE, AFTER, BOTH = [old()], [shown("new")], [old(), shown("new")]
NUMBERED = [old(priority=7)]
KEYLESS = [shown("keyless", keyless_server={"id": "k"})]
READ_REFUSED = refused(10000, status=403)


# What is written, with the answer that it gets where nothing goes wrong
def body(*, patch: bool = False, **fields: t.Any) -> Item:
    sent = {"certificate": pem(NEW), "private_key": KEY, "bundle_method": "ubiquitous", **fields}
    return sent if patch else {"type": "sni_custom", **sent}


POST: Item = {"method": "POST", "path": LIST, "body": body(), "result": {"id": "new"}}
PATCH: Item = {"method": "PATCH", "path": f"{LIST}/old", "body": body(patch=True), "result": {"id": "new"}}
PATCH_NEWER = {**PATCH, "path": f"{LIST}/newer"}
SAME = {**PATCH, "path": f"{LIST}/new"}
FOUND, BY_NAME = look_up({"id": ZONE, "name": "example.com"}), {"zone": "example.com", "zone_id": None}
DELETE: Item = {"method": "DELETE", "path": f"{LIST}/old", "result": {"id": "old"}}


def number(wanted: float, result: t.Any = None, **answer: t.Any) -> Item:
    return put([("new", wanted)], result, **answer)


# Other answers
PAGE: Item = {"raw": "<html>bad gateway</html>", "status": 502}
CUT: Item = {"raw": '{"success": tr', "status": 200}
POST_LOST, PATCH_LOST, DELETE_LOST = ({**write, **PAGE} for write in (POST, PATCH, DELETE))
GONE, UNKNOWN = refused(7003, status=404), refused(1002, "Invalid certificate")
TO_NEWER = {**SAME, "result": {"id": "newer"}}


# The action, and the ids of the certificate now and before.
UPLOADED, RENEWED, UNCHANGED = ("uploaded", "new", None), ("renewed", "new", "old"), ("unchanged", "new", None)
REMOVED, KEPT_ID, NEWER = ("removed", None, "old"), ("renewed", "new", "new"), ("renewed", "newer", "new")
FOLLOWED = ("renewed", "new", "newer")

MATCH_HOST, MATCH_ANOTHER = {"match": {"host": "www.example.com"}}, {"match": {"issuer": "AnotherCA"}}
POLICY: Item = {"policy": "(country: NO)"}
EXPIRED = pem(issue(*HOSTS, key=RSA, end=datetime(2021, 1, 1)))
DELETED = [old(status="deleted")]
PENDING = [shown("new", status="pending")]
NUMBERED_NOW = [shown("new", priority=7)]
DELETE_BANNED: list[Request] = [BOTH, DELETE_LOST, {**DELETE, **throttled(60)}]

DONE: dict[tuple[str, str | None, str | None], dict[str, Scripted]] = {
    UPLOADED: {
        "an upload": script([OTHER], POST, [OTHER, *AFTER]),
        "an upload beside a keyless one": script(KEYLESS, POST, [*KEYLESS, *AFTER]),
        "one that is not waited for on request": script([], POST, PENDING, wait=False),
        "a policy": script(
            [], {**POST, "body": body(**POLICY)}, [shown("new", policy_restrictions="(country: NO)")], **POLICY
        ),
        "an upload where match selects none": script(BEFORE, POST, BOTH, **MATCH_ANOTHER),
        # It is never sent twice blindly.
        **{
            f"an upload that was applied, answer {place}": script([OTHER], {**POST, **answer}, [OTHER, *AFTER], **AGAIN)
            for place, answer in enumerate((PAGE, CUT, refused(2000, status=500)))
        },
        "an upload that shows late": script([], POST_LOST, [], [], AFTER, **AGAIN),
        "an upload that was not applied": script([], POST_LOST, *[[]] * 4, POST, AFTER, **AGAIN),
        "a throttle": script([], {**POST, **throttled(2)}, POST, AFTER),
    },
    ("uploaded", "second", None): {
        "an id that changes while it is pending": script(
            [], POST, [shown("first", status="pending")], [], [shown("second")]
        )
    },
    RENEWED: {
        "a renewal with a new id": script([old(), OTHER], PATCH, [OTHER, *AFTER]),
        "a renewal with the issuer in the API's spelling": script(
            [old(issuer="TESTCAInc")], PATCH, [shown("new", issuer="TESTCAInc")]
        ),
        "a renewal that shows late": script(BEFORE, PATCH, BEFORE, BOTH, AFTER),
        "a renewal that was applied": script(NUMBERED, PATCH_LOST, AFTER, number(7, NUMBERED_NOW), **AGAIN),
        "a number that has to be set": script([*NUMBERED, OTHER], PATCH, [OTHER, *AFTER], number(7, NUMBERED_NOW)),
        "a number whose proof needs the list": script(
            [old(priority=7.5)], PATCH, AFTER, number(7.5, []), [shown("new", priority=7.5)]
        ),
        "a number that is left alone on request": script(NUMBERED, PATCH, AFTER, keep_priority=False),
        "one with other hosts that match selects": script(
            [old(hosts=["www.example.com"]), OTHER], PATCH, [OTHER, *AFTER], **MATCH_HOST
        ),
    },
    ("renewed", "old", "old"): {"a renewal that keeps its id": script(BEFORE, PATCH, [shown("old")])},
    FOLLOWED: {
        "a long ban, after which the zone is read again": script(
            BEFORE, {**PATCH, **throttled(60)}, [old("newer")], PATCH_NEWER, AFTER
        ),
        **{
            f"one that was renewed in between, answer {place}": script(
                BEFORE, {**PATCH, **answer}, [old("newer")], PATCH_NEWER, AFTER
            )
            for place, answer in enumerate((GONE, UNKNOWN))
        },
    },
    KEPT_ID: {
        "another bundle method": script(
            AFTER,
            {**SAME, "body": body(patch=True, bundle_method="optimal")},
            [shown("new", bundle_method="optimal")],
            bundle_method="optimal",
        ),
        "always, with no trace but the answer": script(AFTER, SAME, AFTER, **ALWAYS),
        "always, known by its traces after doubt": script(
            AFTER,
            {**SAME, **PAGE},
            *[AFTER] * 4,
            {**SAME, **PAGE},
            [shown("new", modified_on="2026-11-25T10:00:00Z")],
            **ALWAYS,
            retries=1,
        ),
    },
    NEWER: {
        "always, with a new id": script([shown("new", priority=4)], TO_NEWER, [shown("newer", priority=4)], **ALWAYS),
        "always, until the list shows the new id": script(AFTER, TO_NEWER, AFTER, [shown("newer")], **ALWAYS),
    },
    UNCHANGED: {
        "what is there, without a key": script([OTHER, *AFTER], **NO_KEY),
        "a policy that is there": script([shown("new", **POLICY)], policy="(country:NO)"),
        "the same, whatever match says": script(BOTH, match={"id": "old"}),
        "always, and the API has it already": script(AFTER, {**SAME, **refused(1220)}, AFTER, **ALWAYS),
    },
    ("unchanged", "theirs", None): {
        f"another run that was faster, error {code}": script([], {**POST, **refused(code)}, [shown("theirs")])
        for code in (1220, 1228)
    },
    REMOVED: {
        "a removal": script(BOTH, DELETE, AFTER, **REMOVE),
        "a removal that reads no key": script(
            [shown("old"), OTHER], DELETE, [OTHER], **{**REMOVE_SAME, "private_key": key_pem(P256)}
        ),
        "a removal of the same as a certificate": script(
            [shown("old"), old("expired")], DELETE, [old("expired")], **REMOVE_SAME
        ),
        "a removal of the same as an expired certificate": script(
            [old(expires_on="2021-01-01T00:00:00Z"), *AFTER],
            DELETE,
            AFTER,
            **NO_KEY,
            state="absent",
            certificate=EXPIRED,
        ),
        "a removal that shows late": script(BOTH, DELETE, BOTH, AFTER, **REMOVE),
        "a removal of what is gone": script(BOTH, {**DELETE, **UNKNOWN}, [*DELETED, *AFTER], **REMOVE),
        "a removal that is asked for again": script(BOTH, DELETE_LOST, {**DELETE, **GONE}, AFTER, **REMOVE_AGAIN),
        "a removal that was applied before a long ban": script(*DELETE_BANNED, AFTER, **REMOVE_AGAIN),
        "a removal that was not applied before a long ban": script(
            *DELETE_BANNED, *[BOTH] * 4, DELETE, AFTER, **REMOVE_AGAIN
        ),
        "a removal that the list shows": script(BOTH, DELETE_LOST, AFTER, **REMOVE),
        "a removal that the list shows as deleted": script(BOTH, DELETE_LOST, [*DELETED, *AFTER], **REMOVE),
    },
    ("unchanged", None, None): {"what is not there": script([OTHER, *DELETED], **REMOVE)},
}
SCRIPTS = {name: script for scripts in DONE.values() for name, script in scripts.items()}


@pytest.mark.parametrize(
    ("outcome", "name"), [(outcome, name) for outcome, scripts in DONE.items() for name in scripts]
)
def test_what_is_done(keep: Run, outcome: tuple[str, str | None, str | None], name: str) -> None:
    requests, options = SCRIPTS[name]
    action, now, before = outcome
    result = keep(*requests, **options)
    assert (result["action"], result["changed"]) == (action, action != "unchanged")
    assert result["certificate"] == (now and as_read(requests, now)[-1])
    assert result["previous"] == (before and as_read(requests, before)[0])
    assert result["zone_id"] == ZONE
    assert "diff" not in result


def as_read(requests: tuple[Request, ...], identifier: str) -> list[Item]:
    """Return a certificate as each reading and each answer to a PUT shows it."""
    answers = [request if isinstance(request, list) else request.get("result") for request in requests]
    return [item for found in answers if isinstance(found, list) for item in found if item["id"] == identifier]


# By what the message says.
NOTHING_CHANGED: dict[str, Scripted] = {
    "The list of certificates does not show the change.": script(
        BEFORE, PATCH_LOST, *[BEFORE] * 4, PATCH_LOST, *[BEFORE] * 4, retries=1
    ),
    # Followed once
    "1002 Invalid certificate": script(BEFORE, {**PATCH, **UNKNOWN}, BEFORE, {**PATCH, **UNKNOWN}),
    # A pack that is full
    "1220 no": script([OTHER], {**POST, **refused(1220, status=200)}, [OTHER]),
    "1228 no": script([OTHER], {**POST, **refused(1228)}, [OTHER]),
    "`id: gone` selects no certificate of the zone": script(
        BEFORE, {**POST, **refused(1228)}, BEFORE, match={"id": "gone"}
    ),
    # Final
    "2200 no": script([], {**POST, **refused(2200, status=200)}, **AGAIN),
    "1212 no. The zone's plan has no room for another": script([], {**POST, **refused(1212)}, **AGAIN),
    "must be valid for at least 14 more days": script([], {**POST, **refused(1206)}),
    "'custom_csr_id'": script([], {**POST, "body": None, **refused(2001)}, **NO_KEY, custom_csr_id="nobody"),
    "the type of a certificate cannot be changed in place": script([old(type="legacy_custom")], **MATCH_HOST),
    # A path with it would be that of the list, or of the zone
    "The API returned '.' as the id": script([old(".")]),
    "The API returned '..' as the id": script(
        [old("..")], **{**REMOVE, "match": {"issuer": "*"}, "allow_uncovered": True}
    ),
    "does not manage keyless certificates": script([old(keyless_server={"id": "k"})], match={"id": "old"}),
    "3 certificates of the zone match, and nothing was removed: ": script(
        [old("one"), *BOTH], **{**REMOVE, **MATCH_HOST}
    ),
    "HTTP 502": script(BOTH, DELETE_LOST, *[BOTH] * 4, **REMOVE),
    "Remove the other certificates of its pack first": script(BOTH, {**DELETE, **refused(1305)}, **REMOVE),
    # Restrictions are set at upload only
    "'geo_restrictions' is 'eu', but certificate old has none": script(BEFORE, geo_restrictions="eu"),
    "'policy' is '(country: SE)', but certificate new has": script([shown("new", **POLICY)], policy="(country: SE)"),
    # A key is asked for when it is needed
    "'private_key' or 'private_key_path' is needed to renew old (type": script(BEFORE, **NO_KEY),
    "Nothing was sent": script(BEFORE, **NO_KEY, check=True),
    # Nothing is sent where several could be meant
    "Select one with 'match'.": script([old("one"), old("two"), OTHER]),
    "2 certificates of the zone could be renewed with this one, and nothing was sent: one (type sni_custom": script(
        [old("one"), old("two", signature="SHA384WithRSA"), OTHER]
    ),
    "Set more selectors in 'match' until it selects only one.": script([old("one"), old("two"), OTHER], **MATCH_HOST),
}
MAYBE_CHANGED: dict[str, Scripted] = {
    "does not show it yet": script(BEFORE, PATCH, *[BEFORE] * 4),
    "was uploaded, but this could not be checked": script([], POST, READ_REFUSED),
    "did not get the priority 7 of its predecessor": script(NUMBERED, PATCH, AFTER, number(7, **READ_REFUSED)),
    "An earlier attempt may have been applied": script([], POST_LOST, *[[]] * 4, {**POST, **READ_REFUSED}, **AGAIN),
    "It may have been applied, and this could not be checked": script(BEFORE, PATCH_LOST, PAGE),
    "was removed, but this could not be checked": script(BOTH, DELETE, READ_REFUSED, **REMOVE),
    # No longer than max_wait
    "Run again to check": script(BEFORE, PATCH, BEFORE, BEFORE, max_wait=1),
}
# What some of them return beside the message.
RETURNED: dict[str, Item] = {
    "does not show it yet": {"action": "renewed", "previous": old()},
    "was uploaded, but this could not be checked": {"errors": [{"code": 10000, "message": "no"}]},
    "did not get the priority 7 of its predecessor": {"certificate": shown("new")},
    "The list of certificates does not show the change.": {"status": 502},
    "It may have been applied, and this could not be checked": {"previous": old()},
    "2200 no": {"errors": [{"code": 2200, "message": "no"}]},
    "HTTP 502": {"status": 502},
}


@pytest.mark.parametrize("message", [*NOTHING_CHANGED, *MAYBE_CHANGED])
def test_what_fails(keep: Run, message: str) -> None:
    requests, options = {**NOTHING_CHANGED, **MAYBE_CHANGED}[message]
    result = keep(*requests, **options)
    assert (result["failed"], result["changed"]) == (True, message in MAYBE_CHANGED)
    assert message in result["msg"]
    returned = RETURNED.get(message, {})
    assert {key: result[key] for key in returned} == returned
    assert result["zone_id"] == ZONE


def test_a_server_that_says_nothing_may_apply_it_later(keep: Run) -> None:
    text = json.dumps({"success": True, "result": [], "result_info": {"total_count": 0, "total_pages": 0}})
    nothing = f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode()
    with raw_server(nothing, b"", *[nothing] * 4) as port:
        result = keep(api_url=f"http://127.0.0.1:{port}")
    assert result["failed"]
    assert result["changed"] is True
    assert "The list of certificates does not show the change." in result["msg"]


class TestRequests:
    """What requests hold."""

    def test_everything_that_an_upload_can_hold(self, run: Run) -> None:
        chain = issue(common_name="Test Issuing CA", subject=named("Test Issuing CA", "Test CA Inc."), ca=True)
        sent = {
            "certificate": pem(NEW, chain),
            "custom_csr_id": "csr-1",
            "bundle_method": "force",
            "type": "legacy_custom",
            "geo_restrictions": {"label": "eu"},
        }
        after = [shown("new", type="legacy_custom", bundle_method="force", geo_restrictions={"label": "eu"})]
        options = {**sent, "geo_restrictions": "eu", "certificate": f"leaf\n{pem(NEW)}chain\n{pem(chain)}"}
        assert run(module, [], {**POST, "body": sent}, after, **options)["action"] == "uploaded"
        assert run(module, after, **options)["action"] == "unchanged"

    def test_a_binary_file_is_refused_with_its_formats(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "cert.der"
        path.write_bytes(b64decode("".join(pem(NEW).splitlines()[1:-1])))
        message = run(module, certificate_path=str(path))["msg"]
        assert f"'certificate_path' ({path}) has no certificate in PEM format" in message
        assert "It seems to be in DER or PKCS #12 format: convert it to PEM, for example with openssl." in message

    def test_files_are_read_and_a_locked_key_is_sent_unlocked(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "fullchain.pem").write_text(pem(NEW))
        (tmp_path / "key.pem").write_text(key_pem(RSA, b"correct horse", "traditional"))
        paths = {"certificate_path": str(tmp_path / "fullchain.pem"), "private_key_path": str(tmp_path / "key.pem")}
        result = run(module, [], POST, AFTER, private_key_passphrase="correct horse", **paths)
        assert result["action"] == "uploaded"

    @pytest.mark.parametrize(
        ("key", "options"),
        [
            (TRADITIONAL, {"private_key": TRADITIONAL}),
            (TRADITIONAL, {"private_key": TRADITIONAL.replace("\n", "\\n")}),
            (KEY, {**NO_KEY, "private_key_path": "key.pem"}),
        ],
    )
    def test_a_line_of_the_key_that_the_api_echoes_is_masked(
        self, keep: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, options: Item
    ) -> None:
        (tmp_path / "key.pem").write_text(key)
        monkeypatch.chdir(tmp_path)
        line = key.splitlines()[5]
        result = keep([], {**POST, **refused(2106, f"cannot read {line}")}, **options)
        assert "2106 cannot read ********" in result["msg"]
        assert line not in str(result)


class TestDecisions:
    """Which certificate is renewed or removed, and whether it may be."""

    @pytest.mark.parametrize(
        ("fields", "action"),
        [
            ({"hosts": list(reversed(HOSTS)), "signature": "SHA512WithRSA", "status": "expired"}, "renewed"),
            ({"issuer": "AnotherCA"}, "renewed"),
            ({"signature": "ECDSAWithSHA256"}, "uploaded"),
            ({"type": "legacy_custom"}, "uploaded"),
            ({"hosts": ["www.example.com"]}, "uploaded"),
            ({"hosts": [*HOSTS, "shop.example.com"]}, "uploaded"),
            ({"status": "deleted"}, "uploaded"),
            ({"keyless_server": {"id": "k"}}, "uploaded"),
        ],
    )
    def test_without_match_the_one_in_its_place(self, keep: Run, fields: Item, action: str) -> None:
        assert keep([OTHER, old(**fields)], check=True)["action"] == action

    @pytest.mark.parametrize(
        ("zone", "elsewhere"),
        [(None, "www.example.org"), ("example.com", "www.example.org"), ("example.co.uk", "www.other.co.uk")],
    )
    def test_names_of_other_zones_may_be_left_out(self, keep: Run, zone: str | None, elsewhere: str) -> None:
        domain = zone or "example.com"
        hosts = [f"www.{domain}", domain]
        many = pem(issue(*hosts, elsewhere, key=RSA, end=NEW_END))
        found, options = (
            ([look_up({"id": ZONE, "name": zone}, name=zone)], {"zone": zone, "zone_id": None}) if zone else ([], {})
        )
        sent = {**PATCH, "body": body(patch=True, certificate=many)}
        before, after = [old(hosts=hosts), OTHER], [OTHER, shown("new", hosts=hosts)]
        result = keep(*found, before, sent, after, certificate=many, diff=True, **options)
        assert result["action"] == "renewed"
        assert result["diff"]["before"].replace("2035", "2036") == result["diff"]["after"]

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
        self, keep: Run, hosts: list[str], more: str, action_by_id: str, action_by_name: str
    ) -> None:
        leaf = issue(*hosts, more, key=RSA, start=datetime(2026, 11, 20), end=NEW_END)
        reissue = functools.partial(keep, check=True, certificate=pem(leaf))
        before = [shown("before", hosts=hosts)]
        assert reissue(before)["action"] == action_by_id
        assert reissue(FOUND, before, **BY_NAME)["action"] == action_by_name
        if action_by_id == "uploaded":
            assert reissue(before, match={"host": hosts[0]})["action"] == "renewed"
            assert reissue(before, state="absent")["action"] == "unchanged"
            refusal = {"method": "POST", "path": LIST, **refused(1228)}
            assert "1228 no" in reissue(before, refusal, before, check=False, match={"issuer": "AnotherCA"})["msg"]
            # a lost response, and an API that keeps id and times
            lost = {"method": "PATCH", "path": f"{LIST}/before", **PAGE}
            shown_since = [shown("before", hosts=[*hosts, more])]
            assert reissue(before, lost, shown_since, check=False, match={"host": hosts[0]}, retries=1)["changed"]

    @pytest.mark.parametrize(
        "times", [{"modified_on": "2026-11-20T00:00:00Z"}, {"uploaded_on": None, "modified_on": None}]
    )
    def test_what_was_written_since_the_issue_is_not_sent_again_because_of_a_host(self, keep: Run, times: Item) -> None:
        leaf = issue(*HOSTS, "api.example.com", key=RSA, start=datetime(2026, 11, 20), end=NEW_END)
        result = keep([shown("it", **times)], certificate=pem(leaf))
        assert result["action"] == "unchanged"
        [warning] = map(str, result["warnings"])
        assert "covers api.example.com" in warning
        assert "'renew' set to 'always'" in warning

    @pytest.mark.parametrize("match", ['{"id": "old"}', "id=old"])
    def test_match_may_be_a_string_that_ansible_converts(self, keep: Run, match: str) -> None:
        assert keep([old(), OTHER], check=True, match=match)["action"] == "renewed"

    @pytest.mark.parametrize(("host", "action"), [("www.example.com", "uploaded"), ("*.example.com", "renewed")])
    def test_match_by_host_never_means_a_wildcard_over_it(self, keep: Run, host: str, action: str) -> None:
        wild = [old("wild", hosts=["*.example.com"])]
        assert keep(wild, check=True, match={"host": host})["action"] == action
        removal = keep(wild, check=True, **{**REMOVE, "match": {"host": host}, "allow_uncovered": True})
        assert removal["changed"] is (action == "renewed")

    def test_two_uploads_at_once_make_one_run_fail(self, keep: Run) -> None:
        both = [shown("first"), shown("second", uploaded_on="2026-11-01T10:00:01Z")]
        for mine, failed in (("first", False), ("second", True)):
            result = keep([], {**POST, "result": {"id": mine}}, both)
            assert result.get("failed", False) is failed
            assert result["changed"] is True
            assert not failed or "Another run has uploaded the same certificate at the same time" in result["msg"]

    @pytest.mark.parametrize(
        ("others", "uncovered"),
        [
            ([{"status": "expired"}, {"expires_on": "2026-01-01T00:00:00Z"}, {"status": "deleted"}], sorted(HOSTS)),
            ([{"hosts": ["www.example.com"]}], ["example.com"]),
            ([{"hosts": ["*.example.com"]}], ["example.com"]),
            ([{"hosts": ["*.example.com"]}, {"hosts": ["example.com"], "type": "legacy_custom"}], []),
        ],
    )
    def test_names_that_would_be_left_uncovered(self, keep: Run, others: list[Item], uncovered: list[str]) -> None:
        zone = [old(), *(shown(f"other-{place}", **fields) for place, fields in enumerate(others))]
        result = keep(zone, check=True, **REMOVE)
        assert result.get("failed", False) is bool(uncovered)
        assert not uncovered or f"would leave {', '.join(uncovered)} without" in result["msg"]


def test_each_look_at_a_pending_one_is_a_request(keep: Run, waits: list[float]) -> None:
    result = keep([], POST, *([shown("new", status=status)] for status in ("initializing", "pending", "active")))
    assert result["certificate"]["status"] == "active"
    assert "warnings" not in result
    assert waits == [0.0, 0.5, 1.0]


class TestPrediction:
    """Check mode and diff."""

    PREDICTED = (
        "an upload",
        "a number that has to be set",
        "a number that is left alone on request",
        "a renewal with the issuer in the API's spelling",
        "another bundle method",
        "what is there, without a key",
        "a removal",
        "what is not there",
    )

    @pytest.mark.parametrize("name", PREDICTED)
    def test_check_mode_says_what_the_run_does(self, keep: Run, name: str) -> None:
        requests, options = SCRIPTS[name]
        predicted = keep(requests[0], check=True, diff=True, **options)
        done = keep(*requests, diff=True, **options)
        for key in ("changed", "action", "previous", "diff"):
            assert predicted[key] == done[key], key
        if done["changed"] and done["certificate"]:
            assert "id" not in predicted["certificate"]
            for key in ("type", "hosts", "issuer", "signature", "bundle_method"):
                assert sorted(predicted["certificate"][key]) == sorted(done["certificate"][key]), key

    def test_the_diff_of_a_renewal(self, keep: Run) -> None:
        diff = keep([old(priority=7, geo_restrictions={"label": "eu"})], check=True, diff=True)["diff"]
        assert diff["before"] == (
            "type: sni_custom\nhosts: example.com, www.example.com\nissuer: TestCAInc\nsignature: SHA256WithRSA\n"
            "bundle_method: ubiquitous\nexpires_on: 2035-03-01T23:59:59Z\ngeo_restrictions: eu\npriority: 7\n"
        )
        assert diff["after"] == diff["before"].replace("2035", "2036")
        assert diff["before_header"] == f"custom certificate of zone {ZONE}"
        alone = keep(NUMBERED, check=True, diff=True, keep_priority=False)["diff"]
        assert "priority" not in alone["before"] + alone["after"]

    def test_the_diff_of_an_upload_and_of_a_removal(self, keep: Run) -> None:
        upload = keep([], check=True, diff=True)["diff"]
        removal = keep(AFTER, check=True, diff=True, **REMOVE_SAME)["diff"]
        assert upload["before"] == removal["after"] == ""
        assert upload["after"] + "priority: 0\n" == removal["before"]


RIVAL = old("rival", hosts=["www.example.com"], issuer="LetsEncrypt")
LEGACY, LEGACY_RIVAL = ({**item, "type": "legacy_custom"} for item in (AFTER[0], RIVAL))
RIVAL_5 = {**RIVAL, "priority": 5}
DELETE_NEW = {**DELETE, "path": f"{LIST}/new"}
UPLOAD_LEGACY = {**POST, "body": {**body(), "type": "legacy_custom"}}
MOST_RECENT = (
    "covers 1 hostname of this one, such as www.example.com. Cloudflare uses the one that was ordered most recently. {}"
).format

WARNED: dict[str, Scripted] = {
    "other from 3 to 1": script(
        [*NUMBERED, OTHER], PATCH, [OTHER, *AFTER], number(7, [*NUMBERED_NOW, {**OTHER, "priority": 1}])
    ),
    "certificate new is 'pending' after 3 s": script([], POST, *[PENDING] * 5, wait_timeout=3),
    "is 'holding_deployment' after 0 s": script([], POST, [shown("new", status="holding_deployment")]),
    "Certificate ecdsa of the same pack expires on 2035-03-01": script(
        [*AFTER, old("ecdsa", signature="ECDSAWithSHA256")]
    ),
    # Said when it comes about
    MOST_RECENT("Set the order with the module zonefleet.cloudflare.custom_certificate_priority."): script(
        [LEGACY_RIVAL], UPLOAD_LEGACY, [LEGACY_RIVAL, LEGACY], type="legacy_custom"
    ),
    MOST_RECENT("It documents no effect of priority among certificates of type sni_custom: check what is "): script(
        [RIVAL], POST, [RIVAL, *AFTER]
    ),
    "Another certificate of the same type covers 1 hostname of this one, such as": script(
        [RIVAL_5], POST, [RIVAL_5, *AFTER]
    ),
    # A match that selects none
    "`id: gone` selects no certificate of the zone, so no certificate is renewed. A renewal may have changed the id: ": script(
        [OTHER], check=True, match={"id": "gone"}
    ),
    "`id: gone` selects no": script([], POST, AFTER, match={"id": "gone"}),
    "`id: othe` selects no certificate of the zone, so no certificate is renewed. Did you mean `id: other`? ": script(
        [OTHER], check=True, match={"id": "othe"}
    ),
    "Did you mean `issuer: LetsEncrypt`? ": script([OTHER], check=True, match={"issuer": "Let's Encript"}),
    "`host: shop.example.com`? It matches 1 ": script([OTHER], check=True, match={"host": "shops.example.com"}),
    "Without 'match', old (type sni_custom, ": script(BEFORE, check=True, **MATCH_ANOTHER),
}


@pytest.mark.parametrize("warning", WARNED)
def test_what_is_warned_of(keep: Run, warning: str) -> None:
    requests, options = WARNED[warning]
    result = keep(*requests, **options)
    assert warning in str(result["warnings"])
    assert not result.get("failed")


QUIET = {
    "nobody waits": script([], POST, PENDING, wait=False),
    "a contest that was there": script([LEGACY_RIVAL, LEGACY], type="legacy_custom"),
    "a first upload": script([], check=True, match={"issuer": "TestCAInc"}),
    "a first upload beside others": script([OTHER], check=True, match={"issuer": "TestCAInc"}),
    "a first upload under a wildcard": script(
        [certificate("wild", hosts=["*.example.com"])], check=True, match={"host": "shop.example.com"}
    ),
    "a renewal": script(BEFORE, check=True, match={"host": "example.com"}),
}


@pytest.mark.parametrize("case", QUIET.values(), ids=QUIET)
def test_what_is_not_warned_of(keep: Run, case: Scripted) -> None:
    requests, options = case
    assert not [text for text in keep(*requests, **options).get("warnings", ()) if "covers" not in str(text)]


def test_it_expires_soon(keep: Run) -> None:
    end = (datetime.now(UTC) + timedelta(days=20, hours=1)).replace(tzinfo=None, microsecond=0)
    soon = pem(issue(*HOSTS, key=RSA, end=end))
    result = keep([shown("new", expires_on=f"{end.isoformat()}Z")], certificate=soon)
    assert f"expires on {end:%Y-%m-%d}, in 20 days" in str(result["warnings"])


# The last one of each name, before and after, and why.
CONTESTED: list[tuple[Scripted, tuple[str | None, ...]]] = [
    (script([RIVAL], POST, [RIVAL, *AFTER]), ("rival", "new", "TestCAInc", "recency")),
    # Though it is documented that Cloudflare uses the one that was ordered most recently
    (script([RIVAL_5], POST, [RIVAL_5, *AFTER]), ("rival", "rival", "LetsEncrypt", "undocumented")),
    # Check mode knows no id yet.
    (script([RIVAL], check=True), ("rival", None, "TestCAInc", "recency")),
    (script([RIVAL, old("predecessor")], check=True), ("predecessor", None, "TestCAInc", "recency")),
    (script(BOTH, DELETE_NEW, BEFORE, **{**REMOVE, "match": {"id": "new"}}), ("new", "old", "TestCAInc", None)),
]


@pytest.mark.parametrize(("case", "ends"), CONTESTED)
def test_who_comes_first(keep: Run, case: Scripted, ends: tuple[str | None, ...]) -> None:
    requests, options = case
    result = keep(*requests, **options)
    contested = {item["name"]: item for item in result["contested"]}["www.example.com"]
    assert tuple(contested[key] for key in ("before", "after", "after_issuer", "decided_by")) == ends
    assert not options.get("check") or {"id", "uploaded_on"}.isdisjoint(result["certificate"])
