# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules on a target, with another Python than the control node.

`ZONEFLEET_TEST_TARGET_PYTHON` is the path of that Python. tests/matrix.py sets it for each version of Python and the
libraries. By default, the tests use this Python.
"""

from __future__ import annotations

import gzip
import itertools
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from emulator import Emulator, make_pem
from emulator.fixture import StartEmulator
from integration.conftest import StartEdge
from integration.faults.serving import raw_server
from integration.playbooks.playing import CERTIFICATE, SERVED, Player, assert_settled, four_steps, info

PYTHON = os.environ.get("ZONEFLEET_TEST_TARGET_PYTHON") or sys.executable
ASK = "import sys, requests, urllib3; print(sys.version.split()[0], requests.__version__, urllib3.__version__)"

# Says which Python it was.
FACTS = {"name": "facts", "ansible.builtin.setup": {"gather_subset": ["!all", "!min", "python"]}}


def test_modules_on_a_target(play: Player, emulator: Emulator) -> None:
    told = subprocess.run([PYTHON, "-c", ASK], check=True, capture_output=True, text=True).stdout.split()
    print("Python, requests, urllib3:", *told)
    before = emulator.order("example.com")
    order = four_steps([{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}], zone_id=emulator.zones["example.com"].id)
    played = play(
        [FACTS, order, info("read"), info("refused", zone_id="0" * 32)],
        emulator=emulator,
        hosts={"target": {"ansible_python_interpreter": PYTHON}},
        as_module=True,
    )
    version = played["facts"].result["ansible_facts"]["ansible_python"]["version"]
    assert [version["major"], version["minor"], version["micro"]] == [int(part) for part in told[0].split(".")]
    assert_settled(played, emulator, before)
    assert played["read"].order == emulator.order("example.com")
    assert played["refused"].status == "failed"
    assert played["refused"].result["errors"]


def test_upload_and_renewal_on_a_target(play: Player, emulator: Emulator) -> None:
    """With whichever cryptography is there: a locked key, and a chain."""
    algorithms: tuple[t.Literal["rsa", "ecdsa"], ...] = ("rsa", "ecdsa")
    forms: tuple[t.Literal["pkcs8", "traditional"], ...] = ("pkcs8", "traditional")
    tasks = []
    for algorithm, (number, form) in itertools.product(algorithms, enumerate(forms)):
        hosts = [f"{algorithm}.example.com", f"*.{algorithm}.example.com"]
        made = make_pem(hosts, algorithm=algorithm, expires_in=60 + number, key_format=form, passphrase="locked away")
        given = {"certificate": made.chain, "private_key": made.private_key, "private_key_passphrase": "locked away"}
        tasks += [
            {"name": "run", CERTIFICATE: {"zone": "example.com", **given}},
            {"name": "again", CERTIFICATE: {"zone": "example.com", "certificate": made.certificate}},
        ]
    played = play(tasks, emulator=emulator, hosts={"target": {"ansible_python_interpreter": PYTHON}}, as_module=True)
    assert played.returncode == 0, played.stdout
    assert [done.result["action"] for done in played.done] == 2 * ["uploaded", "unchanged", "renewed", "unchanged"]


def test_handshakes_on_a_target(play: Player, emulator: Emulator, start_edge: StartEdge, tmp_path: Path) -> None:
    """With its own OpenSSL: what is trusted, and a client that is refused."""
    edge = start_edge(emulator)
    look = {"zone": "example.com", "names": ["www.example.com"], "address": edge.address, "port": edge.port}
    trusting = {"SSL_CERT_FILE": str(edge.ca_bundle(tmp_path / "cas.pem"))}
    tasks = [{"name": name, SERVED: look, "environment": env} for name, env in (("no", {}), ("yes", trusting))]
    played = play(tasks, emulator=emulator, hosts={"target": {"ansible_python_interpreter": PYTHON}}, as_module=True)
    assert played.returncode == 0, played.stdout
    for name in ("no", "yes"):
        refused, served = played[name].result["served"]
        assert refused["error"].endswith("it has no certificate for this name and this kind of client")
        assert (served["issuer"], served["as_expected"]) == ("GlobalSignnvsa", True)
        assert served["trusted"] is (name == "yes"), served["untrusted_reason"]


def test_network_on_a_target(play: Player, start_emulator: StartEmulator) -> None:
    """What old libraries lack is made good."""
    emulator = start_emulator(tls=True)
    bomb = gzip.compress(gzip.compress(bytes(64 * 2**20)))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    with raw_server(head + bomb) as port:
        place = f"http://127.0.0.1:{port}"
        played = play(
            [
                {**info("trusted"), "environment": {"REQUESTS_CA_BUNDLE": emulator.ca_bundle}},
                {**info("untrusted"), "environment": {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}},
                {**info("lacking"), "environment": {"CURL_CA_BUNDLE": "/nowhere/ca.pem"}},
                {**info("no_host", api_url=f"https://{'x' * 64}.example"), "environment": {"NO_PROXY": "*"}},
                info("bomb", api_url=place, zone_id="0" * 32),
            ],
            emulator=emulator,
            hosts={"target": {"ansible_python_interpreter": PYTHON}},
            as_module=True,
        )
    assert played["trusted"].order == emulator.order("example.com")
    says = {
        "untrusted": "the server's TLS certificate is not trusted",
        "lacking": "the CA bundle /nowhere/ca.pem does not exist",
        "no_host": "'api_url'",
        "bomb": "its body has the encoding gzip, gzip",
    }
    for name, text in says.items():
        result = played[name].result
        assert text in result["msg"], result
        assert result["requests"] == 1, result
