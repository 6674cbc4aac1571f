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
  const isLit = view.highlight && view.highlight.demand === demand;
  return el("li", { class: demand.served_fraction < 0.9995 ? "short" : null },
    button([
      el("span", { class: "demand-title" }, el("strong", {}, titleOf(view, demand)), el("span", {}, percentText(demand.served_fraction))),
      meterOf(demand.served_fraction || 0),
      el("span", { class: "muted" }, [service && [nameOf(service), " · "], `${rateText(demand.served_bps)} of ${rateText(demand.requested_bps)}`, protectionText(demand)]),
    ], () => (view.highlight && view.highlight.demand === demand ? clearHighlight(view) : showDemand(view, demand)), { "aria-pressed": String(Boolean(isLit)) }),
    isLit && routeList(view, demand),
    isLit && view.demandTools?.(demand));
}

function meterOf(fraction) {
  const meter = el("span", { class: "meter", "aria-hidden": "true" }, el("span"));
  meter.firstChild.style.width = `${Math.min(100, 100 * fraction)}%`;
  return meter;
}

function protectionText({ protection, protection_given: given }) {
  if (!protection || protection === "none") return null;
  if (!given || given === protection) return [" · ", nameOf(protection)];
  return [" · ", el("strong", { class: "alarm" }, "asks for ", nameOf(protection), ", gets ", given === "none" ? "no protection" : nameOf(given))];
}

const ROLES = { working: "working route", protection: "protection route", share: "share of the key" };

function routeList(view, demand) {
  if (demand.routes.length === 0) return el("p", { class: "alarm" }, "No route carries key for this demand.");
  const isProtected = demand.routes.some((route) => route.role && route.role !== "working");
  const items = demand.routes.map((route) => el("li", {},
    button([
      el("strong", {}, rateText(route.rate_bps)), ` · ${lengthText(route.length_km)} · ${countText(route.links.length, "link")}`,
      isProtected && [" · ", el("span", { class: "tag" }, ROLES[route.role] || nameOf(route.role))],
      el("span", { class: "route-nodes" }, route.nodes.map((id, i) => [i > 0 && " – ", nameOfNode(view, id)])),
    ], () => lightUp(view, { demand, routes: [route] }))));
  return el("ol", { class: "routes" }, items);
}

function showDemand(view, demand) {
  openList(view, "demands");
  lightUp(view, { demand, routes: demand.routes });
}

// The key of routes that belong together is had but once.
function rateOf(routes) {
  const sets = new Map(routes.map((route, i) => [route.set ?? `alone ${i}`, route.rate_bps]));
  return [...sets.values()].reduce((sum, rate) => sum + rate, 0);
}

function lightUp(view, what) {
  showHighlight(view, demandHighlight(view, what));
}

function demandHighlight(view, { demand, routes }) {
  const nodes = new Set([demand.node_a, demand.node_b, ...routes.flatMap((route) => route.nodes)]);
  const [standby, working] = [true, false].map((wanted) => new Set(routes.filter(({ role }) => (role === "protection") === wanted).flatMap((route) => route.links)));
  const second = new Set([...standby].filter((id) => !working.has(id)));
  const places = [...nodes].map((id) => placeOf(view.data.node.get(id)));
  const words = [`${countText(routes.length, "route")} of `, el("strong", {}, titleOf(view, demand)), `: ${rateText(rateOf(routes))}`, second.size > 0 ? ", protected" : ""];
  return { demand, words, places, nodes, links: new Set([...working, ...standby]), second };
}
