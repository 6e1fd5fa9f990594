# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody would write with the official SDK: the same job as that of the uri tasks, for the benchmark alone."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule
from cloudflare import Cloudflare, CloudflareError


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "zone_id": {"type": "str", "required": True},
            "issuers": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        # Address and token are those of the environment.
        with Cloudflare() as client:
            changed = keep_order(client, module.params["zone_id"], module.params["issuers"], module.check_mode)
    except CloudflareError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed)


def keep_order(client: Cloudflare, zone_id: str, issuers: list[str], check_mode: bool) -> bool:
    found = client.custom_certificates.list(zone_id=zone_id, per_page=50)
    certificates = [item for item in found if str(item.status) != "deleted"]
    listed = [item for issuer in issuers for item in newest_first(certificates, issuer)]
    names = {name for item in listed for name in item.hosts or ()}
    rivals = [item for item in certificates if item not in listed and names.intersection(item.hosts or ())]
    highest = max((item.priority or 0 for item in rivals), default=-1)
    numbers = [item.priority or 0 for item in listed]
    if numbers == sorted(set(numbers), reverse=True) and min(numbers, default=highest + 1) > highest:
        return False
    if not check_mode:
        wanted = [
            {"id": item.id, "priority": highest + 10 * (len(listed) - place)} for place, item in enumerate(listed)
        ]
        client.custom_certificates.prioritize.update(zone_id=zone_id, certificates=t.cast(t.Any, wanted))
    return True


def newest_first(certificates: list[t.Any], issuer: str) -> list[t.Any]:
    return sorted(
        (item for item in certificates if item.issuer == issuer), key=lambda item: item.expires_on, reverse=True
    )


if __name__ == "__main__":
    main()
