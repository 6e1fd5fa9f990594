# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: zones
short_description: Make every Cloudflare zone a host
version_added: 1.0.0
author:
  - zonefleet.cloudflare contributors (@zonefleet)
description:
  - Creates a host for each zone that the credentials can read, so that C(forks), C(--limit), C(serial), groups and group variables can be
    used for zones.
  - The name of the configuration file must end in C(cloudflare_zones.yml) or C(cloudflare_zones.yaml).
  - All hosts are in the group C(cloudflare_zones). Tasks for them run on the control node, with the Python that runs Ansible,
    because C(ansible_connection) and C(ansible_python_interpreter) are variables of that group.
  - >-
    Each host has the variables C(cloudflare_zone_id), C(cloudflare_zone_name), C(cloudflare_zone_status),
    C(cloudflare_zone_plan) (V(free), V(pro), V(business) or V(enterprise)), C(cloudflare_custom_certificate_quota) (a number),
    C(cloudflare_account_id) and C(cloudflare_account_name). Values that the API does not return are null. C(cloudflare_zone) is
    the whole zone object as returned by the API.
  - One request reads 50 zones. Hosts are added only after all zones have been read.
  - Values from the API are never evaluated as templates.
requirements:
  - The Python library C(requests), version 2.25 or newer, for the Python that runs Ansible. Not needed if the zones are cached.
  - The Python library C(idna), only if O(names) has an internationalized name in its own script. It is usually installed with
    C(requests).
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: Must be V(zonefleet.cloudflare.zones).
    type: str
    required: true
    choices: [zonefleet.cloudflare.zones]
  api_token:
    description:
      - A Cloudflare API token with the permission C(Zone Read). If the tasks of a play use the same token, it also needs the
        permissions of their modules.
      - If no credentials are set in the file, the environment variable E(CLOUDFLARE_API_TOKEN) is used.
      - Credentials in the file override all credentials in the environment. Within the environment, the token overrides the e-mail
        address and the key.
      - Mutually exclusive with O(api_email) and O(api_key).
      - Leading and trailing whitespace is removed.
      - It can be a template, such as V("{{ lookup('ansible.builtin.env', 'TEAM_A_TOKEN'\) }}"), or a value that is encrypted with
        C(ansible-vault). The only variables that templates can use are extra variables (C(-e)).
    type: str
    env:
      - name: CLOUDFLARE_API_TOKEN
  api_email:
    description:
      - The e-mail address of the user whose Global API Key is in O(api_key). It can be a template.
      - Required together with O(api_key).
      - If no credentials are set in the file and E(CLOUDFLARE_API_TOKEN) is unset, the environment variable E(CLOUDFLARE_EMAIL) is
        used.
    type: str
    aliases: [account_email]
    env:
      - name: CLOUDFLARE_EMAIL
  api_key:
    description:
      - The Global API Key of the user in O(api_email). It has all permissions of the user, so prefer O(api_token). It can be a
        template.
      - Required together with O(api_email).
      - If no credentials are set in the file and E(CLOUDFLARE_API_TOKEN) is unset, the environment variable E(CLOUDFLARE_API_KEY)
        is used.
    type: str
    aliases: [account_api_key]
    env:
      - name: CLOUDFLARE_API_KEY
  api_url:
    description:
      - The base URL of the API, without a query and without credentials. It can be a template.
      - If unset, the environment variable E(CLOUDFLARE_BASE_URL) is used, and if that is unset,
        V(https://api.cloudflare.com/client/v4).
      - Plain C(http) is accepted only for V(localhost), C(127.0.0.0/8) and C([::1]).
    type: str
    env:
      - name: CLOUDFLARE_BASE_URL
  timeout:
    description: The maximum number of seconds for one attempt of a request, from the connection to the last byte of the response; from
      V(1) to V(3600).
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
      - The maximum number of seconds that the plugin waits in total; from V(0) to V(86400).
      - Cloudflare allows each user 1200 requests in five minutes. If a user exceeds this, Cloudflare refuses all requests of this
        user for up to five minutes, from all tools. The plugin then waits as long as Cloudflare asks for. If Cloudflare does not
        specify a time, the plugin waits 30 seconds, and 60 seconds after each further refusal. The default is long enough for two
        such blocks.
    type: int
    default: 660
  rate_limit:
    description:
      - The maximum number of requests in five minutes that this control node makes with the same credentials; from V(0) to V(1000000).
        V(0) means no limit. The requests of the plugin and of tasks on the control node are counted together. The plugin waits, within
        O(max_wait), to stay below the limit.
    type: int
    default: 1000
  accounts:
    description:
      - The accounts whose zones become hosts, by id or name. If unset, the zones of all accounts become hosts.
      - >-
        As in O(names), O(statuses), O(plans) and O(types), every entry is a case-insensitive shell pattern. A leading C(!) negates the
        pattern. A zone must match one of the plain entries, if there are any, and none of the negated ones.
      - Put a negated entry in quotes, as in V("!Sandbox *"). In YAML, an unquoted C(!) starts a tag.
      - If the only entry is an id, the API filters the zones, which takes fewer requests. All other filters are applied after all
        zones have been read.
      - This option and the other filters can be templates.
    type: list
    elements: str
    default: []
  names:
    description:
      - The names of the zones that become hosts, as patterns. See O(accounts).
      - An internationalized name can be written in its own script or in its C(xn--) form.
    type: list
    elements: str
    default: []
  statuses:
    description:
      - The statuses of the zones that become hosts, as patterns. See O(accounts).
      - Cloudflare has the statuses V(initializing), V(pending), V(active) and V(moved). A pattern that matches none of them is an error.
      - While a zone is being moved to another account, both accounts have a zone with this name. V([active]) selects one of them.
    type: list
    elements: str
    default: []
  plans:
    description:
      - The plans of the zones that become hosts, as patterns. See O(accounts).
      - Cloudflare has the plans V(free), V(pro), V(business) and V(enterprise). Custom certificates require one of the last two.
      - A pattern that matches none of them is an error.
    type: list
    elements: str
    default: []
  types:
    description:
      - The types of the zones that become hosts, as patterns. See O(accounts).
      - Cloudflare has the types V(full), V(partial), V(secondary) and V(internal). Internal zones become hosts only with this option.
      - A pattern that matches none of them is an error.
    type: list
    elements: str
    default: []
  certificates:
    description:
      - Whether to also read the custom certificates of each zone that becomes a host. This takes one request per zone, many at the same
        time, and requires the permission C(SSL and Certificates Read).
      - Adds the variable C(cloudflare_custom_certificates), which is the number of custom certificates of the zone, and the group
        C(cloudflare_contested), which contains the zones where two certificates cover the same hostname. Use this group in a play to
        skip all other zones.
      - With O(cache), the certificates are cached with the zones.
    type: bool
    default: false
    version_added: 1.1.0
  hostname:
    description:
      - The host name of a zone, as a template or expression that can use the variables of the host. If unset, the host has the name of
        the zone.
      - It is an error if two zones get the same host name, or if a group or a host of another inventory source has this name. See the
        notes.
      - A host name can contain letters, digits and C(. _ - + = @).
    type: str
notes:
  - >-
    Use a separate inventory for zones (a directory or a single file), because a server may have the same host name as a zone, and
    Ansible merges hosts with the same name. If the server is read first, the plugin fails. If the server is read later, the plugin
    cannot detect it. The variables of the server and its groups then override those of the group C(cloudflare_zones). If
    C(ansible_connection) is not set for the server, its tasks run on the control node.
  - If zones and servers have to share an inventory, set O(hostname), for example to V("{{ cloudflare_zone_name }}.zone"), or make
    sure that this file is read last. Ansible reads the files of a directory in alphabetical order, for example
    C(cloudflare_zones.yml), then C(hosts), then C(zz_cloudflare_zones.yml).
  - In plays for zones, set C(hosts) to C(cloudflare_zones), or to a group or pattern within it, never to C(all).
  - "If one of several inventory sources fails, Ansible continues with the others and exits with 0. Set
    C(any_unparsed_is_failed = true) in the section C([inventory]) of C(ansible.cfg), or set
    E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) to V(true)."
  - >-
    The C(ansible_group_priority) of the group C(cloudflare_zones) is 0, so variables of any other group of a zone override those in
    C(group_vars/cloudflare_zones.yml).
  - The cache contains zones but no credentials, and is not shared between different credentials. Filters, O(hostname), and
    constructed variables and groups are evaluated in each run. C(ansible-playbook --flush-cache), and C(refresh_inventory) in
    M(ansible.builtin.meta), read the zones again.
  - An empty string is treated as unset in the credentials, in O(api_url) and O(hostname), and in environment variables.
  - Set proxies and CAs with the usual environment variables, such as E(HTTPS_PROXY), E(NO_PROXY) and E(REQUESTS_CA_BUNDLE). TLS
    certificates are always verified. Redirects are not followed, and a C(.netrc) file is not used.
