# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reading alone tells. Pure: from what was seen to replies."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import read_time

from .finding import Answer, Reply, Unanswered
from .seen import Exchange, JSONObject, Seen, number

_EMPTY_ZONE = Unanswered("the list shows no certificate")
_NO_LIST = Unanswered("the list could not be read")


def _successes(seen: Seen) -> list[Exchange]:
    return [exchange for exchange in seen.exchanges if exchange.ok]


def _infos(seen: Seen) -> list[JSONObject]:
    return [exchange.info for exchange in _successes(seen) if exchange.info]


def _presence(having: int, of: int, what: str) -> Reply:
    if not of:
        return Unanswered(f"nothing was seen that could have {what}")
    if having in (0, of):
        return Answer(f"{what} in {having} of {of}", ("present" if having else "absent",))
    return Answer(f"{what} in {having} of {of}")


# Lists


def list_result_info(seen: Seen) -> Reply:
    if not seen.whole:
        return _NO_LIST
    return _presence(sum(bool(page.info) for page in seen.whole), len(seen.whole), "result_info")


def total_pages(seen: Seen) -> Reply:
    infos = _infos(seen)
    if not infos:
        return Unanswered("no answer has result_info")
    return _presence(sum("total_pages" in info for info in infos), len(infos), "total_pages")


def total_count(seen: Seen) -> Reply:
    found = seen.one("filtered")
    if found is None or not found.ok or not seen.listed:
        return Unanswered("there is no filter that leaves another number of certificates")
    told, left, there = found.info.get("total_count"), len(found.items), len(seen.listed)
    if told is None:
        return Unanswered("a filtered list has no total_count")
    if left == there:
        return Answer("the status filter had no effect")
    text = f"total_count is {told} where a filter leaves {left} of {there}"
    return Answer(text, tuple(value for value, count in (("filtered", left), ("unfiltered", there)) if told == count))


def list_order(seen: Seen) -> Reply:
    lists = [seen.listed, *_later_lists(seen)]
    if len(seen.listed) < 2:
        return Unanswered("with less than two certificates every order is the same")
    fits = [
        name for name, ordered in (("uploaded", _by_upload), ("priority", _by_priority)) if all(map(ordered, lists))
    ]
    shown = f"{len(lists)} list(s) of {len(seen.listed)}"
    if not fits:
        newest = all(_by_upload(list(reversed(items))) for items in lists)
        return Answer(f"{shown}: newest upload first", ()) if newest else Answer(f"{shown}: neither order", ("random",))
    if len(fits) > 1:
        return Unanswered(f"{shown}: by upload and by priority is the same order here")
    return Answer(f"{shown}: {'oldest upload' if fits == ['uploaded'] else 'highest priority'} first", tuple(fits))


def _later_lists(seen: Seen) -> list[list[JSONObject]]:
    labels = ("before writing", "after put all", "after put some", "after put strange")
    return [exchange.items for exchange in seen.exchanges if exchange.label in labels and exchange.ok]


def _by_upload(items: Sequence[JSONObject]) -> bool:
    times = [read_time(item.get("uploaded_on")) for item in items]
    known = [moment for moment in times if moment is not None]
    return len(known) == len(times) and known == sorted(known)


def _by_priority(items: Sequence[JSONObject]) -> bool:
    found = [-number(item) for item in items]
    return found == sorted(found)


def empty_result(seen: Seen) -> Reply:
    found = seen.one("past the end")
    if found is None or not found.ok:
        return Unanswered(f"a page past the end: {found.outcome if found else 'not asked'}")
    if found.items:
        return Answer("a page past the end shows certificates")
    null = found.envelope.get("result") is None
    return Answer(f"a page past the end is {'null' if null else '[]'}", ("null" if null else "list",))


def per_page_out_of_range(seen: Seen) -> Reply:
    below, above = _page_size(seen, "per_page 1", 1), _page_size(seen, "per_page 100", 100)
    if below is None and above is None:
        return Unanswered("the sizes of the pages cannot be told")
    text = f"per_page=1: {below or 'cannot be told'}; per_page=100: {above or 'cannot be told'}"
    kinds = {reply.partition(" ")[0] for reply in (below, above) if reply}
    return Answer(text, {"refused": ("refuse",), "clamped": ("clamp",)}.get("".join(kinds), ()))


