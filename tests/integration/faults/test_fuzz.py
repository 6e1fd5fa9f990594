# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random strings and JSON as options and responses: a run returns a result or a normal failure, never another exception."""

from __future__ import annotations

import itertools
import json
import math
import re
import typing as t
from unittest import mock

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

# Lone surrogates are in, as JSON can hold them.
TEXT = st.text(st.characters(codec=None), max_size=30)
NUMBERS = st.integers() | st.floats() | st.integers(-(10**400), 10**400)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
HEADERS = st.text(st.characters(max_codepoint=255), max_size=40)
DIGITS = st.text("0123456789", max_size=30)
ZONE_ID = "a" * 32
SANE = {"api_token": "x" * 40, "zone_id": ZONE_ID, "retries": 0, "max_wait": 0}

Fields = st.SearchStrategy[dict[str, t.Any]]


def tried(number: int) -> t.Callable[[t.Any], t.Any]:
    """Run a test on so many inputs."""
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    return settings(max_examples=number, deadline=None, database=None, suppress_health_check=slow)


def fields(**known: st.SearchStrategy[t.Any]) -> Fields:
    """Objects with these keys, each of which may be missing, of another type, or right."""
    return st.fixed_dictionaries({}, optional={name: value | JSON for name, value in known.items()})


def run(job: Job, options: dict[str, t.Any], *answers: Answer) -> tuple[Outcome, list[tuple[str, str, t.Any]]]:
    """Do a job with these answers, the last one again and again; return what came of it, and what was asked."""
    coming = itertools.chain(answers, itertools.repeat(answers[-1]))
    asked = []

    def attempt(_session: object, method: str, url: str, **keywords: t.Any) -> Answer:
        asked.append((method, url, keywords["auth"](mock.Mock(headers={})).headers))
        return next(coming)

    with mock.patch.object(_client, "attempt", attempt), mock.patch.object(_client.time, "sleep"):
        outcome = perform(job, options, check_mode=False, diff=True, environ={})
    assert acting(outcome.result, outcome.warnings) == []
    # It can be printed and read again.
    json.dumps(outcome.result, allow_nan=False, ensure_ascii=False).encode()
    return outcome, asked


def validated(job: Job, options: dict[str, t.Any]) -> dict[str, t.Any] | None:
    """The options as ansible-core hands them on, unless it refuses them."""
    try:
        found = ArgumentSpecValidator(job.spec).validate(options)
    except (OverflowError, ValueError, UnicodeError):
        return None  # ansible-core's own, before anything of ours
    return None if found.error_messages else t.cast("dict[str, t.Any]", found.validated_parameters)


def answer(**envelope: t.Any) -> Answer:
    """A success with these keys."""
    return Answer(200, {}, json.dumps({"success": True, **envelope}).encode())


ERRORS = fields(code=st.integers(), message=TEXT, error_chain=st.lists(JSON, max_size=2))
ENVELOPES = fields(
    success=st.booleans(),
    errors=st.lists(ERRORS, max_size=3),
    messages=st.lists(JSON, max_size=2),
    result=st.lists(fields(id=TEXT), max_size=3),
    result_info=fields(total_count=NUMBERS, total_pages=NUMBERS),
)
DATES = st.builds(
    lambda day, year, clock, zone: f"Mon, {day} Jan {year} {clock} {zone}",
    DIGITS,
    DIGITS,
    st.from_regex(r"\d{0,3}:\d{0,3}(:\d{0,3})?", fullmatch=True),
    st.sampled_from(["GMT", "-0000", "EST", ""]) | DIGITS.map(lambda text: f"+{text}"),
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


@tried(300)
@given(given_answer=ANSWERS)
@example(given_answer=Answer(429, {"Retry-After": "\xb2"}, b"{}"))
@example(given_answer=Answer(429, {"Retry-After": "Mon, 01 Jan 999999999999999999999 00:00:00 GMT"}, b"{}"))
@example(given_answer=Answer(429, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}, b"{}"))
@example(given_answer=Answer(200, {}, b'{"success":true,"result":' + b"[" * 3000 + b"]" * 3000 + b"}"))
def test_any_answer(given_answer: Answer) -> None:
    outcome, _asked = run(INSPECT, validated(INSPECT, SANE) or {}, given_answer)
    if outcome.failed:
        assert "GET /zones" in outcome.result["msg"]
    else:
        assert 200 <= given_answer.status < 300 and json.loads(given_answer.body)["success"] is True


