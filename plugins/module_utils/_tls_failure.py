# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Explains why a TLS handshake failed, from the first bytes that the server sent and OpenSSL's error. Pure."""

from __future__ import annotations

import enum
import re
import ssl

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable

ENOUGH = 64
"""How many of the first bytes are needed."""

_WHERE = re.compile(r"^\[.*?\] |^\(.*?, '|'\)$| \(_ssl\.c:\d+\)$")
_ALERT, _RECORD_TYPES, _FATAL = 21, range(20, 25), 2
_ALERTS = {
    10: "unexpected_message",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    47: "illegal_parameter",
    49: "access_denied",
    50: "decode_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    109: "missing_extension",
    112: "unrecognized_name",
    116: "certificate_required",
}


class Cause(enum.Enum):
    """Why no certificate was read. Causes are distinguished only if the next step depends on them."""

    NO_CONNECTION = "no connection"
    NO_ANSWER = "no answer in time"
    ENDED = "the server ended the connection"
    NO_COMMON_KIND = "no certificate for this kind of client"
    OTHER_VERSION = "another version of TLS"
    REFUSED_HERE = "this side refused what was sent"
    OTHER = "anything else"


_MEANINGS = {
    40: (Cause.NO_COMMON_KIND, "it has no certificate for this name and this kind of client"),
    71: (Cause.NO_COMMON_KIND, "it has no certificate for this name and this kind of client"),
    70: (Cause.OTHER_VERSION, "it does not support this version of TLS"),
    112: (Cause.OTHER, "it does not serve this name"),
}


def explain(start: bytes, error: ssl.SSLError) -> tuple[Cause, str]:
    """Return why a handshake failed: the cause, and the end of a sentence about the server.

    :param start: The first bytes that the server sent.
    """
    number = _first_alert(start)
    if number is not None:
        cause, meaning = _MEANINGS.get(number, (Cause.OTHER, ""))
        named = f"refused the handshake with the TLS alert {_ALERTS.get(number, number)}"
        return cause, f"{named}: {meaning}" if meaning else named
    if not speaks_tls(start):
        return Cause.OTHER, no_tls(start)
    reason = printable(error.reason.lower().replace("_", " ") if error.reason else _WHERE.sub("", str(error)))
    _version, is_alert, alert = reason.partition(" alert ")
    if is_alert:  # after the server's hello, for example because it requires a client certificate
        return Cause.ENDED, f"ended the handshake with the TLS alert {alert.replace(' ', '_')}"
    return Cause.REFUSED_HERE, f"sent data that OpenSSL does not accept: {reason}"


def speaks_tls(start: bytes) -> bool:
    """Return whether the first bytes are TLS."""
    return len(start) > 1 and start[0] in _RECORD_TYPES and start[1] == 3


def no_tls(start: bytes) -> str:
    """Return the end of a sentence about a server that did not answer with TLS."""
    return f"did not answer with TLS: {_quoted(start)}"


def _first_alert(start: bytes) -> int | None:
    """Return the number of the fatal alert, or None if the first bytes are something else."""
    whole = len(start) >= 7 and start[0] == _ALERT and start[1] == 3 and start[3:5] == b"\x00\x02"
    return start[6] if whole and start[5] == _FATAL else None


def _quoted(start: bytes) -> str:
    line = start.split(b"\n", 1)[0].rstrip(b"\r")
    return f"'{printable(line.decode('ascii'))}'" if line.isascii() else f"0x{start[:16].hex()}"
