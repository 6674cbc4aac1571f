"""Takes the pictures of the map and the viewer that the documentation shows: docs/pictures/map*.png, what-if.png.

    python scripts/make_pictures.py [NAME ...]

It plans the networks and opens their maps in the system's Chromium (through Playwright, as the browser tests do), so
it needs the extras `test`, `serve` and `satellite`, and a font with Chinese letters. Look at what it made.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from planner import load, make_plan
from planner.report.map import map_html

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
DESK, PHONE = (1400, 900), (390, 844)

Act = Callable[[Page], None]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def look(_: Page) -> None:
    """The map as it opens."""


def demand(page: Page) -> None:
    press(page, "Demands")
    page.locator(".demands > li > button", has_text="Beijing – Shanghai").first.click()


def failure(page: Page) -> None:
    press(page, "Failures")
    page.locator(".failures > li > button", has_text="Node Hefei").click()


def link(page: Page) -> None:
    page.fill(".search", "jinan-taian")
    page.keyboard.press("Enter")
    page.evaluate("document.activeElement.blur()")


def strip(page: Page) -> None:
    press(page, "Strip")


def passes(page: Page) -> None:
    press(page, "Passes")
    page.locator(".side tbody tr").nth(2).click()


PICTURES: dict[str, tuple[str, str, tuple[int, int], Act]] = {
    "map": ("trunks", "light", DESK, look),
    "map-dark": ("trunks", "dark", DESK, demand),
    "map-failure": ("trunks", "light", DESK, failure),
    "map-link": ("trunks", "light", DESK, link),
    "map-passes": ("micius", "dark", DESK, passes),
    "map-phone": ("trunks", "light", PHONE, look),
    "map-phone-failure": ("trunks", "dark", PHONE, failure),
    "map-strip": ("trunks", "light", DESK, strip),
}
"""Network, theme, size and what is done before the picture is taken."""


def take(browser: Browser, pages: dict[str, Path], name: str) -> None:
    network, theme, (width, height), act = PICTURES[name]
    page = opened(browser, pages[network].as_uri(), width=width, height=height, color_scheme=theme)
    page.wait_for_selector("#map[data-ready]")
    act(page)
    save(page, name)


def what_if(browser: Browser) -> None:
    """The served page, with a span cut."""
    from tests.browser.live import Server

    server = Server("from planner import load; network = load('trunks')")
    server.start()
    try:
        page = opened(browser, server.url, width=DESK[0], height=DESK[1], color_scheme="light")
        page.wait_for_selector("#map[data-live=ready]")
        link(page)
        press(page, "Cut this link")
        page.locator(".whatif-banner strong").wait_for()
        save(page, "what-if")
    finally:
        server.kill()


def opened(browser: Browser, url: str, *, width: int, height: int, **options: Any) -> Page:
    page = browser.new_context(viewport={"width": width, "height": height}, **options).new_page()
    page.goto(url)
    return page


def save(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(400)
    page.screenshot(path=FOLDER / f"{name}.png")
    page.context.close()
    print(f"docs/pictures/{name}.png")


def main(names: list[str]) -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = {}
        for network in ("trunks", "micius"):
            pages[network] = Path(folder) / f"{network}.html"
            pages[network].write_text(map_html(make_plan(load(network))), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in names:
            what_if(browser) if name == "what-if" else take(browser, pages, name)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:] or [*PICTURES, "what-if"])
