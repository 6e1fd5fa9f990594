# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a worker does in addition to the job. The equality of results is tested in tests/integration/in_process."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._job import Job
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import (
    API_SPEC,
    Params,
    ZoneChoice,
    read_connection,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report
from ansible_collections.zonefleet.cloudflare.plugins.plugin_utils import _in_process
from ansible_collections.zonefleet.cloudflare.tests.unit.scripted import TOKEN, ZONE

# What core puts in place of a text that is a secret and nothing else.
WHOLE = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


class Vaulted:
    """As ansible-core 2.18 has it: no text, but with the text of what is in the vault."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return TOKEN


class Text(str):
    """Text with a label, as core has several."""


class Given(t.NamedTuple):
    """The arguments as they are, for a job that returns them."""

    connection: Connection
    zone: ZoneChoice
    params: Params


JOB = Job(
    {**API_SPEC, "anything": {"type": "raw"}},
    lambda params, environ: Given(read_connection(params, environ), ZoneChoice(ZONE, None, None), params),
    lambda _client, _zone, given, _check_mode: Report(
        {"changed": False, **given.params, "pair": (1, 2), "numbers": {1: "one"}}, []
    ),
)


@pytest.fixture(autouse=True)
def _without_a_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a version of ansible-core that has no registry of secrets."""
    monkeypatch.setattr(_in_process, "register_secrets", None)


def run(arguments: dict[str, t.Any], **environ: str) -> dict[str, t.Any]:
    how: dict[str, t.Any] = {"check_mode": False, "diff": False, "invocation": True, "make_pacer": None}
    return _in_process.run_in_process(JOB, "zonefleet.cloudflare.test", arguments, environ=environ, **how)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Text("text"), "text"),
        ([{"deep": Text("text")}], [{"deep": "text"}]),
        ({1: Vaulted()}, {"1": WHOLE}),
        (datetime.datetime(2026, 3, 1, 10, 30), "2026-03-01T10:30:00"),
        ({"one"}, ["one"]),
        (1.5, 1.5),
        (True, True),
        (None, None),
    ],
)
def test_arguments_come_as_a_module_gets_them(value: t.Any, expected: t.Any) -> None:
    arguments = {"api_token": TOKEN, "domain": "example.com", "anything": value}
    result = run(arguments)
    assert result["anything"] == expected
    assert type(result["anything"]) is type(expected)
    # Results are what a module could print, and the arguments of the task stay as they are.
    assert result["pair"] == [1, 2]
    assert result["numbers"] == {"1": "one"}
    assert arguments == {"api_token": TOKEN, "domain": "example.com", "anything": value}


def test_a_secret_that_looks_like_a_truth_value_masks_no_truth_value() -> None:
    result = run({"api_token": "False", "zone": "True or False"})
    assert result["changed"] is False
    assert result["zone"] == "True or ********"


def test_a_bad_option_shows_no_secret_of_the_environment() -> None:
    result = run({"timeout": TOKEN}, CLOUDFLARE_API_TOKEN=TOKEN)
    assert result["failed"] is True
    assert "'timeout'" in result["msg"]
    assert TOKEN not in json.dumps(result)


def test_secrets_are_registered_where_core_masks_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[str] = []
    monkeypatch.setattr(_in_process, "register_secrets", registered.extend)
    result = run({"api_token": f" {TOKEN}", "zone": TOKEN})
    assert {f" {TOKEN}", TOKEN} <= set(registered)
    assert result["zone"] == WHOLE  # core masks what is shown, not what is registered as a result


@pytest.mark.parametrize("token", ["e", "failed", "msg"])
def test_a_short_secret_takes_no_field_from_the_result(token: str) -> None:
    result = run({"api_token": token, "timeout": 0})
    assert result["failed"] is True
    assert result["changed"] is False
    assert "msg" in result
    assert result["invocation"]["module_args"]["api_token"] not in (token, None)
