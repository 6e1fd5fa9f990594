# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live kit: checks undocumented behavior with a real account (`make live`). See README.md in this directory.

The collection's own client hides what the kit checks: statuses, and the exact format of responses.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import sys
import time
import typing as t
from collections.abc import Iterator, Sequence
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from emulator import SWITCHES

from .answers import Answer, Finding, Numbers, Put, about_reads, about_writes, highest_first

OUTPUT = Path(__file__).parent / "output"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
MOST = 50
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class NotRestored(Exception):
    """The priorities may not be restored."""


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let a signal wait until the end of the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Api:
    """The custom certificates of a zone. Requests that fail or are throttled are repeated."""

    def __init__(self, zone_id: str) -> None:
        url = os.environ.get("CLOUDFLARE_BASE_URL") or "https://api.cloudflare.com/client/v4"
        token = os.environ.get("CLOUDFLARE_API_TOKEN", "").strip()
        if not token or not url.startswith(("https://", "http://127.0.0.1:")):
            sys.exit("CLOUDFLARE_API_TOKEN is not set, or CLOUDFLARE_BASE_URL is not https")
        self._place = f"{url.rstrip('/')}/zones/{zone_id}/custom_certificates"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        again = Retry(
            4, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None, backoff_factor=1, raise_on_status=False
        )
        self._session.mount(self._place, HTTPAdapter(max_retries=again))

    def ask(self, method: str, path: str = "", **arguments: t.Any) -> Answer:
        """Send a request, which is not abandoned if there is a signal."""
        with undisturbed():
            try:
                response = self._session.request(
                    method, self._place + path, timeout=30, allow_redirects=False, **arguments
                )
                body = response.json()
            except requests.JSONDecodeError:
                return Answer(response.status_code, {})
            except requests.RequestException:
                return Answer(0, {})
        return Answer(response.status_code, body if isinstance(body, dict) else {})

    def list(self, per_page: int = MOST) -> Answer:
        """Read the first page."""
        return self.ask("GET", params={"page": 1, "per_page": per_page})

    def put(self, sent: Numbers) -> Put:
        """Set priorities, and read until the list shows them, for some seconds."""
        entries = [{"id": key, "priority": sent[key]} for key in highest_first(sent)]
        put = Put(sent, self.ask("PUT", "/prioritize", json={"certificates": entries}))
        for pause in (0, 1, 2, 4):
            time.sleep(pause)
            put.reads.append(self.list().numbers)
            if put.shown is not None:
                break
        return put


def restore(api: Api, path: Path) -> None:
    """Restore the priorities that a file has, and rename it.

    :raises NotRestored: The list does not show them.
    """
    saved = {entry["id"]: entry["priority"] for entry in json.loads(path.read_text(encoding="utf-8"))["restore"]}
    with undisturbed():
        for pause in (0, 1, 2, 4):
            time.sleep(pause)
            # Written even if the list looks right: it may not show the last write yet.
            present = api.list().numbers or saved
            if api.put({key: number for key, number in saved.items() if key in present}).shown is not None:
                path.replace(path.with_name(f"done-{path.name}"))
                print("The priorities are restored.")
                return
    raise NotRestored(f"The priorities are not restored. Run: make live RESTORE={path}")


def read(api: Api) -> tuple[Answer, dict[str, Finding]]:
    """Return the list, and what can be learned without a write."""
    listed = api.list()
    return listed, about_reads(listed, [api.list(1), api.list(100)], api.ask("GET", f"/{UNKNOWN}"))


def write(api: Api, zone_id: str, before: Numbers, path: Path) -> dict[str, Finding]:
    """Return what can be learned from writes. The priorities are saved before them, and restored after them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        entries = [{"id": key, "priority": before[key]} for key in highest_first(before)]
        json.dump({"zone_id": zone_id, "restore": entries}, file, indent=2)
    print(f"If this run does not restore the zone, run: make live RESTORE={path}", flush=True)
    try:
        reverse = api.put({key: 10 * number for number, key in enumerate(highest_first(before), 1)})
        now = reverse.reads[-1] or before
        _first, *others = highest_first(now)
        part = api.put({key: 10 * number + 11 for number, key in enumerate(others)})
        unknown = api.ask("PUT", "/prioritize", json={"certificates": [{"id": UNKNOWN, "priority": 1}]})
    finally:
        restore(api, path)
    return about_writes(reverse, part, now, unknown)


def look(zone_id: str, path: Path | None, found: dict[str, Finding]) -> int:
    """Find what can be found, and return the exit code. Nothing is written without a path for the priorities."""
    api = Api(zone_id)
    listed, learned = read(api)
    found |= learned
    numbers = listed.numbers
    if path is None:
        return int(not listed.ok)
    if not listed.ok or not 2 <= len(numbers) < MOST:
        why = f"{listed}, {len(numbers)} certificates. A zone with 2 to 49 certificates is needed."
    elif path.exists():
        why = f"an earlier run has not restored this zone. Restore it first: make live RESTORE={path}"
    else:
        found |= write(api, zone_id, numbers, path)
        return 0
    print(f"Nothing is written: {why}", file=sys.stderr)
    return 2 if path.exists() else 1


def report(found: dict[str, Finding]) -> Iterator[str]:
    """One line for each switch, and the setting of the emulator that does the same."""
    wrong = {name: value for name, (value, _text) in found.items() if value not in (None, SWITCHES[name][0])}
    for name, (value, text) in found.items():
        yield f"{'!' if name in wrong else ' '} {name:22} {'?' if value is None else value!s:12} {text}"
    yield f"Behaviour({', '.join(f'{name}={value!r}' for name, value in wrong.items())})"


def _zone_id(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{32}", text):
        raise argparse.ArgumentTypeError("a zone id has 32 hexadecimal digits")
    return text


def main(arguments: Sequence[str], output: Path = OUTPUT) -> int:
    """Return the exit code: 1 if it ended early, 2 if the zone may not be restored, 130 after a signal."""
    parser = argparse.ArgumentParser(prog="live", description="See tests/live/README.md.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--zone-id", type=_zone_id)
    what.add_argument("--restore", type=Path, metavar="FILE")
    parser.add_argument("--write", action="store_true", help="reverse the order for some seconds")
    options = parser.parse_args(arguments)
    for number in _SIGNALS:
        signal.signal(number, signal.default_int_handler)
    found: dict[str, Finding] = {}
    try:
        if options.restore:
            restore(Api(json.loads(options.restore.read_text(encoding="utf-8"))["zone_id"]), options.restore)
            return 0
        return look(options.zone_id, output / f"restore-{options.zone_id}.json" if options.write else None, found)
    except NotRestored as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    finally:
        if found:
            print("\n".join(report(found)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