def _page_size(seen: Seen, label: str, asked: int) -> str | None:
    found = seen.one(label)
    if found is None or not (found.ok or found.refused):
        return None
    if found.refused:
        return f"refused with {found.outcome}"
    told, got, there = found.info.get("per_page"), len(found.items), len(seen.listed)
    # What came counts more than what is told.
    if got > asked or (isinstance(told, int) and told != asked and got <= told):
        return "clamped" + (f" to {told}" if told else "")
    if got == asked < there or told == asked:
        return "done as asked"
    return None


def page_zero(seen: Seen) -> Reply:
    found = seen.one("page 0")
    if found is None or not (found.ok or found.refused):
        return Unanswered("it was not asked, or not answered")
    return Answer(f"{found.outcome}, {len(found.items)} certificate(s)")


def max_page_size(seen: Seen) -> Reply:
    if not seen.whole:
        return _NO_LIST
    first = seen.whole[0]
    told, got = first.info.get("per_page"), len(first.items)
    if len(seen.whole) > 1 and seen.whole[1].items:
        return Answer(f"per_page=50 gives {got}", (got,))
    if got > 20 or isinstance(told, int):
        size = told if isinstance(told, int) else 50
        return Answer(f"per_page=50 gives {got}, result_info says {told}", (size,) if size in (20, 50) else ())
    return Unanswered(f"with {got} certificate(s) and no result_info, it cannot be told")


# Certificates


def type_field(seen: Seen) -> Reply:
    return _presence(sum("type" in item for item in seen.listed), len(seen.listed), "type")


def custom_csr_id(seen: Seen) -> Reply:
    items = seen.listed
    if not items:
        return _EMPTY_ZONE
    having = [item["custom_csr_id"] for item in items if "custom_csr_id" in item]
    values = [value for value in having if value is not None]
    text = (
        f"{len(values)} with a value, {len(having) - len(values)} with null, {len(items) - len(having)} without the key"
    )
    if len(values) == len(items):
        return Answer(text, ("value", "null", "where_set"))
    if len(having) == len(items):
        return Answer(text, ("null",))
    if not having:
        return Answer(text, ("absent", "where_set"))
    return Answer(text, ("where_set",) if len(values) == len(having) else ())


def priority_type(seen: Seen) -> Reply:
    kinds = {type(item.get("priority")).__name__ for item in seen.listed} - {"NoneType"}
    if not kinds:
        return Unanswered("no certificate shows a priority")
    fits = {frozenset(("int",)): ("integer",), frozenset(("float",)): ("float",)}.get(frozenset(kinds), ())
    return Answer(f"numbers come as {' and '.join(sorted(kinds))}", fits)


def deleted(seen: Seen) -> Reply:
    count = sum(item.get("status") == "deleted" for item in seen.listed)
    if count:
        return Answer(f"the list shows {count} with status deleted", ("lingers",))
    return Unanswered("the list shows no deleted one, and the kit deletes nothing")


def free_zone(seen: Seen) -> Reply:
    zone, whole = seen.one("zone"), seen.one("whole list")
    result = zone.envelope.get("result") if zone else None
    plan = (result.get("plan") or {}).get("legacy_id") if isinstance(result, dict) else None
    if plan not in ("free", "pro") or whole is None:
        return Unanswered("this zone's plan has custom certificates, or is not shown")
    if whole.ok:
        return Answer(f"{plan} plan: {len(whole.items)} certificate(s)", () if whole.items else ("empty",))
    text = f"{plan} plan: {whole.outcome}"
    if 1212 in whole.codes:
        return Answer(text, ("400_1212",))
    if 10000 in whole.codes:
        return Answer(f"{text}; a token without the permission would get the same", ("403_10000",))
    return Answer(text)


# Refusals


def _refusals(seen: Seen) -> list[Exchange]:
    return [exchange for exchange in seen.exchanges if exchange.refused and exchange.errors]


def unknown_id(seen: Seen) -> Reply:
    put, get = seen.one("put unknown"), seen.one("unknown id")
    found = put or get
    if found is None or not found.status:
        return Unanswered("it was not asked, or not answered")
    text = "; ".join(f"{name}: {item.outcome}" for name, item in (("PUT", put), ("GET", get)) if item)
    if 200 <= found.status < 300:
        hidden = found.refused and 1002 in found.codes
        return Answer(
            f"{text} (its own status is not shown)" if hidden else text, ("400_1002", "404") if hidden else ()
        )
    if found.status == 404:
        return Answer(text, ("404",))
    return Answer(text, ("400_1002",) if found.status == 400 and 1002 in found.codes else ())


