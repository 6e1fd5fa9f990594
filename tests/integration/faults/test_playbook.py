# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be seen of secrets, above all in a real ansible-playbook."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from emulator import Emulator, Fault, make_pem, token
from integration.faults.controller import MODULE, Controller, command_lines, start, tell
from integration.faults.serving import connect_proxy
from integration.faults.world import World
from integration.playbooks.playing import CERTIFICATE

PEM = make_pem(["example.com"], algorithm="rsa", expires_in=60)
ORDER = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]


def _task(name: str, options: dict[str, t.Any], **keywords: t.Any) -> dict[str, t.Any]:
    return {"name": name, MODULE: options, "register": name, "ignore_errors": True, **keywords}


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
        # One whose zone the API refuses.
        keyed = {
            "certificate": PEM.certificate,
            "private_key": PEM.private_key,
            "api_token": secret,
            "zone_id": "0" * 32,
        }
        named = {"name": "kept", "register": "kept", "ignore_errors": True, **keywords}
        tasks.append({CERTIFICATE: {**keyed, "api_url": emulator.url}, **named})
        names = [task["register"] for task in tasks]
        played = start(tmp_path, [*tasks, tell(*names)], "-vvvv", "--diff", CLOUDFLARE_API_TOKEN=f" {secret} ").wait()
        results = played.registered
        assert [bool(result.get("failed")) for result in results] == [True] * 8, results
        assert b"cf-ray" in played.stdout and (b"run in process" in played.stdout) is (way == "in process")
        assert lines
        assert not any(secret.encode() in line or key.encode() in line for line in lines)
        assert all(b"ansible-playbook" in line for line in lines)
        assert elsewhere.heads == []
        assert not any(secret in str(result) or key in str(result) for result in results)
        _nothing_left(played, [secret, key, *PEM.private_key.splitlines()[1:-1]])


VARIABLES = {"api_token": "CLOUDFLARE_API_TOKEN", "api_email": "CLOUDFLARE_EMAIL", "api_key": "CLOUDFLARE_API_KEY"}


@pytest.mark.parametrize("space", ["", "\n"])
@pytest.mark.parametrize("option", ["api_token", "api_key"])
@pytest.mark.parametrize("place", ["options", "environment"])
def test_every_form_of_a_secret_is_masked(world: World, option: str, space: str, place: str) -> None:
    secret = world.emulator.token if option == "api_token" else str(world.emulator.key)
    error = {"code": 1, "message": f"<{secret}>", "error_chain": [{"message": secret}], "source": {"pointer": secret}}
    world.emulator.fault(Fault("answer", status=400, body=json.dumps({"success": False, "errors": [error]})))
    given = {option: secret + space} | ({"api_email": "a@example.com"} if option == "api_key" else {})
    world.options = {"api_token": None, **(given if place == "options" else {})}
    if place == "environment":
        world.environment = {VARIABLES[name]: value for name, value in given.items()}
    run = world.run()
    assert run.failed and secret not in run.told and "HTTP 400" in run.msg
