#!/usr/bin/python
# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_certificate_priority
version_added: 1.0.0
short_description: Set the order in which a Cloudflare zone uses its custom certificates
author:
  - zonefleet.cloudflare contributors (@zonefleet)
description:
  - Sets the order in which Cloudflare uses the custom TLS certificates of a zone for the hostnames that several of them cover.
    Priorities are changed only if the order is not as requested.
  - If several certificates cover a hostname, Cloudflare applies other criteria before the priority. A certificate with exactly
    this hostname is used before one with a wildcard. Then a keyless certificate is used before one of type C(legacy_custom), and
    that one before one of type C(sni_custom), whatever their priorities. Only then is the certificate with the higher priority
    used. Cloudflare documents this last step only for C(legacy_custom). The module sets the priorities as requested in every
    case, and returns what decides in RV(contested).
  - Certificates with equal host lists and different signature algorithms form a pack. The visitor's client picks one that it
    supports, and the pack as a whole competes with other certificates.
  - A zone in order takes one request per 50 certificates. A change takes one more request, and another one if the response does
    not show the new order.
  - Every change is verified. The task fails if the new order cannot be verified.
extends_documentation_fragment:
  - zonefleet.cloudflare._api
  - zonefleet.cloudflare._api.zone
  - zonefleet.cloudflare._api.zones
  - zonefleet.cloudflare._attributes
  - zonefleet.cloudflare._attributes.actiongroup_api
  - zonefleet.cloudflare._attributes.facts
attributes:
  check_mode:
    support: full
    details: The result and the diff are the same as without check mode, except that C(ansible_facts) has the current order.
  diff_mode:
    support: full
    details: Shows the hostnames that get a different certificate, then the certificates in their order, one per line.
  idempotent:
    support: full
options:
  certificates:
    description:
      - The certificates in the order requested. The first one is used first. The list must not be empty.
      - An entry selects certificates by O(certificates[].id) or by any of the other selectors. A certificate must match all
        selectors of the entry.
      - If an entry selects several certificates, they are ordered by expiry, the latest first, then by upload, the latest first.
      - If several entries select the same certificate, it belongs to the one with its O(certificates[].id), otherwise to the
        first of them.
      - If no entry has a O(certificates[].priority), only the order matters. The zone is in order if every listed certificate has
        a higher priority than the next one. Otherwise, as few certificates as possible get a new priority, and unlisted
        certificates keep theirs.
      - If every entry has a O(certificates[].priority), each listed certificate gets exactly this priority, and the others keep
        theirs. It is an error if only some entries have one.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description:
          - The id of a certificate. Mutually exclusive with all other selectors.
          - An entry with an id takes precedence over other entries that select the same certificate, wherever it is in the list.
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
          - Like all selectors below except O(certificates[].valid_for_days), this is a case-insensitive shell pattern with C(*), C(?)
            and C([...]). A leading C(!) negates the pattern.
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
      priority:
        description:
          - The exact priority to set. A certificate with a higher priority is used first. A certificate without a priority counts as
            V(0).
          - Every number that the API returns is accepted, including fractions, so that RV(restore) can be used unchanged.
          - It is an error if an entry with a priority selects more than one certificate.
        type: raw
  unlisted:
    description:
      - How to treat certificates of the zone that are not listed in O(certificates).
      - Two certificates compete if they cover the same hostname. A certificate without hostnames competes with every other one.
      - Mutually exclusive with O(certificates[].priority). If no entry has a priority, the default is V(last).
    type: str
    choices:
      last:
        - Every listed certificate gets a higher priority than every unlisted certificate that it competes with. Certificates for
          other hostnames do not matter, so tasks for different hostnames do not interfere with each other.
        - If two tasks list different certificates that compete with each other, each task reverts the change of the other in every
          run. List all of them in one task, or use V(ignore).
      ignore:
        - Only the order of the listed certificates among themselves matters.
      fail:
        - The task fails if the zone has an unlisted certificate. The message lists these certificates.
  missing:
    description:
      - How to treat an entry that matches no certificate of the zone. An entry is not missing if all certificates that it matches
        belong to other entries.
      - A zone without any custom certificates counts as in order even with V(fail), unless an entry has an
        O(certificates[].id).
    type: str
    choices:
      fail:
        - The task fails, and nothing is changed. The message lists each missing entry, with suggestions and the values that the
          zone's certificates have in these fields.
      ignore:
        - The entry is ignored and returned in RV(unmatched). If it is similar to an existing certificate, for example a misspelled
          issuer, the module warns in every run.
    default: fail
  verify:
    description:
      - How to verify a change.
    type: str
    choices:
      answer:
        - Use the response to the change, if it contains every certificate that matters. Otherwise, read the list again.
      read:
        - Always read the list again, which takes one more request.
    default: answer
  return_certificates:
    description:
      - Whether to return RV(certificates), and with O(zones), RV(zones[].certificates) for zones in order. If unset, RV(certificates)
        is returned, but not RV(zones[].certificates) for zones in order.
      - With V(false), the result for one zone contains the certificates only as a fact, so that C(-v) prints them only once.
      - The certificates are always returned on failure after a change, and with O(zones) for a zone that changed or would change in
        check mode.
    type: bool
    version_added: 1.1.0
