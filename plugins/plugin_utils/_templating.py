# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Marks strings as templates or as data. ansible-core 2.19 and newer evaluates only trusted strings. Older versions
evaluate all strings that are not marked as unsafe.
"""

from __future__ import annotations

import typing as t

from ansible import template as _template
from ansible.utils.unsafe_proxy import wrap_var

_trust: t.Callable[[str], str] | None = getattr(_template, "trust_as_template", None)  # not in ansible-core 2.18


def as_template(text: str) -> str:
    """Return a string of this collection as a trusted template."""
    return text if _trust is None else _trust(text)


def as_data(value: t.Any) -> t.Any:
    """Return a value from the API so that no string in it is evaluated as a template.

    Before ansible-core 2.19, strings that could be templates are marked as unsafe, and only those, because ansible-inventory
    shows the mark.
    """
    return _marked(value) if _trust is None else value


def _marked(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {_marked(key): _marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return wrap_var(value) if isinstance(value, str) and _could_be_a_template(value) else value


def _could_be_a_template(text: str) -> bool:
    # A string that starts with "#jinja2:" can redefine the delimiters.
    return "{" in text or "}" in text or text.startswith("#jinja2:")
