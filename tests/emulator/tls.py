# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A generated CA for HTTPS on loopback."""

from __future__ import annotations

import pathlib
import shutil
import ssl
import tempfile
import weakref

import trustme


class OwnTLS:
    """A CA that is not in any trust store, and a certificate that it signed. The file of the CA exists as long as this object."""

    def __init__(self, *identities: str) -> None:
        self._authority = trustme.CA()
        self._leaf = self._authority.issue_cert(*identities, "localhost")
        directory = tempfile.mkdtemp(prefix="emulator-")
        weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)
        self.ca_bundle = pathlib.Path(directory) / "ca.pem"
        self._authority.cert_pem.write_to_path(self.ca_bundle)

    def context(self) -> ssl.SSLContext:
        """Return a context for a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._leaf.configure_cert(context)
        return context


__all__ = ("OwnTLS",)