notes:
  - The module warns if a contested hostname gets a certificate that is expired or not active although a valid one covers it, and if
    a certificate comes before a listed one because of its kind. It also warns if a run changes priorities for which Cloudflare
    documents no effect, and if no entry matches although the zone has contested hostnames.
seealso:
  - module: zonefleet.cloudflare.custom_certificate_info
  - name: Certificate and hostname priority
    description: Cloudflare's documentation on which certificate is used for a hostname.
    link: https://developers.cloudflare.com/ssl/reference/certificate-and-hostname-priority/
  - name: Custom certificates
    description: Cloudflare's documentation on custom certificates, their types and packs.
    link: https://developers.cloudflare.com/ssl/edge-certificates/custom-certificates/
"""

EXAMPLES = r"""
---
# The credentials come from the environment variable CLOUDFLARE_API_TOKEN.

- name: Prefer the certificate of one CA and keep the other one as a spare
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - issuer: DigiCert*
      - issuer: GlobalSign*

- name: Check whether the order is still as requested
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - issuer: DigiCert*
      - issuer: GlobalSign*
  check_mode: true
  register: drift

- name: Fail if it is not
  ansible.builtin.assert:
    that: drift is not changed
    fail_msg: "The order has changed. A run would set these priorities again: {{ drift.reprioritized }}"

- name: Run on the control node, where the token is set, in a play for other hosts
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - issuer: DigiCert*
      - issuer: GlobalSign*
  delegate_to: localhost
  run_once: true

- name: Prefer the certificate that expires last, and never an expired one
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      # The quotes are required. In YAML, an unquoted "!" starts a tag.
      - status: "!expired"

- name: Prefer certificates that are valid for at least 30 more days
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - valid_for_days: 30

- name: Set the order for one hostname only
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - host: shop.example.com
        issuer: DigiCert*
      # All other certificates that cover this hostname
      - host: shop.example.com
    unlisted: ignore

- name: Fail if the zone has a certificate that is not listed
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - issuer: DigiCert*
      - issuer: GlobalSign*
      - issuer: LetsEncrypt*
    unlisted: fail

- name: Select the zone and the certificates by id
  zonefleet.cloudflare.custom_certificate_priority:
    zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
    certificates:
      - id: e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156
      - id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908

- name: Set exact priorities
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - issuer: DigiCert*
        priority: 20
      - issuer: GlobalSign*
        priority: 10
  register: numbered

- name: Undo the change
  zonefleet.cloudflare.custom_certificate_priority:
    zone_id: "{{ numbered.zone_id }}"
    certificates: "{{ numbered.restore }}"
  when: numbered is changed

- name: Set the credentials once for several tasks
  module_defaults:
    group/zonefleet.cloudflare.api:
      api_token: "{{ vault_cloudflare_token }}"
  block:
    - name: Prefer one CA
      zonefleet.cloudflare.custom_certificate_priority:
        zone: example.com
        certificates:
          - issuer: DigiCert*

    - name: Read the result
      zonefleet.cloudflare.custom_certificate_info:
        zone: example.com
"""

RETURN = r"""
msg:
  description: A summary of what the run changed, or would change in check mode. On failure, the error message.
  returned: always
  type: str
  sample: 2 of 5 priorities changed; www.example.com now gets DigiCertInc's certificate (expires 2027-04-30).
zone_id:
  description: The id of the zone.
  returned: once it is known
  type: str
  sample: 5a7e1c4d9b3f40268e0d7c51f3a2b684
certificates:
  description:
    - The custom certificates of the zone as the API returns them, sorted by priority, the highest first, then by id.
    - The priorities are those after the run. In check mode, they are those that the run would set.
  returned: success unless O(return_certificates=false), and on failure after a change was sent
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
reprioritized:
  description: >-
    The certificates whose priority changed, or would change in check mode, in the order of O(certificates).
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id of the certificate.
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    issuer:
      description: The issuer of the certificate. Null if the API returns none.
      returned: always
      type: str
      sample: DigiCertInc
    expires_on:
      description: When the certificate expires. Null if the API does not return it.
      returned: always
      type: str
      sample: "2027-04-30T23:59:59.000000Z"
    before:
      description: The priority before the run.
      returned: always
      type: int
      sample: 1
    after:
      description: The priority after the run. In check mode, the priority that the run would set.
      returned: always
      type: int
      sample: 3
  sample:
    - id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      issuer: DigiCertInc
      expires_on: "2027-04-30T23:59:59.000000Z"
      before: 1
      after: 3
