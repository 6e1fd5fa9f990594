# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The version for the User-Agent header. A test checks that it equals the one in galaxy.yml."""

from __future__ import annotations

VERSION = "1.1.0"
