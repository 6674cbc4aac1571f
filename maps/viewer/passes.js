// Satellites that pass overhead: the ground tracks of a night, dotted, and the parts of them that a station sees.

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

function hasPasses(view) {
  return Boolean(view.data.passes && view.data.passes.rows.length > 0);
}

// Times are written as they come, in UTC, so that no clock of the browser turns them around.
function dayText(iso) {
  return `${Number(iso.slice(8, 10))} ${MONTHS[Number(iso.slice(5, 7)) - 1]}`;
}

function clockText(iso) {
  return iso.slice(11, 19);
}

function nightTitle({ night }) {
  return `Night of ${dayText(night)} ${night.slice(0, 4)}, UTC`;
}

function keyText(bits) {
  return bits > 0 ? rateText(bits, "bit") : "none";
}

function pathOf(view, row) {
  return decodePath(row.drawn_path || row.path, view.data.path_scale);
}

function drawPasses(view) {
  if (!hasPasses(view)) return;
  const { rows, tracks } = view.data.passes;
  view.passLines = tracks.map((track) => pathOf(view, track));
  const renderer = L.svg({ padding: 0.4 });
  view.passSheet = renderer;
  const dotted = tracks.map((track) => L.polyline(pathOf(view, track), { renderer, interactive: false, className: "ground-track" }));
  const seen = rows.flatMap((row) => {
    const line = L.polyline(pathOf(view, row), { renderer, interactive: false, className: "pass-line" });
    const pointer = L.polyline(pathOf(view, row), { renderer, weight: 16, opacity: 0, className: "pass-pointer" });
    pointer.on("click", () => showPass(view, row));
    pointer.bindTooltip(() => passTip(view, row), { sticky: true, className: "trunk-tip", opacity: 1 });
    return [line, pointer];
  });
  view.overlays["Passes"] = L.layerGroup([...dotted, ...seen, ...tracks.map((track) => heading(view, pathOf(view, track)))]).addTo(view.map);
}

// An arrow at the end of a track: where the satellite flies to.
function heading(view, points) {
  const [from, to] = points.slice(-2).map((point) => view.map.project(point, 10));
  const turn = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
  const arrow = svg("svg", { viewBox: "-8 -8 16 16", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { d: "M6,0 -5,-5 -2,0 -5,5Z", class: "heading", transform: `rotate(${turn.toFixed(1)})` }));
  return L.marker(points.at(-1), { icon: L.divIcon({ className: "heading-mark", html: arrow, iconSize: [16, 16] }), interactive: false, keyboard: false });
}

function passTip(view, row) {
  return el("div", {}, el("strong", {}, passTitle(view, row)), el("br"), `${clockText(row.culmination)} UTC, ${digits(row.highest_deg, 0)}°, key ${keyText(row.key_bits)}`);
}

function passTitle(view, { satellite, station }) {
  return [nameOfNode(view, satellite), " over ", nameOfNode(view, station)];
}

function showPass(view, row) {
  openList(view, "passes");
  showHighlight(view, passHighlight(view, row));
}

function passHighlight(view, row) {
  const points = pathOf(view, row);
  const links = view.data.links.filter((link) => [link.node_a, link.node_b].includes(row.satellite) && [link.node_a, link.node_b].includes(row.station));
  const shared = { interactive: false, renderer: view.passSheet };
  const station = placeOf(view.data.node.get(row.station));
  const top = points[Math.floor(points.length / 2)];
  const lines = L.layerGroup([
    L.polyline(points, { ...shared, className: "pass-line lit" }),
    L.polyline([station, top], { ...shared, className: "pass-sight" }),
  ]);
  const words = [
    el("strong", {}, passTitle(view, row)), `, ${dayText(row.start)} UTC: rises ${clockText(row.start)}, highest ${clockText(row.culmination)} `,
    `(${digits(row.highest_deg, 0)}°, ${digits(row.nearest_km, 0)} km), sets ${clockText(row.end)}. Key: ${keyText(row.key_bits)}.`,
  ];
  return { pass: row, words, lines, places: [...points, station], nodes: new Set([row.satellite, row.station]), links: new Set(links.map((link) => link.link_id)) };
}

function passTable(view) {
  const { passes, node } = view.data;
  const several = new Set(passes.rows.map((row) => row.satellite)).size > 1;
  return el("div", {},
    el("h2", {}, nightTitle(passes)),
    el("p", { class: "sentence" }, nameOf(passes.about)),
    sortable(view, passes.rows, (row) => (view.highlight?.pass === row ? clearHighlight(view) : showPass(view, row)), [
      { title: "Station", value: (row) => node.get(row.station).name, cell: (row) => namesOf(node.get(row.station)) },
      several && { title: "Satellite", value: (row) => node.get(row.satellite).name, cell: (row) => namesOf(node.get(row.satellite)) },
      { title: "Rises", value: (row) => row.start, cell: (row) => el("span", { class: "nowrap" }, `${dayText(row.start)} ${clockText(row.start)}`) },
      { title: "Highest", value: (row) => row.culmination, cell: (row) => clockText(row.culmination) },
      { title: "Sets", value: (row) => row.end, cell: (row) => clockText(row.end) },
      { title: "At", number: true, value: (row) => row.highest_deg, cell: (row) => `${digits(row.highest_deg, 0)}°` },
      { title: "Key", number: true, value: (row) => row.key_bits, cell: (row) => keyText(row.key_bits) },
    ]));
}

// In the story of a satellite or a station: its passes.
function passSection(view, node) {
  const { passes } = view.data;
  if (!passes) return null;
  if (!hasPasses(view)) return node.kind === "satellite" ? el("p", { class: "muted" }, nameOf(passes.about)) : null;
  const [own, other] = node.kind === "satellite" ? ["satellite", "station"] : ["station", "satellite"];
  const rows = passes.rows.filter((row) => row[own] === node.node_id);
  if (rows.length === 0) return null;
  const cells = (row) => [clockText(row.start).slice(0, 5), clockText(row.culmination).slice(0, 5), clockText(row.end).slice(0, 5), `${digits(row.highest_deg, 0)}°`, keyText(row.key_bits)];
  return [
    el("h3", {}, "Passes"),
    el("p", { class: "muted" }, nightTitle(passes)),
    el("table", { class: "passes" },
      el("thead", {}, el("tr", {}, [other === "station" ? "Station" : "Satellite", "Rises", "Top", "Sets", "At", "Key"].map((title) => el("th", { scope: "col" }, title)))),
      el("tbody", {}, rows.map((row) => el("tr", {}, el("th", { scope: "row" }, button(nameOfNode(view, row[other]), () => showPass(view, row))), cells(row).map((cell) => el("td", {}, cell)))))),
  ];
}
