# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The edge: a TLS server on loopback that serves the current certificates of an emulator's zones, selected by SNI.

    with Emulator(zones=...) as emulator, Edge(emulator) as edge:
        ...  # connect to (edge.address, edge.port) with a server name; edge.handshakes has the names and what was served

`edge_choice` decides which certificate comes first, with a switch for each unknown rule. An uploaded certificate is
served unchanged. For a certificate that a test made without PEM, the edge makes one with the same hosts, issuer (as O), time of
expiry and signature algorithm.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import functools
import pathlib
import socket
import socketserver
import ssl
import threading
import typing as t

from . import lifecycle
from .edge_choice import EdgeBehaviour, a_label, choose, is_served, zone_of
from .objects import JSONObject, Zone
from .pem import AUTHORITIES, SIGNATURES, Key, Pem, authority, make_pem, new_key, server_context
from .running import Emulator

_ADDRESS = "127.0.0.1"
_PATIENCE = 30
_BODY = b"served by the emulator's edge\n"
# ECDSA first, for clients that accept both. Weak signatures are allowed.
_CIPHERS = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=0"

Held = list[tuple[JSONObject, Pem | None]]


class Handshake(t.NamedTuple):
    """The server name of a handshake, and the ids of the certificates that the client could choose from."""

    server_name: str | None
    ids: tuple[str, ...]


class _Memory(t.NamedTuple):
    """An earlier state of a zone, and how many handshakes still get it after a change."""

    held: Held
    handshakes: int


