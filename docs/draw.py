# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws what the README shows: terminals in which its first playbook runs with `--check --diff`, and in which visitors are
looked at before the change, after it and when it is undone (`make docs`).

The playbook and the zone are those of the README, the output is what ansible-playbook prints against the emulator and its
edge. Of the second, only the lines that say who gets what are shown.
`--check` changes nothing: it fails where a picture is another one.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from emulator import Edge, Emulator  # noqa: E402
from integration.docs.guides import Block, blocks, zones  # noqa: E402
from integration.playbooks.playing import Played, Player  # noqa: E402

README = ROOT / "README.md"
EXAMPLES = ROOT / "examples"
COLORS = {"ANSIBLE_NOCOLOR": "0", "ANSIBLE_FORCE_COLOR": "1"}

Run = Callable[..., Played]

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
    pictures = {
        "check_diff": draw(play(), "ansible-playbook certificates.yml --check --diff", "check-diff"),
        "visitors": draw("\n".join(visit()), "What visitors get", "visitors"),
    }
    stale = []
    for name, picture in pictures.items():
        path = ROOT / "docs" / f"{name}.svg"
        if not check:
            path.write_text(picture, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != picture:
            stale.append(path.name)
    if stale:
        print(f"Not current, run \"make docs\": {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


def _first_zone() -> Block:
    return next(block for block in blocks(README) if block.kind == "zone")


@contextlib.contextmanager
def stage() -> Iterator[tuple[Emulator, Run]]:
    """Put the README's zone into an emulator, and yield that and what runs a playbook against it."""
    zone = _first_zone()
    with tempfile.TemporaryDirectory() as directory, Emulator(zones=zones(zone.text)) as emulator:
        player = Player(Path(directory))

        def run(playbook: Path | str, **options: t.Any) -> Played:
            path = player.write("certificates.yml", playbook) if isinstance(playbook, str) else playbook
            played = player(path, emulator=emulator, env=COLORS, **options)
            if played.returncode:
                raise SystemExit(played.stdout + played.stderr)
            return played

        yield emulator, run


def play() -> str:
    """Return what the first playbook of the README prints, with its colours."""
    playbook = next(block for block in blocks(README) if block.kind == "play")
    with stage() as (_emulator, run):
        return run(playbook.text, check=True, diff=True).stdout.strip()


def visit() -> Iterator[str]:
    """Yield who gets what, around a change and its undoing."""
    with contextlib.ExitStack() as stack:
        emulator, run = stack.enter_context(stage())
        edge = stack.enter_context(Edge(emulator))
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        place = {"edge_address": edge.address, "edge_port": edge.port}
        restore_file = Path(directory) / "restore.yml"
        steps: list[tuple[str, str, dict[str, t.Any]]] = [
            ("what_visitors_get.yml", "", {"extra_vars": place}),
            ("one_zone.yml", " -e restore_file=restore.yml", {"extra_vars": {"restore_file": str(restore_file)}}),
            ("what_visitors_get.yml", "", {"extra_vars": place}),
            ("undo.yml", " -e @restore.yml", {"arguments": ["-e", f"@{restore_file}"]}),
            ("what_visitors_get.yml", "", {"extra_vars": place}),
        ]
        for playbook, shown, options in steps:
            yield from _shown(f"ansible-playbook examples/{playbook}{shown}", run(EXAMPLES / playbook, **options))


def _shown(command: str, played: Played) -> Iterator[str]:
    """Yield a command, and of its output the lines that say who gets what, or else whether anything was changed."""
    yield f"$ {command}"
    messages = [line.strip() for line in played.stdout.splitlines() if '"msg": ' in line]
    yield from messages or [
        line.rstrip() for line in played.stdout.splitlines() if " : " in line and "changed=" in line
    ]


def draw(output: str, title: str, identifier: str) -> str:
    """Return an SVG of a terminal that is as wide as the output."""
    text = Text.from_ansi(output)
    width = max(len(line) for line in text.plain.splitlines())
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(text, soft_wrap=True)
    svg = console.export_svg(title=title, theme=_THEME, code_format=_FORM, unique_id=identifier)
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines())


if __name__ == "__main__":
    sys.exit(main())
