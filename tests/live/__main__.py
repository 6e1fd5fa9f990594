# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live kit: checks undocumented behavior with a real account (`make live`). See README.md in this directory.

The collection's own client hides what the kit checks: statuses, and the exact format of responses. No text of the report
comes from the API.
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
from dataclasses import dataclass
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from emulator import SWITCHES

OUTPUT = Path(__file__).parent / "output"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
MOST = 50
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Numbers = dict[str, float]
Finding = tuple[t.Any, str]
"""The value of a switch, None if the answers do not show it; and what they showed."""


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


@dataclass(frozen=True)
class Answer:
    """An answer of the API. `status` is 0 if there was none, and `body` is empty if it is no JSON object."""

    status: int
    body: dict[str, t.Any]

    @property
    def items(self) -> list[dict[str, t.Any]]:
        """The certificates."""
        return (self.body.get("result") or []) if self.body.get("success") is True else []

    @property
    def info(self) -> dict[str, t.Any]:
        """What is said of the list as a whole."""
        return self.body.get("result_info") or {}

    @property
    def numbers(self) -> Numbers:
        """The priorities by id, the highest first; null is 0."""
        living = {item["id"]: item.get("priority") or 0 for item in self.items if item.get("status") != "deleted"}
        return highest_first(living)

    def __str__(self) -> str:
        """Its status and codes, which hold nothing of the zone's own."""
        errors = [error for error in self.body.get("errors") or () if isinstance(error, dict)]
        codes = [str(error["code"]) for error in errors if isinstance(error.get("code"), int)]
        return " with code ".join([f"HTTP {self.status}", *codes]) if self.status else "no answer"


@dataclass(frozen=True)
class Put:
    """A PUT, what the list showed after it, and how many reads did not show it; None if none did."""

    sent: Numbers
    answer: Answer
    after: Numbers
    stale: int | None


def highest_first(numbers: Numbers) -> Numbers:
    return dict(sorted(numbers.items(), key=lambda item: -item[1]))


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
        codes = (429, 500, 502, 503, 504)
        again = Retry(4, status_forcelist=codes, allowed_methods=None, backoff_factor=1, raise_on_status=False)
        self._session.mount(self._place, HTTPAdapter(max_retries=again))

    def ask(self, method: str, path: str = "", **arguments: t.Any) -> Answer:
        """Send a request, which is not abandoned if there is a signal."""
        status, body = 0, None
        with undisturbed(), contextlib.suppress(requests.RequestException):
            url = self._place + path
            response = self._session.request(method, url, timeout=30, allow_redirects=False, **arguments)
            status, body = response.status_code, response.json()
        return Answer(status, body if isinstance(body, dict) else {})

    def list(self, per_page: int = MOST) -> Answer:
        """Read the first page."""
        return self.ask("GET", params={"page": 1, "per_page": per_page})

    def put(self, sent: Numbers) -> Put:
        """Set priorities, and read until the list shows them, for some seconds."""
        entries = [{"id": key, "priority": number} for key, number in highest_first(sent).items()]
        answer = self.ask("PUT", "/prioritize", json={"certificates": entries})
        for stale, pause in enumerate((0, 1, 2, 4)):
            time.sleep(pause)
            after = self.list().numbers
            if sent.items() <= after.items():
                return Put(sent, answer, after, stale)
        return Put(sent, answer, after, None)


def restore(path: Path) -> None:
    """Restore the priorities that a file has, and rename it.

    :raises NotRestored: The list does not show them.
    """
    saved = json.loads(path.read_text(encoding="utf-8"))
    numbers = {entry["id"]: entry["priority"] for entry in saved["restore"]}
    api = Api(saved["zone_id"])
    with undisturbed():
        for pause in (0, 1, 2, 4):
            time.sleep(pause)
            # Written even if the list looks right: it may not show the last write yet.
            present = api.list().numbers or numbers
            if api.put({key: number for key, number in numbers.items() if key in present}).stale is not None:
                path.replace(path.with_name(f"done-{path.name}"))
                print("The priorities are restored.")
                return
    raise NotRestored(f"The priorities are not restored. Run: make live RESTORE={path}")


def read(api: Api) -> tuple[Answer, dict[str, Finding]]:
    """Return the list, and what can be learned without a write."""
    listed, one, hundred = api.list(), api.list(1), api.list(100)
    unknown = api.ask("GET", f"/{UNKNOWN}")
    sizes = f"{one}, {len(one.items)} certificates; {hundred}, {len(hundred.items)} certificates"
    size = "refuse" if one.status == hundred.status == 400 else "clamp" if len(one.items) > 1 else None
    return listed, {
        "per_page_out_of_range": (size, sizes),
        "list_order": _list_order(listed.items),
        "custom_csr_id": _custom_csr_id(listed.items),
        "type_field": _presence("type", listed.items),
        "total_pages": _presence("total_pages", [listed.info] if listed.info else []),
        "unknown_id": _unknown_id(unknown),
        "failure_status": ("real" if unknown.status >= 300 else "200" if unknown.status else None, str(unknown)),
    }


