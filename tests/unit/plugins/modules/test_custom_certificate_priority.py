# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module's main() with a server that expects every request, and checks requests and result."""

from __future__ import annotations

import types
import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._version import VERSION
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_info as info_module
from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_priority as module
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import (
    TOKEN,
    ZONE,
    Script,
    certificate,
    refused,
    throttled,
)

Run = t.Callable[..., dict[str, t.Any]]
LIST = f"/zones/{ZONE}/custom_certificates"

DIGICERT = certificate("digicert", 5, hosts=["www.example.com", "shop.example.com"])
GLOBALSIGN = certificate("globalsign", 10, hosts=["www.example.com", "example.com"], issuer="GlobalSignnvsa")
BY_ISSUER = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]


BEFORE = [DIGICERT, GLOBALSIGN]


def numbered(*pairs: tuple[dict[str, t.Any], t.Any]) -> list[dict[str, t.Any]]:
    return [{**found, "priority": number} for found, number in pairs]


AFTER = numbered((DIGICERT, 11), (GLOBALSIGN, 10))


def put(result: t.Any = None, *, number: int = 11, who: str = "digicert", **answer: t.Any) -> dict[str, t.Any]:
    """The PUT that puts DIGICERT, or what it became, first, and its answer."""
    body = {"certificates": [{"id": who, "priority": number}, {"id": "globalsign", "priority": 10}]}
    return {"method": "PUT", "path": f"{LIST}/prioritize", "body": body, "result": result, **answer}


class Write(t.NamedTuple):
    """The requests that are expected, and the options that have them made."""

    requests: list[t.Any]
    options: t.Mapping[str, str] = types.MappingProxyType({})


UNKNOWN = refused(1002, "Invalid certificate", 400)
BAD_GATEWAY: dict[str, t.Any] = {"status": 502, "raw": "gateway"}
RENEWED = {**DIGICERT, "id": "renewed"}


def test_a_zone_in_order_costs_one_request(api: Script, run: Run) -> None:
    api.expect_list(BEFORE)
    result = run(module, certificates=[{"id": "globalsign"}, {"id": "digicert"}])
    assert result["changed"] is False
    assert [found["id"] for found in result["certificates"]] == ["globalsign", "digicert"]
    assert result["reprioritized"] == [] and result["requests"] == 1 and result["waited"] == 0
    assert result["ansible_facts"] == {"cloudflare_certificate_order": result["certificates"]}
    assert result["zone_id"] == ZONE and "diff" not in result and "messages" not in result


@pytest.mark.parametrize("check", [False, True])
def test_the_list_is_returned_only_as_a_fact_on_request(api: Script, run: Run, check: bool) -> None:
    api.expect_all(BEFORE, *[put(AFTER)] * (not check))
    result = run(module, check=check, certificates=BY_ISSUER, return_certificates=False)
    in_order = ["globalsign", "digicert"] if check else ["digicert", "globalsign"]
    assert [found["id"] for found in result["ansible_facts"]["cloudflare_certificate_order"]] == in_order
    assert result["changed"] and "certificates" not in result


def test_a_change_that_the_answer_proves_costs_two_requests(api: Script, run: Run) -> None:
    api.expect_all(BEFORE, put(AFTER))
    result = run(module, certificates=BY_ISSUER)
    assert result["changed"] is True and result["requests"] == 2
    assert result["certificates"] == AFTER
    changed = {
        "id": "digicert",
        "issuer": "DigiCertInc",
        "expires_on": DIGICERT["expires_on"],
        "before": 5,
        "after": 11,
    }
    assert result["reprioritized"] == [changed]
    assert result["restore"] == [{"id": "globalsign", "priority": 10}, {"id": "digicert", "priority": 5}]
    (contested,) = result["contested"]
    assert (contested["name"], contested["before"], contested["after"]) == ("www.example.com", "globalsign", "digicert")


