"""What tests do with an open map."""

from __future__ import annotations

import re

SEARCH = ".search"


def opened(tab, page_html, **options):
    page = tab.open(page_html, **options)
    page.wait_for_selector("#map[data-ready]")
    return page


def search(page, words):
    page.fill(SEARCH, words)
    page.keyboard.press("Enter")


def line_colours(page):
    lines = page.locator(".leaflet-overlay-pane path:not(.link-pointer)")
    return set(lines.evaluate_all("paths => paths.map(path => path.getAttribute('stroke'))"))


def shown_names(page, selector):
    """The names below a selector, as the page holds them."""
    return page.locator(f"{selector} bdi").evaluate_all("names => names.map(name => name.textContent)")


def press(page, selector, number=0):
    """Clicks an item of a list by its place."""
    page.locator(selector).nth(number).click()


def with_map_outside(text):
    """The page with its view as a global, for tests that must know where things are drawn."""
    started = "TrunkViewer.start();"
    outside = "view = TrunkViewer.start(); spotOf = (...place) => view.map.latLngToContainerPoint(place);"
    return re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text).replace(
        f"<script>{started}</script>", f"<script>var view, spotOf; {outside}</script>"
    )
