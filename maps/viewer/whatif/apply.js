// A new plan in place of the one that is shown: rows change where they stand, and what shows them is drawn again.

function keepBase(view) {
  const { data } = view;
  return {
    plan: data.plan,
    failures: data.failures.table,
    links: new Map(data.links.map((link) => [link.link_id, { ...link }])),
    demands: data.demands.map((row) => ({ row, before: { ...row, routes: [...row.routes] } })),
    byId: new Map(data.demands.map((row) => [row.demand_id, row])),
  };
}

// Shows a plan by what differs from the base plan; null is the base plan.
function showPlan(view, answer) {
  const { data, live } = view;
  const { links = [], cut_links = [], cut_nodes = [], demands = [], removed_demands = [] } = answer ? answer.changes : {};
  changeLinks(view, new Map(links.map((row) => [row.link_id, row])), new Set(cut_links));
  const cut = new Set(cut_nodes);
  for (const node of data.nodes) Object.assign(node, { cut: cut.has(node.node_id), demands: [], passing: [] });
  const rows = demandRows(live, new Map(demands.map((row) => [row.demand_id, row])), new Set(removed_demands));
  const summary = answer ? answer.summary : live.server.summary;
  data.demands = rows;
  data.plan = {
    ...live.base.plan, demands: rows, loads: [], routes: rows.flatMap((row) => row.routes),
    bottlenecks: summary.bottlenecks, growth_factor: summary.growth_factor,
  };
  indexPlan(data);
  const ranking = answer?.changes.failures ?? { ...live.base.failures, demand_ids: live.base.demands.map(({ row }) => row.demand_id) };
  const byId = new Map(rows.map((row) => [row.demand_id, row]));
  indexFailures(data, ranking, ranking.demand_ids.map((id) => byId.get(id)));
  drawAgain(view);
}

function changeLinks(view, changed, cut) {
  for (const link of view.data.links) {
    Object.assign(link, view.live.base.links.get(link.link_id), changed.get(link.link_id), { demands: [] });
    link.cut = cut.has(link.link_id);
    if (link.cut) Object.assign(link, { key_rate_bps: 0, load_bps: 0, utilisation: 0, headroom_bps: 0 });
    link.usable = link.key_rate_bps > 0;
  }
}

// The demands there are now. Those of the base plan stay the same objects, so that lists and the search keep them.
function demandRows(live, changed, removed) {
  const rows = [];
  for (const { row, before } of live.base.demands) {
    Object.assign(row, before, changed.get(row.demand_id));
    if (!removed.has(row.demand_id)) rows.push(row);
    changed.delete(row.demand_id);
  }
  return [...rows, ...changed.values()];
}

function drawAgain(view) {
  const { data } = view;
  view.strip.classList.toggle("of-base", view.live.edits.length > 0);
  if (!view.many) for (const link of data.links) showMark(view, link);
  if (view.highlight) highlightAgain(view);
  restyleLinks(view);
  dimNodes(view);
  if (!view.many) for (const node of data.nodes) view.markers.get(node.node_id).getElement()?.classList.toggle("cut", node.cut);
  refreshLegend(view);
  view.panel.querySelector(".tiles").replaceChildren(...tiles(data).map(([value, label, meaning]) => el("li", { title: meaning }, el("strong", {}, value), el("span", {}, label))));
  refreshSide(view);
  refreshPopup(view);
  placeLabels(view);
}

function showMark(view, link) {
  const parts = view.lines.get(link.link_id);
  if (!link.usable && !parts.mark) {
    parts.mark = noKeyMark(link);
    view.overlays["Links"].addLayer(parts.mark);
  } else if (link.usable && parts.mark) {
    view.overlays["Links"].removeLayer(parts.mark);
    parts.mark = null;
  }
}

function refreshSide(view) {
  if (view.side.hidden) return;
  const place = view.sideBody.scrollTop;
  view.sideBody.replaceChildren(view.tabs.find((tab) => tab.key === view.tab).content());
  view.sideBody.scrollTop = place;
}

// The open popup with the new figures; what had the focus keeps it, and what was typed stays.
function refreshPopup(view) {
  const { popup } = view.live;
  const shown = view.map._popup;
  if (!popup || !shown || !shown.isOpen()) return;
  const key = shown.getContent().contains(document.activeElement) && document.activeElement.dataset.key;
  const content = popup.make();
  shown.setContent(content);
  if (key) (content.querySelector(`[data-key="${key}"]`) || content).focus({ preventScroll: true });
}
