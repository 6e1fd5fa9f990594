# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens pages in headless Chromium, the one of the system.

with started() as browser, opened(browser, page, width=390) as seen:
    assert seen.messages == [] and seen.page_width() <= 390
"""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright

from integration.audit.chromium import COMMANDS, find_browser

_WIDE = """
() => {
  const clipped = element => element && (getComputedStyle(element).clipPath !== 'none' || clipped(element.parentElement));
  return [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !clipped(e)).map(e => e.outerHTML.slice(0, 200));
}
"""


@dataclass(frozen=True)
class Seen:
    """An open page. `messages` are those of the console, `requests` the addresses that were asked for."""

    page: Page
    messages: list[str]
    requests: list[str]

    def page_width(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def wide(self) -> list[str]:
        """The elements that reach beyond the window."""
        return list(self.page.evaluate(_WIDE))

    def hard_to_read(self) -> list[str]:
        """What axe finds, such as too little contrast and omitted levels of headings."""
        found: list[dict[str, t.Any]] = Axe().run(self.page).response["violations"]
        return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


@contextlib.contextmanager
def started() -> Iterator[Browser]:
    """A browser for the time of a `with`."""
    command = find_browser()
    assert command, f"This test needs a browser. Install Chromium; looked for {', '.join(COMMANDS)} on the PATH."
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=command) as browser:
        yield browser


@contextlib.contextmanager
def opened(browser: Browser, path: Path, *, width: int, dark: bool = False) -> Iterator[Seen]:
    """A file in a window of that width."""
    with browser.new_page(
        viewport={"width": width, "height": 844}, is_mobile=width < 600, color_scheme="dark" if dark else "light"
    ) as page:
        seen = Seen(page, [], [])
        page.on("console", lambda message: seen.messages.append(message.text))
        page.on("pageerror", lambda error: seen.messages.append(str(error)))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.goto(path.as_uri())
        yield seen
