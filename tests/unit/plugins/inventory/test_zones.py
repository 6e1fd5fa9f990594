# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the inventory plugin that do not need Ansible's loaders. The others are in tests/integration/zones_inventory."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.zonefleet.cloudflare.plugins.inventory import zones
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import API_SPEC
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._zones_inventory import FILTERS

OPTIONS: dict[str, t.Any] = yaml.safe_load(zones.DOCUMENTATION)["options"]
OF_MODULES_ALONE = {"zone", "zone_id", "account_id"}


@pytest.mark.parametrize("ending", ["", ".cloudflare_zones.yml", "cloudflare_zones.yaml"])
def test_endings(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    told: list[str] = []
    plugin = zones.InventoryModule()
    monkeypatch.setattr(plugin.display, "vvv", told.append)
    for name in ("team_a", "zones.yml", "cloudflare_zones.json", "cloudflare_zones.yml.bak"):
        (tmp_path / f"{name}{ending}").touch()
        assert plugin.verify_file(str(tmp_path / f"{name}{ending}")) is bool(ending)
    assert all(shown in text for text in told for shown in zones.ENDINGS)
    assert len(told) == (0 if ending else 4)


def test_connection_options_are_those_of_the_modules() -> None:
    of_modules = {name: item for name, item in API_SPEC.items() if name not in OF_MODULES_ALONE}
    assert set(OPTIONS) == {*of_modules, *FILTERS, "plugin", "hostname", "certificates"}
    for name, item in of_modules.items():
        documented = OPTIONS[name]
        assert {key: documented.get(key) for key in ("type", "default", "aliases")} == {
            key: item.get(key) for key in ("type", "default", "aliases")
        }, name


def test_examples_use_options_that_exist() -> None:
    known = {*OPTIONS, "strict", "compose", "groups", "keyed_groups"}
    known |= {"cache", "cache_plugin", "cache_connection", "cache_timeout"}
    examples = list(yaml.safe_load_all(zones.EXAMPLES))
    assert len(examples) >= 6
    for example in examples:
        assert example["plugin"] == zones.InventoryModule.NAME
        assert set(example) <= known
