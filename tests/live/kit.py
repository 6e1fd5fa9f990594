# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live kit: asks, perhaps writes and brings everything back, and reports."""

from __future__ import annotations

import argparse
import os
import sys
import time
import typing as t
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.zonefleet.cloudflare.plugins.module_utils._connection import Connection
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._errors import CloudflareError
from ansible_collections.zonefleet.cloudflare.plugins.module_utils._options import (
    find_credentials,
    is_zone_id,
    read_connection,
)

from .api import MOST_REQUESTS, Api, Spent, Throttled
from .finding import Finding
from .findings import evaluate
from .handshake import Handshakes, Looker
from .masking import Masker
from .modules import ROOT, Modules, Playbooks
from .probes import READING, Probes
from .report import Leaking, as_json, as_text, learn
from .restoring import Blocked, NotRestored, Way, WayFile, bring_back, make_directory
from .seen import Exchange, JSONObject, Seen, living
from .stopping import Interrupted, Stopping

_OUTPUT = ROOT / "tests" / "live" / "output"


@dataclass(frozen=True)
class Options:
    """What to do. `connect` is where handshakes go instead of to the name itself; `settle` how long they may take."""

    zone_id: str
    write: bool = False
    output: Path = _OUTPUT
    tls_name: str | None = None
    connect: tuple[str, int] | None = None
    settle: float = 60


@dataclass
class Result:
    """How it ended."""

    code: int
    seen: Seen
    findings: list[Finding] = field(default_factory=list)
    text: str = ""


