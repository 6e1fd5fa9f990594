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
  - A renewal replaces the certificate without an outage, and does not use more of the zone's quota. With O(keep_priority), the
    new certificate gets the priority of the certificate that it replaces, so the order of the zone's certificates does not change.
  - The module reads the zone first, and sends nothing if the zone has the certificate already. The API returns no PEM, serial
    number or fingerprint. Two certificates count as the same if expiry (to the second), signature algorithm, issuer (only letters
    and digits) and type are equal, and all hosts that the API returns are DNS names of the leaf. The API may omit hosts of other
    zones.
  - A CA can reissue a certificate with more hosts and the same expiry. If the API does not return a host of the leaf that is in the
    zone, the module compares times. If the zone's certificate was uploaded before the leaf became valid, the new certificate is sent.
    Otherwise, the module warns. With O(zone_id), the name of the zone is unknown, and the module only checks hosts within the domain
    that all returned hosts share.
  - The module therefore cannot detect that only the private key or the chain has changed. Set O(renew=always) once to send them.
  - Every upload and renewal is verified by reading the zone again. If a response is lost, the zone is read before anything is sent
    again, because Cloudflare may accept the same certificate twice.
requirements:
  - The Python library C(cryptography), version 2.8 or newer, for the Python that runs the module. On the control node, it is
    usually installed with ansible-core.
extends_documentation_fragment:
  - zonefleet.cloudflare._api
  - zonefleet.cloudflare._api.zone
  - zonefleet.cloudflare._attributes
  - zonefleet.cloudflare._attributes.actiongroup_api
attributes:
  check_mode:
    support: full
    details: >-
      Only reads. RV(action), RV(previous) and the diff are the same as without check mode. RV(certificate) has no id,
      because Cloudflare assigns it.
  diff_mode:
    support: full
    details: Shows the metadata before and after, one field per line. It contains no certificates and no keys.
  idempotent:
    support: partial
    details: With O(renew=always), the certificate is sent in every run.
notes:
  - Private keys and passphrases are never returned, logged or displayed, not even in part. Nothing is written to a file. The key
    is sent to the API unencrypted, over TLS.
  - To change something, an API token needs the permission C(SSL and Certificates Write). Cloudflare has no narrower permission. In
    check mode, C(SSL and Certificates Read) is enough.
  - If a run is interrupted after a renewal but before the priority is set, the next run does not know the previous priority. To
    avoid this, set the order with M(zonefleet.cloudflare.custom_certificate_priority) after this module.
  - Visitors may get a different certificate until the priority is set. This takes as long as one request, or, if Cloudflare needs
    time to activate the certificate, as long as O(wait) waits.
