# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures of all unit tests: a server that expects a script of requests, and a function that runs a module's main()."""

from __future__ import annotations

import json
import sys
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args
from pytest_httpserver import HTTPServer

from ansible_collections.zonefleet.cloudflare.plugins.module_utils import _client, _sessions
from ansible_collections.zonefleet.cloudflare.tests.unit.documented import undocumented
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN, ZONE, Request, Run, Script

# For `import emulator`, because ansible-test does not read pytest.ini.
TESTS = str(Path(__file__).resolve().parent.parent)
if TESTS not in sys.path:
    sys.path.append(TESTS)

CREDENTIAL_VARIABLES = ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_BASE_URL")
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    return ("127.0.0.1", 0)


@pytest.fixture(autouse=True)
def _own_sessions() -> t.Iterator[None]:
    """Close all sessions, because the server of the next test may have the same port."""
    yield
    _sessions.close_sessions()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIAL_VARIABLES + PROXY_VARIABLES + CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the waits of the client. The list has their seconds."""
    made: list[float] = []
    monkeypatch.setattr(_client.time, "sleep", made.append)
    return made


@pytest.fixture
def api(httpserver: HTTPServer) -> t.Iterator[Script]:
    script = Script(httpserver)
    yield script
    script.check()


@pytest.fixture
def run(api: Script, waits: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a module's main() with options, and return the result that it prints. C(requests) is the script of the API."""
    # After another test has imported controller code, core would display warnings instead of returning them.
    internal = sys.modules.get("ansible.module_utils._internal")
    if internal is not None:
        monkeypatch.setattr(internal, "is_controller", False)

    def _run(
        module: t.Any, *requests: Request, check: bool = False, diff: bool = False, **options: t.Any
    ) -> dict[str, t.Any]:
        api.expect_all(*requests)
        arguments = {"api_token": TOKEN, "api_url": api.url, "zone_id": ZONE, "retries": 0, **options}
        arguments = {name: value for name, value in arguments.items() if value is not None}
        # as in a new process, so that the result has no warnings of an earlier run
        monkeypatch.setattr(warnings, "_global_warnings", {})
        internal = {"_ansible_check_mode": check, "_ansible_diff": diff}
        with patch_module_args({**arguments, **internal}), pytest.raises(SystemExit):
            module.main()
        result: dict[str, t.Any] = json.loads(capsys.readouterr().out)
        assert undocumented(module, result) == []
        assert not requests or result["requests"] == len(requests)
        return result

    return _run
