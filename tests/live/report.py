# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report: short as text, whole as JSON, both without a name, an id or a secret."""

from __future__ import annotations

import json
import typing as t

from .finding import Answer, Finding, Unanswered
from .findings import suggestion
from .handshake import Handshakes, Leaf
from .masking import Masker
from .seen import Exchange, Seen

_FORMAT = 1


class Leaking(Exception):
    """A report would show what it must not."""


def as_text(seen: Seen, findings: list[Finding], requests: int, masker: Masker) -> str:
    """For people: answers beside what the emulator does by default, then what could not be answered."""
    lines = [f"Live kit: {len(seen.certificates)} certificate(s), {requests} requests, {_mode(seen)}"]
    if seen.stopped:
        lines.append(f"Ended early: {masker.text(seen.stopped)}")
    lines += ["", f"{'':2}{'question':23}{'emulator':12}{'seen':13}what was seen"]
    for finding in findings:
        if isinstance(finding.reply, Answer):
            lines.append(_line(finding, finding.reply))
    lines += ["", "Not answered:"]
    lines += [
        f"  {finding.key}: {masker.text(finding.reply.why)}"
        for finding in findings
        if isinstance(finding.reply, Unanswered)
    ]
    lines += [f"  {name} said: {masker.text(str(result['msg']))}" for name, result in _failed(seen)]
    lines += ["", f"The emulator shows the same with: {suggestion(findings)}"]
    return _checked("\n".join(lines) + "\n", masker)


def as_json(seen: Seen, findings: list[Finding], requests: int, masker: Masker) -> str:
    """For programs, with every request and its masked answer."""
    data = {
        "format": _FORMAT,
        "requests": requests,
        "mode": _mode(seen),
        "stopped": masker.text(seen.stopped),
        "findings": [_finding(finding, masker) for finding in findings],
        "emulator": suggestion(findings),
        "tls": _handshakes(seen.tls, masker) if isinstance(seen.tls, Handshakes) else None,
        "modules": {name: _module(result, masker) for name, result in seen.modules.items()},
        "exchanges": [_exchange(exchange, masker) for exchange in seen.exchanges],
    }
    return _checked(json.dumps(data, indent=1) + "\n", masker)


def _mode(seen: Seen) -> str:
    return "read-only" if seen.writing else "with writes"


def _line(finding: Finding, answer: Answer) -> str:
    if not finding.is_switch:
        return f"  {finding.key:23}{'-':12}{'-':13}{answer.text}"
    mark = " " if finding.default in finding.fits else "!"
    shown = " or ".join(map(str, finding.fits)) or "other"
    return f"{mark} {finding.key:23}{finding.default!s:12}{shown:12} {answer.text}"


def _failed(seen: Seen) -> list[tuple[str, dict[str, t.Any]]]:
    return [(name, result) for name, result in seen.modules.items() if "msg" in result]


def _finding(finding: Finding, masker: Masker) -> dict[str, t.Any]:
    reply = finding.reply
    told: dict[str, t.Any] = {"key": finding.key, "question": finding.question}
    if isinstance(reply, Unanswered):
        told["not_answered"] = masker.text(reply.why)
    else:
        told["answer"] = reply.text
    if finding.is_switch:
        told.update(emulator_default=finding.default, fits=list(finding.fits))
    return told


def _handshakes(found: Handshakes, masker: Masker) -> dict[str, t.Any]:
    shown = {"before": found.before, "reversed": found.after, "restored": found.back}
    return {
        "name": masker.alias("name", found.name),
        "first_before": masker.alias("id", found.first_before),
        "first_reversed": masker.alias("id", found.first_after),
        "looks": found.looks,
        "problem": masker.text(found.problem),
        **{key: None if leaf is None else _leaf(leaf, masker) for key, leaf in shown.items()},
    }


def _leaf(leaf: Leaf, masker: Masker) -> dict[str, t.Any]:
    return {
        "leaf": masker.alias("leaf", leaf.fingerprint),
        "serial": masker.alias("serial", leaf.serial),
        "issuer": masker.alias("issuer", leaf.issuer),
        "names": sorted(masker.alias("name", name) for name in leaf.names),
    }


def _module(result: dict[str, t.Any], masker: Masker) -> dict[str, t.Any]:
    shown: dict[str, t.Any] = {key: result[key] for key in ("changed", "requests", "waited") if key in result}
    if "msg" in result:
        shown["msg"] = masker.text(str(result["msg"]))
    shown["warnings"] = [masker.text(str(warning)) for warning in result.get("warnings") or ()]
    return shown


def _exchange(exchange: Exchange, masker: Masker) -> dict[str, t.Any]:
    return {
        "label": exchange.label,
        "method": exchange.method,
        "path": masker.path(exchange.path),
        "query": dict(exchange.query),
        "body": masker.value(exchange.body),
        "status": exchange.status,
        "headers": dict(exchange.headers),
        "payload": masker.value(exchange.payload),
        "problem": masker.text(exchange.problem),
    }


def learn(seen: Seen, masker: Masker) -> None:
    """Know everything that must not be seen, before the first line is written."""
    for exchange in seen.exchanges:
        _exchange(exchange, masker)
    if isinstance(seen.tls, Handshakes):
        _handshakes(seen.tls, masker)


def _checked(text: str, masker: Masker) -> str:
    found = masker.leaks(text)
    if found:
        raise Leaking(f"the report would show {', '.join(found)}, so it is not written")
    return text


__all__ = ("Leaking", "as_json", "as_text", "learn")