options:
  state:
    description:
      - V(present) uploads or renews the certificate if the zone does not have it.
      - V(absent) removes the certificate that O(match) selects, or that is the same as O(certificate). If both are set, both must
        apply.
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
      - The path of a file with the certificate, on the host that runs the module. On the control node, a relative path is relative to
        the directory of the playbook.
      - Mutually exclusive with O(certificate).
    type: path
  private_key:
    description:
      - The private key of the certificate in PEM format (PKCS#8, PKCS#1 or SEC 1).
      - Required only if the certificate has to be sent. If set, it is checked in every run.
      - Mutually exclusive with O(private_key_path) and O(custom_csr_id).
    type: str
  private_key_path:
    description:
      - The path of a file with the private key, on the host that runs the module.
      - Mutually exclusive with O(private_key) and O(custom_csr_id).
    type: path
  private_key_passphrase:
    description:
      - The passphrase of the private key. The module decrypts the key, because the API does not accept encrypted keys.
      - Ignored if the key is not encrypted.
    type: str
  custom_csr_id:
    description:
      - The id of a certificate signing request (CSR) that Cloudflare created. The private key then never leaves Cloudflare.
      - Mutually exclusive with O(private_key) and O(private_key_path).
    type: str
  type:
    description:
      - The type of the certificate. V(sni_custom) requires clients that send SNI. V(legacy_custom) also supports clients that do not.
      - The type of a certificate cannot be changed. A certificate with the same content and a different type counts as a different certificate.
      - The default of the API itself is V(legacy_custom).
    type: str
    choices: [sni_custom, legacy_custom]
    default: sni_custom
  bundle_method:
    description:
      - How Cloudflare builds the chain. V(force) uses the chain as sent, and accepts certificates of a private CA.
      - If the zone has the certificate with another bundle method, the certificate is sent again.
    type: str
    choices: [ubiquitous, optimal, force]
    default: ubiquitous
  geo_restrictions:
    description:
      - The region where the private key may be kept. If unset, no restriction is requested, and an existing one is ignored.
      - It can only be set at upload. If the zone has the certificate with another value, the task fails.
      - Mutually exclusive with O(policy).
    type: str
    choices: [us, eu, highest_security]
  policy:
    description:
      - "The countries and regions where the private key may be kept, as an expression, for example V((country: NO\\) or (region: EU\\))."
      - It can only be set at upload. If the zone has the certificate with another value, the task fails.
      - Mutually exclusive with O(geo_restrictions).
    type: str
  match:
    description:
      - Selects the certificate to renew or to remove. The certificate must match all selectors that are set.
      - If more than one certificate matches, the task fails and lists them. If none matches, the certificate is uploaded. The
        module then warns if O(match) has an id or is similar to an existing certificate, or if a certificate would be renewed without
        O(match).
      - If unset, the certificate to renew is the one with the same type, hosts and signature algorithm.
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
          - A hostname. It selects the certificates that cover exactly this hostname. Certificates with a wildcard that covers it are
            not selected, because they cover other hostnames as well.
          - "V(*.example.com) selects the certificates that cover this wildcard itself."
        type: str
      issuer:
        description:
          - The CA, as a case-insensitive shell pattern. Only letters and digits are compared, so V(DigiCert*) and V(Let's Encrypt)
            match.
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
          The minimum number of days until the certificate expires. A certificate without a valid expiry does not match.
        type: int
  keep_priority:
    description:
      - Whether to give a renewed certificate the priority of the previous one, if Cloudflare has not kept it.
      - The priority is set and verified as in M(zonefleet.cloudflare.custom_certificate_priority).
    type: bool
    default: true
  renew:
    description:
      - V(changed) sends the certificate only if the zone does not have it.
      - V(always) always sends it. Use this if only the private key or the chain has changed.
    type: str
    choices: [changed, always]
    default: changed
  allow_uncovered:
    description:
      - Whether to remove a certificate even if no other active, unexpired custom certificate covers one of its hostnames, exactly or
        by a wildcard.
      - Universal SSL or another Cloudflare product may cover the hostname. The module cannot check that.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait until the status of the certificate is neither V(pending) nor V(initializing).
    type: bool
    default: true
  wait_timeout:
    description:
      - The maximum number of seconds to wait; from V(0) to V(3600). O(max_wait) applies as well.
      - If the certificate is still pending after that, the module warns. In a zone that is not active, it stays pending.
    type: int
    default: 120
seealso:
  - module: zonefleet.cloudflare.custom_certificate_priority
  - module: zonefleet.cloudflare.custom_certificate_info
  - module: zonefleet.cloudflare.served_certificate_info
  - name: Upload custom certificates
    description: Cloudflare's documentation on custom certificates and their requirements.
    link: https://developers.cloudflare.com/ssl/edge-certificates/custom-certificates/uploading/
"""

EXAMPLES = r"""
---
# The credentials come from the environment variable CLOUDFLARE_API_TOKEN.

- name: Upload the certificate of the shop, or renew it in place
  zonefleet.cloudflare.custom_certificate:
    zone: example.com
    certificate_path: files/shop.example.com/fullchain.pem
    private_key_path: files/shop.example.com/key.pem
    private_key_passphrase: "{{ vault_key_passphrase }}"

- name: Check whether the zone has this certificate
  zonefleet.cloudflare.custom_certificate:
    zone: example.com
    certificate: "{{ lookup('ansible.builtin.file', 'files/shop.example.com/fullchain.pem') }}"
  register: shop
  check_mode: true

- name: Renew a certificate with one that covers different hostnames
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

- name: Remove the certificate of the old CA
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
    - What the run did, or would do in check mode.
    - One of V(uploaded), V(renewed), V(unchanged) and V(removed).
  returned: success, and on failure after a change
  type: str
  sample: renewed
certificate:
  description:
    - The certificate as it is in the zone now, or null if it is not in the zone.
    - In check mode, a certificate that would be uploaded or renewed has only the fields that the diff shows, and no id.
  returned: success, and on failure after a change if it is known
  type: dict
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
      description: The rule for where the private key may be kept. Former name of RV(certificate.policy_restrictions).
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
    - The certificate that was renewed or removed, as it was before the run. Null if there was none.
    - It has the same fields as RV(certificate).
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
    - The hostnames that two or more certificates of the zone cover before or after the run, and which certificate comes first for
      each.
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
      description: The id of the certificate that came first before the run, or null if there was none.
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
      description: >-
        The id of the certificate that comes first after the run, or would come first in check mode. Null if there is none, and in
        check mode for a certificate that would be uploaded or renewed, because its id is not known yet.
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
        - Why the certificate in RV(contested[].after) comes before the next certificate that covers the hostname. Null if no other
          certificate covers it.
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

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._keep_certificate import KEEP_CERTIFICATE
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import run_module


def main() -> None:
    run_module(KEEP_CERTIFICATE)


if __name__ == "__main__":
    main()