def malformed_id(seen: Seen) -> Reply:
    found = seen.one("malformed id")
    return Answer(found.outcome) if found and found.status else Unanswered("it was not asked, or not answered")


def error_shape(seen: Seen) -> Reply:
    shapes = sorted({_shape(exchange) for exchange in _refusals(seen)})
    if not shapes:
        return Unanswered("nothing was refused")
    return Answer(
        f"{len(_refusals(seen))} refusal(s): {' and '.join(shapes)}", tuple(shapes) if len(shapes) == 1 else ()
    )


def _shape(exchange: Exchange) -> str:
    if not {"messages", "result"} <= exchange.envelope.keys():
        return "bare"
    keys = {key for error in exchange.errors for key in error}
    return "detailed" if keys & {"documentation_url", "source"} else "full"


def failure_status(seen: Seen) -> Reply:
    found = _refusals(seen)
    if not found:
        return Unanswered("nothing was refused")
    throttled = [exchange for exchange in found if exchange.throttled]
    others = [exchange for exchange in found if not exchange.throttled]
    disguised = [exchange for exchange in others if exchange.status < 300]
    text = f"{len(disguised)} of {len(others)} refusal(s) with HTTP 200"
    if throttled:
        text += f", {sum(exchange.status < 300 for exchange in throttled)} of {len(throttled)} by the throttle"
    if not disguised:
        return Answer(text, () if any(exchange.status < 300 for exchange in throttled) else ("real",))
    if len(disguised) < len(others):
        return Answer(text)
    if not throttled:
        return Answer(text, ("200", "200_throttle_too"))
    return Answer(text, ("200_throttle_too" if throttled[0].status < 300 else "200",))


def server_error(seen: Seen) -> Reply:
    found = [exchange for exchange in seen.exchanges if exchange.status >= 500]
    if not found:
        return Unanswered("the service has not failed meanwhile")
    kinds = {"html" if exchange.payload is None else "json" for exchange in found}
    return Answer(f"{len(found)} with {' and '.join(sorted(kinds))}", tuple(kinds) if len(kinds) == 1 else ())


def retry_after(seen: Seen) -> Reply:
    found = [exchange for exchange in seen.exchanges if exchange.throttled]
    if not found:
        return Unanswered("nothing was throttled, and the kit provokes nothing")
    return _presence(sum("retry-after" in exchange.headers for exchange in found), len(found), "Retry-After")


def ratelimit_headers(seen: Seen) -> Reply:
    found = [exchange for exchange in seen.exchanges if exchange.payload is not None]
    return _presence(sum("ratelimit" in exchange.headers for exchange in found), len(found), "Ratelimit")


def ratelimit_policy(seen: Seen) -> Reply:
    policies = sorted({value for item in seen.exchanges if (value := item.headers.get("ratelimit-policy"))})
    return Answer("; ".join(policies)) if policies else Unanswered("no answer has Ratelimit-Policy")


def messages(seen: Seen) -> Reply:
    found = _successes(seen)
    if not found:
        return Unanswered("nothing has succeeded")
    count = sum(bool(exchange.envelope.get("messages")) for exchange in found)
    return Answer(f"in {count} of {len(found)}", ("some" if count else "none",))


# The modules


def module_runs(seen: Seen) -> Reply:
    if not seen.modules:
        return Unanswered("no module was run")
    return Answer("; ".join(f"{name}: {_module_run(result)}" for name, result in seen.modules.items()))


def _module_run(result: t.Mapping[str, t.Any]) -> str:
    state = "failed" if "msg" in result else "changed" if result.get("changed") else "ok"
    return f"{state}, {result.get('requests', '?')} request(s)"


__all__ = (
    "custom_csr_id",
    "deleted",
    "empty_result",
    "error_shape",
    "failure_status",
    "free_zone",
    "list_order",
    "list_result_info",
    "malformed_id",
    "max_page_size",
    "messages",
    "module_runs",
    "page_zero",
    "per_page_out_of_range",
    "priority_type",
    "ratelimit_headers",
    "ratelimit_policy",
    "retry_after",
    "server_error",
    "total_count",
    "total_pages",
    "type_field",
    "unknown_id",
)
