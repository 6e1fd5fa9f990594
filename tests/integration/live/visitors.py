# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small TLS server that serves what the edge would: the certificate that comes first by the emulator's order."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
import typing as t
from collections.abc import Iterator

import trustme

from emulator import Emulator
from integration.live.running import ZONE

Choose = t.Callable[[str], str | None]
"""From a name to the id of the certificate to show; None for one that the zone does not hold."""


class Edge:
    """Listens on loopback; the emulator's certificates become real ones, with their names and their ends."""

    def __init__(self, emulator: Emulator, choose: Choose | None = None) -> None:
        self._emulator = emulator
        self._choose = choose or self.first
        authority = trustme.CA(organization_name="Sample Authority")
        self._contexts: dict[str | None, ssl.SSLContext] = {None: _context(authority.issue_cert("other.example.com"))}
        start = datetime.datetime.now(datetime.UTC).replace(microsecond=0) - datetime.timedelta(days=1)
        for place, item in enumerate(emulator.zones[ZONE].certificates, 100):
            end = start + datetime.timedelta(days=place)
            item["expires_on"] = end.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
            leaf = authority.issue_cert(*item["hosts"], not_before=start, not_after=end)
            self._contexts[item["id"]] = _context(leaf)
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def place(self) -> tuple[str, int]:
        return "127.0.0.1", self._listener.getsockname()[1]

    def first(self, name: str) -> str | None:
        """Which certificate comes first for a name."""
        holders = [item["id"] for item in self._emulator.zones[ZONE].certificates if name in item["hosts"]]
        return next((identifier for identifier, _number in self._emulator.order(ZONE) if identifier in holders), None)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Edge]:
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            thread.join()

    def _serve(self) -> None:
        context = _context(trustme.CA().issue_cert("other.example.com"))
        context.sni_callback = self._pick
        with contextlib.suppress(OSError):
            while True:
                plain, _address = self._listener.accept()
                with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
                    secure.recv(1)

    def _pick(self, secure: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        secure.context = self._contexts[self._choose(name or "")]


def _context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


__all__ = ("Edge",)
