# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The documentation of what all modules share: how to reach the API, and which zone is meant."""

from __future__ import annotations


class ModuleDocFragment:
    """Credentials and connection (the plain fragment), the choice of a zone (C(zone)), and of many (C(zones))."""

    DOCUMENTATION = r"""
requirements:
  - The Python library C(requests), version 2.25 or newer, for the Python that runs the module.
  - The Python library C(idna), only where an internationalised name is written in its own script. A usual installation of
    C(requests) brings it. Without it, write such a name in its C(xn--) form.
options:
  api_token:
    description:
      - >-
        An API token of Cloudflare. It needs the permission C(SSL and Certificates Write) or C(Access: Mutual TLS Certificates
        Write) for the zone; the C(Read) form of either is enough where nothing is changed, in check mode as well.
      - Without any credentials among the options, the environment variable E(CLOUDFLARE_API_TOKEN) is used.
      - Credentials given as options win over the environment as a whole, so half a pair is never completed from there. Within
        the environment, the token wins over the pair of e-mail address and key.
      - To give it together with O(api_email) or O(api_key) is an error. A value from C(module_defaults) counts as given; an empty
        text in the task takes it back.
      - Space and line breaks around it are removed.
    type: str
  api_email:
    description:
      - The e-mail address of the user whose Global API Key is O(api_key). Both are needed.
      - Without any credentials among the options, and without E(CLOUDFLARE_API_TOKEN), the environment variable
        E(CLOUDFLARE_EMAIL) is used.
    type: str
    aliases: [account_email]
  api_key:
    description:
      - The Global API Key of the user in O(api_email). It may do everything that the user may; prefer O(api_token).
      - Without any credentials among the options, and without E(CLOUDFLARE_API_TOKEN), the environment variable
        E(CLOUDFLARE_API_KEY) is used.
    type: str
    aliases: [account_api_key]
  api_url:
    description:
      - Where the API is, without a query or credentials in it.
      - If it is not given, the environment variable E(CLOUDFLARE_BASE_URL) is used, and without that
        V(https://api.cloudflare.com/client/v4).
      - Plain C(http) is accepted for V(localhost), C(127.0.0.0/8) and C([::1]) only.
    type: str
  timeout:
    description:
      - How many seconds one attempt at a request may take, from the connection to the last byte of the answer; V(1) to V(3600).
      - This is not the keyword C(timeout) of a task, which ends the task wherever it stands, perhaps between a change and its
        proof. To limit how long a task waits, use O(max_wait).
    type: int
    default: 30
  retries:
    description:
      - How often a request is tried again after a failed connection or HTTP status 500, 502, 503, 504 or 520 to 524;
        V(0) to V(100).
      - An answer that asks to slow down (HTTP status 429) does not count, see O(max_wait). Any other refusal is final.
    type: int
    default: 5
  max_wait:
    description:
      - How many seconds all waiting of one run may take together; V(0) to V(86400).
      - A user of Cloudflare may make 1200 requests in five minutes. Beyond that, every call of this user is refused for up to five
        minutes, no matter which tool makes it. The module then waits as long as the answer asks, or 30 and after that 60 seconds
        each time where it does not say, and goes on.
      - The default sits out such a block two times.
    type: int
    default: 660
  rate_limit:
    description:
      - How many requests in five minutes the tasks of this controller allow themselves with one credential; V(0) to V(1000000),
        where V(0) is no limit. Tasks that would exceed it wait, within O(max_wait); whoever has waited longest goes first.
      - Leave some of the 1200 that Cloudflare allows to the dashboard and to other tools.
      - Tasks of this collection count together that run on the controller with the connection C(local), as with C(delegate_to),
        and without C(become), C(async), C(environment) or an interpreter of their own. For a single zone in any other task, this option
        has no effect; such a task obeys the API when it asks to wait.
      - The zones of a task with C(zones) always count together. Their waiting for this limit does not count against O(max_wait).
    type: int
    default: 1000
notes:
  - >-
    Environment variables are those of the machine and the user that run the module. Where they are set on the controller, add
    C(delegate_to: localhost) to the task. C(connection: local) does not do the same, for a host variable C(ansible_connection)
    wins over it.
  - An empty text counts as not given, among the options for credentials, address and zone, in the selectors, and in the
    environment. An unset secret of a CI system therefore does no harm.
  - Proxies and certificate authorities are taken from the environment in the usual way, from E(HTTPS_PROXY), E(NO_PROXY) and
    E(REQUESTS_CA_BUNDLE). TLS certificates are always verified, redirects are never followed, and a C(.netrc) file is not used.
"""

    ZONE = r"""
options:
  zone_id:
    description:
      - The id of the zone, 32 hexadecimal digits.
      - Exactly one of O(zone_id) and O(zone) is required.
      - Put it in quotes. An INI inventory takes an id that consists of digits with one C(e) among them for a number even inside
        double quotes; there, write C(zone_id='"..."').
    type: str
  zone:
    description:
      - The name of the zone. To look it up takes one more request, and the permission C(Zone Read) for an API token.
      - An internationalised name may be written either way.
      - Exactly one of O(zone_id) and O(zone) is required.
    type: str
    aliases: [domain]
  account_id:
    description:
      - The id of the account that the zone is in, for a O(zone) that exists in several accounts.
      - It cannot be combined with O(zone_id), which needs no look-up.
    type: str
"""

    ZONES = r"""
options:
  zones:
    description:
      - Ids and names of zones, mixed as you like, for which the same is requested. The task does them all in one process, many at a
        time, over kept connections. That is the fastest way for many zones.
      - A zone that fails does not stop the others. The task fails at its end if any zone failed.
      - From twenty names on, the list of all zones is read once (one request for 50 zones) instead of one look-up for each.
      - Mutually exclusive with O(zone_id) and O(zone). O(account_id) applies to every name.
      - The result is RV(zones), without facts. O(max_wait) is for each zone.
      - To use C(--limit), C(serial), variables for a zone or retries for a zone, use the inventory plugin
        P(zonefleet.cloudflare.zones#inventory) and a task for each zone instead.
    type: list
    elements: str
    version_added: 1.1.0
  concurrency:
    description:
      - How many of O(zones) to work on at a time, V(1) to V(200).
    type: int
    default: 20
    version_added: 1.1.0
"""
