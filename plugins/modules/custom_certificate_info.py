#!/usr/bin/python
# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_certificate_info
version_added: 1.0.0
short_description: Read the custom certificates of a Cloudflare zone in their order
author:
  - zonefleet.cloudflare contributors (@zonefleet)
description:
  - Lists the custom TLS certificates of a zone, those with the highest priority first, and says for every hostname that several
    of them cover which one comes first.
  - It changes nothing, sets no facts, and needs a read-only token.
  - M(zonefleet.cloudflare.custom_certificate_priority) says how Cloudflare decides, and sets the order.
extends_documentation_fragment:
  - zonefleet.cloudflare._api
  - zonefleet.cloudflare._api.zone
  - zonefleet.cloudflare._api.zones
  - zonefleet.cloudflare._attributes
  - zonefleet.cloudflare._attributes.actiongroup_api
  - zonefleet.cloudflare._attributes.info_module
options:
  filter:
    description:
      - Which certificates to return in RV(certificates). A certificate is returned when it matches any of the entries. An entry
        matches by O(filter[].id), or by all of the other selectors that it has.
      - If unset, all are returned.
      - An entry that matches no certificate, but is a near match of one, such as a misspelled issuer, is named in a warning.
    type: list
    elements: dict
    suboptions:
      id:
        description:
          - The id of a certificate. Mutually exclusive with all other selectors.
          - RV(certificates[].id) has the ids. They are compared exactly first. Another case matches only if no other id of the zone
            differs from it only in case.
        type: str
      host:
        description:
          - A hostname that visitors use. It selects the certificates that Cloudflare chooses from for it. These are the ones that
            cover exactly this hostname, or if the zone has none of those, the ones with a wildcard that covers it.
          - A wildcard covers one label, so C(*.example.com) covers C(www.example.com), but not C(example.com).
          - "V(*.example.com) selects the certificates that have this wildcard among their hostnames."
          - Upper and lower case are equal. An internationalized name can be written in its own script or in its C(xn--) form.
        type: str
      issuer:
        description:
          - The CA, in Cloudflare's short form. That is the organization of the issuer without spaces and punctuation, such as
            V(DigiCertInc), V(GlobalSignnvsa) or V(LetsEncrypt).
          - Only letters and digits are compared, so V(DigiCert Inc) and V(GlobalSign nv-sa), as other tools show them, match as well.
          - Like all selectors below except O(filter[].valid_for_days), this is a shell pattern with C(*), C(?) and C([...]). Upper
            and lower case are equal. A leading C(!) negates the pattern.
          - >-
            In YAML, put a pattern that starts with C(!) or C(*) in quotes, as in C(status: "!expired"). Without them, C(!) starts a tag
            and C(*) an alias, and the playbook does not load.
          - A certificate without the field matches every negated pattern, and no other.
        type: str
      signature:
        description: The hash and the algorithm of the signature, such as V(SHA256WithRSA), V(ECDSA*) or V(*RSA).
        type: str
      type:
        description: The type of the certificate, V(legacy_custom) or V(sni_custom).
        type: str
      status:
        description:
          - The status of the certificate, such as V(active), V(expired), V(pending) or V(initializing).
          - Certificates with status V(deleted), which the API returns for a while, do not exist for this module.
        type: str
      geo_restrictions:
        description: The label of the region where the private key may be kept, such as V(us), V(eu) or V(highest_security).
        type: str
      valid_for_days:
        description:
          - Selects the certificates that are still valid for at least this many days at the time of the run, from V(0) to V(36500).
          - A certificate without a readable RV(certificates[].expires_on) is not selected.
        type: int
        version_added: 1.1.0
seealso:
  - module: zonefleet.cloudflare.custom_certificate_priority
  - name: Certificate and hostname priority
    description: Cloudflare's documentation of which certificate is used for a name.
    link: https://developers.cloudflare.com/ssl/reference/certificate-and-hostname-priority/
