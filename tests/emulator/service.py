# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API without HTTP: returns the response to a recorded request. It has all endpoints."""

from __future__ import annotations

import dataclasses
import math
import re
import threading
from collections.abc import Callable

from . import envelope, gate, lifecycle, listing, prioritize
from .behaviour import Behaviour
from .contract import Contract
from .envelope import Answer, Refusal
from .journal import Recorded
from .objects import Token, Zone
from .throttle import Guard

Method = Callable[[Zone, Recorded, Behaviour], Answer]

_OBJECT_ID = re.compile(r"[0-9a-f]{32}")
_CERTIFICATE_ID = re.compile(r"[0-9A-Za-z-]{1,36}")
_MAX_UNKNOWN_CREDENTIALS = 20
_PAGE_PARAMETERS = frozenset({"page", "per_page"})


def zone_of(path: str) -> str | None:
    """Return the zone id in a path. The zone may not exist."""
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[1] == "zones" and parts[2] else None


@dataclasses.dataclass
class Service:
    """Responds to requests about zones (by id), with tokens by name. Hold `lock` to read or change its state elsewhere."""

    zones: dict[str, Zone]
    tokens: dict[str, Token]
    behaviour: Behaviour
    guard: Guard
    contract: Contract | None
    unknown_credentials: int = 0
    lock: threading.RLock = dataclasses.field(default_factory=threading.RLock)

    def answer(self, call: Recorded, behaviour: Behaviour | None = None) -> tuple[Answer, bytes]:
        """Return the response to a request, and its bytes. A fault may require another behaviour."""
        with self.lock:
            behaviour = behaviour or self.behaviour
            try:
                answer = self._admitted(call, behaviour)
            except Refusal as refusal:
                answer = refusal.answer(behaviour)
            if behaviour.ratelimit_headers == "present":
                answer.headers.update(self.guard.policy(call.path == "/zones"))
            return answer, envelope.encode(answer.payload)

    def _admitted(self, call: Recorded, behaviour: Behaviour) -> Answer:
        try:
            caller = gate.caller(self.tokens.values(), call.headers)
        except Refusal as refusal:
            self.unknown_credentials += refusal.status == 403
            if refusal.status == 403 and self.unknown_credentials > _MAX_UNKNOWN_CREDENTIALS:
                raise envelope.locked_out() from None
            raise
        left = self.guard.admit(caller.user)
        if left:
            raise envelope.throttled(retry_after=math.ceil(left) if behaviour.retry_after == "present" else None)
        parts = call.path.split("/")[1:]
        if parts[0] != "zones" or len(parts) > 4 or (len(parts) > 2 and parts[2] != "custom_certificates"):
            raise envelope.no_such_path()
        if len(parts) > 1 and not _OBJECT_ID.fullmatch(parts[1]):
            raise envelope.no_route(f"/client/v4{call.path}")
        if len(parts) == 4 and not _CERTIFICATE_ID.fullmatch(parts[3]):
            raise envelope.no_route(f"/client/v4{call.path}")
        if len(parts) < 3:
            return self._zones(parts, call, caller, behaviour)
        return self._zone(parts, call, caller, behaviour)

    def _zones(self, parts: list[str], call: Recorded, caller: Token, behaviour: Behaviour) -> Answer:
        if call.method != "GET":
            raise envelope.wrong_method()
        if len(parts) == 2:
            zone = gate.visible_zone(self.zones, caller, parts[1], gate.ZONES)
            return envelope.success(zone.api, behaviour)
        gate.permit(caller, gate.ZONES)
        self._check_request(call, behaviour)
        visible = [zone for zone in self.zones.values() if caller.sees(zone)]
        found = listing.zones_asked(visible, call.query)
        page = listing.page_asked(call.query, behaviour)
        total = len(found) if behaviour.total_count == "filtered" else len(visible)
        return listing.answer(listing.cut(found, page), page, total, behaviour, behaviour.list_result_info)

    def _zone(self, parts: list[str], call: Recorded, caller: Token, behaviour: Behaviour) -> Answer:
        methods: dict[str, Method]
        if len(parts) == 3:
            methods = {"GET": self._list, "POST": self._upload}
        elif parts[3] == "prioritize":
            methods = {"PUT": self._prioritize}
        else:
            methods = dict.fromkeys(("GET", "PATCH", "DELETE"), self._certificate)
        if call.method not in methods:
            raise envelope.wrong_method()
        zone = gate.visible_zone(self.zones, caller, parts[1], gate.READ if call.method == "GET" else gate.WRITE)
        self._check_request(call, behaviour)
        if not zone.has_plan:
            if behaviour.free_zone != "empty":
                raise envelope.plan_refuses(behaviour)
            zone = Zone(zone.api, [])  # Certificates from before a change of the plan are not listed.
        lifecycle.settle(zone)
        return methods[call.method](zone, call, behaviour)

    def _check_request(self, call: Recorded, behaviour: Behaviour) -> None:
        """Check the request against the contract. A page out of range is noted, and handled by the switch."""
        if self.contract is None:
            return
        broken = self.contract.check_request(call)
        if broken is None or (broken.parameter in _PAGE_PARAMETERS and behaviour.per_page_out_of_range == "clamp"):
            return
        if broken.kind == "media_type":
            raise envelope.unreadable_body(415)
        if broken.kind == "unreadable" and not broken.parameter:
            raise envelope.unreadable_body()
        raise envelope.invalid_parameters()

    @staticmethod
    def _list(zone: Zone, call: Recorded, behaviour: Behaviour) -> Answer:
        page = listing.page_asked(call.query, behaviour)
        everything = zone.as_listed()
        found = listing.certificates_asked(everything, call.query, behaviour)
        part = listing.cut(found, page)
        lifecycle.seen(zone, part)
        part = [listing.shown(item, behaviour) for item in part]
        total = len(found) if behaviour.total_count == "filtered" else len(everything)
        return listing.answer(part, page, total, behaviour, behaviour.list_result_info)

    @staticmethod
    def _upload(zone: Zone, call: Recorded, behaviour: Behaviour) -> Answer:
        return envelope.success(listing.shown(lifecycle.create(zone, call.body, behaviour), behaviour), behaviour)

    @staticmethod
    def _prioritize(zone: Zone, call: Recorded, behaviour: Behaviour) -> Answer:
        return prioritize.prioritize(zone, prioritize.asked(call.body), behaviour)

    @staticmethod
    def _certificate(zone: Zone, call: Recorded, behaviour: Behaviour) -> Answer:
        certificate_id = call.path.rpartition("/")[2]
        if call.method == "DELETE":
            return envelope.success(lifecycle.delete(zone, certificate_id, behaviour), behaviour)
        if call.method == "PATCH":
            item = lifecycle.edit(zone, certificate_id, call.body, behaviour)
        else:
            item = lifecycle.find(zone, certificate_id, behaviour)
            lifecycle.seen(zone, [item])
        return envelope.success(listing.shown(item, behaviour), behaviour)
