# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import json
import os
import typing as t

import pytest

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._client import Client
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
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
NAME = "zonefleet.cloudflare.test"
SPEC: dict[str, t.Any] = {**API_SPEC, "anything": {"type": "raw"}, "count": {"type": "int"}}


class Vaulted:
    """As ansible-core 2.18 has it: no text, but with the text of what is in the vault."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return TOKEN


class Text(str):
    """Text with a label, as core has several."""


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is registered as a secret on a version that has a registry; by default this is one that has not."""
    monkeypatch.setattr(_in_process, "register_secrets", None)
    return []


Work = t.Callable[[Client, Params, bool], Report]


class Given(t.NamedTuple):
    """The arguments as they are, for a job that hands them back."""

    connection: Connection
    zone: ZoneChoice
    params: Params


def job_of(work: Work) -> Job:
    return Job(
        SPEC,
        lambda params, environ: Given(read_connection(params, environ), ZoneChoice(ZONE, None, None), params),
        lambda client, _zone, options, check_mode: work(client, options.params, check_mode),
    )


def run(
    work: Work | None = None,
    *,
    check: bool = False,
    diff: bool = False,
    invocation: bool = False,
    **arguments: t.Any,
) -> dict[str, t.Any]:
    return _in_process.run_in_process(
        job_of(work or tell_params),
        NAME,
        {"api_token": TOKEN, **arguments},
        check_mode=check,
        diff=diff,
        invocation=invocation,
        make_pacer=None,
        environ=os.environ,
    )


def tell_params(_client: Client, params: Params, check_mode: bool) -> Report:
    given = {key: params[key] for key in ("zone", "anything", "count")}
    return Report({"changed": False, "check_mode": check_mode, **given}, [], lambda: {"before": "a", "after": "b"})


def test_success() -> None:
    result = run(zone="example.com", count="7")
    expected = {"changed": False, "check_mode": False, "zone": "example.com", "count": 7, "anything": None}
    assert result == {**expected, "requests": 0, "waited": 0.0}


def test_check_mode_and_diff() -> None:
    result = run(check=True, diff=True)
    assert result["check_mode"] is True and result["diff"] == {"before": "a", "after": "b"}
    assert "diff" not in run()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Text("text"), "text"),
        (Vaulted(), WHOLE),
        ([{"deep": Text("text")}], [{"deep": "text"}]),
        ({1: Vaulted()}, {"1": WHOLE}),
        (datetime.date(2026, 3, 1), "2026-03-01"),
        (datetime.datetime(2026, 3, 1, 10, 30), "2026-03-01T10:30:00"),
        ((1, 2), [1, 2]),
        ({"one"}, ["one"]),
        (1.5, 1.5),
        (True, True),
        (None, None),
    ],
)
def test_arguments_come_as_a_module_gets_them(value: t.Any, expected: t.Any) -> None:
    result = run(anything=value)
    assert result["anything"] == expected
    assert type(result["anything"]) is type(expected)


def test_what_is_in_a_vault_is_used() -> None:
    seen = []

    def work(_client: Client, params: Params, _check_mode: bool) -> Report:
        seen.append(params["api_token"])
        return Report({"changed": False}, [])

    run(work, api_token=Vaulted())
    assert seen == [TOKEN]


def test_the_arguments_of_the_task_stay_as_they_are() -> None:
    arguments = {"api_token": TOKEN, "domain": "example.com", "anything": [{"a": 1}]}
    before = json.dumps(arguments)
    how: dict[str, t.Any] = {"check_mode": False, "diff": False, "invocation": True}
    _in_process.run_in_process(job_of(tell_params), NAME, arguments, make_pacer=None, environ={}, **how)
    assert json.dumps(arguments) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": "many"}, "'count' is the string 'many': it must be a whole number"),
        ({"nothing": 1}, f"Unsupported parameters for ({NAME}) module: nothing. Supported parameters include:"),
    ],
)
def test_a_bad_option_fails_as_in_a_module(arguments: dict[str, t.Any], message: str) -> None:
    result = run(**arguments)
    assert result["failed"] is True and result["msg"].startswith(message)
    assert result.keys() <= {"failed", "changed", "msg"}


def test_the_message_about_a_bad_option_shows_no_secret() -> None:
    result = run(count=TOKEN, invocation=True)
    assert result["failed"] is True
    assert TOKEN not in json.dumps(result) and "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in result["msg"]


def test_an_error_becomes_a_failure_with_its_fields() -> None:
    def work(_client: Client, _params: Params, _check_mode: bool) -> Report:
        raise CloudflareError(f"It repeats {TOKEN}.", changed=True, errors=[{"message": TOKEN}])

    result = run(work)
    assert result == {
        "failed": True,
        "changed": True,
        "zone_id": ZONE,
        "msg": "It repeats ********.",
        "errors": [{"message": WHOLE}],
        "requests": 0,
        "waited": 0.0,
    }


def test_secrets_of_the_environment_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", f" {TOKEN}\n")
    result = run(api_token="", zone=f"x{TOKEN}x")
    assert result["zone"] == "x********x"


def test_a_secret_that_looks_like_a_truth_value_masks_no_truth_value() -> None:
    result = run(api_token="False", zone="True or False")
    assert result["changed"] is False and result["zone"] == "True or ********"


def test_the_invocation_is_told_where_core_tells_it() -> None:
    result = run(invocation=True, domain="example.com")
    arguments = result["invocation"]["module_args"]
    assert arguments["zone"] == arguments["domain"] == "example.com"
    assert arguments["max_wait"] == 660 and arguments["api_key"] is None
    assert arguments["api_token"] == WHOLE
    assert "invocation" not in run()


def test_warnings_are_given_in_the_order_of_a_module() -> None:
    def work(_client: Client, _params: Params, _check_mode: bool) -> Report:
        return Report({"changed": False}, ["Mind the gap."])

    result = run(work, zone="example.com", domain="example.com")
    assert result["warnings"] == ["Both option zone and its alias domain are set.", "Mind the gap."]


def test_results_are_what_a_module_could_print() -> None:
    def work(_client: Client, _params: Params, _check_mode: bool) -> Report:
        return Report({"changed": False, "pair": (1, 2), "numbers": {1: "one"}}, [])

    result = run(work)
    assert result["pair"] == [1, 2] and result["numbers"] == {"1": "one"}


def test_secrets_are_registered_where_core_masks_what_is_shown(
    monkeypatch: pytest.MonkeyPatch, registered: list[str]
) -> None:
    monkeypatch.setattr(_in_process, "register_secrets", registered.extend)
    result = run(api_token=f" {TOKEN}", zone=TOKEN)
    assert {f" {TOKEN}", TOKEN} <= set(registered)
    assert result["zone"] == WHOLE  # core masks what is shown, not what is registered as a result


@pytest.mark.parametrize("token", ["a", "e", "d", "failed", "changed", "msg"])
def test_a_short_secret_takes_no_field_from_the_result(token: str) -> None:
    result = run(api_token=token, timeout=0, invocation=True)
    assert result["failed"] is True and result["changed"] is False and "msg" in result
    assert result["invocation"]["module_args"]["api_token"] not in (token, None)