restore:
  description:
    - The listed certificates with their priorities before the run, the highest first. Pass it as O(certificates) to undo the run.
    - The priority is V(0) for a certificate that had none.
  returned: success, and on failure after a change was sent
  type: list
  elements: dict
  contains:
    id:
      description: The id of the certificate.
      returned: always
      type: str
      sample: e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156
    priority:
      description: The priority before the run.
      returned: always
      type: int
      sample: 2
  sample:
    - id: e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156
      priority: 2
    - id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      priority: 1
contested:
  description:
    - The hostnames that two or more certificates of the zone cover, and which certificate comes first for each.
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
      description: The id of the certificate that came first before the run.
      returned: always
      type: str
      sample: e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156
    before_issuer:
      description: The issuer of the certificate in RV(contested[].before). Null if the API returns none.
      returned: always
      type: str
      sample: GlobalSignnvsa
    before_expires_on:
      description: When the certificate in RV(contested[].before) expires. Null if the API does not return it.
      returned: always
      type: str
      sample: "2027-08-15T23:59:59.000000Z"
    after:
      description: The id of the certificate that comes first after the run, or would come first in check mode.
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
      before: e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156
      before_issuer: GlobalSignnvsa
      before_expires_on: "2027-08-15T23:59:59.000000Z"
      after: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      after_issuer: DigiCertInc
      after_expires_on: "2027-04-30T23:59:59.000000Z"
      tie: false
      pack: false
      decided_by: priority
    - name: example.com
      before: e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156
      before_issuer: GlobalSignnvsa
      before_expires_on: "2027-08-15T23:59:59.000000Z"
      after: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      after_issuer: DigiCertInc
      after_expires_on: "2027-04-30T23:59:59.000000Z"
      tie: false
      pack: false
      decided_by: priority
unmatched:
  description: The entries of O(certificates) that match no certificate of the zone, with the selectors that are set.
  returned: success, and when the task fails because of them
  type: list
  elements: dict
  contains:
    id:
      description: The O(certificates[].id) of the entry.
      returned: when the entry has it
      type: str
      sample: a41c7f9e-3d02-4b86-95e8-c07d1f6b2a34
    host:
      description: The O(certificates[].host) of the entry.
      returned: when the entry has it
      type: str
      sample: shop.example.com
    issuer:
      description: The O(certificates[].issuer) of the entry.
      returned: when the entry has it
      type: str
      sample: LetsEncrypt
    signature:
      description: The O(certificates[].signature) of the entry.
      returned: when the entry has it
      type: str
      sample: "ECDSA*"
    type:
      description: The O(certificates[].type) of the entry.
      returned: when the entry has it
      type: str
      sample: legacy_custom
    status:
      description: The O(certificates[].status) of the entry.
      returned: when the entry has it
      type: str
      sample: "!expired"
    geo_restrictions:
      description: The O(certificates[].geo_restrictions) of the entry.
      returned: when the entry has it
      type: str
      sample: eu
    valid_for_days:
      description: The O(certificates[].valid_for_days) of the entry.
      returned: when the entry has it
      type: int
      sample: 30
  sample:
    - issuer: LetsEncrypt
      status: "!expired"
ansible_facts:
  description: Facts to be set.
  returned: success
  type: dict
  contains:
    cloudflare_certificate_order:
      description:
        - The custom certificates of the zone in their order, as in RV(certificates).
        - In check mode, this is the current order, so that a fact cache does not store an order that was not set.
      returned: success
      type: list
      elements: dict
      sample:
        - id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
          hosts:
            - example.com
            - "*.example.com"
            - shop.example.com
          issuer: DigiCertInc
          priority: 3
  sample:
    cloudflare_certificate_order:
      - id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
        hosts:
          - example.com
          - "*.example.com"
          - shop.example.com
        issuer: DigiCertInc
        priority: 3
zones:
  description:
    - The result for each zone, in the order of O(zones).
    - An item has the same keys as the result of a task for this zone alone, without facts and diff.
    - For a zone in order, RV(zones[].certificates) is returned only with O(return_certificates=true).
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
      description: Whether this zone changed, or would change in check mode.
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
      returned: when the zone changed, would change in check mode or failed after a change, or with O(return_certificates=true)
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
      description: As RV(msg), for this zone.
      returned: always
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
    restore:
      description: As RV(restore).
      returned: when the zone did not fail, and on failure after a change was sent
      type: list
      elements: dict
      sample: []
    reprioritized:
      description: As RV(reprioritized).
      returned: when the zone did not fail
      type: list
      elements: dict
      sample: []
    unmatched:
      description: As RV(unmatched).
      returned: when the zone did not fail, or failed because of them
      type: list
      elements: dict
      sample: []
  sample:
    - zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
      zone: example.com
      changed: false
      failed: false
changed_zones:
  description: The ids of the zones that changed, or would change in check mode.
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
  sample: 3
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

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import run_module


def main() -> None:
    run_module(SET_ORDER)


if __name__ == "__main__":
    main()
