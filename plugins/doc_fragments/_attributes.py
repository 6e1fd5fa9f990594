# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The documentation of what modules can do: what each attribute means, and what the support of whole groups of modules is."""

from __future__ import annotations


class ModuleDocFragment:
    """What the attributes mean (the plain fragment), and additions that say how well they are supported."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode (C(--check)), and return what would change without changing anything.
  diff_mode:
    description: Shows what changed with C(--diff), or in check mode what would change.
  idempotent:
    description: A second run with the same options changes nothing, unless something else was changed in between.
  platform:
    description: The operating systems that the module runs on.
    platforms: posix
    support: full
"""

    ACTIONGROUP_API = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/zonefleet.cloudflare.api) in C(module_defaults) to set defaults for this module, for example credentials.
    support: full
    membership:
      - zonefleet.cloudflare.api
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: The module never changes anything.
  diff_mode:
    support: N/A
    details: The module never changes anything.
  idempotent:
    support: full
    details: The module never changes anything.
"""

    FACTS = r"""
options: {}
attributes:
  facts:
    description: Sets facts of the host, under C(ansible_facts).
    support: full
"""
