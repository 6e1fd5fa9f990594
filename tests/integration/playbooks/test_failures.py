# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users see where something is wrong: with their input, with what they may do, and with the API."""

from __future__ import annotations

import typing as t

import pytest

from emulator import Emulator, Fault, token
from emulator.fixture import StartEmulator
from integration.playbooks import zones
from integration.playbooks.playing import INFO, PRIORITY, Played, Player, Task, info, priority

ISSUERS = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]
ZONE_ID = "00112233445566778899aabbccddeeff"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
SHOP = pytest.mark.emulator(zones=[zones.shop()])

# Texts that the message has to hold.
BAD_INPUT: dict[str, tuple[dict[str, t.Any], tuple[str, ...]]] = {
    "no credentials": ({"api_token": ""}, ("api_token", "CLOUDFLARE_API_TOKEN")),
    "two kinds of credentials": ({"api_email": "ops@example.com", "api_key": "0" * 37}, ("two kinds", "api_token")),
    "a line break in the token": ({"api_token": "hush-hush\nrest"}, ("'api_token'", "line break")),
    "plain http": ({"api_url": "http://localhost.example.com/v4"}, ("'api_url'", "localhost.example.com", "https")),
    "a number for a zone": ({"zone_id": "1e31"}, ("'zone_id'", "1e31", "INI")),
    "an empty list": ({"certificates": []}, ("'certificates' is empty",)),
    "an entry of nulls": ({"certificates": [{"id": None}]}, ("entry 1", "selects nothing")),
    "an id twice": ({"certificates": [{"id": UNKNOWN}, {"id": UNKNOWN.upper()}]}, ("entries 1 and 2",)),
    "some priorities": ({"certificates": [{"issuer": "A", "priority": 1}, {"issuer": "B"}]}, ("'priority'", "entry 2")),
    "half a priority": ({"certificates": [{"issuer": "A", "priority": 1.5}]}, ("priority", "1.5")),
    "an unknown key": ({"certificates": [{"isuer": "A"}]}, ("isuer",)),
    "an unknown choice": ({"unlisted": "first"}, ("unlisted", "first")),
    "unlisted and priorities": (
        {"unlisted": "ignore", "certificates": [{"issuer": "A", "priority": 1}]},
        ("'unlisted'", "'priority'"),
    ),
    "too many retries": ({"retries": 101}, ("'retries'", "101")),
}


@pytest.mark.parametrize("as_module", [True, False], ids=["module", "worker"])
def test_bad_input_is_refused_before_any_request(play: Player, emulator: Emulator, as_module: bool) -> None:
    usual = {"api_token": "hush-hush-token", "zone_id": ZONE_ID, "certificates": ISSUERS, "api_url": emulator.url}
    # A representative half goes through the worker, too.
    cases = dict(list(BAD_INPUT.items())[:: 1 if as_module else 2])
    tasks: list[Task] = [
        {"name": name, PRIORITY: {**usual, **options}, "ignore_errors": True}
        for name, (options, _texts) in cases.items()
    ]
    played = play(tasks, as_module=as_module)
    assert emulator.requests == []
    for name, (_options, texts) in cases.items():
        done = played[name]
        assert done.status == "failed" and done.result.get("changed", False) is False, name
        assert all(text in done.result["msg"] for text in texts), done.result["msg"]
    assert "hush-hush" not in f"{played.stdout}{played.stderr}{played.done}"
    assert "Traceback" not in played.stdout + played.stderr


def test_an_unquoted_exclamation_mark_is_found_by_the_documentation(play: Player) -> None:
    """Such a playbook does not load, with no word of ours: the reason for the note beside the option."""
    path = play.write(
        "play.yml", "- hosts: localhost\n  tasks:\n    - x:\n        certificates:\n          - status: !expired\n"
    )
    assert play(path).returncode != 0


