"""The shifted coordinates of Chinese web maps: where a place of WGS 84 lies on a tile of AutoNavi or Tencent.

By law, street maps in mainland China are drawn in GCJ-02 ("Mars coordinates"), which moves every place by 24 to 675 m.
The formula is the one that leaked and that all open implementations share; how well it meets the official black box is
not known, users report metres. Nothing is ever stored or computed in these coordinates: they are for drawing over such
tiles only, and only there. The way back is not offered.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_RADIUS_M = 6_378_245.0
"""Semi-major axis of the Krasovsky 1940 ellipsoid, which GCJ-02 uses."""

_ECCENTRICITY_SQUARED = 0.00669342162296594323

_Array = npt.NDArray[np.float64]


def to_gcj02(lon_deg: npt.ArrayLike, lat_deg: npt.ArrayLike) -> tuple[_Array, _Array]:
    """Shifts places from WGS 84 to GCJ-02, wherever they are: whether a tile is shifted is for the caller to know.

    Args:
        lon_deg: Longitudes in degrees, any shape.
        lat_deg: Latitudes in degrees, of the same shape.

    Returns:
        Longitudes and latitudes on a tile in GCJ-02, in degrees.
    """
    lon, lat = np.asarray(lon_deg, dtype=float), np.asarray(lat_deg, dtype=float)
    x, y = lon - 105.0, lat - 35.0
    ripple = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
    root = np.sqrt(np.abs(x))
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * root
    north += (ripple + 20 * np.sin(np.pi * y) + 40 * np.sin(np.pi / 3 * y)) * 2 / 3
    north += (160 * np.sin(np.pi / 12 * y) + 320 * np.sin(np.pi / 30 * y)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * root
    east += (ripple + 20 * np.sin(np.pi * x) + 40 * np.sin(np.pi / 3 * x)) * 2 / 3
    east += (150 * np.sin(np.pi / 12 * x) + 300 * np.sin(np.pi / 30 * x)) * 2 / 3
    phi = np.radians(lat)
    curve = 1 - _ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    metres_a_radian_north = _RADIUS_M * (1 - _ECCENTRICITY_SQUARED) / curve**1.5
    metres_a_radian_east = _RADIUS_M / np.sqrt(curve) * np.cos(phi)
    return lon + np.degrees(east / metres_a_radian_east), lat + np.degrees(north / metres_a_radian_north)
