# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""POST, PATCH and DELETE of a certificate: validates the body, checks it against the zone, and changes the zone."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import json
import time
import typing as t
from collections.abc import Iterable

from . import envelope, packs
from .behaviour import Behaviour
from .envelope import Refusal
from .leaf import BadKey, InvalidPEM, Leaf, NoLeaf, fits, read_key, read_leaf
from .objects import JSONObject, Rollout, Upload, Zone, now
from .state import take_away

_DAYS_LEFT = 14
_PATCH_FIELDS = {
    "certificate": str,
    "private_key": str,
    "bundle_method": ("ubiquitous", "optimal", "force"),
    "custom_csr_id": str,
    "deploy": ("staging", "production"),
    "geo_restrictions": dict,
    "policy": str,
}
_POST_FIELDS = {**_PATCH_FIELDS, "type": ("legacy_custom", "sni_custom")}


@dataclasses.dataclass(frozen=True)
class _Sent:
    """A valid certificate with its key, parsed."""

    leaf: Leaf
    upload: Upload


def create(zone: Zone, body: bytes, behaviour: Behaviour) -> JSONObject:
    """Return the certificate that a POST adds."""
    asked = _asked(body, _POST_FIELDS)
    if "certificate" in asked and not zone.has_plan:
        raise envelope.plan_refuses(behaviour)
    sent = _read(zone, asked, None)
    if "certificate" not in asked or sent is None:
        raise envelope.invalid_parameters("/certificate")
    method = asked.get("bundle_method", "ubiquitous")
    item = _item(zone, sent.leaf, behaviour)
    item.update(
        type=asked.get("type", "legacy_custom"),
        bundle_method=method,
        uploaded_on=item["modified_on"],
        priority=behaviour.upload_priority,
        **_extras(asked),
    )
    _hold_against_zone(zone, sent, item, behaviour, renewed=None)
    zone.remember(behaviour.stale_reads)
    zone.certificates.append(item)
    zone.uploads[item["id"]] = sent.upload
    _roll_out(zone, item, None, behaviour)
    return item


def edit(zone: Zone, identifier: str, body: bytes, behaviour: Behaviour) -> JSONObject:
    """Return the certificate after a PATCH, or its replacement."""
    asked = _asked(body, _PATCH_FIELDS)
    old = zone.find(identifier) if zone.has_plan else None
    if old is None:
        raise envelope.unknown_certificate(behaviour)
    sent = _read(zone, asked, zone.uploads.get(identifier))
    new = copy.deepcopy(old)
    if sent is not None:
        new.update(sent.leaf.fields(behaviour), hosts=_hosts(zone, sent.leaf, behaviour))
    new.update(bundle_method=asked.get("bundle_method", "ubiquitous"), modified_on=now(), **_extras(asked))
    if sent is not None:
        _hold_against_zone(zone, sent, new, behaviour, renewed=old)
    if behaviour.patch_priority == "reset":
        new["priority"] = behaviour.upload_priority
    zone.remember(behaviour.stale_reads)
    rollout, upload = zone.rollouts.get(identifier), zone.uploads.get(identifier)
    # If the old one was not active yet, its predecessor is still served.
    before = rollout.before if rollout is not None else (copy.deepcopy(old), upload)
    if behaviour.patch_id == "new":
        new.update(id=zone.new_id(), uploaded_on=new["modified_on"])
        take_away(zone, old, behaviour)
        zone.certificates.append(new)
    else:
        old.clear()
        old.update(new)
        new = old
    kept = sent.upload if sent is not None else upload
    if kept is not None:
        zone.uploads[new["id"]] = kept
    _roll_out(zone, new, before, behaviour)
    return new


