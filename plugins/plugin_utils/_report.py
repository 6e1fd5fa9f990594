# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The common part of the report filters: turns registered results into a report in the requested format."""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible.errors import AnsibleFilterError

from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._reading import Unusable
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._report_text import Table, as_lines, as_markdown
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._templating import as_data

FORMATS = ("data", "text", "markdown", "html")
Made = t.TypeVar("Made")


def make_report(
    results: object,
    report_format: object,
    make: t.Callable[[t.Mapping[object, object], datetime], Made],
    table: t.Callable[[Made], Table],
    page: t.Callable[[Made], str],
) -> t.Any:
    """Return a report in one of the formats. It is not evaluated as a template.

    :param make: Returns the report for the results.
    :param table: Returns the report as a table, for text and Markdown.
    :param page: Returns the report as HTML.
    :raises AnsibleFilterError: The format is unknown, or the input is invalid.
    """
    if report_format not in FORMATS:
        raise AnsibleFilterError(f"The format must be one of {', '.join(FORMATS)}, not {report_format!r}.")
    if not isinstance(results, dict):
        raise AnsibleFilterError("The input must be a dictionary of registered results by the zone's name.")
    try:
        made = make(results, datetime.now(timezone.utc))
    except Unusable as error:
        raise AnsibleFilterError(f"No report can be made: {error}.") from None
    if report_format == "html":
        return as_data(page(made))
    if report_format == "markdown":
        return as_data(as_markdown(table(made)))
    return as_data(as_lines(table(made)) if report_format == "text" else made)
