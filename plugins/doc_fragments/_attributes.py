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
    description: Tells with C(--check) what would change, and changes nothing.
  diff_mode:
    description: Shows with C(--diff) what changes, or in check mode would change.
  idempotent:
    description: A second run with the same options changes nothing, unless somebody else has changed something in between.
  platform:
    description: The operating systems that the module runs on.
    platforms: posix
    support: full
"""

    ACTIONGROUP_API = r"""
options: {}
attributes:
  action_group:
    description: C(module_defaults) for C(group/zonefleet.cloudflare.api) reach the module, with the credentials for example.
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
