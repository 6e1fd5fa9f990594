# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way back: on disk before the first write, and walked whatever happens after it."""

from __future__ import annotations

import json
import os
import shlex
import typing as t
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .api import MOST_REQUESTS, Api, Spent, Throttled
from .modules import ROOT
from .seen import Exchange, JSONObject, living, number, numbers, ranking

_DELAYS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # before each of the reads that look whether it is as it was
_ATTEMPTS = 5


class NotRestored(Exception):
    """The zone is not, or not surely, as it was."""


class Blocked(Exception):
    """An earlier run has not brought its zone back."""


@dataclass(frozen=True)
class Way:
    """Numbers to go back to, highest first, and for which zone of which API."""

    zone_id: str
    api_url: str
    restore: tuple[JSONObject, ...]

    @classmethod
    def of(cls, zone_id: str, api_url: str, items: list[JSONObject]) -> Way:
        """The way back to what a list shows. A certificate without a priority is given 0, which is what it counts as."""
        by_id = {item["id"]: item for item in living(items)}
        order = ranking(numbers(items))
        return cls(zone_id, api_url, tuple({"id": one, "priority": by_id[one].get("priority") or 0} for one in order))

    @classmethod
    def load(cls, path: Path) -> Way:
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(str(data["zone_id"]), str(data["api_url"]), tuple(data["restore"]))

    @property
    def wanted(self) -> dict[str, float]:
        return {str(item["id"]): number(item) for item in self.restore}


def make_directory(path: Path) -> None:
    """A directory that Git does not see. `make clean` leaves the default one alone: it may hold a way back."""
    path.mkdir(parents=True, exist_ok=True)
    (path / ".gitignore").write_text("*\n", encoding="utf-8")


@dataclass(frozen=True)
class WayFile:
    """A file with the way back. As long as it has this name, the zone may not be as it was."""

    path: Path

    @property
    def command(self) -> str:
        path = self.path.resolve()
        shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        return f"make live {shlex.quote(f'RESTORE={shown}')}"

    def save(self, way: Way) -> None:
        """Write it for good: the file and its name are on the disk when this returns.

        :raises Blocked: there is one already.
        """
        make_directory(self.path.parent)
        data = {
            "command": self.command,
            "without_the_kit": "ansible-playbook examples/undo.yml -e @THIS_FILE",
            "zone_id": way.zone_id,
            "api_url": way.api_url,
            "restore": list(way.restore),
        }
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Blocked(f"an earlier run has not brought this zone back; do so first: {self.command}") from None
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        directory = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def done(self) -> None:
        """Keep it under another name: the zone is as it was."""
        self.path.replace(self.path.with_name(f"done-{self.path.name}"))


def bring_back(api: Api, way: Way, pause: Callable[[float], None], *, proven: bool = False) -> str:
    """Give every certificate the number it had, and say how that ended.

    :param proven: That was done already, and read back; it is just looked at once more.
    :raises NotRestored: it cannot be done, or the list does not show it.
    """
    api.restoring = True
    try:
        before = _read(api, way)
        if proven and _is_as_it_was(way, before):
            return "every priority is what it was"
        # Written even where the list looks right: it may be an old one, that does not show the last write yet.
        lost = _write(api, way, pause)
        for seconds in _DELAYS:
            pause(seconds)
            now = _read(api, way)
            if _is_as_it_was(way, now):
                return "every priority is what it was" + lost
            if api.spent >= MOST_REQUESTS:
                break
    except (Spent, Throttled) as error:
        raise NotRestored(str(error)) from None
    finally:
        api.restoring = False
    if now is not None and _same_order(way, now):
        return "the order is what it was; the numbers are not, for the service chooses its own" + lost
    raise NotRestored("the write was taken, but the list does not show it")


def _read(api: Api, way: Way) -> dict[str, float] | None:
    exchange = api.ask("read back", "GET", _path(way), {"page": 1, "per_page": 50})
    return numbers(exchange.items) if exchange.ok else None


def _write(api: Api, way: Way, pause: Callable[[float], None]) -> str:
    """Send it until it is taken; certificates that are gone by now are left out, which is told."""
    entries: t.Sequence[JSONObject] = way.restore
    lost = ""
    for attempt in range(_ATTEMPTS):
        exchange = api.ask("restore", "PUT", f"{_path(way)}/prioritize", body={"certificates": list(entries)})
        if exchange.ok:
            return lost
        if _names_unknown(exchange):
            present = _read(api, way) or {}
            left = [item for item in way.restore if item["id"] in present]
            if left and len(left) < len(entries):
                lost = f"; {len(way.restore) - len(left)} certificate(s) are gone"
                entries = left
                continue
        pause(2.0**attempt)
    raise NotRestored(f"the write was answered with {exchange.outcome}")


def _names_unknown(exchange: Exchange) -> bool:
    return exchange.status == 404 or 1002 in exchange.codes


def _is_as_it_was(way: Way, now: dict[str, float] | None) -> bool:
    return now is not None and all(now[key] == value for key, value in way.wanted.items() if key in now)


def _same_order(way: Way, now: dict[str, float]) -> bool:
    """Whether whatever was above another still is, and whatever was level with it, too."""
    ids = [identifier for identifier in way.wanted if identifier in now]

    def shape(of: dict[str, float]) -> list[int]:
        return [sorted({of[key] for key in ids}).index(of[identifier]) for identifier in ids]

    return bool(ids) and shape(way.wanted) == shape(now)


def _path(way: Way) -> str:
    return f"/zones/{way.zone_id}/custom_certificates"


__all__ = ("Blocked", "NotRestored", "Way", "WayFile", "bring_back", "make_directory")
