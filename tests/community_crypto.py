# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs community.crypto, which examples/rotate_certificate.yml needs, from the Python package index instead of Galaxy.

Thus the tests need no other server. The collection is part of the package `ansible`, of which only this collection is
unpacked: installing the whole package would take minutes and 500 MB.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from matrix import CACHE, ROOT, build_once

COLLECTIONS = CACHE / "collections"
# The release of `ansible` that has the version below.
PACKAGE = "ansible==12.3.0"
REQUIREMENTS = ROOT / "tests" / "integration" / "requirements.yml"
_PATH = "ansible_collections/community/crypto"


def install() -> None:
    """Install the collection in COLLECTIONS. It is downloaded again only if another version is required."""
    build_once(COLLECTIONS / _PATH, f"{PACKAGE}\n{REQUIREMENTS.read_text(encoding='utf-8')}", _unpack)


def _unpack() -> None:
    COLLECTIONS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=COLLECTIONS) as directory:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "download", "--quiet"]
        subprocess.run([*pip, "--no-deps", "--only-binary", ":all:", "--dest", directory, PACKAGE], check=True)
        (wheel,) = Path(directory).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(COLLECTIONS, [name for name in archive.namelist() if name.startswith(f"{_PATH}/")])
    required = re.findall(r"version: (\S+)", REQUIREMENTS.read_text(encoding="utf-8"))
    manifest = (COLLECTIONS / _PATH / "MANIFEST.json").read_text(encoding="utf-8")
    found = json.loads(manifest)["collection_info"]["version"]
    if [found] != required:
        sys.exit(f"{PACKAGE} contains community.crypto {found}, but {REQUIREMENTS} requires {', '.join(required)}.")


if __name__ == "__main__":
    install()
