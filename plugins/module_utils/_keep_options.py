# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""The options of M(zonefleet.cloudflare.custom_certificate). The certificate and its key are read and checked here."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import OptionError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import (
    API_SPEC,
    Environ,
    Params,
    ZoneChoice,
    read_connection,
    read_zone,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selector_options import SELECTOR_SPEC, read_entry
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import Entry
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._x509 import Chain, X509Error, read_chain, unlock_key

SPEC: dict[str, t.Any] = {
    **API_SPEC,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "certificate": {"type": "str"},
    "certificate_path": {"type": "path"},
    "private_key": {"type": "str", "no_log": True},
    "private_key_path": {"type": "path"},
    "private_key_passphrase": {"type": "str", "no_log": True},
    "custom_csr_id": {"type": "str"},
    "type": {"type": "str", "choices": ["sni_custom", "legacy_custom"], "default": "sni_custom"},
    "bundle_method": {"type": "str", "choices": ["ubiquitous", "optimal", "force"], "default": "ubiquitous"},
    "geo_restrictions": {"type": "str", "choices": ["us", "eu", "highest_security"]},
    "policy": {"type": "str"},
    "match": {"type": "dict", "options": SELECTOR_SPEC},
    "keep_priority": {"type": "bool", "default": True},
    "renew": {"type": "str", "choices": ["changed", "always"], "default": "changed"},
    "allow_uncovered": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 120},
}

_MOST_BYTES = 1024 * 1024  # limit for a file; a certificate with its chain has a few thousand
_LONGEST_WAIT = 3600
_CSR_ID = re.compile(r"[0-9A-Za-z-]{1,36}", re.ASCII)


class KeepOptions(t.NamedTuple):
    """The parsed options of a task.

    :param chain: The certificate with its chain. None if only C(match) selects the certificate to remove.
    :param private_key: The key as unencrypted PKCS #8 in PEM, or None.
    :param always: Whether C(renew) is C(always).
    :param wait_timeout: Seconds, 0 if C(wait) is false.
    """

    connection: Connection
    zone: ZoneChoice
    absent: bool
    chain: Chain | None
    private_key: str | None
    custom_csr_id: str | None
    type: str
    bundle_method: str
    geo_restrictions: str | None
    policy: str | None
    match: Entry | None
    keep_priority: bool
    always: bool
    allow_uncovered: bool
    wait_timeout: int

    @property
    def secrets(self) -> list[str]:
        """The key as it is sent. The module arguments do not contain it if it was read from a file or decrypted."""
        return [self.private_key] if self.private_key else []

    @property
    def credentials_of_certificate(self) -> dict[str, str]:
        """The request parameter that provides the key: C(custom_csr_id) or C(private_key). Empty if neither is set."""
        if self.custom_csr_id:
            return {"custom_csr_id": self.custom_csr_id}
        return {"private_key": self.private_key} if self.private_key else {}


def read_options(params: Params, environ: Environ) -> KeepOptions:
    """Parse the options of a task.

    :raises OptionError: An option is invalid, or conflicts with another one. The message contains no part of a key or
        passphrase.
    """
    connection = read_connection(params, environ)
    zone = read_zone(params)
    absent = params["state"] == "absent"
    match = read_entry(params["match"], "'match'") if params.get("match") else None
    # the certificate and its key
    certificate = _Text(params, "certificate")
    if certificate.option is None and not (absent and match):
        hint = (
            "set 'match', 'certificate' or 'certificate_path'" if absent else "set 'certificate' or 'certificate_path'"
        )
        raise OptionError(f"No certificate is set: {hint}.")
    chain = _read_chain(certificate, absent)
    key = _Text(params, "private_key")
    custom_csr_id = _read_custom_csr_id(params, key)
    private_key = None if absent or chain is None else _read_key(key, params, chain)
    geo_restrictions, policy = _read_restrictions(params)
    return KeepOptions(
        connection,
        zone,
        absent,
        chain,
        private_key,
        custom_csr_id,
        params["type"],
        params["bundle_method"],
        geo_restrictions,
        policy,
        match,
        params["keep_priority"],
        params["renew"] == "always",
        params["allow_uncovered"],
        _read_wait(params),
    )