seealso:
  - module: zonefleet.cloudflare.custom_certificate_priority
  - module: zonefleet.cloudflare.custom_certificate_info
"""

EXAMPLES = r"""
---
# The minimal file: inventory/cloudflare_zones.yml, with the token in the environment variable CLOUDFLARE_API_TOKEN.
# Set "any_unparsed_is_failed = true" in the section [inventory] of ansible.cfg, so that Ansible does not ignore a failure.
plugin: zonefleet.cloudflare.zones

---
# Two accounts with separate tokens: inventory/team_a_cloudflare_zones.yml, and a similar file for team B.
plugin: zonefleet.cloudflare.zones
api_token: "{{ lookup('ansible.builtin.env', 'TEAM_A_CLOUDFLARE_API_TOKEN') }}"
accounts:
  - Team A
statuses:
  - active
# The tasks need the token as well. Set it in group_vars/team_a.yml.
groups:
  team_a: true

---
# Only zones that can have custom certificates, without test zones.
plugin: zonefleet.cloudflare.zones
statuses: [active]
plans: [business, enterprise]
names:
  - "!*.test"
  - "!sandbox-*"

---
# Groups: cloudflare_plan_business, cloudflare_account_example_account, canary, and several_certificates
plugin: zonefleet.cloudflare.zones
strict: true
keyed_groups:
  - prefix: cloudflare_plan
    key: cloudflare_zone_plan
    default_value: unknown
  - prefix: cloudflare_account
    key: cloudflare_account_name | lower
