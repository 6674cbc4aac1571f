// What can be changed: the tools in the popups of links and nodes, and in the list of demands.

function linkTools(view, link) {
  view.live.popup = { make: () => linkPopup(view, link) };
  const cut = { do: "cut_link", link_id: link.link_id };
  const isCut = Boolean(findEdit(view, cut));
  const atNode = !isCut && link.cut;
  const form = el("details", { open: view.live.formOpen, toggle: () => { view.live.formOpen = form.open; } },
    el("summary", { "data-key": "change" }, "Change its modules or fibre"), linkForm(view, link));
  return el("section", { class: "tools", "aria-label": "What if" },
    atNode && el("p", { class: "muted" }, "Out of service with a node that is cut."),
    !atNode && button(isCut ? "Restore this link" : "✂ Cut this link", () => setEdits(view, isCut ? withoutEdit(view.live.edits, cut) : withEdit(view.live.edits, cut)), { "data-key": "cut" }),
    !link.cut && form);
}

// The figures of a link as they are now, and as they were.
function figuresOfLink(view, link) {
  const base = view.live.base.links.get(link.link_id);
  const given = { length_km: base.length_km, attenuation_db_per_km: view.live.attenuation.get(link.link_id), module: base.module, module_pairs: base.module_pairs };
  return { given, edited: findEdit(view, { do: "change_link", link_id: link.link_id }) };
}

function linkForm(view, link) {
  const { given, edited } = figuresOfLink(view, link);
  const now = { ...given, ...edited };
  const number = (key, label, limits) => [label, el("input", { type: "number", step: "any", value: now[key], name: key, "data-key": key, required: true, ...limits })];
  const known = new Map(view.live.server.modules.map(({ module, title }) => [module, title]));
  const modules = el("select", { name: "module", "data-key": "module" },
    given.module === null && el("option", { value: "", selected: now.module === null }, "none (measured rate)"),
    [...known].map(([id, title]) => el("option", { value: id, selected: id === now.module }, title)));
  const rows = [
    number("module_pairs", "Module pairs", { min: 1, max: 100000, step: 1 }), ["Module", modules],
    number("length_km", "Length, km", { min: 0, max: 1e6 }), number("attenuation_db_per_km", "Attenuation, dB/km", { min: 0, max: 100 }),
  ];
  return el("form", { class: "figures", submit: (event) => { event.preventDefault(); takeFigures(view, link, new FormData(event.target)); } },
    rows.map(([label, input]) => el("label", {}, el("span", {}, label), input)),
    el("div", { class: "buttons" },
      el("button", { type: "submit", "data-key": "apply" }, "Apply"),
      edited && button("As in the base plan", () => setEdits(view, withoutEdit(view.live.edits, edited)), { "data-key": "as-base" })));
}

function takeFigures(view, link, form) {
  const { given } = figuresOfLink(view, link);
  const edit = { do: "change_link", link_id: link.link_id };
  for (const key of ["length_km", "attenuation_db_per_km", "module_pairs"]) {
    const value = Number(form.get(key));
    if (Math.abs(value - given[key]) > 1e-9) edit[key] = value;
  }
  if (form.get("module") && form.get("module") !== given.module) edit.module = form.get("module");
  setEdits(view, Object.keys(edit).length > 2 ? withEdit(view.live.edits, edit) : withoutEdit(view.live.edits, edit));
}

function nodeTools(view, node) {
  view.live.popup = { make: () => nodePopup(view, node) };
  const cut = { do: "cut_node", node_id: node.node_id };
  const isCut = Boolean(findEdit(view, cut));
  return el("section", { class: "tools", "aria-label": "What if" },
    el("div", { class: "buttons" },
      button(isCut ? "Restore this node" : "✂ Cut this node", () => setEdits(view, isCut ? withoutEdit(view.live.edits, cut) : withEdit(view.live.edits, cut)), { "data-key": "cut" }),
      !node.cut && button("＋ Demand from here", () => startDemand(view, node), { "data-key": "demand" })));
}

