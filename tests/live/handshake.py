# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a visitor gets: the certificate that a TLS handshake shows for a name."""

from __future__ import annotations

import socket
import ssl
import typing as t
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import read_time

from .stopping import Stopping

_TIMEOUT = 10.0
_INTERVAL = 5.0

Certificates = t.Sequence[t.Mapping[str, t.Any]]


@dataclass(frozen=True)
class Leaf:
    """A certificate as a server shows it."""

    fingerprint: str
    serial: str
    issuer: str
    names: frozenset[str]
    expires_on: datetime

    def found_in(self, certificates: Certificates) -> list[str]:
        """Ids of the zone's certificates that it can be: the same names, the same end to the second."""
        return [str(item["id"]) for item in certificates if self._is(item)]

    def _is(self, item: t.Mapping[str, t.Any]) -> bool:
        end = read_time(item.get("expires_on"))
        hosts = {str(host).lower() for host in item.get("hosts") or ()}
        return end is not None and end.replace(microsecond=0) == self.expires_on and hosts == self.names


@dataclass
class Handshakes:
    """One contested name before the order was reversed, after that, and when it was restored."""

    name: str
    first_before: str
    first_after: str
    """Ids of the certificates that come first for the name by the collection's own reckoning."""
    before: Leaf | None = None
    after: Leaf | None = None
    back: Leaf | None = None
    looks: int = 0
    """How often it was looked until the second one was another than the first."""
    problem: str = ""


@dataclass(frozen=True)
class Looker:
    """Looks at one name: where its address is, or at another place that is told."""

    name: str
    host: str
    port: int
    settle: float
    """Seconds that a change may take to arrive at the edge."""

    def look(self) -> Leaf:
        """Connect and read the leaf.

        :raises OSError: there is no server, or it does not speak TLS.
        :raises ValueError: what it shows cannot be read.
        """
        context = ssl.create_default_context()
        # Which certificate is shown is the question, not whether to trust it. Nothing is sent over this connection.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with (
            socket.create_connection((self.host, self.port), _TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=self.name) as secure,
        ):
            shown = secure.getpeercert(binary_form=True)
        if not shown:
            raise OSError("the server showed no certificate")
        return _read(shown)

    def look_until(self, wanted: t.Callable[[Leaf], bool], stopping: Stopping) -> tuple[Leaf, int]:
        """Look until it is as wanted or the time is over; give the last one, and how often it was looked."""
        most = int(self.settle / _INTERVAL) + 1
        for looks in range(1, most + 1):
            leaf = self.look()
            if wanted(leaf):
                break
            if looks < most:
                stopping.pause(_INTERVAL)
        return leaf, looks


def _read(shown: bytes) -> Leaf:
    certificate = x509.load_der_x509_certificate(shown)
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    return Leaf(
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        serial=f"{certificate.serial_number:x}",
        issuer=certificate.issuer.rfc4514_string(),
        names=frozenset(name.lower() for name in names),
        expires_on=certificate.not_valid_after_utc,
    )


__all__ = ("Handshakes", "Leaf", "Looker")
