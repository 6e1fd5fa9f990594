# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same in a real ansible-playbook: what touches waiting and connections, and what may be seen of secrets."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from emulator import Emulator, Fault, demo_zone, token, zone
from integration.faults.controller import MODULE, Controller, command_lines, start, tell
from integration.faults.serving import black_hole, closed_port, connect_proxy
from integration.faults.world import World

ORDER = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]


def _task(name: str, options: dict[str, t.Any], **keywords: t.Any) -> dict[str, t.Any]:
    return {"name": name, MODULE: options, "register": name, "ignore_errors": True, **keywords}


def test_waiting_and_connections_in_process(tmp_path: pathlib.Path) -> None:  # pylint: disable=too-many-locals
    faults: dict[str, tuple[str, Fault, str]] = {
        "fine": ("GET", Fault("chunked"), ""),
        "silent": ("GET", Fault("no_answer"), "no complete answer within 1 s"),
        "slow": ("PUT", Fault("trickle"), "The change may have been made"),
        "lost": ("PUT", Fault("reset_after_apply"), "The change may have been made"),
        "cut": ("GET", Fault("reset_mid_answer"), "GET"),
        "throttled": ("GET", Fault("throttled", retry_after="1"), ""),
        "banned": ("GET", Fault("throttled", retry_after="300"), "'max_wait' is 3 s"),
    }
    zones = [zone(f"{name}.example.com", certificates=demo_zone().certificates) for name in faults]
    tokens = [token(name, user=name) for name in faults]
    with Emulator(zones=zones, tokens=tokens) as emulator, black_hole() as hole:
        common = {"certificates": ORDER, "timeout": 1, "retries": 0, "max_wait": 3}
        tasks = []
        for name, (method, fault, _says) in faults.items():
            zone_id = emulator.zones[f"{name}.example.com"].id
            emulator.fault(fault, method=method, path=f"/zones/{zone_id}/*")
            # A token for each, as a ban is one of all tasks with the same.
            credentials = {"api_token": emulator.tokens[name].value, "api_url": emulator.url}
            tasks.append(_task(name, {**common, **credentials, "zone_id": zone_id}))
        for name, port in (("closed", closed_port()), ("hole", hole)):
            place = {"api_url": f"http://127.0.0.1:{port}/client/v4", "api_token": f"x{name}", "zone_id": "a" * 32}
            tasks.append(_task(name, {**common, **place}))
        names = [*faults, "closed", "hole"]
        played = start(tmp_path, [*tasks, tell(*names)]).wait()
        says = {
            **{name: told for name, (_method, _fault, told) in faults.items()},
            "closed": "refused",
            "hole": "within 1 s",
        }
        for name, result in zip(names, played.registered, strict=True):
            assert bool(result.get("failed")) is bool(says[name]), result
            assert says[name] in result.get("msg", "")
            assert result["changed"] is (name in {"fine", "throttled", "slow", "lost"})
            assert ("restore" in result) is (name in {"fine", "throttled", "slow", "lost"})
        _nothing_left(played, [item.value for item in emulator.tokens.values()])
    # As many seconds as the faults take by design, and what ansible-playbook itself does.
    assert played.seconds < 5 * 1 + 1 * 3 + 25


def _nothing_left(played: Controller, secrets: list[str]) -> None:
    assert b"Traceback" not in played.stdout + played.stderr
    local = played.home / "ansible" / "local"
    for found in played.files():
        # The file that workers count requests in, which is documented.
        assert found.parent == local and found.name.startswith("zonefleet-cloudflare-"), found
        told = found.name + found.read_text()
        assert not any(secret in told for secret in secrets)
        assert found.stat().st_mode & 0o077 == 0
    everything = played.stdout + played.stderr
    assert not any(secret.encode() in everything for secret in secrets)


