# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files for AWX use only documented fields, and the guide's playbook passes them to the modules of AWX unchanged."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import yaml
from ansible_runs import ROOT, command, environment

from integration.docs.guides import blocks

# AWX documentation, "Custom Credential Types" and the modules credential_type and job_template of awx.awx.
FIELD = {"id", "type", "label", "secret", "multiline", "format", "choices", "help_text", "ask_at_runtime", "default"}
JOB_TEMPLATE = {
    "name", "job_type", "inventory", "project", "playbook", "execution_environment", "credentials", "extra_vars",
}  # fmt: skip

# Stands in for the modules of awx.awx: writes its arguments to a file.
MODULE = """
import json, pathlib
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({{name: {{"type": "raw"}} for name in {options!r}}})
pathlib.Path({path!r}).write_text(json.dumps(module.params))
module.exit_json(changed=True)
"""


NAMES = ("credential_type", "job_template")
FILES = {name: (ROOT / "examples" / "awx" / f"{name}.yml").read_text(encoding="utf-8") for name in NAMES}
LOADED: dict[str, dict[str, t.Any]] = {name: yaml.safe_load(text) for name, text in FILES.items()}


def test_the_credential_type_hands_its_inputs_to_the_environment() -> None:
    found = LOADED["credential_type"]
    assert set(found) == {"name", "description", "kind", "inputs", "injectors"}
    assert found["kind"] == "cloud"
    fields = {field["id"]: field for field in found["inputs"]["fields"]}
    assert fields
    assert all(set(field) <= FIELD and field["type"] in ("string", "boolean") for field in fields.values())
    assert set(found["inputs"]["required"]) <= set(fields)
    injected = found["injectors"]["env"]
    used = {name for value in injected.values() for name in re.findall(r"{{ (\w+) }}", value)}
    assert used == set(fields)
    assert set(injected) == {"CLOUDFLARE_API_TOKEN"}
    assert all(fields[name]["secret"] for name in used)


def test_the_job_template_uses_that_credential_type_and_the_playbook() -> None:
    found = LOADED["job_template"]
    assert set(found) == JOB_TEMPLATE
    assert found["job_type"] == "run"
    assert found["credentials"] == [LOADED["credential_type"]["name"]]
    assert "import_playbook: zonefleet.cloudflare.drift" in FILES["job_template"]
    assert found["extra_vars"]["certificates"]


def test_the_playbook_of_the_guide_passes_both_files_to_awx(tmp_path: Path) -> None:
    page = ROOT / "docs" / "docsite" / "rst" / "ci_and_awx.rst"
    (playbook,) = (block.text for block in blocks(page) if "awx.awx.credential_type:" in block.text)
    (tmp_path / "awx.yml").write_text(playbook, encoding="utf-8")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    modules = tmp_path / "collections" / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    modules.mkdir(parents=True)
    for name, found in LOADED.items():
        module = MODULE.format(options=sorted(found), path=str(tmp_path / f"{name}.json"))
        (modules / f"{name}.py").write_text(module, encoding="utf-8")
    env = environment(tmp_path / "home", ANSIBLE_COLLECTIONS_PATH=str(tmp_path / "collections"))
    played = command("ansible-playbook", tmp_path / "awx.yml", env=env)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "WARNING" not in played.stderr, played.stdout + played.stderr
    for name, found in LOADED.items():
        assert json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8")) == found
