# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Switches for the behaviour that Cloudflare does not document.

The first value of a switch is the default, which is the most plausible one. Tests run with every value or every pair of
values: `SWITCHES` has the switches that matter for reading and ordering, `UPLOAD_SWITCHES` those that only matter for uploads.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import typing as t
from collections.abc import Iterable, Iterator

Values = dict[str, tuple[t.Any, ...]]


def tested(*values: int) -> t.Any:
    """Return a switch that can be any number, with the values to test."""
    # pylint: disable-next=invalid-field-call
    return dataclasses.field(default=values[0], metadata={"values": values})


@dataclasses.dataclass(frozen=True)
class Switches:
    """Some switches, with their values checked."""

    def __post_init__(self) -> None:
        kind: t.Any = type(self)
        for name, values in values_of(kind).items():
            value, default = getattr(self, name), values[0]
            fits = value in values if isinstance(default, str) else type(value) is type(default) and value >= 0
            if not fits:
                wanted = {str: f"one of {', '.join(map(str, values))}", bool: "True or False", int: "a whole number"}
                raise ValueError(f"{name} must be {wanted[type(default)]}, not {value!r}")

    def but(self, **changes: t.Any) -> t.Self:
        """Return a copy with some switches changed."""
        return dataclasses.replace(self, **changes)


@functools.cache
def values_of(kind: t.Any) -> Values:
    """Return every switch with the values to test."""
    hints = t.get_type_hints(kind)
    fields = dataclasses.fields(kind)
    return {field.name: field.metadata.get("values") or t.get_args(hints[field.name]) for field in fields}


@dataclasses.dataclass(frozen=True)
class _UploadBehaviour(Switches):
    """What only matters for uploads."""

    patch_id: t.Literal["new", "kept"] = "new"
    """Whether a PATCH replaces the certificate with one that has a new id, or keeps the id."""

    patch_priority: t.Literal["kept", "reset"] = "kept"
    """Whether a PATCH keeps the priority of the certificate, or sets it to that of an upload."""

    upload_priority: int = tested(0, 20)
    """The priority of an uploaded certificate."""

    upload_status: t.Literal["pending", "initializing", "active"] = "pending"
    """The status after an upload and after a PATCH. A zone that is not active keeps it at `holding_deployment`."""

    pending_reads: int = tested(1, 0, 3)
    """How many reads still show that status before it is `active`."""

    issuer_spelling: t.Literal["letters", "dashes"] = "letters"
    """Which characters of the issuer's O are in `issuer`: letters and digits, or also `-`."""

    foreign_hosts: t.Literal["listed", "left_out"] = "listed"
    """Whether `hosts` includes the hostnames of other zones."""

    duplicate: t.Literal["refused", "made"] = "refused"
    """Whether uploading a certificate that the zone has already is refused with code 1220, or adds a second one."""

    private_ca: t.Literal["refused", "accepted"] = "refused"
    """Whether a certificate of a private CA is refused with code 2100 unless the bundle method is `force`."""

    delete_unknown: t.Literal["404", "400_1002"] = "404"
    """As `unknown_id`, for a DELETE."""

    quota_code: t.Literal["2005", "1212"] = "2005"
    """The error code of an upload that exceeds the quota."""


@dataclasses.dataclass(frozen=True)
class Behaviour(_UploadBehaviour):
    """The behaviour of the emulator where the documentation leaves it open."""

    put_result: t.Literal["all", "listed", "empty", "null"] = "all"
    """Certificates in the response to a PUT: all of the zone, those in the request body, an empty list, or null."""

    put_result_info: t.Literal["present", "absent"] = "present"
    """Whether the response to a PUT has `result_info`."""

    put_page_size: int = tested(0, 20)
    """The maximum number of certificates in the response to a PUT, as if it were the first page of a list; 0 for no limit."""

    put_effect: t.Literal["applied", "ignored", "pretended"] = "applied"
    """A PUT sets the priorities; or changes nothing, and the response (200) shows the old or the requested priorities."""

    put_modified_on: t.Literal["touched", "kept"] = "touched"
    """Whether a PUT changes `modified_on` of the certificates in the body."""

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

    stale_reads: int = tested(0, 1, 3)
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

    max_page_size: int = tested(50, 20)
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

    free_zone: t.Literal["empty", "403_10000", "400_1212", "400_1011"] = "empty"
    """The response for a zone on the Free or Pro plan: as for a zone without certificates, or an error. An upload is
    always refused, with 400 and code 1011 if the list is empty."""

    messages: t.Literal["none", "some"] = "none"
    """Whether successful responses have an entry in `messages`."""

    error_shape: t.Literal["full", "bare"] = "full"
    """Errors have all four keys of the envelope, or only `success` and `errors`."""

    failure_status: t.Literal["real", "200", "200_throttle_too"] = "real"
    """Errors have their HTTP status, or 200 with `success: false` (with the last value, also those of the throttle)."""

    server_error: t.Literal["html", "json"] = "html"
    """The body of the fault `server_error`."""

    retry_after: t.Literal["present", "absent"] = "present"
    """Whether the throttle's 429 has `Retry-After`."""

    ratelimit_headers: t.Literal["present", "absent"] = "present"
    """Whether responses have `Ratelimit` and `Ratelimit-Policy`."""


ALL_SWITCHES = values_of(Behaviour)
UPLOAD_SWITCHES = values_of(_UploadBehaviour)
SWITCHES: Values = {name: values for name, values in ALL_SWITCHES.items() if name not in UPLOAD_SWITCHES}


def pairs(names: Iterable[str] | None = None) -> Iterator[dict[str, t.Any]]:
    """Yield settings that together include every pair of values of two switches.

    `names` are the switches to combine, by default those in `SWITCHES`.
    """
    for one, other in itertools.combinations(list(names) if names is not None else list(SWITCHES), 2):
        for first, second in itertools.product(ALL_SWITCHES[one], ALL_SWITCHES[other]):
            yield {one: first, other: second}
