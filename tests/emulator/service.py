# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API without HTTP: returns the response to a recorded request. It has all endpoints."""

from __future__ import annotations

import dataclasses
import re
import threading

from . import envelope, gate, lifecycle, listing, prioritize
from .behaviour import Behaviour
from .contract import Contract
from .envelope import Answer, Refusal
from .journal import Recorded
from .objects import Token, Zone
from .state import State, in_list_order, shown
from .throttle import Guard, policy_headers, whole_seconds

_OBJECT_ID = re.compile(r"[0-9a-f]{32}")
_CERTIFICATE_ID = re.compile(r"[0-9A-Za-z-]{1,36}")
_PAGE_PARAMETERS = frozenset({"page", "per_page"})


def _methods(parts: list[str]) -> tuple[str, ...]:
    if parts[3:] == ["prioritize"]:
        return ("PUT",)
    if len(parts) == 4:
        return ("GET", "PATCH", "DELETE")
    return ("GET", "POST") if len(parts) == 3 else ("GET",)


def zone_of(path: str) -> str | None:
    """Return the zone id in a path. The zone may not exist."""
    parts = path.split("/", 3)
    return parts[2] if len(parts) > 2 and parts[1] == "zones" and parts[2] else None


class Service:
    """Responds to requests, based on a state. Hold `lock` to read or change the state elsewhere."""

    def __init__(self, state: State, behaviour: Behaviour, guard: Guard, contract: Contract | None) -> None:
        self.lock = threading.RLock()
        self.state = state
        self.behaviour = behaviour
        self.guard = guard
        self.contract = contract
        self.gate = gate.Gate(state)

    def replace_state(self, state: State) -> None:
        """Use another state from now on."""
        with self.lock:
            self.state = state
            self.gate = gate.Gate(state)

    def answer(
        self, call: Recorded, behaviour: Behaviour | None = None, page: int | None = None
    ) -> tuple[Answer, bytes]:
        """Return the response to a request, and its bytes. A fault may require another behaviour or another page."""
        with self.lock:
            behaviour = behaviour or self.behaviour
            try:
                answer = self._admitted(call, behaviour, page)
            except Refusal as refusal:
                answer = refusal.answer(behaviour)
            if behaviour.ratelimit_headers == "present":
                answer.headers.update(policy_headers(self.guard.throttle, call.path == "/zones"))
            return answer, envelope.encode(answer.payload)

    def _admitted(self, call: Recorded, behaviour: Behaviour, page: int | None) -> Answer:
        caller = self.gate.caller(call.headers)
        left = self.guard.admit(caller.user)
        if left:
            raise envelope.throttled(whole_seconds(left) if behaviour.retry_after == "present" else None)
        parts = call.path.split("/")[1:]
        if parts[0] != "zones" or len(parts) > 4 or (len(parts) > 2 and parts[2] != "custom_certificates"):
            raise envelope.no_such_path()
        if len(parts) > 1 and not _OBJECT_ID.fullmatch(parts[1]):
            raise envelope.no_route(f"/client/v4{call.path}")
        if len(parts) == 4 and not _CERTIFICATE_ID.fullmatch(parts[3]):
            raise envelope.no_route(f"/client/v4{call.path}")
        if call.method not in _methods(parts):
            raise envelope.wrong_method()
        return self._routed(call, parts, caller, behaviour, page)

    def _routed(
        self, call: Recorded, parts: list[str], caller: Token, behaviour: Behaviour, page: int | None
    ) -> Answer:
        if len(parts) == 1:
            gate.permit(caller, gate.ZONES)
            self._check_request(call, behaviour)
            return self._zones(call, caller, behaviour, page)
        if len(parts) == 2:
            zone = gate.visible_zone(self.state, caller, parts[1], gate.ZONES)
            return envelope.success(zone.api, behaviour)
        zone = gate.visible_zone(self.state, caller, parts[1], gate.READ if call.method == "GET" else gate.WRITE)
        self._check_request(call, behaviour)
        if not zone.has_plan and behaviour.free_zone != "empty":
            raise envelope.plan_refuses(behaviour)
        lifecycle.settle(zone)
        if len(parts) == 4 and parts[3] != "prioritize":
            return self._certificate(zone, parts[3], call, behaviour)
        if call.method == "POST":
            return envelope.success(shown(lifecycle.create(zone, call.body, behaviour), behaviour), behaviour)
        held = zone if zone.has_plan else Zone(zone.api, [])
        if call.method == "PUT":
            return self._prioritize(held, call, behaviour)
        return self._certificates(held, call, behaviour, page)

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

    def _zones(self, call: Recorded, caller: Token, behaviour: Behaviour, number: int | None) -> Answer:
        query = call.query
        zones = listing.zones_asked(self.state, caller, query)
        page = listing.page_asked(query, behaviour)
        part = listing.cut(zones, page if number is None else dataclasses.replace(page, number=number))
        visible = (
            len(zones) if behaviour.total_count == "filtered" else sum(map(caller.sees, self.state.zones.values()))
        )
        info = None
        if behaviour.list_result_info == "present":
            info = listing.result_info(page, len(part), visible, behaviour)
        return envelope.success(part if part or behaviour.empty_result == "list" else None, behaviour, info)

    def _certificates(self, zone: Zone, call: Recorded, behaviour: Behaviour, number: int | None) -> Answer:
        query = call.query
        page = listing.page_asked(query, behaviour)
        everything = zone.certificates
        if zone.stale is not None:
            everything = zone.stale.certificates
            zone.stale.reads -= 1
            if zone.stale.reads <= 0:
                zone.stale = None
        wanted = in_list_order(listing.certificates_asked(everything, query), behaviour)
        part = listing.cut(wanted, page if number is None else dataclasses.replace(page, number=number))
        lifecycle.seen(zone, part)
        part = [shown(item, behaviour) for item in part]
        info = None
        if behaviour.list_result_info == "present":
            total = len(wanted) if behaviour.total_count == "filtered" else len(everything)
            info = listing.result_info(page, len(part), total, behaviour)
        return envelope.success(part if part or behaviour.empty_result == "list" else None, behaviour, info)

    @staticmethod
    def _certificate(zone: Zone, certificate_id: str, call: Recorded, behaviour: Behaviour) -> Answer:
        if call.method == "DELETE":
            return envelope.success(lifecycle.delete(zone, certificate_id, behaviour), behaviour)
        if call.method == "PATCH":
            edited = lifecycle.edit(zone, certificate_id, call.body, behaviour)
            return envelope.success(shown(edited, behaviour), behaviour)
        found = zone.find(certificate_id)
        if found is None:
            raise envelope.unknown_certificate(behaviour)
        lifecycle.seen(zone, [found])
        return envelope.success(shown(found, behaviour), behaviour)

    @staticmethod
    def _prioritize(zone: Zone, call: Recorded, behaviour: Behaviour) -> Answer:
        return prioritize.prioritize(zone, prioritize.asked(call.body, behaviour), behaviour)
