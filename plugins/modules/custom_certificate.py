#!/usr/bin/python
# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: custom_certificate
version_added: 1.1.0
short_description: Upload, renew or remove a custom certificate of a Cloudflare zone
author:
  - zonefleet.cloudflare contributors (@zonefleet)
description:
  - Uploads a custom TLS certificate to a zone, renews it there in place, or removes it.
  - A renewal replaces the certificate without an outage and without another unit of the zone's quota. With O(keep_priority), the
    new certificate gets the priority of the one that it replaces, so the order of the zone's certificates stays as it is.
  - The zone is read first, and nothing is sent if the certificate is there already. The API returns neither the PEM nor a serial
    number nor a fingerprint. A certificate is taken for the same if its expiry (to the second), its signature algorithm, its
    issuer (letters and digits), and its type are the same, and all of its hosts are among the DNS names of the leaf.
  - A change of the private key or of the chain alone can therefore not be seen. Set O(renew=always) once to send it.
  - Every upload and renewal is verified by reading the zone again. If an answer is lost, the zone is read before anything is sent
    again, because Cloudflare may accept the same certificate twice.
requirements:
  - The Python library C(cryptography), version 2.8 or newer, for the Python that runs the module. A usual installation of
    ansible-core brings it to the control node.
extends_documentation_fragment:
  - zonefleet.cloudflare._api
  - zonefleet.cloudflare._api.zone
  - zonefleet.cloudflare._attributes
  - zonefleet.cloudflare._attributes.actiongroup_api
attributes:
  check_mode:
    support: full
    details: >-
      Makes one request. RV(action), RV(previous) and the diff are those of the run that would follow; RV(certificate) has no
      id, because Cloudflare assigns it.
  diff_mode:
    support: full
    details: Shows the metadata before and after, one field a line. Neither certificates nor keys are in it.
  idempotent:
    support: partial
    details: With O(renew=always), the certificate is sent in every run.
notes:
  - Private keys and passphrases are not returned, not logged and not shown, and neither are parts of them. Nothing is written to
    a file. The key is sent to the API unencrypted, over TLS.
  - A token for this module needs C(SSL and Certificates Write). There is no narrower permission.
  - If a run is interrupted between a renewal and the setting of the priority, the next run cannot know what the priority was.
    Declare the order with M(zonefleet.cloudflare.custom_certificate_priority) after this module to be independent of that.
  - Until the priority is set, visitors may get another certificate. This takes as long as one request, or, if Cloudflare needs
    time to activate the certificate, until O(wait) is over.
