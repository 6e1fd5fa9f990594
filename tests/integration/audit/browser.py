# Copyright (c) 2026, zonefleet.cloudflare contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens a page in headless Chromium, controlled over its DevTools protocol.

with Browser(tmp_path) as browser:
    seen = browser.look(page, width=390, dark=True)
assert seen.messages == [] and seen.page_width <= 390
"""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import threading
import typing as t
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from integration.audit.chromium import COMMANDS, find_browser

OPTIONS = (
    "--headless",
    "--no-sandbox",  # tests run as root in containers, and the page is our own
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
)
_STARTING = 60
_ANSWERING = 60

# What is wider than the window, and what cannot be read for lack of contrast, as the browser itself sees it.
_MEASURE = """
(() => {
  const luminance = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
      .map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (!/, 0\\)$/.test(colour) && colour !== 'transparent') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const contrast = element => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const clipped = element => element && (getComputedStyle(element).clipPath !== 'none' || clipped(element.parentElement));
  const all = [...document.querySelectorAll('body *')].slice(0, 3000);
  const own = all.filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  return {
    page_width: document.documentElement.scrollWidth,
    wide: all.filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !clipped(e)).map(e => e.outerHTML.slice(0, 200)),
    faint: own.filter(e => contrast(e) < 4.5).map(e => e.outerHTML.slice(0, 200)),
    background: getComputedStyle(document.body).backgroundColor,
    scripts: document.scripts.length,
    text: document.body.textContent,
    title: document.title,
    headings: [...document.querySelectorAll('h1, h2, h3, h4')].map(e => e.tagName),
  };
})()
"""


@dataclass(frozen=True)
class Seen:
    """What a page was like. `messages` are those of the console, `requests` the addresses that were asked for."""

    page_width: int
    wide: list[str]
    faint: list[str]
    background: str
    scripts: int
    text: str
    title: str
    headings: list[str]
    messages: list[str]
    requests: list[str]


class Browser:
    """A browser with a profile of its own, for the time of a `with`."""

    def __init__(self, directory: Path) -> None:
        self._profile = directory / "browser"
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._url = ""

    def __enter__(self) -> t.Self:
        command = find_browser()
        assert command, f"This test needs a browser. Install Chromium; looked for {', '.join(COMMANDS)} on the PATH."
        self._profile.mkdir(parents=True)
        self._process = subprocess.Popen(
            [command, *OPTIONS, f"--user-data-dir={self._profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self._process.stderr
        for line in self._process.stderr:
            if b"DevTools listening on " in line:
                self._url = line.decode().partition("DevTools listening on ")[2].strip()
                # It stops where nobody reads what it writes.
                self._reader = threading.Thread(target=self._process.stderr.read)
                self._reader.start()
                return self
        raise AssertionError(f"{command} ended with {self._process.wait(_STARTING)} before it could be asked anything.")

    def __exit__(self, *_error: object) -> None:
        assert self._process and self._process.stderr
        self._process.terminate()
        try:
            self._process.wait(_STARTING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader:
            self._reader.join()
        self._process.stderr.close()

    def look(self, page: Path, *, width: int, dark: bool = False) -> Seen:
        """Open a file in a window of that width, and return what it was like."""
        return asyncio.run(asyncio.wait_for(self._look(page, width, dark), _ANSWERING))

    async def _look(self, page: Path, width: int, dark: bool) -> Seen:
        async with aiohttp.ClientSession() as http, http.ws_connect(self._url, max_msg_size=0) as socket:
            tab = Tab(socket)
            target = await tab.call("Target.createTarget", url="about:blank")
            attached = await tab.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            tab.session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                await tab.call(f"{domain}.enable")
            await tab.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 600
            )
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            await tab.call("Emulation.setEmulatedMedia", features=[scheme])
            await tab.call("Page.navigate", url=page.as_uri())
            await tab.until("Page.loadEventFired")
            measured = await tab.call("Runtime.evaluate", expression=_MEASURE, returnByValue=True)
            await tab.call("Target.closeTarget", targetId=target["targetId"])
            return Seen(
                **measured["result"]["value"],
                messages=tab.messages,
                requests=tab.requests,
            )


class Tab:
    """One page of the browser: calls with their answers, and what happened meanwhile."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._seen: set[str] = set()
        self.session: str | None = None
        self.messages: list[str] = []
        self.requests: list[str] = []

    async def call(self, method: str, **parameters: t.Any) -> dict[str, t.Any]:
        """Call a method, and return its answer."""
        number = next(self._numbers)
        session = {"sessionId": self.session} if self.session else {}
        await self._socket.send_json({"id": number, "method": method, "params": parameters, **session})
        while True:
            message = await self._receive()
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                result: dict[str, t.Any] = message["result"]
                return result

    async def until(self, event: str) -> None:
        """Wait for an event that is still to come, or came since the page was opened."""
        while event not in self._seen:
            await self._receive()

    async def _receive(self) -> dict[str, t.Any]:
        message: dict[str, t.Any] = await self._socket.receive_json()
        event, told = message.get("method", ""), message.get("params", {})
        self._seen.add(event)
        if event in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.messages.append(str(told))
        if event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        return message
