# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds Chromium. This is a separate file, because tests/gates.py imports it before any package is installed."""

from __future__ import annotations

import shutil

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_browser() -> str | None:
    """Return the command of a browser, if there is one."""
    return next(filter(None, map(shutil.which, COMMANDS)), None)
