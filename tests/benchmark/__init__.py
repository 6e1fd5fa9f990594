# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures the time for a fleet with this collection, and with other ways to do the same (`make bench`).

Everything runs with the emulator, in a directory in .cache that is removed at the end.
"""
