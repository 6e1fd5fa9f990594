# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP server: passes requests to the service, and applies faults and callbacks."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import traceback
import typing as t
from collections.abc import Callable

from aiohttp import web

from . import delivery, envelope
from .delivery import Connection, Outgoing
from .falsify import falsify
from .faults import Fault, Rules
from .journal import Journal, Recorded, without_keys
from .service import Service, zone_of

BASE = "/client/v4"


class Plan:
    """The faults and callbacks for the next requests, and the internal errors of the emulator."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.faults = Rules()
        self.callbacks = Rules()
        self.failures: list[str] = []

    def clear(self) -> None:
        """Remove all of them."""
        self.faults.clear()
        self.callbacks.clear()
        self.failures.clear()


class Wire:
    """Everything between the socket and the service."""

    def __init__(self, service: Service, journal: Journal, plan: Plan) -> None:
        self.service = service
        self.journal = journal
        self.plan = plan
        self.stopping = asyncio.Event()
        self._numbers = itertools.count(1)
        self._connections: dict[t.Any, Connection] = {}

    def server(self) -> web.Server:
        """Return the low-level server. It is fast, because it has one handler and no routes."""
        return _Server(self)

    def opened(self, protocol: t.Any, transport: asyncio.Transport) -> None:
        """Note a new connection."""
        connection = self._connections[protocol] = Connection(next(self._numbers), transport)
        self.journal.connected()
        if self.plan.faults and self.plan.faults.take_kind("reset_on_connect"):
            connection.reset()

    def closed(self, protocol: t.Any) -> None:
        """Note the end of a connection."""
        connection = self._connections.pop(protocol, None)
        if connection is not None:
            connection.gone.set()

    async def abort(self) -> None:
        """Close all connections. A client with an idle connection would not respond to the end of the TLS session."""
        open_ones = list(self._connections.values())
        for connection in open_ones:
            connection.transport.abort()
        for connection in open_ones:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(connection.gone.wait(), 0.2)
        # The underlying socket is closed in a later callback of the loop.
        await asyncio.sleep(0)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Handle any request. An internal error of the emulator results in a 500 and is added to `failures`."""
        try:
            path, _question, query = request.raw_path.partition("?")
            if not path.startswith(f"{BASE}/"):
                answer = envelope.no_such_path().answer(self.service.behaviour)
                return web.Response(status=answer.status, body=envelope.encode(answer.payload))
            path = path[len(BASE) :]
            connection = self._connections[request.protocol]
            call = Recorded(request.method, path, query, request.headers, connection.number, zone_of(path))
            self.journal.add(call)
            try:
                if self.plan.latency:
                    await connection.pause(self.plan.latency / 1000)
                return await self._answered(request, connection, call)
            finally:
                call.body = without_keys(call.body)
                self.journal.close()
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:  # pylint: disable=broad-exception-caught
            text = traceback.format_exc()
            self.plan.failures.append(text)
            return web.Response(status=500, text=f"The emulator itself failed:\n{text}")

    async def _answered(self, request: web.BaseRequest, connection: Connection, call: Recorded) -> web.StreamResponse:
        fault: Fault | None = self.plan.faults.take(call) if self.plan.faults else None
        if fault is not None and fault.kind == "reset_before_request":
            return self._cut(connection, call)
        if request.can_read_body:
            call.body = await request.read()
        if fault is not None and fault.kind == "latency":
            await connection.pause(fault["seconds"])
            fault = None
        if self.plan.callbacks:
            await self._call_back(call)
        if fault is None:
            answer, body = self.service.answer(call)
            status, body = self._checked(call, answer, body)
            call.status = status
            return web.Response(status=status, body=body, headers=delivery.headers(answer.headers))
        return await self._faulty(request, connection, call, fault)

    async def _call_back(self, call: Recorded) -> None:
        """Run the callback of a test before the request is processed, in another thread, so that it may send requests itself."""
        callback: Callable[[], None] | None = self.plan.callbacks.take(call)
        if callback is not None:
            await asyncio.get_running_loop().run_in_executor(None, callback)

    def _checked(self, call: Recorded, answer: envelope.Answer, body: bytes) -> tuple[int, bytes]:
        contract = self.service.contract
        if contract is None or not answer.as_agreed:
            return answer.status, body
        broken = contract.check_response(call, answer.status, "application/json", body)
        if broken is None:
            return answer.status, body
        return 500, f"The emulator's answer breaks its contract: {broken.text}".encode()

    def _cut(self, connection: Connection, call: Recorded) -> web.StreamResponse:
        call.status = 0
        connection.reset()
        return web.Response()

    async def _faulty(
        self, request: web.BaseRequest, connection: Connection, call: Recorded, fault: Fault
    ) -> web.StreamResponse:
        if fault.kind == "reset_after_request":
            return self._cut(connection, call)
        status, body = 200, b""
        extra: dict[str, str] = {}
        if fault.applies:
            status, extra, body = self._falsified(call, fault)
        if fault.kind == "no_answer":
            await self._never(connection)
            return self._cut(connection, call)
        replace = delivery.REPLACED.get(fault.kind)
        if replace is not None:
            status, extra, body = replace(fault, self.service.behaviour.server_error)
        call.status = 0 if fault.kind in {"reset_after_apply", "reset_mid_answer"} else status
        return await delivery.deliver(Outgoing(request, connection, status, extra, body), fault)

    def _falsified(self, call: Recorded, fault: Fault) -> tuple[int, dict[str, str], bytes]:
        behaviour, page = self.service.behaviour, None
        if fault.kind == "pretend":
            behaviour = behaviour.but(put_effect="pretended")
        elif fault.kind == "duplicate_page":
            page = max(int(call.query.get("page", "1")) - 1, 1)
        answer, body = self.service.answer(call, behaviour, page)
        payload = falsify(answer.payload, fault)
        if payload is not answer.payload:
            body = envelope.encode_raw(payload)
        return answer.status, answer.headers, body

    async def _never(self, connection: Connection) -> None:
        waits = [asyncio.ensure_future(connection.gone.wait()), asyncio.ensure_future(self.stopping.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


class _Server(web.Server):
    """Notifies C(Wire) of new and closed connections."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.handle, access_log=None, keepalive_timeout=3600, auto_decompress=False)
        self._wire = wire

    def connection_made(self, handler: t.Any, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._wire.opened(handler, transport)

    def connection_lost(self, handler: t.Any, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._wire.closed(handler)


__all__ = ("BASE", "Plan", "Wire")
