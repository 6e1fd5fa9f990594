# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The class that tests use: a running emulator."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import copy
import pathlib
import pickle
import ssl
import threading
import types
import typing as t
from collections.abc import Callable, Iterable

from .behaviour import Behaviour
from .contract import Contract, Violation
from .faults import Fault
from .journal import Journal, Recorded
from .objects import Token, Zone, demo_zone, uploaded
from .pem import Pem
from .server import BASE, Plan, Wire
from .service import Service
from .state import State
from .throttle import EVERYONE, REAL, Guard, Throttle
from .tls import OwnTLS

_HOST = "127.0.0.1"


def _from_outside(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    """Set an event of a loop that runs in another thread and may have ended already."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(event.set)


class Emulator:
    """Serves zones on loopback within a `with` block. Its state can be read and changed at any time.

    All arguments are optional: `zones` (default: `demo_zone()`), `tokens` (in addition to the default one, which has write
    permission for all zones), `behaviour`, `throttle` (default: Cloudflare's limits; None for no limit), `validate` (whether to
    check the contract, false for benchmarks), `tls` (True for HTTPS with a certificate of a generated CA, see `ca_bundle`; or a
    certificate file and a key file), `port` (0: chosen by the system), `latency` (milliseconds before every response).
    """

    def __init__(
        self,
        *,
        zones: Iterable[Zone] | None = None,
        tokens: Iterable[Token] = (),
        behaviour: Behaviour | None = None,
        throttle: Throttle | None = REAL,
        validate: bool = True,
        tls: bool | tuple[str | pathlib.Path, str | pathlib.Path] | None = None,
        port: int = 0,
        latency: float = 0,
    ) -> None:
        self._tls = tls
        self._own_tls = OwnTLS(_HOST) if tls is True else None
        self._port = port
        self._tokens = tuple(tokens)
        self._contract = Contract() if validate else None
        self._guard = Guard(throttle)
        self._journal = Journal()
        state = State([demo_zone()] if zones is None else zones, self._tokens)
        self._service = Service(state, behaviour or Behaviour(), self._guard, self._contract)
        self._start_behaviour = self._service.behaviour
        # Fleets are large, and pickle is by far the fastest way to copy them.
        self._start_zones = pickle.dumps(list(state.zones.values()))
        self._plan = Plan(latency)
        self._stop: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None

    # Starting and stopping

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen in a separate thread. Requests can be sent as soon as this returns."""
        if self._thread is not None:
            raise RuntimeError("this emulator is running already")
        listening: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="emulator", daemon=True)
        self._thread.start()
        try:
            self._port = listening.result()
        except BaseException:
            self._thread.join()
            self._thread = None
            raise

    def stop(self) -> None:
        """Stop listening, and close all connections. A later start uses the same port."""
        if self._thread is None or self._stop is None:
            return
        self._stop()
        self._thread.join()
        self._thread = None

    def _run(self, listening: concurrent.futures.Future[int]) -> None:
        try:
            asyncio.run(self._serve(listening))
        except BaseException as error:  # pylint: disable=broad-exception-caught
            # Raised in the thread that waits for the port.
            if not listening.done():
                listening.set_exception(error)

    async def _serve(self, listening: concurrent.futures.Future[int]) -> None:
        loop = asyncio.get_running_loop()
        # asyncio would report resets and disconnected clients, which are part of the tests.
        loop.set_exception_handler(lambda loop, context: None)
        wire = Wire(self._service, self._journal, self._plan)
        self._stop = lambda: _from_outside(loop, wire.stopping)
        server = wire.server()
        listener = await loop.create_server(server, _HOST, self._port, ssl=self._ssl(), backlog=1024)
        listening.set_result(listener.sockets[0].getsockname()[1])
        await wire.stopping.wait()
        listener.close()
        server.pre_shutdown()
        await server.shutdown(0.2)
        await wire.abort()

    def _ssl(self) -> ssl.SSLContext | None:
        if self._own_tls is not None:
            return self._own_tls.context()
        if not isinstance(self._tls, tuple):
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, self._tls))
        return context

    # URL and credentials

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self._tls else 'http'}://{_HOST}:{self._port}"

    @property
    def url(self) -> str:
        """The base URL of the API, for `api_url`."""
        return f"{self.origin}{BASE}"

    @property
    def ca_bundle(self) -> str:
        """The path of a file with the CA that clients must trust with `tls=True`. A later start uses the same CA."""
        if self._own_tls is None:
            raise ValueError("there is a ca_bundle with tls=True alone")
        return str(self._own_tls.ca_bundle)

    @property
    def token(self) -> str:
        """A token with write permission for all zones."""
        return self.tokens["default"].value

    @property
    def email(self) -> str:
        """The e-mail address of the same user, for use with `key`."""
        return self.tokens["default"].email or ""

    @property
    def key(self) -> str:
        """The Global API Key for `email`."""
        return self.tokens["default"].key or ""

    @property
    def tokens(self) -> dict[str, Token]:
        """All credentials, by name."""
        return self._service.state.tokens

    # Zones

    @property
    def zones(self) -> dict[str, Zone]:
        """The zones by name. If several have the same name, it has the first one, and `zones_by_id` has all."""
        zones: dict[str, Zone] = {}
        for zone in self._service.state.zones.values():
            zones.setdefault(zone.name, zone)
        return zones

    @property
    def zones_by_id(self) -> dict[str, Zone]:
        """The zones by id."""
        return self._service.state.zones

    @property
    def lock(self) -> contextlib.AbstractContextManager[t.Any]:
        """A lock to hold while a test changes zones or certificates and there may be requests."""
        return self._service.lock

    def order(self, zone: str) -> list[tuple[str, t.Any]]:
        """Return the ids and priorities of a zone (name or id), the highest first, equal priorities by id."""
        with self.lock:
            return self._service.state.order(zone)

    def renew(self, zone: str, certificate_id: str) -> str:
        """Renew a certificate without a request, and return its new id."""
        with self.lock:
            return self._service.state.renew(zone, certificate_id, self.behaviour)

    def delete(self, zone: str, certificate_id: str) -> None:
        """Delete a certificate without a request."""
        with self.lock:
            self._service.state.delete(zone, certificate_id, self.behaviour)

    def upload(self, zone: str, pem: Pem, **fields: t.Any) -> str:
        """Upload a certificate without a request and without checks, and return its id.

        `fields` are those of `uploaded`; by default it is an active `sni_custom` one with the priority of an upload.
        """
        with self.lock:
            usual = {"type": "sni_custom", "priority": self.behaviour.upload_priority}
            made = uploaded(pem, behaviour=self.behaviour, **{**usual, **fields})
            return self._service.state.zone(zone).add(made)

    def set_priority(self, zone: str, certificate_id: str, priority: float | None) -> None:
        """Set the priority of a certificate without a request."""
        with self.lock:
            self._service.state.set_priority(zone, certificate_id, priority)

    def dump(self) -> list[t.Any]:
        """Return a copy of the API's objects of all zones."""
        with self.lock:
            return copy.deepcopy([(zone.api, zone.certificates) for zone in self.zones_by_id.values()])

    # Requests

    @property
    def requests(self) -> list[Recorded]:
        """Every request to the API, in order of arrival."""
        return self._journal.entries()

    def counts(self) -> dict[tuple[str, str | None], int]:
        """Return the number of requests by method and zone id (None for the list of zones)."""
        return self._journal.counts()

    def writes(self, zone: str) -> int:
        """Return the number of PUTs for a zone (name or id), including those that were refused."""
        zone_id = self._service.state.zone(zone).id
        return self.counts().get(("PUT", zone_id), 0)

    def wait_for_requests(self, count: int, timeout: float = 10) -> None:
        """Wait until this number of requests has arrived since the start or the last `clear`."""
        if not self._journal.wait_for(count, timeout):
            raise TimeoutError(f"{len(self.requests)} requests came in {timeout} s, not {count}")

    def wait_until_idle(self, timeout: float = 10) -> None:
        """Wait until the processing of all requests has ended, even if their clients have disconnected."""
        if not self._journal.wait_until_idle(timeout):
            raise TimeoutError(f"a request is still open after {timeout} s")

    @property
    def connections(self) -> int:
        """The number of accepted connections since the start or the last `clear`; with TLS, the number of handshakes."""
        return self._journal.connections

    @property
    def refused(self) -> int:
        """The number of requests that the throttle has refused."""
        return self._guard.refused

    @property
    def contract_violations(self) -> list[Violation]:
        """Requests that violated the contract, and responses that did so without a fault or switch that requires it."""
        return self._contract.violations if self._contract is not None else []

    @property
    def failures(self) -> list[str]:
        """Internal errors of the emulator, and exceptions of callbacks."""
        return list(self._plan.failures)

    def clear(self) -> None:
        """Forget the requests and the violations of the contract."""
        self._journal.clear()
        if self._contract is not None:
            self._contract.clear()

    def reset(self, *, state: bool = True) -> None:
        """Reset to the initial state: no requests, faults, callbacks or ban, and the initial behaviour and zones."""
        self.clear()
        self._guard.reset()
        self._service.gate.failures = 0
        self._service.behaviour = self._start_behaviour
        self._plan.clear()
        if state:
            self._service.replace_state(State(pickle.loads(self._start_zones), self._tokens))

    # Behaviour and faults

    @property
    def behaviour(self) -> Behaviour:
        """The current switches."""
        return self._service.behaviour

    def behave(self, **switches: t.Any) -> None:
        """Change switches. The emulator may be running."""
        self._service.behaviour = self._service.behaviour.but(**switches)

    def fault(self, fault: Fault, *, method: str = "*", path: str = "*", times: int | None = 1, after: int = 0) -> None:
        """Cause a fault in the next `times` matching requests (None: all), after skipping the first `after` of them.

        `path` is a shell pattern for the path relative to the base URL. Each request takes the first fault that matches it.
        """
        self._plan.faults.add(fault, method=method, path=path, times=times, after=after)

    def before(
        self,
        method: str,
        path: str,
        callback: Callable[[Emulator], object],
        times: int | None = 1,
        after: int = 0,
    ) -> None:
        """Run `callback(emulator)` before a matching request is processed. It may send requests itself."""
        self._plan.callbacks.add(lambda: callback(self), method=method, path=path, times=times, after=after)

    def ban(self, seconds: float, user: str = EVERYONE) -> None:
        """Ban a user, or all users, for this number of seconds from now; 0 ends a ban."""
        with self.lock:
            self._guard.ban(seconds, user)

    def outsider(self, requests: int, user: str = "user-1") -> None:
        """Count requests of a user, as if a dashboard or another tool had made them."""
        with self.lock:
            self._guard.outsider(requests, user)
