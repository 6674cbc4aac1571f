// Names beside the nodes. Greedy: the important first, each at the free place that crosses fewest lines; a name
// that would touch another, a symbol, a panel or the edge is left out.

const LABELS_OF_ALL_FROM_ZOOM = 7;
const FEW_NODES = 25;
const LONGEST_LABEL = 36;
const SQUARE_PX = 64;
const LATER_MS = 150;

function drawLabels(view) {
  const pane = view.map.createPane("trunk-labels");
  pane.style.zIndex = 610;
  view.labels = { pane, ruler: document.createElement("canvas").getContext("2d"), sizes: new Map() };
  const layer = L.layerGroup();
  layer.on("add", () => { pane.hidden = false; });
  layer.on("remove", () => { pane.hidden = true; });
  view.overlays["Names"] = layer.addTo(view.map);
  view.map.on("zoomstart", () => pane.classList.add("moving"));
  let later = null;
  view.map.on("moveend zoomend resize", () => {
    if (!view.many) {
      placeLabels(view);
      return;
    }
    clearTimeout(later);
    pane.classList.add("moving");
    later = setTimeout(() => placeLabels(view), LATER_MS);
  });
}

function shorten(text) {
  const letters = [...text];
  return letters.length > LONGEST_LABEL ? `${letters.slice(0, LONGEST_LABEL - 1).join("")}…` : text;
}

function labelSize(view, node, important) {
  const { ruler, sizes } = view.labels;
  if (!sizes.has(node.node_id)) {
    const family = getComputedStyle(view.root).fontFamily;
    ruler.font = `${important ? "600 13px" : "500 11.5px"} ${family}`;
    let width = ruler.measureText(shorten(node.name)).width + 4;
    if (node.name_local && node.name_local !== node.name) {
      ruler.font = `11.5px ${family}`;
      width += ruler.measureText(shorten(node.name_local)).width + 5;
    }
    width += 9 * (`${node.name}${node.name_local || ""}`.split(UNSEEN).length >> 1);
    sizes.set(node.node_id, [width, important ? 18 : 16]);
  }
  return sizes.get(node.node_id);
}

function placeLabels(view) {
  const { map, data, labels } = view;
  labels.pane.classList.remove("moving");
  labels.pane.replaceChildren();
  const size = map.getSize();
  const zoom = map.getZoom();
  const lit = view.highlight && view.highlight.nodes;
  const onScreen = [];
  for (const node of data.nodes) {
    const point = map.latLngToContainerPoint(placeOf(node));
    if (point.x < 0 || point.y < 0 || point.x > size.x || point.y > size.y) continue;
    const symbol = data.style.symbols[node.symbol];
    onScreen.push({ node, point, half: symbol.size_px / (view.many ? 4 : 2), important: symbol.important });
  }
  const all = zoom >= LABELS_OF_ALL_FROM_ZOOM || onScreen.length <= FEW_NODES;
  const wanted = onScreen
    .filter((spot) => all || spot.important || (lit && lit.has(spot.node.node_id)))
    .sort((a, b) => b.important - a.important || b.node.demands.length - a.node.demands.length || b.node.links.length - a.node.links.length);
  const crosses = (view.highlight?.failure?.links || []).map((link) => boxAround(map.latLngToContainerPoint(middleOf(link.points)), 9));
  const taken = boxIndex([...panelBoxes(view), ...crosses]);
  const symbols = boxIndex(onScreen.map((spot) => boxAround(spot.point, spot.half)));
  const large = boxIndex(onScreen.filter((spot) => spot.important).map((spot) => boxAround(spot.point, spot.half)));
  const segments = view.many ? [] : segmentsOnScreen(view, size);
  for (const spot of wanted.slice(0, view.many ? 200 : 600)) {
    const place =
      bestPlace(view, spot, { size, taken, symbols, segments }) ||
      (spot.important && bestPlace(view, spot, { size, taken, symbols: large, segments }));
    if (!place) continue;
    taken.add(place);
    labels.pane.append(labelAt(view, spot, place, lit));
  }
}

