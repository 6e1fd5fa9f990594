# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs that are compared. Each is a play of one or two tasks over zones as hosts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from .serving import AUTHORITIES

FORKS = 10


@dataclass(frozen=True)
class Job:
    """A way to do the task in each zone.

    :param tasks: YAML.
    :param requests: The expected requests for a zone in order, and for one that it changes. None for a floor.
    :param variables: Variables of the play.
    :param inventory: An inventory, in YAML, instead of one that lists the zones.
    """

    key: str
    title: str
    tasks: str
    requests: tuple[int, int] | None
    variables: Mapping[str, str] = field(default_factory=dict)
    inventory: str = ""

    @property
    def playbook(self) -> str:
        """The whole playbook."""
        variables = "".join(f"\n    {name}: {value!r}" for name, value in self.variables.items())
        tasks = "\n".join(f"    {line}" if line else "" for line in self.tasks.strip().splitlines())
        return (
            f"---\n- name: {self.title}\n  hosts: all\n  gather_facts: false\n"
            f"  vars:{variables or ' {}'}\n  tasks:\n{tasks}\n"
        )


_DEBUG = """
- name: Say something
  ansible.builtin.debug:
    msg: The same for all
"""

_TEMPLATED = """
- name: Say something
  ansible.builtin.debug:
    msg: "{{ cloudflare_zone_id }}"
"""

_PING = """
- name: Start a module
  ansible.builtin.ping:
"""

_OWN = f"""
- name: Keep the order
  zonefleet.cloudflare.custom_certificate_priority:
    zone_id: "{{{{ cloudflare_zone_id }}}}"
    certificates:
      - issuer: {AUTHORITIES[0]}
      - issuer: {AUTHORITIES[1]}
    rate_limit: 0
"""

_OWN_FOR_ALL = f"""
- name: Keep the order of all zones
  zonefleet.cloudflare.custom_certificate_priority:
    zones: "{{{{ groups['all'] | map('extract', hostvars, 'cloudflare_zone_id') | list }}}}"
    concurrency: 50
    certificates:
      - issuer: {AUTHORITIES[0]}
      - issuer: {AUTHORITIES[1]}
    rate_limit: 0
  run_once: true
"""

# What a user with knowledge of Ansible and this API would write: it compares before it writes, and considers only certificates
# that share a name. It has no pagination, rate limit, retries, verification or diff, which makes it faster.
_URI = f"""
- name: Read the certificates
  ansible.builtin.uri:
    url: "{{{{ lookup('env', 'CLOUDFLARE_BASE_URL') }}}}/zones/{{{{ cloudflare_zone_id }}}}/custom_certificates?per_page=50"
    headers:
      Authorization: "Bearer {{{{ lookup('env', 'CLOUDFLARE_API_TOKEN') }}}}"
  register: answer
  check_mode: false

- name: Put them in order
  ansible.builtin.uri:
    url: "{{{{ lookup('env', 'CLOUDFLARE_BASE_URL') }}}}/zones/{{{{ cloudflare_zone_id }}}}/custom_certificates/prioritize"
    method: PUT
    headers:
      Authorization: "Bearer {{{{ lookup('env', 'CLOUDFLARE_API_TOKEN') }}}}"
    body_format: json
    body:
      certificates: "{{{{ dict(listed | map(attribute='id') | zip(numbers)) | dict2items('id', 'priority') }}}}"
  when: not (in_order | bool)
  changed_when: true
  vars:
    certificates: "{{{{ answer.json.result | rejectattr('status', 'equalto', 'deleted') }}}}"
    first: "{{{{ certificates | selectattr('issuer', 'equalto', '{AUTHORITIES[0]}') | sort(attribute='expires_on', reverse=true) }}}}"
    second: "{{{{ certificates | selectattr('issuer', 'equalto', '{AUTHORITIES[1]}') | sort(attribute='expires_on', reverse=true) }}}}"
    listed: "{{{{ first + second }}}}"
    names: "{{{{ listed | map(attribute='hosts') | flatten }}}}"
    highest_rival: >-
      {{%- set found = namespace(number=-1) -%}}
      {{%- for item in certificates if item not in listed and item.hosts | intersect(names) -%}}
      {{%- set found.number = [found.number, item.priority or 0] | max -%}}
      {{%- endfor -%}}
      {{{{ found.number }}}}
    priorities: "{{{{ listed | map(attribute='priority') | map('default', 0, true) }}}}"
    in_order: "{{{{ priorities == priorities | unique | sort(reverse=true) and priorities | min > highest_rival | int }}}}"
    numbers: "{{{{ range((highest_rival | int) + 10 * (listed | length), highest_rival | int, -10) }}}}"
"""

