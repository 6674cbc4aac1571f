// The legend. It lists the same classes that colour the lines.

function drawLegend(view) {
  view.legend = keepFromMap(el("details", { class: "panel legend", open: !view.narrow() }));
  view.root.append(view.legend);
  refreshLegend(view);
}

function refreshLegend(view) {
  const { style, links, nodes } = view.data;
  const classes = view.measure.steps.map((step) => el("li", {}, lineSample(step), step.label));
  if (links.some((link) => !link.usable)) classes.push(el("li", {}, lineSample(style.unusable), style.unusable.label));
  const widths = style.width_samples.map((sample) => el("li", {}, widthSample(sample), sample.label));
  const kinds = new Set(nodes.map((node) => node.symbol));
  const symbols = Object.entries(style.symbols)
    .filter(([kind]) => kinds.has(kind))
    .map(([, symbol]) => el("li", {}, el("span", { class: "symbol-cell" }, symbolOf(symbol)), symbol.title));
  const lit = litSamples(view);
  if (links.some((link) => link.track) || hasPasses(view)) symbols.push(el("li", {}, trackSample("ground-track"), "Ground track of a satellite"));
  if (hasPasses(view)) symbols.push(el("li", {}, trackSample("pass-line"), "Part that a station sees by night"));
  view.legend.replaceChildren(
    el("summary", {}, view.measure.title),
    ...(lit.length > 0 ? [ el("ul", { class: "legend-lit" }, lit.map(([sample, words]) => el("li", {}, sample, words)))] : []),
    el("ul", { class: "legend-classes" }, classes),
    el("h2", {}, "Width: secret key rate, bit/s"),
    el("ul", { class: "legend-widths" }, widths),
    el("ul", { class: "legend-symbols" }, symbols),
  );
}

// What the highlight of the moment means, in lines.
function litSamples(view) {
  const { highlight, data } = view;
  if (!highlight) return [];
  const [plain] = view.measure.steps;
  if (highlight.failure) {
    const routes = data.plan ? [[lineSample(plain, 6, { glow: "" }), "Routes of the demands it cuts"]] : [];
    return [[lineSample(data.style.failed), "Fails"], ...routes, [cutSample(), "Cut off from each other"]];
  }
  if (highlight.second.size === 0) return [];
  return [[lineSample(plain, 6, { glow: "" }), "Working route"], [lineSample(plain, 6, { glow: SECOND_DASH }), "Protection route"]];
}

function cutSample() {
  const line = svg("line", { x1: 1, x2: 33, y1: 6, y2: 6, class: "cut-line" });
  return svg("svg", { viewBox: "0 0 34 12", width: 34, height: 12, "aria-hidden": "true" }, line);
}

function widthSample({ width_px }) {
  const line = svg("line", { x1: 1, x2: 39, y1: 6, y2: 6, class: "width-line", "stroke-width": width_px });
  return svg("svg", { viewBox: "0 0 40 12", width: 40, height: 12, "aria-hidden": "true" }, line);
}

function trackSample(kind) {
  const line = svg("line", { x1: 1, x2: 25, y1: 6, y2: 6, class: kind });
  return svg("svg", { viewBox: "0 0 26 12", width: 26, height: 12, "aria-hidden": "true" }, line);
}
