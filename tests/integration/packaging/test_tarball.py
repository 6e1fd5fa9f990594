# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tarball contains only the files that users need, and works after installation."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from ansible_runs import ROOT

from emulator import Emulator
from integration.packaging.conftest import Command, run

# All that may be in it.
USEFUL = re.compile(
    r"""
    (MANIFEST|FILES)\.json
    | (COPYING | README\.md | SECURITY\.md | REUSE\.toml | LICENSES/.*\.txt)
    | CHANGELOG\.(md|rst)(\.license)? | changelogs/changelog\.yaml(\.license)?
    | meta/(runtime\.yml | execution-environment\.yml | ee-requirements\.txt)
    | plugins/(action|doc_fragments|filter|inventory|module_utils|modules|plugin_utils)/\w+\.py
    | playbooks/(\w+\.yml | (tasks|vars)/\w+\.yml | templates/\w+\.html\.j2 | schemas/\w+\.json(\.license)?)
    | docs/(docsite/.*\.(rst|yml) | reference/\w+\.rst)
    | examples/.*\.(yml|j2|cfg)
    | tests/config\.yml
    """,
    re.VERBOSE,
)
NEEDED = {
    "CHANGELOG.md",
    "CHANGELOG.rst",
    "COPYING",
    "README.md",
    "meta/ee-requirements.txt",
    "meta/execution-environment.yml",
    "meta/runtime.yml",
    "plugins/action/custom_certificate_priority.py",
    "tests/config.yml",
}
PLUGINS = {
    "module": [
        "custom_certificate",
        "custom_certificate_info",
        "custom_certificate_priority",
        "served_certificate_info",
    ],
    "inventory": ["zones"],
    "filter": ["audit_report", "drift_report"],
}
MEGABYTE = 1024 * 1024


def test_the_tarball_holds_what_users_need(tarball: Path, unpacked: Path) -> None:
    files = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert [name for name in sorted(files) if not USEFUL.fullmatch(name)] == []
    assert not NEEDED - files
    assert tarball.stat().st_size < MEGABYTE


@pytest.mark.timeout(300)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "meta and plugins alone"])
def test_it_works_where_it_is_installed(
    command: Command, installed: Path, emulator: Emulator, tmp_path: Path, whole: bool
) -> None:
    collection = installed / "ansible_collections" / "zonefleet" / "cloudflare"
    for path in () if whole else collection.iterdir():
        if path.name in ("meta", "plugins"):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    for options, changed, puts in ((("--check", "--diff"), 1, 0), ((), 1, 1), ((), 0, 1)):
        assert f"changed={changed}" in command("ansible-playbook", *options, ROOT / "examples" / "one_zone.yml")
        assert [request.method for request in emulator.requests].count("PUT") == puts

    inventory = tmp_path / "cloudflare_zones.yml"
    inventory.write_text("plugin: zonefleet.cloudflare.zones\n", encoding="utf-8")
    info = ("-m", "zonefleet.cloudflare.custom_certificate_info", "-a", "zone=example.com")
    assert "example.com | SUCCESS" in command("ansible", "cloudflare_zones", "-i", inventory, *info)
    if whole:
        report = tmp_path / "report.html"
        audit = ("zonefleet.cloudflare.audit", "-i", inventory, "-e", f"report={report}")
        assert '"STATUS ' in command("ansible-playbook", *audit)
        assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("kind", PLUGINS)
def test_it_is_documented_where_it_is_installed(command: Command, kind: str) -> None:
    names = [f"zonefleet.cloudflare.{name}" for name in PLUGINS[kind]]
    told = command("ansible-doc", "-t", kind, *names)
    assert [name for name in names if f"{name} (" not in told] == []


def test_an_execution_environment_gets_the_libraries(unpacked: Path, tarball: Path, tmp_path: Path) -> None:
    # ansible-builder looks for collections by their place.
    place = tmp_path / "collections" / "ansible_collections" / "zonefleet" / "cloudflare"
    shutil.copytree(unpacked, place)
    told = run("ansible-builder", "introspect", tmp_path / "collections", cwd=tmp_path)
    requirements = (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8")
    wanted = [line for line in requirements.splitlines() if line and not line.startswith("#")]
    assert len(wanted) == 3
    for line in wanted:
        assert f"{line}  # from collection zonefleet.cloudflare" in told

    definition = tmp_path / "execution-environment.yml"
    definition.write_text(
        f"version: 3\nimages: {{base_image: {{name: localhost/base:latest}}}}\n"
        f"dependencies: {{galaxy: {{collections: [{{name: '{tarball}', type: file}}]}}}}\n",
        encoding="utf-8",
    )
    run(
        "ansible-builder",
        "create",
        "-f",
        definition,
        "-c",
        "context",
        "--output-filename",
        "Containerfile",
        cwd=tmp_path,
    )
    assert (tmp_path / "context" / "Containerfile").exists()
    assert str(tarball) in (tmp_path / "context" / "_build" / "requirements.yml").read_text(encoding="utf-8")
