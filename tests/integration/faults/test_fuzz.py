# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any text and any JSON, to whatever reads what came from elsewhere: an answer or one kind of error, never another."""

# pylint: disable=protected-access  # what reads an answer is private to its module

from __future__ import annotations

import json
import math
import re
import typing as t
import unicodedata
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import (
    _certificate,
    _contested,
    _envelope,
    _near_matches,
    _order_options,
    _report,
    _selectors,
    _warnings,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError, OptionError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import comparable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import ZoneChoice
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._secrets import find_secrets
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._transport import Answer
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone
from emulator import certificate

T = t.TypeVar("T")

# Lone surrogates are in, as JSON can hold them.
TEXT = st.text(st.characters(codec=None), max_size=30)
NUMBERS = st.integers() | st.floats() | st.integers(-(10**400), 10**400)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
HEADERS = st.text(st.characters(max_codepoint=255), max_size=40)
DIGITS = st.text("0123456789", max_size=30)


def tried(number: int) -> t.Callable[[t.Any], t.Any]:
    """Run a test on so many inputs."""

    def decorate(test: t.Any) -> t.Any:
        return settings(
            max_examples=number,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        )(test)

    return decorate


def fields(**known: st.SearchStrategy[t.Any]) -> st.SearchStrategy[dict[str, t.Any]]:
    """Objects with these keys, each of which may be missing, of another type, or right."""
    return st.fixed_dictionaries({}, optional={name: value | JSON for name, value in known.items()})


ERRORS = fields(code=st.integers(), message=TEXT, error_chain=st.lists(JSON, max_size=2))
ENVELOPES = fields(
    success=st.booleans(),
    errors=st.lists(ERRORS, max_size=3),
    messages=st.lists(JSON, max_size=2),
    result=st.lists(fields(id=TEXT), max_size=3),
    result_info=fields(total_count=NUMBERS, total_pages=NUMBERS),
)


def _dumped(value: t.Any) -> bytes:
    return json.dumps(value).encode()


@tried(800)
@given(
    status=st.sampled_from([200, 201, 204, 302, 400, 403, 404, 429, 500, 502, 530]) | st.integers(100, 599),
    headers=st.dictionaries(st.sampled_from(["cf-ray", "Retry-After", "Location", "Content-Type"]), HEADERS),
    body=ENVELOPES.map(_dumped) | JSON.map(_dumped) | st.binary(max_size=60),
)
@example(status=200, headers={"Retry-After": "\xb2"}, body=b"{}")
@example(status=200, headers={}, body=b'{"success":true,"result":' + b"[" * 3000 + b"]" * 3000 + b"}")
def test_envelopes(status: int, headers: dict[str, str], body: bytes) -> None:
    try:
        envelope = _envelope.read_envelope(Answer(status, headers, body), "Could not ask: GET /zones", "/zones")
        assert 200 <= status < 300 and envelope["success"] is True
        info = _envelope.PageInfo(envelope.get("result_info"))
        info.ends(1, 1)
        _envelope.objects_of(envelope, "Could not ask: GET /zones")
    except _envelope.ApiError as error:
        assert error.message.startswith("Could not ask: GET /zones") and safe(error.message)
        assert error.retry_after is None or 0 <= error.retry_after < math.inf
        json.dumps(error.fields)


def safe(text: str) -> bool:
    """Whether nothing in a text acts on a terminal."""
    return all(unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in text)


TIMES = (
    st.datetimes().map(lambda moment: moment.isoformat() + "Z")
    | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?(Z|[+-]\d\d:\d\d)", fullmatch=True)
    | TEXT
)


@tried(800)
@given(
    item=st.fixed_dictionaries(
        {"id": TEXT | JSON},
        optional={
            "priority": NUMBERS | JSON,
            "hosts": st.lists(TEXT, max_size=3) | JSON,
            "expires_on": TIMES | JSON,
            "uploaded_on": TIMES | JSON,
            "geo_restrictions": fields(label=TEXT),
            "keyless_server": JSON,
            **dict.fromkeys(("issuer", "signature", "type", "status"), TEXT | JSON),
        },
    )
    | JSON
)
@example(item={"id": "one", "priority": math.inf})
def test_certificates(item: t.Any) -> None:
    try:
        found = _certificate.read_certificate(item)
    except _certificate.Malformed as error:
        assert safe(str(error))
        return
    assert found.id == item["id"]
    assert all(map(math.isfinite, found.newest_first()[:2])) and isinstance(found.algorithm, (str, type(None)))
    assert isinstance(found.priority, (int, Fraction)) and found.rank in range(4)
    json.dumps(_certificate.plain_number(found.priority), allow_nan=False)


DATES = st.builds(
    lambda day, year, clock, zone: f"Mon, {day} Jan {year} {clock} {zone}",
    DIGITS,
    DIGITS,
    st.from_regex(r"\d{0,3}:\d{0,3}(:\d{0,3})?", fullmatch=True),
    st.sampled_from(["GMT", "-0000", "EST", ""]) | DIGITS.map(lambda text: f"+{text}"),
)


@tried(1000)
@given(
    value=st.none() | HEADERS | DIGITS | DATES | st.datetimes().map(lambda when: f"{when:%a, %d %b %Y %H:%M:%S} GMT")
)
@example(value="\xb2")
@example(value="Mon, 01 Jan 999999999999999999999 00:00:00 GMT")
@example(value="Fri, 31 Dec 9999 23:59:59 -2359")
def test_retry_after(value: str | None) -> None:
    seconds = _envelope._read_retry_after(value)
    assert seconds is None or 0 <= seconds < math.inf


@tried(500)
@given(value=TIMES | JSON)
def test_times(value: t.Any) -> None:
    found = _certificate.read_time(value)
    assert found is None or (isinstance(found, datetime) and found.tzinfo is not None)
    if found is not None:
        assert re.match(r"\d{4}-\d\d-\d\d[Tt ]", value)


@tried(600)
@given(value=TEXT | JSON, limit=st.integers(1, 50))
def test_printable(value: t.Any, limit: int) -> None:
    shown = printable(value, limit)
    assert safe(shown)
    text = str(value)
    if len(text) <= limit and safe(text):
        assert shown == text


@tried(600)
@given(names=st.lists(TEXT | st.text("ab.*-\u3002\u00fcxn", max_size=80), max_size=4))
@example(names=["xn--\u00fc", "\ud800.example", "a" * 5000 + "\u00fc"])
def test_names(names: list[str]) -> None:
    assert len(comparable(names)) <= len(names)


PATTERN = st.text(st.sampled_from("ab?*[]!-^\\$.\n") | st.characters(codec=None), max_size=12)
CERTIFICATE = _certificate.read_certificate({**certificate(), "id": "one"})


@tried(1200)
@given(pattern=PATTERN, value=st.none() | TEXT | st.text("abAB", max_size=4))
@example(pattern="[b-a]", value="b")
@example(pattern="[[:a:]]", value="a")
@example(pattern="*a" * 8 + "b", value="a" * 200)
def test_patterns(pattern: str, value: str | None) -> None:
    fits = _selectors.matcher(pattern)(value)
    if not pattern.startswith("!"):
        assert _selectors.matcher(f"!{pattern}")(value) is not fits
    if value is not None and value.isascii() and pattern.isascii():
        assert _selectors.matcher(pattern)(value.swapcase()) is fits


def test_a_pattern_that_an_old_python_does_not_take_fits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_selectors, "translate", lambda pattern: "[b-a]")  # as before Python 3.9.13
    assert not _selectors.matcher("[b-a]")("b") and _selectors.matcher("![b-a]")("b")


