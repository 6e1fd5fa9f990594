# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a fleet costs with this collection, and with what people use without it (`make bench`).

Everything runs against the emulator, in a directory below .cache that is removed at the end.
"""
