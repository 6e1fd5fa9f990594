# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs Ansible's commands in an isolated environment, without the user's own configuration.

`command` runs a command and waits for it. `started` starts a playbook that can be watched and stopped while it runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import typing as t
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

if t.TYPE_CHECKING:
    from emulator import Emulator

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def environment(home: Path, api: Emulator | None = None, /, **variables: str | None) -> dict[str, str]:
    """Return an isolated environment. A run writes only to `home`.

    `variables` are added. None removes a variable.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "ansible.cfg").touch()
    found: dict[str, str | None] = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        # The default is in the home directory of the user database, not in HOME.
        "ANSIBLE_REMOTE_TEMP": str(home / "remote"),
        "ANSIBLE_ASYNC_DIR": str(home / "async"),
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        **({"CLOUDFLARE_API_TOKEN": api.token, "CLOUDFLARE_BASE_URL": api.url} if api else {}),
        **variables,
    }
    return {name: value for name, value in found.items() if value is not None}


def command(
    *words: str | Path, env: Mapping[str, str], cwd: Path | None = None, timeout: float = 280
) -> subprocess.CompletedProcess[str]:
    """Run a command and return its result. A name without a path is looked up next to this Python."""
    return subprocess.run(
        [str(BIN / words[0]), *map(str, words[1:])],
        cwd=cwd or env["HOME"],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def write_yaml(path: Path, data: t.Any, dumper: type[yaml.SafeDumper] = yaml.SafeDumper) -> Path:
    """Write a playbook or an inventory, and return its path."""
    path.write_text(yaml.dump(data, Dumper=dumper, sort_keys=False), encoding="utf-8")
    return path


class Run:
    """A running playbook, in its own process group."""

    def __init__(self, process: subprocess.Popen[str], arguments: str, output: Path) -> None:
        self.process = process
        self._arguments = arguments
        self._output = output

    @property
    def output(self) -> str:
        """The output so far, stdout and stderr combined."""
        return self._output.read_text(encoding="utf-8")

    def wait(self, timeout: float = 280) -> int:
        """Wait for the end, and return the exit code."""
        return self.process.wait(timeout)

    def signal(self, number: int) -> None:
        """Send a signal to the process group, as a terminal does."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Kill all of its processes. Each worker has its own session and the same command line as the run."""
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        listing = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], check=True, capture_output=True, text=True).stdout
        for pid, command in (line.split(maxsplit=1) for line in listing.splitlines()):
            if "ansible-playbook" in command and command.endswith(self._arguments):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Start processes with the default SIGINT handler. A shell ignores SIGINT in background processes of a script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def started(arguments: Sequence[str | Path], env: Mapping[str, str], output: Path) -> Iterator[Run]:
    """Start `ansible-playbook`, and kill all of its processes at the end of the block."""
    with (
        output.open("w", encoding="utf-8") as file,
        _interruptible(),
        subprocess.Popen(
            [str(BIN / "ansible-playbook"), *map(str, arguments)],
            cwd=env["HOME"],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        run = Run(process, " ".join(map(str, arguments)), output)
        try:
            yield run
        finally:
            run.kill()


def finished(arguments: Sequence[str | Path], env: Mapping[str, str], output: Path) -> tuple[int, str]:
    """Run `ansible-playbook`, and return the exit code and the output."""
    with started(arguments, env, output) as run:
        return run.wait(), run.output
