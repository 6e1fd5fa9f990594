# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Renders the reports as a table for the console and as Markdown. Pure."""

from __future__ import annotations

import re
import textwrap
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._audit import Audit
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._audit import ZoneRow as AuditZone
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._drift import Drift
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._drift import ZoneRow as DriftZone
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._reading import CertificateRow
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._wording import (
    DECISION,
    STATUS,
    audit_findings,
    audit_scope,
    counted,
    drift_findings,
    drift_words,
    expiry_words,
    grouped_changes,
)

# The default callback adds eight spaces, two quotes and a comma to each line of a list: 100 columns in total.
WIDTH = 89
# The maximum number of rows on the console. A report in a file has every row.
MOST_ROWS = 50
_GAP = "  "
# The subject column may be this much wider than the others before it is cut.
_SUBJECT = 12
# Several lines, as the end of a message says what to do.
_MESSAGE_LINES = 8


class Cell(t.NamedTuple):
    """The text of a table cell.

    :param kept: A suffix that is never cut.
    :param more: A further suffix for Markdown only.
    """

    text: str
    kept: str = ""
    more: str = ""

    def __len__(self) -> int:
        return len(self.text) + len(self.kept)

    def cut(self, size: int) -> str:
        """Return the text, cut or padded to this number of characters."""
        room = max(size - len(self.kept), 1)
        text = self.text if len(self.text) <= room else self.text[: room - 1] + "…"
        return (text + self.kept).ljust(size)


class Row(t.NamedTuple):
    """A row of a table: the status, the subject, and either a cell for each further heading or a message."""

    status: str
    subject: Cell
    cells: list[Cell]
    message: str = ""


class Table(t.NamedTuple):
    """A report as a table: introductory sentences, rows with the worst first, and explanations of the terms."""

    title: str
    intro: list[str]
    headings: list[str]
    rows: list[Row]
    legend: list[str]


def audit_table(audit: Audit) -> Table:
    """Return the audit as a table."""
    order = list(STATUS)
    used = {name["decided_by"] for zone in audit["zones"] for name in zone["contested"]}
    # Zones are sorted by their worst hostname, so sort the rows again.
    rows = sorted(
        (row for zone in audit["zones"] for row in _audit_rows(zone)), key=lambda row: order.index(row.status)
    )
    findings = "; ".join(audit_findings(audit)) or "no problems found"
    return Table(
        "Custom certificates",
        [f"{audit_scope(audit)}, on {_minute(audit['created_on'])}", findings[0].upper() + findings[1:] + "."],
        ["Status", "Hostname", "Gets", "Decided by", "Also covered by"],
        rows,
        [f"{decision}: {text}" for decision, text in DECISION.items() if decision in used],
    )


def _audit_rows(zone: AuditZone) -> t.Iterator[Row]:
    if zone["status"] == "failed":
        yield Row("failed", Cell(zone["zone"]), [], str(zone["msg"]))
    for name in zone["contested"]:
        cells = [_certificate(name["winner"]), Cell(name["decided_by"]), _first_of(name["others"])]
        yield Row(name["status"], Cell(name["name"]), cells)
    for sole in zone["uncontested"]:
        cells = [_certificate(sole["certificate"]), Cell("-"), Cell("-")]
        yield Row(sole["status"], _counted_names(sole["names"]), cells)


def drift_table(drift: Drift) -> Table:
    """Return the drift report as a table. Zones in order are only counted."""
    return Table(
        "Drift of custom certificates",
        [f"{drift_findings(drift)}, on {_minute(drift['created_on'])}"],
        ["Status", "Zone", "Hostname", "Gets", "Requested"],
        [row for zone in drift["zones"] for row in _drift_rows(zone)],
        [],
    )


def _drift_rows(zone: DriftZone) -> t.Iterator[Row]:
    subject = Cell(zone["zone"])
    if zone["status"] == "failed":
        yield Row("failed", subject, [], str(zone["msg"]))
    elif zone["status"] == "drifted":
        for names, before, after, _decided_by in grouped_changes(zone["changes"]):
            dated = before["issuer"] == after["issuer"]
            yield Row(
                "drifted", subject, [_counted_names(names), _certificate(before, dated), _certificate(after, dated)]
            )
        if zone["msg"]:
            yield Row("drifted", subject, [], zone["msg"])
        elif not zone["changes"]:
            yield Row("drifted", subject, [], drift_words(zone))


