# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP server: passes requests to the service, and applies faults and callbacks."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import ssl
import traceback
import typing as t
from collections.abc import Callable
from urllib.parse import urlencode

from aiohttp import web

from . import delivery, envelope
from .delivery import Connection, Outgoing
from .faults import Fault, Rules
from .journal import Journal, Recorded, without_keys
from .service import Service, zone_of

BASE = "/client/v4"


class Wire:
    """Everything between the socket and the service. `latency` is in milliseconds."""

    def __init__(self, service: Service, latency: float) -> None:
        self.service = service
        self.latency = latency / 1000
        self.journal = Journal()
        self.faults = Rules()
        self.callbacks = Rules()
        self.failures: list[str] = []
        self.stop: Callable[[], object] = lambda: None
        self._stopping = asyncio.Event()
        self._numbers = itertools.count(1)
        self._connections: dict[t.Any, Connection] = {}

    async def serve(
        self, host: str, port: int, context: ssl.SSLContext | None, listening: Callable[[int], None]
    ) -> None:
        """Serve until another thread calls `stop`. `listening` is called with the port."""
        loop = asyncio.get_running_loop()
        # asyncio would report resets and disconnected clients, which are part of the tests.
        loop.set_exception_handler(lambda loop, context: None)
        self._stopping = asyncio.Event()
        self.stop = lambda: loop.call_soon_threadsafe(self._stopping.set)
        # The low-level server is fast, because it has one handler and no routes.
        server = _Server(self)
        listener = await loop.create_server(server, host, port, ssl=context, backlog=1024)
        listening(listener.sockets[0].getsockname()[1])
        await self._stopping.wait()
        listener.close()
        server.pre_shutdown()
        await server.shutdown(0.2)
        await self._abort()

    def opened(self, protocol: t.Any, transport: asyncio.Transport) -> None:
        """Note a new connection."""
        connection = self._connections[protocol] = Connection(next(self._numbers), transport)
        if self.faults.take(None):
            connection.reset()

    def closed(self, protocol: t.Any) -> None:
        """Note the end of a connection."""
        self._connections.pop(protocol).gone.set()

    async def _abort(self) -> None:
        """Close all connections. A client with an idle connection would not respond to the end of the TLS session."""
        open_ones = list(self._connections.values())
        for connection in open_ones:
            connection.transport.abort()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(connection.gone.wait() for connection in open_ones)), 0.2)
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
                if self.latency:
                    await connection.pause(self.latency)
                return await self._answered(request, connection, call)
            finally:
                call.body = without_keys(call.body)
                self.journal.close()
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:  # pylint: disable=broad-exception-caught
            text = traceback.format_exc()
            self.failures.append(text)
            return web.Response(status=500, text=f"The emulator itself failed:\n{text}")

    async def _answered(self, request: web.BaseRequest, connection: Connection, call: Recorded) -> web.StreamResponse:
        fault: Fault | None = self.faults.take(call)
        if fault is not None and fault.kind == "reset_before_request":
            return self._cut(connection)
        if request.can_read_body:
            call.body = await request.read()
        if fault is not None and fault.kind == "latency":
            await connection.pause(fault["seconds"])
            fault = None
        callback = self.callbacks.take(call)
        if callback is not None:
            # In another thread, so that it may send requests itself.
            await asyncio.get_running_loop().run_in_executor(None, callback)
        if fault is not None:
            return await self._faulty(connection, call, fault)
        answer, body = self.service.answer(call)
        status, body = self._checked(call, answer, body)
        return web.Response(status=status, body=body, headers=delivery.headers(answer.headers))

    def _checked(self, call: Recorded, answer: envelope.Answer, body: bytes) -> tuple[int, bytes]:
        contract = self.service.contract
        if contract is None or not answer.as_agreed:
            return answer.status, body
        broken = contract.check_response(call, answer.status, "application/json", body)
        if broken is None:
            return answer.status, body
        return 500, f"The emulator's answer breaks its contract: {broken.text}".encode()

    def _cut(self, connection: Connection) -> web.StreamResponse:
        connection.reset()
        return web.Response()

    async def _faulty(self, connection: Connection, call: Recorded, fault: Fault) -> web.StreamResponse:
        if fault.kind == "reset_after_request":
            return self._cut(connection)
        outgoing = self._falsified(call, fault) if fault.applies else Outgoing()
        if fault.kind == "no_answer":
            await connection.gone.wait()  # or until stopping cancels this
            return self._cut(connection)
        is_page = fault.kind == "server_error" and self.service.behaviour.server_error == "html"
        replace = delivery.REPLACED.get("html" if is_page else fault.kind)
        if replace is not None:
            outgoing = replace(fault)
        return await delivery.deliver(connection, outgoing, fault)

    def _falsified(self, call: Recorded, fault: Fault) -> Outgoing:
        behaviour = self.service.behaviour
        if fault.kind == "pretend":
            behaviour = behaviour.but(put_effect="pretended")
        elif fault.kind == "duplicate_page":
            page = max(int(call.query.get("page", "1")) - 1, 1)
            call = dataclasses.replace(call, query_string=urlencode({**call.query, "page": page}))
        answer, body = self.service.answer(call, behaviour)
        payload = fault.falsified(answer.payload)
        if payload is not answer.payload:
            body = envelope.encode(payload)
        return Outgoing(answer.status, body, answer.headers)


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
