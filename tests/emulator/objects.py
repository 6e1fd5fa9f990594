# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects of an emulator: certificates, zones and tokens. Tests only set the fields that matter to them."""

# pylint: disable=redefined-builtin  # `id` and `type` are the service's own names

from __future__ import annotations

import copy
import dataclasses
import datetime
import hashlib
import typing as t
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence

from .behaviour import Behaviour
from .leaf import read_leaf
from .pem import Pem

JSONObject = dict[str, t.Any]

PERMISSIONS = ("zone:read", "ssl:read", "ssl:write", "mtls:read", "mtls:write")
PLANS = ("free", "pro", "business", "enterprise")
_UPLOAD = "_upload"


def moment(when: datetime.datetime) -> str:
    """Return a time in the API's format."""
    return when.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def now() -> str:
    """Return the current time in the API's format."""
    return moment(datetime.datetime.now(datetime.UTC))


def from_today(days: float) -> str:
    """Return the time this number of days after the last midnight. The string is the same all day."""
    midnight = datetime.datetime.now(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return moment(midnight + datetime.timedelta(days=days))


def object_id(*parts: object) -> str:
    """Return 32 hexadecimal digits, the same ones for the same parts."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]


def certificate_id(*parts: object) -> str:
    """Return a UUID, the same one for the same parts."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, "/".join(map(str, parts))))


def certificate(
    hosts: Sequence[str] = ("example.com", "www.example.com"), *, expires_in: float = 300, **fields: t.Any
) -> JSONObject:
    """Return a certificate as the API returns it. Fields that are None depend on the zone and on the place in its list.

    `expires_in` is in days from today, for tests that do not depend on the date. Other keywords are fields of the object.
    """
    return {
        "id": None,
        "type": "legacy_custom",
        "hosts": list(hosts),
        "issuer": "DigiCertInc",
        "signature": "SHA256WithRSA",
        "bundle_method": "ubiquitous",
        "zone_id": None,
        "uploaded_on": None,
        "modified_on": None,
        "expires_on": from_today(expires_in),
        "priority": 0,
        "status": "active",
        **fields,
    }


def uploaded(pem: Pem, **fields: t.Any) -> JSONObject:
    """Return an uploaded certificate of a zone. Its fields are read from the PEM, the others are as for `certificate`.

    The edge serves exactly this certificate.
    """
    leaf = read_leaf(pem.certificate)
    read = {"issuer": leaf.issuer(Behaviour()), "signature": leaf.signature, "expires_on": leaf.expires_on}
    return certificate(leaf.hosts, **{_UPLOAD: pem, **read, **fields})


@dataclasses.dataclass
class Stale:
    """An earlier state of the list, which a number of further reads still return."""

    reads: int
    certificates: list[JSONObject]


@dataclasses.dataclass
class Rollout:
    """A certificate that is not active yet, for this number of further reads.

    `before` is the certificate that visitors get until then, with its upload.
    """

    reads: int
    before: tuple[JSONObject, Pem | None] | None


@dataclasses.dataclass
class Zone:
    """A zone with its certificates. Both are the API's objects, and changes in them take effect at once.

    The API never returns `uploads` (by certificate id) and `csrs` (the private keys in PEM, by the id of their CSR).
    `quotas` are the maximum numbers of packs by type.
    """

    api: JSONObject
    certificates: list[JSONObject]
    stale: Stale | None = None
    uploads: dict[str, Pem] = dataclasses.field(default_factory=dict)
    rollouts: dict[str, Rollout] = dataclasses.field(default_factory=dict)
    csrs: dict[str, str] = dataclasses.field(default_factory=dict, repr=False)
    quotas: dict[str, int] = dataclasses.field(default_factory=lambda: {"legacy_custom": 1, "sni_custom": 5})
    uploaded: int = 0

    @property
    def id(self) -> str:
        return str(self.api["id"])

    @property
    def name(self) -> str:
        return str(self.api["name"])

    @property
    def plan(self) -> str:
        """The plan's `legacy_id`."""
        return str(self.api["plan"]["legacy_id"])

    @property
    def has_plan(self) -> bool:
        """Whether the plan includes custom certificates."""
        return self.plan not in {"free", "pro"}

    def add(self, item: JSONObject) -> None:
        """Add a certificate that was made with `certificate` or `uploaded`, and set its missing fields."""
        place = len(self.certificates)
        if any(item is other for other in self.certificates):
            # If an object is in the list several times, each one is a separate certificate.
            item = {**item, "id": None, "uploaded_on": None, "modified_on": None}
        if item["zone_id"] not in (None, self.id):
            item = {**item, "id": None}
        item["zone_id"] = self.id
        item["id"] = item["id"] or certificate_id(self.id, place)
        # Later places are uploaded later, so "oldest upload first" is the order of the test's list.
        item["uploaded_on"] = item["uploaded_on"] or from_today(-65 + place / 1440)
        item["modified_on"] = item["modified_on"] or item["uploaded_on"]
        if _UPLOAD in item:
            self.uploads[item["id"]] = item.pop(_UPLOAD)
        self.certificates.append(item)

    def remember(self, reads: int) -> None:
        """Let this number of reads of the list return its current state."""
        if reads:
            self.stale = Stale(reads, copy.deepcopy(self.certificates))

    def as_listed(self) -> list[JSONObject]:
        """Return the certificates for one read of the list, which may show an earlier state."""
        if self.stale is None:
            return self.certificates
        listed = self.stale.certificates
        self.stale.reads -= 1
        if self.stale.reads <= 0:
            self.stale = None
        return listed

    def new_id(self) -> str:
        """Return a new certificate id."""
        self.uploaded += 1
        return certificate_id(self.id, "upload", self.uploaded)

    def find(self, certificate_id: str) -> JSONObject | None:
        """Return the certificate with this id, or None if there is none or it is deleted."""
        for item in self.certificates:
            if item["id"] == certificate_id and item.get("status") != "deleted":
                return item
        return None


def zone(
    name: str,
    *,
    certificates: Iterable[JSONObject] = (),
    id: str | None = None,  # noqa: A002 - the service's own name for it
    account: str = "Example Account",
    plan: str = "business",
    status: str = "active",
    type: str = "full",  # noqa: A002 - the service's own name for it
    quota: int | str | None = None,
    csrs: Mapping[str, str] | None = None,
    **others: t.Any,
) -> Zone:
    """Return a zone with these certificates. It sets their missing fields: `id`, `zone_id` and the dates.

    Ids depend on the names of the account and the zone and on the place of the certificate, so they are the same in every run.
    `quota` is the number in the zone's object. `csrs` are private keys in PEM, by the id of their CSR.
    """
    if plan not in PLANS:
        raise ValueError(f"plan must be one of {', '.join(PLANS)}, not {plan!r}")
    api: JSONObject = {
        "id": id or object_id("zone", account, name),
        "name": name,
        "status": status,
        "paused": False,
        "type": type,
        "development_mode": 0,
        "name_servers": ["ada.ns.example.com", "bob.ns.example.com"],
        "original_name_servers": ["ns1.example.net", "ns2.example.net"],
        "original_registrar": None,
        "original_dnshost": None,
        "modified_on": from_today(-30),
        "created_on": from_today(-400),
        "activated_on": from_today(-399) if status == "active" else None,
        "meta": {"custom_certificate_quota": int(plan in {"business", "enterprise"}) if quota is None else quota},
        "owner": {"id": None, "type": "user", "name": None},
        "account": {"id": object_id("account", account), "name": account},
        "permissions": ["#ssl:edit", "#ssl:read", "#zone:read"],
        "plan": {"id": object_id("plan", plan), "name": f"{plan.title()} Plan", "legacy_id": plan},
        **others,
    }
    made = Zone(api, [], csrs=dict(csrs or {}))
    for item in certificates:
        made.add(item)
    return made


@dataclasses.dataclass(frozen=True)
class Token:
    """Credentials: a token, or the `email` and `key` of the same user. All tokens of a `user` share one throttle.

    `permissions` are from `PERMISSIONS`, `zones` are names or ids, or None for all zones.
    """

    name: str = "default"
    user: str = "user-1"
    permissions: Collection[str] = ("zone:read", "ssl:write")
    zones: Collection[str] | None = None
    email: str | None = None
    value: str = ""

    def __post_init__(self) -> None:
        unknown = set(self.permissions) - set(PERMISSIONS)
        if unknown:
            raise ValueError(f"permissions must be some of {', '.join(PERMISSIONS)}, not {', '.join(sorted(unknown))}")
        object.__setattr__(self, "value", self.value or f"cfut_{self.key}")

    @property
    def key(self) -> str:
        """The Global API Key of the user."""
        return hashlib.sha256(f"token/{self.name}".encode()).hexdigest()[:37]

    def sees(self, zone: Zone) -> bool:
        """Return whether the credentials have access to a zone."""
        return self.zones is None or zone.id in self.zones or zone.name in self.zones


def token(name: str = "default", **fields: t.Any) -> Token:
    """Return credentials."""
    return Token(name, **fields)


def demo_zone() -> Zone:
    """Return example.com with four certificates: two of different CAs with overlapping hosts, a wildcard, and one that expires soon."""
    return zone(
        "example.com",
        certificates=[
            certificate(("example.com", "www.example.com", "shop.example.com"), issuer="DigiCertInc", priority=10),
            certificate(("example.com", "www.example.com", "api.example.com"), issuer="GlobalSignnvsa", priority=20),
            certificate(("*.example.com",), issuer="LetsEncrypt", signature="ECDSAWithSHA384", priority=5),
            certificate(("shop.example.com",), issuer="LetsEncrypt", type="sni_custom", expires_in=12),
        ],
    )
