# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting and stopping, the throttle, and generated zones. How to run it from a shell is in `tests/integration/targets/`."""

from __future__ import annotations

import types

import pytest
import requests
import yaml

from emulator import Emulator, Fault, Throttle, forbidden, generate, throttle, token
from emulator.contract import PATH
from emulator.fixture import StartEmulator
from unit.emulator.client import Client, outcome


def test_start_and_stop() -> None:
    running = Emulator()
    running.stop()
    running.fault(Fault("html"))
    with running:
        port, before = running.port, running.dump()
        client = Client(running)
        assert [client.get("/zones").status_code for _turn in range(2)] == [502, 200]
        with pytest.raises(RuntimeError, match="running already"):
            running.start()
    with pytest.raises(requests.ConnectionError):
        client.get("/zones")
    with running:
        client.delete(client.path(certificate_id=client.certificates()[0]["id"]))
        assert running.port == port and running.dump() != before
        running.reset()
        assert running.requests == [] and running.dump() == before


def test_requests_over_the_limit_get_a_ban(start_emulator: StartEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window slides, and all tokens of a user count together."""
    now = 1000.0
    monkeypatch.setattr(throttle, "time", types.SimpleNamespace(monotonic=lambda: now))
    running = start_emulator(
        throttle=Throttle(limit=3, window=10, ban=20), tokens=[token("second"), token("stranger", user="user-2")]
    )
    first, second, stranger = (
        Client(running, running.tokens[name].value) for name in ("default", "second", "stranger")
    )
    for client in (first, second) * 3:
        assert outcome(client.get("/zones")) == "200"
        now += 5
    running.outsider(1)
    assert [outcome(client.get("/zones")) for client in (first, second)] == ["200", "429 971"]
    now += 18.5
    banned = first.get("/zones")
    assert (outcome(banned), banned.headers["Retry-After"]) == ("429 971", "2")
    assert outcome(stranger.get("/zones")) == "200"
    assert running.refused == 2
    now += 1.5
    assert [outcome(first.get("/zones")) for _request in range(4)] == ["200"] * 3 + ["429 971"]
    running.reset()
    assert (outcome(first.get("/zones")), running.refused) == ("200", 0)


@pytest.mark.parametrize("size", [10, 64])
def test_generated_zones_have_everything_that_there_is(size: int) -> None:
    zones, again = (generate(size, seed=size, out_of_order=3) for _turn in range(2))
    assert [(zone.api, zone.certificates) for zone in zones] == [(zone.api, zone.certificates) for zone in again]
    items = [item for zone in zones for item in zone.certificates]
    schemas = yaml.safe_load(PATH.read_text(encoding="utf-8"))["components"]["schemas"]
    servers = [item["keyless_server"] for item in items if "keyless_server" in item]
    assert set(schemas["certificate"]["properties"]) == set().union(*items)
    assert set(schemas["keyless_server"]["properties"]) == set().union(*servers)
    assert {zone.plan for zone in zones} == {"business", "enterprise", "free"}
    assert {type(zone.api["meta"]["custom_certificate_quota"]) for zone in zones} == {int, str}
    assert any(item["priority"] is None for item in items)
    assert not any(forbidden(zone) for zone in zones)
    ranked = [sorted(zone.certificates, key=lambda item: -(item["priority"] or 0))[:2] for zone in zones]
    firsts = [one["issuer"] for one, _other in filter(None, ranked)]
    assert (firsts.count("GlobalSignnvsa"), set(firsts)) == (3, {"DigiCertInc", "GlobalSignnvsa"})
    # A client that takes the order of uploads for the priority is noticed.
    assert any(one["uploaded_on"] > other["uploaded_on"] for one, other in filter(None, ranked))
