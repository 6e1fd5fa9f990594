# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of every kind in one playbook, which must have the same results in the worker and as a module."""

from __future__ import annotations

import datetime
import json
import typing as t
from pathlib import Path

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from emulator import Edge, Emulator, Fault, Zone, certificate, make_pem, token, zone
from integration.playbooks import zones
from integration.playbooks.playing import CERTIFICATE, PRIORITY, SERVED

PASSWORD = "correct horse battery staple"
TOKEN = token("default").value
# The API answers with it in the text of an error.
ECHOED_TOKEN = "cfut_ECHOED0123456789abcdefghijklmnopqrstuv"

TO_FAIL = {
    *("missing", "half-done", "bad-type", "bad-entry", "unknown-option", "loop", "date"),
    *("secret-as-number", "secret-in-name", "secret-in-url", "secret-echoed", "secret-echoed-from-environment"),
    *("proxy-of-the-task", "key-in-the-certificate", "key-echoed", "key-and-then-failure"),
}
PASSPHRASE = "correct-horse-battery-staple"
HOSTS = ["upload.example", "key-and-then-failure.example"]
FIRST = make_pem(HOSTS, algorithm="rsa", expires_in=60)
SECOND = make_pem(HOSTS, algorithm="rsa", expires_in=300, key_format="traditional", passphrase=PASSPHRASE)
KEY_LINES = [line for made in (FIRST, SECOND) for line in made.private_key.splitlines() if len(line) == 64]
SECRETS = [TOKEN, ECHOED_TOKEN, "s3cr3tword", "s3cr3t/word", PASSPHRASE, *KEY_LINES]


class Vaulted(str):
    """An inline `!vault` value, in its encrypted form."""


class Dumper(yaml.SafeDumper):
    pass


Dumper.add_representer(Vaulted, lambda dumper, value: dumper.represent_scalar("!vault", str(value), style="|"))


def encrypt(text: str) -> Vaulted:
    vault = VaultLib([("default", VaultSecret(PASSWORD.encode()))])
    return Vaulted(vault.encrypt(text.encode()).decode())


Case = dict[str, t.Any]
KEPT: Case = {"module": CERTIFICATE, "certificates": None, "certificate_path": "first.pem"}
FROM_A_LOOKUP = "{{ lookup('ansible.builtin.file', 'first.key') }}"
RENEWED = KEPT | {"zone": "upload.example", "certificate_path": "second.pem", "private_key_path": "second.key"}
HANDSHAKES: Case = {"module": SERVED, "address": "{{ edge_address }}", "port": "{{ edge_port }}", "certificates": None}

# A task for each: the options, beside those of `_task`, and keywords. None takes one away.
CASES: dict[str, tuple[Case, Case]] = {
    "change": ({}, {}),
    "check": ({"verify": "read"}, {"check_mode": True, "diff": True}),
    "warnings": ({}, {}),
    "curly": ({"certificates": [{"host": "a.curly.example"}]}, {}),
    # Failures
    "missing": ({"certificates": [{"issuer": "Nobody"}, {"issuer": "Nemo"}]}, {}),
    "half-done": ({"retries": 0}, {}),
    "bad-type": ({"max_wait": "soon", "unlisted": "sometimes"}, {}),
    "bad-entry": ({"certificates": [{"issuer": "DigiCert*", "colour": "red"}]}, {}),
    "unknown-option": ({"zonne": "x"}, {}),
    # Credentials
    "secret-as-number": ({"timeout": TOKEN}, {}),
    "secret-in-name": ({"zone": TOKEN}, {}),
    "secret-in-url": ({"api_url": "https://joe:s3cr3tword@example.com"}, {}),
    "secret-echoed": ({"zone": None, "zone_id": "{{ echoing }}", "api_token": ECHOED_TOKEN}, {}),
    # The environment of the run has the same one.
    "secret-echoed-from-environment": ({"zone": None, "zone_id": "{{ echoing }}", "api_token": None}, {}),
    # The environment of the task has one that works, and a proxy that does not, which is not for this machine.
    "token-of-the-task": (
        {"api_token": None},
        {"environment": {"CLOUDFLARE_API_TOKEN": "{{ plain_token }}", "https_proxy": "http://{{ joe }}[::1"}},
    ),
    "proxy-of-the-task": (
        {"api_url": "https://127.0.0.1:9"},
        {"environment": {"https_proxy": "http://{{ joe_with_a_slash }}127.0.0.1:9", "no_proxy": ""}},
    ),
    "vault": ({"api_token": encrypt(TOKEN)}, {}),
    "hidden": ({}, {"no_log": True}),
    # Ways to write it
    "templated": (
        {
            "zone": "templated.{{ 'example' }}",
            "certificates": "{{ policy }}",
            "api_token": "{{ plain_token }}",
            "timeout": "{{ 10 + 5 }}",
            "unlisted": "{{ omit }}",
            "account_id": "",
        },
        {"diff": True},
    ),
    "loop": ({"zone": "{{ item }}"}, {"loop": ["loop.example", "date.example", "nowhere.example"]}),
    "defaults": (
        {"api_token": None, "api_url": None},
        {
            "module_defaults": {
                "group/zonefleet.cloudflare.api": {"api_token": "{{ plain_token }}", "api_url": "{{ api_url }}"}
            }
        },
    ),
    "alias-too": ({"domain": "alias-too.example"}, {}),
    "date": ({"certificates": [{"issuer": datetime.date(2026, 3, 1)}]}, {}),
    "as-text": ({"certificates": "issuer=DigiCertInc"}, {}),
    "invocation": ({}, {"vars": {"ansible_inject_invocation": True}}),
    # Handshakes, with and without a request to the API
    "looked": (HANDSHAKES, {}),
    "looked-without-api": (
        HANDSHAKES
        | {"api_token": None, "zone": None}
        | {name: f"{{{{ case_change.{name} }}}}" for name in ("certificates", "contested")},
        {},
    ),
    # Uploads
    "upload": (KEPT | {"private_key": FROM_A_LOOKUP}, {}),
    "key-in-the-certificate": (KEPT | {"certificate_path": "both.pem"}, {}),
    "renewal": (RENEWED | {"private_key_passphrase": PASSPHRASE}, {"diff": True}),
    "key-echoed": (KEPT | {"private_key_path": "first.key"}, {}),
    "key-and-then-failure": (KEPT | {"private_key_path": "first.key"}, {}),
    "removal": (KEPT | {"certificate_path": None, "state": "absent", "match": {"host": "old.removal.example"}}, {}),
}