def delete(zone: Zone, identifier: str, behaviour: Behaviour) -> JSONObject:
    """Delete a certificate, and return the result of the response."""
    found = zone.find(identifier) if zone.has_plan else None
    if found is None:
        raise envelope.unknown_certificate(behaviour.but(unknown_id=behaviour.delete_unknown))
    others = packs.others_of(found, zone.certificates)
    if others and min([found, *others], key=lambda item: (item["uploaded_on"], item["id"])) is found:
        raise Refusal(400, 1305, "Delete the other certificates of the pack first.")
    zone.remember(behaviour.stale_reads)
    take_away(zone, found, behaviour)
    return {"id": identifier}


def settle(zone: Zone) -> None:
    """Activate the certificates whose delay has ended."""
    moment = time.monotonic()
    for identifier, rollout in list(zone.rollouts.items()):
        found = zone.find(identifier)
        if found is not None and rollout.reads <= 0 and moment >= rollout.until:
            found.update(status="active", modified_on=now())
            del zone.rollouts[identifier]


def seen(zone: Zone, items: Iterable[JSONObject]) -> None:
    """Count a response with these certificates. After a number of responses, they become active or are removed."""
    for item in items:
        identifier = item["id"]
        if identifier in zone.rollouts:
            zone.rollouts[identifier].reads -= 1
        if identifier in zone.lingering:
            zone.lingering[identifier] -= 1
            if zone.lingering[identifier] <= 0:
                del zone.lingering[identifier]
                zone.certificates[:] = [one for one in zone.certificates if one["id"] != identifier]


def _asked(body: bytes, fields: dict[str, t.Any]) -> JSONObject:
    try:
        data = json.loads(body)
    except ValueError:
        raise envelope.unreadable_body() from None
    if not isinstance(data, dict):
        raise envelope.invalid_parameters()
    for name, value in data.items():
        kind = fields.get(name)
        if kind is None or not (value in kind if isinstance(kind, tuple) else isinstance(value, kind)):
            raise envelope.invalid_parameters(f"/{name}")
    # The emulator's accounts may not set `deploy`. `geo_restrictions` and `policy` are mutually exclusive.
    for refused in ({"deploy"}, {"geo_restrictions", "policy"}):
        if refused <= data.keys():
            raise envelope.invalid_parameters(f"/{min(refused)}")
    if "geo_restrictions" in data and data["geo_restrictions"].get("label") not in {"us", "eu", "highest_security"}:
        raise envelope.invalid_parameters("/geo_restrictions/label")
    return data


def _read(zone: Zone, asked: JSONObject, known: Upload | None) -> _Sent | None:
    """Return the certificate with its key after the request, or None if the request has neither."""
    if not asked.keys() & {"certificate", "private_key", "custom_csr_id"}:
        return None
    text = asked.get("certificate", known.certificate if known else None)
    if text is None:
        # The certificate was not uploaded, so there is no PEM to compare the key with.
        return None
    try:
        leaf = read_leaf(text)
    except InvalidPEM:
        raise Refusal(400, 1002, "Invalid certificate.", pointer="/certificate") from None
    except NoLeaf:
        raise Refusal(400, 2101, "The certificate chain has no leaf certificate.", pointer="/certificate") from None
    key_text = _key_text(zone, asked, known)
    try:
        key = read_key(key_text)
    except BadKey:
        raise Refusal(400, 2106, "The private key is invalid.", pointer="/private_key") from None
    if not fits(leaf, key):
        raise Refusal(400, 2200, "The private key does not match the certificate.", pointer="/private_key")
    return _Sent(leaf, Upload(text, key_text))


def _key_text(zone: Zone, asked: JSONObject, known: Upload | None) -> str:
    if "custom_csr_id" in asked and asked["custom_csr_id"] not in zone.csrs:
        raise envelope.invalid_parameters("/custom_csr_id")
    if "private_key" in asked:
        return str(asked["private_key"])
    if "custom_csr_id" in asked:
        return zone.csrs[asked["custom_csr_id"]]
    if known is None:
        raise envelope.invalid_parameters("/private_key")
    return known.private_key


