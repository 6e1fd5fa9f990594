# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What writes tell. Pure: from what was seen to replies."""

from __future__ import annotations

from .finding import Answer, Reply, Unanswered
from .handshake import Handshakes, Leaf
from .seen import Put, Seen, numbers


def _unwritten(seen: Seen) -> Unanswered:
    return Unanswered(seen.writing or seen.stopped or "an earlier write has not come through")


def put_result(seen: Seen) -> Reply:
    put = seen.put_some
    if put is None or not put.answer.ok:
        return _unwritten(seen) if put is None else Unanswered(f"a PUT of some: {put.answer.outcome}")
    if put.answer.envelope.get("result") is None:
        return Answer("null", ("null",))
    shown, everything = {item.get("id") for item in put.answer.items}, set(numbers(put.before))
    text = f"{len(shown)} certificate(s), where the body names {len(put.named)} of {len(everything)}"
    if not shown:
        return Answer(text, ("empty",))
    total = put.answer.info.get("total_count", len(shown))
    if shown >= everything or (shown - put.named and shown <= everything):
        return Answer(text, ("all",))
    if shown == put.named:
        return Answer(text, ("listed",))
    # Perhaps just the first page of it; then the total tells.
    return Answer(f"{text}, total_count {total}", ("listed",) if total == len(put.named) else ())


def put_result_info(seen: Seen) -> Reply:
    found = [put.answer for put in (seen.put_all, seen.put_some) if put and put.answer.ok]
    if not found:
        return _unwritten(seen)
    count = sum(bool(answer.info) for answer in found)
    fits = {0: ("absent",), len(found): ("present",)}.get(count, ())
    return Answer(f"result_info in {count} of {len(found)}", fits)


def put_page_size(seen: Seen) -> Reply:
    put = seen.put_all
    if put is None or not put.answer.ok or not put.answer.items:
        return _unwritten(seen) if put is None else Unanswered("the PUT's answer shows no certificate")
    shown, named = len(put.answer.items), len(put.named)
    text = f"{shown} of the {named} that the body names"
    if shown < named:
        return Answer(text, (shown,))
    return Answer(text, (0,)) if named > 20 else Unanswered(f"{text}: it takes more than 20 to tell")


def put_effect(seen: Seen) -> Reply:
    put = seen.put_all
    if put is None or not put.answer.ok:
        return _unwritten(seen) if put is None else Answer(f"a PUT of all: {put.answer.outcome}")
    if put.place is not None:
        return Answer("the list shows it", ("applied",))
    text = f"{len(put.reads)} reads in {put.delays[-1]:.1f} s do not show it"
    if not numbers(put.answer.items):
        return Answer(f"{text}; the answer shows nothing", ("ignored", "pretended"))
    pretended = put.shows(put.answer.items)
    return Answer(
        f"{text}; the answer {'does' if pretended else 'does not'}", ("pretended" if pretended else "ignored",)
    )


def stale_reads(seen: Seen) -> Reply:
    puts = [put for put in (seen.put_all, seen.put_some) if put]
    places = [put.place for put in puts if put.place is not None]
    if not places:
        return _unwritten(seen) if not puts else Unanswered("no read has shown a write")
    longest = max(puts, key=lambda put: -1 if put.place is None else put.place)
    place = longest.place or 0
    return Answer(f"{place} read(s) did not show it, the next one did after {longest.delays[place]:.1f} s", (place,))


def put_modified_on(seen: Seen) -> Reply:
    put = seen.put_all
    if put is None or put.after is None:
        return _unwritten(seen)
    before = {item["id"]: item.get("modified_on") for item in put.before}
    known = [item for item in put.after if item.get("modified_on") and before.get(item["id"])]
    if not known:
        return Unanswered("the certificates show no modified_on")
    moved = sum(item["modified_on"] != before[item["id"]] for item in known)
    fits = {0: ("kept",), len(known): ("touched",)}.get(moved, ())
    return Answer(f"moved on {moved} of {len(known)}", fits)


def renumber(seen: Seen) -> Reply:
    put = seen.put_all
    if put is None or put.after is None:
        return _unwritten(seen)
    kind = _renumbering(put)
    texts = {"no": "as sent", "dense": "counted anew from 1", "spread": "raised, in the same order"}
    return Answer(f"numbers after a PUT: {texts.get(kind, 'others, in the same order')}", (kind,) if kind else ())


