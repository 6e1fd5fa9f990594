# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The documentation of what all modules share: how to reach the API, and which zone is meant."""

from __future__ import annotations


class ModuleDocFragment:
    """The options for credentials and connection (the plain fragment), for one zone (C(zone)) and many (C(zones))."""

    DOCUMENTATION = r"""
requirements:
  - The Python library C(requests), version 2.25 or newer, for the Python that runs the module.
  - The Python library C(idna), only for internationalized names in their own script. It is usually installed with C(requests).
    Without it, use the C(xn--) form of the name.
options:
  api_token:
    description:
      - >-
        A Cloudflare API token. It needs the permission C(SSL and Certificates Write) or C(Access: Mutual TLS Certificates Write) for
        the zone. The C(Read) form of either is enough for modules that only read, and for check mode. Cloudflare's dashboard calls
        these permissions Edit and Read.
      - If no credentials are set as options, the environment variable E(CLOUDFLARE_API_TOKEN) is used.
      - Credentials set as options override all credentials in the environment. Within the environment, the token overrides the
        e-mail address and the key.
      - Mutually exclusive with O(api_email) and O(api_key). A value from C(module_defaults) counts as set. To unset it in a task, set
        it to an empty string.
      - Leading and trailing whitespace is removed.
    type: str
  api_email:
    description:
      - The e-mail address of the user whose Global API Key is in O(api_key).
      - Required together with O(api_key). Mutually exclusive with O(api_token).
      - If no credentials are set as options and E(CLOUDFLARE_API_TOKEN) is unset, the environment variable E(CLOUDFLARE_EMAIL) is
        used.
    type: str
    aliases: [account_email]
  api_key:
    description:
      - The Global API Key of the user in O(api_email). It has all permissions of the user, so prefer O(api_token).
      - Required together with O(api_email). Mutually exclusive with O(api_token).
      - If no credentials are set as options and E(CLOUDFLARE_API_TOKEN) is unset, the environment variable E(CLOUDFLARE_API_KEY) is
        used.
    type: str
    aliases: [account_api_key]
  api_url:
    description:
      - The base URL of the API, without a query and without credentials.
      - If unset, the environment variable E(CLOUDFLARE_BASE_URL) is used, and if that is unset,
        V(https://api.cloudflare.com/client/v4).
      - Plain C(http) is accepted only for V(localhost), C(127.0.0.0/8) and C([::1]).
    type: str
  timeout:
    description:
      - The maximum number of seconds for one attempt of a request, from the connection to the last byte of the response; from V(1) to
        V(3600).
      - This is not the task keyword C(timeout), which can end the task at any point, even between a change and its verification. To
        limit how long a task waits, use O(max_wait).
    type: int
    default: 30
  retries:
    description:
      - The number of retries of a request after a connection failure or HTTP status 500, 502, 503, 504 or 520 to 524; from V(0) to
        V(100).
      - HTTP status 429 (too many requests) does not count as a retry, see O(max_wait). Other errors are not retried.
    type: int
    default: 5
  max_wait:
    description:
      - The maximum number of seconds that a task waits in total; from V(0) to V(86400).
      - Cloudflare allows each user 1200 requests in five minutes. If a user exceeds this, Cloudflare refuses all requests of this
        user for up to five minutes, from all tools. The module then waits as long as Cloudflare asks for. If Cloudflare does not
        specify a time, the module waits 30 seconds, and 60 seconds after each further refusal.
      - The default is long enough for two such blocks.
    type: int
    default: 660
  rate_limit:
    description:
      - The maximum number of requests in five minutes that the tasks of this control node make with the same credentials; from V(0) to
        V(1000000). V(0) means no limit. Tasks wait, within O(max_wait), to stay below the limit. The task that has waited longest
        continues first.
      - Cloudflare allows 1200 requests. Leave some of them for the dashboard and for other tools.
      - Requests are counted for all tasks of this collection that run on the control node with the connection C(local), for example
        with C(delegate_to), and without C(become), C(async), another interpreter, or an C(environment) with variables other than
        C(CLOUDFLARE_*), proxy and CA variables. In any other task for a single zone, this option has no effect, and the task waits only
        when the API asks it to.
      - The zones of a task with C(zones) are always counted together. Waiting for this limit then does not count against O(max_wait).
    type: int
    default: 1000
notes:
  - >-
    Environment variables are read on the host that runs the module. If they are set on the control node, add
    C(delegate_to: localhost) to the task. C(connection: local) is not enough, because a host variable C(ansible_connection)
    overrides it.
  - An empty string is treated as unset in the options for credentials and zone, in O(api_url), in selectors, and in environment
    variables.
  - Set proxies and CAs with the usual environment variables, such as E(HTTPS_PROXY), E(NO_PROXY) and E(REQUESTS_CA_BUNDLE). TLS
    certificates are always verified. Redirects are not followed, and a C(.netrc) file is not used.
"""

    ZONE = r"""
options:
  zone_id:
    description:
      - The id of the zone, 32 hexadecimal digits.
      - Exactly one of O(zone_id) and O(zone) is required.
      - Put the id in quotes. An INI inventory converts an id that consists of digits, or of digits and one C(e), to a number, even in
        double quotes. There, use C(zone_id='"..."').
    type: str
  zone:
    description:
      - The name of the zone. The look-up takes one more request, for which an API token needs the permission C(Zone Read).
      - An internationalized name can be written in its own script or in its C(xn--) form.
      - Exactly one of O(zone_id) and O(zone) is required.
    type: str
    aliases: [domain]
  account_id:
    description:
      - The id of the account of the zone. Required if several accounts have a zone with the name in O(zone).
      - Mutually exclusive with O(zone_id).
    type: str
"""

    ZONES = r"""
options:
  zones:
    description:
      - A list of zone ids and zone names. The task processes all of these zones in one process, O(concurrency) at a time. This is the
        fastest way to manage many zones.
      - If a zone fails, the others are still processed. The task fails afterwards.
      - For 20 or more names, the list of all zones is read (50 zones per request) instead of one look-up for each name.
      - Replaces O(zone_id) and O(zone). Exactly one of the three is required. O(account_id) applies to every name.
      - The results are returned in RV(zones). No facts are set. O(max_wait) applies to each zone.
      - To use C(--limit), C(serial), or variables and retries for single zones, use the inventory plugin
        P(zonefleet.cloudflare.zones#inventory) with a task for each zone instead.
    type: list
    elements: str
    version_added: 1.1.0
  concurrency:
    description:
      - The number of O(zones) to process at the same time; from V(1) to V(200).
    type: int
    default: 20
    version_added: 1.1.0
"""