"""

EXAMPLES = r"""
---
# The credentials come from the environment, as CLOUDFLARE_API_TOKEN.

- name: Read the custom certificates of a zone
  zonefleet.cloudflare.custom_certificate_info:
    zone: example.com
  register: zone

- name: Show which certificate comes first for each contested hostname
  ansible.builtin.debug:
    msg: "{{ item.name }} {{ verb }} the certificate of {{ item.after_issuer }}, decided by {{ item.decided_by }}"
  vars:
    verb: "{{ 'gets' if item.decided_by in ['kind', 'priority'] else 'may get' }}"
  loop: "{{ zone.contested }}"
  loop_control:
    label: "{{ item.name }}"

- name: Show what expires within 30 days
  ansible.builtin.debug:
    msg: "{{ zone.certificates | selectattr('expires_on', 'defined') | selectattr('expires_on', 'lt', soon) | map(attribute='id') }}"
  vars:
    soon: "{{ '%Y-%m-%d' | ansible.builtin.strftime(now().timestamp() + 30 * 86400, utc=true) }}"

- name: Read what Cloudflare chooses from for one host
  zonefleet.cloudflare.custom_certificate_info:
    zone: example.com
    filter:
      - host: shop.example.com

- name: Read the certificates that are expired or are not from the usual CA
  zonefleet.cloudflare.custom_certificate_info:
    zone: example.com
    filter:
      - status: expired
      # With the quotes. YAML takes an unquoted "!" for the start of a tag.
      - issuer: "!DigiCert*"

- name: Read one certificate by its id
  zonefleet.cloudflare.custom_certificate_info:
    zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
    filter:
      - id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
"""

RETURN = r"""
zone_id:
  description: The id of the zone.
  returned: success
  type: str
  sample: 5a7e1c4d9b3f40268e0d7c51f3a2b684
