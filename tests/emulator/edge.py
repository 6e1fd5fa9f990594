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
import dataclasses
import datetime
import functools
import pathlib
import socket
import socketserver
import ssl
import tempfile
import threading
import types
import typing as t

from . import lifecycle
from .edge_choice import EdgeBehaviour, a_label, choose, is_served, zone_of
from .objects import JSONObject, Upload, Zone
from .pem import SIGNATURES, Key, authority, known_authorities, make_pem, new_key
from .running import Emulator

_ADDRESS = "127.0.0.1"
_PATIENCE = 30
_BODY = b"served by the emulator's edge\n"
# ECDSA first, for clients that accept both. Weak signatures are allowed.
_CIPHERS = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=0"

Held = list[tuple[JSONObject, Upload | None]]


@dataclasses.dataclass(frozen=True)
class Handshake:
    """The server name of a handshake, and the ids of the certificates that the client could choose from."""

    server_name: str | None
    ids: tuple[str, ...]


@dataclasses.dataclass
class _Memory:
    """A zone as handshakes see it, which may be an earlier state."""

    seen: Held
    mark: t.Any
    changing_to: t.Any = None
    handshakes: int = 0


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

    def __enter__(self) -> Edge:
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
        """Listen in a separate thread. A later start uses the same port."""
        if self._server is not None:
            raise RuntimeError("this edge is running already")
        with self.emulator.lock:
            for zone in self.emulator.zones_by_id.values():
                self._memories[zone.id] = self._memory(zone)
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
            zone = zone_of(name, self.emulator.zones_by_id.values())
            items = [item for item, _upload in self._held(zone)] if zone is not None else []
            return [item["id"] for item in choose(name, items, self.behaviour, _now())]

    def ca_bundle(self, path: pathlib.Path) -> pathlib.Path:
        """Write the CAs of all certificates that are served now to a file for clients, and return its path."""
        with self.emulator.lock:
            for zone in self.emulator.zones_by_id.values():
                for item, upload in self._held(zone):
                    if upload is None and is_served(item, self.behaviour, _now()):
                        authority(*_signer(item))
        path.write_text("".join(known_authorities()), encoding="utf-8")
        return path

    # A handshake

    def _base(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self._lowest()
        context.set_ciphers(_CIPHERS)
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
                pack = self._pack(name)
        except Exception as error:  # pylint: disable=broad-exception-caught
            # An error in the edge itself must not look like a response.
            self.failures.append(repr(error))
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        self.handshakes.append(Handshake(name, tuple(item["id"] for item, _upload in pack)))
        if pack:
            connection.context = _context(tuple(_material(item, upload) for item, upload in pack))
        elif self.behaviour.unknown_sni == "default":
            connection.context = _context((_default(),))
        else:
            return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        return None

    def _pack(self, name: str | None) -> Held:
        zone = zone_of(name, self.emulator.zones_by_id.values()) if name else None
        if zone is None or name is None:
            return []
        held = self._seen(zone)
        chosen = choose(name, [item for item, _upload in held], self.behaviour, _now())
        ids = {item["id"] for item in chosen}
        found = [(item, upload) for item, upload in held if item["id"] in ids]
        return sorted(found, key=lambda pair: str(pair[0]["id"]))

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

    def _memory(self, zone: Zone) -> _Memory:
        held = self._held(zone)
        return _Memory(copy.deepcopy(held), _mark(held))

    def _seen(self, zone: Zone) -> Held:
        """Return a zone as this handshake sees it, with the delay of the switches."""
        if zone.id not in self._memories:
            self._memories[zone.id] = self._memory(zone)
        memory = self._memories[zone.id]
        held = self._held(zone)
        mark = _mark(held)
        if mark != memory.mark:
            if mark != memory.changing_to:
                memory.changing_to, memory.handshakes = mark, self.behaviour.delay_handshakes
            if memory.handshakes > 0:
                memory.handshakes -= 1
                return memory.seen
            self._memories[zone.id] = self._memory(zone)
        memory.changing_to = None
        return held


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


def _mark(held: Held) -> t.Any:
    """Return a value that changes when visitors would see a difference."""
    fields = ("id", "hosts", "type", "priority", "status", "issuer", "signature", "uploaded_on", "expires_on")
    return [
        ([copy.copy(item.get(field)) for field in fields], item.get("keyless_server") is None) for item, _upload in held
    ]


def _material(item: JSONObject, upload: Upload | None) -> Upload:
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
def _stand_in(hosts: tuple[str, ...], issuer: str, signature: str, expires_on: str) -> Upload:
    """Return a certificate for an item that was made without PEM."""
    made = make_pem(hosts, issuer=issuer, signature=signature, expires_on=expires_on, key=_leaf_key("RSA" in signature))
    return Upload(made.certificate, made.private_key)


@functools.lru_cache(maxsize=1)
def _default() -> Upload:
    made = make_pem(["default.example"], issuer="Default", key=_leaf_key(False))
    return Upload(made.certificate, made.private_key)


@functools.lru_cache(maxsize=2)
def _leaf_key(is_rsa: bool) -> Key:
    """Return the key of all replacements. Making one takes a while, and no test depends on it."""
    return new_key("rsa" if is_rsa else "ecdsa")


@functools.lru_cache(maxsize=1024)
def _context(uploads: tuple[Upload, ...]) -> ssl.SSLContext:
    """Return a context with all certificates of a pack. OpenSSL selects the one that the client supports."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(_CIPHERS)
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "chain.pem"
        for upload in uploads:
            path.write_text(f"{upload.private_key}\n{upload.certificate}", encoding="utf-8")
            context.load_cert_chain(path)
    return context


__all__ = ("Edge", "Handshake")
