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
  - Puts the custom TLS certificates of a zone into the order requested, for the hostnames that several of them cover. It reads
    the certificates, compares, and sets priorities only if the order is not as requested.
  - For a hostname that several certificates cover, Cloudflare decides by other criteria first. A certificate with exactly this
    hostname is used before one with a wildcard. Then a keyless certificate is used before one of type C(legacy_custom), and that
    before one of type C(sni_custom), whatever their priorities. Only then the higher priority decides, which Cloudflare documents
    for C(legacy_custom) alone. The module sets the priorities as requested in every case. RV(contested) says what decides.
  - Certificates with equal host lists and different signature algorithms form a pack. The visitor's client picks one from it by
    what it supports, and the pack as a whole competes with the others.
  - A zone that is in order takes one request for each 50 of its certificates. A change takes one more, and another one where the
    answer to it does not show the new order.
  - Every change is verified. A change that cannot be shown to be active is a failure.
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
    details: The result and the diff are those of the run that would follow. C(ansible_facts) has the order as read.
  diff_mode:
    support: full
    details: Shows the hostnames that get another certificate, then the certificates in their order, one a line.
  idempotent:
    support: full
options:
  certificates:
    description:
      - The order requested. The first certificate is used first. The list must not be empty.
      - An entry selects certificates, by O(certificates[].id) or by any of the other selectors. A certificate has to match all
        selectors that are set.
      - An entry that selects several certificates stands for all of them, the one that expires last first, then the one that was
        uploaded last.
      - A certificate that several entries select belongs to the first of them, but entries with an O(certificates[].id) come
        before all others.
      - If no entry has a O(certificates[].priority), only the order counts. The zone is in order when the priorities fall along
        the list, whatever the numbers are. Otherwise as few certificates as possible get a new number, and those that are not
        listed keep theirs.
      - If every entry has a O(certificates[].priority), each certificate gets exactly that number and the others keep theirs. It
        is an error if only some entries have one.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description:
          - The id of a certificate. Mutually exclusive with all other selectors.
          - An entry with an id gets its certificate before all others, wherever it is in the list.
          - Ids are compared exactly first. Another case matches only if no other id of the zone differs from it only in case.
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
          - Like all selectors below except O(certificates[].valid_for_days), this is a shell pattern with C(*), C(?) and C([...]). Upper
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
      priority:
        description:
          - The priority that the certificate gets. A certificate with a higher priority is used first. One that never got a priority
            counts as V(0).
          - Any number that the API returns is accepted, including fractions, so that RV(restore) can be given back unchanged.
          - An entry with a priority that selects more than one certificate is an error.
        type: raw
  unlisted:
    description:
      - How to treat the certificates of the zone that O(certificates) does not name.
      - Two certificates compete when they cover an equal hostname. A certificate without hostnames competes with every other.
      - If unset, it is V(last), unless the entries have a O(certificates[].priority), with which it is mutually exclusive.
    type: str
    choices:
      last:
        - Every listed certificate is put above every unlisted one that it competes with. Certificates for other hostnames are left
          alone, so tasks that list certificates for different hostnames do not get in each other's way.
        - Two tasks, or two teams, that each list certificates which compete with those of the other never settle. Each puts its own
          on top, again and again. Name them all in one list, or use V(ignore).
      ignore:
        - Only the order of the listed certificates among themselves counts.
      fail:
        - The zone must not have any certificate that is not listed. The failure names those that it has.
  missing:
    description:
      - How to treat an entry that matches no certificate of the zone. An entry whose certificates all belong to other entries is
        not missing.
      - A zone without any custom certificate is in order, unless an entry has an O(certificates[].id).
    type: str
    choices:
      fail:
        - Nothing is changed. The failure names each missing entry, what it may have meant, and the values that the zone's
          certificates have in its fields.
      ignore:
        - The entry is left out, and named in RV(unmatched). If it is a near match of a certificate, such as a misspelled issuer, a
          warning says so at every run.
    default: fail
  verify:
    description:
      - What counts as proof that a change is active.
    type: str
    choices:
      answer:
        - The answer to the change, if it shows every certificate that matters; otherwise the list is read again.
      read:
        - The list is always read again, which takes one more request.
    default: answer
  return_certificates:
    description:
      - Whether RV(zones[].certificates) is there for a zone that is in order, too.
      - For a zone that changed, would change or failed after a change, it is there in any case.
    type: bool
    default: false
    version_added: 1.1.0