TIMES = (
    st.datetimes().map(lambda moment: moment.isoformat() + "Z")
    | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?(Z|[+-]\d\d:\d\d)", fullmatch=True)
    | TEXT
)
RIGHT: dict[str, st.SearchStrategy[t.Any]] = {
    "priority": st.integers(0, 3),
    "hosts": st.lists(TEXT | st.text("abw.*-\u3002\u00fcxn", max_size=80), max_size=3),
    "expires_on": TIMES,
    "uploaded_on": TIMES,
    "geo_restrictions": st.none() | st.fixed_dictionaries({"label": TEXT}),
    **dict.fromkeys(("issuer", "signature", "type", "status"), TEXT | st.text("AB", max_size=4)),
}
CERTIFICATES = st.fixed_dictionaries({"id": TEXT.filter(bool)}, optional=RIGHT)
ODD_CERTIFICATES = st.builds(
    lambda item, name, value: {**item, name: value}, CERTIFICATES, st.sampled_from(list(RIGHT)), NUMBERS | JSON
)
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


@tried(300)
@given(
    items=st.lists(CERTIFICATES, max_size=4) | st.lists(ODD_CERTIFICATES, max_size=2),
    entries=st.lists(ENTRIES, min_size=1, max_size=3),
    missing=st.sampled_from(["fail", "ignore"]),
    written=ANSWERS,
)
@example(items=A_AND_B, entries=[{"issuer": "[b-a]"}], missing="fail", written=answer())
@example(items=A_AND_B, entries=[{"issuer": "[[:a:]]"}], missing="fail", written=answer())
@example(items=A_AND_B, entries=[{"issuer": "*a" * 8 + "b"}], missing="ignore", written=answer())
@example(items=[{"id": "a", "priority": math.inf}], entries=[{"issuer": "*"}], missing="fail", written=answer())
@example(
    items=[{"id": "a", "hosts": ["a" * 5000 + "\xfc"]}], entries=[{"issuer": "!b"}], missing="fail", written=answer()
)
def test_any_certificate(items: list[t.Any], entries: list[t.Any], missing: str, written: Answer) -> None:
    options = validated(SET_ORDER, {**SANE, "certificates": entries, "missing": missing})
    assert options
    listed = answer(result=items, result_info={"total_count": len(items)})
    read, _asked = run(INSPECT, validated(INSPECT, {**SANE, "filter": entries}) or {}, listed)
    assert read.failed or {item["id"] for item in read.result["certificates"]} <= {
        item["id"].encode("utf-16", "surrogatepass").decode("utf-16", "replace") for item in items
    }
    done, asked = run(SET_ORDER, options, listed, written)
    # Nobody else writes here, and what was not sent was not changed.
    assert done.result["changed"] is False or "PUT" in [method for method, _url, _headers in asked]


SELECTORS = fields(
    id=TEXT | st.from_regex(r"[0-9a-f]{32}|x{1,40}", fullmatch=True),
    priority=st.integers(),
    **dict.fromkeys(("host", "issuer", "signature", "status", "geo_restrictions"), TEXT),
)
OPTIONS = fields(
    **dict.fromkeys(("api_token", "api_email", "api_key", "zone", "account_id"), TEXT),
    **dict.fromkeys(("timeout", "retries", "max_wait", "rate_limit"), NUMBERS),
    api_url=TEXT | st.from_regex(r"https?://[a-z\[\]:.@?#0-9]{1,20}(:\d{1,7})?(/\.\.)?", fullmatch=True),
    zone_id=TEXT | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    certificates=st.lists(SELECTORS, max_size=3),
    unlisted=st.sampled_from(["last", "ignore"]),
    missing=st.sampled_from(["fail"]),
)


@tried(300)
@given(options=OPTIONS, sane=st.booleans())
@example(options={"api_url": "https://api.example.net/client/../v4"}, sane=True)
def test_any_options(options: dict[str, t.Any], sane: bool) -> None:
    given_options = {**SANE, "certificates": [{"host": "example.com"}], **options} if sane else options
    params = validated(SET_ORDER, given_options)
    if params is None:
        return
    _outcome, asked = run(SET_ORDER, params, answer(result=[], result_info={"total_count": 0}))
    for _method, url, headers in asked:
        assert re.fullmatch(r"https?://[0-9A-Za-z.:\[\]/_~-]+/zones(/[0-9a-f]{32}/[a-z_/]+)?", url) and ".." not in url
        sent = "".join(headers.values())
        assert sent.isascii() and sent.isprintable()
