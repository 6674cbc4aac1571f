"""A real browser without a network, for pages that must work from a disk.

``offline_page`` opens an HTML text or file and records every request, console error and dialog::

    def test_report(offline_page):
        page = offline_page.open(report_html(plan))
        ...
        offline_page.assert_quiet()
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.browser.live import Server, Viewer

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class OfflinePage:
    """A tab of a browser that is cut off from every network.

    Attributes:
        requests: Addresses that the page asked for, itself included.
        errors: What went wrong in the page: console errors and uncaught exceptions.
        dialogs: What alerts and the like said. They are closed at once.
    """

    browser: Any
    folder: Path
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    page: Any = None

    def open(self, source: str | Path, *, width: int = 1280, height: int = 800, **context: Any) -> Any:
        """Opens a page from the disk.

        Args:
            source: The file, or the HTML itself.
            width: Of the window, in pixels.
            height: Of the window, in pixels.
            context: Further options of Playwright's ``new_context``, such as ``color_scheme="dark"``.

        Returns:
            Playwright's page, loaded.
        """
        self.close()
        if isinstance(source, str):
            file = self.folder / "page.html"
            file.write_text(source, encoding="utf-8")
        else:
            file = source
        size = {"width": width, "height": height}
        self.page = self.browser.new_context(offline=True, viewport=size, **context).new_page()
        self.page.set_default_timeout(8_000)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self._close_dialog)
        self.page.goto(file.resolve().as_uri())
        return self.page

    def assert_quiet(self) -> None:
        """Nothing was asked for but the page itself, nothing went wrong, nothing popped up."""
        fetched = [url for url in self.requests if not url.startswith("data:")]
        assert len(fetched) == 1, fetched
        assert fetched[0].startswith("file:")
        assert self.errors == []
        assert self.dialogs == []

    def close(self) -> None:
        """Closes the tab and forgets what it did."""
        if self.page is not None:
            self.page.context.close()
            self.page = None
        for record in (self.requests, self.errors, self.dialogs):
            record.clear()

    def _close_dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the system's Chromium is; skips where there is none, or fails with ``PLANNER_REQUIRE_BROWSER=1``."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        missing = f"no browser: none of {', '.join(CHROMIUM_NAMES)} is on the PATH (apt-get install chromium)"
        (pytest.fail if os.environ.get("PLANNER_REQUIRE_BROWSER") == "1" else pytest.skip)(missing)
    return found


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Any]:
    """One browser for a file of tests. Not longer: while Playwright runs, other tests cannot use asyncio."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no Playwright: pip install playwright")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def offline_page(browser: Any, tmp_path: Path) -> Iterator[OfflinePage]:
    """A tab without a network that records what its page does."""
    tab = OfflinePage(browser, tmp_path)
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def trunks_viewer() -> Iterator[Server]:
    """A viewer of the trunks in a process of its own."""
    server = Server("from planner import load; network = load('trunks')")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def viewers(browser: Any) -> Iterator[Any]:
    """Makes viewers, each a browser's profile of its own."""
    contexts = []

    def make(width: int = 1280, height: int = 800) -> Viewer:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True))
        return Viewer(contexts[-1].new_page())

    yield make
    for context in contexts:
        context.close()
