# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The official Python SDK, as an independent client, works with the emulator."""

from __future__ import annotations

from collections.abc import Iterator

import cloudflare
import pytest
from cloudflare import Cloudflare
from cloudflare.types.custom_certificates.prioritize_update_params import Certificate

from emulator import UPLOAD_SWITCHES, Emulator, Fault, certificate, generate, make_pem, token, zone
from emulator.fixture import StartEmulator

DOCUMENTED_ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
DOCUMENTED = {"5a7805061c76ada191ed06f989cc3dac": 2, "9a7806061c88ada191ed06f989cc3dac": 1}


@pytest.fixture
def fleet(start_emulator: StartEmulator) -> Emulator:
    """Enough zones and certificates for several pages of each, and the zone of the documented example."""
    many = zone("many.example", certificates=[certificate([f"{n}.many.example"], priority=n) for n in range(53)])
    documented = zone(
        "example.com",
        id=DOCUMENTED_ZONE,
        certificates=[certificate([f"{name[0]}.example.com"], id=name) for name in reversed(DOCUMENTED)],
    )
    return start_emulator(zones=[*generate(45), many, documented], tokens=[token("nothing", permissions=[])])


@pytest.fixture
def sdk(fleet: Emulator) -> Iterator[Cloudflare]:
    """The SDK with a token, pointed at the emulator."""
    with Cloudflare(api_token=fleet.token, base_url=fleet.url, max_retries=0) as client:
        yield client


def test_lists_zones_over_pages(sdk: Cloudflare, fleet: Emulator) -> None:
    names = {item.name for item in sdk.zones.list()}
    assert names == set(fleet.zones)
    # 47 zones at 20 a page, and the page that the SDK asks for until one comes back empty.
    assert fleet.counts() == {("GET", None): 4}
    (found,) = sdk.zones.list(name="example.com", account={"name": "contains:example"}, status="active")
    assert found.id == DOCUMENTED_ZONE
    assert found.meta.custom_certificate_quota is not None
    one = sdk.zones.get(zone_id=DOCUMENTED_ZONE)
    assert one is not None and one.name == "example.com"


def test_lists_certificates_over_pages(sdk: Cloudflare, fleet: Emulator) -> None:
    made = fleet.zones["many.example"]
    for size, requests in ((20, 4), (50, 3)):
        fleet.clear()
        pages = sdk.custom_certificates.list(zone_id=made.id, per_page=size)
        assert [item.id for item in pages] == [item["id"] for item in made.certificates]
        assert len(fleet.requests) == requests


def test_reads_every_field(sdk: Cloudflare, fleet: Emulator) -> None:
    # From the tenth zone on no field is new.
    for made in list(fleet.zones.values())[:10]:
        for item in sdk.custom_certificates.list(zone_id=made.id, per_page=50):
            stored = next(one for one in made.certificates if one["id"] == item.id)
            assert item.issuer == stored["issuer"]
            assert item.expires_on is not None
            if item.keyless_server is not None:
                assert item.keyless_server.tunnel is not None
    assert not [broken for broken in fleet.contract_violations if broken.side == "response"]


def test_prioritizes(sdk: Cloudflare, fleet: Emulator) -> None:
    made = fleet.zones["many.example"]
    ids = [item["id"] for item in made.certificates]
    wishes: list[Certificate] = [
        {"id": name, "priority": 100 + number} for number, name in enumerate(reversed(ids[:3]))
    ]
    page = sdk.custom_certificates.prioritize.update(zone_id=made.id, certificates=wishes)
    assert len(page.result) == 53
    assert fleet.order(made.id)[:3] == [(ids[0], 102), (ids[1], 101), (ids[2], 100)]
    assert fleet.writes(made.id) == 1


