# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to happen before any other file of the tests is imported."""

import pytest

# What a test leaves to these files says which half of an assertion failed, too.
pytest.register_assert_rewrite("ansible_runs", "integration")
