# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The documentation of what modules can do: what each attribute means, and what the support of whole groups of modules is."""

from __future__ import annotations


class ModuleDocFragment:
    """The descriptions of the attributes (the plain fragment), and fragments with their support."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode (C(--check)) and return what would change, without changing anything.
  diff_mode:
    description: Returns details on what has changed, or would change in check mode, when run in diff mode (C(--diff)).
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
    description: Returns C(ansible_facts), which become facts of the host.
    support: full
"""
