# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The exceptions of the collection."""

from __future__ import annotations

import typing as t


class CloudflareError(Exception):
    """An error that fails the task. All code below the entry points raises this one.

    :param message: What was requested, what is wrong, and what to do.
    :param fields: Further keys of the failed result, such as C(errors) or C(restore).
    """

    def __init__(self, message: str, **fields: t.Any) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class OptionError(CloudflareError):
    """An option is invalid."""


class AttemptError(Exception):
    """One attempt of a request has failed.

    :param reason: Why, as the end of a sentence.
    :param final: Whether a retry would fail as well.
    :param sent: Whether a part of the request may have reached the API.
    :param advice: A sentence that says what to do, or an empty string.
    """

    def __init__(self, reason: str, *, final: bool = False, sent: bool = True, advice: str = "") -> None:
        super().__init__(reason)
        self.sent = sent
        self.final = final
        self.advice = advice
