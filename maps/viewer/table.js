// The side panel: links, nodes and demands as tables that sort. Rows take focus; Enter shows the row on the map.

const MOST_ROWS = 2000;

function drawSide(view) {
  view.tabs = [
    { key: "links", title: "Links", content: () => linkTable(view) },
    { key: "nodes", title: "Nodes", content: () => nodeTable(view) },
    view.data.plan && { key: "demands", title: "Demands", content: () => demandList(view), lights: true },
    view.data.failures && { key: "failures", title: "Failures", content: () => failureList(view), lights: true },
    hasPasses(view) && { key: "passes", title: "Passes", content: () => passTable(view) },
  ].filter(Boolean);
  view.sideBody = el("div", { class: "side-body", role: "tabpanel", "aria-labelledby": "trunk-tab-links" });
  const tabs = view.tabs.map((tab) =>
    button(tab.title, () => openSide(view, tab.key), { role: "tab", id: `trunk-tab-${tab.key}`, "aria-selected": "false" }),
  );
  const close = button("✕", () => closeSide(view), { class: "close", "aria-label": "Close the tables" });
  view.side = keepFromMap(el("aside", { class: "panel side", hidden: true, "aria-label": "Tables" },
    el("div", { class: "side-head" }, el("div", { class: "tabs", role: "tablist" }, tabs), saveButtons(view), close), view.sideBody));
  view.side.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    closeSide(view);
  });
  view.root.append(view.side);
}

function openSide(view, key) {
  view.sideReturn = view.side.hidden ? document.activeElement : view.sideReturn;
  view.side.hidden = false;
  view.root.classList.add("with-side");
  view.tab = key;
  for (const tab of view.tabs) view.side.querySelector(`#trunk-tab-${tab.key}`).setAttribute("aria-selected", String(tab.key === key));
  view.sideBody.setAttribute("aria-labelledby", `trunk-tab-${key}`);
  view.sideBody.replaceChildren(view.tabs.find((tab) => tab.key === key).content());
  placeLabels(view);
}

function closeSide(view) {
  view.side.hidden = true;
  view.root.classList.remove("with-side");
  view.sideReturn?.focus();
  placeLabels(view);
}

function linkTable(view) {
  const plan = view.data.plan;
  const measured = (link, field) => (link.measured || "").split(";").includes(field) && [" ", measuredTag(view, link)];
  return sortable(view, view.data.links, (link) => showLink(view, link), [
    { title: "Link", value: (link) => plainTitle(view.data, link), cell: (link) => titleOf(view, link) },
    { title: "km", number: true, value: (link) => link.length_km, cell: (link) => digits(link.length_km, 1) },
    { title: "Loss", number: true, value: (link) => link.loss_db, cell: (link) => [lossText(link.loss_db), measured(link, "loss_db")] },
    { title: "Key rate", number: true, value: (link) => link.key_rate_bps, cell: (link) => [!link.usable && "✕ ", rateText(link.key_rate_bps), measured(link, "key_rate_bps")] },
    plan && { title: "Load", number: true, value: (link) => link.load_bps, cell: (link) => rateText(link.load_bps) },
    plan && view.data.links.some((link) => link.reserved_bps > 0) && { title: "Held", number: true, value: (link) => link.reserved_bps, cell: (link) => rateText(link.reserved_bps) },
    plan && { title: "Used", number: true, value: (link) => link.utilisation, cell: (link) => usedCell(view, link) },
    { title: "Basis", value: (link) => link.basis, cell: (link) => link.basis },
  ]);
}

function usedCell(view, link) {
  return tinted(el("span", { class: "pill" }, percentText(link.utilisation)), stepOf(view, link, view.data.style.measures[0]));
}

function nodeTable(view) {
  const kind = (node) => view.data.style.symbols[node.symbol].title;
  return sortable(view, view.data.nodes, (node) => showNode(view, node), [
    { title: "Node", value: (node) => node.name, cell: (node) => namesOf(node) },
    { title: "Kind", value: kind, cell: kind },
    { title: "Links", number: true, value: (node) => node.links.length, cell: (node) => String(node.links.length) },
    view.data.plan && { title: "Demands", number: true, value: (node) => node.demands.length, cell: (node) => String(node.demands.length) },
    { title: "Basis", value: (node) => node.basis, cell: (node) => node.basis },
  ]);
}

function sortable(view, rows, show, wanted) {
  const columns = wanted.filter(Boolean);
  const body = el("tbody");
  const heads = columns.map((column) => el("th", { scope: "col", "aria-sort": "none", class: column.number ? "number" : null }, button(column.title, () => sort(column))));
  let order = { column: null, down: false };
  const sort = (column) => {
    order = { column, down: order.column === column ? !order.down : false };
    heads.forEach((head, i) => head.setAttribute("aria-sort", columns[i] === column ? (order.down ? "descending" : "ascending") : "none"));
    fillBody();
  };
  const compare = (a, b) => {
    const [x, y] = [order.column.value(a), order.column.value(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    return (typeof x === "number" ? x - y : String(x).localeCompare(String(y), "en")) * (order.down ? -1 : 1);
  };
  const fillBody = () => {
    const sorted = order.column ? [...rows].sort(compare) : rows;
    body.replaceChildren(...sorted.slice(0, MOST_ROWS).map((row) => el(
      "tr", { tabindex: "0", click: () => show(row), keydown: (event) => rowKey(event, () => show(row)) },
      columns.map((column) => el("td", { class: column.number ? "number" : null }, column.cell(row))),
    )));
  };
  fillBody();
  const note = rows.length > MOST_ROWS && el("p", { class: "muted" }, `The first ${MOST_ROWS} of ${rows.length}; the search finds the others.`);
  return el("div", {}, note, el("table", {}, el("thead", {}, el("tr", {}, heads)), body));
}

function rowKey(event, show) {
  const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (event.key === "Enter" && event.target === event.currentTarget) show();
  else if (next) {
    event.preventDefault();
    event.currentTarget[next]?.focus();
  }
}
