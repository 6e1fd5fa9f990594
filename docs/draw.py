# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws what the README shows: the terminal in which its first playbook runs with `--check --diff` (`make docs`).

The playbook and the zone are those of the README, the output is what ansible-playbook prints against the emulator.
`--check` changes nothing: it fails where the picture is another one.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from emulator import Emulator  # noqa: E402
from integration.docs.guides import blocks, rows, zones  # noqa: E402
from integration.playbooks.playing import Player  # noqa: E402

README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "check_diff.svg"
TITLE = "ansible-playbook certificates.yml --check --diff"
COLORS = {"ANSIBLE_NOCOLOR": "0", "ANSIBLE_FORCE_COLOR": "1"}

_THEME = TerminalTheme(
    (13, 17, 23),
    (214, 221, 229),
    # black, red, green, yellow, blue, magenta, cyan, white; then the same, bright
    [(72, 79, 88), (255, 123, 114), (86, 211, 100), (227, 179, 65), (121, 192, 255), (210, 168, 255), (86, 212, 221)]
    + [(214, 221, 229)],
    [(110, 118, 129), (255, 161, 152), (126, 231, 135), (242, 204, 96), (165, 214, 255), (226, 197, 255)]
    + [(179, 240, 255), (255, 255, 255)],
)
_SPDX = "SPDX-License-Identifier"
# Without the web font of the usual form, which a picture in a page may not load.
_FORM = f"""\
<!--
Copyright (c) 2026, zonefleet.cloudflare contributors
GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
{_SPDX}: GPL-3.0-or-later

Drawn by docs/draw.py.
-->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{width}} {{height}}">
<style>
.{{unique_id}}-matrix {{{{ font: {{char_height}}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}}}
.{{unique_id}}-title {{{{ font: 18px system-ui, sans-serif; }}}}
{{styles}}
</style>
<defs>
<clipPath id="{{unique_id}}-clip-terminal"><rect width="{{terminal_width}}" height="{{terminal_height}}"/></clipPath>
{{lines}}
</defs>
{{chrome}}
<g transform="translate({{terminal_x}}, {{terminal_y}})" clip-path="url(#{{unique_id}}-clip-terminal)">
{{backgrounds}}
<g class="{{unique_id}}-matrix">{{matrix}}</g>
</g>
</svg>
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    picture = draw(play())
    if not check:
        PICTURE.write_text(picture, encoding="utf-8")
    elif PICTURE.read_text(encoding="utf-8") != picture:
        print(f'Not current, run "make docs": {PICTURE.name}', file=sys.stderr)
        return 1
    return 0


def play() -> str:
    """Return what the first playbook of the README prints, with its colours."""
    found = blocks(README)
    zone = next(block for block in found if block.kind == "zone")
    playbook = next(block for block in found if block.kind == "play")
    with tempfile.TemporaryDirectory() as directory, Emulator(zones=zones(rows(zone.text))) as emulator:
        player = Player(Path(directory))
        path = player.write("certificates.yml", playbook.text)
        played = player(path, emulator=emulator, check=True, diff=True, env=COLORS)
    if played.returncode:
        raise SystemExit(played.stdout + played.stderr)
    return played.stdout.strip()


def draw(output: str) -> str:
    """Return an SVG of a terminal that is as wide as the output."""
    text = Text.from_ansi(output)
    width = max(len(line) for line in text.plain.splitlines())
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(text, soft_wrap=True)
    svg = console.export_svg(title=TITLE, theme=_THEME, code_format=_FORM, unique_id="check-diff")
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines())


if __name__ == "__main__":
    sys.exit(main())
