# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked: first what changes nothing; then, on demand, writes that are taken back."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from .api import Api, Spent
from .handshake import Handshakes, Looker
from .modules import Modules
from .seen import Exchange, JSONObject, Put, Seen, living, numbers, ranking
from .stopping import Stopping

READING = 12  # requests where the list has one page: ten raw ones, and one of each module
MODULE_WRITE = 6  # the most that a module makes: read, write, and four reads until the list shows it
_DELAYS = (0.0, 0.5, 1.0, 2.0)  # before each read after a write
_MOST_PAGES = 3
_USUAL_PAGE = 20
_STATUSES = ("expired", "pending", "initializing", "deleted", "active")
_STEP = 20.0
_HIGHEST = 10**6  # numbers above that are not climbed over


@dataclass
class Probes:
    """One run. Everything that comes is kept in `seen`, also where the run ends early."""

    api: Api
    modules: Modules
    stopping: Stopping
    zone_id: str
    seen: Seen

    @property
    def path(self) -> str:
        return f"/zones/{self.zone_id}/custom_certificates"

    # Reading

    def read(self) -> None:
        """Everything that changes nothing."""
        self.api.ask("zone", "GET", f"/zones/{self.zone_id}")
        self._read_whole()
        if not self.seen.whole:
            # Whoever may not read the list would get the same refusal to all else.
            return
        self._ask_odd()
        found = self.seen.certificates
        if found:
            self.stopping.check()
            entries = [{"id": identifier} for identifier in reversed(ranking(numbers(found)))]
            info, check = self.modules.read(self.zone_id, entries)
            self._count("info", info)
            self._count("check", check)

    def _read_whole(self) -> None:
        for page in range(1, _MOST_PAGES + 1):
            exchange = self.api.ask("whole list", "GET", self.path, {"page": page, "per_page": 50})
            if not exchange.ok:
                return
            self.seen.whole.append(exchange)
            total = exchange.info.get("total_count")
            told = total if isinstance(total, int) else None
            got = len(self.seen.listed)
            # Without a total, a page that is shorter than the usual one is taken for the last.
            if not exchange.items or (got >= told if told is not None else len(exchange.items) < _USUAL_PAGE):
                return

    def _ask_odd(self) -> None:
        """Pages and ids that are out of range, or not there."""
        past = len(self.seen.whole) + 1
        for label, query in (
            ("past the end", {"page": past, "per_page": 50}),
            ("per_page 1", {"page": 1, "per_page": 1}),
            ("per_page 100", {"page": 1, "per_page": 100}),
            ("page 0", {"page": 0, "per_page": 50}),
        ):
            self.api.ask(label, "GET", self.path, query)
        status = self._telling_status()
        if status:
            self.api.ask("filtered", "GET", self.path, {"page": 1, "per_page": 50, "status": status})
        if self.seen.certificates:
            self.api.ask("one", "GET", f"{self.path}/{self.seen.certificates[0]['id']}")
        self.api.ask("unknown id", "GET", f"{self.path}/{uuid.uuid4()}")
        self.api.ask("malformed id", "GET", f"{self.path}/no_certificate_id")

    def _telling_status(self) -> str | None:
        """A filter that leaves fewer than there are."""
        present = [item.get("status") for item in self.seen.listed]
        # With two of them, either leaves some and not all; else one that nothing has leaves none.
        wanted = [status for status in _STATUSES if 0 < present.count(status) < len(present)]
        return next(iter([*wanted, *(status for status in _STATUSES if status not in present)]), None)

    def _count(self, name: str, result: JSONObject) -> None:
        self.seen.modules[name] = result
        requests = result.get("requests")
        self.api.spent += requests if isinstance(requests, int) else 0

    # Writing

    def why_not_write(self) -> str:
        """What is in the way of a write; empty where nothing is."""
        found = self.seen.certificates
        if len(found) < 2:
            return f"the zone shows {len(found)} certificate(s): there is no order to reverse"
        if len(self.seen.whole) > 1:
            return "the list has more than one page: too many requests to see the effects"
        if any(map(math.isnan, numbers(found).values())):
            return "a priority is no number"
        check = self.seen.modules.get("check", {})
        return "the module fails already in check mode" if "msg" in check else ""

    def read_state(self, label: str) -> Exchange:
        return self.api.ask(label, "GET", self.path, {"page": 1, "per_page": 50})

    def looker(self, name: str | None, connect: tuple[str, int] | None, settle: float) -> Looker | str:
        """Who looks at the handshakes of a name whose first certificate changes; or why nobody does."""
        contests = [item for item in self.seen.modules.get("check", {}).get("contested") or () if _tells(item)]
        wanted = [item for item in contests if name in (None, item["name"])]
        wanted.sort(key=lambda item: str(item["name"]).startswith("*."))
        if not wanted:
            return "no name has another first certificate in the reversed order, without a tie or a pack"
        chosen = wanted[0]
        host = str(chosen["name"])
        if host.startswith("*."):
            return "only wildcard names are contested"
        self.seen.tls = Handshakes(host, chosen["before"], chosen["after"])
        where, port = connect or (host, 443)
        return Looker(host, where, port, settle)

    def write(self, before: list[JSONObject], looker: Looker | None) -> None:
        """Reverse the order, and see what writes do. Whoever calls this brings the zone back, however it ends."""
        if not self.api.room(MODULE_WRITE):
            raise Spent("too few requests are left for the module to write")
        order = list(reversed(ranking(numbers(before))))
        result = self.modules.write(self.zone_id, [{"id": identifier} for identifier in order])
        self._count("reversal", result)
        self.stopping.check()
        if looker is not None:
            self._look_after(looker)
        self._put_all(_renumbered(before, result))
        self._put_some()
        self._put_strange()

    def write_back(self, before: list[JSONObject]) -> bool:
        """Have the module bring the zone back; say whether it proves that it did."""
        wanted = {str(item["id"]): item.get("priority") or 0 for item in living(before)}
        if not self.api.room(MODULE_WRITE) or not all(value == int(value) for value in wanted.values()):
            return False
        entries = [{"id": one, "priority": int(wanted[one])} for one in ranking(numbers(before))]
        result = self.modules.write(self.zone_id, entries)
        self._count("restore", result)
        return "msg" not in result and result.get("changed") is True

    def _look_after(self, looker: Looker) -> None:
        tls = self.seen.tls
        if isinstance(tls, str) or tls.before is None:
            return
        former = tls.before.fingerprint
        try:
            tls.after, tls.looks = looker.look_until(lambda leaf: leaf.fingerprint != former, self.stopping)
        except (OSError, ValueError) as error:
            tls.problem = f"the handshake failed ({type(error).__name__})"

    def _put(self, label: str, before: list[JSONObject], wish: Mapping[str, float]) -> Put:
        pairs = tuple(sorted(wish.items(), key=lambda pair: -pair[1]))
        body = {"certificates": [{"id": one, "priority": _plain(value)} for one, value in pairs]}
        put = Put(before, pairs, self.api.ask(label, "PUT", f"{self.path}/prioritize", body=body))
        begun = time.monotonic()
        # After a refusal, one read tells whether it did something all the same.
        for seconds in _DELAYS if put.answer.ok else _DELAYS[:1]:
            self.stopping.pause(seconds)
            put.reads.append(self.read_state(f"after {label}"))
            put.delays.append(time.monotonic() - begun)
            if put.place is not None:
                break
        return put

    def _put_all(self, before: list[JSONObject]) -> None:
        """Every certificate, in the reverse of what stands, with numbers that none has and no server would choose."""
        highest = max(numbers(before).values())
        start = highest if 0 <= highest < _HIGHEST else 0
        wish = {identifier: start + _STEP * place for place, identifier in enumerate(ranking(numbers(before)), 1)}
        self.seen.put_all = self._put("put all", before, wish)

    def _put_some(self) -> None:
        """All but the highest, which is left unnamed above numbers that are not low: whatever moves it is seen."""
        before = self.seen.put_all and self.seen.put_all.after
        if not before:
            return
        now = numbers(before)
        wish = {identifier: now[identifier] + 1 for identifier in ranking(now)[1:]}
        self.seen.put_some = self._put("put some", before, wish)

    def _put_strange(self) -> None:
        """An id that no zone has, by itself; and an item that names nothing, as an example of the official SDK has it."""
        body = {"certificates": [{"id": str(uuid.uuid4()), "priority": 1}]}
        self.api.ask("put unknown", "PUT", f"{self.path}/prioritize", body=body)
        self.api.ask("put empty", "PUT", f"{self.path}/prioritize", body={"certificates": [{}]})
        self.read_state("after put strange")


def _tells(item: JSONObject) -> bool:
    """Whether what visitors get for a contested name has to change, if it goes by the numbers."""
    return item.get("before") != item.get("after") and not item.get("tie") and not item.get("pack")


def _renumbered(items: list[JSONObject], result: JSONObject) -> list[JSONObject]:
    """The list as it was read, with the priorities that a module has proven since."""
    if "msg" in result:
        return items
    proven = {item["id"]: item["priority"] for item in result.get("certificates") or ()}
    return [{**item, "priority": proven.get(item["id"], item.get("priority"))} for item in items]


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value


__all__ = ("MODULE_WRITE", "READING", "Probes")
