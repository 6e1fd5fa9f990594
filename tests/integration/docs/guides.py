# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the code blocks of the guides and the README, and the comments that say how to test them.

    .. example: play changes=1              <!-- example: play changes=1 -->

    .. code-block:: yaml                    ```yaml

In the README, such a comment may contain the block itself, which is then not visible to readers.

Kinds: `zone` (a table of certificates: the zones from here on), `file NAME`, `play` (a playbook), `tasks` (to be put into a
play), `execution-environment` (for ansible-builder),
and about what ran last: `becomes` (a table of what the zones hold now), `winners` (a table of names), `output` (lines
that it printed). Options of `play` and `tasks`:
`changes=N` (0), `fails`, `check`, `diff`, `inventory=NAME` (one of the files).
"""

from __future__ import annotations

import collections
import re
import textwrap
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulator import Emulator, Zone, certificate, generate, zone

YAML = ("yaml", "yaml+jinja")
_BLOCKS = {
    ".rst": r"""(?mx)
        (?: ^\ *\.\.\ example:\ (?P<words>.*)\n\n )?
        ^(?P<indent>\ *)\.\.\ code-block::\ *(?P<language>.*)\n
        (?:\ +:\w+:.*\n)* \n  # options
        (?P<text> (?: (?P=indent)\ +.*\n | \n )+ )""",
    ".md": r"""(?msx)
        (?: ^<!--\ example:\ (?P<words>[^\n]*?) (?: \n | \ -->\n\n```(?P<language>\w*)\n ) | ^```(?P<unmarked>\w*)\n )
        (?P<text> .*? )
        ^(?: ``` | --> )$""",
}
# A line that begins a comment or a block of YAML, wherever it is.
_BEGINNING = re.compile(r"^ *(?:(?:\.\.|<!--) (example:)|(?:```|\.\. code-block:: )yaml)", re.MULTILINE)
Row = dict[str, str]


@dataclass(frozen=True)
class Block:
    """One code block. `kind` is empty where nothing is said above it."""

    page: str
    line: int
    language: str
    kind: str
    options: Mapping[str, str]
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """All code blocks of a page."""
    text, found = page.read_text(encoding="utf-8"), []
    for block in re.finditer(_BLOCKS[page.suffix], text):
        groups = block.groupdict()
        kind, *words = (groups["words"] or "").split() or [""]
        options = {name: value for name, _sign, value in (word.partition("=") for word in words)}
        language = (groups["language"] or groups.get("unmarked") or "").strip()
        line = text.count("\n", 0, block.start("text"))
        found.append(
            Block(page.name, line, language, kind, options, textwrap.dedent(groups["text"]).strip("\n") + "\n")
        )
    begun = collections.Counter(_BEGINNING.findall(text))
    marked = sum(1 for block in found if block.kind), sum(1 for block in found if block.language in YAML)
    assert (
        begun["example:"],
        begun[""],
    ) == marked, f"{page.name}: an example is above no block, or a block is not found"
    return found


def rows(text: str) -> list[Row]:
    """The rows of a table whose columns have two spaces or more between them."""
    header, *lines = [re.split(r" {2,}", line.strip()) for line in text.splitlines() if line.strip()]
    return [dict(zip(header, line, strict=True)) for line in lines]


def zones(table: str) -> list[Zone]:
    """The zones that a table shows; without a column `zone`, it shows example.com."""
    found = collections.defaultdict(list)
    for row in rows(table):
        found[row.get("zone", "example.com"), row.get("account", "Example Account")].append(_certificate(row))
    return [zone(name, certificates=mine, account=account) for (name, account), mine in found.items()]


def _certificate(row: Row) -> dict[str, t.Any]:
    fields: dict[str, t.Any] = {name: row[name] for name in ("issuer", "type", "signature", "status") if name in row}
    if "expires" in row:
        fields["expires_on"] = f"{row['expires']}T23:59:59.000000Z"
    if row.get("kind") == "keyless":
        kept = [item for made in generate() for item in made.certificates]
        fields["keyless_server"] = next(item["keyless_server"] for item in kept if "keyless_server" in item)
    elif "kind" in row:
        fields["type"] = row["kind"]
    return certificate(row["hosts"].split(", "), priority=_priority(row), **fields)


def _priority(row: Row) -> int | None:
    return None if row["priority"] == "none" else int(row["priority"])


def assert_becomes(table: str, emulator: Emulator) -> None:
    """The zones hold what the table shows, by issuer and hosts, with these priorities."""
    for row in rows(table):
        found = [
            item["priority"]
            for item in emulator.zones[row.get("zone", "example.com")].certificates
            if item["issuer"] == row["issuer"] and row.get("hosts") in (None, ", ".join(item["hosts"]))
        ]
        assert found == [_priority(row)], f"{row}: there is {found}"


def assert_winners(table: str, result: Mapping[str, t.Any]) -> None:
    """Each of these names gets a certificate of this issuer, and no other name is contested."""
    issuers = {item["id"]: item["issuer"] for item in result["certificates"]}
    found = {item["name"]: issuers[item["after"]] for item in result["contested"]}
    assert found == {row["name"]: row["certificate"] for row in rows(table)}
