// Tables as files: CSV for spreadsheets, GeoJSON for geographic information systems.

function saveButtons(view) {
  return el("div", { class: "save" },
    button("CSV", () => saveCsv(view), { "aria-label": "Save this table as CSV" }),
    button("GeoJSON", () => saveFile(view, "geojson", JSON.stringify(geoJson(view)), "application/geo+json"), { "aria-label": "Save links and nodes as GeoJSON" }));
}

function saveFile(view, ending, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: url, download: `${view.data.name.replace(/[^\w-]+/g, "_")}.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

const NOT_FIGURES = ["usable", "width_px", "symbol", "points", "path", "track", "drawn_path", "drawn_track", "drawn_at", "routes", "passing"];

function figuresOf(row) {
  return Object.fromEntries(Object.entries(row).filter(([key, value]) => !NOT_FIGURES.includes(key) && (value === null || typeof value !== "object")));
}

function saveCsv(view) {
  const tables = { failures: () => view.data.failures.rows.map(failureFigures), passes: () => view.data.passes.rows.map(figuresOf) };
  const rows = tables[view.tab]?.() ?? view.data[view.tab].map(figuresOf);
  const names = Object.keys(Object.assign({}, ...rows));
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? ""))].map((cells) => cells.map(csvCell).join(","));
  saveFile(view, `${view.tab}.csv`, `\ufeff${lines.join("\r\n")}\r\n`, "text/csv;charset=utf-8");
}

function failureFigures(failure) {
  const { rank, kind, id, cut, ended, narrowed, lost_bps, served, served_bound, links } = failure;
  const ids = (rows, key) => rows.map((row) => row[key]).join(";");
  return {
    rank, kind, id, links: ids(links, "link_id"), demands_cut: cut.length, cut: ids(cut, "demand_id"),
    demands_ended: ended.length, ended: ids(ended, "demand_id"), demands_turned_away: turnedAway(failure).length,
    demands_narrowed: narrowed, lost_bps, served_fraction: served, served_bound,
  };
}

// A text that a spreadsheet would take for a formula gets an apostrophe before it.
function csvCell(value) {
  const text = typeof value === "string" && /^[\s\u0000]*[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Nodes and links with their figures, in WGS 84 whatever they are drawn over.
function geoJson(view) {
  const { nodes, links, path_scale: scale } = view.data;
  const flip = ([lat, lon]) => [Number(lon.toFixed(6)), Number(lat.toFixed(6))];
  const feature = (type, coordinates, row) => ({ type: "Feature", geometry: { type, coordinates }, properties: figuresOf(row) });
  return {
    type: "FeatureCollection",
    features: [
      ...links.map((link) => feature("LineString", decodePath(link.path, scale).map(flip), link)),
      ...nodes.map((node) => feature("Point", flip([node.lat_deg, node.lon_deg]), node)),
    ],
  };
}