REFUSALS: dict[str, tuple[str, dict[str, t.Any], tuple[str, ...]]] = {
    # Token, options, texts of the message
    "unknown token": ("cfut_" + "x" * 40, {}, ("9109", "Check the token")),
    "malformed token": ("short", {}, ("6003", "malformed", "6111")),
    "read only": (
        "reader",
        {},
        ("PUT", "10000", "SSL and Certificates Write", "Access: Mutual TLS Certificates Write"),
    ),
    "unknown zone": ("default", {"zone_id": ZONE_ID}, ("GET", ZONE_ID, "9109")),
    "zone of others": ("elsewhere", {}, ("9109", "SSL and Certificates Write")),
    "no permission": ("idle", {}, ("10000", "SSL and Certificates Write")),
}


def test_refusals_say_what_to_do(play: Player, start_emulator: StartEmulator) -> None:
    tokens = [
        token("reader", permissions=["ssl:read"]),
        token("elsewhere", zones=["example.net"]),
        token("idle", permissions=["zone:read"]),
    ]
    emulator = start_emulator(zones=[zones.shop()], tokens=tokens)
    known = emulator.tokens
    zone_id = emulator.zones["example.com"].id
    tasks = [
        priority(name, ISSUERS, **{"zone_id": zone_id, "api_token": known[who].value if who in known else who, **more})
        for name, (who, more, _texts) in REFUSALS.items()
    ]
    # To read and to look is what the Read forms are enough for.
    tasks += [
        priority("look", ISSUERS, zone_id=zone_id, api_token=known["reader"].value, check=True),
        info("read", zone_id=zone_id, api_token=known["reader"].value),
    ]
    played = play(tasks, emulator=emulator)
    for name, (_who, _options, texts) in REFUSALS.items():
        done = played[name]
        assert done.status == "failed" and done.result["changed"] is False
        assert all(text in done.result["msg"] for text in (*texts, "HTTP 40", "cf-ray")), done.result["msg"]
        assert done.result["errors"][0]["code"] in (9109, 6003, 10000) and done.result["status"] in (400, 403)
        assert done.result["zone_id"] in (zone_id, ZONE_ID)
        assert len(done.methods(emulator)) == (2 if name == "read only" else 1)
    assert played["look"].result["changed"] and played["read"].status == "ok"


FAULTS: dict[str, tuple[Fault, str, dict[str, t.Any], tuple[str, ...]]] = {
    # The method that it meets, further options, texts of the message
    "html": (Fault("html", status=521), "GET", {"retries": 0}, ("HTTP 521", "no JSON object", "text/html")),
    "redirect": (
        Fault("redirect", location="https://example.net/"),
        "GET",
        {},
        ("302", "https://example.net/", "api_url"),
    ),
    "not-an-object": (Fault("not_object"), "GET", {}, ("no JSON object",)),
    "success-false": (
        Fault("patch_answer", change={"success": False, "errors": [{"code": 4711, "message": "Not today"}]}),
        "GET",
        {},
        ("HTTP 200", "4711 Not today"),
    ),
    "no-result": (Fault("patch_answer", remove=("result",)), "GET", {}, ("without a 'result'",)),
    "throttled-for-long": (Fault("throttled", retry_after="900"), "GET", {"max_wait": 600}, ("900 s", "max_wait")),
    "reset-before-the-change": (Fault("reset_before_request"), "PUT", {"retries": 0}, ("PUT", "restore")),
}


@SHOP
def test_failures_of_the_api(play: Player, start_emulator: StartEmulator) -> None:
    emulators = {name: start_emulator(zones=[zones.shop()]) for name in FAULTS}
    for name, (fault, method, _options, _texts) in FAULTS.items():
        emulators[name].fault(fault, method=method, times=None)
    hosts = {
        name: {"api_url": emulators[name].url, "api_token": emulators[name].token, "more": options}
        for name, (_fault, _method, options, _texts) in FAULTS.items()
    }
    task = priority(
        "run",
        ISSUERS,
        zone_id=next(iter(emulators.values())).zones["example.com"].id,
        api_url="{{ api_url }}",
        api_token="{{ api_token }}",
        retries="{{ more.retries | default(omit) }}",
        max_wait="{{ more.max_wait | default(omit) }}",
    )
    played = play([task], hosts=hosts)
    for name, (_fault, method, _options, texts) in FAULTS.items():
        done = played.on(name, "run")
        assert done.status == "failed" and done.result["changed"] is (method == "PUT"), (name, done.result)
        assert all(text in done.result["msg"] for text in texts), done.result["msg"]
        assert done.methods(emulators[name]) == (["GET"] if method == "GET" else ["GET", "PUT"])
        assert ("restore" in done.result) is (method == "PUT")
    assert "Traceback" not in played.stdout + played.stderr


