# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks of every kind, in one playbook, that have to end alike in the worker and as a module."""

from __future__ import annotations

import datetime
import typing as t

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from emulator import Edge, Emulator, Fault, Zone, certificate, token, zone
from integration.playbooks import zones
from integration.playbooks.playing import PRIORITY, SERVED

PASSWORD = "correct horse battery staple"
ISSUERS = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]
ECHO = "echo.example"  # its API answers with the credentials of the request in the text of an error
ECHOED_TOKEN = "cfut_ECHOED0123456789abcdefghijklmnopqrstuv"

TASKS_AFTER = 3
TO_FAIL = {
    *("refused", "unknown_zone", "missing", "no_connection", "half_done", "bad_choice", "bad_type", "bad_range"),
    *("bad_entry", "empty", "no_certificates", "unknown_option", "unlisted_fail", "two_kinds", "hidden_failure"),
    *("secret_as_number", "secret_broken", "secret_in_name", "secret_in_url", "secret_echoed"),
    *("secret_of_the_task", "proxy_of_the_task", "ca_bundle_of_the_task"),
    *("secret_echoed_from_environment", "loop", "date", "invocation_of_failure"),
    *("looked_nowhere", "looked_at_wildcard"),
}

NAMES = (
    "order.example",
    "check.example",
    "diff.example",
    "exact.example",
    "vault.example",
    "template.example",
    "one.example",
    "two.example",
    "defaults.example",
    "aliases.example",
    "hidden.example",
    "invocation.example",
    "half.example",
    ECHO,
)


class Vaulted(str):
    """An inline `!vault` value, in its encrypted form."""


class Dumper(yaml.SafeDumper):
    pass


Dumper.add_representer(Vaulted, lambda dumper, value: dumper.represent_scalar("!vault", str(value), style="|"))


def encrypt(text: str) -> Vaulted:
    vault = VaultLib([("default", VaultSecret(PASSWORD.encode()))])
    return Vaulted(vault.encrypt(text.encode()).decode())


def make_zones() -> list[Zone]:
    """A zone for each case that writes, so that the cases do not depend on each other."""
    return [
        *(zones.shop(name) for name in NAMES),
        zone(
            "warned.example",
            certificates=[
                certificate(["warned.example", "a.warned.example"], issuer="DigiCertInc", priority=2, expires_in=-3),
                certificate(["warned.example", "b.warned.example"], issuer="GlobalSignnvsa", priority=1),
            ],
        ),
        zone(
            "curly.example",
            certificates=[
                certificate(["curly.example", "a.curly.example"], issuer="{{ 6 * 7 }}", priority=2),
                certificate(["curly.example", "b.curly.example"], issuer="{% raw %}", priority=1),
            ],
        ),
    ]


TOKEN = token("default").value
READER = token("reader", permissions=("zone:read", "ssl:read"))


def misbehave(emulator: Emulator) -> None:
    """Prepare what goes wrong, for one run."""
    half = emulator.zones["half.example"].id
    emulator.fault(Fault("server_error", status=500), method="PUT", path=f"*/{half}/*")
    echo = emulator.zones[ECHO].id
    text = f"the token {ECHOED_TOKEN} is a word that I repeat"
    body = f'{{"success": false, "result": null, "messages": [], "errors": [{{"code": 1, "message": "{text}"}}]}}'
    emulator.fault(Fault("answer", status=400, body=body), path=f"*/{echo}/*", times=3)


def make_play(emulator: Emulator, edge: Edge, closed_port: int) -> list[dict[str, t.Any]]:
    """One play with a task for each case, registered as `case_...`; the last task writes all of them down."""
    cases = (
        _ordinary()
        | _failures(closed_port, emulator)
        | _credentials(emulator)
        | _ways_to_write_it()
        | _looks(edge, closed_port)
    )
    defaults = {"api_token": emulator.token, "api_url": emulator.url}
    tasks = [_task(name, dict(case), defaults) for name, case in cases.items()]
    used = {
        "name": "The fact can be used afterwards",
        "ansible.builtin.set_fact": {
            "case_fact_used": "{{ cloudflare_certificate_order | map(attribute='issuer') | list }}"
        },
    }
    curly = {
        "name": "What the API gave is no template",
        "ansible.builtin.set_fact": {
            "case_curly_used": "{{ (case_curly.results | default([case_curly]))[0].certificates[0].issuer }}"
        },
    }
    registered = ", ".join(f"'{name}': case_{name}" for name in [*cases, "fact_used", "curly_used"])
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
            "vars": {
                "vaulted": encrypt(emulator.token),
                "policy": [{"issuer": "{{ first }}"}, {"issuer": "Global{{ 'Sign*' }}"}],
                "first": "DigiCertInc",
                "plain_token": emulator.token,
                # Not in the tasks: core shows their lines.
                "joe": "joe:s3cr3tword@",
                "joe_with_a_slash": "joe:s3cr3t/word@",
            },
            "tasks": [*tasks, used, curly, write],
        }
    ]