class Edge:
    """Serves the zones of an emulator within a `with` block. Other keywords are switches of `EdgeBehaviour`."""

    def __init__(self, emulator: Emulator, **switches: t.Any) -> None:
        self.behaviour = EdgeBehaviour(**switches)
        self.address = _ADDRESS
        self.port = 0
        self.handshakes: list[Handshake] = []
        self.failures: list[str] = []
        self.emulator = emulator
        self._memories: dict[str, _Memory] = {}
        self._context = self._base()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    # Starting and stopping

    def __enter__(self) -> t.Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen in a separate thread. A later start uses the same port."""
        with self.emulator.lock:
            for zone in self.emulator.zones_by_id.values():
                self._remember(zone)
        self._server = _Server((self.address, self.port), self._answer)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="edge", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def _answer(self, raw: socket.socket) -> None:
        raw.settimeout(_PATIENCE)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._context.wrap_socket(raw, server_side=True) as secure:
            if secure.recv(65536):
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(_BODY)}\r\nConnection: close\r\n\r\n"
                secure.sendall(head.encode() + _BODY)

    # For tests

    def behave(self, **switches: t.Any) -> None:
        """Change switches. The edge may be running."""
        self.behaviour = self.behaviour.but(**switches)
        self._context.minimum_version = self._lowest()

    def choice(self, name: str) -> list[str]:
        """Return the ids of the certificates for a name in the current state of the zone, without the delay of handshakes."""
        with self.emulator.lock:
            return [item["id"] for item, _upload in self._pack(name, self._held)]

    def ca_bundle(self, path: pathlib.Path) -> pathlib.Path:
        """Write the CAs of all certificates that are served now to a file for clients, and return its path."""
        with self.emulator.lock:
            for zone in self.emulator.zones_by_id.values():
                for item, upload in self._held(zone):
                    if upload is None and is_served(item, self.behaviour, _now()):
                        authority(*_signer(item))
        path.write_text("".join(AUTHORITIES), encoding="utf-8")
        return path

    # A handshake

    def _base(self) -> ssl.SSLContext:
        context = server_context(ciphers=_CIPHERS)
        context.minimum_version = self._lowest()
        # A resumed session would show the certificate of its first handshake.
        context.options |= ssl.Options.OP_NO_TICKET | ssl.OP_CIPHER_SERVER_PREFERENCE
        context.num_tickets = 0
        context.sni_callback = self._pick
        return context

    def _lowest(self) -> ssl.TLSVersion:
        return ssl.TLSVersion.TLSv1_3 if self.behaviour.tls_1_3_only else ssl.TLSVersion.TLSv1_2

    def _pick(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> int | None:
        try:
            with self.emulator.lock:
                pack = self._pack(name, self._seen)
        except Exception as error:  # pylint: disable=broad-exception-caught
            # An error in the edge itself must not look like a response.
            self.failures.append(repr(error))
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        self.handshakes.append(Handshake(name, tuple(item["id"] for item, _upload in pack)))
        if pack:
            connection.context = _context(tuple(_material(item, upload) for item, upload in pack))
        elif self.behaviour.unknown_sni == "default":
            connection.context = _context((_stand_in(("default.example",), "Default", "ECDSAWithSHA256", None),))
        else:
            return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        return None

    def _pack(self, name: str | None, held_by: t.Callable[[Zone], Held]) -> Held:
        """Return the certificates to choose from for a name, sorted by id."""
        zone = zone_of(name, self.emulator.zones_by_id.values()) if name else None
        if zone is None or name is None:
            return []
        held = {item["id"]: (item, upload) for item, upload in held_by(zone)}
        chosen = choose(name, [item for item, _upload in held.values()], self.behaviour, _now())
        return [held[item["id"]] for item in chosen]

    def _held(self, zone: Zone) -> Held:
        """Return the certificates that a zone serves. For one that is not active yet, that is its predecessor."""
        lifecycle.settle(zone)
        held: Held = []
        for item in zone.certificates if zone.has_plan else ():
            rollout = zone.rollouts.get(item["id"])
            if rollout is None:
                held.append((item, zone.uploads.get(item["id"])))
            elif rollout.before is not None:
                held.append(rollout.before)
        return held

    def _remember(self, zone: Zone) -> Held:
        held, delay = self._held(zone), self.behaviour.delay_handshakes
        self._memories[zone.id] = _Memory(copy.deepcopy(held) if delay else held, delay)
        return held

    def _seen(self, zone: Zone) -> Held:
        """Return a zone as this handshake sees it, with the delay of the switches."""
        memory = self._memories.get(zone.id)
        if memory is None or not memory.handshakes or memory.held == self._held(zone):
            return self._remember(zone)
        self._memories[zone.id] = memory._replace(handshakes=memory.handshakes - 1)
        return memory.held


class _Server(socketserver.ThreadingTCPServer):
    """Serves each connection in a separate thread, so that a client that hangs does not block the others."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, place: tuple[str, int], answer: t.Callable[[socket.socket], None]) -> None:
        super().__init__(place, socketserver.BaseRequestHandler)
        self._answer = answer

    def finish_request(self, request: t.Any, client_address: t.Any) -> None:
        # Clients that end the handshake early are part of the tests.
        with contextlib.suppress(OSError):
            self._answer(request)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _material(item: JSONObject, upload: Pem | None) -> Pem:
    if upload is not None:
        return upload
    hosts = tuple(dict.fromkeys(a_label(host) for host in item["hosts"]))
    return _stand_in(hosts, *_signer(item), item["expires_on"])


def _signer(item: JSONObject) -> tuple[str, str]:
    """Return the CA that signs a replacement. The library cannot sign with SHA-1."""
    known = item["signature"] in SIGNATURES
    usual = "SHA256WithRSA" if "RSA" in item["signature"] else "ECDSAWithSHA256"
    return item["issuer"], item["signature"] if known else usual


@functools.lru_cache(maxsize=4096)
def _stand_in(hosts: tuple[str, ...], issuer: str, signature: str, expires_on: str | None) -> Pem:
    """Return a certificate for an item that was made without PEM."""
    return make_pem(hosts, issuer=issuer, signature=signature, expires_on=expires_on, key=_leaf_key("RSA" in signature))


@functools.lru_cache(maxsize=2)
def _leaf_key(is_rsa: bool) -> Key:
    """Return the key of all replacements. Making one takes a while, and no test depends on it."""
    return new_key("rsa" if is_rsa else "ecdsa")


@functools.lru_cache(maxsize=1024)
def _context(pack: tuple[Pem, ...]) -> ssl.SSLContext:
    return server_context(*pack, ciphers=_CIPHERS)