certificates:
  description:
    - The custom certificates of the zone that O(filter) selects, as the API returns them. Those with the highest priority come
      first, equal ones by their id.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description:
        - The id of the certificate. Treat it as an opaque string.
        - The renewal of a certificate of type V(sni_custom) gives it another one.
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    zone_id:
      description: The id of the zone that the certificate is in.
      returned: always
      type: str
      sample: 5a7e1c4d9b3f40268e0d7c51f3a2b684
    type:
      description: V(legacy_custom) for clients without SNI as well, V(sni_custom) for those with SNI only.
      returned: when the API returns it
      type: str
      sample: legacy_custom
    hosts:
      description: The hostnames that the certificate covers, including wildcards.
      returned: when the API returns them
      type: list
      elements: str
      sample:
        - example.com
        - "*.example.com"
        - shop.example.com
    issuer:
      description: The CA, in Cloudflare's short form.
      returned: when the API returns it
      type: str
      sample: DigiCertInc
    signature:
      description: The hash and the algorithm of the signature.
      returned: when the API returns it
      type: str
      sample: SHA256WithRSA
    bundle_method:
      description: How the chain to the root is put together, V(ubiquitous), V(optimal) or V(force).
      returned: when the API returns it
      type: str
      sample: ubiquitous
    status:
      description: >-
        The status of the certificate, such as V(active), V(expired), V(pending) or V(initializing). Cloudflare may use others as
        well. Deleted certificates are left out.
      returned: when the API returns it
      type: str
      sample: active
    priority:
      description: >-
        The priority, a higher one is used first. V(0) where the API returns none; a fraction where somebody has set one.
      returned: always
      type: int
      sample: 3
    uploaded_on:
      description: When the certificate was uploaded to Cloudflare.
      returned: when the API returns it
      type: str
      sample: "2026-04-30T08:15:02.331224Z"
    modified_on:
      description: When the certificate was last changed at Cloudflare.
      returned: when the API returns it
      type: str
      sample: "2026-04-30T08:15:04.120871Z"
    expires_on:
      description: When the certificate expires.
      returned: when the API returns it
      type: str
      sample: "2027-04-30T23:59:59.000000Z"
    custom_csr_id:
      description: The id of the signing request that Cloudflare made for the certificate.
      returned: when there is one
      type: str
      sample: b3a90c7e-6f21-4d58-9c04-e1d7280f5a6b
    geo_restrictions:
      description: The region where the private key may be kept.
      returned: when it is restricted so
      type: dict
      contains:
        label:
          description: The region, such as V(us), V(eu), V(highest_security) or V(custom).
          returned: always
          type: str
          sample: eu
      sample:
        label: eu
    policy:
      description: Where the private key may be kept, as a rule. Former name of RV(certificates[].policy_restrictions).
      returned: when it is restricted so and the API uses this name
      type: str
      sample: "(country: NO) or (region: EU)"
    policy_restrictions:
      description: Where the private key may be kept, as a rule made of countries and regions.
      returned: when it is restricted so
      type: str
      sample: "(country: NO) or (region: EU)"
    keyless_server:
      description: The key server that holds the private key.
      returned: for a keyless certificate
      type: dict
      contains:
        id:
          description: The id of the key server.
          returned: always
          type: str
          sample: 8c52f0e6d1b94a7730cf9ae214bd6508
        name:
          description: The name of the key server.
          returned: always
          type: str
          sample: Keys of the shop
        host:
          description: The hostname of the key server.
          returned: always
          type: str
          sample: keys.example.com
        port:
          description: The port of the key server.
          returned: always
          type: int
          sample: 24008
        status:
          description: The status of the key server, V(active) or V(deleted).
          returned: always
          type: str
          sample: active
        enabled:
          description: Whether the key server is in use.
          returned: always
          type: bool
          sample: true
        permissions:
          description: What the credentials of the task may do with the key server.
          returned: always
          type: list
          elements: str
          sample:
            - "#ssl:read"
            - "#ssl:edit"
        created_on:
          description: When the key server was set up at Cloudflare.
          returned: always
          type: str
          sample: "2026-02-03T09:40:11Z"
        modified_on:
          description: When the key server was last changed at Cloudflare.
          returned: always
          type: str
          sample: "2026-02-03T09:41:37Z"
        tunnel:
          description: The Cloudflare Tunnel that leads to the key server.
          returned: when there is one
          type: dict
          contains:
            private_ip:
              description: The address of the key server in the private network behind the tunnel.
              returned: always
              type: str
              sample: 192.0.2.17
            vnet_id:
              description: The id of the tunnel's virtual network.
              returned: always
              type: str
              sample: e4c81d36-07fa-4b92-8d5e-a960b3f1c27d
          sample:
            private_ip: 192.0.2.17
            vnet_id: e4c81d36-07fa-4b92-8d5e-a960b3f1c27d
      sample:
        id: 8c52f0e6d1b94a7730cf9ae214bd6508
        name: Keys of the shop
        host: keys.example.com
        port: 24008
        status: active
        enabled: true
        permissions:
          - "#ssl:read"
          - "#ssl:edit"
        created_on: "2026-02-03T09:40:11Z"
        modified_on: "2026-02-03T09:41:37Z"
  sample:
    - id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
      type: legacy_custom
      hosts:
        - example.com
        - "*.example.com"
        - shop.example.com
      issuer: DigiCertInc
      signature: SHA256WithRSA
      bundle_method: ubiquitous
      status: active
      priority: 3
      uploaded_on: "2026-04-30T08:15:02.331224Z"
      modified_on: "2026-04-30T08:15:04.120871Z"
      expires_on: "2027-04-30T23:59:59.000000Z"
    - id: e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156
      zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
      type: legacy_custom
      hosts:
        - example.com
        - "*.example.com"
        - api.example.com
      issuer: GlobalSignnvsa
      signature: SHA256WithRSA
      bundle_method: ubiquitous
      status: active
      priority: 2
      uploaded_on: "2026-08-15T11:02:46.902315Z"
      modified_on: "2026-08-15T11:02:49.477120Z"
      expires_on: "2027-08-15T23:59:59.000000Z"
