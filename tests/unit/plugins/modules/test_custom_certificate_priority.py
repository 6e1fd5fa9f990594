# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module's main() with a server that expects every request, and checks requests and result."""

from __future__ import annotations

import functools
import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._version import VERSION
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_info as info_module
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_priority as module
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import (
    LIST,
    TOKEN,
    ZONE,
    Item,
    Request,
    Run,
    Script,
    Scripted,
    certificate,
    look_up,
    put,
    refused,
    script,
    throttled,
)

DIGICERT = certificate("digicert", 5, hosts=["www.example.com", "shop.example.com"])
GLOBALSIGN = certificate("globalsign", 10, hosts=["www.example.com", "example.com"], issuer="GlobalSignnvsa")
BY_ISSUER = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]
THE_OTHER_WAY = [{"id": "globalsign"}, {"id": "digicert"}]


def at(first: t.Any, second: t.Any, who: Item | None = None) -> list[Item]:
    """Return DIGICERT, or what it became, and GLOBALSIGN with these priorities."""
    return [{**(who or DIGICERT), "priority": first}, {**GLOBALSIGN, "priority": second}]


BEFORE = [DIGICERT, GLOBALSIGN]
AFTER = at(11, 10)
RENEWED = {**DIGICERT, "id": "renewed"}
UNKNOWN = refused(1002, "Invalid certificate")
BAD_GATEWAY: Item = {"status": 502, "raw": "gateway"}


def write(result: t.Any = None, *, number: int = 11, who: str = "digicert", below: int = 10, **answer: t.Any) -> Item:
    """The PUT that puts DIGICERT, or what it became, first, and its answer."""
    return put([(who, number), ("globalsign", below)], result, **answer)


@pytest.fixture
def order(run: Run) -> Run:
    """Run the module, with BY_ISSUER if no other certificates are given."""
    return functools.partial(run, module, certificates=BY_ISSUER)


def test_a_zone_in_order_costs_one_request(order: Run) -> None:
    result = order(BEFORE, certificates=THE_OTHER_WAY)
    assert result["changed"] is False
    assert [found["id"] for found in result["certificates"]] == ["globalsign", "digicert"]
    assert result["reprioritized"] == []
    assert result["waited"] == 0
    assert result["ansible_facts"] == {"cloudflare_certificate_order": result["certificates"]}
    assert result["zone_id"] == ZONE
    assert "diff" not in result
    assert "messages" not in result


@pytest.mark.parametrize("check", [False, True])
def test_the_list_is_returned_only_as_a_fact_on_request(order: Run, check: bool) -> None:
    result = order(BEFORE, *[write(AFTER)] * (not check), check=check, return_certificates=False)
    in_order = ["globalsign", "digicert"] if check else ["digicert", "globalsign"]
    assert [found["id"] for found in result["ansible_facts"]["cloudflare_certificate_order"]] == in_order
    assert result["changed"]
    assert "certificates" not in result


def test_check_mode_predicts_without_a_put(order: Run) -> None:
    predicted = order(BEFORE, check=True, diff=True)
    done = order(BEFORE, write(AFTER), diff=True)
    for key in ("changed", "certificates", "reprioritized", "contested", "restore", "unmatched", "diff"):
        assert predicted[key] == done[key], key
    assert predicted["ansible_facts"]["cloudflare_certificate_order"] == [GLOBALSIGN, DIGICERT]
    assert done["ansible_facts"]["cloudflare_certificate_order"] == done["certificates"] == AFTER
    what = "www.example.com {} DigiCertInc's certificate (expires 2036-03-01)."
    assert predicted["msg"] == "1 of 2 priorities would change; " + what.format("would get")
    assert done["msg"] == "1 of 2 priorities changed; " + what.format("now gets")
    (moved,), (contested,) = done["reprioritized"], done["contested"]
    assert (moved["issuer"], moved["expires_on"]) == ("DigiCertInc", DIGICERT["expires_on"])
    assert (contested["name"], contested["before"], contested["after"]) == ("www.example.com", "globalsign", "digicert")


