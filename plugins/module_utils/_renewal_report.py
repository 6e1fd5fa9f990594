# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Builds the result, diff and warnings of M(zonefleet.cloudflare.custom_certificate), also for check mode. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime, timedelta

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    plain_number,
    read_certificate,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._contested import (
    RECENCY,
    UNDOCUMENTED,
    compare_contests,
    of_one_pack,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._keep_options import KeepOptions
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._renewal import (
    RENEWED,
    UNCHANGED,
    UPLOADED,
    Step,
    covers_alike,
    explain_upload,
    leaf_of,
    missing_hosts,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._report import Report
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._same import is_issuer
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import counted, listed, printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone

_SOON = timedelta(days=30)
_NOT_KNOWN_YET = "-"  # the id of a certificate that check mode predicts
_LAST_OF_ALL = "9999-12-31T23:59:59Z"  # its time of upload, as it would be the most recent one


class State(t.NamedTuple):
    """The zone's certificates before and after a run.

    :param certificate: The uploaded, renewed or unchanged certificate after the run, or None.
    """

    before: tuple[Certificate, ...]
    after: tuple[Certificate, ...]
    certificate: Certificate | None

    @classmethod
    def predicted(cls, zone: Zone, options: KeepOptions, step: Step, before: tuple[Certificate, ...]) -> State:
        """Return the state after a step, for check mode."""
        left = tuple(found for found in before if step.current is None or found.id != step.current.id)
        if step.action not in (UPLOADED, RENEWED):
            return cls(before, left, None)
        certificate = read_certificate(_predicted(zone, options, step))
        return cls(before, (*left, certificate), certificate)


def show(certificate: Certificate) -> dict[str, t.Any]:
    """Return the API's object of a certificate. A predicted one has no id."""
    shown = {**certificate.raw, "priority": plain_number(certificate.priority)}
    if certificate.id == _NOT_KNOWN_YET:
        del shown["id"], shown["uploaded_on"]
    return shown


def make_report(
    zone: Zone, options: KeepOptions, step: Step, state: State, changed: bool, warnings: list[str], now: datetime
) -> Report:
    """Build the report.

    :param warnings: Further warnings.
    """
    unmatched = explain_upload(options, zone, state.before, now) if step.action == UPLOADED else None
    contests = compare_contests(state.before, state.after)
    for contest in contests:
        if contest["after"] == _NOT_KNOWN_YET:
            contest["after"] = None
    return Report(
        {
            "changed": changed,
            "zone_id": zone.id,
            "action": step.action,
            "certificate": show(state.certificate) if state.certificate else None,
            "previous": show(step.current) if step.current and step.action != UNCHANGED else None,
            "contested": contests,
        },
        [*([unmatched] if unmatched else []), *warnings]
        + (_find_warnings(zone, options, state, contests, changed, now) if state.certificate else []),
        lambda: _make_diff(zone, options, step),
    )


def _predicted(zone: Zone, options: KeepOptions, step: Step) -> dict[str, t.Any]:
    return {"id": _NOT_KNOWN_YET, "uploaded_on": _LAST_OF_ALL, **_metadata_after(zone, options, step)}


def _advice_on_tie(certificate: Certificate) -> str:
    if certificate.type == "sni_custom":
        return (
            "It documents no effect of priority among certificates of type sni_custom: check what is served with the module "
            "zonefleet.cloudflare.served_certificate_info."
        )
    return "Set the order with the module zonefleet.cloudflare.custom_certificate_priority."


def _find_warnings(
    zone: Zone,
    options: KeepOptions,
    state: State,
    contests: t.Sequence[t.Mapping[str, t.Any]],
    changed: bool,
    now: datetime,
) -> list[str]:
    certificate = t.cast(Certificate, state.certificate)
    warnings = []
    missing = missing_hosts(certificate, leaf_of(options), zone.name) if options.chain is not None else []
    if missing:
        warnings.append(
            f"The given certificate covers {listed(missing, 3)}, but the API does not return "
            f"{'this hostname' if len(missing) == 1 else 'these hostnames'} for certificate {printable(certificate.id, 64)}. If the zone "
            "has an earlier certificate with the same expiry and fewer hostnames, run once with 'renew' set to 'always'."
        )
    expires_on = certificate.expires_on
    if expires_on is not None and expires_on <= now + _SOON:
        warnings.append(
            f"The certificate expires on {expires_on:%Y-%m-%d}, in {counted(max((expires_on - now).days, 0), 'day')}."
        )
    earlier = [
        found for found in state.after if of_one_pack(certificate, found) and _expires_before(found, certificate)
    ]
    if earlier:
        first = min(earlier, key=lambda found: str(found.expires_on))
        warnings.append(
            f"Certificate {printable(first.id, 64)} of the same pack expires on {first.expires_on:%Y-%m-%d}, earlier than this "
            "one. Cloudflare removes the whole pack then: renew that one, too."
        )
    for decided_by, alike in ((RECENCY, "type and priority"), (UNDOCUMENTED, "type")) if changed else ():
        unsure = [
            contest["name"]
            for contest in contests
            if contest["name"] in certificate.names and contest["decided_by"] == decided_by
        ]
        if unsure:
            warnings.append(
                f"Another certificate of the same {alike} covers {counted(len(unsure), 'hostname')} of this one, such as "
                f"{printable(unsure[0])}. Cloudflare uses the one that was ordered most recently. {_advice_on_tie(certificate)}"
            )
    return warnings


def _expires_before(one: Certificate, other: Certificate) -> bool:
    return one.expires_on is not None and other.expires_on is not None and one.expires_on < other.expires_on


def _make_diff(zone: Zone, options: KeepOptions, step: Step) -> dict[str, str]:
    """Return the metadata before and after, one line per field, without the fields that only the API sets."""
    before = dict(step.current.raw) if step.current else {}
    after: t.Mapping[str, t.Any] = before
    if step.action in (UPLOADED, RENEWED):
        after = _metadata_after(zone, options, step)
    elif step.action != UNCHANGED:
        after = {}
    if "priority" not in after and step.action == RENEWED:
        before.pop("priority", None)
    header = f"custom certificate of zone {zone}"
    return {"before_header": header, "after_header": header, "before": _lines(before), "after": _lines(after)}


def _metadata_after(zone: Zone, options: KeepOptions, step: Step) -> dict[str, t.Any]:
    """Return the predictable fields of the certificate after an upload or a renewal."""
    leaf, current = leaf_of(options), step.current
    issuer: str | None = leaf.issuer
    hosts: list[str] = sorted(leaf.names)
    fields: dict[str, t.Any] = {}
    if current is not None:
        fields = {
            key: current.raw[key] for key in ("geo_restrictions", "policy_restrictions", "policy") if key in current.raw
        }
        if options.keep_priority:
            fields["priority"] = plain_number(current.priority)
        if current.issuer and (leaf.issuer is None or is_issuer(leaf.organization or "", current.issuer)):
            issuer = current.issuer
        if covers_alike(leaf, current, zone.name):
            hosts = list(current.raw.get("hosts") or hosts)
    else:
        if options.geo_restrictions:
            fields["geo_restrictions"] = {"label": options.geo_restrictions}
        if options.policy:
            fields["policy_restrictions"] = options.policy
    return {
        "type": options.type,
        "hosts": hosts,
        **({"issuer": issuer} if issuer else {}),
        "signature": leaf.signature,
        "bundle_method": options.bundle_method,
        "expires_on": f"{leaf.expires_on:%Y-%m-%dT%H:%M:%S}Z",
        **fields,
    }


def _lines(metadata: t.Mapping[str, t.Any]) -> str:
    """Return the fields that a task can change, one per line, in a fixed order."""
    if not metadata:
        return ""
    certificate = read_certificate({"id": _NOT_KNOWN_YET, **metadata})
    expires_on = certificate.expires_on
    shown = {
        "type": certificate.type,
        "hosts": ", ".join(sorted(certificate.names)),
        "issuer": certificate.issuer,
        "signature": certificate.signature,
        "bundle_method": metadata.get("bundle_method"),
        "expires_on": f"{expires_on:%Y-%m-%dT%H:%M:%SZ}" if expires_on else metadata.get("expires_on"),
        "geo_restrictions": certificate.geo_restrictions,
        "policy": metadata.get("policy_restrictions") or metadata.get("policy"),
        "priority": metadata.get("priority"),
    }
    return "".join(f"{field}: {printable(value, 4000)}\n" for field, value in shown.items() if value not in (None, ""))