contested:
  description:
    - The hostnames that two or more certificates of the zone cover, and which certificate comes first for each. O(filter) does
      not limit them.
    - A wildcard is a hostname of its own here.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name, in lower case and as an C(xn--) name where it is internationalized.
      returned: always
      type: str
      sample: example.com
    before:
      description: The same as RV(contested[].after), so that the items are like those of M(zonefleet.cloudflare.custom_certificate_priority).
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    before_issuer:
      description: The issuer of the certificate in RV(contested[].before), or null where the API returns none.
      returned: always
      type: str
      sample: DigiCertInc
    before_expires_on:
      description: When the certificate in RV(contested[].before) expires, or null where the API does not return it.
      returned: always
      type: str
      sample: "2027-04-30T23:59:59.000000Z"
    after:
      description: The id of the certificate that comes first.
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    after_issuer:
      description: The issuer of the certificate in RV(contested[].after), or null where the API returns none.
      returned: always
      type: str
      sample: DigiCertInc
    after_expires_on:
      description: When the certificate in RV(contested[].after) expires, or null where the API does not return it.
      returned: always
      type: str
      sample: "2027-04-30T23:59:59.000000Z"
    tie:
      description: >-
        Whether another certificate of the same kind, which is in no pack with this one, has the same priority. The most recently
        uploaded one is named then, see V(recency) in RV(contested[].decided_by).
      returned: always
      type: bool
      sample: false
    pack:
      description: >-
        Whether the certificate is one of several with equal host lists and different signature algorithms, from which the
        visitor's client picks. The one with the highest priority is named.
      returned: always
      type: bool
      sample: false
    decided_by:
      description:
        - What puts the certificate in RV(contested[].after) before the strongest of the other certificates that cover the name.
        - >-
          V(kind): Cloudflare uses a keyless certificate before one of type C(legacy_custom), and that before one of type
          C(sni_custom), whatever their priorities. A certificate of another type, or of none, is taken to come before
          C(sni_custom).
        - "V(priority): both are of type C(legacy_custom), and it has the higher priority."
        - "V(client): it is in a pack, so the visitor's client picks."
        - >-
          V(recency): the priorities are equal. Cloudflare documents that the most recently ordered certificate is used. The API
          does not return when that was, so the most recently uploaded one is named, and of those the one with the lowest id.
        - >-
          V(undocumented): the priorities differ, but the certificates are not of type C(legacy_custom), and Cloudflare documents
          no effect of priority for others. The one with the higher priority is named.
      returned: always
      type: str
      sample: priority
  sample:
    - name: "*.example.com"
      before: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      before_issuer: DigiCertInc
      before_expires_on: "2027-04-30T23:59:59.000000Z"
      after: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      after_issuer: DigiCertInc
      after_expires_on: "2027-04-30T23:59:59.000000Z"
      tie: false
      pack: false
      decided_by: priority
    - name: example.com
      before: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      before_issuer: DigiCertInc
      before_expires_on: "2027-04-30T23:59:59.000000Z"
      after: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      after_issuer: DigiCertInc
      after_expires_on: "2027-04-30T23:59:59.000000Z"
      tie: false
      pack: false
      decided_by: priority
