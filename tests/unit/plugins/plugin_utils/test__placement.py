# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils._placement import (
    Circumstances,
    has_environment,
    what_needs_a_process,
    why_run_as_module,
)

OWN = "/opt/ansible/bin/python"
GOOD = Circumstances(
    connection="ansible.builtin.local",
    become=False,
    is_async=False,
    environment="",
    interpreter="",
    controller_python=OWN,
    keep_files=False,
)


@pytest.mark.parametrize(
    ("otherwise", "platform", "reason", "surprise"),
    [
        *(
            ({"interpreter": own}, "linux", "", False)
            for own in ("", "auto_legacy", " auto ", f" {OWN}", sys.executable)
        ),
        (
            {"connection": "ansible.builtin.ssh", "become": True},
            "linux",
            "the connection is ansible.builtin.ssh",
            False,
        ),
        # One of the user's own with that name.
        ({"connection": "ansible.legacy.local"}, "linux", "the connection is ansible.legacy.local", False),
        ({}, "darwin", "a forked process cannot look up proxies on macOS", False),
        # Another environment, even where both are links to one file, as those of two virtual environments are.
        ({"interpreter": f"{OWN}3"}, "linux", f"the interpreter is {OWN}3", True),
        # Never templated, or not to be templated.
        ({"interpreter": "{{ nothing }}"}, "linux", "the interpreter is {{ nothing }}", True),
        # What someone asked for is told before what may come as a surprise.
        ({"keep_files": True, "become": True}, "linux", "ANSIBLE_KEEP_REMOTE_FILES is set", False),
        ({"become": True, "environment": "sets LANG"}, "linux", "the task becomes another user", True),
    ],
)
def test_a_worker_is_as_good_or_a_module_is_needed(
    otherwise: dict[str, t.Any], platform: str, reason: str, surprise: bool
) -> None:
    assert why_run_as_module(replace(GOOD, **otherwise), platform) == (reason, surprise)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [(None, False), ([{}, {}], False), ([None], False), ([{}, {"A": ""}], True), (["{{ not_templated }}"], True)],
)
def test_has_environment(environment: t.Any, expected: bool) -> None:
    assert has_environment(environment) is expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_BASE_URL", "HTTPS_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE"], ""),
        # Nothing reads these, or something else may.
        (["curl_ca_bundle"], "sets curl_ca_bundle"),
        (["SSL_CERT_FILE", "HTTPS_PROXY", "SSLKEYLOGFILE\x1b"], "sets SSL_CERT_FILE, SSLKEYLOGFILE\\x1b"),
        (list("ABCDEFG"), "sets A, B, C, D, E and 2 more"),
    ],
)
def test_what_needs_a_process(names: list[str], expected: str) -> None:
    assert what_needs_a_process(dict.fromkeys(names, "x")) == expected
