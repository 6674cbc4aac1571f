// The symbol of a node's kind, and samples of lines for the legend.

function symbolOf(symbol, sizePx = symbol.size_px) {
  const drawing = svg("svg", { viewBox: "-11 -11 22 22", width: sizePx, height: sizePx, "aria-hidden": "true" });
  drawing.append(svg("path", { d: symbol.path, class: "symbol-shape", fill: symbol.colour }));
  if (symbol.hole) drawing.append(svg("circle", { r: 3, class: "symbol-hole" }));
  return drawing;
}

function lineSample(step, widthPx = 6, { glow = null } = {}) {
  const sample = svg("svg", { class: "line-sample", viewBox: "0 0 34 12", width: 34, height: 12, "aria-hidden": "true" });
  const ends = { x1: 1, x2: 33, y1: 6, y2: 6 };
  if (glow !== null) sample.append(svg("line", { ...ends, class: "sample-glow", "stroke-width": widthPx + 5, "stroke-dasharray": glow || null }));
  else sample.append(svg("line", { ...ends, class: step.hollow ? "sample-casing hollow" : "sample-casing", "stroke-width": widthPx + 2.4 }));
  const dash = dashOf(step);
  sample.append(tinted(svg("line", { ...ends, class: "sample-line", "stroke-width": widthPx, "stroke-dasharray": dash }), step));
  return sample;
}

function dashOf(step) {
  return step.pattern === "dashed" ? "7 5" : null;
}