def _certificate(row: CertificateRow, dated: bool = True) -> Cell:
    name, words = row["issuer"] or row["id"], expiry_words(row)
    date = len("2026-06-01") if row["expires_on"] else len(words)
    return Cell(name, f" {words[:date]}", words[date:]) if dated else Cell(name, "", f" {words}")


def _first_of(rows: t.Sequence[CertificateRow]) -> Cell:
    text, _kept, more = _certificate(rows[0], dated=False)
    return Cell(text, f" +{len(rows) - 1}" if len(rows) > 1 else "", more)


def _counted_names(names: t.Sequence[str]) -> Cell:
    first, *rest = names
    return Cell(first, f" +{len(rest)}", f" ({', '.join(rest)})") if rest else Cell(first)


def _minute(moment: str) -> str:
    return f"{moment[:10]} at {moment[11:16]} UTC."


def as_lines(table: Table, width: int = WIDTH, most: int = MOST_ROWS) -> list[str]:
    """Return the first rows of a table as lines for the console."""
    lines = [line for text in table.intro for line in textwrap.wrap(text, width)]
    if table.rows:
        lines += ["", *_aligned(table.headings, table.rows[:most], width)]
    if len(table.rows) > most:
        lines.append(f"... and {counted(len(table.rows) - most, 'row')} more. A report in a file has all of them.")
    if table.legend:
        lines += ["", *(line for text in table.legend for line in textwrap.wrap(text, width, subsequent_indent=_GAP))]
    # Ansible prints the lines as JSON, where these characters would be escaped.
    return [line.replace('"', "'").replace("\\", "/").rstrip() for line in lines]


def _aligned(headings: t.Sequence[str], rows: t.Sequence[Row], width: int) -> t.Iterator[str]:
    """Align the rows in columns. The longest texts are cut until the rows fit, and messages are wrapped."""
    header = [Cell(heading.upper()) for heading in headings]
    lines = [([Cell(STATUS[row.status]), row.subject, *row.cells], row.message) for row in rows]
    columns = [
        [header[column], *(cells[column] for cells, _message in lines if column < len(cells))]
        for column in range(len(header))
    ]
    widths = [max(map(len, column)) for column in columns]
    # The width of each column that may be cut.
    texts = [width - max(len(cell.kept) for cell in column) for width, column in zip(widths, columns)]
    texts[1] -= _SUBJECT
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        widest = texts.index(max(texts))
        widths[widest] -= 1
        texts[widest] -= 1
    for cells, message in [(header, ""), *lines]:
        line = _GAP.join(cell.cut(size) for cell, size in zip(cells, widths))
        if message:
            yield from _folded(line + _GAP, message, width)
        else:
            yield line


def _folded(begin: str, message: str, width: int) -> t.Iterator[str]:
    room = width - len(begin)
    for line in textwrap.wrap(message, room, max_lines=_MESSAGE_LINES, placeholder=" …"):
        yield begin + line
        begin = " " * len(begin)


def as_markdown(table: Table) -> str:
    """Return a whole table as Markdown."""
    lines = [f"# {table.title}", ""]
    for text in table.intro:
        lines += [_escaped(text), ""]
    if table.rows:
        lines += [_line(table.headings), _line(["---"] * len(table.headings))]
        for row in table.rows:
            cells = [row.subject, *row.cells] if not row.message else [row.subject, Cell(row.message)]
            texts = [_escaped("".join(cell)) for cell in cells] + [""] * (len(table.headings) - 1 - len(cells))
            lines.append(_line([STATUS[row.status], *texts]))
        lines.append("")
    lines += [f"- {_escaped(text)}" for text in table.legend]
    return "\n".join(lines).rstrip() + "\n"


def _line(cells: t.Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


# All inline markup of CommonMark and GitHub. GitHub turns "://" and "www." into links.
_MARKS = re.compile(r"[\\`*_{}\[\]<>#!|~&$@^]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)


def _escaped(text: str) -> str:
    return _MARKS.sub(lambda match: "\\" + match[0], text)