def _task(name: str, case: dict[str, t.Any], defaults: dict[str, t.Any]) -> dict[str, t.Any]:
    keywords = case.pop("keywords", {})
    given = {key: value for key, value in {**defaults, **case}.items() if value is not None}
    module = given.pop("module", PRIORITY)
    return {"name": name, module: given, "register": f"case_{name}", "ignore_errors": True, **keywords}


def _ordinary() -> dict[str, dict[str, t.Any]]:
    return {
        "change": {"zone": "order.example", "certificates": ISSUERS},
        "in_order": {"zone": "order.example", "certificates": ISSUERS},
        "check": {"zone": "check.example", "certificates": ISSUERS, "keywords": {"check_mode": True}},
        "diff": {"zone": "diff.example", "certificates": ISSUERS, "keywords": {"diff": True}},
        "check_diff": {
            "zone": "check.example",
            "certificates": ISSUERS,
            "verify": "read",
            "keywords": {"check_mode": True, "diff": True},
        },
        "warnings": {"zone": "warned.example", "certificates": ISSUERS},
        "exact": {
            "zone": "exact.example",
            "certificates": [{"issuer": "GlobalSign*", "priority": 9}, {"host": "old.exact.example", "priority": "4"}],
        },
        "unmatched": {"zone": "one.example", "certificates": [{"issuer": "Nobody"}], "missing": "ignore"},
        "curly": {"zone": "curly.example", "certificates": [{"host": "a.curly.example"}]},
    }


def _failures(closed_port: int, emulator: Emulator) -> dict[str, dict[str, t.Any]]:
    return {
        "refused": {"zone": "one.example", "certificates": ISSUERS, "api_token": emulator.tokens["reader"].value},
        "unknown_zone": {"zone": "nowhere.example", "certificates": ISSUERS},
        "missing": {"zone": "one.example", "certificates": [{"issuer": "Nobody"}, {"issuer": "Nemo"}]},
        "no_connection": {
            "zone_id": "0" * 32,
            "certificates": ISSUERS,
            "api_url": f"http://127.0.0.1:{closed_port}/client/v4",
            "retries": 0,
        },
        "half_done": {"zone": "half.example", "certificates": ISSUERS, "retries": 0},
        "bad_choice": {"zone": "one.example", "certificates": ISSUERS, "unlisted": "sometimes"},
        "bad_type": {"zone": "one.example", "certificates": ISSUERS, "max_wait": "soon", "unlisted": "sometimes"},
        "bad_range": {"zone": "one.example", "certificates": ISSUERS, "timeout": 0},
        "bad_entry": {"zone": "one.example", "certificates": [{"issuer": "DigiCert*", "colour": "red"}]},
        "empty": {"zone": "one.example", "certificates": []},
        "no_certificates": {"zone": "one.example"},
        "unknown_option": {"zone": "one.example", "certificates": ISSUERS, "zonne": "x"},
        "unlisted_fail": {"zone": "one.example", "certificates": ISSUERS, "unlisted": "fail"},
    }


