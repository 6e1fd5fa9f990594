# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Ansible of a run's own: the commands beside this Python, in an environment that knows nothing of the user's.

`command` runs one to its end; `started` starts a playbook that can be watched and stopped while it goes on.
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

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


class API(t.Protocol):
    """What a run talks to."""

    @property
    def url(self) -> str: ...

    @property
    def token(self) -> str: ...


def environment(home: Path, api: API | None = None, /, **variables: str | None) -> dict[str, str]:
    """What a run sees: nothing of the user's own Ansible or account; everything that it writes is below `home`.

    `variables` come on top; None takes one away.
    """
    home.mkdir(parents=True, exist_ok=True)
    (home / "ansible.cfg").touch()
    found: dict[str, str | None] = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        # Its default is below the home that the user database tells, not below HOME.
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
    *words: str | Path, env: Mapping[str, str], cwd: Path | None = None, timeout: float = 100
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end: the one beside this Python, unless it is named by its whole path."""
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
    """A playbook or an inventory."""
    path.write_text(yaml.dump(data, Dumper=dumper, sort_keys=False), encoding="utf-8")
    return path


class Run:
    """A run that has been started, in a process group of its own."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        self.process = process
        self._output = output

    @property
    def output(self) -> str:
        """What it has printed so far, on stdout and stderr in one."""
        return self._output.read_text(encoding="utf-8")

    def wait(self, timeout: float = 280) -> int:
        """The exit code, once it has ended."""
        return self.process.wait(timeout)

    def signal(self, number: int) -> None:
        """Send a signal to its process group, as a terminal does."""
        os.killpg(self.process.pid, number)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Have processes start with SIGINT as usual: in the background of a script, shells have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def started(arguments: Sequence[str | Path], env: Mapping[str, str], output: Path) -> Iterator[Run]:
    """Start `ansible-playbook`; nothing of it is left at the end."""
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
        try:
            yield Run(process, output)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            _end_workers(" ".join(map(str, arguments)))


def _end_workers(arguments: str) -> None:
    """End those that a controller left behind: each worker has a session of its own, and the command line of the run."""
    listing = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], check=True, capture_output=True, text=True).stdout
    for pid, command in (line.split(maxsplit=1) for line in listing.splitlines() if line.endswith(arguments)):
        if "ansible-playbook" in command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def finished(arguments: Sequence[str | Path], env: Mapping[str, str], output: Path) -> tuple[int, str]:
    """Run it to its end; return the exit code and what was printed."""
    with started(arguments, env, output) as run:
        return run.wait(), run.output