options:
  state:
    description:
      - V(present) uploads or renews the certificate where the zone does not have it.
      - V(absent) removes the certificate that O(match) selects, that is the same as O(certificate), or both if both are set.
    type: str
    choices: [present, absent]
    default: present
  certificate:
    description:
      - The certificate in PEM format, the leaf first. Its chain may follow. Text between the certificates is ignored.
      - One of O(certificate) and O(certificate_path) is required, except with O(state=absent) and O(match).
      - Mutually exclusive with O(certificate_path).
    type: str
  certificate_path:
    description:
      - The path of a file with the certificate, on the host that runs the module. A relative path starts at the directory of the
        playbook if that is the control node.
      - Mutually exclusive with O(certificate).
    type: path
  private_key:
    description:
      - The private key of the certificate in PEM format (PKCS#8, PKCS#1 or SEC 1).
      - It is required only if the certificate has to be sent. If it is set, it is checked in every run.
      - Mutually exclusive with O(private_key_path) and O(custom_csr_id).
    type: str
  private_key_path:
    description:
      - The path of a file with the private key, on the host that runs the module.
      - Mutually exclusive with O(private_key) and O(custom_csr_id).
    type: path
  private_key_passphrase:
    description:
      - The passphrase of the private key. The key is decrypted by the module, because the API accepts no encrypted key.
      - It is ignored if the key is not encrypted.
    type: str
  custom_csr_id:
    description:
      - The id of a certificate signing request that Cloudflare made. The private key then never leaves Cloudflare.
      - Mutually exclusive with O(private_key) and O(private_key_path).
    type: str
  type:
    description:
      - The type of the certificate. V(sni_custom) is for clients that send SNI, V(legacy_custom) also for clients that do not.
      - It cannot be changed in place. A certificate of another type is another certificate.
      - The API's own default is V(legacy_custom).
    type: str
    choices: [sni_custom, legacy_custom]
    default: sni_custom
  bundle_method:
    description:
      - How Cloudflare builds the chain. V(force) uses the chain as it is sent, and accepts a certificate of a private CA.
      - If the zone has the certificate with another bundle method, it is sent again.
    type: str
    choices: [ubiquitous, optimal, force]
    default: ubiquitous
  geo_restrictions:
    description:
      - The region where the private key may be kept. If unset, nothing is requested and nothing is compared.
      - It is set at upload only. If the zone has the certificate with another value, the task fails.
      - Mutually exclusive with O(policy).
    type: str
    choices: [us, eu, highest_security]
  policy:
    description:
      - "The countries and regions where the private key may be kept, as an expression, for example V((country: NO\\) or (region: EU\\))."
      - It is set at upload only. If the zone has the certificate with another value, the task fails.
      - Mutually exclusive with O(geo_restrictions).
    type: str
  match:
    description:
      - Selects the certificate to renew or to remove. All selectors that are set have to match.
      - If more than one certificate matches, the task fails and lists them. If none matches, the certificate is uploaded.
      - If unset, the certificate to renew is the one of the same type with the same hosts and the same signature algorithm.
    type: dict
    suboptions:
      id:
        description:
          - The id of a certificate, as returned by M(zonefleet.cloudflare.custom_certificate_info). Mutually exclusive with the
            other selectors.
          - A renewal may change the id. Prefer the other selectors.
        type: str
      host:
        description:
          - A hostname. It selects the certificates that cover exactly this name, and never those with a wildcard over it, because
            they cover more.
          - V(*.example.com) selects the certificates with this wildcard.
        type: str
      issuer:
        description:
          - The CA, as a shell pattern. Only letters and digits are compared, and upper and lower case are equal, so
            V(DigiCert*) and V(Let's Encrypt) match.
          - For this selector and those below, a leading C(!) negates the pattern. Put such a pattern in quotes.
        type: str
      signature:
        description: The signature algorithm, as a shell pattern such as V(SHA256WithRSA) or V(ECDSA*).
        type: str
      type:
        description: The type, V(legacy_custom) or V(sni_custom).
        type: str
      status:
        description: The status, such as V(active) or V(expired).
        type: str
      geo_restrictions:
        description: The region where the private key may be kept, such as V(us), V(eu) or V(highest_security).
        type: str
      valid_for_days:
        description: >-
          The number of days that a certificate must have left at the time of the run. A certificate without a readable expiry is
          not selected.
        type: int
  keep_priority:
    description:
      - Whether to give a renewed certificate the priority that the previous one had, if Cloudflare has not kept it.
      - The priority is set and verified as by M(zonefleet.cloudflare.custom_certificate_priority).
    type: bool
    default: true
  renew:
    description:
      - V(changed) sends the certificate only if the zone does not have the same.
      - V(always) sends it in any case, for a private key or a chain that was replaced.
    type: str
    choices: [changed, always]
    default: changed
  allow_uncovered:
    description:
      - Whether to remove a certificate although no other active and unexpired custom certificate covers one of its hostnames,
        exactly or by a wildcard.
      - Universal SSL or another product of Cloudflare may cover the hostname. The module cannot see that.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait until the status of the certificate is neither V(pending) nor V(initializing).
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait at most; V(0) to V(3600). O(max_wait) is a limit as well.
      - If the certificate is still pending then, the task returns a warning. In a zone that is not active, it stays pending.
    type: int
    default: 120
seealso:
  - module: zonefleet.cloudflare.custom_certificate_priority
  - module: zonefleet.cloudflare.custom_certificate_info
  - module: zonefleet.cloudflare.served_certificate_info
  - name: Upload custom certificates
    description: Cloudflare's documentation of custom certificates and their requirements.
    link: https://developers.cloudflare.com/ssl/edge-certificates/custom-certificates/uploading/
"""

EXAMPLES = r"""
---
# The credentials come from the environment, as CLOUDFLARE_API_TOKEN.

- name: Keep the certificate of the shop current
  zonefleet.cloudflare.custom_certificate:
    zone: example.com
    certificate_path: files/shop.example.com/fullchain.pem
    private_key_path: files/shop.example.com/key.pem
    private_key_passphrase: "{{ vault_key_passphrase }}"

- name: Show which certificate the zone has now
  zonefleet.cloudflare.custom_certificate:
    zone: example.com
    certificate: "{{ lookup('ansible.builtin.file', 'files/shop.example.com/fullchain.pem') }}"
  register: shop
  check_mode: true

- name: Renew a certificate by one that covers another list of hostnames
  zonefleet.cloudflare.custom_certificate:
    zone: example.com
    certificate_path: files/www.example.com/fullchain.pem
    private_key_path: files/www.example.com/key.pem
    type: legacy_custom
    match:
      host: www.example.com
      issuer: DigiCert*

- name: Send a certificate again because its private key was replaced
  zonefleet.cloudflare.custom_certificate:
    zone: example.com
    certificate_path: files/www.example.com/fullchain.pem
    private_key_path: files/www.example.com/key.pem
    type: legacy_custom
    renew: always

- name: Remove the certificates of the old CA
  zonefleet.cloudflare.custom_certificate:
    zone: example.com
    state: absent
    match:
      issuer: GlobalSign*
      host: example.com
"""

RETURN = r"""
zone_id:
  description: The id of the zone.
  returned: success, and on failure once it is known
  type: str
  sample: 5a7e1c4d9b3f40268e0d7c51f3a2b684
action:
  description:
    - What the run did, or in check mode would do.
    - One of V(uploaded), V(renewed), V(unchanged) and V(removed).
  returned: success, and on failure after a change
  type: str
  sample: renewed
certificate:
  description:
    - The certificate as the zone has it now, or null if it is not in the zone.
    - In check mode, what is known of it beforehand, without an id. The fields are then those that the diff shows.
  returned: success, and on failure after a change where it is known
  type: dict
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
      description: Where the private key may be kept, as a rule. Former name of RV(certificate.policy_restrictions).
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
          description: How the key server stands, V(active) or V(deleted).
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
    id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
    type: sni_custom
    hosts:
      - shop.example.com
    issuer: DigiCertInc
    signature: SHA256WithRSA
    bundle_method: ubiquitous
    status: active
    priority: 3
    uploaded_on: "2026-04-30T08:15:02.331224Z"
    modified_on: "2026-04-30T08:15:04.120871Z"
    expires_on: "2027-04-30T23:59:59.000000Z"
previous:
  description:
    - The certificate that was renewed or removed, as it was before, or null if there was none.
    - It has the fields of RV(certificate).
  returned: success, and on failure after a change
  type: dict
  sample:
    id: e07b93c4-1a5d-4f62-b8d3-90ce4a7f2156
    zone_id: 5a7e1c4d9b3f40268e0d7c51f3a2b684
    type: sni_custom
    hosts:
      - shop.example.com
    issuer: DigiCertInc
    signature: SHA256WithRSA
    bundle_method: ubiquitous
    status: active
    priority: 3
    uploaded_on: "2025-04-30T08:15:02.331224Z"
    modified_on: "2025-04-30T08:15:04.120871Z"
    expires_on: "2026-04-30T23:59:59.000000Z"
contested:
  description:
    - The hostnames that two or more certificates of the zone cover before the run or after it, and which comes first for each.
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
      description: The id of the certificate that came first before the run, or null if there was none.
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
      description: >-
        The id of the certificate that comes first after it. In check mode, the one that would. Null if there is none, and in check
        mode for the certificate that would be uploaded or renewed, whose id is not known yet.
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
        - What puts the certificate in RV(contested[].after) before the strongest of the other certificates that cover the name, or
          null if no other one covers it.
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

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._keep_certificate import KEEP_CERTIFICATE
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import run_module


def main() -> None:
    run_module(KEEP_CERTIFICATE)


if __name__ == "__main__":
    main()
