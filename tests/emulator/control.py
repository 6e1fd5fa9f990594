# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control path, `/emulator/...`, for tests that run in another process. It needs no credentials and no lock-step.

| request | what it does |
| --- | --- |
| GET requests | counts by method and zone, of connections, how many were throttled, what broke the contract; with `?log=1` each one |
| POST reset | forgets requests, faults and throttle, takes back the first behaviour, and with `{"state": true}` the zones |
| GET, PUT behaviour | the switches; a PUT names those to change |
| GET, PUT state | the zones; a PUT takes what `load` takes or what the GET gave |
| POST faults | `{"kind": ..., "arguments": {...}, "method": ..., "path": ..., "times": ..., "after": ...}` |
| POST ban | `{"seconds": ...}` |
| POST outsider | `{"requests": ...}` |
| POST certificates | `{"action": "renew", "delete" or "priority", "zone": ..., "id": ..., "priority": ...}` |
| POST certificates | `{"action": "upload", "zone": ..., "certificate": ..., "private_key": ...}`, and other fields |

In a fault's arguments `{"$raw": "1e999"}` stands for text that goes into the answer as it is.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t
from collections.abc import Callable

from aiohttp import web

from .envelope import Raw
from .faults import Fault
from .journal import Recorded
from .pem import Pem

JSONObject = dict[str, t.Any]

if t.TYPE_CHECKING:
    from .running import Emulator


class Control:
    """Answers the control path for one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._actions: dict[tuple[str, str], Callable[[JSONObject], JSONObject]] = {
            ("GET", "requests"): self._requests,
            ("POST", "reset"): self._reset,
            ("GET", "behaviour"): self._behaviour,
            ("PUT", "behaviour"): self._behave,
            ("GET", "state"): self._state,
            ("PUT", "state"): self._replace,
            ("POST", "faults"): self._fault,
            ("POST", "ban"): self._ban,
            ("POST", "outsider"): self._outsider,
            ("POST", "certificates"): self._certificate,
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """One control request; a 400 with the reason where it cannot be done."""
        action = self._actions.get((request.method, request.path.removeprefix("/emulator/")))
        if action is None:
            return web.json_response({"error": "no such control"}, status=404)
        try:
            body = await request.read()
            arguments = json.loads(body) if body else dict(request.query)
            return web.json_response(action(arguments))
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    def _requests(self, arguments: JSONObject) -> JSONObject:
        emulator = self._emulator
        counts = [
            {"method": method, "zone_id": zone_id, "count": count}
            for (method, zone_id), count in emulator.counts().items()
        ]
        result: JSONObject = {
            "total": sum(item["count"] for item in counts),
            "counts": counts,
            "connections": emulator.connections,
            "throttled": emulator.refused,
            "contract_violations": [dataclasses.asdict(item) for item in emulator.contract_violations],
            "failures": emulator.failures,
        }
        if arguments.get("log"):
            result["log"] = [_logged(entry) for entry in emulator.requests]
        return result

    def _reset(self, arguments: JSONObject) -> JSONObject:
        self._emulator.reset(state=bool(arguments.get("state")))
        return {}

    def _behaviour(self, arguments: JSONObject) -> JSONObject:
        return dataclasses.asdict(self._emulator.behaviour)

    def _behave(self, arguments: JSONObject) -> JSONObject:
        self._emulator.behave(**arguments)
        return dataclasses.asdict(self._emulator.behaviour)

    def _state(self, arguments: JSONObject) -> JSONObject:
        return self._emulator.dump()

    def _replace(self, arguments: JSONObject) -> JSONObject:
        self._emulator.replace(arguments)
        return {}

    def _fault(self, arguments: JSONObject) -> JSONObject:
        fault = Fault(arguments.pop("kind"), **_with_raw(arguments.pop("arguments", {})))
        self._emulator.fault(fault, **arguments)
        return {}

    def _ban(self, arguments: JSONObject) -> JSONObject:
        self._emulator.ban(**arguments)
        return {}

    def _outsider(self, arguments: JSONObject) -> JSONObject:
        self._emulator.outsider(**arguments)
        return {}

    def _certificate(self, arguments: JSONObject) -> JSONObject:
        action, zone = arguments.pop("action"), arguments.pop("zone")
        if action == "upload":
            pem = Pem(arguments.pop("certificate"), arguments.pop("private_key"), "")
            return {"id": self._emulator.upload(zone, pem, **arguments)}
        identifier = arguments["id"]
        if action == "renew":
            return {"id": self._emulator.renew(zone, identifier)}
        if action == "delete":
            self._emulator.delete(zone, identifier)
        elif action == "priority":
            self._emulator.set_priority(zone, identifier, arguments["priority"])
        else:
            raise ValueError(f"no action is called {action!r}")
        return {}


def _with_raw(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return Raw(value["$raw"]) if set(value) == {"$raw"} else {key: _with_raw(item) for key, item in value.items()}
    return [_with_raw(item) for item in value] if isinstance(value, list) else value


def _logged(entry: Recorded) -> JSONObject:
    return {
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "headers": dict(entry.headers),
        "body": entry.body.decode(errors="replace"),
        "zone_id": entry.zone_id,
        "connection": entry.connection,
        "status": entry.status,
    }
