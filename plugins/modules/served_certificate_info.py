#!/usr/bin/python
# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: served_certificate_info
version_added: 1.1.0
short_description: Check which TLS certificate visitors get for a hostname
author:
  - zonefleet.cloudflare contributors (@zonefleet)
description:
  - Makes TLS handshakes with the hostnames of a zone, as visitors do, and returns the certificates that are served. The result
    includes which custom certificate of the zone each one is, and whether it is the one that comes first according to Cloudflare's
    documentation.
  - By default, each hostname is checked twice with TLS 1.2, once as a client that only accepts ECDSA certificates and once as a client
    that only accepts RSA certificates. A server that only supports TLS 1.3 is checked once, as V(any), because the server chooses the
    certificate.
  - Expired certificates and certificates of private CAs are returned as well. RV(served[].trusted) says whether a verifying client
    would accept the certificate for the hostname.
  - The module changes nothing. A read-only token is sufficient. With O(certificates) and O(contested), no token is required.
requirements:
  - The Python library C(cryptography), version 2.8 or newer, for the Python that runs the module.
notes:
  - A handshake reaches the data center that is nearest to the host that runs the module. A change of the order takes a while to
    reach all data centers. Cloudflare does not document how long. Repeat the task with C(until), as in the examples.
  - Cloudflare may serve a certificate that is not a custom certificate of the zone. Examples are an Advanced or Universal certificate
    that covers the exact hostname while the custom certificate only has a wildcard, and the certificate of a custom hostname or of
    another zone. Such a certificate is returned without a RV(served[].certificate_id).
  - If a DNS record is not proxied by Cloudflare, the certificate of the origin server is returned. Use O(address) to connect to an
    address of Cloudflare.
  - The API returns no fingerprints of custom certificates. The served certificate counts as a custom certificate of the zone if
    expiry, issuer and signature algorithm are equal, and it covers all hostnames that the API returns for the custom certificate.
  - Connections are direct, never through a proxy. The trusted CAs are those of OpenSSL. They can be set with its environment variables
    E(SSL_CERT_FILE) and E(SSL_CERT_DIR).
extends_documentation_fragment:
  - zonefleet.cloudflare._api
  - zonefleet.cloudflare._api.zone
  - zonefleet.cloudflare._attributes
  - zonefleet.cloudflare._attributes.actiongroup_api
  - zonefleet.cloudflare._attributes.info_module
