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
  - Returns the custom TLS certificates of a zone, sorted by priority, and which one comes first for every hostname that several of
    them cover.
  - The module changes nothing and sets no facts. A read-only token is sufficient.
  - M(zonefleet.cloudflare.custom_certificate_priority) sets the order. Its documentation describes how Cloudflare decides.
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
      - The certificates to return in RV(certificates). A certificate is returned if it matches any of the entries. An entry matches
        by O(filter[].id), or by all of the other selectors that are set.
      - If unset, all certificates are returned.
      - The module warns if an entry matches no certificate but is similar to an existing one, for example a misspelled issuer.
    type: list
    elements: dict
    suboptions:
      id:
        description:
          - The id of a certificate. Mutually exclusive with all other selectors.
          - The id is case-insensitive, unless the zone has several ids that differ only in case.
        type: str
      host:
        description:
          - A hostname that visitors use. It selects the certificates that Cloudflare chooses from for this hostname. These are the
            certificates that cover exactly this hostname, or, if there are none, the certificates with a wildcard that covers it.
          - A wildcard covers one label, so C(*.example.com) covers C(www.example.com), but not C(example.com).
          - "V(*.example.com) selects the certificates that cover this wildcard itself."
          - Case-insensitive. An internationalized name can be written in its own script or in its C(xn--) form.
        type: str
      issuer:
        description:
          - The CA, in Cloudflare's short form. That is the organization of the issuer without spaces and punctuation, such as
            V(DigiCertInc), V(GlobalSignnvsa) or V(LetsEncrypt).
          - Only letters and digits are compared, so the spellings of other tools, such as V(DigiCert Inc) and V(GlobalSign nv-sa),
            match as well.
          - Like all selectors below except O(filter[].valid_for_days), this is a case-insensitive shell pattern with C(*), C(?) and
            C([...]). A leading C(!) negates the pattern.
          - >-
            In YAML, put a pattern that starts with C(!) or C(*) in quotes, as in C(status: "!expired"). Without quotes, C(!) starts a
            tag and C(*) an alias, and the playbook cannot be loaded.
          - A certificate without this field matches negated patterns only.
        type: str
      signature:
        description: The signature algorithm, such as V(SHA256WithRSA), V(ECDSA*) or V(*RSA).
        type: str
      type:
        description: The type of the certificate, V(legacy_custom) or V(sni_custom).
        type: str
      status:
        description:
          - The status of the certificate, such as V(active), V(expired), V(pending) or V(initializing).
          - The module ignores certificates with status V(deleted), which the API returns for a while.
        type: str
      geo_restrictions:
        description: The label of the region where the private key may be kept, such as V(us), V(eu) or V(highest_security).
        type: str
      valid_for_days:
        description:
          - The minimum number of days until the certificate expires, from V(0) to V(36500).
          - A certificate without a valid RV(certificates[].expires_on) does not match.
        type: int
        version_added: 1.1.0
seealso:
  - module: zonefleet.cloudflare.custom_certificate_priority
  - name: Certificate and hostname priority
    description: Cloudflare's documentation on which certificate is used for a hostname.
    link: https://developers.cloudflare.com/ssl/reference/certificate-and-hostname-priority/
"""

EXAMPLES = r"""
---
# The credentials come from the environment variable CLOUDFLARE_API_TOKEN.

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

- name: Show the certificates that expire within 30 days
  ansible.builtin.debug:
    msg: "{{ zone.certificates | selectattr('expires_on', 'defined') | selectattr('expires_on', 'lt', soon) | map(attribute='id') }}"
  vars:
    soon: "{{ '%Y-%m-%d' | ansible.builtin.strftime(now().timestamp() + 30 * 86400, utc=true) }}"

- name: Read the certificates that Cloudflare chooses from for one hostname
  zonefleet.cloudflare.custom_certificate_info:
    zone: example.com
    filter:
      - host: shop.example.com