def write(api: Api, before: Numbers) -> dict[str, Finding]:
    """Reverse the order, then set priorities of all but the first certificate, then of an unknown one."""
    reverse = api.put({key: 10 * number for number, key in enumerate(before, 1)})
    now = reverse.after or before
    first, *others = now
    part = api.put({key: 10 * number + 11 for number, key in enumerate(others)})
    stale = [put.stale for put in (reverse, part) if put.stale is not None]
    unlisted = {now[first]: "keep", 0: "reset", min(part.sent.values()) - 1: "shift_below"}
    return {
        "put_result": _put_result(part, len(now)),
        "put_result_info": _presence("result_info", [put.answer.body for put in (reverse, part) if put.answer.body]),
        "unlisted": (unlisted.get(part.after.get(first, -1)), f"{now[first]:g} became {part.after.get(first)}"),
        "stale_reads": (max(stale, default=None), f"{stale} reads after a write did not show it"),
        "unknown_id": _unknown_id(
            api.ask("PUT", "/prioritize", json={"certificates": [{"id": UNKNOWN, "priority": 1}]})
        ),
    }


def _list_order(items: list[dict[str, t.Any]]) -> Finding:
    by: dict[str, list[t.Any]] = {
        "uploaded": [str(item.get("uploaded_on")) for item in items],
        "priority": [-(item.get("priority") or 0) for item in items],
    }
    fits = [name for name, keys in by.items() if keys == sorted(keys)]
    if len(items) < 3 or len(fits) == 2:
        return None, f"{len(items)} certificates, which are in both orders"
    return (fits[0] if fits else "random"), f"{len(items)} certificates"


def _custom_csr_id(items: list[dict[str, t.Any]]) -> Finding:
    having = [item["custom_csr_id"] for item in items if "custom_csr_id" in item]
    nulls, without = having.count(None), len(items) - len(having)
    text = f"{len(having) - nulls} with a value, {nulls} null, {without} without"
    if (nulls and without) or not having:
        return None, text  # where no certificate has one, perhaps none was made from a CSR
    return ("null" if nulls else "where_set" if without else "value"), text


def _presence(key: str, objects: list[dict[str, t.Any]]) -> Finding:
    having = sum(key in item for item in objects)
    value = {len(objects): "present", 0: "absent"}.get(having) if objects else None
    return value, f"{having} of {len(objects)} have it"


def _unknown_id(answer: Answer) -> Finding:
    value = "404" if answer.status == 404 else "400_1002" if str(answer) == "HTTP 400 with code 1002" else None
    return value, str(answer)


def _put_result(put: Put, of: int) -> Finding:
    if not put.answer.body.get("success"):
        return None, str(put.answer)
    if put.answer.body.get("result") is None:
        return "null", "null"
    shown = len(put.answer.numbers)
    value = {0: "empty", len(put.sent): "listed", of: "all"}.get(shown)
    return value, f"{shown} certificates; the PUT named {len(put.sent)} of {of}"


def look(api: Api, path: Path, zone_id: str, found: dict[str, Finding], may_write: bool) -> int:
    """Find what can be found, and return the exit code. The priorities are saved before a write, and restored after it."""
    listed, learned = read(api)
    found |= learned
    before = listed.numbers
    if not may_write:
        return int(listed.status != 200)
    if not 2 <= len(before) < MOST:
        print(
            f"Nothing is written: {listed}, {len(before)} certificates. A zone with 2 to 49 is needed.", file=sys.stderr
        )
        return 1
    if path.exists():
        print(
            f"Nothing is written: an earlier run has not restored this zone. Run: make live RESTORE={path}",
            file=sys.stderr,
        )
        return 2
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"zone_id": zone_id, "restore": [{"id": key, "priority": before[key]} for key in before]}, file)
    print(f"If this run does not restore the zone, run: make live RESTORE={path}", flush=True)
    try:
        found |= write(api, before)
    finally:
        restore(path)
    return 0


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
    path = output / f"restore-{options.zone_id}.json"
    try:
        if options.restore:
            restore(options.restore)
            return 0
        return look(Api(options.zone_id), path, options.zone_id, found, options.write)
    except NotRestored as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    finally:
        print("\n".join(report(found)) if found else "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