def test_check_mode_predicts_without_a_put(api: Script, run: Run) -> None:
    api.expect_list(BEFORE)
    predicted = run(module, certificates=BY_ISSUER, check=True, diff=True)
    api.expect_all(BEFORE, put(AFTER))
    done = run(module, certificates=BY_ISSUER, diff=True)
    for key in ("changed", "certificates", "reprioritized", "contested", "restore", "unmatched", "diff"):
        assert predicted[key] == done[key], key
    assert predicted["ansible_facts"]["cloudflare_certificate_order"] == [GLOBALSIGN, DIGICERT]
    assert done["ansible_facts"]["cloudflare_certificate_order"] == done["certificates"]
    what = "www.example.com {} DigiCertInc's certificate (expires 2036-03-01)."
    assert predicted["msg"] == "1 of 2 priorities would change; " + what.format("would get")
    assert done["msg"] == "1 of 2 priorities changed; " + what.format("now gets")


def test_the_diff_tells_who_gets_a_name_and_then_the_order(api: Script, run: Run) -> None:
    api.expect_list(BEFORE)
    diff = run(module, certificates=BY_ISSUER, check=True, diff=True)["diff"]
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


def test_the_diff_says_may_get_where_nothing_is_documented_and_names_the_zone(api: Script, run: Run) -> None:
    page = {"page": 1, "per_page": 50, "count": 1, "total_count": 1}
    api.expect("GET", "/zones", [{"id": ZONE, "name": "example.com"}], info=page)
    modern = [
        {**DIGICERT, "type": "sni_custom", "priority": 0},
        {**GLOBALSIGN, "type": "sni_custom", "priority": 0, "uploaded_on": "2026-04-01T10:00:00Z"},
    ]
    api.expect_list(modern)
    diff = run(module, zone="example.com", zone_id=None, certificates=BY_ISSUER, check=True, diff=True)["diff"]
    assert diff["before_header"] == diff["after_header"] == f"custom certificates of zone example.com ({ZONE})"
    assert diff["before"].splitlines()[0] == "www.example.com may get GlobalSignnvsa (expires 2036-03-01, globalsign)"
    assert diff["after"].splitlines()[0] == "www.example.com may get DigiCertInc (expires 2036-03-01, digicert)"


def test_the_diff_names_the_first_names_alone(api: Script, run: Run) -> None:
    hosts = [f"{number:02}.example.com" for number in range(25)]
    api.expect_list([certificate("one", 2, hosts=hosts), certificate("two", 1, hosts=hosts)])
    result = run(module, certificates=[{"id": "two"}, {"id": "one"}], check=True, diff=True)
    lines = result["diff"]["after"].splitlines()
    assert [line.split()[0] for line in lines[:20]] == hosts[:20] and lines[20] == "and 5 more hostnames"


def test_restore_given_back_undoes_the_run(api: Script, run: Run) -> None:
    nothing = certificate("nothing", None, hosts=["www.example.com", "mail.example.com"])
    api.expect_list([GLOBALSIGN, nothing])
    api.expect_put([("nothing", 11), ("globalsign", 10)], numbered((GLOBALSIGN, 10), (nothing, 11)))
    restore = run(module, certificates=[{"id": "nothing"}, {"id": "globalsign"}])["restore"]
    assert restore == [{"id": "globalsign", "priority": 10}, {"id": "nothing", "priority": 0}]
    api.expect_list(numbered((GLOBALSIGN, 10), (nothing, 11)))
    api.expect_put([("globalsign", 10), ("nothing", 0)], numbered((GLOBALSIGN, 10), (nothing, 0)))
    (undone,) = run(module, certificates=restore)["reprioritized"]
    assert (undone["id"], undone["before"], undone["after"]) == ("nothing", 11, 0)


def test_explicit_numbers_are_sent_as_they_are_and_others_left_alone(api: Script, run: Run) -> None:
    other = certificate("other", 99)
    api.expect_list([DIGICERT, GLOBALSIGN, other])
    api.expect_put([("digicert", 7), ("globalsign", -2)], numbered((DIGICERT, 7.0), (GLOBALSIGN, -2)))
    result = run(module, certificates=[{"id": "GLOBALSIGN", "priority": -2}, {"id": "digicert", "priority": 7}])
    assert result["changed"]
    assert [found["id"] for found in result["certificates"]] == ["other", "digicert", "globalsign"]


