// Begins where a server answers: the map, and what can be asked of it.

async function startLive() {
  const view = start();
  if (!view.data.plan) return view;
  view.live = { ...startHistory([]), number: 0, problems: [], answer: null, comparing: false, popup: null, base: keepBase(view) };
  view.root.dataset.live = "busy";
  try {
    view.live.server = await (await ask("api/base")).json();
  } catch {
    view.banner.replaceChildren(el("span", {}, "The server does not answer: the map can be looked at, but not changed."));
    view.banner.hidden = false;
    view.root.dataset.live = "off";
    return view;
  }
  view.live.attenuation = new Map(view.live.server.links.map((row) => [row.link_id, row.attenuation_db_per_km]));
  for (const { module, title } of view.live.server.modules) view.data.modules[module] ??= title;
  Object.assign(view, { linkTools: (link) => linkTools(view, link), nodeTools: (node) => nodeTools(view, node), demandTools: (demand) => demandTools(view, demand), failureTools: (failure) => failureTools(view, failure) });
  drawWhatif(view);
  fitNetwork(view);
  placeLabels(view);
  window.addEventListener("hashchange", () => takeAddress(view));
  document.addEventListener("keydown", (event) => undoKey(view, event));
  view.root.dataset.live = "ready";
  takeAddress(view);
  return view;
}

// The edits that the address names, on opening and where somebody writes another.
function takeAddress(view) {
  const edits = editsOfAddress();
  Object.assign(view.live, startHistory(edits || []), { problems: [], comparing: false });
  refreshPanel(view);
  if (edits === null) {
    view.live.problems = [{ message: "The address holds no list of edits that can be read; this is the base plan." }];
    tell(view);
  } else if (edits.length > 0 || view.live.answer) {
    planAnew(view);
  }
}

function undoKey(view, event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  if (key === "y" || event.shiftKey) redo(view);
  else undo(view);
}
