# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo (`make demo`): changes the order of a zone's certificates and undoes the change, then manages a fleet of zones.

Real TLS handshakes show what visitors get before the change, after it, and after it is undone. The demo builds and installs the
collection as a user would, and uses the emulator instead of Cloudflare. It writes only to a temporary directory, and fails if a
result differs from what it expects.
"""

from __future__ import annotations

import collections
import os
import re
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

# Beside this file, where the checkers do not look.
# pylint: disable-next=import-error
from fleet.fleet_demo import FleetDemoFailed, run as run_fleet  # type: ignore[import-not-found]  # noqa: E402, I001

from ansible_runs import environment  # noqa: E402
from emulator import Edge, Emulator  # noqa: E402

ZONE = "example.com"


def main() -> int:
    with (
        tempfile.TemporaryDirectory(prefix="zonefleet-demo-") as directory,
        Emulator(tls=True) as emulator,
        Edge(emulator) as edge,
    ):
        try:
            demo = Demo(Path(directory), emulator, edge)
            demo.run()
            run_fleet(demo.environment)
        except (DemoFailed, FleetDemoFailed) as error:
            print(f"\nThe demo failed: {error}", file=sys.stderr)
            return 1
    return 0


class DemoFailed(Exception):
    """The result differs from what the demo expects."""


class Demo:
    """The steps of the demo. Each one prints the command that it runs, and checks the result."""

    def __init__(self, directory: Path, emulator: Emulator, edge: Edge) -> None:
        self.directory = directory
        self.emulator = emulator
        self.edge = edge
        self.environment = make_environment(directory, emulator)

    def run(self) -> None:
        at_first = self.emulator.order(ZONE)
        say("Build the collection and install it from its tarball")
        self.command("ansible-galaxy", "collection", "build", "--output-path", "dist", str(ROOT))
        tarball = next((self.directory / "dist").iterdir()).relative_to(self.directory)
        self.command(
            "ansible-galaxy", "collection", "install", "--offline", str(tarball), "--collections-path", "installed"
        )

        say(f"{ZONE} in the emulator: certificates of two CAs cover {ZONE} and www.{ZONE}")
        self.show_zone()

        say("What do visitors get? A TLS handshake shows it")
        self.visit("GlobalSignnvsa")

        say("What would change?")
        self.play("one_zone.yml", "--check", "--diff", changed=1, gets=2, puts=0)
        require(self.emulator.order(ZONE) == at_first, "check mode has changed the zone")

        say("Change it")
        self.play("one_zone.yml", "--diff", "-e", "restore_file=restore.yml", changed=1, gets=2, puts=1)
        require(self.emulator.order(ZONE) != at_first, "the zone is as it was")

        say("What do visitors get now?")
        self.visit("DigiCertInc")

        say("Run it again: nothing to change")
        self.play("one_zone.yml", "--diff", changed=0, gets=2, puts=0)

        say("Undo the change, with the previous priorities that it returned")
        self.play("undo.yml", "--diff", "-e", "@restore.yml", changed=1, gets=1, puts=1)
        require(self.emulator.order(ZONE) == at_first, "the zone is not as it was")
        self.show_zone()

        say("Visitors get the first certificate again")
        self.visit("GlobalSignnvsa")

    def visit(self, issuer: str) -> None:
        """Make handshakes with the edge, and check that the contested names get the certificate of this issuer."""
        place = (f"edge_address={self.edge.address}", "-e", f"edge_port={self.edge.port}")
        output = self.play("what_visitors_get.yml", "-e", *place, changed=0, gets=2, puts=0)
        for name in (ZONE, f"www.{ZONE}"):
            require(f"{name}: {issuer}, as expected" in output, f"{name} does not get the certificate of {issuer}")

    def play(self, playbook: str, *options: str, changed: int, gets: int, puts: int) -> str:
        """Run an example, and check how many tasks change something and how many requests they make."""
        self.emulator.clear()
        # The path is printed as in the clone, but the demo runs in another directory.
        output = self.command("ansible-playbook", f"examples/{playbook}", *options)
        made = collections.Counter(request.method for request in self.emulator.requests)
        print(f"Requests: {made['GET']} GET, {made['PUT']} PUT", flush=True)
        require(f" changed={changed} " in output, f"the run does not end with changed={changed}")
        require(made == collections.Counter(GET=gets, PUT=puts), f"{gets} GET and {puts} PUT were due")
        return output

    def command(self, *words: str) -> str:
        """Print a command, run it, print its output, and return the output without colors."""
        print(f"$ {' '.join(words).replace(str(ROOT), '.')}", flush=True)
        program = str(Path(sys.executable).with_name(words[0]))
        lines = []
        with subprocess.Popen(
            [program, *words[1:]],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            for line in t.cast("t.IO[str]", process.stdout):
                print(line, end="", flush=True)
                lines.append(re.sub(r"\x1b\[[0-9;]*m", "", line))
        require(process.returncode == 0, f"{words[0]} ended with {process.returncode}")
        return "".join(lines)

    def show_zone(self) -> None:
        certificates = {item["id"]: item for item in self.emulator.zones[ZONE].certificates}
        for identifier, priority in self.emulator.order(ZONE):
            found = certificates[identifier]
            print(
                f"{priority:4}  {found['issuer']:11}  expires {found['expires_on'][:10]}  {', '.join(found['hosts'])}"
            )


def make_environment(directory: Path, emulator: Emulator) -> dict[str, str]:
    """Return an environment without the user's Ansible configuration and without real credentials."""
    (directory / "examples").symlink_to(ROOT / "examples")
    kept = {name: value for name in ("TERM", "NO_COLOR") if (value := os.environ.get(name))}
    coloured = {"ANSIBLE_FORCE_COLOR": "1"} if sys.stdout.isatty() and "NO_COLOR" not in kept else {}
    collections_path = str(directory / "installed")
    return environment(
        directory,
        emulator,
        ANSIBLE_COLLECTIONS_PATH=collections_path,
        ANSIBLE_NOCOLOR=None,
        REQUESTS_CA_BUNDLE=emulator.ca_bundle,
        **kept,
        **coloured,
    )


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DemoFailed(otherwise)


if __name__ == "__main__":
    sys.exit(main())
