"""Drives a headless Chromium over the DevTools protocol: open a file, run JavaScript, press keys, take pictures.

with Browser() as browser:
    page = browser.open(Path("dist/catalogue.html"))
    page.run("document.title")
"""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

from websockets.sync.client import connect

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), " ": (32, " "), "Home": (36, ""), "End": (35, "")}
_ARROWS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}


def chromium() -> str | None:
    """Return the Chromium of this machine, if there is one."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Browser:
    """A Chromium with a profile of its own, which ends with it."""

    def __init__(self) -> None:
        program = chromium()
        if program is None:
            raise FileNotFoundError("there is no Chromium on the PATH")
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [
                *(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                *(
                    "--hide-scrollbars",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--remote-debugging-port=0",
                ),
                *(f"--user-data-dir={self._profile.name}", "about:blank"),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        self._connection = connect(self._address(), max_size=None, open_timeout=30)
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    def _address(self) -> str:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "DevTools listening on " in line:
                return line.partition("DevTools listening on ")[2].strip()
        raise RuntimeError("Chromium ended before it listened")

    def __enter__(self) -> Self:
        self._socket = self._connection.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.__exit__(None, None, None)
        self._process.terminate()
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        self._profile.cleanup()

    def send(self, method: str, parameters: dict[str, Any] | None = None, session: str | None = None) -> dict[str, Any]:
        """Send one command and return its answer; events that arrive meanwhile are stored. Raise `RuntimeError` if
        it fails."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv(timeout=60))
            if answer.get("id") != number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            else:
                return answer["result"]

    def open(self, file: Path, *, width: int = 1280, height: int = 900, dark: bool = False, hash: str = "") -> Page:
        """Open the file in a tab of its own, loaded."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Accessibility"):
            page.send(f"{domain}.enable")
        page.resize(width, height)
        page.prefer(dark=dark)
        page.send("Page.navigate", {"url": file.resolve().as_uri() + hash})
        page.wait("document.readyState === 'complete'")
        return page


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def send(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send one command to this tab."""
        return self._browser.send(method, parameters, self._session)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return the events of this tab so far."""
        return [event for event in self._browser.events if event.get("sessionId") == self._session]

    def run(self, script: str) -> Any:
        """Return the value of an expression, awaited if it is a promise. Raise `RuntimeError` if the script does."""
        result = self.send(
            "Runtime.evaluate", {"expression": script, "returnByValue": True, "awaitPromise": True, "userGesture": True}
        )
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until the expression is true, checking in every frame."""
        self.run(
            f"new Promise((done) => {{ const look = () => ({condition}) ? done(true) : setTimeout(look, 10); look(); }})"
        )

    def resize(self, width: int, height: int) -> None:
        """Set the size of the window in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.send("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, *, dark: bool) -> None:
        """Set the preferences of the system."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", {"features": [scheme]})

    def press(self, key: str, times: int = 1, *, shift: bool = False) -> None:
        """Press and release a key."""
        code, text = _KEYS.get(key, (_ARROWS.get(key, 0), ""))
        event: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        for _ in range(times):
            self.send("Input.dispatchKeyEvent", {"type": "keyDown", **event, **({"text": text} if text else {})})
            self.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    def type(self, text: str) -> None:
        """Type text into the focused element."""
        self.send("Input.insertText", {"text": text})

    def hover(self, selector: str) -> None:
        """Move the pointer over the middle of an element, scrolled into view."""
        quoted = json.dumps(selector)
        self.run(f"document.querySelector({quoted}).scrollIntoView({{block: 'center', behavior: 'instant'}})")
        self.frames()
        box = self.run(f"(() => {{ const b = document.querySelector({quoted}).getBoundingClientRect();"
                       " return [b.x + b.width / 2, b.y + b.height / 2]; })()")  # fmt: skip
        self.send("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": box[0], "y": box[1]})

    def frames(self) -> None:
        """Wait until changes are drawn and events delivered."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")

    def picture(self, file: Path, *, full_page: bool = False) -> None:
        """Save the visible page as PNG; `full_page` = from top to bottom."""
        result = self.send("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": full_page})
        file.write_bytes(base64.b64decode(result["data"]))
