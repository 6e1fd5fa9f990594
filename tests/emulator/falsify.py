# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that change the content of a response, but not its format."""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Callable

from .faults import Fault

JSONObject = dict[str, t.Any]


def falsify(payload: t.Any, fault: Fault) -> t.Any:
    """Return the content of a response, changed as the fault requires. The original is not modified."""
    change = _CHANGES.get(fault.kind)
    if change is None:
        return payload
    payload = copy.deepcopy(payload)
    change(payload, fault)
    return payload


def _drop_page(payload: JSONObject, fault: Fault) -> None:
    payload["result"] = []
    if "result_info" in payload:
        payload["result_info"]["count"] = 0


def _result_info(payload: JSONObject, fault: Fault) -> None:
    info = payload.get("result_info", {})
    payload["result_info"] = _patched(info, fault["override"], fault["remove"])


def _patch_result(payload: JSONObject, fault: Fault) -> None:
    result = payload.get("result")
    if isinstance(result, list):
        payload["result"] = [_patched_item(item, fault) for item in result]
    elif isinstance(result, dict):
        payload["result"] = _patched_item(result, fault)


def _patched_item(item: JSONObject, fault: Fault) -> t.Any:
    if fault["ids"] is not None and item.get("id") not in fault["ids"]:
        return item
    return _patched(item, fault["change"], fault["remove"])


def _patch_answer(payload: JSONObject, fault: Fault) -> None:
    patched = _patched(dict(payload), fault["change"], fault["remove"])
    payload.clear()
    payload.update(patched)


def _patched(item: JSONObject, change: t.Any, remove: t.Iterable[str]) -> t.Any:
    if callable(change):
        return change(item)
    item.update(change)
    for name in remove:
        item.pop(name, None)
    return item


_CHANGES: dict[str, Callable[[JSONObject, Fault], None]] = {
    "drop_page": _drop_page,
    "result_info": _result_info,
    "patch_result": _patch_result,
    "patch_answer": _patch_answer,
}
