# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is PRIVATE to the collection: it can change in any release.

"""Plans the upload, renewal or removal of a certificate, and recognizes the result. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._certificate import (
    Certificate,
    algorithm_of,
    read_time,
)
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._keep_options import KeepOptions
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._names import a_labels, wildcard_over
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._near_matches import did_you_mean
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._same import find_same
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._selectors import matching
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._text import listed, printable
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._x509 import Leaf
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._zone import Zone

UPLOADED, RENEWED, UNCHANGED, REMOVED = "uploaded", "renewed", "unchanged", "removed"

_MOST_SHOWN = 10
# Fields that every write changes.
_TRACES = ("uploaded_on", "modified_on")


class Step(t.NamedTuple):
    """The planned action.

    :param action: The value of RV(action).
    :param current: The certificate that is unchanged, or to renew or remove. None for an upload.
    """

    action: str
    current: Certificate | None = None


def plan(options: KeepOptions, zone_name: str | None, certificates: t.Sequence[Certificate], now: datetime) -> Step:
    """Return the action for a zone with these certificates.

    :param zone_name: The zone's name, if it is known.
    :raises CloudflareError: More than one certificate matches, or the change cannot be made in place.
    """
    if options.absent:
        return _plan_absent(options, zone_name, certificates, now)
    leaf = leaf_of(options)
    same = _find_issued(options, zone_name, certificates)
    if same and not options.always:
        _check_restrictions(options, same[0])
        bundled = same[0].raw.get("bundle_method") in (None, options.bundle_method)
        return Step(UNCHANGED if bundled else RENEWED, same[0])
    selected = _selected(options, certificates, now)
    if same:
        candidates = [certificate for certificate in same if certificate in selected] or same
    elif options.match:
        candidates = selected
    else:
        candidates = _in_its_place(options, leaf, zone_name, certificates)
    if not candidates:
        return Step(UPLOADED)
    current = _only_one(options, candidates, "could be renewed with this one, and nothing was sent")
    _check_type(options, current)
    _check_restrictions(options, current)
    return Step(RENEWED, current)


def find_successor(
    options: KeepOptions,
    zone_name: str | None,
    step: Step,
    before: t.Iterable[Certificate],
    after: t.Sequence[Certificate],
    *,
    answered: str | None,
    sure: bool,
) -> Certificate | None:
    """Return the certificate that a write created or renewed, or None if the zone does not show it.

    It is recognized by its fields and never by its id alone: a renewal may change the id of a certificate of any type.

    :param zone_name: The zone's name, if it is known.
    :param before: The zone's certificates before the write.
    :param after: The zone's certificates now.
    :param answered: The id in the response to the write, if any.
    :param sure: Whether the API has confirmed the write.
    """
    done_before = {certificate.id: certificate for certificate in _find_done(options, before)}
    done = {certificate.id: certificate for certificate in _find_done(options, after)}
    current = step.current.id if step.current else None
    if current not in done and any(certificate.id == current for certificate in after):
        return None  # the predecessor is still there
    written = [
        certificate
        for certificate in done.values()
        if certificate.id == answered
        or certificate.id not in done_before
        or _was_written(certificate, done_before[certificate.id])
    ]
    if sure and answered is None:
        written = written or [found for found in _find_issued(options, zone_name, after) if found.id in done]
    return min(written, key=lambda found: (found.id != answered, found.id != current), default=None)


def find_rivals(
    options: KeepOptions, successor: Certificate, before: t.Iterable[Certificate], after: t.Iterable[Certificate]
) -> list[Certificate]:
    """Return the certificates that another run uploaded at the same time: new, and the same as the successor."""
    known = {certificate.id for certificate in before}
    same = _find_same(options, after)
    return [certificate for certificate in same if certificate.id != successor.id and certificate.id not in known]


def _find_done(options: KeepOptions, certificates: t.Iterable[Certificate]) -> list[Certificate]:
    return [
        certificate
        for certificate in _find_same(options, certificates)
        if certificate.raw.get("bundle_method") in (None, options.bundle_method)
    ]


def _was_written(certificate: Certificate, earlier: Certificate) -> bool:
    return certificate.names != earlier.names or any(
        certificate.raw.get(field) != earlier.raw.get(field) for field in _TRACES
    )


def uncovered_names(removed: Certificate, certificates: t.Iterable[Certificate], now: datetime) -> list[str]:
    """Return the names of a certificate that no other active, unexpired certificate covers, exactly or by a wildcard."""
    covered = {
        name
        for certificate in certificates
        if certificate.id != removed.id and not certificate.why_unfit(now)
        for name in certificate.names
    }
    return sorted(name for name in removed.names if name not in covered and wildcard_over(name) not in covered)


def explain_upload(
    options: KeepOptions, zone: Zone, certificates: t.Sequence[Certificate], now: datetime
) -> str | None:
    """Return a warning if O(match) selects nothing but was probably intended to, or None.

    :param certificates: The zone's certificates before the upload.
    """
    match = options.match
    if match is None:
        return None
    in_its_place = _in_its_place(options, leaf_of(options), zone.name, certificates)
    if in_its_place:
        hint: str | None = (
            f"Without 'match', {described(in_its_place)} would be renewed: the type, the hosts and the signature algorithm are "
            "the same."
        )
    elif match.id:
        hint = did_you_mean(match, certificates, now) or (
            "A renewal may have changed the id: select the certificate by its issuer or a host."
        )
    else:
        host = a_labels(match.host) if match.host else ""
        # O(match) does not select a wildcard that covers the host, so do not suggest one
        exact = [found for found in certificates if host in found.names or wildcard_over(host) not in found.names]
        hint = did_you_mean(match, [found for found in exact if not found.keyless], now)
    unmatched = f"'match' with `{printable(match)}` selects no certificate of the zone, so no certificate is renewed."
    return f"{unmatched} {hint}" if hint else None


def leaf_of(options: KeepOptions) -> Leaf:
    """Return the leaf of the options.

    :raises ValueError: There is none, because only O(match) selects the certificate to remove.
    """
    if options.chain is None:
        raise ValueError("the options have no certificate")
    return options.chain.leaf


def described(certificates: t.Sequence[Certificate]) -> str:
    """Return a list of certificates for a message, with the fields that distinguish them."""
    shown = "; ".join(
        f"{printable(certificate.id, 64)} (type {printable(certificate.type or '-', 40)}, issuer "
        f"{printable(certificate.issuer or '-', 60)}, expires {printable(certificate.raw.get('expires_on') or '-', 40)}, "
        f"hosts {listed(certificate.raw.get('hosts') or ['-'], 3)})"
        for certificate in certificates[:_MOST_SHOWN]
    )
    return shown + (f"; and {len(certificates) - _MOST_SHOWN} more" if len(certificates) > _MOST_SHOWN else "")


def _plan_absent(
    options: KeepOptions, zone_name: str | None, certificates: t.Sequence[Certificate], now: datetime
) -> Step:
    candidates = _selected(options, certificates, now) if options.match else list(certificates)
    if options.chain is not None:
        same = _find_issued(options, zone_name, candidates)
        candidates = [certificate for certificate in candidates if certificate in same]
    if not candidates:
        return Step(UNCHANGED)
    current = _only_one(options, candidates, "match, and nothing was removed")
    left = [] if options.allow_uncovered else uncovered_names(current, certificates, now)
    if left:
        raise CloudflareError(
            f"Removing certificate {described([current])} would leave {listed(left)} without an active, unexpired custom "
            "certificate. Upload another one first, or set 'allow_uncovered' to true if Universal SSL or another product "
            "covers the hostname, which this module cannot see."
        )
    return Step(REMOVED, current)


def _find_same(options: KeepOptions, certificates: t.Iterable[Certificate]) -> list[Certificate]:
    own = (certificate for certificate in certificates if not certificate.keyless)
    return find_same(leaf_of(options), own, options.type)


def _find_issued(
    options: KeepOptions, zone_name: str | None, certificates: t.Iterable[Certificate]
) -> list[Certificate]:
    """Return the certificates that are the same as the leaf, without one that was issued earlier with fewer hosts.

    A CA can reissue a certificate with more hosts and the same expiry. The time of upload decides, so that a certificate
    is not sent in every run if the API never returns all of its hosts.
    """
    leaf = leaf_of(options)
    return [
        found
        for found in _find_same(options, certificates)
        if not (missing_hosts(found, leaf, zone_name) and _was_written_before(found, leaf.valid_from))
    ]


def _was_written_before(certificate: Certificate, moment: datetime) -> bool:
    """Return whether the last upload or change of a certificate was before a moment. It is False if the time is unknown."""
    times = [read_time(certificate.raw.get(field)) for field in _TRACES]
    known = [time for time in times if time is not None]
    return bool(known) and max(known) < moment


def _selected(options: KeepOptions, certificates: t.Sequence[Certificate], now: datetime) -> list[Certificate]:
    """Return the certificates that O(match) selects, or none if it is unset.

    A host selects only certificates with exactly this name. Unlike in the other modules, it does not fall back to a
    wildcard: after the removal of the exact certificate, a second run would remove the wildcard certificate.

    :raises CloudflareError: A keyless certificate is selected.
    """
    if options.match is None:
        return []
    host = a_labels(options.match.host) if options.match.host else None
    selected = sorted(
        (found for found in matching(options.match, certificates, now) if host is None or host in found.names),
        key=Certificate.newest_first,
    )
    keyless = [certificate for certificate in selected if certificate.keyless]
    if keyless:
        raise CloudflareError(
            f"'match' selects {described(keyless)}, which has a keyless server: this module does not manage keyless "
            "certificates. Make 'match' select another one."
        )
    return selected


def _only_one(options: KeepOptions, candidates: t.Sequence[Certificate], what: str) -> Certificate:
    if len(candidates) > 1:
        advice = (
            "Set more selectors in 'match' until it selects only one" if options.match else "Select one with 'match'"
        )
        raise CloudflareError(f"{len(candidates)} certificates of the zone {what}: {described(candidates)}. {advice}.")
    return candidates[0]


def _in_its_place(
    options: KeepOptions, leaf: Leaf, zone_name: str | None, certificates: t.Iterable[Certificate]
) -> list[Certificate]:
    """Return the certificates with the same type, hosts and algorithm. A pack can have only one such certificate."""
    peers = [
        certificate
        for certificate in certificates
        if not certificate.keyless
        and certificate.type in (None, options.type)
        and certificate.algorithm == algorithm_of(leaf.signature)
    ]
    equal = [certificate for certificate in peers if certificate.names == leaf.names]
    return equal or [certificate for certificate in peers if covers_alike(leaf, certificate, zone_name)]


def covers_alike(leaf: Leaf, certificate: Certificate, zone_name: str | None) -> bool:
    """Return whether a certificate has all hosts of a leaf that are in the zone. The API may omit names of other zones.

    If the zone's name is unknown, the last two labels are used, if all hosts of the certificate share them. If that is too
    broad, the certificate is uploaded instead of renewed, and the API refuses the upload.
    """
    if not certificate.names or not certificate.names < leaf.names:
        return certificate.names == leaf.names
    domain = a_labels(zone_name) if zone_name else _domain(certificate.names)
    return certificate.names == _within(domain, leaf.names)


def _domain(names: t.Iterable[str]) -> str:
    domains = {".".join(name.split(".")[-2:]) for name in names}
    return domains.pop() if len(domains) == 1 else ""


def missing_hosts(certificate: Certificate, leaf: Leaf, zone_name: str | None) -> list[str]:
    """Return the hosts of a leaf that are in the zone, and that a certificate of the zone lacks.

    If the zone's name is unknown, these are the hosts within the domain that all hosts of the certificate share.
    """
    domain = a_labels(zone_name) if zone_name else _shared_domain(certificate.names)
    return sorted(_within(domain, leaf.names - certificate.names))


def _within(domain: str, names: t.Iterable[str]) -> set[str]:
    """Return the names that are in a domain, or none if the domain is empty."""
    return {name for name in names if domain and (name == domain or name.endswith("." + domain))}


def _shared_domain(names: t.Iterable[str]) -> str:
    """Return the longest domain that all names are in, of two or more labels, or an empty string."""
    shared: list[str] = []
    for labels in zip(*(reversed(name.split(".")) for name in names)):
        if len(set(labels)) > 1 or labels[0] == "*":
            break
        shared.insert(0, labels[0])
    return ".".join(shared) if len(shared) > 1 else ""


def _check_type(options: KeepOptions, current: Certificate) -> None:
    if current.type not in (None, options.type):
        raise CloudflareError(
            f"'match' selects {described([current])}, and 'type' is '{options.type}': the type of a certificate cannot be "
            f"changed in place. Set 'type' to '{printable(current.type, 40)}', or make 'match' select another certificate."
        )


def _check_restrictions(options: KeepOptions, current: Certificate) -> None:
    policy = current.raw.get("policy_restrictions") or current.raw.get("policy")
    for option, requested, shown in (
        ("geo_restrictions", options.geo_restrictions, current.geo_restrictions),
        ("policy", options.policy, policy),
    ):
        if requested is not None and _squeezed(requested) != _squeezed(shown):
            raise CloudflareError(
                f"'{option}' is '{printable(requested)}', but certificate {printable(current.id, 64)} has "
                f"{printable(shown) if shown else 'none'}. It is set at upload only: remove the certificate (state: absent) and "
                f"upload it again, or correct '{option}'."
            )


def _squeezed(value: object) -> str:
    return "".join(str(value or "").split()).lower()
