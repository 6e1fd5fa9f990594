# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""POST, PATCH and DELETE of a certificate: validates the body, checks it against the zone, and changes the zone."""

from __future__ import annotations

import copy
import datetime
import json
import typing as t
from collections.abc import Iterable

from . import envelope, packs
from .behaviour import Behaviour
from .envelope import Refusal
from .leaf import BadKey, InvalidPEM, Leaf, NoLeaf, read_key, read_leaf
from .objects import JSONObject, Rollout, Zone, now
from .pem import Pem

_DAYS_LEFT = 14


class _Sent(t.NamedTuple):
    """A valid certificate with its key, parsed."""

    leaf: Leaf
    upload: Pem


def create(zone: Zone, body: bytes, behaviour: Behaviour) -> JSONObject:
    """Return the certificate that a POST adds."""
    asked = _asked(body)
    if "certificate" in asked and not zone.has_plan:
        raise envelope.plan_refuses(behaviour)
    sent = _read(zone, asked, None)
    if sent is None:
        raise envelope.invalid_parameters()
    moment = now()
    # The keys are in the order of real responses.
    item = {
        "id": zone.new_id(),
        "type": asked.get("type", "legacy_custom"),
        **_fields(zone, sent.leaf, behaviour),
        "bundle_method": asked.get("bundle_method", "ubiquitous"),
        "zone_id": zone.id,
        "uploaded_on": moment,
        "modified_on": moment,
        "expires_on": sent.leaf.expires_on,
        "priority": behaviour.upload_priority,
        "status": "pending",
        **_extras(asked),
    }
    _hold_against_zone(zone, sent, item, behaviour)
    zone.remember(behaviour.stale_reads)
    zone.certificates.append(item)
    zone.uploads[item["id"]] = sent.upload
    _roll_out(zone, item, None, behaviour)
    return item


def edit(zone: Zone, identifier: str, body: bytes, behaviour: Behaviour) -> JSONObject:
    """Return the certificate after a PATCH, or its replacement."""
    asked = _asked(body)
    old = find(zone, identifier, behaviour)
    sent = _read(zone, asked, zone.uploads.get(identifier))
    new = copy.deepcopy(old)
    if sent is not None:
        new.update(_fields(zone, sent.leaf, behaviour), expires_on=sent.leaf.expires_on)
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
        old.update(new)
        new = old
    kept = sent.upload if sent is not None else upload
    if kept is not None:
        zone.uploads[new["id"]] = kept
    _roll_out(zone, new, before, behaviour)
    return new


def delete(zone: Zone, identifier: str, behaviour: Behaviour) -> JSONObject:
    """Delete a certificate, and return the result of the response."""
    found = find(zone, identifier, behaviour.but(unknown_id=behaviour.delete_unknown))
    others = packs.others_of(found, zone.certificates)
    if others and min([found, *others], key=lambda item: (item["uploaded_on"], item["id"])) is found:
        raise Refusal(400, 1305, "Delete the other certificates of the pack first.")
    zone.remember(behaviour.stale_reads)
    take_away(zone, found, behaviour)
    return {"id": identifier}


def take_away(zone: Zone, item: JSONObject, behaviour: Behaviour) -> None:
    """Delete a certificate. Depending on the switch, it stays in the list with status `deleted`."""
    if behaviour.deleted == "lingers":
        item["status"] = "deleted"
    else:
        zone.certificates.remove(item)
    zone.uploads.pop(item["id"], None)
    zone.rollouts.pop(item["id"], None)


def settle(zone: Zone) -> None:
    """Activate the certificates whose delay has ended."""
    for identifier, rollout in list(zone.rollouts.items()):
        found = zone.find(identifier)
        if found is not None and rollout.reads <= 0:
            found.update(status="active", modified_on=now())
            del zone.rollouts[identifier]


def seen(zone: Zone, items: Iterable[JSONObject]) -> None:
    """Count a response with these certificates. After a number of responses, they become active."""
    for item in items:
        if item["id"] in zone.rollouts:
            zone.rollouts[item["id"]].reads -= 1