- name: Read the certificates that are expired or issued by another CA
  zonefleet.cloudflare.custom_certificate_info:
    zone: example.com
    filter:
      - status: expired
      # The quotes are required. In YAML, an unquoted "!" starts a tag.
      - issuer: "!DigiCert*"

- name: Read one certificate by its id
  zonefleet.cloudflare.custom_certificate_info:
    zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
    filter:
      - id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
"""

RETURN = r"""
msg:
  description: How many of O(zones) were read. On failure, what is wrong.
  returned: with O(zones), and on failure
  type: str
  sample: 3 of 3 zones read.
zone_id:
  description: The id of the zone.
  returned: success
  type: str
  sample: 5a7e1c4d9b3f40268e0d7c51f3a2b684
certificates:
  description:
    - The custom certificates of the zone that O(filter) selects, as the API returns them. They are sorted by priority, the highest
      first, then by id.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description:
        - The id of the certificate. Treat it as an opaque string.
        - A renewal gives a certificate of type V(sni_custom) a new id.
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    zone_id:
      description: The id of the zone that the certificate is in.
      returned: always
      type: str
      sample: 5a7e1c4d9b3f40268e0d7c51f3a2b684
    type:
      description: The type. V(legacy_custom) also supports clients without SNI, V(sni_custom) requires SNI.
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
      description: The signature algorithm.
      returned: when the API returns it
      type: str
      sample: SHA256WithRSA
    bundle_method:
      description: How Cloudflare builds the chain, V(ubiquitous), V(optimal) or V(force).
      returned: when the API returns it
      type: str
      sample: ubiquitous
    status:
      description: >-
        The status of the certificate, such as V(active), V(expired), V(pending) or V(initializing). Cloudflare may use other values.
        Deleted certificates are not returned.
      returned: when the API returns it
      type: str
      sample: active
    priority:
      description: >-
        The priority. A certificate with a higher priority is used first. V(0) if the API returns none. It may be a fraction.
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
      description: The id of the certificate signing request (CSR) that Cloudflare created for the certificate.
      returned: when there is one
      type: str
      sample: b3a90c7e-6f21-4d58-9c04-e1d7280f5a6b
    geo_restrictions:
      description: The region where the private key may be kept.
      returned: when the certificate has such a restriction
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
      description: The rule for where the private key may be kept. Former name of RV(certificates[].policy_restrictions).
      returned: when the certificate has such a restriction and the API uses this name
      type: str
      sample: "(country: NO) or (region: EU)"
    policy_restrictions:
      description: The rule for where the private key may be kept, which consists of countries and regions.
      returned: when the certificate has such a restriction
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
          description: The permissions of the task's credentials for the key server.
          returned: always
          type: list
          elements: str
          sample:
            - "#ssl:read"
            - "#ssl:edit"
        created_on:
          description: When the key server was created at Cloudflare.
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
    - A wildcard counts as a separate hostname.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The hostname in lower case. An internationalized name is in its C(xn--) form.
      returned: always
      type: str
      sample: example.com
    before:
      description: The same as RV(contested[].after). The items have the same keys as in M(zonefleet.cloudflare.custom_certificate_priority).
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    before_issuer:
      description: The issuer of the certificate in RV(contested[].before). Null if the API returns none.
      returned: always
      type: str
      sample: DigiCertInc
    before_expires_on:
      description: When the certificate in RV(contested[].before) expires. Null if the API does not return it.
      returned: always
      type: str
      sample: "2027-04-30T23:59:59.000000Z"
    after:
      description: The id of the certificate that comes first.
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    after_issuer:
      description: The issuer of the certificate in RV(contested[].after). Null if the API returns none.
      returned: always
      type: str
      sample: DigiCertInc
    after_expires_on:
      description: When the certificate in RV(contested[].after) expires. Null if the API does not return it.
      returned: always
      type: str
      sample: "2027-04-30T23:59:59.000000Z"
    tie:
      description: >-
        Whether another certificate of the same kind, outside its pack, has the same priority. The most recently uploaded one is
        returned then, see V(recency) in RV(contested[].decided_by).
      returned: always
      type: bool
      sample: false
    pack:
      description: >-
        Whether the certificate is part of a pack: several certificates with equal host lists and different signature algorithms,
        from which the visitor's client picks. The one with the highest priority is returned.
      returned: always
      type: bool
      sample: false
    decided_by:
      description:
        - Why the certificate in RV(contested[].after) comes before the next certificate that covers the hostname.
        - >-
          V(kind): Cloudflare uses a keyless certificate before one of type C(legacy_custom), and that one before one of type
          C(sni_custom), whatever their priorities. The module assumes that a certificate of an unknown type comes before
          C(sni_custom).
        - "V(priority): Both certificates are of type C(legacy_custom), and this one has the higher priority."
        - "V(client): The certificate is part of a pack, so the visitor's client picks."
        - >-
          V(recency): The priorities are equal. Cloudflare documents that the most recently ordered certificate is used. The API
          does not return the time of the order, so the most recently uploaded certificate is returned, or if the times are equal,
          the one with the lowest id.
        - >-
          V(undocumented): The priorities differ, but the certificates are not of type C(legacy_custom), and Cloudflare documents
          no effect of priority for other types. The certificate with the higher priority is returned.
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
    - The result for each zone, in the order of O(zones).
    - An item has the same keys as the result of a task for this zone alone, without facts and diff.
  returned: with O(zones)
  type: list
  elements: dict
  contains:
    zone_id:
      description: The id of the zone. Null if no zone has the name.
      returned: always
      type: str
      sample: 5a7e1c4d9b3f40268e0d7c51f3a2b684
    zone:
      description: The name of the zone, if the task sets the name. Otherwise null.
      returned: always
      type: str
      sample: example.com
    changed:
      description: Always V(false), because the module changes nothing.
      returned: always
      type: bool
      sample: false
    failed:
      description: Whether this zone failed. The reason is in RV(zones[].msg) and RV(zones[].errors).
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
      sample: No zone example.test is visible with these credentials.
    errors:
      description: As RV(errors).
      returned: when the API refused a request
      type: list
      elements: dict
      sample: []
    status:
      description: As RV(status).
      returned: when the zone failed, and there was a response
      type: int
      sample: 403
    messages:
      description: As RV(messages).
      returned: when there are any
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
      returned: when a request for this zone was made
      type: int
      sample: 1
    waited:
      description: As RV(waited), for this zone.
      returned: when a request for this zone was made
      type: float
      sample: 0.0
  sample:
    - zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
      zone: example.com
      changed: false
      failed: false
