# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drift_report
version_added: 1.1.0
short_description: Report which zones are not in the order requested
author:
  - zonefleet.cloudflare contributors (@zonefleet)
description:
  - Turns the results of M(zonefleet.cloudflare.custom_certificate_priority) in check mode for one or more zones into a report. It shows which zones
    would change, which hostnames would get a different certificate, and which zones could not be checked.
  - The playbook C(zonefleet.cloudflare.drift) uses this filter.
positional: format
options:
  _input:
    description:
      - The results of M(zonefleet.cloudflare.custom_certificate_priority) in check mode, as a dictionary with the zone names as keys.
      - A failed or skipped result becomes a row with its C(msg).
    type: dict
    required: true
  format:
    description:
      - V(data) returns the report as a dictionary. The collection describes it with a JSON Schema, in C(playbooks/schemas/drift.json).
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
  - module: zonefleet.cloudflare.custom_certificate_priority
"""

EXAMPLES = r"""
---
- name: Compare the order of two zones with the order requested
  zonefleet.cloudflare.custom_certificate_priority:
    zone: "{{ item }}"
    certificates:
      - issuer: DigiCert*
      - issuer: GlobalSign*
  loop:
    - example.com
    - example.net
  check_mode: true
  register: orders

- name: Show what would change
  ansible.builtin.debug:
    msg: "{{ dict(orders.results | map(attribute='item') | zip(orders.results)) | zonefleet.cloudflare.drift_report('text') }}"
"""

RETURN = r"""
_value:
  description:
    - The report, with problems first. A dictionary for V(data), a list of strings for V(text), and a string for V(markdown) and V(html).
  type: raw
"""

import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._drift import make_drift
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._report import make_report
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._report_page import drift_page
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._report_text import drift_table


def drift_report(results: object, format: object = "data") -> t.Any:  # noqa: A002  # pylint: disable=redefined-builtin
    """Return the drift report."""
    return make_report(results, format, make_drift, drift_table, drift_page)


class FilterModule:
    """The filter plugin."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filter by name."""
        return {"drift_report": drift_report}
