# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile and random strings and JSON as options and responses.

A run returns a result or a normal failure, never another exception. Nothing that it shows acts on a terminal, and no string
gets into another place of a request.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import typing as t
from unittest import mock

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._inspect import INSPECT
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import Outcome, perform
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._transport import Answer
from integration.faults.world import acting

HOSTILE = [
    "../../../accounts/00112233445566778899aabbccddeeff/members",
    "%2e%2e%2f%2e%2e%2fzones?x=1#y",
    "..\\..\\zones",
    "one\r\ntwo: three\n\tfour",
    "one\x00two",
    "good\x08\x08\x08\x08evil",
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred \x9b31m\x9d0;owned\x9c",
    "\u202egro.elpmaxe\u202c \u2066x\u2069 \u200f",
    "one\u2028two\u2029three\x85four",
    "\ue000\U000f0000\u200b\ufeff",
    "{{ 7 * 7 }}{% set x = 1 %}{# x #}",
    "%s %(x)s {x} {0.__class__} $HOME `id`",
    "long " * 2_000,
]
# JSON can hold lone surrogates.
TEXT = st.sampled_from([*HOSTILE, "\ud800 and \udfff"]) | st.text(st.characters(codec=None), max_size=30)
NUMBERS = st.integers() | st.floats() | st.integers(-(10**400), 10**400)
FINITE = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def json_with(numbers: st.SearchStrategy[t.Any]) -> st.SearchStrategy[t.Any]:
    return st.recursive(
        st.none() | st.booleans() | numbers | TEXT,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
        max_leaves=12,
    )


JSON = json_with(NUMBERS)
HEADERS = st.text(st.characters(max_codepoint=255), max_size=40)
DIGITS = st.text("0123456789", max_size=30)
HEX = st.from_regex(r"[0-9a-f]{32}", fullmatch=True)
SANE = {"api_token": "x" * 40, "zone_id": "a" * 32, "retries": 0, "max_wait": 0}
URL = re.compile(r"https?://[0-9A-Za-z.:\[\]/_~-]+/zones(/[0-9a-f]{32}/custom_certificates(/prioritize)?)?")

TRIED = settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def fields(**known: st.SearchStrategy[t.Any]) -> st.SearchStrategy[dict[str, t.Any]]:
    """Objects with these keys, each of which may be missing, of another type, or right."""
    return st.fixed_dictionaries({}, optional={name: value | JSON for name, value in known.items()})


def returned(value: t.Any) -> t.Any:
    """A value as it may be returned: no encoding has lone surrogates."""
    written = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
    return json.loads(written.decode("utf-16", "replace"))


def run(job: Job, options: dict[str, t.Any], *answers: Answer) -> tuple[Outcome, list[t.Any]]:
    """Do a job with these answers, the last one again and again; return what came of it, and the bodies that were sent."""
    coming = itertools.chain(answers, itertools.repeat(answers[-1]))
    written: list[t.Any] = []

    def attempt(_session: object, method: str, url: str, **keywords: t.Any) -> Answer:
        assert URL.fullmatch(url)
        assert ".." not in url
        sent = "".join(keywords["auth"](mock.Mock(headers={})).headers.values())
        assert sent.isascii()
        assert sent.isprintable()
        if method == "PUT":
            written.append(keywords["json"]["certificates"])
        return next(coming)

    with mock.patch.object(_client, "attempt", attempt), mock.patch.object(_client.time, "sleep"):
        outcome = perform(job, options, check_mode=False, diff=True, environ={})
    assert acting(outcome.result, outcome.warnings) == []
    # It can be printed and read again.
    json.dumps(outcome.result, allow_nan=False, ensure_ascii=False).encode()
    return outcome, written


def validated(job: Job, options: dict[str, t.Any]) -> dict[str, t.Any]:
    """The options as ansible-core hands them on, or none if it refuses them."""
    try:
        found = ArgumentSpecValidator(job.spec).validate(options)
    except (OverflowError, ValueError, UnicodeError):
        return {}  # ansible-core's own, before anything of ours
    return {} if found.error_messages else dict(found.validated_parameters)


def answer(**envelope: t.Any) -> Answer:
    """A success with these keys."""
    return Answer(200, {}, json.dumps({"success": True, **envelope}).encode())


