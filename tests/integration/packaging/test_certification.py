# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requirements for certified collections that a script can check."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import yaml
from ansible_runs import ROOT

from matrix import CORES

HEADINGS = [
    "Description", "Requirements", "Installation", "Use cases", "Testing", "Contributing", "Support",
    "Release notes and roadmap", "Related information", "License information",
]  # fmt: skip
INSTALLATION = (
    "ansible-galaxy collection install zonefleet.cloudflare\n",
    "requirements.yml",
    "zonefleet.cloudflare:==",
    "--upgrade",
    "Python 3.8",
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)|(?:src|href|srcset)=\"([^\"]+)\"")
REQUIREMENT = re.compile(r"[A-Za-z0-9_.-]+(>=[0-9.]+)?")
# Where certification has no tolerance for a rule that is turned off.
LINT_DIRECTORIES = ("plugins", "roles", "extensions")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def load(name: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = yaml.safe_load(read(name))
    return found


def test_readme_follows_the_template() -> None:
    text = read("README.md")
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^# (.*)", prose, re.MULTILINE) == ["zonefleet.cloudflare"]
    assert [title for title in re.findall(r"^## (.*)", prose, re.MULTILINE) if title in HEADINGS] == HEADINGS
    assert [words for words in INSTALLATION if words not in text] == []
    assert not re.search(r"pip3? install .*ansible", text)
    links = [one or other for one, other in LINK.findall(text)]
    assert len(links) > 5
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_requirements_have_a_lower_bound_alone() -> None:
    lines = [line for line in read("meta/ee-requirements.txt").splitlines() if line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if not REQUIREMENT.fullmatch(line)] == []
    assert not [line for line in lines if line.startswith("ansible")]
    named = load("meta/execution-environment.yml")["dependencies"]
    assert named == {"python": "meta/ee-requirements.txt"}


def test_galaxy_metadata_and_changelog() -> None:
    galaxy, version = load("galaxy.yml"), load("galaxy.yml")["version"]
    assert ("license" in galaxy) != ("license_file" in galaxy)
    assert galaxy["dependencies"] == {}
    assert re.fullmatch(r"[1-9][0-9]*\.[0-9]+\.[0-9]+", version)
    for name in ("repository", "documentation", "homepage", "issues"):
        assert galaxy[name].startswith("https://")
    assert version in load("changelogs/changelog.yaml")["releases"]
    for name in ("CHANGELOG.md", "CHANGELOG.rst"):
        assert f"v{version}" in read(name).replace("\\", "")


def test_the_cores_of_the_matrix_are_those_that_are_supported_and_used() -> None:
    series = CORES[0].name.removeprefix("core-")
    assert load("meta/runtime.yml")["requires_ansible"] == f">={series}.0"
    assert f"ansible-core {series}" in read("README.md")
    installed = re.findall(r"^ansible-core==.*", read("requirements-dev.txt"), re.MULTILINE)
    tools = re.findall(r"_core_package = \"(.*)\"", read("antsibull-nox.toml"))
    assert installed
    assert tools
    assert len({*installed, *tools}) == 1
    assert installed[0] in [package for row in CORES for package in row.packages]


def test_linting_leaves_nothing_out() -> None:
    lint = load(".ansible-lint")
    assert lint["profile"] == "production"
    assert "skip_list" not in lint
    assert not [path for path in lint.get("exclude_paths", ()) if Path(path).parts[0] in LINT_DIRECTORIES]
    assert list((ROOT / "tests").glob("sanity/ignore-*")) == []
