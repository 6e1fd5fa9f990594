# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy and CA bundle are those that requests would use in the same environment."""

from __future__ import annotations

import os
from unittest.mock import patch

import requests
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection, Credentials
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._route import Route, find_route, is_read

PROXIES = st.sampled_from(["", "http://127.0.0.1:3128", "proxy.example:80", "socks5://user:pass@127.0.0.1"])
HOSTS = [
    "*",
    "example.com",
    ".example.com",
    "api.example.com",
    "api.example.com:443",
    "ple.com",
    "192.0.2.0/24",
    "192.0.2.7",
    "::1",
]
EXCEPTIONS = st.lists(st.sampled_from(HOSTS), max_size=3).map(", ".join)
BUNDLES = st.sampled_from(["", "/a/bundle.pem", "/a/directory"])
ENVIRONMENTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "Https_Proxy"), PROXIES),
        **dict.fromkeys(("no_proxy", "NO_PROXY"), EXCEPTIONS),
        **dict.fromkeys(("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), BUNDLES),
        "SSL_CERT_FILE": BUNDLES,
        "REQUEST_METHOD": st.just("GET"),
    },
)
URLS = [
    "https://api.example.com/client/v4",
    "https://api.example.com:8443",
    "https://192.0.2.7",
    "https://[::1]:8443/v4",
]


@given(environ=ENVIRONMENTS, own=ENVIRONMENTS, url=st.sampled_from(URLS))
@example(environ={"HTTPS_PROXY": "", "CURL_CA_BUNDLE": ""}, own={"HTTPS_PROXY": "http://127.0.0.1:9"}, url=URLS[0])
def test_as_requests_would(environ: dict[str, str], own: dict[str, str], url: str) -> None:
    with patch.dict(os.environ, environ, clear=True), requests.Session() as session:
        settings = session.merge_environment_settings(url, {}, None, None, None)
        expected = requests.utils.select_proxy(url, settings["proxies"])
    with patch.dict(os.environ, own, clear=True):
        route = find_route(url, environ)
        assert dict(os.environ) == own
    bundle = environ.get("REQUESTS_CA_BUNDLE") or environ.get("CURL_CA_BUNDLE") or None
    assert route == Route(expected or None, bundle)
    if bundle:  # requests before 2.28 makes something else of an empty variable
        assert settings["verify"] == bundle


@given(environ=ENVIRONMENTS)
def test_nothing_goes_to_a_proxy_in_clear_text(environ: dict[str, str]) -> None:
    assert find_route("http://127.0.0.1:8080/client/v4", environ) == Route()


@given(environ=ENVIRONMENTS, url=st.sampled_from(URLS))
def test_what_is_not_read_makes_no_difference(environ: dict[str, str], url: str) -> None:
    assert find_route(url, {name: value for name, value in environ.items() if is_read(name)}) == find_route(
        url, environ
    )


def test_no_secret_is_in_the_repr() -> None:
    route = find_route(URLS[0], {"HTTPS_PROXY": "http://user:secret@127.0.0.1:3128"})
    assert "secret" not in repr(Connection(URLS[0], Credentials("secret", "a@example.com", "secret"), route=route))
