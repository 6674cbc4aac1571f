// The panel of edits and the banner that tells what they change.

function drawWhatif(view) {
  const { live } = view;
  live.list = el("ol", { class: "edits" });
  live.scale = el("input", { type: "number", min: 0, max: 1e6, step: "any", value: 1, required: true, "aria-label": "Scale of all demands" });
  live.slider = el("input", { type: "range", min: 0, max: 3, step: 0.05, value: 1, "aria-label": "Scale of all demands, slider" });
  live.form = demandForm(view);
  live.buttons = {
    undo: button("↶ Undo", () => undo(view)), redo: button("↷ Redo", () => redo(view)),
    reset: button("Reset", () => setEdits(view, [])),
    compare: button("Show base", () => setTimeout(() => compare(view)), { "aria-pressed": "false" }),
  };
  const setScale = (value) => { if (value !== "" && Number(value) >= 0) addEdit(view, { do: "scale_demands", factor: Number(value) }); };
  live.scale.addEventListener("change", () => setScale(live.scale.value));
  live.slider.addEventListener("input", () => { live.scale.value = live.slider.value; });
  live.slider.addEventListener("change", () => setScale(live.slider.value));
  const files = live.server.files.map((name) => button(name === "network.zip" ? "Network (zip)" : name, () => saveFromServer(view, name)));
  live.panel = keepFromMap(el("details", { class: "panel whatif", open: !view.narrow() },
    el("summary", {}, "What if"),
    el("div", { class: "buttons" }, Object.values(live.buttons)),
    el("label", { class: "scale" }, el("span", {}, "All demands ×"), live.scale),
    live.slider,
    live.list,
    el("details", {}, el("summary", {}, "Add a demand"), live.form),
    el("details", {}, el("summary", {}, "Save this state"), el("div", { class: "buttons" }, files)),
    el("p", { class: "muted" }, "Click a link or node to cut or change it. The address of this page holds all edits: share it as a link.")));
  view.root.append(live.panel);
  live.words = el("div", { class: "words" });
  live.banner = keepFromMap(el("div", { class: "panel banner whatif-banner", role: "status", hidden: true }, live.words));
  view.root.append(live.banner);
}

function refreshPanel(view) {
  const { live } = view;
  const wrong = new Set(live.problems.map((problem) => problem.edit));
  const focused = [...live.list.querySelectorAll("button")].indexOf(document.activeElement);
  live.list.replaceChildren(...live.edits.map((edit, i) => {
    const words = editWords(view, edit);
    const item = el("li", { class: wrong.has(i + 1) ? "wrong" : null }, el("span", {}, words));
    item.append(button("✕", () => setEdits(view, live.edits.filter((_, k) => k !== i)), { "aria-label": `Remove: ${item.textContent}` }));
    return item;
  }));
  if (focused >= 0) (live.list.querySelectorAll("button")[Math.min(focused, live.edits.length - 1)] || live.buttons.undo).focus();
  const scale = live.edits.find((edit) => edit.do === "scale_demands")?.factor ?? 1;
  live.scale.value = scale;
  live.slider.value = scale;
  live.buttons.undo.disabled = live.earlier.length === 0;
  live.buttons.redo.disabled = live.later.length === 0;
  live.buttons.reset.disabled = live.edits.length === 0;
  live.buttons.compare.disabled = !live.answer;
  live.buttons.compare.setAttribute("aria-pressed", String(live.comparing));
}

function editWords(view, edit) {
  const { data, live } = view;
  const link = data.link.get(edit.link_id);
  const ofLink = link ? titleOf(view, link) : nameOf(String(edit.link_id));
  const ofNode = (id) => nameOf(String(data.node.get(id)?.name ?? id));
  const demand = live.base.byId.get(edit.demand_id);
  const ofDemand = demand ? titleOf(view, demand) : nameOf(String(edit.demand_id));
  const modules = new Map(live.server.modules.map(({ module, title }) => [module, title]));
  switch (edit.do) {
    case "cut_link": return ["Cut ", ofLink];
    case "cut_node": return ["Cut ", ofNode(edit.node_id)];
    case "change_link": return [ofLink, ": ", [
      edit.module_pairs !== undefined && countText(edit.module_pairs, "pair"),
      edit.length_km !== undefined && lengthText(edit.length_km),
      edit.attenuation_db_per_km !== undefined && `${edit.attenuation_db_per_km} dB/km`,
      edit.module !== undefined && nameOf(String(modules.get(edit.module) ?? edit.module)),
    ].filter(Boolean).flatMap((part, i) => (i > 0 ? [", ", part] : [part]))];
    case "scale_demands": return `All demands × ${edit.factor}`;
    case "change_demand": return [ofDemand, `: asks for ${isNumber(edit.rate_bps) ? rateText(edit.rate_bps) : countText(edit.units ?? 0, "unit")}`];
    case "add_demand": return ["New: ", ofNode(edit.node_a), " – ", ofNode(edit.node_b), `, ${isNumber(edit.rate_bps) ? rateText(edit.rate_bps) : countText(edit.units ?? 0, "unit")}`];
    case "remove_demand": return ["Without the demand ", ofDemand];
    default: return nameOf(String(edit.do));
  }
}

// --- the banner -------------------------------------------------------------------------------------

function tell(view) {
  const { live } = view;
  const words = [];
  if (live.problems.length > 0) words.push(problemList(view));
  if (live.comparing) words.push(el("span", {}, "This is the base plan."));
  else if (live.answer) words.push(el("span", {}, el("strong", {}, live.answer.difference.sentence)), lostList(view), live.answer.notes.map((note) => el("p", { class: "muted" }, nameOf(note))));
  live.words.replaceChildren(...[words].flat(Infinity).filter(Boolean));
  live.banner.hidden = live.words.childNodes.length === 0;
}

function problemList(view) {
  const shown = view.live.problems.slice(0, 6).map(({ message, edit, expected }) =>
    el("li", {}, edit ? `Edit ${edit}: ` : "", nameOf(message), expected && [" (", nameOf(expected), ")"]));
  return el("ul", { class: "alarm problems" }, shown);
}

function lostList(view) {
  const lost = view.live.answer.difference.lost.map((id) => view.live.base.byId.get(id)).filter(Boolean);
  if (lost.length === 0) return null;
  return el("details", {}, el("summary", {}, "Which are lost"), el("ul", { class: "rows" }, lost.slice(0, 200).map((demand) => el("li", {}, titleOf(view, demand)))));
}

function tellProgress(view, { what, done, of }) {
  const bar = el("progress", { max: of || 1, value: what ? done : null, "aria-label": "Progress" });
  view.live.words.replaceChildren(el("span", {}, "Planning… ", what ? `${what} ${done} of ${of}` : "waiting for its turn"), bar);
  view.live.banner.hidden = false;
}

function compare(view) {
  const { live } = view;
  if (!live.answer) return;
  live.comparing = !live.comparing;
  showPlan(view, live.comparing ? null : live.answer);
  refreshPanel(view);
  tell(view);
}
