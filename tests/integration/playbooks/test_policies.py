# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people want to say with an order, and that it goes on being true when certificates are renewed."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_runs import ROOT

from emulator import Emulator, Zone, certificate, zone
from integration.playbooks import zones
from integration.playbooks.playing import PRIORITY, Player, ids_of, numbers_of, priority

POLICIES = ROOT / "examples" / "policies"
ISSUERS = [{"issuer": "DigiCert*"}, {"issuer": "GlobalSign*"}]


def successors(**first: t.Any) -> Zone:
    """Certificates of DigiCertInc, GlobalSign and Sectigo that all compete, lowest in the order of a policy on top."""
    return zone(
        "example.com",
        certificates=[
            certificate(["example.com", "a.example.com"], issuer="Sectigo", priority=9, expires_in=100),
            certificate(["example.com", "b.example.com"], issuer="GlobalSignnvsa", priority=8, expires_in=200),
            certificate(
                ["example.com", "c.example.com"], **{"issuer": "DigiCertInc", "priority": 7, "expires_in": 300, **first}
            ),
        ],
    )


EXPIRED = {"status": "expired", "expires_in": -3, "priority": 10}

# A playbook, the zone that it works on, and the issuers from the highest number to the lowest afterwards.
CASES: dict[str, tuple[str, Zone, list[str]]] = {
    "one authority": ("one_ca_first.yml", successors(), ["DigiCertInc", "GlobalSignnvsa", "Sectigo"]),
    "newest": ("newest_first.yml", successors(), ["DigiCertInc", "GlobalSignnvsa", "Sectigo"]),
    "valid": ("never_expired.yml", successors(), ["DigiCertInc", "GlobalSignnvsa", "Sectigo"]),
    "expired": ("never_expired.yml", successors(**EXPIRED), ["GlobalSignnvsa", "Sectigo", "DigiCertInc"]),
    "one host": ("one_host.yml", zones.shop(), ["LetsEncrypt", "DigiCertInc", "Sectigo", "GlobalSignnvsa", "Entrust"]),
}


@pytest.mark.parametrize(("playbook", "content", "order"), CASES.values(), ids=CASES.keys())
def test_policies_settle_after_one_run(
    play: Player, start_emulator: t.Callable[..., Emulator], playbook: str, content: Zone, order: list[str]
) -> None:
    emulator = start_emulator(zones=[content])
    # One play after the other in one run.
    played = play(POLICIES / playbook, emulator=emulator, arguments=[str(POLICIES / playbook)])
    assert played.returncode == 0, played.stdout
    assert [done.result["changed"] for done in played.done] == [True, False]
    stored = {issuer: number or 0 for issuer, number in numbers_of(emulator).items()}
    assert sorted(stored, key=lambda issuer: -stored[issuer]) == order
    assert [warning for done in played.done for warning in done.warnings] == []


@pytest.mark.emulator(zones=[zones.two_teams()])
def test_a_loop_over_hosts_settles_after_one_run(play: Player, emulator: Emulator) -> None:
    path = POLICIES / "several_hosts.yml"
    before = dict(emulator.order("example.com"))
    played = play(path, emulator=emulator, arguments=[str(path)])
    first, second = played.done
    assert [item["changed"] for item in first.result["results"]] == [True, True]
    assert [item["changed"] for item in second.result["results"]] == [False, False]
    stored = dict(emulator.order("example.com"))
    shop_global, shop_digi, api_digi, api_global, blog = (
        item["id"] for item in emulator.zones["example.com"].certificates
    )
    assert stored[shop_digi] > stored[shop_global] and stored[api_global] > stored[api_digi]
    # No number was taken from those that the loop is not about.
    assert stored[blog] == before[blog] == 90


@pytest.mark.emulator(zones=[zones.two_teams()])
def test_two_teams_in_one_zone_settle_after_one_run_each(play: Player, emulator: Emulator) -> None:
    blog = emulator.zones["example.com"].certificates[4]["id"]
    shop = [{"host": "shop.example.com", "issuer": "DigiCert*"}, {"host": "shop.example.com"}]
    api = [{"host": "api.example.com", "issuer": "GlobalSign*"}]
    names = ["shop", "api", "shop again", "api again"]
    played = play([priority(name, shop if name.startswith("shop") else api) for name in names], emulator=emulator)
    assert [played[name].result["changed"] for name in names] == [True, True, False, False]
    assert dict(emulator.order("example.com"))[blog] == 90
    put = {
        item["id"] for request in emulator.requests if request.method == "PUT" for item in request.json["certificates"]
    }
    assert blog not in put


