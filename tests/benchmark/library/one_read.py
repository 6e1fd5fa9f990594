# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The least that a module on requests can do: one GET, whose answer nobody looks at. For the benchmark alone."""

from __future__ import annotations

import os

import requests
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(argument_spec={"path": {"type": "str", "required": True}}, supports_check_mode=True)
    response = requests.get(
        os.environ["CLOUDFLARE_BASE_URL"] + module.params["path"],
        headers={"Authorization": f"Bearer {os.environ['CLOUDFLARE_API_TOKEN']}"},
        timeout=30,
    )
    module.exit_json(changed=False, status=response.status_code)


if __name__ == "__main__":
    main()