def _extras(asked: JSONObject) -> JSONObject:
    extras: JSONObject = {}
    if "custom_csr_id" in asked:
        extras["custom_csr_id"] = asked["custom_csr_id"]
    if "geo_restrictions" in asked:
        extras["geo_restrictions"] = {"label": asked["geo_restrictions"]["label"]}
    if "policy" in asked:
        extras.update(geo_restrictions={"label": "custom"}, policy_restrictions=asked["policy"])
    return extras


def _item(zone: Zone, leaf: Leaf, behaviour: Behaviour) -> JSONObject:
    """Return the object, with its keys in the order of real responses."""
    fields = leaf.fields(behaviour)
    return {
        "id": zone.new_id(),
        "type": None,
        "hosts": _hosts(zone, leaf, behaviour),
        "issuer": fields["issuer"],
        "signature": fields["signature"],
        "bundle_method": None,
        "zone_id": zone.id,
        "uploaded_on": None,
        "modified_on": now(),
        "expires_on": fields["expires_on"],
        "priority": None,
        "status": "pending",
    }


def _hosts(zone: Zone, leaf: Leaf, behaviour: Behaviour) -> list[str]:
    own = [host for host in leaf.hosts if f".{host.lower()}".endswith(f".{zone.name.lower()}")]
    if not own:
        raise Refusal(400, 2103, "The certificate has no host name of the zone.", pointer="/certificate")
    return own if behaviour.foreign_hosts == "left_out" else leaf.hosts


def _hold_against_zone(
    zone: Zone, sent: _Sent, item: JSONObject, behaviour: Behaviour, *, renewed: JSONObject | None
) -> None:
    """Refuse a certificate that the zone does not accept, or has already."""
    left = sent.leaf.certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    if left < datetime.timedelta(days=_DAYS_LEFT):
        raise Refusal(400, 1206, "The certificate expires too soon.", pointer="/certificate")
    if item["bundle_method"] != "force" and behaviour.private_ca == "refused" and not sent.leaf.is_public:
        raise Refusal(400, 2100, "The certificate cannot be bundled: its CA is not trusted.", pointer="/certificate")
    if _is_submitted_already(zone, sent, item, renewed):
        if behaviour.duplicate == "refused":
            raise Refusal(400, 1220, "The certificate was submitted already.", pointer="/certificate")
    elif any(
        packs.family(other["signature"]) == packs.family(item["signature"])
        for other in packs.others_of(item, zone.certificates)
        if other is not renewed
    ):
        raise Refusal(400, 1228, "The pack has a certificate of that signature type already.", pointer="/certificate")
    others = [other for other in zone.certificates if other is not renewed]
    used = packs.counted([*others, item], item["type"])
    if used > packs.counted(zone.certificates, item["type"]) and used > zone.quota(item["type"]):
        raise Refusal(400, int(behaviour.quota_code), "The quota of certificates of this type is used up.")


def _is_submitted_already(zone: Zone, sent: _Sent, item: JSONObject, renewed: JSONObject | None) -> bool:
    """Return whether the zone has this certificate already. A renewal that only changes the bundle method is allowed."""
    for other in packs.living(zone.certificates):
        upload = zone.uploads.get(other["id"])
        if upload is None or other["type"] != item["type"]:
            continue
        if other is renewed and other["bundle_method"] != item["bundle_method"]:
            continue
        if read_leaf(upload.certificate).chain == sent.leaf.chain:
            return True
    return False


def _roll_out(
    zone: Zone, item: JSONObject, before: tuple[JSONObject, Upload | None] | None, behaviour: Behaviour
) -> None:
    if zone.api["status"] != "active":
        item["status"] = "holding_deployment"
        return
    item["status"] = behaviour.upload_status
    if behaviour.upload_status != "active":
        until = time.monotonic() + behaviour.pending_ms / 1000
        zone.rollouts[item["id"]] = Rollout(behaviour.pending_reads, until, before)


__all__ = ("create", "delete", "edit", "seen", "settle")
