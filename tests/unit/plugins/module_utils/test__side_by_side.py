# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items in parallel threads: progress, and the remaining items after a failure."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._side_by_side import side_by_side

AT_A_TIME = 3


def test_after_a_failure_no_more_are_begun() -> None:
    failed = threading.Event()
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if not item:
            raise ValueError("the first one")
        failed.wait(60)

    others = set(threading.enumerate())
    with pytest.raises(ValueError, match="the first one"):
        side_by_side(work, range(100), AT_A_TIME)
    failed.set()
    for thread in set(threading.enumerate()) - others:
        thread.join()
    # The thread of the first one may have taken another before that was known.
    assert max(begun) <= AT_A_TIME


def test_there_is_a_sign_of_life_while_none_ends() -> None:
    seen = threading.Event()

    def see(made: bool | None) -> None:
        if made is None:
            seen.set()

    assert side_by_side(lambda _item: seen.wait(60), range(2), AT_A_TIME, see) == [True, True]
