# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One question with its answer."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What was seen, in words that hold nothing of the zone's own, and which values of the emulator's switch show the same.

    Several values fit where this zone could not tell them apart; none fits where the emulator knows no such behaviour.
    """

    text: str
    fits: tuple[t.Any, ...] = ()


@dataclass(frozen=True)
class Unanswered:
    """Why this run could not tell."""

    why: str


Reply = Answer | Unanswered


@dataclass(frozen=True)
class Finding:
    """A question, by the switch of the emulator that it is about or by a name of its own, and the reply."""

    key: str
    question: str
    reply: Reply
    default: t.Any = None
    is_switch: bool = True

    @property
    def fits(self) -> tuple[t.Any, ...]:
        return self.reply.fits if isinstance(self.reply, Answer) else ()

    @property
    def setting(self) -> t.Any:
        """What to set the switch to: nothing where the default shows what was seen, or no value does."""
        return None if not self.fits or self.default in self.fits else self.fits[0]


__all__ = ("Answer", "Finding", "Reply", "Unanswered")