ENVELOPES = fields(
    success=st.booleans(),
    errors=st.lists(fields(code=st.integers(), message=TEXT, error_chain=st.lists(JSON, max_size=2)), max_size=3),
    messages=st.lists(JSON, max_size=2),
    result=st.lists(fields(id=TEXT), max_size=3),
    result_info=fields(total_count=NUMBERS, total_pages=NUMBERS),
)
DATES = st.builds(
    "Mon, {} Jan {} {} {}".format,
    DIGITS,
    DIGITS,
    st.from_regex(r"\d{0,3}:\d{0,3}(:\d{0,3})?", fullmatch=True),
    st.sampled_from(["GMT", "-0000", "EST", ""]) | DIGITS.map(lambda digits: f"+{digits}"),
)
ANSWERS = st.builds(
    Answer,
    st.sampled_from([200, 204, 302, 400, 403, 404, 429, 500, 502, 530]) | st.integers(100, 599),
    st.fixed_dictionaries(
        {},
        optional={
            "Retry-After": HEADERS | DIGITS | DATES,
            **dict.fromkeys(("cf-ray", "Location", "Content-Type"), HEADERS),
        },
    ),
    (ENVELOPES | JSON).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60),
    st.booleans(),
)


@TRIED
@given(given_answer=ANSWERS)
@example(given_answer=Answer(429, {"Retry-After": "\xb2"}, b"{}"))
@example(given_answer=Answer(429, {"Retry-After": "Mon, 01 Jan 999999999999999999999 00:00:00 GMT"}, b"{}"))
@example(given_answer=Answer(429, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}, b"{}"))
@example(given_answer=Answer(200, {}, b'{"success":true,"result":' + b"[" * 3000 + b"]" * 3000 + b"}"))
@example(given_answer=Answer(400, {}, b'{"success":false,"errors":[' + b'{"error_chain":[' * 450 + b"]}" * 450 + b"]}"))
def test_any_answer(given_answer: Answer) -> None:
    outcome, _written = run(INSPECT, validated(INSPECT, SANE), given_answer)
    if outcome.failed:
        assert "GET /zones" in outcome.result["msg"]
    else:
        assert 200 <= given_answer.status < 300
        assert json.loads(given_answer.body)["success"] is True


TIMES = (
    st.datetimes().map(lambda moment: moment.isoformat() + "Z")
    | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?(Z|[+-]\d\d:\d\d)", fullmatch=True)
    | TEXT
)
# Odd values are in, but nothing that a run has to stop for.
RIGHT: dict[str, st.SearchStrategy[t.Any]] = {
    "priority": st.none() | st.integers(-3, 3) | FINITE,
    "hosts": st.none() | st.lists(TEXT | st.text("abw.*-\u3002\u00fcxn", max_size=80), max_size=3),
    **dict.fromkeys(("expires_on", "uploaded_on"), TIMES | json_with(FINITE)),
    "geo_restrictions": st.none() | st.fixed_dictionaries({}, optional={"label": st.none() | TEXT}),
    "keyless_server": st.none() | st.just({}),
    **dict.fromkeys(("issuer", "signature", "type", "status"), st.none() | TEXT | st.text("AB", max_size=4)),
}
CERTIFICATES = st.fixed_dictionaries({"id": TEXT.filter(bool)}, optional=RIGHT)
PATTERNS = st.text(st.sampled_from("abAB?*[]!-^\\$.\n") | st.characters(codec=None), min_size=1, max_size=12)
ENTRIES = st.fixed_dictionaries(
    {"issuer": PATTERNS},
    optional={
        "host": st.text("abw.*x", min_size=1, max_size=9),
        "status": PATTERNS,
        "valid_for_days": st.integers(0, 36500),
    },
)
A_AND_B = [{"id": name, "hosts": ["a.example"], "issuer": name, "priority": 1} for name in ("a", "b")]


