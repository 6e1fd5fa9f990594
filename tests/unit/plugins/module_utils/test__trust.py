# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A context is built once for a CA bundle, and again when the bundle changes on disk. Forked processes do not share secrets."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest
import trustme
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _sessions, _trust
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import AttemptError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._route import Route


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return written(tmp_path / "ca.pem")


def written(path: Path) -> Path:
    path.write_bytes(trustme.CA().cert_pem.bytes())
    return path


def subjects(context: ssl.SSLContext) -> list[str]:
    return sorted(str(found["serialNumber"]) for found in context.get_ca_certs())


def test_it_is_built_once(bundle: Path) -> None:
    context = _trust.context_for(str(bundle))
    assert _trust.context_for(str(bundle)) is context and context.verify_mode == ssl.CERT_REQUIRED
    for_proxy = _trust.context_for(str(bundle), proxy=True)
    assert for_proxy.check_hostname and _trust.context_for(str(bundle), proxy=True) is for_proxy


def test_a_bundle_that_changes_is_read_again(bundle: Path, tmp_path: Path) -> None:
    first = _trust.context_for(str(bundle))
    os.replace(written(tmp_path / "new.pem"), bundle)
    second = _trust.context_for(str(bundle))
    assert subjects(first) != subjects(second) and _trust.context_for(str(bundle)) is second
    written(bundle)
    os.utime(bundle, ns=(0, 0))
    assert subjects(_trust.context_for(str(bundle))) not in (subjects(first), subjects(second))
    bundle.unlink()
    with pytest.raises(AttemptError, match="does not exist") as raised:
        _trust.context_for(str(bundle))
    assert raised.value.final and not raised.value.sent


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
    assert len(set(map(id, seen))) == 4 and _trust.context_for(str(directory)) is seen[-1]


def test_the_one_of_requests_is_used_without_another(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))  # which requests does not read
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    expected.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    assert subjects(_trust.context_for(None)) == subjects(expected)


def test_an_empty_file_is_told_and_preparing_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    environ = {"REQUESTS_CA_BUNDLE": str(tmp_path / "empty.pem")}
    _trust.prepare(environ)
    _trust.prepare({"CURL_CA_BUNDLE": "\0"})
    with pytest.raises(AttemptError, match=r"empty\.pem cannot be read"):
        _trust.context_for(environ["REQUESTS_CA_BUNDLE"])


def test_what_is_prepared_is_there(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _trust.prepare({"CURL_CA_BUNDLE": str(bundle)})
    monkeypatch.setattr(_trust, "_build", None)
    assert subjects(_trust.context_for(str(bundle)))


def test_processes_with_one_context_have_random_numbers_of_their_own(bundle: Path) -> None:
    context = _trust.context_for(str(bundle))
    hello(context)  # as a parent that has used it
    taken = [in_a_fork(lambda: hello(context) + ssl.RAND_bytes(32)) for _worker in range(10)]
    # Of a ClientHello: the client's random number, and the session id of its compatibility mode.
    randoms, sessions, bytes_ = zip(*((found[11:43], found[44:76], found[-32:]) for found in taken), strict=True)
    assert len(set(randoms)) == len(set(sessions)) == len(set(bytes_)) == 10


def test_a_session_of_the_parent_is_not_used_by_a_child() -> None:
    connection = Connection("http://127.0.0.1:9", Credentials("token"), route=Route())
    session = _sessions.take_session(connection)
    _sessions.keep_session(session)
    assert in_a_fork(lambda: str(id(_sessions.take_session(connection))).encode()) != str(id(session)).encode()
    assert _sessions.take_session(connection) is session


def hello(context: ssl.SSLContext) -> bytes:
    """What a client says first."""
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="api.example.com")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_a_fork(function: object) -> bytes:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, function())  # type: ignore[operator]
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:
        found = file.read()
    os.waitpid(child, 0)
    return found
