# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The class that tests use: a running emulator."""

from __future__ import annotations

import asyncio
import collections
import concurrent.futures
import contextlib
import copy
import pathlib
import pickle
import shutil
import ssl
import tempfile
import threading
import typing as t
import weakref
from collections.abc import Callable, Iterable

from . import lifecycle, listing
from .behaviour import Behaviour
from .contract import Contract, Violation
from .faults import Fault
from .journal import Recorded
from .objects import JSONObject, Token, Zone, demo_zone, from_today, now, token
from .pem import make_pem, server_context
from .server import BASE, Wire
from .service import Service
from .throttle import REAL, Guard, Throttle

_HOST = "127.0.0.1"


class Emulator:
    """Serves zones on loopback within a `with` block. Its state can be read and changed at any time.

    All arguments are optional: `zones` (default: `demo_zone()`), `tokens` (in addition to the default one, which has write
    permission for all zones), `behaviour`, `throttle` (default: Cloudflare's limits; None for no limit), `validate` (whether to
    check the contract, false for benchmarks), `tls` (True for HTTPS with a certificate of a generated CA, see `ca_bundle`; or a
    certificate file and a key file), `latency` (milliseconds before every response).
    """

    def __init__(
        self,
        *,
        zones: Iterable[Zone] | None = None,
        tokens: Iterable[Token] = (),
        behaviour: Behaviour | None = None,
        throttle: Throttle | None = REAL,
        validate: bool = True,
        tls: bool | tuple[str | pathlib.Path, str | pathlib.Path] = False,
        latency: float = 0,
    ) -> None:
        self.port = 0
        self._ca_bundle: str | None = None
        self._ssl = self._context(tls) if tls else None
        held: dict[str, Zone] = {}
        for item in [demo_zone()] if zones is None else zones:
            if held.setdefault(item.id, item) is not item:
                raise ValueError(f"two zones have the id {item.id} ({item.name})")
        credentials = {item.name: item for item in (token("default", email="ops@example.com"), *tokens)}
        self._start_behaviour = behaviour or Behaviour()
        # Fleets are large, and pickle is by far the fastest way to copy them.
        self._start_zones = pickle.dumps(held)
        self._contract = Contract() if validate else None
        self._guard = Guard(throttle)
        self._service = Service(held, credentials, self._start_behaviour, self._guard, self._contract)
        self._wire = Wire(self._service, latency)
        self._thread: threading.Thread | None = None

    # Starting and stopping

    def __enter__(self) -> t.Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen in a separate thread. Requests can be sent as soon as this returns."""
        if self._thread is not None:
            raise RuntimeError("this emulator is running already")
        listening: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="emulator", daemon=True)
        self._thread.start()
        try:
            self.port = listening.result()
        except BaseException:
            self._thread.join()
            self._thread = None
            raise

    def stop(self) -> None:
        """Stop listening, and close all connections. A later start uses the same port."""
        if self._thread is not None:
            with contextlib.suppress(RuntimeError):  # its loop may have ended already
                self._wire.stop()
            self._thread.join()
            self._thread = None

    def _run(self, listening: concurrent.futures.Future[int]) -> None:
        try:
            asyncio.run(self._wire.serve(_HOST, self.port, self._ssl, listening.set_result))
        except BaseException as error:  # pylint: disable=broad-exception-caught
            # Raised in the thread that waits for the port.
            if not listening.done():
                listening.set_exception(error)

    def _context(self, tls: t.Any) -> ssl.SSLContext:
        if tls is not True:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            return context
        made = make_pem([_HOST, "localhost"], issuer="Emulator")
        directory = tempfile.mkdtemp(prefix="emulator-")
        weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        path = pathlib.Path(directory) / "ca.pem"
        path.write_text(made.authority, encoding="utf-8")
        self._ca_bundle = str(path)
        return server_context(made)

    # URL and credentials

    @property
    def url(self) -> str:
        """The base URL of the API, for `api_url`."""
        return f"{'https' if self._ssl else 'http'}://{_HOST}:{self.port}{BASE}"

    @property
    def ca_bundle(self) -> str:
        """The path of a file with the CA that clients must trust with `tls=True`. A later start uses the same CA."""
        if self._ca_bundle is None:
            raise ValueError("there is a ca_bundle with tls=True alone")
        return self._ca_bundle

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
        return self.tokens["default"].key

    @property
    def tokens(self) -> dict[str, Token]:
        """All credentials, by name."""
        return self._service.tokens

    # Zones

    @property
    def zones(self) -> dict[str, Zone]:
        """The zones by name. If several have the same name, it has the first one, and `zones_by_id` has all."""
        zones: dict[str, Zone] = {}
        for zone in self.zones_by_id.values():
            zones.setdefault(zone.name, zone)
        return zones

    @property
    def zones_by_id(self) -> dict[str, Zone]:
        """The zones by id."""
        return self._service.zones

    @property
    def lock(self) -> contextlib.AbstractContextManager[t.Any]:
        """A lock to hold while a test changes zones or certificates and there may be requests."""
        return self._service.lock

    def zone(self, key: str) -> Zone:
        """Return the zone with this id or name."""
        return self.zones_by_id.get(key) or self.zones[key]

    def order(self, zone: str) -> list[tuple[str, t.Any]]:
        """Return the ids and priorities of a zone (name or id), the highest first, equal priorities by id."""
        with self.lock:
            items = listing.by_priority(self.zone(zone).certificates)
            return [(item["id"], item["priority"]) for item in items if item.get("status") != "deleted"]

    def renew(self, zone: str, certificate_id: str) -> str:
        """Replace a certificate with one that has a new id and expires in a year, without a request. Return the id."""
        with self.lock:
            old, moment = self._certificate(zone, certificate_id), now()
            new = {**copy.deepcopy(old), "id": self.zone(zone).new_id(), "expires_on": from_today(365)}
            new.update(uploaded_on=moment, modified_on=moment)
            self.delete(zone, certificate_id)
            self.zone(zone).certificates.append(new)
            return str(new["id"])

    def delete(self, zone: str, certificate_id: str) -> None:
        """Delete a certificate without a request."""
        with self.lock:
            lifecycle.take_away(self.zone(zone), self._certificate(zone, certificate_id), self.behaviour)

    def set_priority(self, zone: str, certificate_id: str, priority: float | None) -> None:
        """Set the priority of a certificate without a request."""
        with self.lock:
            self._certificate(zone, certificate_id)["priority"] = priority

    def _certificate(self, zone: str, certificate_id: str) -> JSONObject:
        return lifecycle.find(self.zone(zone), certificate_id, self.behaviour)

    def dump(self) -> list[t.Any]:
        """Return a copy of the API's objects of all zones."""
        with self.lock:
            return copy.deepcopy([(zone.api, zone.certificates) for zone in self.zones_by_id.values()])

    # Requests

    @property
    def requests(self) -> list[Recorded]:
        """Every request to the API, in order of arrival."""
        return list(self._wire.journal.entries)

    def counts(self) -> dict[tuple[str, str | None], int]:
        """Return the number of requests by method and zone id (None for the list of zones)."""
        return dict(collections.Counter((entry.method, entry.zone_id) for entry in self.requests))

    def writes(self, zone: str) -> int:
        """Return the number of PUTs for a zone (name or id), including those that were refused."""
        return self.counts().get(("PUT", self.zone(zone).id), 0)

    def wait_for_requests(self, count: int, timeout: float = 10) -> None:
        """Wait until this number of requests has arrived since the start or the last `clear`."""
        journal = self._wire.journal
        journal.wait(lambda: len(journal.entries) >= count, timeout)

    def wait_until_idle(self, timeout: float = 10) -> None:
        """Wait until the processing of all requests has ended, even if their clients have disconnected."""
        journal = self._wire.journal
        journal.wait(lambda: not journal.unfinished, timeout)

    @property
    def refused(self) -> int:
        """The number of requests that the throttle has refused."""
        return self._guard.refused

    @property
    def contract_violations(self) -> list[Violation]:
        """Requests that violated the contract, and responses that did so without a fault or switch that requires it."""
        return list(self._contract.violations) if self._contract is not None else []

    @property
    def failures(self) -> list[str]:
        """Internal errors of the emulator, and exceptions of callbacks."""
        return list(self._wire.failures)

    def clear(self) -> None:
        """Forget the requests and the violations of the contract."""
        self._wire.journal.entries.clear()
        if self._contract is not None:
            self._contract.violations.clear()

    def reset(self, *, state: bool = True) -> None:
        """Reset to the initial state: no requests, faults, callbacks or ban, and the initial behaviour and zones."""
        self.clear()
        self._guard.reset()
        self._service.unknown_credentials = 0
        self._wire.faults.clear()
        self._wire.callbacks.clear()
        self._wire.failures.clear()
        self._service.behaviour = self._start_behaviour
        if state:
            with self.lock:
                self._service.zones = pickle.loads(self._start_zones)

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
        self._wire.faults.add(fault, method=method, path=path, times=times, after=after)

    def before(
        self, method: str, path: str, callback: Callable[[Emulator], object], times: int | None = 1, after: int = 0
    ) -> None:
        """Run `callback(emulator)` before a matching request is processed. It may send requests itself."""
        self._wire.callbacks.add(lambda: callback(self), method=method, path=path, times=times, after=after)

    def ban(self, seconds: float) -> None:
        """Ban all users for this number of seconds from now; 0 ends a ban."""
        with self.lock:
            self._guard.ban(seconds)

    def outsider(self, requests: int) -> None:
        """Count requests of the default user, as if a dashboard or another tool had made them."""
        with self.lock:
            self._guard.outsider(requests, self.tokens["default"].user)