def test_the_diff_tells_who_gets_a_name_and_then_the_order(order: Run) -> None:
    diff = order(BEFORE, check=True, diff=True)["diff"]
    assert diff["before"] == (
        "www.example.com gets GlobalSignnvsa (expires 2036-03-01, globalsign)\n"
        "10  GlobalSignnvsa  SHA256WithRSA  expires 2036-03-01  www.example.com, example.com       globalsign\n"
        " 5  DigiCertInc     SHA256WithRSA  expires 2036-03-01  www.example.com, shop.example.com  digicert\n"
    )
    assert diff["after"] == (
        "www.example.com gets DigiCertInc (expires 2036-03-01, digicert)\n"
        "11  DigiCertInc     SHA256WithRSA  expires 2036-03-01  www.example.com, shop.example.com  digicert\n"
        "10  GlobalSignnvsa  SHA256WithRSA  expires 2036-03-01  www.example.com, example.com       globalsign\n"
    )


def test_the_diff_says_may_get_where_nothing_is_documented_and_names_the_zone(order: Run) -> None:
    modern = [
        {**DIGICERT, "type": "sni_custom", "priority": 0},
        {**GLOBALSIGN, "type": "sni_custom", "priority": 0, "uploaded_on": "2026-04-01T10:00:00Z"},
    ]
    found = look_up({"id": ZONE, "name": "example.com"})
    diff = order(found, modern, zone="example.com", zone_id=None, check=True, diff=True)["diff"]
    assert diff["before_header"] == diff["after_header"] == f"custom certificates of zone example.com ({ZONE})"
    assert diff["before"].splitlines()[0] == "www.example.com may get GlobalSignnvsa (expires 2036-03-01, globalsign)"
    assert diff["after"].splitlines()[0] == "www.example.com may get DigiCertInc (expires 2036-03-01, digicert)"


def test_the_diff_names_the_first_names_alone(order: Run) -> None:
    hosts = [f"{number:02}.example.com" for number in range(25)]
    zone = [certificate("one", 2, hosts=hosts), certificate("two", 1, hosts=hosts)]
    lines = order(zone, certificates=[{"id": "two"}, {"id": "one"}], check=True, diff=True)["diff"][
        "after"
    ].splitlines()
    assert [line.split()[0] for line in lines[:20]] == hosts[:20]
    assert lines[20] == "and 5 more hostnames"


def test_equal_numbers_are_listed_by_id(order: Run) -> None:
    zone = [certificate(name, 3, hosts=[f"{name}.example.com"]) for name in ("c", "a", "b")]
    assert [found["id"] for found in order(zone, certificates=[{"id": "a"}])["certificates"]] == ["a", "b", "c"]


def test_what_a_filter_leaves_out_is_contested_all_the_same(run: Run) -> None:
    result = run(info_module, BEFORE, filter=[{"issuer": "DigiCert*", "valid_for_days": 0}])
    assert [item["id"] for item in result["certificates"]] == ["digicert"]
    assert len(result["contested"]) == 1


@pytest.mark.parametrize("number", [None, 0.1, 2**60 + 1, 1e300, -3])
def test_whatever_number_restore_holds_is_accepted_back(order: Run, number: float | None) -> None:
    odd = {**DIGICERT, "priority": number}
    restore = order([odd, GLOBALSIGN], certificates=BY_ISSUER if (number or 0) > 10 else THE_OTHER_WAY)["restore"]
    sent = put([(item["id"], item["priority"]) for item in restore], [odd, GLOBALSIGN])
    result = order(at(5, 10), sent, certificates=restore)
    assert result["changed"] is True
    assert {item["id"]: item["priority"] for item in restore} == {"digicert": number or 0, "globalsign": 10}


OTHER = certificate("other", 20, hosts=["shop.example.com"], issuer="LetsEncrypt")
UNSET = {**OTHER, "priority": None}
APART = certificate("apart", 30, hosts=["apart.example.com"], issuer="LetsEncrypt")
HIGHER = at(21, 10)
DELETED = at(11, 10, {**DIGICERT, "status": "deleted"})
APPEARED = [*AFTER, certificate("new", 0, hosts=["else.example.com"])]
RESTORE = [{"id": "globalsign", "priority": 10}, {"id": "digicert", "priority": 5}]
RESTORE_RENEWED = [RESTORE[0], {"id": "renewed", "priority": 5}]
NOW = {"digicert": (5, 11), "globalsign": (10, 10)}
NOW_RENEWED = {"renewed": (5, 11), "globalsign": (10, 10)}