def test_documented_example(fleet: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call as the SDK's own documentation and tests have it, with credentials from the environment."""
    monkeypatch.setenv("CLOUDFLARE_EMAIL", fleet.email)
    monkeypatch.setenv("CLOUDFLARE_API_KEY", fleet.key)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", fleet.url)
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    before = fleet.order("example.com")

    client = Cloudflare()
    page = client.custom_certificates.prioritize.update(
        zone_id="023e105f4ecef8ad9ca31a8372d0c353",
        certificates=[{}, {}],
    )
    assert page.result[0].id in DOCUMENTED

    assert fleet.order("example.com") == before
    assert fleet.requests[-1].json == {"certificates": [{}, {}]}
    assert not fleet.contract_violations


def test_documented_body(sdk: Cloudflare, fleet: Emulator) -> None:
    """The body that the API's reference shows: two ids of the old form, numbers 2 and 1."""
    sdk.custom_certificates.prioritize.update(
        zone_id="023e105f4ecef8ad9ca31a8372d0c353",
        certificates=[
            {"id": "5a7805061c76ada191ed06f989cc3dac", "priority": 2},
            {"id": "9a7806061c88ada191ed06f989cc3dac", "priority": 1},
        ],
    )
    assert fleet.order("example.com") == list(DOCUMENTED.items())


def test_errors_arrive_as_its_own(sdk: Cloudflare, fleet: Emulator) -> None:
    with pytest.raises(cloudflare.BadRequestError) as refused:
        sdk.custom_certificates.prioritize.update(zone_id=DOCUMENTED_ZONE, certificates=[{"id": "x", "priority": 1}])
    assert [error.code for error in refused.value.errors] == [1002]
    with pytest.raises(cloudflare.PermissionDeniedError):
        list(sdk.with_options(api_token=fleet.tokens["nothing"].value).zones.list())
    fleet.ban(30)
    with pytest.raises(cloudflare.RateLimitError):
        list(sdk.zones.list())
    fleet.ban(0)
    fleet.fault(Fault("html", status=523))
    with pytest.raises(cloudflare.InternalServerError):
        list(sdk.zones.list())


def test_uploads_renews_and_deletes(sdk: Cloudflare, fleet: Emulator) -> None:
    """create, get, edit and delete with every argument that they have."""
    api, pem = sdk.custom_certificates, make_pem(["new.example.com"])
    fleet.zones["example.com"].csrs["7b163417"] = pem.private_key
    created = api.create(
        zone_id=DOCUMENTED_ZONE,
        certificate=pem.certificate,
        private_key=pem.private_key,
        bundle_method="force",
        custom_csr_id="7b163417",
        geo_restrictions={"label": "us"},
        type="sni_custom",
    )
    assert created is not None and created.id is not None
    assert created.hosts == ["new.example.com"]
    assert created.status == "pending"
    assert created.geo_restrictions is not None and created.geo_restrictions.label == "us"
    renewal = make_pem(["new.example.com"], issuer="Sectigo", expires_on="2036-02-29T23:59:58Z")
    edited = api.edit(
        created.id,
        zone_id=DOCUMENTED_ZONE,
        certificate=renewal.certificate,
        private_key=renewal.private_key,
        bundle_method="optimal",
        policy="(country: US)",
    )
    assert edited is not None and edited.id is not None
    assert (edited.issuer, edited.bundle_method, edited.policy_restrictions) == ("Sectigo", "optimal", "(country: US)")
    read = api.get(edited.id, zone_id=DOCUMENTED_ZONE)
    assert read is not None and read.expires_on is not None
    assert read.expires_on.isoformat() == "2036-02-29T23:59:58+00:00"
    gone = api.delete(edited.id, zone_id=DOCUMENTED_ZONE)
    assert gone is not None and gone.id == edited.id
    with pytest.raises(cloudflare.NotFoundError):
        api.delete(edited.id, zone_id=DOCUMENTED_ZONE)
    assert not fleet.contract_violations


@pytest.mark.parametrize("extra", [{"priority": 3}, {"policy_restrictions": "(region: EU)"}, {"wait": True}])
def test_fields_that_its_types_do_not_have(sdk: Cloudflare, fleet: Emulator, extra: dict[str, object]) -> None:
    api, pem = sdk.custom_certificates, make_pem(["new.example.com"])
    key, zone_id = pem.private_key, DOCUMENTED_ZONE
    with pytest.raises(cloudflare.BadRequestError) as refused:
        api.create(zone_id=zone_id, certificate=pem.certificate, private_key=key, extra_body=extra)
    assert [error.code for error in refused.value.errors] == [2001]
    made = api.create(zone_id=zone_id, certificate=pem.certificate, private_key=key, type="sni_custom")
    assert made is not None and made.id is not None
    for more in (extra, {"type": "legacy_custom"}):
        with pytest.raises(cloudflare.BadRequestError):
            api.edit(made.id, zone_id=zone_id, bundle_method="force", extra_body=more)


@pytest.mark.parametrize(
    ("switch", "value"), [(switch, value) for switch, values in UPLOAD_SWITCHES.items() for value in values[1:]]
)
def test_renews_under_other_behaviour(sdk: Cloudflare, fleet: Emulator, switch: str, value: object) -> None:
    fleet.behave(**{switch: value})
    api, old, new = sdk.custom_certificates, make_pem(["new.example.com"]), make_pem(["new.example.com"])
    created = api.create(
        zone_id=DOCUMENTED_ZONE, certificate=old.certificate, private_key=old.private_key, type="sni_custom"
    )
    assert created is not None and created.id is not None
    edited = api.edit(created.id, zone_id=DOCUMENTED_ZONE, certificate=new.certificate, private_key=new.private_key)
    assert edited is not None
    living = [item.id for item in api.list(zone_id=DOCUMENTED_ZONE) if item.status != "deleted"]
    assert edited.id in living and len(living) == len(DOCUMENTED) + 1


@pytest.mark.parametrize("value", ["all", "listed", "empty"])
def test_under_other_behaviour(sdk: Cloudflare, fleet: Emulator, value: str) -> None:
    fleet.behave(put_result=value, put_result_info="absent", list_result_info="absent")
    first = next(iter(DOCUMENTED))
    page = sdk.custom_certificates.prioritize.update(
        zone_id=DOCUMENTED_ZONE, certificates=[{"id": first, "priority": 9}]
    )
    assert len(page.result) == {"all": 2, "listed": 1, "empty": 0}[value]
    assert fleet.order(DOCUMENTED_ZONE)[0] == (first, 9)