notes:
  - The module warns where the list decides something that is hardly meant. It warns when a contested hostname gets a certificate
    that is expired or not active although another one is fit, and when a certificate comes before a listed one because of its
    kind, whatever the priorities. It also warns when a run changes an order that Cloudflare documents no effect of, and when
    nothing matches although the zone has contested hostnames.
seealso:
  - module: zonefleet.cloudflare.custom_certificate_info
  - name: Certificate and hostname priority
    description: Cloudflare's documentation of which certificate is used for a name.
    link: https://developers.cloudflare.com/ssl/reference/certificate-and-hostname-priority/
  - name: Custom certificates
    description: Cloudflare's documentation of custom certificates, their types and packs.
    link: https://developers.cloudflare.com/ssl/edge-certificates/custom-certificates/
"""

EXAMPLES = r"""
---
# The credentials come from the environment, as CLOUDFLARE_API_TOKEN.

- name: Prefer the certificate of one CA and keep the other one as the spare
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - issuer: DigiCert*
      - issuer: GlobalSign*

- name: Check whether the order is still the one declared
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
    fail_msg: "Somebody has changed the order. These would change back: {{ drift.reprioritized }}"

- name: Run on the controller, where the token is, in a play for other hosts
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - issuer: DigiCert*
      - issuer: GlobalSign*
  delegate_to: localhost
  run_once: true

- name: Use the certificate that expires last first, and an expired one never first
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      # With the quotes. YAML takes an unquoted "!" for the start of a tag.
      - status: "!expired"

- name: Use a certificate first that has at least 30 days left
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - valid_for_days: 30

- name: Set the order for one host only
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - host: shop.example.com
        issuer: DigiCert*
      # All others that cover this hostname.
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

- name: Name the zone and the certificates by their ids
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

- name: Undo that
  zonefleet.cloudflare.custom_certificate_priority:
    zone_id: "{{ numbered.zone_id }}"
    certificates: "{{ numbered.restore }}"
  when: numbered is changed

- name: Give the credentials once for several tasks
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
  description: What the run did to the order, or in check mode would do, in one line. On failure, what is wrong.
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
    - The custom certificates of the zone as the API returns them, those with the highest priority first, equal ones by their id.
    - The priorities are those after the run, in check mode those that the run would set.
  returned: success, and on failure after a change was sent
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
reprioritized:
  description: >-
    The certificates whose priority was changed, in the order of O(certificates). In check mode, those whose priority would be
    changed.
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
      description: The issuer of the certificate, or null where the API returns none.
      returned: always
      type: str
      sample: DigiCertInc
    expires_on:
      description: When the certificate expires, or null where the API does not return it.
      returned: always
      type: str
      sample: "2027-04-30T23:59:59.000000Z"
    before:
      description: Its priority before the run.
      returned: always
      type: int
      sample: 1
    after:
      description: Its priority after it.
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
    - The listed certificates with the priorities that they had before the run, highest first. Given back as O(certificates), it
      undoes the run.
    - A certificate that had no priority gets V(0).
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
      description: Its priority before the run.
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
      description: The id of the certificate that came first before the run.
      returned: always
      type: str
      sample: e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156
    before_issuer:
      description: The issuer of the certificate in RV(contested[].before), or null where the API returns none.
      returned: always
      type: str
      sample: GlobalSignnvsa
    before_expires_on:
      description: When the certificate in RV(contested[].before) expires, or null where the API does not return it.
      returned: always
      type: str
      sample: "2027-08-15T23:59:59.000000Z"
    after:
      description: The id of the certificate that comes first after it. In check mode, the one that would.
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
  description: The entries of O(certificates) that matched no certificate of the zone, as they select.
  returned: success, and on failure because of them
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
        - In check mode, it is the order as read, so that no plan gets into a fact cache.
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
    - What became of each of O(zones), in the order given.
    - An item has what a task for this zone alone returns, without facts and diff.
    - For a zone that is in order, RV(zones[].certificates) is left out unless O(return_certificates=true).
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
      returned: when the zone changed, would change, failed after a change, or with O(return_certificates=true)
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
      description: Why the zone failed, or what the run did.
      returned: always
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
      returned: when the zone did not fail, and when entries matched nothing
      type: list
      elements: dict
      sample: []
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
  sample: 3
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

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._set_order import SET_ORDER
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import run_module


def main() -> None:
    run_module(SET_ORDER)


if __name__ == "__main__":
    main()