class _Text:
    """Content that is set in an option or in a file whose path is set in another option.

    C(option) is the option that is set, or None. C(name) names it in messages, with the path.

    :raises OptionError: Both options are set.
    """

    def __init__(self, params: Params, name: str) -> None:
        direct, path = _given(params, name), _given(params, f"{name}_path")
        if direct and path:
            raise OptionError(f"'{name}' and '{name}_path' are mutually exclusive: set only one of them.")
        self.option = name if direct else f"{name}_path" if path else None
        self.name = f"'{self.option}' ({printable(path)})" if path else f"'{self.option}'"
        self._direct, self._path = direct, path

    def read(self) -> str:
        """Return the content.

        :raises OptionError: The file cannot be read.
        """
        if self._path is None:
            return self._direct or ""
        try:
            with open(self._path, "rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a valid path"
            raise OptionError(
                f"{self.name} cannot be read on the host that runs the task: {printable(reason)}."
            ) from None
        if len(data) > _MOST_BYTES:
            raise OptionError(f"{self.name} has more than {_MOST_BYTES} bytes: it is not a PEM file.")
        return data.decode("utf-8", "replace")

    def advise(self, content: str) -> str:
        """Return advice for content without a PEM block, or an empty string."""
        if "-----BEGIN " in content:
            return ""
        if self._path is None:
            return f" For the path of a file, set '{self.option}_path'."
        if content.startswith("0") and "\ufffd" in content:  # DER starts with a SEQUENCE tag and is not valid UTF-8
            return " It seems to be in DER or PKCS #12 format: convert it to PEM, for example with openssl."
        return ""


def _given(params: Params, name: str) -> str | None:
    """Return the value of an option, or None if it is empty."""
    value = params.get(name)
    return value if value and value.strip() else None


def _read_chain(text: _Text, absent: bool) -> Chain | None:
    if text.option is None:
        return None
    content = text.read()
    if text.option == "certificate" and "PRIVATE KEY" in content:
        raise OptionError("'certificate' contains a private key (its value is not shown): set 'private_key' instead.")
    try:
        return read_chain(content, None if absent else datetime.now(timezone.utc))
    except X509Error as error:
        raise OptionError(f"{text.name} {error}{text.advise(content)}") from None


def _read_key(text: _Text, params: Params, chain: Chain) -> str | None:
    if text.option is None:
        return None
    content = text.read()
    try:
        return unlock_key(content, _given(params, "private_key_passphrase"), chain.leaf)
    except X509Error as error:
        raise OptionError(f"{text.name} {error}{text.advise(content)}") from None


def _read_custom_csr_id(params: Params, key: _Text) -> str | None:
    identifier = (_given(params, "custom_csr_id") or "").strip() or None
    if identifier is None:
        return None
    if key.option is not None:
        raise OptionError(f"'custom_csr_id' and '{key.option}' are mutually exclusive: set only one of them.")
    if not _CSR_ID.fullmatch(identifier):
        raise OptionError(
            f"'custom_csr_id' is '{printable(identifier, 80)}': an id has at most 36 characters, all of them letters, digits "
            "or '-'."
        )
    return identifier


def _read_restrictions(params: Params) -> tuple[str | None, str | None]:
    geo_restrictions, policy = _given(params, "geo_restrictions"), _given(params, "policy")
    if geo_restrictions and policy:
        raise OptionError("'geo_restrictions' and 'policy' are mutually exclusive: set only one of them.")
    return geo_restrictions, policy.strip() if policy else None


def _read_wait(params: Params) -> int:
    timeout: int = params["wait_timeout"]
    if not 0 <= timeout <= _LONGEST_WAIT:
        raise OptionError(f"'wait_timeout' is {timeout}: it must be from 0 to {_LONGEST_WAIT}.")
    return timeout if params["wait"] else 0
