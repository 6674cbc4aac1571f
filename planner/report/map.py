"""The map of a network or plan: one page that opens anywhere, with or without a network.

folium compiles text that it has already filled in a second time as a Jinja template, so that a node
called ``{{ ... }}`` would run as Python on the planner's machine, and it fetches its scripts from ten
servers. The map here is a :class:`folium.Map` and takes layers of your own as any other, but its own
data never passes through a template, and its scripts travel in the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.report.map_data import map_document
from planner.report.map_page import map_page
from planner.report.map_passes import NIGHT
from planner.report.tiles import Tiles, find_tiles

if TYPE_CHECKING:
    from datetime import date

    import folium

    from planner.network import Network
    from planner.plan import Plan


def map_html(network_or_plan: Network | Plan, *, tiles: str | Tiles | None = None, night: date | None = NIGHT) -> str:
    """The map as one self-contained page.

    Args:
        network_or_plan: A network, drawn by key rate, or a plan, drawn by utilisation with its demands.
        tiles: An online background, by a name of :data:`planner.report.tiles.TILES` or of your own. Over tiles in
            GCJ-02 the network is drawn shifted, as they are.
        night: The day whose night's passes of satellites are shown, where nodes name their orbits; None for none.

    Returns:
        HTML that runs no script but its own and, without tiles, makes no request to anywhere; the same input gives the
        same text.

    Raises:
        UsageError: There are no tiles of that name, or the night is not one of the years 1950 to 2049.
        InputError: The network's budget cannot be computed.
    """
    return map_page(map_document(network_or_plan, tiles=find_tiles(tiles), night=night))


def draw_map(
    network_or_plan: Network | Plan, *, tiles: str | Tiles | None = None, night: date | None = NIGHT
) -> folium.Map:
    """The map as a :class:`folium.Map`, which shows itself in a notebook and saves itself by ``.save(path)``.

    What it shows and saves is the page of :func:`map_html`. Layers of your own may be added as to any folium map
    (``.add_child``, ``.add_to``). They bring folium's usual assets from the network with them, and folium runs
    template code found in their texts (never give it foreign text): with such layers the page is no longer
    self-contained, and the content security policy, which would stop their scripts, is left off. The planner's own
    data stays safe in any case.

    Args:
        network_or_plan: A network or a plan.
        tiles: An online background, as for :func:`map_html`. Layers of your own are not shifted with it.
        night: The day whose night's passes of satellites are shown, as for :func:`map_html`.

    Returns:
        The map.

    Raises:
        UsageError: There are no tiles of that name, or the night is not one of the years 1950 to 2049.
        InputError: The network's budget cannot be computed.

    Example:
        >>> planner.draw_map(plan).save("map.html")
    """
    from planner.report.folium_map import TrunkMap

    return TrunkMap(map_document(network_or_plan, tiles=find_tiles(tiles), night=night))
