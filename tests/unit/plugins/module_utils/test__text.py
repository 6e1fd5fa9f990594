# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strings from elsewhere are harmless on a terminal. Times are parsed exactly."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import read_time
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed, printable


@given(st.text(alphabet=st.characters(), max_size=300))
def test_one_line_of_text_without_effects(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for char in shown)
    shown.encode()  # a lone surrogate would raise


def test_what_is_harmless_stays() -> None:
    assert printable("caf\u00e9 \u4e2d") == "caf\u00e9 \u4e2d"
    assert printable("\x1b[31m\u202e\n") == "\\x1b[31m\\u202e\\n"
    assert printable("x" * 10, 10) == "x" * 10
    assert printable("x" * 11, 10) == "x" * 9 + "\u2026"
    assert listed(range(7)) == "0, 1, 2, 3, 4 and 2 more"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-05-01T10:00:00Z", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("2026-05-01T10:00:00.5Z", datetime(2026, 5, 1, 10, 0, 0, 500000, tzinfo=UTC)),
        ("2026-05-01T10:00:00.123456789Z", datetime(2026, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-05-01T10:00:00+02:00", datetime(2026, 5, 1, 8, tzinfo=UTC)),
        ("2026-05-01T10:00:00-02:30", datetime(2026, 5, 1, 12, 30, tzinfo=UTC)),
        ("2026-13-01T10:00:00Z", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("2026-05-01", None),
        ("", None),
        (None, None),
        (3, None),
    ],
)
def test_times(text: object, moment: datetime | None) -> None:
    assert read_time(text) == moment