function boxAround(point, half) {
  return { left: point.x - half, top: point.y - half, right: point.x + half, bottom: point.y + half };
}

// Boxes by the squares that they lie in, so that a touch is found without asking all of them.
function boxIndex(boxes) {
  const squares = new Map();
  const squaresOf = ({ left, top, right, bottom }) => {
    const keys = [];
    for (let x = Math.floor(left / SQUARE_PX); x * SQUARE_PX <= right; x += 1) {
      for (let y = Math.floor(top / SQUARE_PX); y * SQUARE_PX <= bottom; y += 1) keys.push(`${x} ${y}`);
    }
    return keys;
  };
  const add = (box) => {
    for (const key of squaresOf(box)) squares.set(key, [...(squares.get(key) || []), box]);
  };
  boxes.forEach(add);
  return { add, touches: (box) => squaresOf(box).some((key) => (squares.get(key) || []).some((other) => touches(box, other))) };
}

function panelBoxes(view) {
  const origin = view.root.getBoundingClientRect();
  return [...view.root.querySelectorAll(".panel, .leaflet-control")]
    .map((panel) => panel.getBoundingClientRect())
    .filter((box) => box.width > 0)
    .map((box) => ({
      left: box.left - origin.left - 4, top: box.top - origin.top - 4,
      right: box.right - origin.left + 4, bottom: box.bottom - origin.top + 4,
    }));
}

function segmentsOnScreen(view, size) {
  const segments = [];
  for (const line of [...view.data.links.map((link) => link.points), ...(view.passLines || [])]) {
    const points = line.map((point) => view.map.latLngToContainerPoint(point));
    for (let i = 1; i < points.length; i += 1) {
      const [a, b] = [points[i - 1], points[i]];
      if (Math.max(a.x, b.x) > 0 && Math.min(a.x, b.x) < size.x && Math.max(a.y, b.y) > 0 && Math.min(a.y, b.y) < size.y) segments.push([a, b]);
    }
  }
  return segments;
}

const touches = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;

// Whether a segment enters a box (Liang and Barsky's clipping).
function crosses([a, b], box) {
  let [from, to] = [0, 1];
  const sides = [
    [a.x - b.x, a.x - box.left], [b.x - a.x, box.right - a.x],
    [a.y - b.y, a.y - box.top], [b.y - a.y, box.bottom - a.y],
  ];
  for (const [step, room] of sides) {
    if (step === 0 && room < 0) return false;
    if (step < 0) from = Math.max(from, room / step);
    if (step > 0) to = Math.min(to, room / step);
  }
  return from <= to;
}

function bestPlace(view, { node, point, half, important }, { size, taken, symbols, segments }) {
  const [width, height] = labelSize(view, node, important);
  const gap = half + 3;
  const slant = half * 0.6 + 2;
  const corners = [
    [gap, -height / 2], [-gap - width, -height / 2], [slant, -slant - height], [slant, slant],
    [-slant - width, -slant - height], [-slant - width, slant], [-width / 2, -gap - height], [-width / 2, gap],
  ];
  let best = null;
  corners.forEach(([dx, dy], preference) => {
    const box = { left: point.x + dx, top: point.y + dy, right: point.x + dx + width, bottom: point.y + dy + height };
    if (box.left < 4 || box.top < 4 || box.right > size.x - 4 || box.bottom > size.y - 4) return;
    if (taken.touches(box) || symbols.touches(box)) return;
    const cost = segments.filter((segment) => crosses(segment, box)).length + preference * 0.15;
    if (!best || cost < best.cost) best = { ...box, cost };
  });
  return best;
}

function labelAt(view, { node, important }, box, lit) {
  const local = node.name_local && node.name_local !== node.name ? node.name_local : null;
  const label = el(
    "div", { class: `label${important ? " important" : ""}${lit && !lit.has(node.node_id) ? " dimmed" : ""}`, "aria-hidden": "true" },
    nameOf(shorten(node.name)), local && el("span", { class: "local" }, nameOf(shorten(local))),
  );
  L.DomUtil.setPosition(label, view.map.containerPointToLayerPoint([box.left, box.top]).round());
  return label;
}