zones:
  description:
    - What became of each of O(zones), in the order given.
    - An item has what a task for this zone alone returns, without facts and diff.
  returned: with O(zones)
  type: list
  elements: dict
  contains:
    zone_id:
      description: The id of the zone; null where a name was not found.
      returned: always
      type: str
      sample: 5a7e1c4d9b3f40268e0d7c51f3a2b684
    zone:
      description: The name of the zone, where the task gives the name.
      returned: always
      type: str
      sample: example.com
    changed:
      description: Whether this zone changed, or in check mode would.
      returned: always
      type: bool
      sample: false
    failed:
      description: Whether this zone failed; its RV(zones[].msg) and RV(zones[].errors) say why.
      returned: always
      type: bool
      sample: false
    certificates:
      description: As RV(certificates).
      returned: when the zone did not fail
      type: list
      elements: dict
      sample: []
    contested:
      description: As RV(contested).
      returned: when the zone did not fail
      type: list
      elements: dict
      sample: []
    msg:
      description: Why the zone failed.
      returned: when the zone failed
      type: str
      sample: "No zone example.test is visible with these credentials ('zone')."
    errors:
      description: As RV(errors).
      returned: when the API refused
      type: list
      elements: dict
      sample: []
    warnings:
      description: The warnings about this zone.
      returned: when there are any
      type: list
      elements: str
      sample: []
    requests:
      description: As RV(requests), for this zone.
      returned: when the zone was asked for
      type: int
      sample: 1
    waited:
      description: As RV(waited), for this zone.
      returned: when the zone was asked for
      type: float
      sample: 0.0
  sample:
    - zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
      zone: example.com
      changed: false
      failed: false
changed_zones:
  description: The ids of the zones that changed, or in check mode would.
  returned: with O(zones)
  type: list
  elements: str
  sample: []
failed_zones:
  description: The ids of the zones that failed, or the names of those that were not found.
  returned: with O(zones)
  type: list
  elements: str
  sample: []
requests:
  description: How many requests the run made, repeated ones included.
  returned: always, unless a connection option is refused or C(requests) is missing
  type: int
  sample: 2
waited:
  description: How many seconds the run spent waiting, between attempts and where the API asked for it.
  returned: always, unless a connection option is refused or C(requests) is missing
  type: float
  sample: 0.0
messages:
  description: Messages in Cloudflare's answers, as returned by the API.
  returned: when there is any
  type: list
  elements: dict
  contains:
    code:
      description: Cloudflare's code of the message.
      returned: when the API returns it
      type: int
      sample: 10000
    message:
      description: The text of the message.
      returned: when the API returns it
      type: str
      sample: The zone is about to move to another plan
    documentation_url:
      description: A link to documentation about it.
      returned: when the API returns it
      type: str
      sample: https://developers.cloudflare.com/ssl/
    source:
      description: The part of the request that the message is about.
      returned: when the API returns it
      type: dict
      contains:
        pointer:
          description: The position in the body of the request, as a JSON pointer.
          returned: when the API returns it
          type: str
          sample: /certificates/0/id
      sample:
        pointer: /certificates/0/id
  sample:
    - code: 10000
      message: The zone is about to move to another plan
status:
  description: The HTTP status of the answer that made the task fail.
  returned: on failure, when there was an answer
  type: int
  sample: 403
errors:
  description: The errors in Cloudflare's answer, as returned by the API. Empty if there are none.
  returned: on failure of a request
  type: list
  elements: dict
  contains:
    code:
      description: Cloudflare's code of the error.
      returned: when the API returns it
      type: int
      sample: 10000
    message:
      description: The text of the error.
      returned: when the API returns it
      type: str
      sample: Authentication error
    documentation_url:
      description: A link to documentation about it.
      returned: when the API returns it
      type: str
      sample: https://developers.cloudflare.com/ssl/
    source:
      description: The part of the request that the error is about.
      returned: when the API returns it
      type: dict
      contains:
        pointer:
          description: The position in the body of the request, as a JSON pointer.
          returned: when the API returns it
          type: str
          sample: /certificates/0/id
      sample:
        pointer: /certificates/0/id
    error_chain:
      description: The errors that led to this one.
      returned: when the API returns them
      type: list
      elements: dict
      contains:
        code:
          description: Cloudflare's code of the error.
          returned: when the API returns it
          type: int
          sample: 6111
        message:
          description: The text of the error.
          returned: when the API returns it
          type: str
          sample: Invalid format for Authorization header
      sample:
        - code: 6111
          message: Invalid format for Authorization header
  sample:
    - code: 10000
      message: Authentication error
"""

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._inspect import INSPECT
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import run_module


def main() -> None:
    run_module(INSPECT)


if __name__ == "__main__":
    main()
