# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strings from the API are never evaluated or interpreted as markup in a report."""

from __future__ import annotations

import collections
import html.parser
import json
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from emulator import Emulator, certificate, zone
from emulator.fixture import StartEmulator
from integration.audit.conftest import READER, Run, table_of

ISSUERS = [
    "<script>document.title='run'</script>",
    '"><img src=x onerror="document.title=\'run\'">',
    "{{ lookup('ansible.builtin.env', 'HOME') }}{% raw %}",
    "#jinja2: variable_start_string:'[%'",
    "| a | [b](https://c.example) ![d](e) <f@g.example> `h` **i** www.j.example https://k.example &lt; ~~l~~",
    "reversed \u202e gnp.exe\u2028 \x1b[31m line\nfeed",
]
HOSTS = ["'\"><script>1</script>.example.com", "{{ 7 * 7 }}.example.com", "`*.example.com"]


@pytest.fixture
def hostile(start_emulator: StartEmulator) -> Emulator:
    certificates = [
        certificate([*HOSTS, f"{place}.example.com"], issuer=issuer, priority=place, status=f"<b>{issuer}")
        for place, issuer in enumerate(ISSUERS)
    ]
    return start_emulator(zones=[zone("example.com", certificates=certificates)], tokens=[READER])


class Elements(html.parser.HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


# As they are shown: what would act on a terminal, or turn the line round, is an escape.
SHOWN = [*ISSUERS[:5], "reversed \\u202e gnp.exe\\u2028 \\x1b[31m line\\nfeed"]


@pytest.mark.parametrize("name", ["audit", "drift"])
def test_values_of_the_api_are_data_in_every_report(run: Run, hostile: Emulator, tmp_path: Path, name: str) -> None:
    def report(ending: str) -> str:
        path = tmp_path / f"report.{ending}"
        lowest = hostile.zones["example.com"].certificates[0]["id"]
        played = run(name, hostile, zone="example.com", report=str(path), certificates=[{"id": lowest}])
        assert not {"\x1b", "\u202e", "\u2028"} & set("".join(table_of(played)))
        return path.read_text(encoding="utf-8")

    data = report("json")
    if name == "audit":
        certificates = json.loads(data)["zones"][0]["certificates"]
        assert sorted(row["issuer"] for row in certificates) == sorted(SHOWN)
        assert all(set(HOSTS) < set(row["hosts"]) for row in certificates)

    page = Elements(report("html"))
    assert not {"script", "img", "iframe", "link", "object"} & page.tags
    assert not [attribute for attribute in page.attributes if attribute.startswith("on")]
    if name == "audit":
        assert [value for value in SHOWN + HOSTS if value not in page.text] == []

    text = report("md")
    # What GitHub makes links of, and everything that CommonMark does.
    assert not re.search(r"(?<!\\)://|\bwww\.", text)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    assert {child.type for token in tokens for child in token.children or ()} == {"text"}
    kinds = collections.Counter(token.type for token in tokens)
    assert kinds["html_block"] == 0 and kinds["th_open"] == 5
    assert kinds["td_open"] == 5 * (kinds["tr_open"] - 1) > 0
