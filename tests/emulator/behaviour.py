# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Switches for the behaviour that Cloudflare does not document.

The first value of a switch is the default, which is the most plausible one. Tests run with every value or every pair of
values: `SWITCHES` has the switches that matter for reading and ordering, `UPLOAD_SWITCHES` those that only matter for uploads.
"""

from __future__ import annotations

import dataclasses
import itertools
import typing as t
from collections.abc import Iterable, Iterator


@dataclasses.dataclass(frozen=True)
class Behaviour:
    """The behaviour of the emulator where the documentation leaves it open."""

    put_result: t.Literal["all", "listed", "empty", "null"] = "all"
    """Certificates in the response to a PUT: all of the zone, those in the request body, an empty list, or null."""

    put_result_info: t.Literal["present", "absent"] = "present"
    """Whether the response to a PUT has `result_info`."""

    put_page_size: int = 0
    """The maximum number of certificates in the response to a PUT, as if it were the first page of a list; 0 for no limit."""

    put_effect: t.Literal["applied", "ignored", "pretended"] = "applied"
    """A PUT sets the priorities; or changes nothing, and the response (200) shows the old or the requested priorities."""

    put_modified_on: t.Literal["touched", "kept"] = "touched"
    """Whether a PUT moves `modified_on` of the certificates that it names."""

    unlisted: t.Literal["keep", "reset", "shift_below"] = "keep"
    """What a PUT does to certificates that are not in the body: nothing; sets their priority to 0; or moves those that
    are not below the lowest one in the body to just below it (never below 0)."""

    renumber: t.Literal["no", "spread", "dense"] = "no"
    """Priorities after a PUT: as sent; those in the body increased, and each gap by ten; or the whole zone renumbered
    from 1. The order of those in the body is kept, and they stay above the other ones that they were above."""

    unknown_id: t.Literal["400_1002", "404"] = "400_1002"
    """The response to a certificate id that is not in the zone: 400 with code 1002, or 404."""

    bad_item: t.Literal["atomic", "partial"] = "atomic"
    """A PUT with an unknown id changes nothing, or is refused after the other items were applied."""

    empty_item: t.Literal["ignored", "refused"] = "ignored"
    """An item of a PUT without an `id` is ignored (the example in the SDK's documentation has one), or refused with 400 and code 2001."""

    stale_reads: int = 0
    """How many reads of a zone's list after a write still show the list as it was before."""

    list_order: t.Literal["uploaded", "priority", "random"] = "uploaded"
    """Order of lists: oldest upload first, highest priority first, or shuffled (by `seed`, and stable)."""

    list_result_info: t.Literal["present", "absent"] = "present"
    """Whether lists have `result_info`."""

    total_pages: t.Literal["present", "absent"] = "present"
    """Whether `result_info` has `total_pages`."""

    total_count: t.Literal["filtered", "unfiltered"] = "filtered"
    """Whether `total_count` is the number after the filters, or of all objects."""

    per_page_out_of_range: t.Literal["clamp", "refuse"] = "clamp"
    """A value of `per_page` or `page` that is out of range is clamped, or refused with 400."""

    max_page_size: int = 50
    """The maximum page size, whatever `per_page` is."""

    empty_result: t.Literal["list", "null"] = "list"
    """An empty list is `[]`, or `null`."""

    type_field: t.Literal["present", "absent"] = "present"
    """Whether certificates have `type`."""

    custom_csr_id: t.Literal["where_set", "null", "value", "absent"] = "where_set"
    """`custom_csr_id` is present only on certificates with a CSR; also null on the others; has a value on all; or is
    absent on all."""

    priority_type: t.Literal["integer", "float"] = "integer"
    """Whether integer priorities are written as `1` or `1.0`."""

    deleted: t.Literal["removed", "lingers"] = "removed"
    """A deleted or renewed certificate is removed from the list at once, or stays in it with status `deleted`."""

    deleted_reads: int = 0
    """How many reads of the list still show such a certificate; 0 for all of them."""

    free_zone: t.Literal["empty", "403_10000", "400_1212", "400_1011"] = "empty"
    """The response for a zone on the Free or Pro plan: an empty list (and an unknown id for a PUT), or an error. An
    upload is always refused, with 400 and code 1011 if the list is empty."""

    messages: t.Literal["none", "some"] = "none"
    """Whether successful responses have an entry in `messages`."""

    error_shape: t.Literal["full", "bare", "detailed"] = "full"
    """Errors have all four keys of the envelope; only `success` and `errors`; or also `documentation_url` and `source`."""

    failure_status: t.Literal["real", "200", "200_throttle_too"] = "real"
    """Errors have their HTTP status, or 200 with `success: false` (with the last value, also those of the throttle)."""

    server_error: t.Literal["html", "json"] = "html"
    """The body of the fault `server_error`."""

    retry_after: t.Literal["present", "absent"] = "present"
    """Whether the throttle's 429 has `Retry-After`."""

    ratelimit_headers: t.Literal["present", "absent"] = "present"
    """Whether responses have `Ratelimit` and `Ratelimit-Policy`."""

    patch_id: t.Literal["new", "kept"] = "new"
    """Whether a PATCH replaces the certificate with one that has a new id, or keeps the id."""

    patch_priority: t.Literal["kept", "reset"] = "kept"
    """Whether a PATCH keeps the priority of the certificate, or sets it to that of an upload."""

    upload_priority: int = 0
    """The priority of an uploaded certificate."""

    upload_status: t.Literal["pending", "initializing", "active"] = "pending"
    """The status after an upload and after a PATCH. A zone that is not active keeps it at `holding_deployment`."""

    pending_reads: int = 1
    """How many reads still show that status before it is `active`."""

    pending_ms: int = 0
    """The minimum duration of that status, in milliseconds."""

    issuer_spelling: t.Literal["letters", "dashes"] = "letters"
    """Which characters of the issuer's O are in `issuer`: letters and digits, or also `-`."""

    foreign_hosts: t.Literal["listed", "left_out"] = "listed"
    """Whether `hosts` includes the hostnames of other zones."""

    duplicate: t.Literal["refused", "made"] = "refused"
    """Whether uploading a certificate that the zone has already is refused with code 1220, or adds a second one."""

    private_ca: t.Literal["refused", "accepted"] = "refused"
    """Whether a certificate of a private CA is refused with code 2100 unless the bundle method is `force`, or always accepted."""

    delete_unknown: t.Literal["404", "400_1002"] = "404"
    """The response to a DELETE of a certificate id that is not in the zone: 404, or 400 with code 1002."""

    quota_code: t.Literal["2005", "1212"] = "2005"
    """The error code of an upload that exceeds the quota."""

    seed: int = 1
    """The seed for random order. It is not a switch, so it is not in `SWITCHES`."""

    def __post_init__(self) -> None:
        for name, values in ALL_SWITCHES.items():
            value = getattr(self, name)
            if name in _NUMBERS:
                if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                    raise ValueError(f"{name} must be a whole number, not {value!r}")
            elif value not in values:
                raise ValueError(f"{name} must be one of {', '.join(values)}, not {value!r}")

    def but(self, **changes: t.Any) -> Behaviour:
        """Return a copy with some switches changed."""
        return dataclasses.replace(self, **changes)

    @classmethod
    def from_pairs(cls, pairs: Iterable[str]) -> Behaviour:
        """Parse `switch=value` strings from a command line."""
        changes: dict[str, t.Any] = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals or name not in {*ALL_SWITCHES, "seed"}:
                raise ValueError(f"{pair!r} is not switch=value with one of the switches {', '.join(ALL_SWITCHES)}")
            changes[name] = int(value) if name in {*_NUMBERS, "seed"} else value
        return cls(**changes)


# The values to test for the switches that are numbers, the default first.
_NUMBERS: dict[str, tuple[int, ...]] = {
    "put_page_size": (0, 20),
    "stale_reads": (0, 1, 3),
    "max_page_size": (50, 20),
    "deleted_reads": (0, 2),
    "upload_priority": (0, 20),
    "pending_reads": (1, 0, 3),
    "pending_ms": (0, 50),
}


def _switches() -> dict[str, tuple[t.Any, ...]]:
    hints = t.get_type_hints(Behaviour)
    names = [field.name for field in dataclasses.fields(Behaviour) if field.name != "seed"]
    return {name: _NUMBERS.get(name) or t.get_args(hints[name]) for name in names}


_UPLOADS = (
    "deleted_reads",
    "patch_id",
    "patch_priority",
    "upload_priority",
    "upload_status",
    "pending_reads",
    "pending_ms",
    "issuer_spelling",
    "foreign_hosts",
    "duplicate",
    "private_ca",
    "delete_unknown",
    "quota_code",
)

ALL_SWITCHES: dict[str, tuple[t.Any, ...]] = _switches()
"""Every switch with the values to test, the default first."""

SWITCHES: dict[str, tuple[t.Any, ...]] = {name: values for name, values in ALL_SWITCHES.items() if name not in _UPLOADS}
"""The switches that affect a client that reads and orders certificates."""

UPLOAD_SWITCHES: dict[str, tuple[t.Any, ...]] = {name: ALL_SWITCHES[name] for name in _UPLOADS}
"""The switches that only affect a client that uploads, renews or deletes certificates."""


def pairs(names: Iterable[str] | None = None) -> Iterator[dict[str, t.Any]]:
    """Yield settings that together include every pair of values of two switches.

    `names` are the switches to combine, by default those in `SWITCHES`.
    """
    for one, other in itertools.combinations(list(names) if names is not None else list(SWITCHES), 2):
        for first, second in itertools.product(ALL_SWITCHES[one], ALL_SWITCHES[other]):
            yield {one: first, other: second}


__all__ = ("ALL_SWITCHES", "SWITCHES", "UPLOAD_SWITCHES", "Behaviour", "pairs")
