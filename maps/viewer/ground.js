// Land, water and the lines between provinces. No national border is drawn.

const PLACES_OFF_WINDOW = [-180, -90, 180, 90];

// A ring that was cut at the window has edges along it; the coast is the ring without them.
function coastOf(ring, [west, south, east, north]) {
  const near = (a, b) => Math.abs(a - b) < 0.002;
  const alongWindow = (p, q) =>
    [west, east].some((lon) => near(p[1], lon) && near(q[1], lon)) ||
    [south, north].some((lat) => near(p[0], lat) && near(q[0], lat));
  const runs = [[ring[0]]];
  const closed = [...ring, ring[0]];
  for (let i = 1; i < closed.length; i += 1) {
    if (alongWindow(closed[i - 1], closed[i])) runs.push([closed[i]]);
    else runs.at(-1).push(closed[i]);
  }
  return runs.filter((run) => run.length > 1);
}

function drawGround(view) {
  const basemap = readBlock("trunk-basemap");
  const pane = "trunk-ground";
  view.map.createPane(pane).style.zIndex = 150;
  const renderer = L.svg({ pane, padding: 0.4 });
  const shared = { renderer, pane, interactive: false, smoothFactor: 0.6 };
  const decode = (lines, scale = basemap.scale) => lines.map((line) => decodePath(line, scale));
  const area = (rings, className) => L.polygon(rings.map((ring) => [ring]), { ...shared, stroke: false, fillOpacity: 1, className });
  const lines = (paths, className) => L.polyline(paths, { ...shared, className });
  const coasts = (rings, window) => lines(rings.flatMap((ring) => coastOf(ring, window)), "ground-coast");

  const world = decode(basemap.world, basemap.world_scale);
  const land = decode(basemap.land);
  const [west, south, east, north] = basemap.window;
  const sea = [[[south, west], [north, west], [north, east], [south, east]]];
  for (const layer of [
    area(world, "ground-land"), coasts(world, PLACES_OFF_WINDOW),
    area(sea, "ground-sea"), area(land, "ground-land"), coasts(land, basemap.window),
  ]) layer.addTo(view.map);

  const provinces = L.layerGroup([lines(decode(basemap.provinces), "ground-province")]).addTo(view.map);
  const waters = L.layerGroup([
    lines(decode(basemap.rivers), "ground-river"), area(decode(basemap.lakes), "ground-lake"),
  ]).addTo(view.map);
  view.overlays["Provinces"] = provinces;
  view.overlays["Rivers and lakes"] = waters;
  view.map.attributionControl?.setPrefix(false).addAttribution("Outline: Natural Earth (public domain)");
  if (view.data.tiles) drawTiles(view);
}

// The online background that was asked for lies on the outline, which stays to be seen where no tile comes.
function drawTiles(view) {
  const { url, attribution, max_zoom, hosts } = view.data.tiles;
  const thanks = attribution.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
  view.overlays["Tiles"] = L.tileLayer(url, {
    maxNativeZoom: max_zoom, maxZoom: 18, subdomains: hosts, attribution: thanks, referrerPolicy: "strict-origin-when-cross-origin",
  }).addTo(view.map);
}

// Where satellites pass overhead, as far as the network's table says.
function drawTracks(view) {
  const tracks = view.data.links.filter((link) => link.track);
  if (tracks.length === 0) return;
  const shared = { renderer: L.svg({ padding: 0.4 }), interactive: false, className: "ground-track" };
  view.overlays["Ground tracks"] = L.layerGroup(
    tracks.map((link) => L.polyline(decodePath(link.drawn_track || link.track, view.data.path_scale), shared)),
  ).addTo(view.map);
}
