# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The one error that everything below the entry points raises, and what it is made from at the network."""

from __future__ import annotations

import typing as t


class CloudflareError(Exception):
    """What a user has to be told, as one message and the fields that go beside it in a failed result.

    :param message: A sentence that names what was asked, what is wrong and what to do.
    :param fields: Further keys of the result, such as C(errors) or C(restore).
    """

    def __init__(self, message: str, **fields: t.Any) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class OptionError(CloudflareError):
    """An option that is invalid."""


class AttemptError(Exception):
    """One attempt of a request has failed, or could not be made; the reason is its text.

    :param final: Whether another attempt would end in the same way.
    :param sent: Whether any of the request may have reached the API.
    :param advice: A sentence on what to do, if there is one.
    """

    def __init__(self, reason: str, *, final: bool = False, sent: bool = True, advice: str = "") -> None:
        super().__init__(reason)
        self.sent = sent
        self.final = final
        self.advice = advice