def _renumbering(put: Put) -> str:
    now, wish = numbers(put.after or ()), dict(put.wish)
    if all(now[key] == value for key, value in wish.items()):
        return "no"
    if sorted(now.values()) == list(range(1, len(now) + 1)):
        return "dense"
    return "spread" if all(now[key] >= value for key, value in wish.items()) else ""


def unlisted(seen: Seen) -> Reply:
    put = seen.put_some
    if put is None or put.after is None:
        return _unwritten(seen)
    if seen.put_all is not None and _renumbering(seen.put_all) == "dense":
        return Unanswered("the service numbers the whole zone anew, which hides it")
    before, now = numbers(put.before), numbers(put.after)
    others = [key for key in before if key not in put.named and key in now]
    if not others:
        return Unanswered("the certificate that was not named is gone")
    was, is_now, lowest = before[others[0]], now[others[0]], min(now[key] for key in put.named if key in now)
    text = f"one that a PUT did not name went from {was:g} to {is_now:g}, the lowest named one has {lowest:g}"
    known = {0: "reset", lowest - 1: "shift_below", was: "keep"}
    return Answer(text, (known[is_now],) if is_now in known else ())


def bad_item(seen: Seen) -> Reply:
    return Unanswered("it takes an unknown id beside real ones, which the kit does not send")


def empty_item(seen: Seen) -> Reply:
    found = seen.one("put empty")
    if found is None or not found.status:
        return _unwritten(seen)
    if found.ok:
        return Answer(found.outcome, ("ignored",))
    return Answer(found.outcome, ("refused",) if found.refused and 2001 in found.codes else ())


def strange_effect(seen: Seen) -> Reply:
    """What the PUT of an unknown id alone, and of an item without one, did to the zone."""
    after = seen.one("after put strange")
    latest = next((put.after for put in (seen.put_some, seen.put_all) if put and put.after), None)
    if after is None or not after.ok or latest is None:
        return _unwritten(seen)
    moved = [key for key, value in numbers(latest).items() if numbers(after.items).get(key, value) != value]
    return Answer(f"{len(moved)} certificate(s) have another priority" if moved else "nothing has changed")


def zone_restored(seen: Seen) -> Reply:
    return Answer(seen.restored) if seen.restored else Unanswered(seen.writing or "see above")


# What visitors get


def tls(seen: Seen) -> Reply:
    found = seen.tls
    if isinstance(found, str):
        return Unanswered(found)
    if found.before is None or found.after is None:
        return Unanswered(found.problem or seen.stopped or seen.writing)
    leaves = {leaf.fingerprint: f"leaf-{place}" for place, leaf in enumerate(_leaves(found), 1)}
    listed = seen.certificates
    parts = [
        f"{name}: {leaves[leaf.fingerprint]} ({_standing(leaf, found, listed)})"
        for name, leaf in (("before", found.before), ("reversed", found.after), ("restored", found.back))
        if leaf is not None
    ]
    return Answer("; ".join([*parts, _verdict(found, listed)]))


def _leaves(found: Handshakes) -> list[Leaf]:
    leaves = [leaf for leaf in (found.before, found.after, found.back) if leaf is not None]
    return list({leaf.fingerprint: leaf for leaf in leaves}.values())


def _standing(leaf: Leaf, found: Handshakes, listed: list[dict[str, object]]) -> str:
    ids = leaf.found_in(listed)
    if not ids:
        return "none of the list"
    if found.first_before in ids and found.first_after in ids:
        return "looks like both"
    if found.first_before in ids:
        return "the first one by the old order"
    return "the first one by the reversed order" if found.first_after in ids else "another one of the list"


def _verdict(found: Handshakes, listed: list[dict[str, object]]) -> str:
    before, after = found.before, found.after
    if before is None or after is None or before.fingerprint == after.fingerprint:
        return f"NOT CHANGED in {found.looks} look(s)"
    if found.first_before in before.found_in(listed) and found.first_after in after.found_in(listed):
        return f"the handshake FOLLOWS the priority (look {found.looks})"
    return f"changed, but not as the priorities say (look {found.looks})"


__all__ = (
    "bad_item",
    "empty_item",
    "put_effect",
    "put_modified_on",
    "put_page_size",
    "put_result",
    "put_result_info",
    "renumber",
    "stale_reads",
    "strange_effect",
    "tls",
    "unlisted",
    "zone_restored",
)
