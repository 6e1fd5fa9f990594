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
  - Makes TLS handshakes with the hostnames of a zone, as visitors do, and returns the certificates that are served. For each, it
    returns which custom certificate of the zone it is, and whether it is the one that comes first by Cloudflare's documentation.
  - Each name is checked once as a client that accepts ECDSA certificates alone and once as one that accepts RSA certificates alone,
    both with TLS 1.2. A server that speaks TLS 1.3 alone is checked once, as V(any), because there the server chooses.
  - Nothing has to be trusted to be seen, so expired certificates and those of private CAs are returned as well.
    RV(served[].trusted) says whether a client that verifies would accept the certificate for the name.
  - It changes nothing and needs a read-only token, or no token at all with O(certificates) and O(contested).
requirements:
  - The Python library C(cryptography), version 2.8 or newer, for the Python that runs the module.
notes:
  - A handshake sees the data center that is nearest to the machine that runs the module. A change of the order takes a while to
    get everywhere, and Cloudflare documents no time for it. Repeat the task with C(until), as in the examples.
  - Cloudflare may serve what is no custom certificate of the zone, for example one of an Advanced or a Universal certificate that
    covers the exact name where the custom certificate has a wildcard, a certificate of a custom hostname, or one of another zone.
    The certificate is returned then, without a RV(served[].certificate_id).
  - A DNS record that Cloudflare does not proxy leads to the origin server, whose certificate is returned then. Use O(address) to
    connect to an address of Cloudflare.
  - The API returns no fingerprints of custom certificates. A certificate is taken to be the one that is served when expiry,
    issuer, signature algorithm and hostnames are the same.
  - Connections are made directly, never through a proxy. Which CAs are trusted is up to OpenSSL, and to its environment variables
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
      - How many seconds a check of one name as one kind of client may take, from the connection to the last byte of the handshake;
        V(1) to V(3600). It is also the limit for one attempt at a request to the API.
      - Many names are checked at the same time. One that does not answer delays the task by this time, and does not delay the
        others.
    type: int
    default: 10
  names:
    description:
      - The hostnames to check. A wildcard is not one; use a name that it covers.
      - If unset, all names that two or more certificates of the zone cover are checked, except wildcards.
      - An internationalized name can be written in its own script or in its C(xn--) form.
    type: list
    elements: str
  address:
    description:
      - The hostname or the IPv4 or IPv6 address to connect to for every name.
      - If unset, the names are resolved.
    type: str
  port:
    description: The port to connect to; V(1) to V(65535).
    type: int
    default: 443
  key_types:
    description:
      - As which kinds of client to check each name.
      - V(ecdsa) and V(rsa) are clients with TLS 1.2 that accept this kind of certificate alone.
      - V(any) is a client with TLS 1.3 or older that accepts both kinds.
    type: list
    elements: str
    choices: [ecdsa, rsa, any]
    default: [ecdsa, rsa]
  certificates:
    description:
      - The custom certificates of the zone, as returned in RV(zonefleet.cloudflare.custom_certificate_info#module:certificates)
        without a filter, or in RV(zonefleet.cloudflare.custom_certificate_priority#module:certificates) outside of check mode.
      - With it and O(contested), no request to the API is made, and neither credentials nor a zone are required.
      - Required together with O(contested).
    type: list
    elements: dict
  contested:
    description:
      - Which certificate comes first for each contested name, as RV(zonefleet.cloudflare.custom_certificate_info#module:contested)
        of the same task as O(certificates).
      - Required together with O(certificates).
    type: list
    elements: dict
seealso:
  - module: zonefleet.cloudflare.custom_certificate_priority
  - module: zonefleet.cloudflare.custom_certificate_info
  - name: Certificate and hostname priority
    description: Cloudflare's documentation of which certificate is used for a name.
    link: https://developers.cloudflare.com/ssl/reference/certificate-and-hostname-priority/
"""

EXAMPLES = r"""
---
# The credentials come from the environment, as CLOUDFLARE_API_TOKEN.

- name: Check what visitors get for every contested name of a zone
  zonefleet.cloudflare.served_certificate_info:
    zone: example.com
  register: edge

- name: Show it
  ansible.builtin.debug:
    msg: "{{ item.name }} ({{ item.key_type }}): {{ item.error or item.issuer ~ ', expires on ' ~ item.expires_on }}"
  loop: "{{ edge.served }}"
  loop_control:
    label: "{{ item.name }}"

- name: Check two names at one address of Cloudflare
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

- name: Wait until visitors get what the order says, a minute at most
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
    - The certificates that were served, one item for each name and kind of client, in the order of O(names).
    - Where no certificate was served, RV(served[].error) says why, and the fields of the certificate are null.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name, in lower case and in its C(xn--) form.
      returned: always
      type: str
      sample: shop.example.com
    key_type:
      description:
        - The keys that the client accepted, V(ecdsa), V(rsa) or V(any).
        - V(any) is also returned where a server speaks TLS 1.3 alone; one item stands for all O(key_types) of the name then.
      returned: always
      type: str
      sample: rsa
    issuer:
      description: The organization of the issuer in Cloudflare's short form, or null where it has none.
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
      description: The algorithm of the signature in Cloudflare's form.
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
        - Whether a client that verifies would accept the certificate for this name. Weak keys and signatures are not accepted.
        - It is checked by a handshake of its own where the answer is V(false), right before the one that the other fields are from.
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
        - The id of the custom certificate of the zone that looks the same.
        - It is null where none or several do; RV(served[].reason) says which.
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    expected_id:
      description:
        - The id of the custom certificate that comes first for the name, or the only one that covers it. Where the client picks
          from a pack, the one of the pack that fits RV(served[].key_type).
        - It is null where no custom certificate of the zone covers the name.
      returned: always
      type: str
      sample: 6d1f0a52-94c7-4be3-8a0e-2f5c71b3d908
    as_expected:
      description:
        - Whether the certificate is the expected one, or of its pack.
        - >-
          It is null where Cloudflare does not document what is expected. That is so where the certificates have equal priorities,
          where they are of type C(sni_custom), where the expected certificate has a key that this client does not accept, and
          where it is not active.
        - It is null as well where no certificate was served, where no custom certificate covers the name, and where several look the
          same.
      returned: always
      type: bool
      sample: true
    reason:
      description: Why RV(served[].certificate_id) or RV(served[].as_expected) is null, if RV(served[].error) does not say it.
      returned: always
      type: str
      sample: No custom certificate of the zone looks like this one.
    error:
      description: Why no certificate was served, for example because the name does not resolve or the server has none for the client.
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
    - V(false) where any of RV(served[].as_expected) is V(false).
    - V(true) where each name has a certificate that is expected, and what is null beside it is only a client that does not accept
      the key of the expected certificate.
    - Null in every other case, as well where there was no name to check.
  returned: success
  type: bool
  sample: true
requests:
  description: How many requests to the API the run made, repeated ones included. Handshakes do not count.
  returned: always, unless a connection option is refused or C(requests) is missing
  type: int
  sample: 1
waited:
  description: How many seconds the run spent waiting for the API, between attempts and where the API asked for it.
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

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._look_at_edge import LOOK_AT_EDGE
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._task import run_module


def main() -> None:
    run_module(LOOK_AT_EDGE)


if __name__ == "__main__":
    main()