def find(zone: Zone, identifier: str, behaviour: Behaviour) -> JSONObject:
    """Return the certificate with this id."""
    found = zone.find(identifier)
    if found is None:
        raise envelope.unknown_certificate(behaviour)
    return found


def _asked(body: bytes) -> JSONObject:
    """Return the fields in the body, which is as the contract wants it."""
    asked: JSONObject = json.loads(body)
    # The emulator's accounts may not set `deploy`.
    if "deploy" in asked or {"geo_restrictions", "policy"} <= asked.keys():
        raise envelope.invalid_parameters()
    return asked


def _read(zone: Zone, asked: JSONObject, known: Pem | None) -> _Sent | None:
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
        raise Refusal(400, 1002, "Invalid certificate.") from None
    except NoLeaf:
        raise Refusal(400, 2101, "The certificate chain has no leaf certificate.") from None
    key_text = _key_text(zone, asked, known)
    try:
        key = read_key(key_text)
    except BadKey:
        raise Refusal(400, 2106, "The private key is invalid.") from None
    if leaf.certificate.public_key() != key.public_key():
        raise Refusal(400, 2200, "The private key does not match the certificate.")
    return _Sent(leaf, Pem(text, key_text))


def _key_text(zone: Zone, asked: JSONObject, known: Pem | None) -> str:
    """Return the key in the request, that of its CSR, or that of the certificate that it renews."""
    csr_id = asked.get("custom_csr_id")
    held = zone.csrs.get(csr_id) if csr_id else known and known.private_key
    text = asked.get("private_key", held)
    if text is None or (csr_id and held is None):
        raise envelope.invalid_parameters()
    return str(text)


def _extras(asked: JSONObject) -> JSONObject:
    extras = {"custom_csr_id": asked["custom_csr_id"]} if "custom_csr_id" in asked else {}
    if "geo_restrictions" in asked:
        extras["geo_restrictions"] = {"label": asked["geo_restrictions"]["label"]}
    if "policy" in asked:
        extras.update(geo_restrictions={"label": "custom"}, policy_restrictions=asked["policy"])
    return extras


def _fields(zone: Zone, leaf: Leaf, behaviour: Behaviour) -> JSONObject:
    own = [host for host in leaf.hosts if f".{host.lower()}".endswith(f".{zone.name.lower()}")]
    if not own:
        raise Refusal(400, 2103, "The certificate has no host name of the zone.")
    hosts = own if behaviour.foreign_hosts == "left_out" else leaf.hosts
    return {"hosts": hosts, "issuer": leaf.issuer(behaviour), "signature": leaf.signature}


def _hold_against_zone(
    zone: Zone, sent: _Sent, item: JSONObject, behaviour: Behaviour, renewed: JSONObject | None = None
) -> None:
    """Refuse a certificate that the zone does not accept, or has already."""
    left = sent.leaf.certificate.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    if left < datetime.timedelta(days=_DAYS_LEFT):
        raise Refusal(400, 1206, "The certificate expires too soon.")
    if behaviour.private_ca == "refused" and item["bundle_method"] != "force" and not sent.leaf.is_public:
        raise Refusal(400, 2100, "The certificate cannot be bundled: its CA is not trusted.")
    others = [other for other in zone.certificates if other is not renewed]
    if _is_submitted_already(zone, sent, item, renewed):
        if behaviour.duplicate == "refused":
            raise Refusal(400, 1220, "The certificate was submitted already.")
    elif packs.family(item) in map(packs.family, packs.others_of(item, others)):
        raise Refusal(400, 1228, "The pack has a certificate of that signature type already.")
    kind = item["type"]
    if packs.counted([*others, item], kind) > max(packs.counted(zone.certificates, kind), zone.quotas[kind]):
        raise envelope.quota_reached(int(behaviour.quota_code))


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


def _roll_out(zone: Zone, item: JSONObject, before: tuple[JSONObject, Pem | None] | None, behaviour: Behaviour) -> None:
    if zone.api["status"] != "active":
        item["status"] = "holding_deployment"
        return
    item["status"] = behaviour.upload_status
    if behaviour.upload_status != "active":
        zone.rollouts[item["id"]] = Rollout(behaviour.pending_reads, before)