options:
  timeout:
    description:
      - The maximum number of seconds for the check of one hostname as one kind of client, from the connection to the last byte of the
        handshake; from V(1) to V(3600). It also applies to each attempt of a request to the API.
      - Many hostnames are checked at the same time. A server that does not respond delays the task by this time, but not the other
        checks.
    type: int
    default: 10
  names:
    description:
      - The hostnames to check. For a wildcard, use a hostname that it covers.
      - If unset, all hostnames that two or more certificates of the zone cover are checked, except wildcards.
      - An internationalized name can be written in its own script or in its C(xn--) form.
    type: list
    elements: str
  address:
    description:
      - The hostname or IP address to connect to for every hostname that is checked.
      - If unset, the hostnames themselves are resolved.
    type: str
  port:
    description: The port to connect to; from V(1) to V(65535).
    type: int
    default: 443
  key_types:
    description:
      - The kinds of client to check each hostname with.
      - V(ecdsa) and V(rsa) are TLS 1.2 clients that only accept this kind of certificate.
      - V(any) is a client that supports TLS versions up to 1.3 and accepts both kinds.
    type: list
    elements: str
    choices: [ecdsa, rsa, any]
    default: [ecdsa, rsa]
  certificates:
    description:
      - The custom certificates of the zone, as returned in RV(zonefleet.cloudflare.custom_certificate_info#module:certificates)
        without a filter, or in RV(zonefleet.cloudflare.custom_certificate_priority#module:certificates) outside of check mode.
      - If it is set, no request to the API is made, and neither credentials nor a zone are required.
      - Required together with O(contested).
    type: list
    elements: dict
  contested:
    description:
      - The certificate that comes first for each contested hostname, as returned in
        RV(zonefleet.cloudflare.custom_certificate_info#module:contested) or
        RV(zonefleet.cloudflare.custom_certificate_priority#module:contested) by the same task as O(certificates).
      - Required together with O(certificates).
    type: list
    elements: dict
seealso:
  - module: zonefleet.cloudflare.custom_certificate_priority
  - module: zonefleet.cloudflare.custom_certificate_info
  - name: Certificate and hostname priority
    description: Cloudflare's documentation on which certificate is used for a hostname.
    link: https://developers.cloudflare.com/ssl/reference/certificate-and-hostname-priority/
"""

EXAMPLES = r"""
---
# The credentials come from the environment variable CLOUDFLARE_API_TOKEN.

- name: Check which certificates visitors get for the contested hostnames of a zone
  zonefleet.cloudflare.served_certificate_info:
    zone: example.com
  register: edge

- name: Show the certificates
  ansible.builtin.debug:
    msg: "{{ item.name }} ({{ item.key_type }}): {{ item.error or item.issuer ~ ', expires on ' ~ item.expires_on }}"
  loop: "{{ edge.served }}"
  loop_control:
    label: "{{ item.name }}"

- name: Check two hostnames at an address of Cloudflare
  zonefleet.cloudflare.served_certificate_info:
    zone: example.com
    names:
      - example.com
      - shop.example.com
    address: 192.0.2.10

- name: Change the order
  zonefleet.cloudflare.custom_certificate_priority:
    zone: example.com
    certificates:
      - issuer: DigiCert*
      - issuer: GlobalSign*
  register: preferred

- name: Wait for up to a minute until visitors get the expected certificates
  zonefleet.cloudflare.served_certificate_info:
    certificates: "{{ preferred.certificates }}"
    contested: "{{ preferred.contested }}"
  register: edge
  until: edge.as_expected is not false
  retries: 12
  delay: 5
  ignore_errors: true
  when: preferred is changed and not ansible_check_mode
"""

RETURN = r"""
zone_id:
  description: The id of the zone. With O(certificates), the O(zone_id) of the task, or null.
  returned: success
  type: str
  sample: 5a7e1c4d9b3f40268e0d7c51f3a2b684
served:
  description:
    - The certificates that were served, one item for each hostname and kind of client, in the order of O(names).
    - If no certificate was served, the reason is in RV(served[].error), and the fields of the certificate are null.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The hostname in lower case. An internationalized name is in its C(xn--) form.
      returned: always
      type: str
      sample: shop.example.com
    key_type:
      description:
        - The kind of client, V(ecdsa), V(rsa) or V(any).
        - For a server that only supports TLS 1.3, the hostname has one item with V(any) for all O(key_types).
      returned: always
      type: str
      sample: rsa
    issuer:
      description: The organization of the issuer in Cloudflare's short form. Null if the issuer has none.
      returned: always
      type: str
      sample: DigiCertInc
    hosts:
      description: The hostnames that the certificate covers, sorted.
      returned: always
      type: list
      elements: str
      sample:
        - "*.example.com"
        - example.com
        - shop.example.com
    expires_on:
      description: When the certificate expires, in UTC.
      returned: always
      type: str
      sample: "2027-04-30T23:59:59Z"
    signature:
      description: The signature algorithm, as Cloudflare spells it.
      returned: always
      type: str
      sample: SHA256WithRSA
    serial_number:
      description: The serial number in hexadecimal digits.
      returned: always
      type: str
      sample: 4c9e07d2a81f36b5509d2e7c4f8a1b03
    fingerprint_sha256:
      description: The SHA-256 fingerprint of the certificate in hexadecimal digits.
      returned: always
      type: str
      sample: 2b6f0c1d94e7a35880d1c5f27e9b4a6031fd8c72b9e04d5a167c3e8f90b2d4a6
    trusted:
      description:
        - Whether a verifying client would accept the certificate for this hostname. Weak keys and signatures are not accepted.
        - If it is V(false), the other fields come from a second handshake, right after the one in which verification failed.
      returned: always
      type: bool
      sample: true
    untrusted_reason:
      description: Why RV(served[].trusted) is V(false).
      returned: always
      type: str
      sample: certificate has expired
    certificate_id:
      description:
        - The id of the custom certificate of the zone that was served.
        - Null if no certificate or more than one certificate of the zone matches. RV(served[].reason) says which.
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    expected_id:
      description:
        - The id of the custom certificate that comes first for the hostname, or that is the only one that covers it. If the client
          picks from a pack, the certificate of the pack for this RV(served[].key_type).
        - Null if no custom certificate of the zone covers the hostname.
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    as_expected:
      description:
        - Whether the certificate is the expected one, or is part of its pack.
        - >-
          Null if it is uncertain which certificate to expect. This is the case if the certificates have equal priorities, if they are
          of type C(sni_custom), if the client does not accept the key of the expected certificate, and if the expected certificate
          is not active.
        - Also null if no certificate was served, if no custom certificate covers the hostname, and if several certificates match.
      returned: always
      type: bool
      sample: true
    reason:
      description: Why RV(served[].certificate_id) or RV(served[].as_expected) is null. Null if RV(served[].error) has the reason.
      returned: always
      type: str
      sample: No custom certificate of the zone matches this one.
    error:
      description: >-
        Why no certificate was served, for example because the hostname cannot be resolved, or because the server has no certificate
        for the client.
      returned: always
      type: str
      sample: "no connection to 192.0.2.10 port 443: Connection refused"
  sample:
    - name: shop.example.com
      key_type: ecdsa
      issuer: null
      hosts: null
      expires_on: null
      signature: null
      serial_number: null
      fingerprint_sha256: null
      trusted: null
      untrusted_reason: null
      certificate_id: null
      expected_id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      as_expected: null
      reason: null
      error: >-
        192.0.2.10 port 443 refused the handshake with the TLS alert handshake_failure: it has no certificate for this name and
        this kind of client
    - name: shop.example.com
      key_type: rsa
      issuer: DigiCertInc
      hosts:
        - "*.example.com"
        - example.com
        - shop.example.com
      expires_on: "2027-04-30T23:59:59Z"
      signature: SHA256WithRSA
      serial_number: 4c9e07d2a81f36b5509d2e7c4f8a1b03
      fingerprint_sha256: 2b6f0c1d94e7a35880d1c5f27e9b4a6031fd8c72b9e04d5a167c3e8f90b2d4a6
      trusted: true
      untrusted_reason: null
      certificate_id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      expected_id: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
      as_expected: true
      reason: null
      error: null
as_expected:
  description:
    - V(false) if any RV(served[].as_expected) is V(false).
    - V(true) if every hostname gets an expected certificate. Clients that do not accept the key of the expected certificate are
      ignored.
    - Null in all other cases, including if there was no hostname to check.
  returned: success
  type: bool
  sample: true
requests:
  description: The number of requests to the API that the run made, including retries. Handshakes do not count.
  returned: always, unless a connection option is invalid or C(requests) is missing
  type: int
  sample: 1
waited:
  description: The number of seconds that the run waited for the API, before retries and for the rate limit.
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

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._look_at_edge import LOOK_AT_EDGE
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import run_module


def main() -> None:
    run_module(LOOK_AT_EDGE)


if __name__ == "__main__":
    main()
