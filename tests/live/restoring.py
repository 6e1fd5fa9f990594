# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Saves the priorities of a zone before they are changed, and restores them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from .asking import Api, JSONObject

_ATTEMPTS = 4
_PAUSES = (1, 2, 4, 8)


class NotRestored(Exception):
    """The priorities may not be restored."""


def living(items: list[JSONObject]) -> dict[str, float]:
    """The priorities of certificates by their ids; null is 0."""
    return {item["id"]: item.get("priority") or 0 for item in items if item.get("status") != "deleted"}


def highest_first(numbers: dict[str, float]) -> list[str]:
    """Ids, those with the highest priority first."""
    return sorted(numbers, key=lambda identifier: -numbers[identifier])


def save(path: Path, zone_id: str, numbers: dict[str, float]) -> None:
    """Save the priorities in a file that is kept if the run ends early.

    :raises FileExistsError: An earlier run has not restored this zone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = [{"id": identifier, "priority": numbers[identifier]} for identifier in highest_first(numbers)]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"zone_id": zone_id, "restore": entries}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())


def restore(api: Api, path: Path) -> None:
    """Restore the saved priorities, verify this, and rename the file.

    :raises NotRestored: The priorities cannot be restored, or the list does not show them.
    """
    saved = json.loads(path.read_text(encoding="utf-8"))
    place = f"/zones/{saved['zone_id']}/custom_certificates"
    wanted = {entry["id"]: entry["priority"] for entry in saved["restore"]}
    api.restoring = True
    try:
        for attempt in range(_ATTEMPTS):
            # Written even where the list looks right: it may not show the last write yet.
            present = living(api.ask("GET", place, {"page": 1, "per_page": 50}).items) or wanted
            entries = [entry for entry in saved["restore"] if entry["id"] in present]
            if api.ask("PUT", f"{place}/prioritize", body={"certificates": entries}).ok:
                break
            api.wait(2**attempt)
        for pause in _PAUSES:
            api.wait(pause)
            now = living(api.ask("GET", place, {"page": 1, "per_page": 50}).items)
            if now and all(now[identifier] == number for identifier, number in wanted.items() if identifier in now):
                path.replace(path.with_name(f"done-{path.name}"))
                return
    finally:
        api.restoring = False
    raise NotRestored(f"The priorities are not restored. Run: make live RESTORE={path}")