@tried(500)
@given(
    entries=st.lists(
        st.builds(_selectors.Entry, host=st.none() | st.text("abe.*x", max_size=9), issuer=PATTERN, status=PATTERN),
        max_size=3,
    )
)
def test_selectors(entries: list[_selectors.Entry]) -> None:
    found = _selectors.claim(entries, [CERTIFICATE], datetime.now(UTC))
    assert len(found) == len(entries) and sum(len(claim.certificates) for claim in found) <= 1


SPOKEN_OF = st.fixed_dictionaries(
    {"id": TEXT.filter(bool)},
    optional={
        "hosts": st.lists(TEXT | st.text("abw.*", max_size=9), max_size=3),
        "expires_on": TIMES,
        "priority": st.integers(0, 3),
        **dict.fromkeys(("issuer", "signature", "type", "status"), TEXT | st.text("ABC", max_size=6)),
    },
)
SPEAKING = st.builds(
    _selectors.Entry,
    id=st.none() | TEXT.filter(bool),
    host=st.none() | st.text("abw.", min_size=1, max_size=9),
    issuer=st.none() | TEXT.filter(bool) | st.text("ABC*", min_size=1, max_size=6),
    valid_for_days=st.none() | st.integers(0, 36500),
)


@tried(200)
@given(items=st.lists(SPOKEN_OF, max_size=4, unique_by=lambda item: item["id"]), entries=st.lists(SPEAKING, min_size=1))
def test_what_is_said_of_certificates(items: list[dict[str, t.Any]], entries: list[_selectors.Entry]) -> None:
    now = datetime.now(UTC)
    zone = [_certificate.read_certificate(item) for item in items]
    numbers = _certificate.numbers_of(zone)
    after = {key: len(key) % 3 for key in numbers}
    contests = _contested.find_contests(zone, numbers, after)
    texts = [
        _near_matches.missing_text(entries, zone, (), now),
        *_near_matches.near_match_warnings(entries, zone, "filter", now),
        *_warnings.find_warnings(zone[:2], zone, contests, numbers, after, now),
        _report.summarize(zone[:2], zone, contests, numbers, after, False),
        *"".join(_report.make_diff(Zone("0"), zone, contests, numbers, after).values()).splitlines(),
    ]
    assert all(map(safe, texts))