@SHOP
def test_a_dropped_connection_and_a_server_error_are_tried_again(play: Player, emulator: Emulator) -> None:
    emulator.fault(Fault("server_error", status=503), method="GET")
    emulator.fault(Fault("reset_after_apply"), method="PUT")
    run = play([priority("run", ISSUERS, zone_id=emulator.zones["example.com"].id)], emulator=emulator)["run"]
    assert run.status == "ok" and run.result["changed"] and run.result["requests"] == 4
    assert run.methods(emulator) == ["GET", "GET", "PUT", "PUT"] and run.result["waited"] > 0


@pytest.mark.parametrize("as_module", [True, False], ids=["module", "worker"])
def test_credentials_are_never_shown(play: Player, emulator: Emulator, as_module: bool) -> None:
    """Neither those in options nor those in the environment, stripped or not, whether the task succeeds or fails."""
    secret, key = emulator.token, emulator.key
    zone_id = emulator.zones["example.com"].id
    url = emulator.url
    # The API may send back what it got.
    emulator.fault(
        Fault("answer", status=400, body=f'{{"success": false, "errors": [{{"code": 1, "message": "no {secret}"}}]}}'),
        method="PUT",
    )
    pair: dict[str, t.Any] = {"api_email": emulator.email, "api_key": key}
    tasks = [
        priority("echo", ISSUERS, zone_id=zone_id, api_token=f"{secret}\n", api_url=url),
        priority("run", ISSUERS, zone_id=zone_id, api_token=f" {secret} ", api_url=url),
        priority("pair", ISSUERS, zone_id=zone_id, api_url=url, **pair),
        info("info", zone_id=zone_id, api_token=secret, api_url=url),
        priority("environment", ISSUERS, zone_id=zone_id),
        priority("in the url", ISSUERS, zone_id=zone_id, api_url=f"https://user:{secret}@example.com/"),
    ]
    played = play(
        tasks,
        # The arguments are told by themselves up to ansible-core 2.20.
        env={"CLOUDFLARE_API_TOKEN": f"{secret}\n", "CLOUDFLARE_BASE_URL": url, "ANSIBLE_INJECT_INVOCATION": "1"},
        arguments=["-vvvv"],
        as_module=as_module,
    )
    assert played.statuses == {
        "echo": "failed",
        "run": "ok",
        "pair": "ok",
        "info": "ok",
        "environment": "ok",
        "in the url": "failed",
    }, played.stdout
    assert_hidden(played, secret, key)
    assert played["run"].result["invocation"]["module_args"]["api_token"]


def assert_hidden(played: Played, *secrets: str) -> None:
    everything = "\n".join([played.stdout, played.stderr, *map(str, played.done)])
    assert [line for line in everything.splitlines() if any(secret in line for secret in secrets)] == []


@pytest.mark.emulator(zones=[zones.shop()], tokens=[])
def test_the_environment_of_a_task_is_used(play: Player, emulator: Emulator) -> None:
    """The options for credentials win over the environment as a whole, and `environment` of a task counts."""
    environment = {
        "CLOUDFLARE_EMAIL": emulator.email,
        "CLOUDFLARE_API_KEY": emulator.key,
        "CLOUDFLARE_BASE_URL": emulator.url,
    }
    task = {"name": "pair", INFO: {"zone": "example.com"}, "environment": environment}
    both = {**task, "name": "token wins", "environment": {**environment, "CLOUDFLARE_API_TOKEN": emulator.token}}
    played = play([task, both])
    assert played.returncode == 0, played.stdout
    headers = [{name.lower() for name in request.headers} for request in emulator.requests]
    assert ["x-auth-key" in names for names in headers] == [True, True, False, False]
