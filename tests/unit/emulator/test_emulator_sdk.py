# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The official Python SDK, as an independent client, works with the emulator."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import cloudflare
import pytest
from cloudflare import Cloudflare

from emulator import Emulator, certificate, generate, make_pem, zone

ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
DOCUMENTED = {"5a7805061c76ada191ed06f989cc3dac": 2, "9a7806061c88ada191ed06f989cc3dac": 1}
IN_ORDER = [{"id": identifier, "priority": priority} for identifier, priority in DOCUMENTED.items()]
HELD = [certificate([f"{identifier[0]}.example.com"], id=identifier) for identifier in DOCUMENTED]

# The zone of the documented examples, and enough zones for several pages.
pytestmark = pytest.mark.emulator(
    zones=[
        zone("example.com", id=ZONE, certificates=HELD),
        zone("many.example", certificates=[certificate([f"{n}.many.example"], priority=n) for n in range(53)]),
        *generate(28),
    ]
)


@pytest.fixture
def sdk(emulator: Emulator) -> Iterator[Cloudflare]:
    """The SDK, pointed at the emulator."""
    with Cloudflare(api_token=emulator.token, base_url=emulator.url, max_retries=0) as client:
        yield client


def test_lists_over_pages_with_every_field(sdk: Cloudflare, emulator: Emulator) -> None:
    assert {item.name for item in sdk.zones.list()} == set(emulator.zones)
    # 30 zones at 20 a page, and the page that the SDK asks for until one comes back empty.
    assert len(emulator.requests) == 3
    for made in list(emulator.zones.values())[:12]:
        found = sdk.custom_certificates.list(zone_id=made.id, per_page=50)
        assert [item.to_dict(mode="json")["id"] for item in found] == [item["id"] for item in made.certificates]
    (one,) = sdk.zones.list(name="example.com")
    assert one == sdk.zones.get(zone_id=ZONE)


@pytest.mark.parametrize(("certificates", "priorities"), [([{}, {}], [0, 0]), (IN_ORDER, [2, 1])])
def test_documented_examples(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, certificates: t.Any, priorities: list[int]
) -> None:
    """The bodies of the SDK's documentation and of the API's reference, with credentials from the environment."""
    monkeypatch.setenv("CLOUDFLARE_EMAIL", emulator.email)
    monkeypatch.setenv("CLOUDFLARE_API_KEY", emulator.key)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", emulator.url)
    page = Cloudflare().custom_certificates.prioritize.update(zone_id=ZONE, certificates=certificates)
    assert [(item.id, item.priority) for item in page.result] == list(zip(DOCUMENTED, priorities, strict=True))
    assert not emulator.contract_violations


def test_uploads_renews_and_deletes(sdk: Cloudflare, emulator: Emulator) -> None:
    api, hosts = sdk.custom_certificates, ["new.example.com"]
    old, new = make_pem(hosts), make_pem(hosts, issuer="Sectigo", expires_on="2036-02-29T23:59:58Z")
    made = api.create(
        zone_id=ZONE, certificate=old.certificate, private_key=old.private_key, bundle_method="force", type="sni_custom"
    )
    assert made
    assert made.id
    assert (made.hosts, made.status) == (hosts, "pending")
    edited = api.edit(made.id, zone_id=ZONE, certificate=new.certificate, private_key=new.private_key)
    assert edited
    assert edited.id
    assert (edited.issuer, edited.bundle_method) == ("Sectigo", "ubiquitous")
    read = api.get(edited.id, zone_id=ZONE)
    assert read
    assert read.expires_on
    assert read.expires_on.isoformat() == "2036-02-29T23:59:58+00:00"
    gone = api.delete(edited.id, zone_id=ZONE)
    assert gone
    assert gone.id == edited.id
    with pytest.raises(cloudflare.NotFoundError) as refused:
        api.delete(edited.id, zone_id=ZONE)
    assert [error.code for error in refused.value.errors] == [1002]
    assert not emulator.contract_violations
