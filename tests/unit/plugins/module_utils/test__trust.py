# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A context is built once for a CA bundle, and again when the bundle changes on disk. Forked processes share no session."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest
import trustme
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _sessions, _trust
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._route import Route


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return written(tmp_path / "ca.pem")


def written(path: Path) -> Path:
    path.write_bytes(trustme.CA().cert_pem.bytes())
    return path


def subjects(context: ssl.SSLContext) -> list[str]:
    return sorted(str(found["serialNumber"]) for found in context.get_ca_certs())


def test_it_is_built_once(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _trust.prepare({"CURL_CA_BUNDLE": str(bundle)})
    _trust.prepare({"CURL_CA_BUNDLE": "\0"})  # which is told later
    context = _trust.context_for(str(bundle), proxy=True)
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    monkeypatch.setattr(_trust, "_build", None)
    assert _trust.context_for(str(bundle), proxy=True) is context
    assert subjects(_trust.context_for(str(bundle))) == subjects(context)


def test_a_bundle_that_changes_is_read_again(bundle: Path, tmp_path: Path) -> None:
    seen = [subjects(_trust.context_for(str(bundle)))]
    os.replace(written(tmp_path / "new.pem"), bundle)
    seen.append(subjects(_trust.context_for(str(bundle))))
    written(bundle)
    os.utime(bundle, ns=(0, 0))
    seen.append(subjects(_trust.context_for(str(bundle))))
    assert len(set(map(str, seen))) == 3


def test_a_directory_that_changes_is_read_again(bundle: Path, tmp_path: Path) -> None:
    directory = tmp_path / "certs"
    directory.mkdir()
    seen = [_trust.context_for(str(directory))]
    (directory / "link.0").symlink_to(bundle)
    seen.append(_trust.context_for(str(directory)))
    written(bundle)  # behind the link
    seen.append(_trust.context_for(str(directory)))
    (directory / "to_nowhere.0").symlink_to("nowhere")
    seen.append(_trust.context_for(str(directory)))
    assert len(set(map(id, seen))) == 4
    assert _trust.context_for(str(directory)) is seen[-1]


def test_the_one_of_requests_is_used_without_another(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))  # which requests does not read
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    expected.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    assert subjects(_trust.context_for(None)) == subjects(expected)


def test_a_session_of_the_parent_is_not_used_by_a_child() -> None:
    connection = Connection("http://127.0.0.1:9", Credentials("token"), route=Route())
    session = _sessions.take_session(connection)
    _sessions.keep_session(session)
    child = os.fork()
    if child == 0:
        same = True
        try:
            same = _sessions.take_session(connection) is session
        finally:
            os._exit(same)
    assert os.waitpid(child, 0)[1] == 0
    assert _sessions.take_session(connection) is session
