"""The folium side of the map. Imported only when a folium map is asked for: folium is slow to import."""

from __future__ import annotations

import html
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink

from planner.report.map_page import (
    data_blocks,
    leaflet_script,
    leaflet_style,
    map_page,
    viewer_script,
    viewer_style,
)


class Raw(Element):
    """Text that goes into the page as it is; branca would compile it as a template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **_: Any) -> str:
        """The text."""
        return self.text


class TrunkPage(Figure):
    """The page around a :class:`TrunkMap`: self-contained as long as nothing but the map is in it."""

    def render(self, **kwargs: Any) -> str:
        """The page: our own where only our map is in it, else folium's."""
        inside = list(self._children.values())
        parts = {*self.header._children, *self.html._children, *self.script._children} - {"meta_http"}  # noqa: SLF001
        if len(inside) == 1 and isinstance(inside[0], TrunkMap) and not parts and inside[0].is_bare():
            return map_page(inside[0].document)
        return str(super().render(**kwargs))


class TrunkMap(folium.Map):
    """A folium map that draws a network or plan with the planner's viewer.

    Attributes:
        document: What :func:`planner.report.map_data.map_document` gives.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(tiles=None, zoom_control=False)
        self.document = document
        # Lists of its own: folium's add_js_link would change the class for every later map.
        self.default_js: list[tuple[str, str]] = []
        self.default_css: list[tuple[str, str]] = []
        TrunkPage().add_child(self)

    def is_bare(self) -> bool:
        """Whether no layer, script or style sheet of the user's was added."""
        return not (self._children or self.default_js or self.default_css)

    def render(self, **kwargs: Any) -> str:
        """Puts the map among the user's own layers into folium's page, which then needs folium's assets.

        Returns:
            Nothing of use, as with every folium element: the parts go into the page.

        Raises:
            TypeError: The map is not in a branca Figure.
        """
        page = self.get_root()
        if not isinstance(page, Figure):
            raise TypeError("a map can only be rendered within a branca Figure")
        title = f"<title>{html.escape(self.document['title'])}</title>"
        styles = f"<style>{leaflet_style()}</style>\n<style>{viewer_style()}</style>"
        script = f"<script>{leaflet_script()}</script>"
        page.header.add_child(Raw(f"{title}\n{styles}\n{script}"), name="trunk_assets")
        for kind, links in ((JavascriptLink, folium.Map.default_js), (CssLink, folium.Map.default_css)):
            for name, url in links:
                if not name.startswith("leaflet"):
                    page.header.add_child(kind(url), name=name)
        page.html.add_child(Raw(data_blocks(self.document)), name="trunk_data")
        super().render(**kwargs)  # type: ignore[no-untyped-call]
        start = f"{viewer_script()}\nTrunkViewer.start({self.get_name()});"
        page.script.add_child(Raw(start), name="trunk_viewer")
        return ""
