// Links as lines: colour by the chosen measure, width by key rate, a casing below, a wide invisible line for the
// pointer. Thousands of links are drawn by many.js instead.

const CASING_PX = 2.6;
const SECOND_DASH = "3 7";
const AROUND = {
  light: { casing: "#4a5563", hollow: "#ffffff", glow: "#111827" },
  dark: { casing: "#0b0f14", hollow: "#0b0f14", glow: "#ffffff" },
};

// The class of a link by a measure; the same classes make the legend.
function stepOf(view, link, measure = view.measure) {
  if (!link.usable) return view.data.style.unusable;
  const value = link[measure.key];
  if (typeof value === "string") return measure.steps.find((step) => step.name === value) || view.data.style.unusable;
  if (!isNumber(value)) return view.data.style.unusable;
  return measure.steps.find((step) => step.below === null || value < step.below);
}

function drawLinks(view) {
  const { map, data } = view;
  map.createPane("trunk-casing").style.zIndex = 390;
  map.createPane("trunk-marks").style.zIndex = 590;
  const casingRenderer = L.svg({ pane: "trunk-casing", padding: 0.4 });
  const renderer = L.svg({ padding: 0.4 });
  view.overlays["Links"] = L.layerGroup().addTo(map);
  view.lines = new Map();
  for (const link of data.links) {
    const smooth = { smoothFactor: 0.5 };
    const parts = {
      casing: L.polyline(link.points, { ...smooth, renderer: casingRenderer, pane: "trunk-casing", interactive: false, className: "link-casing" }),
      line: L.polyline(link.points, { ...smooth, renderer, interactive: false, lineCap: "butt" }),
      pointer: L.polyline(link.points, { ...smooth, renderer, weight: 18, opacity: 0, className: "link-pointer" }),
      mark: link.usable ? null : noKeyMark(link),
    };
    parts.pointer.on("click", (event) => showLink(view, link, { at: event.latlng, stay: true }));
    parts.pointer.on("contextmenu", (event) => { // a long touch: fingers do not hover
      event.originalEvent.preventDefault();
      parts.pointer.openTooltip(event.latlng);
    });
    parts.pointer.on("add", () => focusable(view, link, parts.pointer.getElement()));
    parts.pointer.bindTooltip(() => linkTip(view, link), { sticky: true, className: "trunk-tip", opacity: 1 });
    for (const layer of Object.values(parts)) if (layer) view.overlays["Links"].addLayer(layer);
    view.lines.set(link.link_id, parts);
  }
  restyleLinks(view);
}

// One stop of the tab key for all links; the arrows go from link to link, Enter tells its story.
function focusable(view, link, path) {
  const isFirst = link === view.data.links[0];
  fill(path, {
    tabindex: isFirst ? "0" : "-1", role: "button", "aria-label": `Link ${plainTitle(view.data, link)}`,
    keydown: (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") showLink(view, link, { stay: true });
      else if (!step) return;
      else focusNext(view, link, step);
      event.preventDefault();
      event.stopPropagation();
    },
  }, []);
}

function focusNext(view, link, step) {
  const { links } = view.data;
  const next = links[(links.indexOf(link) + step + links.length) % links.length];
  const [from, to] = [link, next].map(({ link_id }) => view.lines.get(link_id).pointer.getElement());
  from.setAttribute("tabindex", "-1");
  to.setAttribute("tabindex", "0");
  if (!view.map.getBounds().intersects(L.latLngBounds(next.points))) view.map.panTo(middleOf(next.points), { animate: false });
  to.focus({ preventScroll: true });
}

function noKeyMark(link) {
  const icon = L.divIcon({ className: "no-key-mark", html: el("span", { "aria-hidden": "true" }, "✕"), iconSize: [18, 18] });
  return L.marker(middleOf(link.points), { icon, pane: "trunk-marks", interactive: false, keyboard: false });
}

function linkTip(view, link) {
  const step = stepOf(view, link);
  const value = view.measure.key === "basis" || !link.usable ? step.label : measureText(view, link);
  return el("div", {}, el("strong", {}, titleOf(view, link)), el("br"), `${view.measure.title}: ${value}`);
}

function measureText(view, link) {
  const texts = { utilisation: percentText, headroom_bps: rateText, key_rate_bps: rateText, loss_db: lossText };
  return texts[view.measure.key](link[view.measure.key]);
}

// How a link looks just now: its class, whether it is lit or dimmed, and how the glow around it is broken.
function looksOf(view, link) {
  const { highlight } = view;
  if (!highlight) return { step: stepOf(view, link), isLit: false, isDim: false, glowDash: null };
  if (highlight.failed.has(link.link_id)) return { step: view.data.style.failed, isLit: false, isDim: false, glowDash: null };
  const isLit = highlight.links.has(link.link_id);
  return { step: stepOf(view, link), isLit, isDim: !isLit, glowDash: highlight.second.has(link.link_id) ? SECOND_DASH : null };
}

// Colours, widths and what is dimmed, after any change of theme, measure or highlight.
function restyleLinks(view) {
  if (view.many) {
    view.many.links.redraw();
    return;
  }
  const { casing, hollow, glow } = AROUND[view.theme];
  for (const link of view.data.links) {
    const { line, casing: under, mark } = view.lines.get(link.link_id);
    const { step, isLit, isDim, glowDash } = looksOf(view, link);
    const opacity = isDim ? 0.18 : 1;
    const weight = link.width_px;
    line.setStyle({ color: step[view.theme], weight, opacity, dashArray: dashOf(step) });
    const around = isLit ? { color: glow, width: 5.5, opacity: 1 } : step.hollow ? { color: hollow, width: CASING_PX, opacity: 0.9 } : { color: casing, width: CASING_PX, opacity: 0.62 };
    under.setStyle({ color: around.color, weight: weight + around.width, opacity: isDim ? 0.1 : around.opacity, dashArray: glowDash });
    if (mark && mark.getElement()) mark.getElement().style.opacity = isDim ? 0.3 : 1;
  }
}

// Brings a link into sight and tells its story; ``stay`` leaves the view where it is.
function showLink(view, link, { at = middleOf(link.points), stay = false } = {}) {
  if (!stay) approach(view, link.points);
  openPopup(view, linkPopup(view, link), at, 0);
}