def _credentials(emulator: Emulator) -> dict[str, dict[str, t.Any]]:
    return {
        "secret_as_number": {"zone": "one.example", "certificates": ISSUERS, "timeout": emulator.token},
        "secret_broken": {"zone": "one.example", "certificates": ISSUERS, "api_token": emulator.token + "\nx"},
        "secret_padded": {"zone": "aliases.example", "certificates": ISSUERS, "api_token": f"  {emulator.token}\n"},
        "secret_in_name": {"zone": emulator.token, "certificates": ISSUERS},
        "secret_in_url": {
            "zone": "one.example",
            "certificates": ISSUERS,
            "api_url": "https://joe:s3cr3tword@example.com",
        },
        "secret_echoed": {
            "zone_id": emulator.zones[ECHO].id,
            "certificates": ISSUERS,
            "api_token": ECHOED_TOKEN,
            "api_url": emulator.url,
        },
        # The environment of the run has the same credentials.
        "secret_echoed_from_environment": {
            "zone_id": emulator.zones[ECHO].id,
            "certificates": ISSUERS,
            "api_token": None,
            "api_url": emulator.url,
        },
        # The environment of the task has one that works, and a proxy that does not, which is not for this machine.
        "token_of_the_task": {
            "zone": "one.example",
            "certificates": ISSUERS,
            "api_token": None,
            "keywords": {
                "environment": {
                    "CLOUDFLARE_API_TOKEN": "{{ plain_token }}",
                    "https_proxy": "http://{{ joe }}[::1",
                }
            },
        },
        "secret_of_the_task": {
            "zone_id": emulator.zones[ECHO].id,
            "certificates": ISSUERS,
            "api_token": None,
            "keywords": {"environment": {"CLOUDFLARE_API_TOKEN": f" {ECHOED_TOKEN}\n"}},
        },
        "proxy_of_the_task": {
            "zone_id": emulator.zones[ECHO].id,
            "certificates": ISSUERS,
            "api_url": "https://127.0.0.1:9",
            "keywords": {"environment": {"https_proxy": "http://{{ joe_with_a_slash }}127.0.0.1:9", "no_proxy": ""}},
        },
        "ca_bundle_of_the_task": {
            "zone_id": emulator.zones[ECHO].id,
            "certificates": ISSUERS,
            "api_url": "https://127.0.0.1:9",
            "keywords": {"environment": [{"REQUESTS_CA_BUNDLE": ""}, {"CURL_CA_BUNDLE": "/nowhere/bundle.pem"}]},
        },
        "two_kinds": {"zone": "one.example", "certificates": ISSUERS, "api_email": "joe@example.com", "api_key": "abc"},
        "vault_inline": {"zone": "vault.example", "certificates": ISSUERS, "api_token": encrypt(emulator.token)},
        "vault_variable": {"zone": "vault.example", "certificates": ISSUERS, "api_token": "{{ vaulted }}"},
        "hidden": {"zone": "hidden.example", "certificates": ISSUERS, "keywords": {"no_log": True}},
        "hidden_failure": {"zone": "nowhere.example", "certificates": ISSUERS, "keywords": {"no_log": True}},
    }


def _ways_to_write_it() -> dict[str, dict[str, t.Any]]:
    return {
        "templated": {
            "zone": "template.{{ 'example' }}",
            "certificates": "{{ policy }}",
            "api_token": "{{ plain_token }}",
            "timeout": "{{ 10 + 5 }}",
            "unlisted": "{{ omit }}",
            "account_id": "",
            "keywords": {"diff": True},
        },
        "loop": {
            "zone": "{{ item }}",
            "certificates": ISSUERS,
            "keywords": {"loop": ["one.example", "two.example", "nowhere.example"]},
        },
        "defaults": {
            "zone": "defaults.example",
            "certificates": ISSUERS,
            "api_token": None,
            "api_url": None,
            "keywords": {
                "module_defaults": {
                    "group/zonefleet.cloudflare.api": {"api_token": "{{ plain_token }}", "api_url": "{{ api_url }}"}
                }
            },
        },
        "alias_too": {"zone": "aliases.example", "domain": "aliases.example", "certificates": ISSUERS},
        "date": {"zone": "one.example", "certificates": [{"issuer": datetime.date(2026, 3, 1)}]},
        "as_text": {"zone": "one.example", "certificates": "issuer=DigiCertInc"},
        "invocation_on": {
            "zone": "invocation.example",
            "certificates": ISSUERS,
            "keywords": {"vars": {"ansible_inject_invocation": True}},
        },
        "invocation_of_failure": {
            "zone": "nowhere.example",
            "certificates": ISSUERS,
            "retries": 1,
            "keywords": {"vars": {"ansible_inject_invocation": True}},
        },
    }


def _looks(edge: Edge, closed_port: int) -> dict[str, dict[str, t.Any]]:
    """Handshakes, with and without a request to the API."""
    place = {"module": SERVED, "address": edge.address, "port": edge.port}
    return {
        "looked": {**place, "zone": "one.example"},
        "looked_in_check_mode": {**place, "zone": "one.example", "keywords": {"check_mode": True, "diff": True}},
        "looked_without_api": {
            **place,
            "api_token": None,
            "certificates": "{{ case_change.certificates }}",
            "contested": "{{ case_change.contested }}",
        },
        "looked_where_nobody_listens": {**place, "zone": "one.example", "port": closed_port},
        "looked_nowhere": {**place, "zone": "nowhere.example"},
        "looked_at_wildcard": {**place, "zone": "one.example", "names": ["*.one.example"]},
    }
