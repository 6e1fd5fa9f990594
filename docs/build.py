# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generates the reference pages and builds the docs site (`make docs`).

`--check` changes nothing in the repository. It fails if the reference pages are outdated, or if Sphinx emits a warning.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import venv
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
TOOLS = CACHE / "docs-venv"
REQUIREMENTS = ROOT / "docs" / "requirements.txt"
INDEX = ROOT / "docs" / "index.rst"
CHANGELOG = ROOT / "CHANGELOG.rst"
TERMINALS = (ROOT / "docs" / "check_diff.svg", ROOT / "docs" / "visitors.svg")
PICTURES = ROOT / "docs" / "pictures"
REFERENCE = ROOT / "docs" / "reference"
SITE = CACHE / "docs-site"
COLLECTION = "zonefleet.cloudflare"

CONTENTS = re.compile(r"^\.\. contents::\n(?: +:.*\n)*", re.MULTILINE)
TITLE = re.compile(r"^zonefleet\.cloudflare\.(\w+ (?:filter|inventory|module) -- )", re.MULTILINE)

# A comment in a guide with the name of a picture. On the site, it is replaced with the picture, in the colors of the theme.
PICTURE = re.compile(r"^\.\. picture: (\w+\.svg)$", re.MULTILINE)
# A sample with several fields in a generated page: JSON in one long line.
SAMPLE = re.compile(
    r"^( +):ansible-option-sample-bold:`Sample:` :ansible-rv-sample-value:`(\[\{.+|[\[{].{60,})`$", re.MULTILINE
)

NOTE = '.. Generated from the documentation of the plugins by "make docs". Change it there.'
# How antsibull-docs describes where to find and how to install a collection.
CONFIGURATION = """\
collection_url = {
  * = "https://github.com/zonefleet/zonefleet.cloudflare"
}
collection_install = {
  * = "ansible-galaxy collection install {namespace}.{name}"
}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    prepare_tools()
    with tempfile.TemporaryDirectory(prefix="zonefleet-docs-") as directory:
        stale = update_reference(Path(directory), check)
    if stale:
        print(f"Not current, run \"make docs\": {', '.join(stale)}", file=sys.stderr)
        return 1
    build_site()
    print(f"The site begins at {(SITE / 'html' / 'index.html').relative_to(ROOT)}")
    return 0


def prepare_tools() -> None:
    """Create the virtual environment for the tools, unless it exists with these versions."""
    stamp = TOOLS / "requirements.sha256"
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return
    venv.create(TOOLS, clear=True, with_pip=True)
    pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)]
    subprocess.run(pip, check=True, env={**os.environ, "PIP_CACHE_DIR": str(CACHE / "pip")})
    stamp.write_text(digest, encoding="ascii")


def update_reference(work: Path, check: bool) -> list[str]:
    """Write the reference pages, or with `check` return the names of outdated ones."""
    generate(work, "--output-format", "simplified-rst")
    new = {path.name: tidy(path.read_text(encoding="utf-8")) for path in work.glob("*.rst")}
    old = {path.name: path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.rst")}
    if check:
        return sorted(name for name in {*new, *old} if new.get(name) != old.get(name))
    REFERENCE.mkdir(exist_ok=True)
    for name in old.keys() - new.keys():
        (REFERENCE / name).unlink()
    for name, text in new.items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    return []


def tidy(text: str) -> str:
    """Return a generated page with the license header, correct links to the guides, and no trailing spaces."""
    lines = (line.rstrip().replace("<docsite/", "<../docsite/rst/") for line in text.splitlines())
    header = INDEX.read_text(encoding="utf-8").partition("\n\n")[0]
    return "\n\n".join([header, NOTE, "\n".join(lines).strip()]) + "\n"


def build_site() -> None:
    """Build the site. Warnings are errors."""
    pages = SITE / "rst"
    shutil.rmtree(SITE, ignore_errors=True)
    pages.mkdir(parents=True, mode=0o755)
    generate(pages)
    for file in (INDEX, *TERMINALS):
        shutil.copy2(file, pages)
    shutil.copy2(CHANGELOG, pages / "changelog.rst")
    for page in pages.rglob("*.rst"):
        # The theme shows its own table of contents, and the full name is too long for a title on a phone.
        text = CONTENTS.sub("", page.read_text(encoding="utf-8"))
        text = TITLE.sub(r"\1", text)
        text = SAMPLE.sub(as_yaml, PICTURE.sub(inline, text))
        page.write_text(text, encoding="utf-8")
    sphinx = ["-q", "-W", "--keep-going", "-b", "html", "-c", str(ROOT / "docs"), "-d", str(SITE / "doctrees")]
    run(str(TOOLS / "bin" / "sphinx-build"), *sphinx, str(pages), str(SITE / "html"))


def inline(found: re.Match[str]) -> str:
    """Return a picture as a part of the page, without its license header."""
    svg = (PICTURES / found[1]).read_text(encoding="utf-8").partition("-->\n")[2]
    return ".. raw:: html\n\n" + textwrap.indent(f'<figure class="picture">\n{svg}</figure>\n', "   ")


def as_yaml(found: re.Match[str]) -> str:
    """Return a sample as a block of YAML."""
    # antsibull-docs escapes punctuation with a backslash
    sample = json.loads(re.sub(r"\\(.)", r"\1", found[2]))
    block = yaml.safe_dump(sample, sort_keys=False, allow_unicode=True, width=1000)
    lines = [":ansible-option-sample-bold:`Sample:`", "", ".. code-block:: yaml", "", textwrap.indent(block, "  ")]
    return textwrap.indent("\n".join(lines), found[1])


def generate(directory: Path, *options: str) -> None:
    """Run antsibull-docs to write the collection's pages into a directory."""
    with tempfile.NamedTemporaryFile("w", suffix=".cfg", encoding="utf-8") as configuration:
        configuration.write(CONFIGURATION)
        configuration.flush()
        antsibull = [str(TOOLS / "bin" / "antsibull-docs"), "--config-file", configuration.name, "collection"]
        common = ["--use-current", "--squash-hierarchy", "--no-add-antsibull-docs-version", "--fail-on-error"]
        run(*antsibull, *common, *options, "--dest-dir", str(directory), COLLECTION)


def run(*command: str) -> None:
    """Run a command in an environment without the user's Ansible configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    home = CACHE / "home"
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        **kept,
        "PATH": f"{TOOLS / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "ANSIBLE_COLLECTIONS_PATH": str(CACHE / "collections"),
    }
    subprocess.run(command, check=True, env=environment)


if __name__ == "__main__":
    sys.exit(main())
