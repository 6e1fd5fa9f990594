# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs modules by their real main(), each in a process of its own, forked from this one, which has imported all.

Reads one JSON object a line: `args` of the module, `environment`, the directory `out` for stdout and stderr, and the name of
the `module` if it is another one.
Answers with one JSON object a line: the exit code, and the most memory that the run had in use, in KiB.
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import re
import sys
import typing as t

import requests  # noqa: F401  pylint: disable=unused-import
from ansible.module_utils.testing import patch_module_args

from ansible_collections.zonefleet.cloudflare.plugins.modules import custom_certificate_priority


def _run(job: dict[str, t.Any]) -> None:
    """In the child: be the module, and leave."""
    out = pathlib.Path(job["out"])
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        os.dup2(os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(job["environment"])
    code = 1
    package = custom_certificate_priority.__name__.rpartition(".")[0]
    module = importlib.import_module(f"{package}.{job.get('module', 'custom_certificate_priority')}")
    try:
        with patch_module_args(job["args"]):
            module.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # pylint: disable=broad-exception-caught
        sys.excepthook(*t.cast(t.Any, sys.exc_info()))
    sys.stdout.flush()
    sys.stderr.flush()
    found = re.search(r"VmHWM:\s*(\d+)", pathlib.Path("/proc/self/status").read_text(encoding="utf-8"))
    (out / "peak").write_text(found.group(1) if found else "0", encoding="utf-8")
    os._exit(code)


def main() -> None:
    """Run what is asked for, one after another."""
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(job)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