_SDK = f"""
- name: Keep the order
  sdk_priority:
    zone_id: "{{{{ cloudflare_zone_id }}}}"
    issuers: [{", ".join(AUTHORITIES)}]
"""

_LOOK = """
- name: Look at what visitors get
  zonefleet.cloudflare.served_certificate_info:
    zone_id: "{{ cloudflare_zone_id }}"
    names: ["{{ inventory_hostname }}", "www.{{ inventory_hostname }}"]
    address: 127.0.0.1
    port: "{{ lookup('env', 'ZONEFLEET_EDGE_PORT') }}"
    rate_limit: 0
  register: edge
  failed_when: edge.as_expected is not true
"""

# With a key, which is checked even if the certificate is unchanged. This is the slowest case.
_KEEP = """
- name: Keep the certificate current
  zonefleet.cloudflare.custom_certificate:
    zone_id: "{{ cloudflare_zone_id }}"
    certificate_path: "{{ lookup('env', 'ZONEFLEET_CERTIFICATE') }}"
    private_key_path: "{{ lookup('env', 'ZONEFLEET_CERTIFICATE') }}"
    rate_limit: 0
"""

_INVENTORY = """
plugin: zonefleet.cloudflare.zones
rate_limit: 0
"""


def _interpreter_as_of_another() -> str:
    """Return a path of this Python that the action plugin does not recognize as its own, so that it runs the module."""
    directory, name = os.path.split(sys.executable)
    return os.path.join(directory, ".", name)


DEBUG = Job("debug", "ansible.builtin.debug (floor)", _DEBUG, None)
TEMPLATED = Job("debug-templated", "debug with one templated argument (floor)", _TEMPLATED, None)
PING = Job("ping", "ansible.builtin.ping (floor of a module)", _PING, None)
IN_PROCESS = Job("in-process", "this collection, one host per zone", _OWN, (1, 2))
MANY = Job("zones", "this collection, many zones in one task", _OWN_FOR_ALL, (1, 2))
MODULE = Job(
    "module",
    "this collection, as a module",
    _OWN,
    (1, 2),
    {"ansible_python_interpreter": _interpreter_as_of_another()},
)
URI = Job("uri", "ansible.builtin.uri tasks", _URI, (1, 2))
# Its pager requests pages until one is empty.
SDK = Job("sdk", "a module on the official SDK", _SDK, (2, 3))

# With the default `rate_limit`.
PACED = Job("paced", "this collection, one host per zone, paced", _OWN.replace("    rate_limit: 0\n", ""), (1, 2))
# A different task: handshakes for each name, as both kinds of clients.
LOOK = Job("look", "this collection, visitors of two names per zone", _LOOK, (1, 1))
# A different task: keeps a certificate that each zone has already.
KEEP = Job("keep", "this collection, an unchanged certificate per zone", _KEEP, (1, 1))
# Only the inventory, with and without certificates.
INVENTORY = Job("inventory", "the zones inventory", "[]", None, inventory=_INVENTORY)
CERTIFICATES = Job(
    "certificates", "the zones inventory, with certificates", "[]", None, inventory=f"{_INVENTORY}certificates: true\n"
)

COMPARED = (MANY, IN_PROCESS, MODULE, URI, SDK)
# In the order in which they run: each floor is next to its job.
JOBS = {job.key: job for job in (DEBUG, TEMPLATED, MANY, IN_PROCESS, PING, MODULE, URI, SDK)}
# These start a process for each zone and take minutes, so they run only once.
SLOW = (PING, MODULE, URI, SDK)