@pytest.mark.parametrize("way", ["in process", "as a module"])
def test_secrets_are_nowhere_to_be_seen(tmp_path: pathlib.Path, way: str) -> None:  # pylint: disable=too-many-locals
    """Not with -vvvv, in no result, file or process arguments, and not where a redirect leads."""
    # What makes the action plugin start a process.
    keywords = {"environment": {"SOME_VARIABLE": "1"}} if way == "as a module" else {}
    lines: list[bytes] = []
    with Emulator(tokens=[token("pair", email="someone@example.com")]) as emulator, connect_proxy() as elsewhere:
        secret, key = emulator.token, emulator.tokens["pair"].key or ""
        for _request in range(6):
            emulator.before("*", "*", lambda _emulator: lines.append(command_lines()))
        echo: dict[str, t.Any] = {"success": False, "errors": [{"code": 10000, "message": f"who is {secret}?"}]}
        location = f"http://127.0.0.1:{elsewhere.port}/?{key}"
        for fault in (
            Fault("html", status=403),
            Fault("patch_answer", change=echo),
            Fault("redirect", location=location),
            Fault("patch_result", change={"issuer": secret}),
        ):
            emulator.fault(fault)
        common: dict[str, t.Any] = {
            "certificates": ORDER,
            "zone_id": emulator.zones["example.com"].id,
            "api_url": emulator.url,
        }
        common |= {"retries": 0, "max_wait": 1}
        pair = {"api_email": "someone@example.com", "api_key": f"{key} "}
        tasks = [
            _task("refused", common, **keywords),  # by the environment
            _task("echoed", {**common, "api_token": f" {secret}\n"}, **keywords),
            _task("redirected", {**common, **pair}, **keywords),
            _task("named", {**common, "api_token": secret}, **keywords),
            _task("malformed", {**common, "api_token": f"{secret}\n{secret}"}, **keywords),
            _task("mistyped", {**common, "api_token": secret, "timeout": secret}, **keywords),
            _task(
                "misplaced", {**common, "api_token": secret, "api_url": f"https://x:{secret}@example.com"}, **keywords
            ),
        ]
        names = [task["register"] for task in tasks]
        played = start(tmp_path, [*tasks, tell(*names)], "-vvvv", "--diff", CLOUDFLARE_API_TOKEN=f" {secret} ").wait()
        results = played.registered
        assert [bool(result.get("failed")) for result in results] == [True] * 7, results
        assert b"cf-ray" in played.stdout and (b"run in process" in played.stdout) is (way == "in process")
        assert lines
        assert not any(secret.encode() in line or key.encode() in line for line in lines)
        assert all(b"ansible-playbook" in line for line in lines)
        assert elsewhere.heads == []
        assert not any(secret in str(result) or key in str(result) for result in results)
        _nothing_left(played, [secret, key])


@pytest.mark.parametrize("form", ["token", "token with spaces", "key", "key with spaces"])
@pytest.mark.parametrize("place", ["options", "environment"])
def test_every_form_of_a_secret_is_masked(world: World, form: str, place: str) -> None:
    emulator = world.emulator
    space = "\n" if "spaces" in form else ""
    secret = emulator.token if "token" in form else emulator.key or "0123456789abcdef0123456789abcdef01234"
    error = {"code": 1, "message": f"<{secret}>", "error_chain": [{"message": secret}], "source": {"pointer": secret}}
    emulator.fault(Fault("answer", status=400, body='{"success":false,"errors":[' + _json(error) + "]}"))
    given = (
        {"api_token": secret + space} if "token" in form else {"api_email": "a@example.com", "api_key": secret + space}
    )
    names = {"api_token": "CLOUDFLARE_API_TOKEN", "api_email": "CLOUDFLARE_EMAIL", "api_key": "CLOUDFLARE_API_KEY"}
    world.options = {"api_token": None, **(given if place == "options" else {})}
    if place == "environment":
        world.environment = {names[name]: value for name, value in given.items()}
    arguments = {name: value for name, value in world.arguments().items() if value is not None}
    run = world.modules.run(arguments, {"CLOUDFLARE_API_TOKEN": "", **world.environment})
    assert run.failed and secret not in run.written and "HTTP 400" in run.msg


def _json(value: t.Any) -> str:
    return json.dumps(value)