def write_files(directory: Path) -> None:
    """What is beside the playbook."""
    files = {"first.pem": FIRST.chain, "first.key": FIRST.private_key, "both.pem": FIRST.chain + FIRST.private_key}
    files |= {"second.pem": SECOND.chain, "second.key": SECOND.private_key, "password": PASSWORD}
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")


def make_zones() -> list[Zone]:
    """A zone for each case, so that the cases do not depend on each other."""
    special: dict[str, tuple[dict[str, t.Any], dict[str, t.Any]]] = {
        "warnings": ({"issuer": "DigiCertInc", "priority": 2, "expires_in": -3}, {"issuer": "GlobalSignnvsa"}),
        "curly": ({"issuer": "{{ 6 * 7 }}", "priority": 2}, {"issuer": "{% raw %}"}),
    }
    made = {name: zones.shop(f"{name}.example", plan="enterprise") for name in CASES}
    for name, both in special.items():
        hosts = [[f"{name}.example", f"{letter}.{name}.example"] for letter in "ab"]
        pair = [certificate(names, **fields) for names, fields in zip(hosts, both, strict=True)]
        made[name] = zone(f"{name}.example", certificates=pair)
    return list(made.values())


def misbehave(emulator: Emulator) -> None:
    """Prepare what goes wrong, for one run."""

    def fault(what: Fault, name: str, **when: t.Any) -> None:
        emulator.fault(what, path=f"*/{emulator.zones[f'{name}.example'].id}/*", **when)

    def saying(*texts: str) -> str:
        errors = [{"code": 1, "message": f"what is {text}?", "error_chain": [{"message": text}]} for text in texts]
        return json.dumps({"success": False, "errors": errors, "messages": list(texts)})

    key = FIRST.private_key
    forms = (
        key,
        key.replace("\n", "\\n"),
        key.replace("\n", ""),
        json.dumps({"private_key": key}),
        key.splitlines()[3],
    )
    fault(Fault("server_error", status=500), "half-done", method="PUT")
    fault(Fault("answer", status=400, body=saying(ECHOED_TOKEN)), "secret-echoed", times=2)
    fault(Fault("answer", status=400, body=saying(*forms)), "key-echoed", method="POST")
    fault(Fault("answer", status=403, body=saying()), "key-and-then-failure", method="GET", after=1)


def make_play(emulator: Emulator, edge: Edge) -> list[dict[str, t.Any]]:
    """One play with a task for each case, registered as `case_...`; the last task writes all of them down."""
    used = "{{ cloudflare_certificate_order | map(attribute='issuer') | list }}"
    curly = "{{ case_curly.certificates[0].issuer }}"
    registered = ", ".join(f"'{name}': case_{_variable(name)}" for name in [*CASES, "fact_used", "curly_used"])
    write = {
        "name": "Write down what was registered",
        "ansible.builtin.copy": {
            "content": f"{{{{ {{{registered}}} | to_json }}}}",
            "dest": "{{ registered }}",
            "mode": "0600",
        },
        "diff": False,
        "no_log": True,
    }
    return [
        {
            "hosts": "localhost",
            "gather_facts": False,
            # Has the module do the work, unless it is empty.
            "environment": "{{ forced }}",
            "vars": {
                "policy": [{"issuer": "{{ first }}"}, {"issuer": "Global{{ 'Sign*' }}"}],
                "first": "DigiCertInc",
                "plain_token": TOKEN,
                # Not in the tasks: core shows their lines.
                "joe": "joe:s3cr3tword@",
                "joe_with_a_slash": "joe:s3cr3t/word@",
                "echoing": emulator.zones["secret-echoed.example"].id,
                "edge_address": edge.address,
                "edge_port": edge.port,
            },
            "tasks": [
                *(_task(name, *case) for name, case in CASES.items()),
                {"name": "Use the fact", "ansible.builtin.set_fact": {"case_fact_used": used}},
                {"name": "What the API gave is no template", "ansible.builtin.set_fact": {"case_curly_used": curly}},
                write,
            ],
        }
    ]


def _task(name: str, options: Case, keywords: Case) -> dict[str, t.Any]:
    usual = {"zone": f"{name}.example", "certificates": [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]}
    given = {"api_token": TOKEN, "api_url": "{{ api_url }}", **usual, **options}
    module = given.pop("module", PRIORITY)
    given = {key: value for key, value in given.items() if value is not None}
    return {"name": name, module: given, "register": f"case_{_variable(name)}", "ignore_errors": True, **keywords}


def _variable(name: str) -> str:
    return name.replace("-", "_")