class Case(t.NamedTuple):
    """What is requested, and what comes of it: the numbers before and after, or what undoes a failure that may have written."""

    requests: tuple[Request, ...]
    ends: t.Any
    options: Item


def done(*requests: Request, numbers: dict[str, tuple[t.Any, t.Any]] | None = None, **options: t.Any) -> Case:
    return Case(requests, NOW if numbers is None else numbers, options)


def failed(*requests: Request, restore: list[Item] | bool = True, **options: t.Any) -> Case:
    return Case(requests, RESTORE if restore is True else restore or None, options)


HIGHER_NOW = {**NOW, "digicert": (5, 21)}
NUMBERS = [{"id": "GLOBALSIGN", "priority": -2}, {"id": "digicert", "priority": 7}]
RAISE = [{"id": "globalsign", "priority": 20}, {"id": "digicert", "priority": 0}]
NO_NUMBER = {key: value for key, value in DIGICERT.items() if key != "priority"}
BANNED = write(HIGHER, number=21, below=20, **throttled(11))

DONE = {
    "proved by the answer": done(BEFORE, write(AFTER)),
    "proved by the answer, with a competing one without a number": done([*BEFORE, UNSET], write([*AFTER, UNSET])),
    "proved by the answer, without one that does not compete": done([*BEFORE, APART], write(AFTER)),
    "proved by the answer, without one to ignore": done([*BEFORE, OTHER], write(AFTER), unlisted="ignore"),
    "proved by the answer, with a competing one that it shows as deleted": done(
        [*BEFORE, OTHER], write([*HIGHER, {**OTHER, "status": "deleted"}], number=21), numbers=HIGHER_NOW
    ),
    "proved by the list, on request": done(BEFORE, write(AFTER), AFTER, verify="read"),
    "proved by the list, after null": done(BEFORE, write(None), AFTER),
    "proved by the list, after nothing": done(BEFORE, write([]), AFTER),
    "proved by the list, after no number": done(BEFORE, write([{**DIGICERT, "priority": None}]), AFTER),
    "proved by the list, after an answer without a competing one": done(
        [*BEFORE, OTHER], write(HIGHER, number=21), [*HIGHER, OTHER], numbers=HIGHER_NOW
    ),
    "proved by a list that is late": done(BEFORE, write(BEFORE), BEFORE, AFTER),
    "other numbers in the same order": done(
        BEFORE, write(at(2, 1)), numbers={"digicert": (5, 2), "globalsign": (10, 1)}
    ),
    # Explicit numbers
    "numbers as they are, and others left alone": done(
        [*BEFORE, OTHER],
        put([("digicert", 7), ("globalsign", -2)], at(7.0, -2)),
        numbers={"digicert": (5, 7), "globalsign": (10, -2)},
        certificates=NUMBERS,
    ),
    "a missing number is not taken for 0": done(
        at(0, 10),
        put([("globalsign", 20), ("digicert", 0)], [NO_NUMBER, at(0, 20)[1]]),
        at(0, 20),
        numbers={"digicert": (0, 0), "globalsign": (10, 20)},
        certificates=RAISE,
    ),
    # Fresh knowledge
    "a short throttle": done(BEFORE, write(**throttled(8)), write(AFTER)),
    "a ban, after which the zone is read again, once": done(
        BEFORE,
        write(**throttled(11)),
        at(5, 20),
        BANNED,
        write(at(21, 20), number=21, below=20),
        numbers={"digicert": (5, 21), "globalsign": (20, 20)},
    ),
    "a ban, during which another writer did it": done(
        BEFORE, write(**throttled(11)), at(50, 10), numbers={"digicert": (50, 50), "globalsign": (10, 10)}
    ),
    # A certificate that is renewed between the reading and the writing has another id
    "a renewal in between": done(
        BEFORE, write(**UNKNOWN), [RENEWED, GLOBALSIGN], write(at(11, 10, RENEWED), who="renewed"), numbers=NOW_RENEWED
    ),
    "a renewal in between, after a write whose answer was lost": done(
        BEFORE, write(**BAD_GATEWAY), write(**UNKNOWN), at(11, 10, RENEWED), numbers=NOW_RENEWED, retries=1
    ),
}


