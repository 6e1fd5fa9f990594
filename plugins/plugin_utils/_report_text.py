# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The reports as text: a table for the console, and Markdown. Pure."""

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

# The default callback prints a list with eight spaces, two quotes and a comma around each line: 100 columns in all.
WIDTH = 89
# More would not be read on a console; a report in a file has every row.
MOST_ROWS = 50
_GAP = "  "
# What a row is about may be longer than what its other columns say by so much.
_SUBJECT = 12
# The end of a message says what to do.
_MESSAGE_LINES = 8


class Cell(t.NamedTuple):
    """Text for a column, with what must not be cut off, and what Markdown, which has room, says after it."""

    text: str
    kept: str = ""
    more: str = ""

    def __len__(self) -> int:
        return len(self.text) + len(self.kept)

    def cut(self, size: int) -> str:
        """Return it in that many characters."""
        room = max(size - len(self.kept), 1)
        text = self.text if len(self.text) <= room else self.text[: room - 1] + "…"
        return (text + self.kept).ljust(size)


class Row(t.NamedTuple):
    """A line of a table: a status and what it is about, then one cell for each further heading, or a message."""

    status: str
    subject: Cell
    cells: list[Cell]
    message: str = ""


class Table(t.NamedTuple):
    """What a report says: sentences, rows with the worst first, and what the words in them mean."""

    title: str
    intro: list[str]
    headings: list[str]
    rows: list[Row]
    legend: list[str]


def audit_table(audit: Audit) -> Table:
    """Return the audit as a table."""
    order = list(STATUS)
    used = {name["decided_by"] for zone in audit["zones"] for name in zone["contested"]}
    # Zones are sorted by the worst of their hostnames.
    rows = sorted(
        (row for zone in audit["zones"] for row in _audit_rows(zone)), key=lambda row: order.index(row.status)
    )
    findings = "; ".join(audit_findings(audit)) or "nothing is wrong"
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
    """Return the drift report as a table; zones that are in order are only counted."""
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
        if not zone["changes"]:
            yield Row("drifted", subject, [], drift_words(zone))


def _certificate(row: CertificateRow, dated: bool = True) -> Cell:
    name, words = row["issuer"] or row["id"], expiry_words(row)
    return Cell(name, f" {words[:10]}", words[10:]) if dated else Cell(name, "", f" {words}")


def _first_of(rows: t.Sequence[CertificateRow]) -> Cell:
    text, _kept, more = _certificate(rows[0], dated=False)
    return Cell(text, f" +{len(rows) - 1}" if len(rows) > 1 else "", more)


def _counted_names(names: t.Sequence[str]) -> Cell:
    first, *rest = names
    return Cell(first, f" +{len(rest)}", f" ({', '.join(rest)})") if rest else Cell(first)


def _minute(moment: str) -> str:
    return f"{moment[:10]} at {moment[11:16]} UTC."


def as_lines(table: Table, width: int = WIDTH, most: int = MOST_ROWS) -> list[str]:
    """Return a table as lines for a console, without the rows that are too many."""
    lines = [line for text in table.intro for line in textwrap.wrap(text, width)]
    if table.rows:
        lines += ["", *_aligned(table.headings, table.rows[:most], width)]
    if len(table.rows) > most:
        lines.append(f"... and {counted(len(table.rows) - most, 'row')} more. A report in a file has all of them.")
    if table.legend:
        lines += ["", *(line for text in table.legend for line in textwrap.wrap(text, width, subsequent_indent=_GAP))]
    # Where Ansible prints JSON, each of these would get a backslash.
    return [line.replace('"', "'").replace("\\", "/").rstrip() for line in lines]


def _aligned(headings: t.Sequence[str], rows: t.Sequence[Row], width: int) -> t.Iterator[str]:
    """Lay the rows out in columns; what does not fit is cut where the text is longest; messages are folded."""
    header = [Cell(heading.upper()) for heading in headings]
    lines = [([Cell(STATUS[row.status]), row.subject, *row.cells], row.message) for row in rows]
    columns = [
        [header[column], *(cells[column] for cells, _message in lines if column < len(cells))]
        for column in range(len(header))
    ]
    widths = [max(map(len, column)) for column in columns]
    # What of a column may be cut.
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
    """Return a table as Markdown, every row of it."""
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


# All that CommonMark and GitHub read as more than itself within a line; "://" and "www." make links there.
_MARKS = re.compile(r"[\\`*_{}\[\]<>#!|~&$@^]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)


def _escaped(text: str) -> str:
    return _MARKS.sub(lambda match: "\\" + match[0], text)
