// What is lit on the map: a demand's routes, a failure, a pass. One thing at a time; the rest is dimmed.
//
// A highlight has `words` for the banner, `places` to be in sight and `nodes` (ids), and may have `links` (ids that are
// lit), `second` (those of them that only protection routes use), `failed` (ids of links that fail), `failedNodes`, and
// lines of its own, which it draws and takes away.

function showHighlight(view, highlight, { fit = true } = {}) {
  view.highlight?.lines?.remove();
  view.highlight = { links: new Set(), second: new Set(), failed: new Set(), failedNodes: new Set(), lines: null, ...highlight };
  view.highlight.lines?.addTo(view.map);
  const key = litSamples(view).map(([sample, meaning]) => el("li", {}, sample, meaning));
  view.banner.replaceChildren(el("div", {}, el("span", {}, highlight.words), key.length > 0 && el("ul", { class: "lit-key" }, key)), button("Show all", () => clearHighlight(view)));
  view.banner.hidden = false;
  if (fit) fitTo(view, highlight.places);
  refreshHighlight(view);
}

function clearHighlight(view) {
  view.highlight?.lines?.remove();
  view.highlight = null;
  view.banner.hidden = true;
  refreshHighlight(view);
}

// After a new plan: the same thing, as it is now.
function highlightAgain(view) {
  const { demand, failure, pass } = view.highlight;
  const now = failure && view.data.failures?.at.get(`${failure.kind} ${failure.id}`);
  if (pass || (demand && !view.data.demands.includes(demand)) || (failure && !now)) clearHighlight(view);
  else showHighlight(view, failure ? failureHighlight(view, now) : demandHighlight(view, { demand, routes: demand.routes }), { fit: false });
}

function refreshHighlight(view) {
  view.root.classList.toggle("with-highlight", Boolean(view.highlight));
  restyleLinks(view);
  dimNodes(view);
  refreshLegend(view);
  placeLabels(view);
  refreshList(view);
}

// The open list shows which of its items is lit; focus and place stay.
function refreshList(view) {
  const tab = view.side.hidden ? null : view.tabs.find(({ key }) => key === view.tab);
  if (!tab?.lights) return;
  const place = view.sideBody.scrollTop;
  const focused = document.activeElement && view.sideBody.contains(document.activeElement);
  view.sideBody.replaceChildren(tab.content());
  view.sideBody.scrollTop = place;
  const pressed = view.sideBody.querySelector("[aria-pressed=true]");
  if (pressed) pressed.closest("li, tr").scrollIntoView({ block: "nearest" });
  if (focused) (pressed || view.sideBody.querySelector("[aria-pressed]"))?.focus({ preventScroll: true });
}

// On a small screen the list would hide what it lights up.
function openList(view, key) {
  view.map.closePopup();
  if (!view.narrow() && (view.side.hidden || view.tab !== key)) openSide(view, key);
  if (view.narrow() && !view.side.hidden) closeSide(view);
}

function drawBanner(view) {
  view.banner = keepFromMap(el("div", { class: "panel banner", role: "status", hidden: true }));
  view.root.append(view.banner);
}
