# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_report
version_added: 1.1.0
short_description: Report which certificates visitors get
author:
  - zonefleet.cloudflare contributors (@zonefleet)
description:
  - Turns the results of M(zonefleet.cloudflare.custom_certificate_info) for one or more zones into a report. For each contested hostname, it shows
    which certificate visitors get, what decides it, which other certificates cover it, and when they expire.
  - Problems come first. These are zones that could not be read, hostnames whose certificate has expired, is not active or expires within 30 days, and
    hostnames for which it is uncertain which certificate is used.
  - The playbook C(zonefleet.cloudflare.audit) uses this filter.
positional: format
options:
  _input:
    description:
      - The results of M(zonefleet.cloudflare.custom_certificate_info), used without its option C(filter), as a dictionary with the zone names as
        keys.
      - A failed or skipped result becomes a row with its C(msg).
    type: dict
    required: true
  format:
    description:
      - V(data) returns the report as a dictionary. The collection describes it with a JSON Schema, in C(playbooks/schemas/audit.json).
      - V(text) returns a list of lines for C(ansible.builtin.debug), up to 89 columns wide. If the report is long, it contains only the first rows.
      - V(markdown) and V(html) return the whole report as a string. The HTML loads no other files and contains no scripts.
      - Values from the API are escaped in every format.
    type: str
    choices:
      - data
      - text
      - markdown
      - html
    default: data
seealso:
  - module: zonefleet.cloudflare.custom_certificate_info
"""

EXAMPLES = r"""
---
- name: Read the custom certificates of two zones
  zonefleet.cloudflare.custom_certificate_info:
    zone: "{{ item }}"
  loop:
    - example.com
    - example.net
  register: certificates

- name: Show which certificates visitors get
  ansible.builtin.debug:
    msg: "{{ dict(certificates.results | map(attribute='item') | zip(certificates.results)) | zonefleet.cloudflare.audit_report('text') }}"

- name: Write the report as an HTML page
  ansible.builtin.copy:
    content: "{{ dict(certificates.results | map(attribute='item') | zip(certificates.results)) | zonefleet.cloudflare.audit_report('html') }}"
    dest: audit.html
    mode: "0644"
"""

RETURN = r"""
_value:
  description:
    - The report, with problems first. A dictionary for V(data), a list of strings for V(text), and a string for V(markdown) and V(html).
  type: raw
"""

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._audit import make_audit
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._report import make_report
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._report_page import audit_page
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._report_text import audit_table


def audit_report(results: object, format: object = "data") -> t.Any:  # noqa: A002  # pylint: disable=redefined-builtin
    """Return the audit report."""
    return make_report(results, format, make_audit, audit_table, audit_page)


class FilterModule:
    """The filter plugin."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filter by name."""
        return {"audit_report": audit_report}