@pytest.mark.parametrize("case", DONE.values(), ids=DONE)
def test_what_is_done(order: Run, waits: list[float], case: Case) -> None:
    result = order(*case.requests, **case.options)
    moved = {identifier: pair for identifier, pair in case.ends.items() if pair[0] != pair[1]}
    assert result["changed"] is bool(moved)
    assert {item["id"]: (item["before"], item["after"]) for item in result["reprioritized"]} == moved
    before = sorted(case.ends, key=lambda identifier: -case.ends[identifier][0])
    assert result["restore"] == [{"id": identifier, "priority": case.ends[identifier][0]} for identifier in before]
    now = {item["id"]: item["priority"] for item in result["certificates"] if item["id"] in case.ends}
    assert now == {identifier: pair[1] for identifier, pair in case.ends.items()}
    assert sum(waits) < 25


REFUSED = refused(10000, "No", 403)
TWO_IDS = [{"id": "digicert"}, {"id": "globalsign"}, {"id": "other"}]
NEAR = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign"}]
DID_YOU_MEAN = "Did you mean `issuer: GlobalSign*`? It matches 1 certificate, of GlobalSignnvsa."
NOT_FOUND = write(**{**UNKNOWN, "status": 404})

# By what the message says.
FAILED = {
    "certificate digicert (priority 5) is not above certificate globalsign (priority 10)": failed(
        BEFORE, write(BEFORE), *[BEFORE] * 4
    ),
    "certificate digicert is gone": failed(BEFORE, write(DELETED), *[DELETED] * 4),
    "certificate new was added, which 'certificates' does not list, and 'unlisted' is 'fail'": failed(
        BEFORE, write(APPEARED), *[APPEARED] * 4, unlisted="fail"
    ),
    "certificate new was added": failed(BEFORE, write(APPEARED), *[APPEARED] * 4, unlisted="fail", verify="read"),
    "not verified": failed(BEFORE, write([]), REFUSED),
    # Neither is one that is deleted taken to keep its number.
    "certificate digicert is gone ": failed(
        at(0, 10),
        put([("globalsign", 20), ("digicert", 0)], at(0, 20, DELETED[0])),
        *[at(0, 20, DELETED[0])] * 4,
        restore=[RESTORE[0], {"id": "digicert", "priority": 0}],
        certificates=RAISE,
    ),
    "may have been made": failed(BEFORE, write(**BAD_GATEWAY), write(**REFUSED), retries=1),
    "Authentication error": failed(BEFORE, write(**refused(10000, "Authentication error", 401)), restore=False),
    # Followed once, and only without an id
    "Invalid certificate": failed(BEFORE, NOT_FOUND, BEFORE, NOT_FOUND),
    "select by 'host' or 'issuer' to follow renewals": failed(
        BEFORE, write(**UNKNOWN), certificates=[{"id": "digicert"}, {"issuer": "GlobalSign*"}]
    ),
    # What does not fit the zone
    "2 entries of 'certificates' match no certificate of the zone: `id: digicert`, `id: other`. The zone's certificates "
    "have id globalsign. Correct the entries, or set 'missing' to 'ignore'.": failed(
        [GLOBALSIGN], certificates=TWO_IDS, restore=False
    ),
    f"{DID_YOU_MEAN} ": failed(BEFORE, certificates=NEAR, restore=False),
    "Entries with id: GlobalSign and id: globalsign": failed(
        [GLOBALSIGN],
        certificates=[{"id": "GlobalSign", "priority": 1}, {"id": "globalsign", "priority": 5}],
        restore=False,
    ),
    "Certificate digicert has status 'deleted'": failed(DELETED, certificates=TWO_IDS, restore=False),
    "apart (issuer LetsEncrypt, hosts apart.example.com)": failed([*BEFORE, APART], unlisted="fail", restore=False),
    "have issuer DigiCertInc; status expired.": failed(
        [{**DIGICERT, "status": "expired"}], certificates=[{"issuer": "Digi Cert", "status": "active"}], restore=False
    ),
    "matches 2 certificates": failed(BEFORE, certificates=[{"host": "www.example.com", "priority": 3}], restore=False),
    "HTTP 500": failed(
        BEFORE, write(**UNKNOWN), at(0, 10, RENEWED), write(who="renewed", status=500, raw=""), restore=RESTORE_RENEWED
    ),
}


