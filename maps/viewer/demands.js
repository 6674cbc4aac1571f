// The demands: who asked for how much, who gets how much, and over which routes, lit up on the map.

function demandList(view) {
  const bottlenecks = view.data.plan.bottlenecks.map((row) =>
    el("li", {}, row.link_id === null ? nameOf(row.sentence) : button(nameOf(row.sentence), () => showLink(view, view.data.link.get(row.link_id)))),
  );
  const demands = [...view.data.demands].sort((a, b) => a.served_fraction - b.served_fraction || b.requested_bps - a.requested_bps);
  view.demandItems = new Map(demands.slice(0, MOST_ROWS).map((demand) => [demand.demand_id, demandItem(view, demand)]));
  return el("div", {},
    bottlenecks.length > 0 && [el("h2", {}, "What limits the plan"), el("ul", { class: "rows sentences" }, bottlenecks)],
    el("h2", {}, countText(demands.length, "demand"), ", least served first"),
    el("ul", { class: "demands" }, [...view.demandItems.values()]));
}

function demandItem(view, demand) {
  const service = demand.service && (view.data.plan.services[demand.service] || demand.service);
  const meter = el("span", { class: "meter", "aria-hidden": "true" }, el("span"));
  meter.firstChild.style.width = `${Math.min(100, 100 * (demand.served_fraction || 0))}%`;
  const isLit = view.highlight && view.highlight.demand === demand;
  return el("li", { class: demand.served_fraction < 0.9995 ? "short" : null },
    button([
      el("span", { class: "demand-title" }, el("strong", {}, titleOf(view, demand)), el("span", {}, percentText(demand.served_fraction))),
      meter,
      el("span", { class: "muted" }, [service && [nameOf(service), " · "], `${rateText(demand.served_bps)} of ${rateText(demand.requested_bps)}`]),
    ], () => (view.highlight && view.highlight.demand === demand ? clearHighlight(view) : showDemand(view, demand)), { "aria-pressed": String(Boolean(isLit)) }),
    isLit && routeList(view, demand),
    isLit && view.demandTools?.(demand));
}

function routeList(view, demand) {
  if (demand.routes.length === 0) return el("p", { class: "alarm" }, "No route carries key for this demand.");
  const items = demand.routes.map((route) => el("li", {},
    button([
      el("strong", {}, rateText(route.rate_bps)), ` · ${lengthText(route.length_km)} · ${countText(route.links.length, "link")}`,
      el("span", { class: "route-nodes" }, route.nodes.map((id, i) => [i > 0 && " – ", nameOfNode(view, id)])),
    ], () => lightUp(view, { demand, routes: [route] }))));
  return el("ol", { class: "routes" }, items);
}

function showDemand(view, demand) {
  view.map.closePopup();
  if (!view.narrow() && (view.side.hidden || view.tab !== "demands")) openSide(view, "demands");
  if (view.narrow() && !view.side.hidden) closeSide(view);
  lightUp(view, { demand, routes: demand.routes });
}

function lightUp(view, { demand, routes }) {
  const nodes = new Set([demand.node_a, demand.node_b, ...routes.flatMap((route) => route.nodes)]);
  view.highlight = { demand, nodes, links: new Set(routes.flatMap((route) => route.links)) };
  view.banner.replaceChildren(
    el("span", {}, `${countText(routes.length, "route")} of `, el("strong", {}, titleOf(view, demand)), `: ${rateText(routes.reduce((sum, route) => sum + route.rate_bps, 0))}`),
    button("Show all", () => clearHighlight(view)),
  );
  view.banner.hidden = false;
  fitTo(view, [...nodes].map((id) => placeOf(view.data.node.get(id))));
  refreshHighlight(view);
}

function clearHighlight(view) {
  view.highlight = null;
  view.banner.hidden = true;
  refreshHighlight(view);
}

function refreshHighlight(view) {
  restyleLinks(view);
  dimNodes(view);
  placeLabels(view);
  if (view.side.hidden || view.tab !== "demands") return;
  const place = view.sideBody.scrollTop;
  const focused = document.activeElement && view.sideBody.contains(document.activeElement);
  view.sideBody.replaceChildren(demandList(view));
  view.sideBody.scrollTop = place;
  const pressed = view.sideBody.querySelector("[aria-pressed=true]");
  if (pressed) pressed.closest("li").scrollIntoView({ block: "nearest" });
  if (focused && pressed) pressed.focus({ preventScroll: true });
}

function drawBanner(view) {
  view.banner = keepFromMap(el("div", { class: "panel banner", role: "status", hidden: true }));
  view.root.append(view.banner);
}
