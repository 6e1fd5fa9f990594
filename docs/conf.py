# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Configuration of Sphinx for the docs site, which `build.py` makes."""

# pylint: disable=invalid-name,redefined-builtin  # the names are Sphinx's

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml
from docutils import nodes  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/zonefleet/zonefleet.cloudflare"

project = "zonefleet.cloudflare"
copyright = "2026, zonefleet.cloudflare contributors"  # noqa: A001
release = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
html_title = f"zonefleet.cloudflare {release}"

extensions = ["sphinx_antsibull_ext", "sphinx_copybutton"]
# What is copied from a console block is its commands, without the prompt.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
nitpicky = True
default_role = "any"
highlight_language = "YAML+Jinja"

html_theme = "furo"
html_theme_options = {
    "source_repository": REPOSITORY,
    "footer_icons": [{"name": "GitHub", "url": REPOSITORY, "html": "Repository", "class": ""}],
}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_use_index = False
pygments_style = "ansible"
pygments_dark_style = "monokai"

# The site builds without the internet, so that what ansible-core's documentation labels is looked up here.
CORE = "https://docs.ansible.com/ansible/latest"
CORE_LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_collections.ansible.builtin.meta_module": "collections/ansible/builtin/meta_module.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
CORE_VARIABLES = ("ANSIBLE_CACHE_PLUGIN", "ANSIBLE_INVENTORY_")


def find_elsewhere(app: t.Any, env: t.Any, node: t.Any, content: nodes.TextElement) -> nodes.Element | None:
    """Resolve references to ansible-core's documentation. Anything else that is unknown stays a warning."""
    target = node.get("reftarget", "")
    if node.get("reftype") == "envvar" and target.startswith(CORE_VARIABLES):
        return link(f"{CORE}/reference_appendices/config.html#envvar-{target}", content)
    if target in CORE_LABELS:
        return link(f"{CORE}/{CORE_LABELS[target]}", content)
    return None


def link(url: str, content: nodes.TextElement) -> nodes.reference:
    return nodes.reference("", "", content, internal=False, refuri=url)


def setup(app: t.Any) -> None:
    app.connect("missing-reference", find_elsewhere)