@pytest.mark.parametrize(("message", "case"), FAILED.items(), ids=FAILED)
def test_what_fails(order: Run, message: str, case: Case) -> None:
    result = order(*case.requests, **case.options)
    assert result["failed"]
    assert result["zone_id"] == ZONE
    assert message.strip() in result["msg"]
    assert "Did you mean" not in message or "to 'ignore'" not in result["msg"]
    assert (result["changed"], result.get("restore")) == (case.ends is not None, case.ends)


def test_a_write_that_was_not_done_returns_what_is_there(order: Run) -> None:
    # return_certificates is about success.
    result = order(BEFORE, write(BEFORE), *[BEFORE] * 4, return_certificates=False)
    assert [found["id"] for found in result["certificates"]] == ["globalsign", "digicert"]


NO_EFFECT = (
    "The entry of 'certificates' with issuer: digi* and priority 7 has no effect: the entry with {} sets priority 5 for "
    "the certificates that it matches. Remove one of them"
).format
BY_HOST, TOO_LATE = {"host": "shop.example.com", "priority": 5}, {"issuer": "digi*", "priority": 7}
WARNED: dict[str, Scripted] = {
    "apart from 30 to 0": script([*BEFORE, APART], write([*AFTER, {**APART, "priority": 0}])),
    DID_YOU_MEAN: script(BEFORE, certificates=NEAR, missing="ignore", check=True),
    NO_EFFECT("host: shop.example.com"): script([DIGICERT], certificates=[BY_HOST, TOO_LATE]),
    NO_EFFECT("id: digicert"): script([DIGICERT], certificates=[TOO_LATE, {"id": "digicert", "priority": 5}]),
}


@pytest.mark.parametrize("warning", WARNED)
def test_what_is_warned_of(order: Run, warning: str) -> None:
    requests, options = WARNED[warning]
    result = order(*requests, **options)
    assert not result.get("failed")
    assert warning in str(result["warnings"])


@pytest.mark.parametrize(
    "certificates",
    [
        [BY_HOST, {**TOO_LATE, "priority": "5"}],
        # In order mode, it stands for what is left.
        [{"host": "shop.example.com"}, {"issuer": "digi*"}],
    ],
)
def test_an_entry_of_no_effect_that_is_not_warned_of(order: Run, certificates: list[Item]) -> None:
    result = order([DIGICERT], certificates=certificates)
    assert result["changed"] is False
    assert "warnings" not in result


def test_what_is_left_out(order: Run) -> None:
    result = order([GLOBALSIGN], certificates=TWO_IDS, missing="ignore")
    assert result["unmatched"] == [{"id": "digicert"}, {"id": "other"}]
    assert result["changed"] is False
    # Deleted ones do not exist.
    result = order(DELETED, certificates=[{"issuer": "*"}], unlisted="fail")
    assert result["certificates"] == [GLOBALSIGN]
    assert result["contested"] == []


def test_a_filter_that_selects_none(run: Run) -> None:
    assert DID_YOU_MEAN in str(run(info_module, BEFORE, filter=NEAR[1:])["warnings"])
    # An empty answer is what a look for the expired hopes for.
    assert "warnings" not in run(info_module, BEFORE, filter=[{"status": "expired"}])


def test_a_zone_without_certificates_is_in_order_but_not_for_an_id(order: Run) -> None:
    """Most zones of an account have no custom certificate."""
    result = order([certificate("gone", status="deleted")])
    assert not result.get("failed")
    assert result["changed"] is False
    assert len(result["unmatched"]) == 2
    assert result["certificates"] == []
    assert order([], certificates=[*BY_ISSUER, {"id": "digicert"}])["failed"] is True


