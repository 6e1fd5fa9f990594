# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The switches: every way in which the real service may behave, for want of a published answer.

The first value that a switch names is its default, chosen as the most plausible one. `SWITCHES` lists them with
all values, so that a suite can run through every value or every pair; `UPLOAD_SWITCHES` are about uploads alone.
"""

from __future__ import annotations

import dataclasses
import itertools
import typing as t
from collections.abc import Iterable, Iterator


@dataclasses.dataclass(frozen=True)
class Behaviour:
    """How this emulator behaves where the real service is free to choose."""

    put_result: t.Literal["all", "listed", "empty", "null"] = "all"
    """Certificates in the answer to a PUT: all of the zone, those that the body names, an empty list, or null."""

    put_result_info: t.Literal["present", "absent"] = "present"
    """Whether the answer to a PUT has `result_info`."""

    put_page_size: int = 0
    """Longest `result` of a PUT's answer, as if it were the first page of a list; 0 for no limit."""

    put_effect: t.Literal["applied", "ignored", "pretended"] = "applied"
    """A PUT does what it says; or answers 200 and changes nothing, and shows that; or hides it by showing the wish."""

    put_modified_on: t.Literal["touched", "kept"] = "touched"
    """Whether a PUT moves `modified_on` of the certificates that it names."""

    unlisted: t.Literal["keep", "reset", "shift_below"] = "keep"
    """What a PUT does to certificates that it does not name: nothing, sets them to 0, or moves those that are not
    below the lowest named one to just below it (never below 0)."""

    renumber: t.Literal["no", "spread", "dense"] = "no"
    """Numbers after a PUT: as sent; the named ones raised and ten further apart; or the whole zone counted anew from
    1. Both keep the order among the named ones, and none of them falls below an unnamed one that it was above."""

    unknown_id: t.Literal["400_1002", "404"] = "400_1002"
    """Answer to a certificate id that the zone does not hold: 400 with code 1002, or 404."""

    bad_item: t.Literal["atomic", "partial"] = "atomic"
    """A PUT with one unknown id changes nothing, or is refused after the good items were applied."""

    empty_item: t.Literal["ignored", "refused"] = "ignored"
    """An item of a PUT without an `id` is passed over (the SDK's documented example sends such), or gets 400/2001."""

    stale_reads: int = 0
    """How many reads of a zone's list after a write still show the list as it was before."""

    list_order: t.Literal["uploaded", "priority", "random"] = "uploaded"
    """Order of lists: oldest upload first, highest priority first, or shuffled (by `seed`, and stable)."""

    list_result_info: t.Literal["present", "absent"] = "present"
    """Whether lists have `result_info`."""

    total_pages: t.Literal["present", "absent"] = "present"
    """Whether `result_info` has `total_pages`."""

    total_count: t.Literal["filtered", "unfiltered"] = "filtered"
    """Whether `total_count` counts what the filters leave, or everything."""

    per_page_out_of_range: t.Literal["clamp", "refuse"] = "clamp"
    """`per_page` or `page` out of range is moved into the range, or answered with 400."""

    max_page_size: int = 50
    """Longest page that the server gives, whatever `per_page` asks for."""

    empty_result: t.Literal["list", "null"] = "list"
    """An empty list is `[]`, or `null`."""

    type_field: t.Literal["present", "absent"] = "present"
    """Whether certificates have `type`."""

    custom_csr_id: t.Literal["where_set", "null", "value", "absent"] = "where_set"
    """`custom_csr_id` is there on the certificates that were made from a CSR; null on the others; a value on all; or
    on none."""

    priority_type: t.Literal["integer", "float"] = "integer"
    """Whether whole priorities are written `1` or `1.0`."""

    deleted: t.Literal["removed", "lingers"] = "removed"
    """A deleted or renewed certificate leaves the list at once, or stays in it with status `deleted`."""

    deleted_reads: int = 0
    """How many reads of the list a certificate that lingers outlasts; 0 for all of them."""

    free_zone: t.Literal["empty", "403_10000", "400_1212", "400_1011"] = "empty"
    """What a zone on the free or pro plan answers: an empty list (and to a PUT, an unknown id), or a refusal. An
    upload is refused in any case, with 400 and code 1011 where the list is empty."""

    messages: t.Literal["none", "some"] = "none"
    """Whether successful answers carry an entry in `messages`."""

    error_shape: t.Literal["full", "bare", "detailed"] = "full"
    """Refusals have all four keys; only `success` and `errors`; or also `documentation_url` and `source`."""

    failure_status: t.Literal["real", "200", "200_throttle_too"] = "real"
    """Refusals have their own HTTP status, or 200 with `success: false` (the throttle's only with the last value)."""

    server_error: t.Literal["html", "json"] = "html"
    """Form of the fault `server_error`."""

    retry_after: t.Literal["present", "absent"] = "present"
    """Whether the throttle's 429 has `Retry-After`."""

    ratelimit_headers: t.Literal["present", "absent"] = "present"
    """Whether answers have `Ratelimit` and `Ratelimit-Policy`."""

    patch_id: t.Literal["new", "kept"] = "new"
    """Whether a PATCH makes a certificate with a new id in place of the old one, or changes the one that is there."""

    patch_priority: t.Literal["kept", "reset"] = "kept"
    """Whether a certificate keeps its number over a PATCH, or gets that of an upload."""

    upload_priority: int = 0
    """The number that an upload gets."""

    upload_status: t.Literal["pending", "initializing", "active"] = "pending"
    """The status after an upload and after a PATCH. A zone that is not active keeps it at `holding_deployment`."""

    pending_reads: int = 1
    """How many reads still show that status before it is `active`."""

    pending_ms: int = 0
    """How long it lasts at least, in milliseconds."""

    issuer_spelling: t.Literal["letters", "dashes"] = "letters"
    """What of the O of an issuer's name is in `issuer`: letters and digits, or also `-`."""

    foreign_hosts: t.Literal["listed", "left_out"] = "listed"
    """Whether `hosts` has the certificate's names of other zones."""

    duplicate: t.Literal["refused", "made"] = "refused"
    """Whether the upload of what the zone has already is refused with 1220, or makes a second certificate."""

    private_ca: t.Literal["refused", "accepted"] = "refused"
    """Whether a certificate of a private CA needs the bundle method `force`, or is refused with 2100."""

    delete_unknown: t.Literal["404", "400_1002"] = "404"
    """Answer to a DELETE of a certificate id that the zone does not hold: 404, or 400 with code 1002."""

    quota_code: t.Literal["2005", "1212"] = "2005"
    """The code for one upload too many."""

    seed: int = 1
    """Seed of everything shuffled. Not a way to behave, so not in `SWITCHES`."""

    def __post_init__(self) -> None:
        for name, values in ALL_SWITCHES.items():
            value = getattr(self, name)
            if name in _NUMBERS:
                if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                    raise ValueError(f"{name} must be a whole number, not {value!r}")
            elif value not in values:
                raise ValueError(f"{name} must be one of {', '.join(values)}, not {value!r}")

    def but(self, **changes: t.Any) -> Behaviour:
        """The same behaviour with some switches changed."""
        return dataclasses.replace(self, **changes)

    @classmethod
    def from_pairs(cls, pairs: Iterable[str]) -> Behaviour:
        """From `switch=value` texts, as a command line has them."""
        changes: dict[str, t.Any] = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals or name not in {*ALL_SWITCHES, "seed"}:
                raise ValueError(f"{pair!r} is no switch=value; switches are {', '.join(ALL_SWITCHES)}")
            changes[name] = int(value) if name in {*_NUMBERS, "seed"} else value
        return cls(**changes)


# Values worth trying of the switches that are numbers; the first is the default.
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
"""Every switch with every value worth trying, the default first."""

SWITCHES: dict[str, tuple[t.Any, ...]] = {name: values for name, values in ALL_SWITCHES.items() if name not in _UPLOADS}
"""Those that a client can meet that reads and orders certificates."""

UPLOAD_SWITCHES: dict[str, tuple[t.Any, ...]] = {name: ALL_SWITCHES[name] for name in _UPLOADS}
"""Those that only a client can meet that uploads, renews or deletes certificates."""


def pairs(names: Iterable[str] | None = None) -> Iterator[dict[str, t.Any]]:
    """Settings that try every value of every switch together with every value of every other one.

    `names` are those of any switches; without them it is about `SWITCHES`.
    """
    for one, other in itertools.combinations(list(names) if names is not None else list(SWITCHES), 2):
        for first, second in itertools.product(ALL_SWITCHES[one], ALL_SWITCHES[other]):
            yield {one: first, other: second}


__all__ = ("ALL_SWITCHES", "SWITCHES", "UPLOAD_SWITCHES", "Behaviour", "pairs")
