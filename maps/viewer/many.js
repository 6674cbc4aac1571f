// Thousands of links and nodes: two canvases of our own. Places are projected once, into typed arrays; a drawing takes
// only what is in sight, and of a course only the points that differ by a pixel.

const MANY = 600;
const FEW_IN_SIGHT = 800;
const STROKE_TOGETHER = 40;
const ROOM_PX = 30;

const Canvas = L.Renderer.extend({
  initialize(draw, options) {
    L.Renderer.prototype.initialize.call(this, options);
    this.draw = draw;
  },
  _initContainer() {
    this._container = el("canvas", { class: "many", "aria-hidden": "true" });
  },
  _destroyContainer() {
    this._container.remove();
    delete this._container;
  },
  _updatePaths() {},
  _update() {
    if ((this._map._animatingZoom || this._holdsSight()) && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    this._drawnFor = this._map.getPixelOrigin();
    const size = this._bounds.getSize();
    const fine = window.devicePixelRatio > 1 ? 2 : 1;
    L.DomUtil.setPosition(this._container, this._bounds.min);
    Object.assign(this._container, { width: fine * size.x, height: fine * size.y });
    Object.assign(this._container.style, { width: `${size.x}px`, height: `${size.y}px` });
    this.redraw();
  },
  // After a short drag all that is in sight was drawn already, beyond the edges.
  _holdsSight() {
    const corner = this._map.containerPointToLayerPoint([0, 0]);
    const sight = L.bounds(corner, corner.add(this._map.getSize()));
    return this._drawnFor?.equals(this._map.getPixelOrigin()) && this._zoom === this._map.getZoom() && this._bounds?.contains(sight);
  },
  redraw() {
    if (!this._container || !this._bounds) return this;
    const sheet = this._container.getContext("2d");
    const size = this._bounds.getSize();
    const fine = this._container.width / size.x;
    const corner = this._bounds.min.add(this._map.getPixelOrigin());
    const scale = 2 ** this._map.getZoom();
    sheet.setTransform(fine, 0, 0, fine, 0, 0);
    sheet.clearRect(0, 0, size.x, size.y);
    this.draw(sheet, { scale, left: corner.x, top: corner.y, width: size.x, height: size.y });
    return this;
  },
});

// All courses, end to end, in pixels of zoom 0, with the box around each.
function coursesOf(map, lines) {
  const starts = new Uint32Array(lines.length + 1);
  lines.forEach((line, i) => { starts[i + 1] = starts[i] + line.length; });
  const [xs, ys] = [new Float64Array(starts.at(-1)), new Float64Array(starts.at(-1))];
  const boxes = new Float64Array(4 * lines.length);
  lines.forEach((line, i) => {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    line.forEach((place, k) => {
      const { x, y } = map.project(place, 0);
      xs[starts[i] + k] = x;
      ys[starts[i] + k] = y;
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    });
    boxes.set(box, 4 * i);
  });
  return { starts, xs, ys, boxes, count: lines.length };
}

function withinSight({ boxes, count }, { scale, left, top, width, height }, room) {
  const [west, north] = [(left - room) / scale, (top - room) / scale];
  const [east, south] = [(left + width + room) / scale, (top + height + room) / scale];
  const found = [];
  for (let i = 0, k = 0; i < count; i += 1, k += 4) {
    if (boxes[k] <= east && boxes[k + 2] >= west && boxes[k + 1] <= south && boxes[k + 3] >= north) found.push(i);
  }
  return found;
}

function trace(sheet, { starts, xs, ys }, i, { scale, left, top }) {
  const end = starts[i + 1] - 1;
  let x = xs[starts[i]] * scale - left;
  let y = ys[starts[i]] * scale - top;
  sheet.moveTo(x, y);
  for (let k = starts[i] + 1; k <= end; k += 1) {
    const nextX = xs[k] * scale - left;
    const nextY = ys[k] * scale - top;
    if (k < end && Math.abs(nextX - x) < 1.5 && Math.abs(nextY - y) < 1.5) continue;
    x = nextX;
    y = nextY;
    sheet.lineTo(x, y);
  }
}

function strokeAll(sheet, courses, numbers, sight) {
  for (let from = 0; from < numbers.length; from += STROKE_TOGETHER) {
    sheet.beginPath();
    for (const i of numbers.slice(from, from + STROKE_TOGETHER)) trace(sheet, courses, i, sight);
    sheet.stroke();
  }
}

function drawMany(view) {
  const { map, data } = view;
  const pane = (name, zIndex) => { map.createPane(name).style.zIndex = zIndex; return { pane: name, padding: 0.15 }; };
  view.many = {
    courses: coursesOf(map, data.links.map((link) => link.points)),
    dots: coursesOf(map, data.nodes.map((node) => [placeOf(node)])),
    tip: L.tooltip({ className: "trunk-tip", opacity: 1, direction: "auto", offset: [10, 0] }),
  };
  view.many.links = new Canvas((sheet, sight) => paintLinks(view, sheet, sight), pane("trunk-many-links", 400)).addTo(map);
  view.many.nodes = new Canvas((sheet, sight) => paintNodes(view, sheet, sight), pane("trunk-many-nodes", 600)).addTo(map);
  view.overlays["Links"] = view.many.links;
  view.overlays["Nodes"] = view.many.nodes;
  listenToPointer(view);
}

// Links of the same looks are drawn together, the lit ones last; where few are in sight each gets its casing and mark.
function paintLinks(view, sheet, sight) {
  const { courses } = view.many;
  const seen = withinSight(courses, sight, 12);
  const few = seen.length <= FEW_IN_SIGHT;
  const thin = few ? 1 : Math.max(0.3, Math.sqrt(FEW_IN_SIGHT / seen.length));
  const looks = new Map();
  for (const i of seen) {
    const link = view.data.links[i];
    const { step, isLit, isDim, glowDash } = looksOf(view, link);
    const width = Math.max(1, Math.round(link.width_px * thin * 2) / 2);
    const key = `${isLit} ${isDim} ${glowDash} ${step.label} ${width}`;
    if (!looks.has(key)) looks.set(key, { step, width, isLit, isDim, glowDash, numbers: [] });
    looks.get(key).numbers.push(i);
  }
  const { casing, hollow, glow } = AROUND[view.theme];
  for (const { step, width, isLit, isDim, glowDash, numbers } of [...looks.values()].sort((a, b) => b.isDim - a.isDim || a.isLit - b.isLit)) {
    sheet.globalAlpha = isDim ? 0.18 : 1;
    sheet.setLineDash(dashesOf(glowDash));
    if (few || isLit) {
      sheet.strokeStyle = isLit ? glow : step.hollow ? hollow : casing;
      sheet.lineWidth = width + (isLit ? 5.5 : CASING_PX);
      strokeAll(sheet, courses, numbers, sight);
    }
    sheet.setLineDash(dashesOf(dashOf(step)));
    sheet.strokeStyle = step[view.theme];
    sheet.lineWidth = width;
    strokeAll(sheet, courses, numbers, sight);
  }
  sheet.globalAlpha = 1;
  for (const i of seen) {
    const link = view.data.links[i];
    if (view.highlight ? view.highlight.failed.has(link.link_id) && view.highlight.failedNodes.size === 0 : few && !link.usable) paintMark(view, sheet, middleOf(link.points), sight);
  }
}

function dashesOf(dash) {
  return (dash || "").split(" ").filter(Boolean).map(Number);
}

function paintMark(view, sheet, place, { scale, left, top }) {
  const { x, y } = view.map.project(place, 0);
  const [cx, cy] = [x * scale - left, y * scale - top];
  sheet.setLineDash([]);
  sheet.fillStyle = "#c1121f";
  sheet.strokeStyle = "#ffffff";
  sheet.lineWidth = 2;
  sheet.beginPath();
  sheet.arc(cx, cy, 8, 0, 2 * Math.PI);
  sheet.fill();
  sheet.stroke();
  sheet.beginPath();
  for (const turn of [-1, 1]) { sheet.moveTo(cx - 3, cy - 3 * turn); sheet.lineTo(cx + 3, cy + 3 * turn); }
  sheet.stroke();
}

function paintNodes(view, sheet, sight) {
  const { dots } = view.many;
  const seen = withinSight(dots, sight, 12);
  const size = Math.max(0.25, Math.min(1, Math.sqrt(500 / seen.length), spacingOf(dots, seen) * sight.scale / ROOM_PX));
  const lit = view.highlight && view.highlight.nodes;
  if (size < 0.5) {
    paintDots(view, sheet, seen.filter((i) => !lit || lit.has(view.data.nodes[i].node_id)), { ...sight, size });
    paintFailedNodes(view, sheet, sight);
    return;
  }
  const stamps = {};
  for (const i of seen) {
    const node = view.data.nodes[i];
    const stamp = (stamps[node.symbol] ??= stampOf(view, node.symbol, size));
    const [x, y] = [dots.xs[i] * sight.scale - sight.left, dots.ys[i] * sight.scale - sight.top];
    sheet.globalAlpha = lit && !lit.has(node.node_id) ? 0.3 : 1;
    sheet.drawImage(stamp.canvas, x - stamp.edge / 2, y - stamp.edge / 2, stamp.edge, stamp.edge);
  }
  sheet.globalAlpha = 1;
  paintFailedNodes(view, sheet, sight);
}

// About how far apart nodes are, in pixels of zoom 0, were they spread evenly over their box.
function spacingOf({ xs, ys }, seen) {
  let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const i of seen) {
    west = Math.min(west, xs[i]);
    east = Math.max(east, xs[i]);
    north = Math.min(north, ys[i]);
    south = Math.max(south, ys[i]);
  }
  return Math.sqrt(((east - west) * (south - north)) / seen.length) || Infinity;
}