class TestPages:
    """A list of several pages is read whole, or not at all."""

    CERTIFICATES = [certificate(f"c{index:03}", 200 - index) for index in range(120)]
    ORDER: t.ClassVar[Item] = {"certificates": [{"id": "c000"}, {"id": "c119"}], "unlisted": "ignore"}

    def _page(self, first: int, last: int, number: int = 0, **info: t.Any) -> Item:
        query = {"query": {"page": str(number), "per_page": "50"}} if number else {}
        return {"result": self.CERTIFICATES[first:last], "info": info or None, **query}

    @pytest.mark.parametrize(
        ("size", "more", "info"),
        [
            (20, 0, {"total_pages": 6, "total_count": 120}),
            (20, 0, {"total_count": 120}),
            (50, 0, {"total_pages": 3}),
            # Where nothing is told, or what is no number, an empty page is the end.
            (50, 1, {}),
            (50, 1, {"total_count": True}),
        ],
    )
    def test_no_request_more_than_it_takes(self, order: Run, size: int, more: int, info: Item) -> None:
        pages = range(1, -(-120 // size) + more + 1)
        result = order(*(self._page((page - 1) * size, page * size, page, **info) for page in pages), **self.ORDER)
        assert len(result["certificates"]) == 120

    def test_a_list_that_moves_under_the_reading_is_read_again(self, order: Run) -> None:
        info = {"page": 1, "total_pages": 2, "total_count": 60}
        pages = [self._page(first, last, **info) for first, last in ((0, 50), (49, 59), (0, 50), (50, 60))]
        result = order(*pages, certificates=[{"id": "c000"}, {"id": "c059"}], unlisted="ignore")
        assert len(result["certificates"]) == 60

    def test_a_list_that_never_fits_is_an_error_after_three_readings(self, order: Run) -> None:
        pages = [self._page(0, 50, total_pages=1, total_count=70), self._page(0, 0, total_pages=1, total_count=70)] * 3
        says = "the total is 70, but the pages have 50 objects. Another client may be changing the list: run again."
        assert says in order(*pages, **self.ORDER)["msg"]

    def test_a_list_without_an_end_is_an_error(self, order: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_client, "_MOST_PAGES", 2)
        pages = [self._page(0, 50), self._page(50, 100)] * 3
        assert "the list has more than 2 pages" in order(*pages, **self.ORDER)["msg"]


def html(status: int) -> Item:
    return {"status": status, "raw": "<html>"}


# Responses to the GET, the least seconds of each wait after them, and the options.
WAITS: dict[str, tuple[list[Item], list[float], Item]] = {
    "a Retry-After, and none two times": (
        [throttled(300), *[refused(971, status=429)] * 2],
        [300, 60, 60],
        {"max_wait": 660},
    ),
    "a Retry-After of 0": ([throttled(0)], [1], {}),
    "no Retry-After": ([html(429)], [30], {}),
    **{f"HTTP {status}": ([html(status)], [0.5], {"retries": 1}) for status in (500, 502, 503, 504, 520, 524)},
    "HTTP 502 two times": ([html(502)] * 2, [0.5, 1], {"retries": 2}),
}


@pytest.mark.parametrize("case", WAITS.values(), ids=WAITS)
def test_what_is_waited_for(order: Run, waits: list[float], case: tuple[list[Item], list[float], Item]) -> None:
    """A throttle does not use up a retry."""
    responses, least, options = case
    result = order(*responses, [GLOBALSIGN], certificates=[{"id": "globalsign"}], **options)
    assert len(waits) == len(least)
    assert not result.get("failed")
    assert all(low <= wait <= low * 1.1 for low, wait in zip(least, waits, strict=True)), waits
    assert result["waited"] == pytest.approx(sum(waits), abs=0.1)


# Responses to the GET, the options, and what the message says.
ENDS: dict[str, tuple[list[Item], Item, str]] = {
    **{f"HTTP {status}": ([html(status)], {"retries": 5}, f"HTTP {status}") for status in (400, 404, 409, 501, 525)},
    **{
        f"a Retry-After of {wanted}": ([throttled(wanted)], {"max_wait": 60}, "'max_wait' is 60 s")
        for wanted in ("90", "99999999999", "Fri, 31 Dec 2100 23:59:59 GMT")
    },
    "too many retries": (
        [html(502)] * 3,
        {"retries": 2},
        "HTTP 502 (cf-ray 0123456789abcdef-TST) with 6 bytes of text/html",
    ),
    "success with a status of failure": ([{"result": [], "status": 500, "info": {"total_count": 0}}], {}, "HTTP 500"),
    "null": ([{"result": None, "info": {"total_count": 0}}], {}, "The zone has no custom certificates."),
}


@pytest.mark.parametrize("case", ENDS.values(), ids=ENDS)
def test_what_ends_a_task(order: Run, waits: list[float], case: tuple[list[Item], Item, str]) -> None:
    responses, options, says = case
    result = order(*responses, certificates=[{"id": "globalsign"}], **options)
    assert result["failed"]
    assert says in result["msg"]
    assert result["changed"] is False
    assert len(waits) == len(responses) - 1


PAIR = {"X-Auth-Email": "ops@example.com", "X-Auth-Key": "0123abcd"}
ENVIRONMENT = {"CLOUDFLARE_API_TOKEN": "environment\n", "CLOUDFLARE_EMAIL": "x@example.com", "CLOUDFLARE_API_KEY": "0"}


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ({"api_token": f" {TOKEN}\n"}, {"Authorization": f"Bearer {TOKEN}"}),
        # Options win over the environment.
        ({"api_token": "", "account_email": "ops@example.com", "account_api_key": "0123abcd"}, PAIR),
        # In the environment, the token wins.
        ({"api_token": " \n"}, {"Authorization": "Bearer environment"}),
    ],
)
def test_who_asks(
    api: Script, order: Run, monkeypatch: pytest.MonkeyPatch, options: Item, headers: dict[str, str]
) -> None:
    for name, value in {**ENVIRONMENT, "CLOUDFLARE_BASE_URL": api.url}.items():
        monkeypatch.setenv(name, value)
    headers = {"User-Agent": f"zonefleet.cloudflare/{VERSION}", "Accept-Encoding": "gzip", **headers}
    asked: Item = {"result": [GLOBALSIGN], "headers": headers, "info": {"total_count": 1}}
    assert not order(asked, certificates=[{"id": "globalsign"}], api_url=None, **options).get("failed")