@TRIED
@given(
    items=st.lists(CERTIFICATES, max_size=4, unique_by=lambda item: str(returned(item["id"]))),
    wrong=st.just({}) | st.dictionaries(st.sampled_from(list(RIGHT)), NUMBERS | JSON, max_size=1),
    entries=st.just([{"issuer": "*"}]) | st.lists(ENTRIES, min_size=1, max_size=3),
    missing=st.sampled_from(["fail", "ignore"]),
    written=ANSWERS,
)
@example(items=A_AND_B, entries=[{"issuer": "[b-a]"}], missing="fail", written=answer(), wrong={})
@example(items=A_AND_B, entries=[{"issuer": "[[:a:]]"}], missing="fail", written=answer(), wrong={})
@example(items=A_AND_B, entries=[{"issuer": "*a" * 8 + "b"}], missing="ignore", written=answer(), wrong={})
@example(items=A_AND_B, entries=[{"issuer": "*"}], missing="fail", written=answer(), wrong={"priority": math.inf})
@example(
    items=[{"id": "a", "hosts": ["a" * 5000 + "\xfc"]}],
    entries=[{"issuer": "!b"}],
    missing="fail",
    written=answer(),
    wrong={},
)
def test_any_certificate(
    items: list[t.Any], wrong: dict[str, t.Any], entries: list[t.Any], missing: str, written: Answer
) -> None:
    items = [*({**item, **wrong} for item in items[:1]), *items[1:]]
    listed = answer(result=items, result_info={"total_count": len(items)})
    read, _written = run(INSPECT, validated(INSPECT, {**SANE, "filter": entries}), listed)
    assert not read.failed or wrong or "'filter'" in read.result["msg"]
    if not read.failed:
        there = returned([{**item, "priority": item.get("priority") or 0} for item in items])
        assert all(any(item.items() <= told.items() for item in there) for told in read.result["certificates"])
    params = validated(SET_ORDER, {**SANE, "certificates": entries, "missing": missing})
    done, sent = run(SET_ORDER, params, listed, written)
    assert {entry["id"] for body in sent for entry in body} <= {item["id"] for item in items}
    # Nobody else writes here, and what was not sent was not changed.
    assert done.result["changed"] is False or sent


ZONES = fields(id=HEX, name=st.just("example.com"), status=TEXT, account=fields(id=TEXT, name=TEXT))


@settings(TRIED, max_examples=100)
@given(zones=st.lists(ZONES, max_size=2))
@example(zones=[{"id": "../" + "0" * 29, "name": "example.com"}])
def test_any_zone(zones: list[t.Any]) -> None:
    params = validated(SET_ORDER, {**SANE, "zone_id": None, "zone": "example.com", "certificates": [{"id": "a"}]})
    run(SET_ORDER, params, answer(result=zones, result_info={"total_count": len(zones)}), answer(result=[]))


SELECTORS = fields(
    id=TEXT | st.from_regex(r"[0-9a-f]{32}|x{1,40}", fullmatch=True),
    priority=st.integers(),
    **dict.fromkeys(("host", "issuer", "signature", "status", "geo_restrictions"), TEXT),
)
OPTIONS: dict[str, st.SearchStrategy[t.Any]] = {
    **dict.fromkeys(("api_token", "api_email", "api_key", "zone", "account_id"), TEXT),
    **dict.fromkeys(("timeout", "retries", "max_wait", "rate_limit"), NUMBERS),
    "api_url": TEXT | st.from_regex(r"https?://[a-z\[\]:.@?#0-9]{1,20}(:\d{1,7})?(/\.\.)?", fullmatch=True),
    "zone_id": TEXT | HEX,
    "certificates": st.lists(SELECTORS, max_size=3),
    "unlisted": st.sampled_from(["last", "ignore"]),
    "missing": st.sampled_from(["fail"]),
}


@TRIED
@given(options=fields(**OPTIONS), sane=st.booleans())
@example(options={"api_url": "https://api.example.net/client/../v4"}, sane=True)
def test_any_options(options: dict[str, t.Any], sane: bool) -> None:
    given_options = {**SANE, "certificates": [{"host": "example.com"}], **options} if sane else options
    if params := validated(SET_ORDER, given_options):
        run(SET_ORDER, params, answer(result=[], result_info={"total_count": 0}))


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("option", ["zone_id", "zone", "account_id", "api_url", "id", "host", "issuer", "status"])
def test_a_hostile_option(option: str, hostile: str) -> None:
    in_entry = option in {"id", "host", "issuer", "status"}
    zone = {} if in_entry or option == "zone_id" else {"zone_id": None, "zone": "example.com"}
    entry = {option: hostile} if in_entry else {"host": "example.com"}
    given_options = {**SANE, **zone, "certificates": [entry], **({} if in_entry else {option: hostile})}
    listed = answer(result=A_AND_B, result_info={"total_count": len(A_AND_B)})
    outcome, written = run(SET_ORDER, validated(SET_ORDER, given_options), listed)
    assert outcome.failed
    assert written == []
