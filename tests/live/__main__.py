# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the live kit from a shell (`make live`)."""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .answers import Put, Seen, findings, report
from .asking import Api, Interrupted
from .restoring import NotRestored, highest_first, living, restore, save

OUTPUT = Path(__file__).parent / "output"
_PAUSES = (0, 1, 2, 4)
_MOST_CERTIFICATES = 50


def main(arguments: Sequence[str], sleep: Callable[[float], object] = time.sleep, output: Path = OUTPUT) -> int:
    """Return the exit code: 1 if it ended early, 2 if the zone may not be restored, 130 after a signal."""
    parser = argparse.ArgumentParser(prog="live", description="See tests/live/README.md.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--zone-id", type=_zone_id)
    what.add_argument("--restore", type=Path, metavar="FILE")
    parser.add_argument("--write", action="store_true", help="reverse the order for some seconds")
    options = parser.parse_args(arguments)
    url = os.environ.get("CLOUDFLARE_BASE_URL") or "https://api.cloudflare.com/client/v4"
    token = os.environ.get("CLOUDFLARE_API_TOKEN", "").strip()
    if not token or not url.startswith(("https://", "http://127.0.0.1:")):
        parser.error("CLOUDFLARE_API_TOKEN is not set, or CLOUDFLARE_BASE_URL is not https")
    try:
        with Api(url, token, sleep) as api:
            if options.restore:
                restore(api, options.restore)
                print("The priorities are restored.")
                return 0
            return _look(api, options.zone_id, output / f"restore-{options.zone_id}.json" if options.write else None)
    except NotRestored as error:
        print(error, file=sys.stderr)
        return 2


def _zone_id(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{32}", text):
        raise argparse.ArgumentTypeError("a zone id has 32 hexadecimal digits")
    return text


def _look(api: Api, zone_id: str, saved: Path | None) -> int:
    """Send all requests, write if there is a path to save the priorities to, and print the report in any case."""
    seen = Seen(api.seen)
    code = 0
    try:
        _read(api, seen, zone_id)
        code = int(not seen.lists[0].ok)
        if saved is not None:
            code = _write(api, seen, zone_id, saved)
    except Interrupted as error:
        print(error, file=sys.stderr)
        code = 130
    finally:
        print("\n".join(report(findings(seen))))
    return code


def _read(api: Api, seen: Seen, zone_id: str) -> None:
    place = f"/zones/{zone_id}/custom_certificates"
    seen.lists.append(api.ask("GET", place, {"page": 1, "per_page": _MOST_CERTIFICATES}))
    seen.one = api.ask("GET", place, {"page": 1, "per_page": 1})
    seen.hundred = api.ask("GET", place, {"page": 1, "per_page": 100})
    seen.unknown = api.ask("GET", f"{place}/{'0' * 8}-0000-4000-8000-{'0' * 12}")


def _write(api: Api, seen: Seen, zone_id: str, saved: Path) -> int:
    first = seen.lists[0]
    numbers = living(first.items)
    if (
        not first.ok
        or first.info.get("total_count", 0) > len(first.items)
        or not 2 <= len(numbers) < _MOST_CERTIFICATES
    ):
        print(
            f"Nothing is written: {first}, {len(numbers)} certificates. A zone with 2 to 49 certificates is needed.",
            file=sys.stderr,
        )
        return 1
    try:
        save(saved, zone_id, numbers)
    except FileExistsError:
        print(
            f"Nothing is written, because an earlier run has not restored this zone. Restore it first: make live RESTORE={saved}",
            file=sys.stderr,
        )
        return 2
    print(f"If this run does not restore the zone, run: make live RESTORE={saved}", flush=True)
    try:
        _change(api, seen, f"/zones/{zone_id}/custom_certificates", numbers)
    finally:
        restore(api, saved)
    print("The priorities are restored.")
    return 0


def _change(api: Api, seen: Seen, place: str, numbers: dict[str, float]) -> None:
    ids = highest_first(numbers)
    seen.put_all = _put(api, place, numbers, {key: 10 * number for number, key in enumerate(ids, 1)})
    now = seen.put_all.reads[-1]
    _highest, *others = highest_first(now)
    seen.put_some = _put(api, place, now, {key: 10 * number + 11 for number, key in enumerate(others)})
    body = {"certificates": [{"id": f"{'0' * 8}-0000-4000-8000-{'0' * 12}", "priority": 1}]}
    seen.unknown = api.ask("PUT", f"{place}/prioritize", body=body)
    api.check()


def _put(api: Api, place: str, before: dict[str, float], sent: dict[str, float]) -> Put:
    body = [{"id": identifier, "priority": sent[identifier]} for identifier in highest_first(sent)]
    put = Put(before, sent, api.ask("PUT", f"{place}/prioritize", body={"certificates": body}))
    for pause in _PAUSES:
        api.wait(pause)
        put.reads.append(living(api.ask("GET", place, {"page": 1, "per_page": _MOST_CERTIFICATES}).items))
        if put.shown is not None:
            break
    return put


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