function paintFailedNodes(view, sheet, sight) {
  for (const id of view.highlight?.failedNodes || []) paintMark(view, sheet, placeOf(view.data.node.get(id)), sight);
}

// A symbol drawn once, to be copied.
function stampOf(view, kind, size) {
  const { colour, size_px, path } = view.data.style.symbols[kind];
  const edge = size * size_px + 3;
  const canvas = el("canvas", { width: Math.ceil(2 * edge), height: Math.ceil(2 * edge) });
  const sheet = canvas.getContext("2d");
  const shape = new Path2D(path);
  sheet.translate(edge, edge);
  sheet.scale((size * size_px) / 11, (size * size_px) / 11);
  sheet.strokeStyle = "#ffffff";
  sheet.fillStyle = colour;
  sheet.lineWidth = 3;
  sheet.stroke(shape);
  sheet.fill(shape);
  return { canvas, edge };
}

// Too many for shapes: squares of a few pixels, which tell only the colour.
function paintDots(view, sheet, seen, { scale, left, top, size }) {
  const { dots } = view.many;
  for (const i of seen) {
    const { colour, size_px } = view.data.style.symbols[view.data.nodes[i].symbol];
    const half = Math.max(1, (size * size_px) / 4);
    if (sheet.fillStyle !== colour) sheet.fillStyle = colour;
    sheet.fillRect(dots.xs[i] * scale - left - half, dots.ys[i] * scale - top - half, 2 * half, 2 * half);
  }
}
