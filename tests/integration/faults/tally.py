# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much was tried, to be printed when the suite is through."""

from __future__ import annotations

import collections

TALLY: collections.Counter[str] = collections.Counter()


def count(what: str, number: int = 1) -> None:
    """Count something that was tried."""
    TALLY[what] += number
