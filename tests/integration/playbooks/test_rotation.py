# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook for a whole rotation, from the first upload to the removal of what is left over."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_runs import ROOT

from emulator import make_pem, uploaded, zone
from emulator.fixture import StartEmulator
from integration.conftest import StartEdge
from integration.playbooks.playing import Played, Player

PLAYBOOK = ROOT / "examples" / "rotate_certificate.yml"
OLD = make_pem(["shop.example.com", "old.example.com"], issuer="GlobalSign nv-sa", expires_in=40)


def make_ca(directory: Path) -> dict[str, str]:
    """A CA of one's own, as the head of the playbook asks for."""
    key, certificate = directory / "ca.key", directory / "ca.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "365",
    ]
    names = ["-subj", "/O=Example CA, Inc./CN=Example CA", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names], check=True, capture_output=True)
    return {"ca_certificate": str(certificate), "ca_key": str(key)}


def changed(played: Played) -> list[str]:
    assert played.returncode == 0, played.stdout[-3000:]
    return [done.task for done in played.done if done.result.get("changed")]


@pytest.mark.timeout(300)
def test_a_whole_rotation(play: Player, start_emulator: StartEmulator, start_edge: StartEdge, tmp_path: Path) -> None:
    emulator = start_emulator(
        zones=[zone("example.com", plan="enterprise", certificates=[uploaded(OLD, type="sni_custom", priority=5)])]
    )
    emulator.behave(patch_priority="reset")
    edge = start_edge(emulator)
    directory = tmp_path / "keys"
    place = {"edge_address": edge.address, "edge_port": edge.port, "edge_delay": 0, "directory": str(directory)}
    variables = {**place, **make_ca(tmp_path)}

    def run(**more: object) -> Played:
        return play(PLAYBOOK, emulator=emulator, extra_vars={**variables, **more})

    # the first certificate is uploaded, and put first
    assert "Upload the certificate, or renew it in place" in changed(run())
    first, second = emulator.order("example.com")
    assert first[1] > second[1] == 5
    # nothing is due
    assert changed(run()) == []
    # it is due: a new key, a renewal in place, the same number, and visitors get it
    done = run(renew_before=100)
    assert {"Make a key", "Upload the certificate, or renew it in place"} <= set(changed(done))
    renewed = emulator.order("example.com")[0]
    assert renewed[0] != first[0] and renewed[1] == first[1]
    assert done["Wait until visitors get it, a minute at most"].result["served"][0]["certificate_id"] == renewed[0]
    assert (directory.stat().st_mode & 0o777) == 0o700
    # what is left over goes, unless a hostname would be left without a certificate
    refused = run(left_over=[{"issuer": "GlobalSign*"}])
    assert refused.returncode != 0 and "would leave old.example.com without" in refused.stdout + refused.stderr
    assert len(emulator.order("example.com")) == 2
    emulator.zones["example.com"].certificates[0]["hosts"] = ["shop.example.com"]
    assert changed(run(left_over=[{"issuer": "GlobalSign*"}])) == ["Remove what is left over"]
    assert changed(run(left_over=[{"issuer": "GlobalSign*"}])) == []
    assert [identifier for identifier, _number in emulator.order("example.com")] == [renewed[0]]