INVALID_HEADERS = {
    "code": 6003,
    "message": "Invalid request headers",
    "error_chain": [{"code": 6111, "message": "Invalid format for Authorization header"}],
}


@pytest.mark.parametrize(
    ("status", "error", "hint"),
    [
        (403, {"code": 9109, "message": "Unauthorized to access requested resource"}, "Mutual TLS Certificates Write"),
        (403, {"code": 10000, "message": "Authentication error"}, "SSL and Certificates Write"),
        (403, {"code": 10000, "message": "Authentication error"}, "the dashboard says Edit"),
        (400, INVALID_HEADERS, "malformed"),
        (400, {"code": 9106, "message": "Missing X-Auth-Key"}, "received no credentials"),
        (403, {"code": 9109, "message": "Invalid access token"}, "does not recognize this API token"),
        (401, {"code": 1000, "message": "Invalid API Token"}, "mistyped, revoked or expired"),
        (403, {"code": 9109, "message": "Max auth failures reached"}, "too many failed attempts"),
        (403, {"code": 9109, "message": "Cannot use the access token from location: x"}, "IP address filtering"),
        (400, {"code": 1011, "message": "Plan level does not allow"}, "plan does not include custom certificates"),
        (400, {"code": 4242, "message": "New", "documentation_url": "https://x", "source": {"pointer": "/a"}}, ""),
        (403, {"message": "no code"}, "Check the token and the zone id"),
        (200, {"message": "no code"}, ""),
        (500, "just text", ""),
    ],
)
def test_refusals(order: Run, status: int, error: t.Any, hint: str) -> None:
    result = order({"status": status, "answer": {"success": False, "errors": [error], "result": None}})
    assert result["errors"] == [error]
    assert result["status"] == status
    assert f"GET {LIST} answered HTTP {status} (cf-ray 0123456789abcdef-TST): " in result["msg"]
    assert hint in result["msg"]
    assert "exception" not in result
    assert result["changed"] is False
    if isinstance(error, dict):
        assert all(told["message"] in result["msg"] for told in (error, *error.get("error_chain", ())))


def test_what_the_api_notes_is_returned_once(order: Run) -> None:
    notes = [{"code": 10000, "message": "Note", "type": None}, "text"]
    answers = [{"success": True, "errors": [], "messages": notes, "result": found} for found in ([GLOBALSIGN], [])]
    result = order(*({"answer": answer} for answer in answers), certificates=[{"id": "globalsign"}])
    assert result["messages"] == notes