class Kit:
    """One run on one zone."""

    def __init__(
        self,
        options: Options,
        environ: Mapping[str, str],
        modules: Modules | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.options = options
        self.connection, secrets = _connect(environ)
        self.modules = modules or Playbooks(environ)
        self.stopping = Stopping(sleep)
        self.seen = Seen()
        self.api = Api(self.connection, self.stopping, self.seen.exchanges)
        self.probes = Probes(self.api, self.modules, self.stopping, options.zone_id, self.seen)
        self.way_file = WayFile(options.output / f"restore-{options.zone_id}.json")
        self.masker = Masker(secrets)
        self.masker.alias("id", options.zone_id)

    def run(self) -> Result:
        code = 0
        with self.stopping:
            try:
                _say(f"About {self._expected()} requests, never more than {MOST_REQUESTS}.")
                self._probe()
            except Interrupted as error:
                self.seen.stopped, code = str(error), 130
            except (Spent, Throttled, RuntimeError) as error:
                self.seen.stopped, code = str(error), 1
            except (Blocked, NotRestored) as error:
                self.seen.stopped, code = str(error), 2
            finally:
                self.api.close()
        return self._reported(code)

    def _expected(self) -> int:
        return READING + 16 if self.options.write else READING

    def _probe(self) -> None:
        if self.options.write and self.way_file.path.exists():
            raise Blocked(f"an earlier run has not brought this zone back; do so first: {self.way_file.command}")
        self.probes.read()
        if not self.options.write:
            return
        self.seen.writing = self.probes.why_not_write()
        if not self.seen.writing:
            looker = self._first_look()
            self._write(looker)

    def _first_look(self) -> Looker | None:
        looker = self.probes.looker(self.options.tls_name, self.options.connect, self.options.settle)
        if isinstance(looker, str):
            self.seen.tls = looker
            return None
        try:
            t.cast(Handshakes, self.seen.tls).before = looker.look()
        except (OSError, ValueError) as error:
            self.seen.tls = f"the handshake failed ({type(error).__name__})"
            return None
        return looker

    def _write(self, looker: Looker | None) -> None:
        """Write, with the way back on disk, and walk it however this ends."""
        state = self.probes.read_state("before writing")
        if not state.ok or len(living(state.items)) < 2:
            self.seen.writing = "the list could not be read once more"
            return
        way = Way.of(self.options.zone_id, self.connection.url, state.items)
        self.way_file.save(way)
        _say(f"The old order is in {self.way_file.path.name}. Should this be killed: {self.way_file.command}")
        proven = False
        try:
            self.probes.write(living(state.items), looker)
            proven = self.probes.write_back(living(state.items))
        finally:
            self._bring_back(way, looker, proven)

    def _bring_back(self, way: Way, looker: Looker | None, proven: bool) -> None:
        with self.stopping.holding():
            try:
                self.seen.restored = bring_back(self.api, way, self.stopping.pause, proven=proven)
            except NotRestored as error:
                raise NotRestored(f"the zone may not be as it was: {error}. Run: {self.way_file.command}") from error
            self.way_file.done()
        if isinstance(self.seen.tls, Handshakes) and looker is not None and self.seen.tls.after is not None:
            self._last_look(self.seen.tls, looker)

    def _last_look(self, tls: Handshakes, looker: Looker) -> None:
        former = tls.before.fingerprint if tls.before else ""
        try:
            tls.back, _looks = looker.look_until(lambda leaf: leaf.fingerprint == former, self.stopping)
        except (OSError, ValueError) as error:
            tls.problem = f"the last handshake failed ({type(error).__name__})"

    def _reported(self, code: int) -> Result:
        learn(self.seen, self.masker)
        findings = evaluate(self.seen)
        text = as_text(self.seen, findings, self.api.spent, self.masker)
        make_directory(self.options.output)
        (self.options.output / "report.txt").write_text(text, encoding="utf-8")
        data = as_json(self.seen, findings, self.api.spent, self.masker)
        (self.options.output / "report.json").write_text(data, encoding="utf-8")
        if code == 2:
            # For whoever sits there, with the real names: the report has pseudonyms.
            print(f"FAILED: {self.seen.stopped}", file=sys.stderr, flush=True)
        return Result(code, self.seen, findings, text)


def restore(path: Path, environ: Mapping[str, str], sleep: Callable[[float], object] = time.sleep) -> int:
    """Bring a zone back after a run that was killed."""
    way = Way.load(path)
    connection, _secrets = _connect(environ)
    if connection.url != way.api_url:
        raise CloudflareError("This file is of another API: set CLOUDFLARE_BASE_URL to what its 'api_url' says.")
    exchanges: list[Exchange] = []
    with Stopping(sleep) as stopping, stopping.holding():
        api = Api(connection, stopping, exchanges)
        try:
            _say(bring_back(api, way, stopping.pause))
        except NotRestored as error:
            print(f"FAILED: {error}", file=sys.stderr, flush=True)
            return 2
        finally:
            api.close()
    WayFile(path).done()
    return 0


def _connect(environ: Mapping[str, str]) -> tuple[Connection, list[str]]:
    _credentials, secrets = find_credentials({}, environ)
    params: JSONObject = {"timeout": 30, "retries": 0, "max_wait": 330, "rate_limit": 0}
    return read_connection(params, environ), secrets


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _place(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        raise argparse.ArgumentTypeError("it has to be HOST:PORT")
    return host.strip("[]"), int(port)


def _zone_id(text: str) -> str:
    if not is_zone_id(text.lower()):
        raise argparse.ArgumentTypeError("it has to be 32 hexadecimal digits")
    return text.lower()


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make live",
        description="Ask the real API what its documentation leaves open. CLOUDFLARE_API_TOKEN logs in.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--zone-id", type=_zone_id, help="the zone to ask about (make live ZONE_ID=...)")
    what.add_argument("--restore", type=Path, metavar="FILE", help="bring a zone back (make live RESTORE=...)")
    parser.add_argument("--write", action="store_true", help="reverse the order, and bring it back (WRITE=1)")
    parser.add_argument("--output", type=Path, default=_OUTPUT, help="directory for the reports and the way back")
    parser.add_argument("--tls-name", help="the contested name to look at; else the first one")
    parser.add_argument(
        "--tls-connect", type=_place, metavar="HOST:PORT", help="where handshakes go; else to the name, 443"
    )
    parser.add_argument("--settle", type=float, default=60, help="seconds for a change to arrive at the edge (60)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the kit from a shell."""
    given = _arguments(arguments)
    try:
        if given.restore is not None:
            return restore(given.restore, os.environ)
        options = Options(given.zone_id, given.write, given.output, given.tls_name, given.tls_connect, given.settle)
        result = Kit(options, os.environ).run()
    except CloudflareError as error:
        print(error.message, file=sys.stderr)
        return 1
    except Leaking as error:
        print(error, file=sys.stderr)
        return 1
    print(result.text)
    print(f"Both reports are in {given.output.name}: they hold pseudonyms only. The way back holds real ids.")
    return result.code


__all__ = ("Kit", "Options", "Result", "main", "restore")