function demandTools(view, demand) {
  const rate = el("input", { type: "number", step: "any", min: 0, max: 1e15, required: true, value: demand.requested_bps, "aria-label": "Requested key rate, bit/s" });
  const change = (event) => {
    event.preventDefault();
    const added = findEdit(view, { do: "add_demand", demand_id: demand.demand_id });
    const { service, units, ...rest } = added || {};
    addEdit(view, { ...(added ? rest : { do: "change_demand", demand_id: demand.demand_id }), rate_bps: Number(rate.value) });
  };
  return el("form", { class: "tools demand-tools", submit: change },
    el("label", {}, el("span", {}, "Asks for, bit/s"), rate),
    el("div", { class: "buttons" },
      el("button", { type: "submit" }, "Apply"),
      button("Remove this demand", () => addEdit(view, { do: "remove_demand", demand_id: demand.demand_id }))));
}

// What the demands that are left get once the network answers the failure: cut, and plan anew.
function failureTools(view, { kind, id, links }) {
  const edits = kind === "node" ? [{ do: "cut_node", node_id: id }] : links.map((link) => ({ do: "cut_link", link_id: link.link_id }));
  const isMade = edits.every((edit) => findEdit(view, edit));
  return !isMade && el("section", { class: "tools demand-tools", "aria-label": "What if" },
    el("div", { class: "buttons" }, button("✂ Let it fail and plan anew", () => setEdits(view, edits.reduce(withEdit, view.live.edits)))));
}

// --- a demand more ----------------------------------------------------------------------------------

const UNITS = [["bit/s", 1], ["kbit/s", 1e3], ["Mbit/s", 1e6]];

function demandForm(view) {
  const end = (name, label) => el("label", {}, el("span", {}, label), el("input", { name, list: "trunk-ends", required: true, autocomplete: "off", spellcheck: "false" }));
  const ends = view.data.nodes.filter((node) => !["switch", "measurement"].includes(node.kind));
  return el("form", { class: "figures", submit: (event) => { event.preventDefault(); takeDemand(view, event.target); } },
    el("datalist", { id: "trunk-ends" }, ends.map((node) => el("option", { value: node.node_id, label: [node.name, node.name_local].filter(Boolean).join(" ") }))),
    end("node_a", "From"), end("node_b", "To"),
    el("label", {}, el("span", {}, "Key rate"), el("span", { class: "pair" },
      el("input", { name: "rate", type: "number", step: "any", min: 0, value: 1, required: true, "aria-label": "Key rate" }),
      el("select", { name: "unit", "aria-label": "Unit" }, UNITS.map(([text, times]) => el("option", { value: times, selected: times === 1e3 }, text))))),
    el("div", { class: "buttons" }, el("button", { type: "submit" }, "Add")));
}

function startDemand(view, node) {
  const { form } = view.live;
  for (let box = form.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  view.map.closePopup();
  form.elements.node_a.value = node.node_id;
  form.elements.node_b.focus();
}

// A node by its id or a name that only it has.
function nodeNamed(view, words) {
  const wanted = words.trim();
  if (view.data.node.has(wanted)) return wanted;
  const found = view.data.nodes.filter((node) => [node.name, node.name_local].some((name) => name && name.toLowerCase() === wanted.toLowerCase()));
  return found.length === 1 ? found[0].node_id : wanted;
}

function takeDemand(view, form) {
  const { node_a, node_b, rate, unit } = Object.fromEntries(new FormData(form));
  const taken = new Set([...view.live.base.byId.keys(), ...view.live.edits.map((edit) => edit.demand_id)]);
  let number = 1;
  while (taken.has(`what-if-${number}`)) number += 1;
  addEdit(view, { do: "add_demand", demand_id: `what-if-${number}`, node_a: nodeNamed(view, node_a), node_b: nodeNamed(view, node_b), rate_bps: Number(rate) * Number(unit) });
}
