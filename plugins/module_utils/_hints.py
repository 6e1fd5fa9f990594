# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Advice for common errors of the API, by error code.

Source: Cloudflare documentation, "Troubleshooting" of the API and of custom certificates, and "Rate limits".
"""

from __future__ import annotations

import typing as t
from fnmatch import fnmatchcase

_UNKNOWN_TOKEN = "Cloudflare does not recognize this API token: it is mistyped, revoked or expired."
_NO_PERMISSION = "The credentials are valid but lack a permission."

# Keyed by a part of the message, in lower case, because one code has several causes.
_BY_TEXT = {
    "invalid access token": _UNKNOWN_TOKEN,
    "invalid api token": _UNKNOWN_TOKEN,
    "max auth failures": "Cloudflare refuses these credentials for a while after too many failed attempts. Correct them "
    "before you try again.",
    "cannot use the access token from location": "The API token does not allow this IP address: check the client IP "
    "address filtering of the token.",
}

_BY_CODE = {
    9103: "Cloudflare does not recognize this pair of 'api_email' and 'api_key'. An API token goes into 'api_token'.",
    6003: "The credentials are malformed. An API token goes into 'api_token', a Global API Key into 'api_key' together with "
    "'api_email'.",
    9106: "Cloudflare received no credentials. A proxy may have removed the headers.",
    7003: "Cloudflare does not know this path: check 'zone_id' and 'api_url'.",
    7000: "Cloudflare does not know this path: check 'zone_id' and 'api_url'.",
    1001: "Check 'zone_id'.",
    **dict.fromkeys(
        (971, 10100, 10429),
        "Cloudflare refuses every request of this user for some minutes once the rate limit is exceeded, whichever tool "
        "made the requests. Increase 'max_wait' to wait longer.",
    ),
}

_CERTIFICATE_PERMISSIONS = (
    "'SSL and Certificates Write' or 'Access: Mutual TLS Certificates Write' (the dashboard says Edit where the API says "
    "Write; Read is enough for check mode and for reading)"
)

# Errors of uploading, renewing and removing certificates.
# Source: Cloudflare documentation, "Troubleshooting custom certificates".
_ABOUT_CERTIFICATES = {
    1206: "Check the certificate and the key that were sent. The certificate must be valid for at least 14 more days.",
    1220: "The zone has this certificate already.",
    1221: "The account has no IP address left for another certificate of type 'legacy_custom'. Use 'sni_custom'.",
    1228: "The zone has a certificate with the same hosts and the same signature algorithm. Renew that one: select it with 'match'.",
    1305: "Remove the other certificates of its pack first.",
    1434: "The certificate and the key support no cipher that browsers accept. Use RSA, or ECDSA with P-256 or P-384.",
    2000: "This is an internal error at Cloudflare: try again later.",
    2001: "Check 'custom_csr_id', 'geo_restrictions' and 'policy'.",
    2100: "Cloudflare cannot build a chain to a public CA: add the intermediate certificates, or set 'bundle_method' to "
    "'force' for a certificate of a private CA.",
    2101: "Cloudflare found no leaf: it must be the first certificate.",
    2103: "No hostname of the certificate is in this zone: check 'zone' or 'zone_id'.",
    2106: "Cloudflare cannot use the private key: provide an RSA or ECDSA key.",
    2200: "The private key does not belong to the certificate.",
}

# The meaning of these codes depends on the path, which the keys match as shell patterns.
_BY_PATH: dict[str, dict[int, str]] = {
    "/zones/*/custom_certificates*": {
        **_ABOUT_CERTIFICATES,
        10000: f"{_NO_PERMISSION} Give the token the permission {_CERTIFICATE_PERMISSIONS} for this zone.",
        9109: f"Check the token and the zone id. The token needs the permission {_CERTIFICATE_PERMISSIONS} for this zone. "
        "Cloudflare returns the same error for a zone that does not exist.",
        1002: "Cloudflare cannot read the certificate, or it is no longer in the zone.",
        1011: "The zone's plan does not include custom certificates of this type. They come with the Business and Enterprise "
        "plans.",
        **dict.fromkeys(
            (1212, 2005),
            "The zone's plan has no room for another custom certificate of this type. To replace a certificate in place, "
            "select it with 'match'. Or remove a certificate that is no longer needed.",
        ),
    },
    "/zones/*/custom_certificates/prioritize": {
        1002: "A certificate of the list is no longer in the zone: select by 'host' or 'issuer' to follow renewals.",
    },
    "/zones": {
        10000: f"{_NO_PERMISSION} To list zones, the token needs the permission 'Zone Read'.",
        9109: "Check the token. To list zones, or to find one by its name, it needs the permission 'Zone Read'.",
    },
}

# The credentials themselves are refused. Every further attempt counts as a failed login and may lock the account.
_CONDEMNED_CODES = frozenset((6003, 9103, 9106))
_CONDEMNED_TEXTS = ("invalid access token", "invalid api token", "max auth failures")


def hint_for(errors: t.Sequence[tuple[int | None, str]], status: int, path: str) -> str:
    """Return the advice for the first known error, else for the HTTP status, else an empty string.

    :param errors: Pairs of code and message.
    :param path: The path of the request below the base URL.
    """
    for _code, message in errors:
        for text, hint in _BY_TEXT.items():
            if text in message.lower():
                return hint
    hints = dict(_BY_CODE)
    for pattern, own in _BY_PATH.items():
        if fnmatchcase(path.partition("?")[0], pattern):
            hints.update(own)
    by_status = {429: 971, 401: 9109, 403: 9109}
    codes = [code for code, _text in errors if code is not None] + [by_status.get(status, 0)]
    return next((hints[code] for code in codes if code in hints), "")


def condemns(errors: t.Iterable[tuple[int | None, str]]) -> bool:
    """Return whether errors, as pairs of code and message, refuse the credentials themselves and not just one request."""
    return any(
        code in _CONDEMNED_CODES or any(text in message.lower() for text in _CONDEMNED_TEXTS)
        for code, message in errors
    )