@pytest.mark.emulator(zones=[zones.shop()])
@pytest.mark.parametrize("deleted", ["removed", "lingers"])
def test_the_same_task_keeps_the_order_when_certificates_are_renewed(
    play: Player, emulator: Emulator, deleted: str
) -> None:
    """Between two runs, and between the reading and the writing of one."""
    emulator.behave(deleted=deleted)
    zone_id = emulator.zones["example.com"].id

    def assert_in_order() -> None:
        living = [item for item in emulator.zones["example.com"].certificates if item["status"] != "deleted"]
        numbers = {item["issuer"]: item["priority"] for item in living}
        assert len(living) == 5 and numbers["DigiCertInc"] > max(numbers["GlobalSignnvsa"], numbers["Sectigo"])

    task = priority("run", ISSUERS, zone_id=zone_id)
    assert play([task], emulator=emulator)["run"].result["changed"]
    old = ids_of(emulator)["DigiCertInc"]
    new = emulator.renew("example.com", old)
    emulator.set_priority("example.com", new, 1)
    run = play([task], emulator=emulator)["run"]
    assert [move["id"] for move in run.result["reprioritized"]] == [new]
    assert_in_order()

    emulator.set_priority("example.com", new, 1)
    newer: list[str] = []
    emulator.before("PUT", "*", lambda emulator: newer.append(emulator.renew("example.com", new)))
    run = play([task], emulator=emulator)["run"]
    assert run.methods(emulator) == ["GET", "PUT", "GET", "PUT"]
    assert run.result["changed"] and [move["id"] for move in run.result["reprioritized"]] == newer
    assert_in_order()

    # Whoever names an id has to be told.
    emulator.set_priority("example.com", newer[0], 1)
    emulator.before("PUT", "*", lambda emulator: emulator.renew("example.com", newer[0]))
    by_id = priority("run", [{"id": newer[0]}, {"issuer": "GlobalSign*"}], zone_id=zone_id)
    run = play([by_id], emulator=emulator)["run"]
    assert run.status == "failed" and run.methods(emulator) == ["GET", "PUT"]
    assert "1002" in run.result["msg"] and "select by 'host' or 'issuer'" in run.result["msg"]


WARNINGS: dict[str, tuple[list[dict[str, t.Any]], list[dict[str, t.Any]], str]] = {
    # The certificates of the zone, the list, a text of the warning
    "expired": (
        [
            certificate(["a.example", "b.example"], issuer="A", status="expired", expires_in=-2),
            certificate(["a.example"], issuer="B"),
        ],
        [{"issuer": "A"}, {"issuer": "B"}],
        "expired or not active first for 1 contested name: a.example gets",
    ),
    "kinds": (
        [
            certificate(["a.example"], issuer="A", type="sni_custom"),
            certificate(["a.example", "b.example"], issuer="B"),
        ],
        [{"issuer": "A"}, {"issuer": "B"}],
        "a legacy_custom certificate before an sni_custom one, whatever the priority. That overrules the list in 1 place",
    ),
    "keyless": (
        [
            certificate(["a.example"], issuer="A"),
            certificate(
                ["a.example", "b.example"],
                issuer="B",
                keyless_server={
                    "id": "0" * 32,
                    "name": "keys",
                    "host": "keys.example.com",
                    "port": 24008,
                    "status": "active",
                    "enabled": True,
                    "permissions": [],
                    "created_on": "2026-01-01T00:00:00Z",
                    "modified_on": "2026-01-01T00:00:00Z",
                },
            ),
        ],
        [{"issuer": "A"}, {"issuer": "B"}],
        "a keyless certificate before all others, whatever the priority. That overrules the list in 1 place",
    ),
    "nothing": (
        [certificate(["a.example"], issuer="A"), certificate(["a.example", "b.example"], issuer="B")],
        [{"issuer": "C"}],
        "though it has 1 contested name, such as a.example: nothing was decided",
    ),
}


def test_warnings_of_what_the_list_decides_wrongly(play: Player, start_emulator: t.Callable[..., Emulator]) -> None:
    made = [zone(f"{name}.example.com", certificates=content) for name, (content, _list, _text) in WARNINGS.items()]
    emulator = start_emulator(zones=made)
    tasks = [
        priority(f"{name}{step}", entries, zone=f"{name}.example.com", missing="ignore", check=step == " check")
        for name, (_content, entries, _text) in WARNINGS.items()
        for step in (" check", "")
    ]
    played = play(tasks, emulator=emulator)
    for name, (_content, _entries, text) in WARNINGS.items():
        for step in (" check", ""):
            (warning,) = played[f"{name}{step}"].warnings
            assert text in warning
        assert text[:30] in played.stderr.replace("\n", " ")


def test_a_host_is_what_cloudflare_would_choose_from(play: Player, start_emulator: t.Callable[..., Emulator]) -> None:
    """Exact holders; where there are none, a wildcard that covers it; upper case and umlauts are names, too."""
    content = zone(
        "example.com",
        certificates=[
            certificate(["*.example.com"], issuer="Wild", priority=3),
            certificate(["WWW.example.com", "xn--bcher-kva.example.com"], issuer="Exact", priority=2),
            certificate(["xn--bcher-kva.example.com"], issuer="Books", priority=1),
        ],
    )
    emulator = start_emulator(zones=[content])
    hosts = ["www.Example.com", "Bücher.example.com", "other.example.com", "*.example.com"]
    tasks = [
        {"name": host, PRIORITY: {"zone": "example.com", "certificates": [{"host": host}]}, "check_mode": True}
        for host in [*hosts, "a.b.example.com"]
    ]
    tasks[-1]["ignore_errors"] = True
    played = play(tasks, emulator=emulator)
    ids = ids_of(emulator)
    listed = [{item["id"] for item in played[host].result["restore"]} for host in hosts]
    assert listed == [{ids["Exact"]}, {ids["Exact"], ids["Books"]}, {ids["Wild"]}, {ids["Wild"]}]
    assert "host: a.b.example.com" in played["a.b.example.com"].result["msg"]


def test_policies_are_all_here() -> None:
    named = {playbook for playbook, _zone, _order in CASES.values()} | {"several_hosts.yml"}
    assert {path.name for path in Path(POLICIES).iterdir()} == named
