// What lies below the pointer on a canvas: the nearest by boxes first, by segments then.

const REACH_PX = window.matchMedia("(pointer: coarse)").matches ? 14 : 7;

function nearest(courses, { x, y }, scale, reach) {
  const sight = { scale, left: x, top: y, width: 0, height: 0 };
  let best = null;
  for (const i of withinSight(courses, sight, reach)) {
    const distance = distanceTo(courses, i, { x, y }, scale);
    if (distance <= reach && (!best || distance < best.distance)) best = { i, distance };
  }
  return best && best.i;
}

function distanceTo({ starts, xs, ys }, i, { x, y }, scale) {
  let least = Math.hypot(xs[starts[i]] * scale - x, ys[starts[i]] * scale - y);
  for (let k = starts[i]; k < starts[i + 1] - 1; k += 1) {
    const [ax, ay] = [xs[k] * scale - x, ys[k] * scale - y];
    const [dx, dy] = [xs[k + 1] * scale - x - ax, ys[k + 1] * scale - y - ay];
    const along = dx || dy ? Math.min(1, Math.max(0, -(ax * dx + ay * dy) / (dx * dx + dy * dy))) : 0;
    least = Math.min(least, Math.hypot(ax + along * dx, ay + along * dy));
  }
  return least;
}

// What lies below a place of the map: a node before a link.
function thingAt(view, latlng) {
  const { map, data, many } = view;
  const point = map.project(latlng);
  const scale = 2 ** map.getZoom();
  const node = map.hasLayer(many.nodes) ? nearest(many.dots, point, scale, REACH_PX) : null;
  if (node !== null) return { node: data.nodes[node] };
  const link = map.hasLayer(many.links) ? nearest(many.courses, point, scale, REACH_PX) : null;
  return link === null ? null : { link: data.links[link] };
}

function listenToPointer(view) {
  const { map, many, root } = view;
  let waiting = null;
  const hide = () => {
    waiting = null;
    root.classList.remove("at-thing");
    many.tip.remove();
  };
  const hover = () => {
    if (waiting === null) return;
    const { latlng } = waiting;
    const thing = thingAt(view, latlng);
    if (!thing) { hide(); return; }
    waiting = null;
    root.classList.add("at-thing");
    tell(thing, latlng);
  };
  const tell = (thing, latlng) => many.tip.setLatLng(latlng).setContent(thing.node ? el("div", {}, namesOf(thing.node)) : linkTip(view, thing.link)).addTo(map);
  const onGround = (event) => !event.originalEvent.target.closest?.(".panel, .leaflet-control, .leaflet-popup");
  map.on("mousemove", (event) => {
    if (!onGround(event) || map.dragging?.moving()) { hide(); return; }
    if (waiting === null) requestAnimationFrame(hover);
    waiting = event;
  });
  map.on("mouseout zoomstart movestart", hide);
  map.on("contextmenu", (event) => { // a long touch: fingers do not hover
    const thing = onGround(event) && thingAt(view, event.latlng);
    if (!thing) return;
    event.originalEvent.preventDefault();
    tell(thing, event.latlng);
  });
  map.on("click", (event) => {
    const thing = onGround(event) && thingAt(view, event.latlng);
    if (!thing) return;
    hide();
    if (thing.node) showNode(view, thing.node, { stay: true });
    else showLink(view, thing.link, { at: event.latlng, stay: true });
  });
}
