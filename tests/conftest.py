# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Setup that must run before the other files of the tests are imported."""

import pytest

# So that failed assertions in these helper files show their values, as those in tests do.
pytest.register_assert_rewrite("ansible_runs", "integration")
