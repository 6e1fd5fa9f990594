# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones for the playbooks."""

from __future__ import annotations

import typing as t

from emulator import Zone, certificate, zone


def shop(name: str = "example.com", **keywords: t.Any) -> Zone:
    """DigiCertInc's and GlobalSign's compete, DigiCertInc's and Sectigo's do, the others with none; one issuer each."""
    return zone(
        name,
        certificates=[
            certificate([name, f"www.{name}", f"shop.{name}"], issuer="DigiCertInc", priority=10),
            certificate([name, f"www.{name}", f"api.{name}"], issuer="GlobalSignnvsa", priority=20),
            certificate([f"shop.{name}", f"pay.{name}"], issuer="Sectigo", priority=30),
            certificate([f"*.{name}"], issuer="LetsEncrypt", signature="ECDSAWithSHA384", priority=40),
            certificate([f"old.{name}"], issuer="Entrust", priority=None, expires_in=20),
        ],
        **keywords,
    )
