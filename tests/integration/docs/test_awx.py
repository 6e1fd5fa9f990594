# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files for AWX use only documented fields, and every variable of the credential type comes from one of its inputs."""

from __future__ import annotations

import re
import typing as t

import yaml
from ansible_runs import ROOT

# AWX documentation, "Custom Credential Types" and the modules credential_type and job_template of awx.awx.
FIELD = {"id", "type", "label", "secret", "multiline", "format", "choices", "help_text", "ask_at_runtime", "default"}
JOB_TEMPLATE = {
    "name", "job_type", "inventory", "project", "playbook", "execution_environment", "credentials", "extra_vars",
}  # fmt: skip


def load(name: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = yaml.safe_load((ROOT / "examples" / "awx" / name).read_text(encoding="utf-8"))
    return found


def test_the_credential_type_hands_its_inputs_to_the_environment() -> None:
    found = load("credential_type.yml")
    assert set(found) == {"name", "description", "kind", "inputs", "injectors"} and found["kind"] == "cloud"
    fields = {field["id"]: field for field in found["inputs"]["fields"]}
    assert fields and all(set(field) <= FIELD and field["type"] in ("string", "boolean") for field in fields.values())
    assert set(found["inputs"]["required"]) <= set(fields)
    injected = found["injectors"]["env"]
    used = {name for value in injected.values() for name in re.findall(r"{{ (\w+) }}", value)}
    assert used == set(fields) and set(injected) == {"CLOUDFLARE_API_TOKEN"}
    assert all(fields[name]["secret"] for name in used)


def test_the_job_template_uses_that_credential_type_and_the_playbook() -> None:
    text = (ROOT / "examples" / "awx" / "job_template.yml").read_text(encoding="utf-8")
    found = load("job_template.yml")
    assert set(found) == JOB_TEMPLATE and found["job_type"] == "run"
    assert found["credentials"] == [load("credential_type.yml")["name"]]
    assert "import_playbook: zonefleet.cloudflare.drift" in text and found["extra_vars"]["certificates"]
