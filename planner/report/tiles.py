"""Online backgrounds of the map. None is used unless it is asked for: a map asks nobody for anything by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from planner.errors import UsageError

_URL = re.compile(r"(https://[A-Za-z0-9.\-]*(?:\{s\})?[A-Za-z0-9.\-]+(?::\d+)?)/[A-Za-z0-9_.~\-/?&=%+{}:@,]*")


@dataclass(frozen=True)
class Tiles:
    """A server of map tiles.

    Attributes:
        url: Address of a tile, with ``{z}``, ``{x}``, ``{y}`` and, where there are several hosts, ``{s}``; https only.
        attribution: Whom the map thanks, shown as text.
        datum: What coordinates the tiles are drawn in. It is never guessed: over ``GCJ-02`` the network is shifted.
        max_zoom: The deepest zoom that the server has.
        hosts: What stands for ``{s}``.
    """

    url: str
    attribution: str
    datum: Literal["WGS84", "GCJ-02"]
    max_zoom: int = 18
    hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.url) or not all(f"{{{axis}}}" in self.url for axis in "zxy"):
            raise UsageError(f"'{self.url}' is no address of tiles: write https://host/{{z}}/{{x}}/{{y}}.png")
        if ("{s}" in self.url) != bool(self.hosts) or not all(re.fullmatch(r"[A-Za-z0-9\-]+", h) for h in self.hosts):
            raise UsageError(f"'{self.url}': give hosts where the address has {{s}}, and only there")
        if self.datum not in ("WGS84", "GCJ-02"):
            raise UsageError(f"'{self.datum}' is no datum of tiles that is known; write WGS84 or GCJ-02")

    @property
    def origins(self) -> tuple[str, ...]:
        """The servers, as a content security policy names them."""
        match = _URL.fullmatch(self.url)
        origin = match[1] if match else ""
        return tuple(origin.replace("{s}", host) for host in self.hosts) or (origin,)


TILES: dict[str, Tiles] = {
    "openstreetmap": Tiles(
        url="https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        attribution="© OpenStreetMap contributors",
        datum="WGS84",
        max_zoom=19,
    ),
    "gaode": Tiles(
        url="https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",
        attribution="© AutoNavi (高德地图)",
        datum="GCJ-02",
        hosts=("1", "2", "3", "4"),
    ),
    "gaode-satellite": Tiles(
        url="https://webst0{s}.is.autonavi.com/appmaptile?style=6&x={x}&y={y}&z={z}",
        attribution="© AutoNavi (高德地图)",
        datum="GCJ-02",
        hosts=("1", "2", "3", "4"),
    ),
}
"""Servers that are known by name."""


def find_tiles(tiles: str | Tiles | None) -> Tiles | None:
    """Finds tiles by name.

    Args:
        tiles: A name of :data:`TILES`, tiles of your own, or None.

    Returns:
        The tiles, or None where none are wanted.

    Raises:
        UsageError: There are no tiles of that name.
    """
    if tiles is None or isinstance(tiles, Tiles):
        return tiles
    if tiles not in TILES:
        near = get_close_matches(tiles, TILES, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(TILES)}"
        raise UsageError(f"no tiles are called '{tiles}'; {hint}")
    return TILES[tiles]
