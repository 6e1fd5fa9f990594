# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Which texts Ansible may evaluate as templates: from ansible-core 2.19 on those that are trusted, before that all that
are not marked as unsafe.
"""

from __future__ import annotations

import typing as t

from ansible import template as _template
from ansible.utils.unsafe_proxy import wrap_var

_trust: t.Callable[[str], str] | None = getattr(_template, "trust_as_template", None)  # not in ansible-core 2.18


def as_template(text: str) -> str:
    """Return a text of ours as one that is evaluated."""
    return text if _trust is None else _trust(text)


def as_data(value: t.Any) -> t.Any:
    """Return a value that came from elsewhere as one in which nothing is evaluated, at whatever depth.

    Where that takes a mark, only texts that could be templates get it, because ansible-inventory shows it.
    """
    return _marked(value) if _trust is None else value


def _marked(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {_marked(key): _marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return wrap_var(value) if isinstance(value, str) and _could_be_a_template(value) else value


def _could_be_a_template(text: str) -> bool:
    # A text that begins with "#jinja2:" says itself what its delimiters are.
    return "{" in text or "}" in text or text.startswith("#jinja2:")
