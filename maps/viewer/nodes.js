// Nodes as symbols: the shape tells the kind. They take focus; Enter opens the popup.

function drawNodes(view) {
  const { map, data } = view;
  view.markers = new Map();
  view.overlays["Nodes"] = L.layerGroup().addTo(map);
  for (const node of data.nodes) {
    const marker = markerOf(view, node);
    marker.on("click", () => showNode(view, node, { stay: true }));
    marker.on("keypress", ({ originalEvent }) => { if (originalEvent.key === "Enter") showNode(view, node, { stay: true }); });
    marker.bindTooltip(() => el("div", {}, namesOf(node)), { className: "trunk-tip", opacity: 1, offset: [10, 0] });
    view.overlays["Nodes"].addLayer(marker);
    view.markers.set(node.node_id, marker);
  }
  shrinkFromAfar(view);
}

// From afar the symbols of relays would hide the links between them.
const FAR_BELOW_ZOOM = 5.5;

function shrinkFromAfar(view) {
  const shrink = () => view.root.classList.toggle("far", view.map.getZoom() < FAR_BELOW_ZOOM);
  view.map.on("zoomend", shrink);
  shrink();
}

function markerOf(view, node) {
  const symbol = view.data.style.symbols[node.symbol];
  const size = symbol.size_px;
  const icon = L.divIcon({ className: `node node-${node.symbol}`, html: symbolOf(symbol), iconSize: [size, size] });
  const marker = L.marker(placeOf(node), { icon, riseOnHover: true, zIndexOffset: symbol.important ? 1000 : 0 });
  marker.on("add", () => {
    marker.getElement().setAttribute("aria-label", `${node.name}, ${symbol.title}`);
  });
  return marker;
}

function namesOf(node) {
  const local = node.name_local && node.name_local !== node.name ? node.name_local : null;
  return [el("strong", {}, nameOf(node.name)), local && [" ", el("span", { class: "local" }, nameOf(local))]];
}

function dimNodes(view) {
  if (view.many) {
    view.many.nodes.redraw();
    return;
  }
  const lit = view.highlight && view.highlight.nodes;
  for (const [id, marker] of view.markers) {
    marker.getElement()?.classList.toggle("dimmed", Boolean(lit) && !lit.has(id));
    marker.getElement()?.classList.toggle("failed", Boolean(view.highlight?.failedNodes.has(id)));
  }
}

function showNode(view, node, { stay = false } = {}) {
  const place = placeOf(node);
  if (!stay) approach(view, [place]);
  openPopup(view, nodePopup(view, node), place, -8);
}
