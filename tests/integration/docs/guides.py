# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the code blocks of the guides and the README, and the comments that say how to test them.

    .. example: play changes=1              <!-- example: play changes=1 -->

    .. code-block:: yaml                    ```yaml

In the README, such a comment may contain the block itself, which is then not visible to readers.

Kinds: `zone` (a table of certificates: the zones from here on), `file NAME`, `pem CERTIFICATE KEY` (hostnames: two files), `play` (a playbook),
`tasks` (to be put into a play), `execution-environment` (for ansible-builder),
and about what ran last: `becomes` (a table of what the zones hold now), `winners` (a table of names), `output` (lines
that it printed). Options of `play` and `tasks`:
`changes=N` (0), `fails`, `check`, `diff`, `inventory=NAME` (one of the files).
"""

from __future__ import annotations

import re
import textwrap
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator import Emulator, Zone, certificate, zone

MARK = ".. example:"
BLOCK = ".. code-block::"
COMMENT, COMMENT_END = "<!-- example:", "-->"
FENCE = "```"
YAML = ("yaml", "yaml+jinja")

Row = dict[str, str]

KEY_SERVER = {
    "id": "8c52f0e6d1b94a7730cf9ae214bd6508",
    "name": "Keys of the shop",
    "host": "keys.example.com",
    "port": 24008,
    "status": "active",
    "enabled": True,
    "permissions": ["#ssl:read", "#ssl:edit"],
    "created_on": "2026-02-03T09:40:11Z",
    "modified_on": "2026-02-03T09:41:37Z",
}


@dataclass(frozen=True)
class Block:
    """One code block. `kind` is empty where nothing is said above it."""

    page: str
    line: int
    language: str
    kind: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def option(self, name: str) -> str | None:
        """The value of an option; empty for one without a value."""
        found = [word.partition("=")[2] for word in self.words if word.partition("=")[0] == name]
        return found[0] if found else None


def blocks(page: Path) -> list[Block]:
    """All code blocks of a page."""
    read = _markdown if page.suffix == ".md" else _blocks
    return list(read(page.name, page.read_text(encoding="utf-8").splitlines()))


def _markdown(page: str, lines: Sequence[str]) -> Iterator[Block]:
    words: list[str] = []
    numbered = iter(enumerate(lines, 1))
    for number, line in numbered:
        if words and line.strip() and not line.startswith(FENCE):
            raise _above_nothing(page, number, words)
        if line.startswith(COMMENT):
            words = line.removeprefix(COMMENT).removesuffix(COMMENT_END).split()
            if not line.endswith(COMMENT_END):
                yield Block(page, number, "text", words[0], tuple(words[1:]), _until(COMMENT_END, numbered))
                words = []
        elif line.startswith(FENCE):
            kind, *options = words or [""]
            text = _until(FENCE, numbered)
            yield Block(page, number, line.removeprefix(FENCE), kind, tuple(options), text)
            words = []
        elif line.strip().startswith(FENCE):
            raise ValueError(f"{page}:{number}: a block that does not begin its line cannot be found by its end")
    if words:
        raise _above_nothing(page, len(lines), words)


def _until(end: str, numbered: Iterator[tuple[int, str]]) -> str:
    body: list[str] = []
    for _number, line in numbered:
        if line.rstrip() == end:
            return "".join(body)
        body.append(f"{line}\n")
    raise ValueError(f"a block has no {end!r} after it")


def _above_nothing(page: str, number: int, words: Sequence[str]) -> ValueError:
    return ValueError(f"{page}:{number}: the example {' '.join(words)} is above no code block")


def _blocks(page: str, lines: Sequence[str]) -> Iterator[Block]:
    words: list[str] = []
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped.startswith(MARK):
            words = stripped.removeprefix(MARK).split()
        elif stripped.startswith(BLOCK):
            indentation = len(line) - len(line.lstrip())
            kind, *options = words or [""]
            language = stripped.removeprefix(BLOCK).strip()
            yield Block(page, number, language, kind, tuple(options), _body(lines[number:], indentation))
            words = []
        elif stripped and words:
            raise _above_nothing(page, number, words)


def _body(lines: Sequence[str], indentation: int) -> str:
    body: list[str] = []
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= indentation:
            break
        if body or not re.match(r" *(:\w+:|$)", line):  # options, and the empty line after them
            body.append(line)
    return textwrap.dedent("\n".join(body)).strip("\n") + "\n"


def rows(text: str) -> list[Row]:
    """The rows of a table whose columns have two spaces or more between them."""
    header, *lines = [re.split(r" {2,}", line.strip()) for line in text.splitlines() if line.strip()]
    for line in lines:
        assert len(line) == len(header), f"{line} has not as many columns as {header}"
    return [dict(zip(header, line, strict=True)) for line in lines]


def zones(table: Sequence[Row]) -> list[Zone]:
    """The zones that a table shows; without a column `zone`, it shows example.com."""
    names = list(dict.fromkeys(row.get("zone", "example.com") for row in table))
    found = {name: [row for row in table if row.get("zone", "example.com") == name] for name in names}
    return [
        zone(name, certificates=map(_certificate, mine), account=mine[0].get("account", "Example Account"))
        for name, mine in found.items()
    ]


def _certificate(row: Row) -> dict[str, t.Any]:
    fields: dict[str, t.Any] = {name: row[name] for name in ("issuer", "type", "signature", "status") if name in row}
    if "expires" in row:
        fields["expires_on"] = f"{row['expires']}T23:59:59.000000Z"
    if row.get("kind") == "keyless":
        fields["keyless_server"] = KEY_SERVER
    elif "kind" in row:
        fields["type"] = row["kind"]
    return certificate(_hosts(row), priority=_priority(row), **fields)


def _hosts(row: Row) -> list[str]:
    return row["hosts"].split(", ")


def _priority(row: Row) -> int | None:
    return None if row["priority"] == "none" else int(row["priority"])


def assert_becomes(table: Sequence[Row], emulator: Emulator) -> None:
    """The zones hold what the table shows, by issuer and hosts, with these priorities."""
    for row in table:
        found = [
            item["priority"]
            for item in emulator.zones[row.get("zone", "example.com")].certificates
            if item["issuer"] == row["issuer"] and ("hosts" not in row or item["hosts"] == _hosts(row))
        ]
        assert found == [_priority(row)], f"{row}: there is {found}"


def assert_winners(table: Sequence[Row], result: Mapping[str, t.Any]) -> None:
    """Each of these names gets a certificate of this issuer, and no other name is contested."""
    issuers = {item["id"]: item["issuer"] for item in result["certificates"]}
    assert {item["name"]: issuers[item["after"]] for item in result["contested"]} == {
        row["name"]: row["certificate"] for row in table
    }
