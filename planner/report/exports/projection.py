"""The projection of static maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[np.float64]

Projection = Callable[[npt.ArrayLike, npt.ArrayLike], tuple[_Array, _Array]]
"""Longitudes and latitudes in degrees onto x and y in kilometres, true in area."""

EARTH_RADIUS_KM = 6371.007
"""Of the sphere that has the area of the Earth."""


def equal_area(*, west: float, south: float, east: float, north: float) -> Projection:
    """Chooses an equal-area projection for a window.

    Args:
        west: Edge of the window in degrees; ``east`` may be beyond 180.
        south: Edge in degrees.
        east: Edge in degrees.
        north: Edge in degrees.

    Returns:
        The Albers conic with standard parallels a sixth of the height from the edges (Snyder, Map Projections, USGS
        Professional Paper 1395 (1987), equations 14-1 to 14-6), or near the equator Lambert's cylindrical one (ibid.,
        equations 10-1 and 10-2 with the middle of the window as the parallel that is true to scale).
    """
    height = north - south
    lon_0, lat_0 = np.radians((west + east) / 2), np.radians((south + north) / 2)
    lat_1, lat_2 = np.radians(south + height / 6), np.radians(north - height / 6)
    n = (np.sin(lat_1) + np.sin(lat_2)) / 2
    if abs(n) < 0.1:
        narrow = np.cos(lat_0)

        def cylindrical(lon_deg: npt.ArrayLike, lat_deg: npt.ArrayLike) -> tuple[_Array, _Array]:
            lon, lat = np.radians(lon_deg), np.radians(lat_deg)
            return EARTH_RADIUS_KM * (lon - lon_0) * narrow, EARTH_RADIUS_KM * (np.sin(lat) - np.sin(lat_0)) / narrow

        return cylindrical

    c = np.cos(lat_1) ** 2 + 2 * n * np.sin(lat_1)

    def rho(lat: _Array) -> _Array:
        return np.asarray(EARTH_RADIUS_KM * np.sqrt(np.maximum(c - 2 * n * np.sin(lat), 0.0)) / n)

    rho_0 = rho(np.asarray(lat_0))

    def albers(lon_deg: npt.ArrayLike, lat_deg: npt.ArrayLike) -> tuple[_Array, _Array]:
        theta, radius = n * (np.radians(lon_deg) - lon_0), rho(np.radians(np.asarray(lat_deg, dtype=float)))
        return radius * np.sin(theta), rho_0 - radius * np.cos(theta)

    return albers
