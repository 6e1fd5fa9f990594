# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every question, in the order of the report: one for each switch of the emulator, and some that have no switch."""

from __future__ import annotations

from collections.abc import Callable

from emulator import SWITCHES

from . import answers_reading, answers_writing
from .finding import Finding, Reply, Unanswered
from .seen import Seen

Evaluate = Callable[[Seen], Reply]

QUESTIONS: dict[str, tuple[str, Evaluate]] = {
    "tls": ("What does a TLS handshake for a contested name get?", answers_writing.tls),
    "put_result": ("Which certificates does a PUT's answer hold?", answers_writing.put_result),
    "put_result_info": ("Has a PUT's answer result_info?", answers_writing.put_result_info),
    "put_page_size": ("Is a PUT's answer cut to a page?", answers_writing.put_page_size),
    "put_effect": ("Does a PUT do what it says?", answers_writing.put_effect),
    "stale_reads": ("How many reads after a PUT show the old state?", answers_writing.stale_reads),
    "unlisted": ("What happens to certificates that a PUT does not name?", answers_writing.unlisted),
    "renumber": ("Does the service choose other numbers?", answers_writing.renumber),
    "put_modified_on": ("Does a PUT move modified_on?", answers_writing.put_modified_on),
    "unknown_id": ("What is answered to an unknown certificate id?", answers_reading.unknown_id),
    "malformed_id": ("What is answered to a malformed certificate id?", answers_reading.malformed_id),
    "bad_item": ("Is a PUT with one bad item refused as a whole?", answers_writing.bad_item),
    "empty_item": ("What is answered to an item without an id?", answers_writing.empty_item),
    "strange_effect": ("Did these two PUTs change anything?", answers_writing.strange_effect),
    "list_order": ("In which order are certificates listed?", answers_reading.list_order),
    "list_result_info": ("Have lists result_info?", answers_reading.list_result_info),
    "total_pages": ("Has result_info total_pages?", answers_reading.total_pages),
    "total_count": ("What does total_count count under a filter?", answers_reading.total_count),
    "per_page_out_of_range": ("What becomes of per_page below 5 and above 50?", answers_reading.per_page_out_of_range),
    "page_zero": ("What is answered to page=0?", answers_reading.page_zero),
    "max_page_size": ("How long is the longest page?", answers_reading.max_page_size),
    "empty_result": ("How is an empty list written?", answers_reading.empty_result),
    "type_field": ("Have certificates a type?", answers_reading.type_field),
    "custom_csr_id": ("Which certificates have a custom_csr_id?", answers_reading.custom_csr_id),
    "priority_type": ("How are whole priorities written?", answers_reading.priority_type),
    "deleted": ("Do deleted certificates stay in the list?", answers_reading.deleted),
    "free_zone": ("What does a zone of the free or pro plan answer?", answers_reading.free_zone),
    "messages": ("Do successful answers carry messages?", answers_reading.messages),
    "error_shape": ("Which keys do refusals have?", answers_reading.error_shape),
    "failure_status": ("Do refusals have their own HTTP status?", answers_reading.failure_status),
    "server_error": ("In which form do 5xx come?", answers_reading.server_error),
    "retry_after": ("Has a 429 Retry-After?", answers_reading.retry_after),
    "ratelimit_headers": ("Have answers Ratelimit headers?", answers_reading.ratelimit_headers),
    "ratelimit_policy": ("Which policy do they tell?", answers_reading.ratelimit_policy),
    "modules": ("How did the modules do?", answers_reading.module_runs),
    "restored": ("Is the zone as it was?", answers_writing.zone_restored),
}


def evaluate(seen: Seen) -> list[Finding]:
    """A reply to every question."""
    findings = []
    for key, (question, evaluate_one) in QUESTIONS.items():
        default = SWITCHES[key][0] if key in SWITCHES else None
        findings.append(Finding(key, question, _reply(evaluate_one, seen), default, key in SWITCHES))
    return findings


def _reply(evaluate_one: Evaluate, seen: Seen) -> Reply:
    try:
        return evaluate_one(seen)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # The real service may answer what nobody thought of. The other questions, and the requests made, are not lost.
        return Unanswered(f"what came has another form ({type(error).__name__}): see the exchanges")


def suggestion(findings: list[Finding]) -> str:
    """The emulator's behaviour that shows what was seen."""
    changes = [f"{finding.key}={finding.setting!r}" for finding in findings if finding.setting is not None]
    return f"Behaviour({', '.join(changes)})"


__all__ = ("QUESTIONS", "evaluate", "suggestion")
