"""The shift of Chinese web maps against known points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.report.gcj02 import to_gcj02

# Published by the makers of open implementations (eviltransform, gcoord, prcoords): WGS 84, then GCJ-02.
KNOWN = (
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),  # Shanghai
    ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),  # Beijing
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),  # Shenzhen
)


@pytest.mark.parametrize(("place", "shifted"), KNOWN)
def test_known_points_to_a_metre(place, shifted):
    assert to_gcj02(*place) == pytest.approx(shifted, abs=1e-7)


@given(st.floats(73, 135), st.floats(18, 54))
def test_shift_within_china_is_hundreds_of_metres(lon, lat):
    east, north = (float(after - before) for before, after in zip((lon, lat), to_gcj02(lon, lat), strict=True))
    metres = 111_320 * math.hypot(east * math.cos(math.radians(lat)), north)
    assert 10 < metres < 1200


def test_arrays_keep_their_shape_and_numbers():
    lons, lats = np.array([[100.0, 110.0], [116.0, 121.0]]), np.array([[30.0, 31.0], [39.0, 31.0]])
    lon, lat = to_gcj02(lons, lats)
    assert lon.shape == lat.shape == (2, 2)
    assert (float(lon[1, 0]), float(lat[1, 0])) == tuple(map(float, to_gcj02(116.0, 39.0)))