groups:
  canary: cloudflare_zone_name in ['example.com', 'example.net']
  several_certificates: (cloudflare_custom_certificate_quota or 0) > 1
compose:
  is_paused: cloudflare_zone.paused

---
# Unique host names for zones that share an inventory with servers, or whose names exist in two accounts.
plugin: zonefleet.cloudflare.zones
hostname: "{{ cloudflare_zone_name }}.{{ cloudflare_account_id[:8] }}.zone"

---
# Read the zones once an hour. The same options can be set in ansible.cfg for all inventories.
plugin: zonefleet.cloudflare.zones
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/cloudflare_zones
cache_timeout: 3600
"""

import contextlib
import difflib
import os
import re
import typing as t

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.vars import combine_vars

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError, OptionError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import API_SPEC, read_connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._secrets import (
    find_secrets,
    find_template_secrets,
    hiding,
    masked,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._sessions import close_sessions
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable, returnable
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _templating
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._shared_pacer import pacer_of_this_run
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._zone_certificates import Held, read_held
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._zones_inventory import (
    FILTERS,
    Filters,
    Reading,
    Zone,
    ZoneHost,
    cache_digest,
    check_names,
    from_cache,
    host_name,
    host_variables,
    read_filters,
    to_cache,
    zone_name,
)

if t.TYPE_CHECKING:  # pragma: no cover
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

GROUP = "cloudflare_zones"
CONTESTED_GROUP = "cloudflare_contested"
_SECRETS = ("api_token", "api_key", "account_api_key", "api_url")  # a URL may contain credentials by mistake
ENDINGS = ("cloudflare_zones.yml", "cloudflare_zones.yaml")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "zonefleet.cloudflare.zones"
    inventory: InventoryData

    def verify_file(self, path: str) -> bool:
        if not super().verify_file(path):
            return False
        if path.endswith(ENDINGS):
            return True
        text = f"{path} is not for {self.NAME}: its name does not end in {' or '.join(ENDINGS)}."
        if _names_plugin(path):
            self.display.warning(f"{text} Rename it.")
        else:
            self.display.vvv(text)
        return False

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._path = path
        self._secrets: tuple[str, ...] = ()
        try:
            with contextlib.ExitStack() as self._hiding:
                self._hiding.callback(close_sessions)  # workers are forked from this process
                self._fill(cache)
        except CloudflareError as error:
            problem: str = error.message
        except AnsibleError as error:
            problem = str(error)
        else:
            return
        # Outside the handlers, so that the message does not quote lines of the file.
        raise AnsibleParserError(f"{path}: {masked(problem, self._secrets)}")

    def _fill(self, cache: bool) -> None:
        config = self._read_config_data(self._path)
        filters = read_filters({option: self._evaluated(option, config.get(option)) for option in FILTERS})
        connection = self._connection()
        reading = self._read(connection, filters, cache)
        kept = _kept(reading, filters)
        if not kept:
            self.display.warning(self._why_empty(len(reading.zones), filters))
        hosts = [self._host(zone, reading.held.get(zone["id"])) for zone in kept]
        check_names(hosts, self._defined_as)
        self._add_all(hosts)

    # Options

    def set_options(self, task_keys: t.Any = None, var_options: t.Any = None, direct: t.Any = None) -> None:
        self._refuse_unknown(direct or {})
        for option in _SECRETS:
            if isinstance((direct or {}).get(option), (bool, float, list, dict)):
                raise OptionError(f"'{option}' must be a string (its value is not shown).")  # Ansible would show it
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)

    def _refuse_unknown(self, config: t.Mapping[str, t.Any]) -> None:
        """Check that every option exists. Ansible ignores unknown options, so a misspelled filter would have no effect.

        :raises OptionError: An option does not exist.
        """
        known = {
            name for option, item in self.option_definitions.items() for name in (option, *item.get("aliases", ()))
        }
        for option in config:
            if option not in known:
                near = difflib.get_close_matches(str(option), sorted(known), 1)
                meant = f" Did you mean '{near[0]}'?" if near else ""
                raise OptionError(f"'{printable(option, 80)}' is not an option of {self.NAME}.{meant}")

    def _evaluated(self, option: str, value: t.Any) -> t.Any:
        """Template a value from the file, with extra variables."""
        self.templar.available_variables = self._vars or {}
        try:
            return self.templar.template(value)
        except AnsibleError as error:
            problem = str(error)
        if option in _SECRETS:  # the message of ansible-core 2.18 contains the template, which may contain a secret
            problem = masked(problem, find_template_secrets(str(value)))
        raise OptionError(f"'{option}' is a template that fails: {problem}")

    def _text_in_file(self, option: str) -> str | None:
        """Return the value of an option in the file, or None. C(read_connection) reads the environment."""
        value, origin = self.get_option_and_origin(option)
        value = self._evaluated(option, value) if origin == "Direct" else None
        if value is not None and (isinstance(value, bool) or not isinstance(value, (str, int))):
            raise OptionError(
                f"'{option}' must be a string, and is of type {type(value).__name__} (its value is not shown)."
            )
        return None if value is None else str(value)

    def _connection(self) -> Connection:
        params = {option: self._text_in_file(option) for option in ("api_token", "api_email", "api_key", "api_url")}
        limits = {option: self.get_option(option) for option in ("timeout", "retries", "max_wait", "rate_limit")}
        self._secrets = find_secrets(API_SPEC, params, os.environ)
        self._hiding.enter_context(hiding(self._secrets))
        return read_connection({**params, **limits}, os.environ)

    # Zones

    def _read(self, connection: Connection, filters: Filters, cache: bool) -> Reading:
        """Return the zones from the cache or from the API."""
        if not self.get_option("cache"):
            return self._ask(connection, filters, None)
        key = f"{self.get_cache_key(self._path)}_{cache_digest(connection, filters.path(), filters.query())}"
        cached = self._look_up(key) if cache else None
        reading = self._ask(connection, filters, cached)
        if reading is not cached:
            self._cache[key] = to_cache(reading)  # Ansible writes it, after parse()
        return reading

    def _look_up(self, key: str) -> Reading | None:
        try:
            content = self._cache[key]
        except KeyError:
            return None
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Cache plugins raise various exceptions for a file in another format.
            self.display.warning(f"{self._path}: the cache cannot be read, zones are read again: {error}")
            return None
        reading = from_cache(content)
        self.display.vvv(f"{self._path}: {'nothing usable' if reading is None else len(reading.zones)} in the cache.")
        return reading

    def _ask(self, connection: Connection, filters: Filters, cached: Reading | None) -> Reading:
        """Return the cached data, with missing data read from the API."""
        # Requests are counted together with those of tasks, and a ban applies to both.
        pacer = pacer_of_this_run(connection, writes=False, speaker=self._path)

        def open_client() -> Client:
            return Client(connection, pacer.another())

        reading = cached or Reading(self._ask_for_zones(open_client, filters), {})
        if not self.get_option("certificates"):
            return reading
        missing = [zone["id"] for zone in _kept(reading, filters) if zone["id"] not in reading.held]
        if not missing:
            return reading
        held = read_held(open_client, missing, self._show_progress)
        self.display.vvv(f"{self._path}: the certificates of {len(missing)} zones read.")
        return reading._replace(held={**reading.held, **held})

    def _ask_for_zones(self, open_client: t.Callable[[], Client], filters: Filters) -> list[dict[str, t.Any]]:
        with open_client() as client:
            zones = client.list_all(filters.path(), "list zones", filters.query()).items
        self.display.vvv(
            f"{self._path}: {len(zones)} zones read with {client.requests} requests, {client.waited:.0f} s spent waiting."
        )
        return zones

    def _show_progress(self, text: str) -> None:
        self.display.display(f"{self._path}: {text}", stderr=True)  # stdout may be ansible-inventory's JSON

    def _why_empty(self, read: int, filters: Filters) -> str:
        if not read and not filters.query():
            return f"{self._path}: no zone is visible with these credentials. An API token needs the permission 'Zone Read'."
        return f"{self._path}: none of the {read} zones that were read passes the filters. {filters}"

    # Hosts

    def _host(self, zone: Zone, held: Held | None) -> ZoneHost:
        variables = _templating.as_data(returnable(host_variables(zone, held), self._secrets))
        template = self.get_option("hostname")
        name = self._host_name(template, variables) if template else zone_name(zone)
        return ZoneHost(host_name(name, zone), zone, variables, held is not None and held.contested)

    def _host_name(self, template: str, variables: t.Mapping[str, t.Any]) -> t.Any:
        try:
            if not self.templar.is_possibly_template(template):
                return self._compose(template, variables)
            extra = self._vars if self.get_option("use_extra_vars") else {}
            self.templar.available_variables = combine_vars(variables, extra)
            return self.templar.template(template)
        except AnsibleError as error:
            problem = str(error)
        raise OptionError(
            f"'hostname' fails for zone {printable(variables['cloudflare_zone_name'])} "
            f"({variables['cloudflare_zone_id']}): {problem}"
        )

    def _defined_as(self, name: str) -> str | None:
        """Return where a name is defined already, or None. Hosts of this source are ignored, as it may be read twice."""
        if name in self.inventory.groups:
            return "the name of a group"
        host = self.inventory.hosts.get(name)
        if host is None or host.vars.get("inventory_file") == self._path:
            return None
        zone_id = host.vars.get("cloudflare_zone_id")
        what = f" for zone {printable(zone_id, 64)}" if zone_id else ""
        return f"defined by {printable(host.vars.get('inventory_file') or 'another source')}{what}"

    def _add_all(self, hosts: t.Sequence[ZoneHost]) -> None:
        self.inventory.add_group(GROUP)
        if self.get_option("certificates"):
            self.inventory.add_group(CONTESTED_GROUP)
        # Group variables with the lowest priority: if another source has a host with the same name, its groups' variables win.
        self.inventory.set_variable(GROUP, "ansible_group_priority", 0)
        self.inventory.set_variable(GROUP, "ansible_connection", _templating.as_template("local"))
        self.inventory.set_variable(
            GROUP, "ansible_python_interpreter", _templating.as_template("{{ ansible_playbook_python }}")
        )
        new = [host.name for host in hosts if host.name not in self.inventory.hosts]
        try:
            for host in hosts:
                self._add(host)
        except Exception:
            for name in new:
                if name in self.inventory.hosts:
                    self.inventory.remove_host(self.inventory.hosts[name])
            raise

    def _add(self, host: ZoneHost) -> None:
        self.inventory.add_host(host.name, group=GROUP)
        if host.contested:
            self.inventory.add_host(host.name, group=CONTESTED_GROUP)
        for name, value in host.variables.items():
            self.inventory.set_variable(host.name, name, value)
        strict = self.get_option("strict")
        variables = self.inventory.hosts[host.name].get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, host.name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host.name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host.name, strict=strict)


def _kept(reading: Reading, filters: Filters) -> list[dict[str, t.Any]]:
    """Return the zones that become hosts, in the order of their names."""
    return sorted(
        (zone for zone in reading.zones if filters.keeps(zone)), key=lambda zone: (zone_name(zone), zone["id"])
    )


def _names_plugin(path: str) -> bool:
    """Return whether the content of a file is for this plugin."""
    if not path.endswith((".yml", ".yaml")):
        return False
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return re.search(r"^plugin:\s*['\"]?zonefleet\.cloudflare\.zones\b", file.read(), re.MULTILINE) is not None
    except OSError:
        return False