def test_equal_numbers_are_listed_by_id(api: Script, run: Run) -> None:
    api.expect_list([certificate(name, 3, hosts=[f"{name}.example.com"]) for name in ("c", "a", "b")])
    result = run(module, certificates=[{"id": "a"}])
    assert [found["id"] for found in result["certificates"]] == ["a", "b", "c"]


def test_what_a_filter_leaves_out_is_contested_all_the_same(api: Script, run: Run) -> None:
    api.expect_list([GLOBALSIGN, DIGICERT])
    result = run(info_module, filter=[{"issuer": "DigiCert*", "valid_for_days": 0}])
    assert [item["id"] for item in result["certificates"]] == ["digicert"] and len(result["contested"]) == 1


class TestProof:
    """What counts as proof of a write."""

    OTHER = certificate("other", 20, hosts=["shop.example.com"], issuer="LetsEncrypt")
    UNSET = {**OTHER, "priority": None}
    APART = certificate("apart", 30, hosts=["apart.example.com"], issuer="LetsEncrypt")
    HIGHER = numbered((DIGICERT, 21), (GLOBALSIGN, 10))
    DELETED = numbered(({**DIGICERT, "status": "deleted"}, 11), (GLOBALSIGN, 10))
    APPEARED = [*AFTER, certificate("new", 0, hosts=["else.example.com"])]

    PROVED: t.ClassVar[dict[str, Write]] = {
        "by the answer": Write([BEFORE, put(AFTER)]),
        "by the answer, with a competing one without a number": Write([[*BEFORE, UNSET], put([*AFTER, UNSET])]),
        "by the answer, without one that does not compete": Write([[*BEFORE, APART], put(AFTER)]),
        "by the answer, without one to ignore": Write([[*BEFORE, OTHER], put(AFTER)], {"unlisted": "ignore"}),
        "by the answer, with a competing one that it shows as deleted": Write(
            [[*BEFORE, OTHER], put([*HIGHER, {**OTHER, "status": "deleted"}], number=21)]
        ),
        "by the list, on request": Write([BEFORE, put(AFTER), AFTER], {"verify": "read"}),
        "by the list, after null": Write([BEFORE, put(None), AFTER]),
        "by the list, after nothing": Write([BEFORE, put([]), AFTER]),
        "by the list, after no number": Write([BEFORE, put([{**DIGICERT, "priority": None}]), AFTER]),
        "by the list, after an answer without a competing one": Write(
            [[*BEFORE, OTHER], put(HIGHER, number=21), [*HIGHER, OTHER]]
        ),
        "by a list that is late": Write([BEFORE, put(BEFORE), BEFORE, AFTER]),
    }

    @pytest.mark.parametrize("write", PROVED.values(), ids=PROVED)
    def test_it_is_proved(self, api: Script, run: Run, waits: list[float], write: Write) -> None:
        api.expect_all(*write.requests)
        result = run(module, certificates=BY_ISSUER, **write.options)
        assert result["changed"] and result["requests"] == len(write.requests) and sum(waits) < 5

    DISPROVED: t.ClassVar[dict[str, Write]] = {
        "certificate digicert (priority 5) is not above certificate globalsign (priority 10)": Write(
            [BEFORE, put(BEFORE), *[BEFORE] * 4]
        ),
        "certificate digicert is gone": Write([BEFORE, put(DELETED), *[DELETED] * 4]),
        "certificate new was added, which 'certificates' does not list, and 'unlisted' is 'fail'": Write(
            [BEFORE, put(APPEARED), *[APPEARED] * 4], {"unlisted": "fail"}
        ),
        "certificate new was added": Write(
            [BEFORE, put(APPEARED), *[APPEARED] * 4], {"unlisted": "fail", "verify": "read"}
        ),
        "not verified": Write([BEFORE, put([]), {"method": "GET", "path": LIST, **refused(10000, "No", 403)}]),
    }

    @pytest.mark.parametrize(("message", "write"), DISPROVED.items())
    def test_a_failure_tells_what_differs_and_what_undoes_it(
        self, api: Script, run: Run, waits: list[float], message: str, write: Write
    ) -> None:
        api.expect_all(*write.requests)
        result = run(module, certificates=BY_ISSUER, **write.options)
        assert result["failed"] and result["changed"] is True and result["zone_id"] == ZONE
        assert message in result["msg"]
        assert result["restore"] == [{"id": "globalsign", "priority": 10}, {"id": "digicert", "priority": 5}]

    def test_a_write_that_was_not_done_returns_what_is_there(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_all(BEFORE, put(BEFORE), *[BEFORE] * 4)
        result = run(module, certificates=BY_ISSUER, return_certificates=False)  # which is about success
        assert [found["id"] for found in result["certificates"]] == ["globalsign", "digicert"]

    @pytest.mark.parametrize("unseen", [{}, {"priority": 5, "status": "deleted"}])
    def test_nothing_is_taken_for_granted_of_one_that_stays(
        self, api: Script, run: Run, waits: list[float], unseen: dict[str, t.Any]
    ) -> None:
        """Neither that a missing number is 0, nor that one which is deleted keeps its number."""
        number = unseen.get("priority", 0)
        api.expect_list(numbered((DIGICERT, number), (GLOBALSIGN, 10)))
        shown = {key: value for key, value in DIGICERT.items() if key != "priority"} | unseen
        api.expect_put([("globalsign", 20), ("digicert", number)], [shown, {**GLOBALSIGN, "priority": 20}])
        for _reading in range(4 if unseen else 1):
            api.expect_list([{**shown, "priority": number}, {**GLOBALSIGN, "priority": 20}])
        entries = [{"id": "globalsign", "priority": 20}, {"id": "digicert", "priority": number}]
        assert bool(run(module, certificates=entries).get("failed")) is bool(unseen)

    def test_other_numbers_in_the_same_order_are_fine(self, api: Script, run: Run) -> None:
        api.expect_list(BEFORE)
        api.expect_put([("digicert", 11), ("globalsign", 10)], numbered((DIGICERT, 2), (GLOBALSIGN, 1)))
        result = run(module, certificates=BY_ISSUER)
        assert {found["id"]: found["after"] for found in result["reprioritized"]} == {"digicert": 2, "globalsign": 1}

    def test_an_unlisted_one_that_moved_is_warned_of(self, api: Script, run: Run) -> None:
        api.expect_list([DIGICERT, GLOBALSIGN, self.APART])
        api.expect_put(
            [("digicert", 11), ("globalsign", 10)], numbered((DIGICERT, 11), (GLOBALSIGN, 10), (self.APART, 0))
        )
        assert "apart from 30 to 0" in str(run(module, certificates=BY_ISSUER)["warnings"])


class TestEmptyZone:
    """Most zones of an account have no custom certificate: a policy for all of them is in order there."""

    def test_it_is_in_order(self, api: Script, run: Run) -> None:
        api.expect_list([certificate("gone", status="deleted")])
        result = run(module, certificates=BY_ISSUER)
        assert not result.get("failed") and result["changed"] is False and result["requests"] == 1
        assert len(result["unmatched"]) == 2 and result["certificates"] == []

    def test_but_not_for_an_id(self, api: Script, run: Run) -> None:
        api.expect_list([])
        assert run(module, certificates=[*BY_ISSUER, {"id": "digicert"}])["failed"] is True


@pytest.mark.parametrize("number", [0.1, 2**60 + 1, 1e300, -3, 12345678901234567890])
def test_whatever_number_restore_holds_is_accepted_back(api: Script, run: Run, number: float) -> None:
    odd = {**DIGICERT, "priority": number}
    order = ["globalsign", "digicert"] if number < 10 else ["digicert", "globalsign"]
    api.expect_list([odd, GLOBALSIGN])
    restore = run(module, certificates=[{"id": identifier} for identifier in order])["restore"]
    api.expect_list(numbered((DIGICERT, 5), (GLOBALSIGN, 10)))
    api.expect_put([(item["id"], item["priority"]) for item in restore], [odd, GLOBALSIGN])
    result = run(module, certificates=restore)
    assert result["changed"] is True
    assert {item["id"]: item["priority"] for item in result["certificates"]} == {"digicert": number, "globalsign": 10}


class TestPages:
    """A list of several pages is read whole, or not at all."""

    CERTIFICATES = [certificate(f"c{index:03}", 200 - index) for index in range(120)]
    ORDER = [{"id": "c000"}, {"id": "c119"}]

    def _pages(self, api: Script, size: int, info: t.Callable[[int], dict[str, int] | None], more: int = 0) -> int:
        pages = -(-len(self.CERTIFICATES) // size) + more
        for page in range(1, pages + 1):
            found = self.CERTIFICATES[(page - 1) * size : page * size]
            api.expect("GET", LIST, found, query={"page": str(page), "per_page": "50"}, info=info(page))
        return pages

    @pytest.mark.parametrize("size", [50, 20])
    @pytest.mark.parametrize("told", [("total_pages", "total_count"), ("total_count",), ("total_pages",)])
    def test_no_request_more_than_pages_where_the_end_is_told(
        self, api: Script, run: Run, size: int, told: tuple[str, ...]
    ) -> None:
        totals = {"total_pages": -(-120 // size), "total_count": 120}
        pages = self._pages(api, size, lambda page: {"page": page, **{name: totals[name] for name in told}})
        result = run(module, certificates=self.ORDER, unlisted="ignore")
        assert result["requests"] == pages and len(result["certificates"]) == 120

    def test_an_empty_page_is_the_end_where_nothing_is_told(self, api: Script, run: Run) -> None:
        self._pages(api, 50, lambda page: None, more=1)
        assert run(module, certificates=self.ORDER, unlisted="ignore")["requests"] == 4

    def test_a_total_that_is_no_number_is_none(self, api: Script, run: Run) -> None:
        for found in (self.CERTIFICATES[:50], []):
            api.expect("GET", LIST, found, info={"total_count": True})
        assert not run(module, certificates=self.ORDER[:1], check=True).get("failed")

    def test_a_list_that_moves_under_the_reading_is_read_again(self, api: Script, run: Run) -> None:
        info = {"page": 1, "total_pages": 2, "total_count": 60}
        api.expect("GET", LIST, self.CERTIFICATES[:50], info=info)
        api.expect("GET", LIST, self.CERTIFICATES[49:59], info=info)
        api.expect("GET", LIST, self.CERTIFICATES[:50], info=info)
        api.expect("GET", LIST, self.CERTIFICATES[50:60], info=info)
        result = run(module, certificates=[{"id": "c000"}, {"id": "c059"}], unlisted="ignore")
        assert result["requests"] == 4 and len(result["certificates"]) == 60

    def test_a_list_that_never_fits_is_an_error_after_three_readings(self, api: Script, run: Run) -> None:
        for _reading in range(3):
            api.expect("GET", LIST, self.CERTIFICATES[:50], info={"page": 1, "total_pages": 1, "total_count": 70})
            api.expect("GET", LIST, [], info={"page": 2, "total_pages": 1, "total_count": 70})
        assert "the total is 70, but the pages have 50 objects" in run(module, certificates=self.ORDER)["msg"]

    def test_a_list_without_an_end_is_an_error(self, api: Script, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_client, "_MOST_PAGES", 2)
        for page in (0, 1) * 3:
            api.expect("GET", LIST, self.CERTIFICATES[page * 50 : page * 50 + 50])
        assert "the list has more than 2 pages" in run(module, certificates=self.ORDER)["msg"]


class TestWaiting:
    """Throttles, failures that pass, and those that do not."""

    def test_a_throttle_uses_up_no_retry(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect("GET", LIST, **throttled(300))
        api.expect("GET", LIST, **refused(971, "Please wait", 429))
        api.expect("GET", LIST, **refused(971, "Please wait", 429))
        api.expect_list([GLOBALSIGN, DIGICERT])
        result = run(module, certificates=[{"id": "globalsign"}, {"id": "digicert"}], max_wait=660, retries=0)
        assert result["requests"] == 4
        assert 300 <= waits[0] <= 330 and 60 <= waits[1] <= 66 and 60 <= waits[2] <= 66
        assert result["waited"] == pytest.approx(sum(waits), abs=0.1)

    def test_a_throttle_without_a_wait_waits_a_second(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect("GET", LIST, **throttled(0))
        api.expect_list([GLOBALSIGN])
        run(module, certificates=[{"id": "globalsign"}])
        assert 1 <= waits[0] <= 1.1

    def test_the_first_throttle_without_a_time_waits_half_a_minute(
        self, api: Script, run: Run, waits: list[float]
    ) -> None:
        api.expect("GET", LIST, status=429, raw="<html>")
        api.expect_list([GLOBALSIGN])
        run(module, certificates=[{"id": "globalsign"}])
        assert len(waits) == 1 and 30 <= waits[0] <= 33

    @pytest.mark.parametrize("wanted", ["90", "99999999999", "Fri, 31 Dec 2100 23:59:59 GMT"])
    def test_a_wait_over_max_wait_fails_at_once(self, api: Script, run: Run, waits: list[float], wanted: str) -> None:
        api.expect("GET", LIST, **throttled(wanted))
        result = run(module, certificates=[{"id": "globalsign"}], max_wait=60)
        assert "'max_wait' is 60 s" in result["msg"] and "971 Please wait" in result["msg"] and waits == []

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 524])
    def test_failures_that_pass_are_retried(self, api: Script, run: Run, waits: list[float], status: int) -> None:
        api.expect("GET", LIST, status=status, raw="<html>", answer_headers={"Content-Type": "text/html"})
        api.expect_list([GLOBALSIGN])
        assert run(module, certificates=[{"id": "globalsign"}], retries=1)["requests"] == 2
        assert len(waits) == 1 and waits[0] < 1

    @pytest.mark.parametrize("status", [400, 404, 405, 409, 501, 525])
    def test_others_are_not(self, api: Script, run: Run, waits: list[float], status: int) -> None:
        api.expect("GET", LIST, status=status, raw="<html>", answer_headers={"Content-Type": "text/html"})
        result = run(module, certificates=[{"id": "globalsign"}], retries=5)
        assert result["failed"] and result["requests"] == 1 and waits == []

    def test_retries_are_bounded(self, api: Script, run: Run, waits: list[float]) -> None:
        for _attempt in range(3):
            api.expect("GET", LIST, status=502, raw="<html>", answer_headers={"Content-Type": "text/html"})
        result = run(module, certificates=[{"id": "globalsign"}], retries=2)
        assert "HTTP 502 (cf-ray 0123456789abcdef-TST) with 6 bytes of text/html" in result["msg"]
        assert result["requests"] == 3
        assert waits == [pytest.approx(0.525, abs=0.025), pytest.approx(1.05, abs=0.05)]

    def test_a_write_that_may_have_been_done_is_told_after_a_refusal_too(
        self, api: Script, run: Run, waits: list[float]
    ) -> None:
        api.expect_all(BEFORE, put(**BAD_GATEWAY))
        api.expect("PUT", f"{LIST}/prioritize", status=403, answer={"success": False, "errors": []})
        result = run(module, certificates=BY_ISSUER, retries=1)
        assert result["failed"]
        assert result["changed"] is True and "may have been made" in result["msg"]

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_write_that_is_not_allowed_has_changed_nothing(self, api: Script, run: Run, status: int) -> None:
        api.expect_all(BEFORE, put(**refused(10000, "Authentication error", status)))
        result = run(module, certificates=BY_ISSUER)
        assert result["failed"] and result["changed"] is False and "restore" not in result

    def test_a_ban_before_the_put_has_the_zone_read_again(self, api: Script, run: Run, waits: list[float]) -> None:
        between = numbered((DIGICERT, 5), (GLOBALSIGN, 20))
        body = {"certificates": [{"id": "digicert", "priority": 21}, {"id": "globalsign", "priority": 20}]}
        again = put(numbered((DIGICERT, 21), (GLOBALSIGN, 20)), body=body)
        api.expect_all(BEFORE, put(**throttled(11)), between, {**again, **throttled(11)}, again)
        result = run(module, certificates=BY_ISSUER)
        assert result["changed"] and result["restore"][0] == {"id": "globalsign", "priority": 20}

    def test_a_short_throttle_before_the_put_does_not(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_all(BEFORE, put(**throttled(8)), put(AFTER))
        assert run(module, certificates=BY_ISSUER)["requests"] == 3

    def test_another_writer_during_the_ban_may_have_done_it(self, api: Script, run: Run, waits: list[float]) -> None:
        api.expect_all(BEFORE, put(**throttled(11)), numbered((DIGICERT, 50), (GLOBALSIGN, 10)))
        result = run(module, certificates=BY_ISSUER)
        assert result["changed"] is False and result["reprioritized"] == []


class TestRenewal:
    """A certificate that is renewed between the reading and the writing has another id."""

    def test_entries_without_an_id_follow_it(self, api: Script, run: Run) -> None:
        after = numbered((RENEWED, 11), (GLOBALSIGN, 10))
        api.expect_all(BEFORE, put(**UNKNOWN), [RENEWED, GLOBALSIGN], put(after, who="renewed"))
        result = run(module, certificates=BY_ISSUER)
        assert result["changed"] and result["certificates"][0]["id"] == "renewed"

    def test_but_only_once(self, api: Script, run: Run) -> None:
        refusal = put(**{**UNKNOWN, "status": 404})
        api.expect_all(BEFORE, refusal, BEFORE, refusal)
        result = run(module, certificates=BY_ISSUER)
        assert result["failed"] and result["changed"] is True and result["restore"]

    def test_entries_with_an_id_fail(self, api: Script, run: Run) -> None:
        api.expect_all(BEFORE, put(**UNKNOWN))
        result = run(module, certificates=[{"id": "digicert"}, {"issuer": "GlobalSign*"}])
        assert "1002 Invalid certificate" in result["msg"] and "follow renewals" in result["msg"]

    def test_a_write_whose_answer_was_lost_is_told_as_a_change_of_what_is_there_now(
        self, api: Script, run: Run, waits: list[float]
    ) -> None:
        api.expect_all(BEFORE, put(**BAD_GATEWAY), put(**UNKNOWN), numbered((RENEWED, 11), (GLOBALSIGN, 10)))
        result = run(module, certificates=BY_ISSUER, retries=1)
        assert result["changed"] is True
        assert result["restore"] == [{"id": "globalsign", "priority": 10}, {"id": "renewed", "priority": 5}]
        assert [(item["id"], item["before"], item["after"]) for item in result["reprioritized"]] == [("renewed", 5, 11)]

    def test_a_second_write_that_fails_restores_what_is_there_now(self, api: Script, run: Run) -> None:
        renewed = numbered((RENEWED, 0), (GLOBALSIGN, 10))
        api.expect_all(BEFORE, put(**UNKNOWN), renewed, put(who="renewed", status=500, raw=""))
        result = run(module, certificates=BY_ISSUER)
        assert result["failed"] and result["changed"] is True
        assert result["restore"] == [{"id": "globalsign", "priority": 10}, {"id": "renewed", "priority": 5}]


PAIR = {"X-Auth-Email": "ops@example.com", "X-Auth-Key": "0123abcd"}
ENVIRONMENT = {"CLOUDFLARE_API_TOKEN": "environment\n", "CLOUDFLARE_EMAIL": "x@example.com", "CLOUDFLARE_API_KEY": "0"}


@pytest.mark.parametrize(
    ("options", "environment", "headers"),
    [
        ({"api_token": f" {TOKEN}\n"}, {}, {"Authorization": f"Bearer {TOKEN}"}),
        ({"api_token": None, "account_email": "ops@example.com", "account_api_key": "0123abcd"}, {}, PAIR),
        ({"api_token": "", "api_email": "ops@example.com", "api_key": "0123abcd"}, ENVIRONMENT, PAIR),
        ({"api_token": None}, ENVIRONMENT, {"Authorization": "Bearer environment"}),
        ({"api_token": " \n"}, ENVIRONMENT, {"Authorization": "Bearer environment"}),
    ],
    ids=[
        "a token",
        "email and key",
        "options win over the environment",
        "the environment's token wins over its key",
        "an option of spaces is none",
    ],
)
def test_who_asks(
    api: Script,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, str],
    environment: dict[str, str],
    headers: dict[str, str],
) -> None:
    for name, value in {**environment, "CLOUDFLARE_BASE_URL": api.url}.items():
        monkeypatch.setenv(name, value)
    headers = {"User-Agent": f"zonefleet.cloudflare/{VERSION}", "Accept-Encoding": "gzip", **headers}
    api.expect("GET", LIST, [GLOBALSIGN], headers=headers, info={"total_count": 1})
    assert not run(module, certificates=[{"id": "globalsign"}], api_url=None, **options).get("failed")


class TestAnswers:
    """Errors and responses that do not match the documentation: one clear message, nothing lost, no traceback."""

    @pytest.mark.parametrize(
        ("status", "error", "hint"),
        [
            (
                403,
                {"code": 9109, "message": "Unauthorized to access requested resource"},
                "Mutual TLS Certificates Write",
            ),
            (403, {"code": 10000, "message": "Authentication error"}, "SSL and Certificates Write"),
            (
                400,
                {
                    "code": 6003,
                    "message": "Invalid request headers",
                    "error_chain": [{"code": 6111, "message": "Invalid format for Authorization header"}],
                },
                "malformed",
            ),
            (400, {"code": 9106, "message": "Missing X-Auth-Key"}, "received no credentials"),
            (403, {"code": 9109, "message": "Invalid access token"}, "does not recognize this API token"),
            (401, {"code": 1000, "message": "Invalid API Token"}, "mistyped, revoked or expired"),
            (403, {"code": 9109, "message": "Max auth failures reached"}, "too many failed attempts"),
            (403, {"code": 9109, "message": "Cannot use the access token from location: x"}, "IP address filtering"),
            (403, {"code": 10000, "message": "Authentication error"}, "the dashboard says Edit"),
            (400, {"code": 1011, "message": "Plan level does not allow"}, "plan does not include custom certificates"),
            (400, {"code": 1212, "message": "Maximum number"}, "no room for another custom certificate"),
            (400, {"code": 4242, "message": "New", "documentation_url": "https://x", "source": {"pointer": "/a"}}, ""),
            (403, {"message": "no code"}, "Check the token and the zone id"),
            (200, {"message": "no code"}, ""),
            (500, "just text", ""),
        ],
    )
    def test_refusals(self, api: Script, run: Run, status: int, error: t.Any, hint: str) -> None:
        api.expect("GET", LIST, status=status, answer={"success": False, "errors": [error], "result": None})
        result = run(module, certificates=[{"id": "globalsign"}])
        assert result["errors"] == [error] and result["status"] == status
        assert f"GET {LIST} answered HTTP {status} (cf-ray 0123456789abcdef-TST): " in result["msg"]
        assert hint in result["msg"] and "exception" not in result and result["changed"] is False
        if isinstance(error, dict):
            assert error["message"] in result["msg"]
            assert all(below["message"] in result["msg"] for below in error.get("error_chain", []))

    def test_what_the_api_notes_is_returned_once(self, api: Script, run: Run) -> None:
        notes = [{"code": 10000, "message": "Note", "type": None}, "text"]
        for page, found in ((1, [GLOBALSIGN]), (2, [])):
            answer = {"success": True, "errors": [], "messages": notes, "result": found}
            api.expect("GET", LIST, answer=answer, query={"page": str(page), "per_page": "50"})
        assert run(module, certificates=[{"id": "globalsign"}])["messages"] == notes

    def test_no_success_with_a_status_of_failure_is_believed(self, api: Script, run: Run) -> None:
        api.expect("GET", LIST, [], status=500, info={"total_count": 0})
        assert "HTTP 500" in run(module, certificates=BY_ISSUER)["msg"]

    def test_null_is_an_empty_list(self, api: Script, run: Run) -> None:
        api.expect("GET", LIST, None, info={"total_count": 0})
        assert "The zone has no custom certificates." in run(module, certificates=[{"id": "globalsign"}])["msg"]