changed_zones:
  description: Always empty, because the module changes nothing.
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
  description: The number of requests that the run made, including retries.
  returned: always, unless a connection option is invalid or C(requests) is missing
  type: int
  sample: 2
waited:
  description: The number of seconds that the run waited, before retries and for the rate limit.
  returned: always, unless a connection option is invalid or C(requests) is missing
  type: float
  sample: 0.0
messages:
  description: The C(messages) in Cloudflare's responses, as the API returns them.
  returned: when there are any
  type: list
  elements: dict
  contains:
    code:
      description: Cloudflare's message code.
      returned: when the API returns it
      type: int
      sample: 10000
    message:
      description: The text of the message.
      returned: when the API returns it
      type: str
      sample: The zone is about to move to another plan
    documentation_url:
      description: A link to the documentation.
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
  description: The HTTP status of the response that made the task fail.
  returned: on failure, when there was a response
  type: int
  sample: 403
errors:
  description: The errors in Cloudflare's response, as the API returns them. Empty if there are none.
  returned: on failure of a request
  type: list
  elements: dict
  contains:
    code:
      description: Cloudflare's error code.
      returned: when the API returns it
      type: int
      sample: 10000
    message:
      description: The text of the error.
      returned: when the API returns it
      type: str
      sample: Authentication error
    documentation_url:
      description: A link to the documentation.
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
          description: Cloudflare's error code.
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
