# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook for a complete rotation, from the first upload to the removal of the old certificate."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from ansible_runs import ROOT

import community_crypto
from emulator import make_pem, uploaded, zone
from emulator.fixture import StartEmulator
from integration.conftest import StartEdge
from integration.playbooks.playing import Played, Player

PLAYBOOK = ROOT / "examples" / "rotate_certificate.yml"
OLD = make_pem(["shop.example.com", "old.example.com"], issuer="GlobalSign nv-sa", expires_in=40)


def make_ca(directory: Path) -> dict[str, str]:
    """A CA of one's own, as the head of the playbook asks for."""
    authority = trustme.CA(organization_name="Example CA, Inc.")
    authority.private_key_pem.write_to_path(str(directory / "ca.key"))
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    return {"ca_certificate": str(directory / "ca.pem"), "ca_key": str(directory / "ca.key")}


def key_of(directory: Path) -> str:
    """The private key in use."""
    path = directory / "current.pem"
    assert (path.stat().st_mode & 0o777, directory.stat().st_mode & 0o777) == (0o600, 0o700)
    assert list(directory.iterdir()) == [path]
    key, end, _certificate = path.read_text().partition("-----END PRIVATE KEY-----\n")
    return key + end


def interrupt(directory: Path) -> None:
    """Leave what a run has at the end of its rotation, before it removes the copies."""
    key = key_of(directory)
    (directory / "next").mkdir()
    (directory / "next" / "1_key.pem").write_text(key)
    (directory / "next" / "2_certificate.pem").write_text((directory / "current.pem").read_text().removeprefix(key))


def changed(played: Played) -> list[str]:
    assert played.returncode == 0, played.stdout[-3000:]
    return [done.task for done in played.done if done.result.get("changed")]


@pytest.fixture(scope="session", autouse=True)
def _community_crypto() -> None:
    community_crypto.install()


@pytest.mark.timeout(600)
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
        played = play(PLAYBOOK, emulator=emulator, extra_vars={**variables, **more}, diff=True)
        # Nothing shows the key: the lines with its number. The others are the public key, which the signing request has, too.
        output = f"{played.stdout} {played.stderr} {played.done}"
        assert not [line for line in key_of(directory).splitlines()[1:3] if line in output]
        return played

    # the first certificate is uploaded, and put first
    assert "Upload the certificate, or renew it in place" in changed(run())
    first, second = emulator.order("example.com")
    assert first[1] > second[1] == 5
    # nothing is due
    key = key_of(directory)
    assert changed(run()) == []
    # it is due: a new key, a renewal in place, the same number, and visitors get it
    interrupt(directory)
    done = run(renew_before=100)
    assert {"Make a key", "Have the CA sign it", "Upload the certificate, or renew it in place"} <= set(changed(done))
    renewed = emulator.order("example.com")[0]
    assert key_of(directory) != key
    assert renewed[0] != first[0]
    assert renewed[1] == first[1]
    assert done["Wait until visitors get it, a minute at most"].result["served"][0]["certificate_id"] == renewed[0]
    # what is left over goes, unless a hostname would be left without a certificate
    done = run(left_over=[{"issuer": "GlobalSign*"}])
    assert done.returncode != 0
    assert "would leave old.example.com without" in done.stdout + done.stderr
    assert len(emulator.order("example.com")) == 2
    emulator.zones["example.com"].certificates[0]["hosts"] = ["shop.example.com"]
    assert changed(run(left_over=[{"issuer": "GlobalSign*"}])) == ["Remove what is left over"]
    assert changed(run(left_over=[{"issuer": "GlobalSign*"}])) == []
    assert [identifier for identifier, _number in emulator.order("example.com")] == [renewed[0]]
