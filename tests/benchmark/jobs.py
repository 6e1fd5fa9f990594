# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs that are compared. Each is a play of one or two tasks over zones as hosts."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

# The two authorities of every generated zone, in the order that all jobs are to bring about.
AUTHORITIES = ("DigiCertInc", "GlobalSignnvsa")
# So many zones are on a page of the list.
_PAGE = 50


@dataclass(frozen=True)
class Job:
    """A way to do the task in each zone.

    :param tasks: YAML.
    :param asks: Whether it sends a request for each zone, and one more for a zone that it changes.
    :param inventory: An inventory, in YAML, instead of one that lists the zones.
    """

    title: str
    tasks: str
    asks: bool = True
    inventory: str = ""

    @property
    def playbook(self) -> str:
        """The whole playbook."""
        tasks = textwrap.indent(self.tasks.strip(), "    ")
        return f"---\n- name: {self.title}\n  hosts: all\n  gather_facts: false\n  tasks:\n{tasks}\n"

    def due(self, zones: Sequence[str], *, change: bool) -> dict[tuple[str, str | None], int]:
        """Return the number of requests due, by method and zone id (None for the list of zones)."""
        pages = -(-len(zones) // _PAGE)
        due: dict[tuple[str, str | None], int] = {("GET", None): pages} if self.inventory else {}
        for method in ("GET", "PUT") if change else ("GET",):
            due |= dict.fromkeys([(method, zone) for zone in zones if self.asks], 1)
        return due


DEBUG = Job(
    "ansible.builtin.debug (floor)",
    """
- name: Say something
  ansible.builtin.debug:
    msg: The same for all
""",
    asks=False,
)

TEMPLATED = Job(
    "debug with one templated argument (floor)",
    """
- name: Say something
  ansible.builtin.debug:
    msg: "{{ cloudflare_zone_id }}"
""",
    asks=False,
)

MANY = Job(
    "this collection, many zones in one task",
    """
- name: Keep the order of all zones
  zonefleet.cloudflare.custom_certificate_priority:
    zones: "{{ groups['all'] | map('extract', hostvars, 'cloudflare_zone_id') | list }}"
    concurrency: 50
    certificates:
      - issuer: DigiCertInc
      - issuer: GlobalSignnvsa
    rate_limit: 0
  run_once: true
""",
)

IN_PROCESS = Job(
    "this collection, one host per zone",
    """
- name: Keep the order
  zonefleet.cloudflare.custom_certificate_priority:
    zone_id: "{{ cloudflare_zone_id }}"
    certificates:
      - issuer: DigiCertInc
      - issuer: GlobalSignnvsa
    rate_limit: 0
""",
)

# What a user with knowledge of Ansible and this API would write: it compares before it writes, and considers only certificates
# that share a name. It has no pagination, rate limit, retries, verification or diff, which makes it faster.
URI = Job(
    "ansible.builtin.uri tasks",
    """
- name: Read the certificates
  ansible.builtin.uri:
    url: "{{ lookup('env', 'CLOUDFLARE_BASE_URL') }}/zones/{{ cloudflare_zone_id }}/custom_certificates?per_page=50"
    headers:
      Authorization: "Bearer {{ lookup('env', 'CLOUDFLARE_API_TOKEN') }}"
  register: answer
  check_mode: false

- name: Put them in order
  ansible.builtin.uri:
    url: "{{ lookup('env', 'CLOUDFLARE_BASE_URL') }}/zones/{{ cloudflare_zone_id }}/custom_certificates/prioritize"
    method: PUT
    headers:
      Authorization: "Bearer {{ lookup('env', 'CLOUDFLARE_API_TOKEN') }}"
    body_format: json
    body:
      certificates: "{{ dict(listed | map(attribute='id') | zip(numbers)) | dict2items('id', 'priority') }}"
  when: not (in_order | bool)
  changed_when: true
  vars:
    certificates: "{{ answer.json.result | rejectattr('status', 'equalto', 'deleted') }}"
    first: "{{ certificates | selectattr('issuer', 'equalto', 'DigiCertInc') | sort(attribute='expires_on', reverse=true) }}"
    second: "{{ certificates | selectattr('issuer', 'equalto', 'GlobalSignnvsa') | sort(attribute='expires_on', reverse=true) }}"
    listed: "{{ first + second }}"
    names: "{{ listed | map(attribute='hosts') | flatten }}"
    highest_rival: >-
      {%- set found = namespace(number=-1) -%}
      {%- for item in certificates if item not in listed and item.hosts | intersect(names) -%}
      {%- set found.number = [found.number, item.priority or 0] | max -%}
      {%- endfor -%}
      {{ found.number }}
    priorities: "{{ listed | map(attribute='priority') | map('default', 0, true) }}"
    in_order: "{{ priorities == priorities | unique | sort(reverse=true) and priorities | min > highest_rival | int }}"
    numbers: "{{ range((highest_rival | int) + 10 * (listed | length), highest_rival | int, -10) }}"
""",
)

JOBS = (DEBUG, TEMPLATED, MANY, IN_PROCESS, URI)

# What every module imports.
PING = Job("ansible.builtin.ping", "- ansible.builtin.ping:", asks=False)

# With the default `rate_limit`.
PACED = Job("this collection, one host per zone, paced", IN_PROCESS.tasks.replace("    rate_limit: 0\n", ""))

# A different task: handshakes for each name, as both kinds of clients.
LOOK = Job(
    "this collection, visitors of two names per zone",
    """
- name: Look at what visitors get
  zonefleet.cloudflare.served_certificate_info:
    zone_id: "{{ cloudflare_zone_id }}"
    names: ["{{ inventory_hostname }}", "www.{{ inventory_hostname }}"]
    address: 127.0.0.1
    port: "{{ lookup('env', 'ZONEFLEET_EDGE_PORT') }}"
    rate_limit: 0
  register: edge
  failed_when: edge.as_expected is not true
""",
)

# A different task: keeps a certificate that each zone has already, with a key, which is checked even so: the slowest case.
KEEP = Job(
    "this collection, an unchanged certificate per zone",
    """
- name: Keep the certificate current
  zonefleet.cloudflare.custom_certificate:
    zone_id: "{{ cloudflare_zone_id }}"
    certificate_path: "{{ lookup('env', 'ZONEFLEET_CERTIFICATE') }}"
    private_key_path: "{{ lookup('env', 'ZONEFLEET_CERTIFICATE') }}"
    rate_limit: 0
""",
)

_INVENTORY = "plugin: zonefleet.cloudflare.zones\nrate_limit: 0\n"
INVENTORY = Job("the zones inventory", "[]", asks=False, inventory=_INVENTORY)
CERTIFICATES = Job("the zones inventory, with certificates", "[]", inventory=f"{_INVENTORY}certificates: true\n")
