// Begins: makes the map, or takes one that folium made, and draws everything on it.

function start(existing) {
  const map = existing || L.map("map", { zoomControl: false, zoomSnap: 0.25, wheelPxPerZoomLevel: 90, minZoom: 2, maxZoom: 15, fadeAnimation: false });
  const data = readNetwork();
  const root = map.getContainer();
  const view = {
    map, data, root, overlays: {}, highlight: null, measure: data.style.measures[0],
    theme: window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
    narrow: () => root.clientWidth < 700,
    room: () => roomFor(view),
  };
  if (existing) Object.assign(map.options, { zoomSnap: 0.25 });
  if (map.zoomControl) map.zoomControl.remove();
  root.classList.add("trunk-map");
  root.dataset.theme = view.theme;
  fitRough(view);
  drawGround(view);
  drawTracks(view);
  drawPasses(view);
  drawBanner(view);
  drawPanel(view);
  if (Math.max(data.links.length, data.nodes.length) > MANY) {
    drawMany(view);
  } else {
    drawLinks(view);
    drawNodes(view);
  }
  drawLegend(view);
  drawSide(view);
  drawStripPanel(view);
  drawLabels(view);
  L.control.zoom({ position: "topright" }).addTo(map);
  const { Links, Nodes, Names, Provinces, ...rest } = view.overlays;
  L.control.layers(null, { Links, Nodes, Names, Provinces, ...rest }, { position: "topright" }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  fitNetwork(view);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (root.classList.contains("with-popup")) map.closePopup();
    else if (view.highlight) clearHighlight(view);
  });
  preparePrint(view);
  root.dataset.ready = "true";
  return view;
}

function placesOf(view) {
  const ends = view.data.nodes.map(placeOf);
  return ends.length > MANY ? ends : ends.concat(view.data.links.flatMap((link) => link.points));
}

function fitRough(view) {
  const places = placesOf(view);
  if (places.length > 0) view.map.fitBounds(places, { animate: false, maxZoom: 11 });
  else view.map.setView([35, 105], 4, { animate: false });
}

// How much of each side the panels take.
function roomFor(view) {
  if (!view.panel || view.root.classList.contains("printing")) return { left: 0, top: 0, right: 0 };
  if (view.narrow()) return { left: 0, top: view.panel.offsetTop + view.panel.offsetHeight, right: 0 };
  const strip = view.strip && !view.strip.hidden ? view.strip.offsetHeight : 0;
  return { left: view.panel.offsetLeft + view.panel.offsetWidth, top: 0, right: view.side.hidden ? 0 : view.side.offsetWidth, bottom: strip };
}

// Tries to leave room beside the panels, beside some of them, or beside none, and takes the largest scale at which no
// node lies below a panel; names get room at the edges.
function fitNetwork(view) {
  const places = placesOf(view);
  if (places.length > 0) fitTo(view, places, view.data.nodes.map(placeOf));
}

function fitTo(view, places, spots = places) {
  const { map } = view;
  const bounds = L.latLngBounds(places);
  const edge = view.narrow() ? 34 : 48;
  const { left, top, right: side, bottom = 0 } = view.room();
  const banner = view.banner.hidden ? 0 : view.banner.offsetHeight + 12;
  const isBelow = view.narrow() && view.banner.offsetTop > map.getSize().y / 2;
  const [above, below] = isBelow ? [top + edge, edge + (banner && banner + 70)] : [top + edge + banner, edge + bottom];
  const legend = view.legend && !view.narrow() ? view.legend.offsetWidth + 12 : 0;
  const names = view.narrow() ? 40 : 110;
  const right = Math.max(side + edge, names);
  let best = null;
  for (const [before, after] of [[edge, right], [left + edge, right], [left + edge, Math.max(right, legend + edge)], [edge, Math.max(right, legend + edge)]]) {
    const topLeft = L.point(before, above);
    const bottomRight = L.point(after, below);
    const zoom = Math.min(11, map.getBoundsZoom(bounds, false, topLeft.add(bottomRight)));
    const middle = map.project(bounds.getSouthWest(), zoom).add(map.project(bounds.getNorthEast(), zoom)).divideBy(2);
    const centre = middle.add(bottomRight.subtract(topLeft).divideBy(2));
    const covered = coveredPlaces(view, spots, { zoom, corner: centre.subtract(map.getSize().divideBy(2)) });
    if (!best || covered < best.covered || (covered === best.covered && zoom > best.zoom)) best = { covered, zoom, centre: map.unproject(centre, zoom) };
  }
  map.setView(best.centre, best.zoom, { animate: false });
}

function coveredPlaces(view, places, { zoom, corner }) {
  const boxes = panelBoxes(view);
  return places.filter((place) => {
    const point = view.map.project(place, zoom).subtract(corner);
    return boxes.some((box) => touches(box, boxAround(point, 12)));
  }).length;
}

// Brings places into sight at a scale where a link can be looked at.
function approach(view, places) {
  const { left, top, right: side, bottom = 0 } = view.room();
  view.map.fitBounds(L.latLngBounds(places), {
    animate: false, maxZoom: Math.max(7.5, Math.min(view.map.getZoom(), 10)),
    paddingTopLeft: [left + 40, top + (bottom > 0 ? 60 : 260)], paddingBottomRight: [side + 60, bottom + 40],
  });
}
