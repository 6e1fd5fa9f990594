# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Makes the handshakes for many names and kinds of client in parallel, so that a slow name does not delay the others."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._handshake import (
    ANY,
    ECDSA,
    RSA,
    Place,
    Seen,
    TrustStore,
    Unseen,
    look,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._side_by_side import side_by_side
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._tls_failure import Cause

SIDE_BY_SIDE = 20
"""The maximum number of open connections."""

# How a server that only supports TLS 1.3 may refuse a TLS 1.2 client. Only the first one is unambiguous.
_ANOTHER_VERSION = (Cause.OTHER_VERSION,)
_PERHAPS_ANOTHER_VERSION = (Cause.OTHER_VERSION, Cause.NO_COMMON_KIND, Cause.ENDED, Cause.REFUSED_HERE)

Outcome = t.Union[Seen, Unseen]


class Sight(t.NamedTuple):
    """The certificate that one kind of client got for a name, or why it got none."""

    name: str
    kind: str
    outcome: Outcome


def visit(
    names: t.Sequence[str],
    kinds: t.Sequence[str],
    *,
    address: str | None,
    port: int,
    timeout: float,
    trusted: TrustStore,
) -> list[Sight]:
    """Make a handshake for each name and kind of client, and return the results in the order of the names.

    If a server only supports TLS 1.3, the name has one result, of kind V(any).

    :param address: Where to connect, None for the names themselves.
    :param timeout: Seconds for one name and kind of client.
    :param trusted: The CAs that a verifying client trusts.
    """
    visits = [_Visit(name, kinds, Place(address or name, port), timeout, trusted) for name in names]
    side_by_side(_look, [(visiting, kind) for visiting in visits for kind in kinds], SIDE_BY_SIDE)
    return [sight for visiting in visits for sight in visiting.sights()]


def _look(one: tuple[_Visit, str]) -> None:
    visiting, kind = one
    visiting.look_as(kind)


class _Visit:
    """The handshakes for one name. The thread that finishes last tries TLS 1.3 if necessary."""

    def __init__(self, name: str, kinds: t.Sequence[str], place: Place, timeout: float, trusted: TrustStore) -> None:
        self._name = name
        self._kinds = kinds
        self._place = place
        self._timeout = timeout
        self._trusted = trusted
        self._lock = threading.Lock()
        self._outcomes: dict[str, Outcome] = {}

    def look_as(self, kind: str) -> None:
        outcome = self._look(kind)
        with self._lock:
            self._outcomes[kind] = outcome
            is_last = len(self._outcomes) == len(self._kinds)
        if is_last and self._may_speak_another_version():
            outcome = self._look(ANY)
            if isinstance(outcome, Seen):
                self._outcomes = {ANY: outcome}

    def sights(self) -> list[Sight]:
        kinds = (kind for kind in (ECDSA, RSA, ANY) if kind in self._outcomes)
        return [Sight(self._name, kind, self._outcomes[kind]) for kind in kinds]

    def _look(self, kind: str) -> Outcome:
        return look(self._name, kind, self._place, self._timeout, self._trusted)

    def _may_speak_another_version(self) -> bool:
        hints = _PERHAPS_ANOTHER_VERSION if len(self._outcomes) > 1 else _ANOTHER_VERSION
        return ANY not in self._outcomes and all(
            isinstance(outcome, Unseen) and outcome.cause in hints for outcome in self._outcomes.values()
        )
