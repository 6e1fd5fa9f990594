# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs community.crypto, which examples/rotate_certificate.yml needs, from the Python package index instead of Galaxy.

Thus the tests need no other server. The collection is part of the package `ansible`, of which only this collection is
unpacked: installing the whole package would take minutes and 500 MB.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLLECTIONS = ROOT / ".cache" / "collections"
# The release of `ansible` that has the version below.
PACKAGE = "ansible==12.3.0"
REQUIREMENTS = ROOT / "tests" / "integration" / "requirements.yml"
_PATH = "ansible_collections/community/crypto"


def install() -> Path:
    """Install the collection in COLLECTIONS, and return that path. It is downloaded again only if another version is required."""
    COLLECTIONS.mkdir(parents=True, exist_ok=True)
    target = COLLECTIONS / _PATH
    stamp = target / ".recipe"
    recipe = f"{PACKAGE}\n{REQUIREMENTS.read_text(encoding='utf-8')}"
    with (COLLECTIONS / "community.crypto.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two workers of pytest may install it at the same time
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != recipe:
            shutil.rmtree(target, ignore_errors=True)
            _unpack()
            _check_version(target)
            stamp.write_text(recipe, encoding="utf-8")
    return COLLECTIONS


def _unpack() -> None:
    with tempfile.TemporaryDirectory(dir=COLLECTIONS) as directory:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "download", "--quiet"]
        subprocess.run([*pip, "--no-deps", "--only-binary", ":all:", "--dest", directory, PACKAGE], check=True)
        (wheel,) = Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(COLLECTIONS, [name for name in archive.namelist() if name.startswith(f"{_PATH}/")])


def _check_version(target: Path) -> None:
    required = re.findall(r"version: (\S+)", REQUIREMENTS.read_text(encoding="utf-8"))
    found = json.loads((target / "MANIFEST.json").read_text(encoding="utf-8"))["collection_info"]["version"]
    if [found] != required:
        sys.exit(f"{PACKAGE} contains community.crypto {found}, but {REQUIREMENTS} requires {', '.join(required)}.")


if __name__ == "__main__":
    print(install())