ENTRIES = fields(
    id=TEXT | st.from_regex(r"[0-9a-f]{32}|x{1,40}", fullmatch=True),
    priority=st.integers(),
    **dict.fromkeys(_selectors.FIELDS[1:], TEXT),
)
OPTIONS = fields(
    api_token=TEXT,
    api_email=TEXT,
    api_key=TEXT,
    api_url=TEXT | st.from_regex(r"https?://[a-z\[\]:.@?#0-9]{1,20}(:\d{1,7})?(/\.\.)?", fullmatch=True),
    timeout=NUMBERS,
    retries=NUMBERS,
    max_wait=NUMBERS,
    rate_limit=NUMBERS,
    zone_id=TEXT | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    zone=TEXT,
    account_id=TEXT,
    certificates=st.lists(ENTRIES, max_size=3),
    unlisted=st.sampled_from(["last", "ignore"]),
    missing=st.sampled_from(["fail"]),
)
SANE = {"api_token": "x" * 40, "zone_id": "a" * 32, "certificates": [{"host": "example.com"}]}


@tried(600)
@given(options=OPTIONS, sane=st.booleans(), environ=st.dictionaries(st.sampled_from(["CLOUDFLARE_API_TOKEN"]), TEXT))
def test_options(options: dict[str, t.Any], sane: bool, environ: dict[str, str]) -> None:
    given_options = {**SANE, **options} if sane else options
    try:
        validated = ArgumentSpecValidator(_order_options.SPEC).validate(given_options)
    except (OverflowError, ValueError, UnicodeError):
        return  # ansible-core's own, before anything of ours
    if validated.error_messages:
        return
    params = validated.validated_parameters
    assert all(find_secrets(_order_options.SPEC, params, environ))
    try:
        chosen = _order_options.read_options(params, environ)
    except OptionError as error:
        assert safe(error.message)
        return
    assert re.fullmatch(r"https?://[0-9A-Za-z.:\[\]/_~-]+", chosen.connection.url) and ".." not in chosen.connection.url
    assert isinstance(chosen.zone, ZoneChoice)
    assert re.fullmatch(r"[0-9a-f]{32}", chosen.zone.id or "0" * 32)
    headers = "".join(chosen.connection.credentials.headers().values())
    assert headers.isascii() and headers.isprintable()


def test_errors_are_of_one_family() -> None:
    assert issubclass(OptionError, CloudflareError) and issubclass(_envelope.ApiError, CloudflareError)
