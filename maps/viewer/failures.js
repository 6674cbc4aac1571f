// The failures: what can fail alone, whom that cuts off and how much key it ends, the worst first. A failure that is
// chosen is shown as it would be: what fails is crossed out, the routes of the demands that it cuts are lit.

const MOST_CUT_LISTED = 300;
const MOST_CUT_DRAWN = 400;
const KINDS = { link: "Link", node: "Node", "risk group": "Risk group" };

// Rows as they are to be shown. Demands come as numbers of rows, each but the first as the step from the one before.
function indexFailures(data, table, demands) {
  const taken = (flat) => {
    let at = 0;
    return flat.map((step) => { at += step; return demands[at]; }).filter(Boolean);
  };
  const rows = rowsOf(table.rows).map((row, i) => {
    const [cut, ended] = [taken(row.cut), taken(row.ended)];
    const lost_bps = [...cut, ...ended].reduce((sum, demand) => sum + (demand.served_bps || 0), 0);
    return { ...row, rank: i + 1, cut, ended, lost_bps, links: row.links.map((id) => data.link.get(id)) };
  });
  data.failures = { ...table, table, rows, demands, at: new Map(rows.map((row) => [`${row.kind} ${row.id}`, row])) };
}

function nameOfFailure(view, { kind, id }) {
  if (kind === "link") return titleOf(view, view.data.link.get(id));
  return kind === "node" ? nameOfNode(view, id) : nameOf(id);
}

function failureButton(view) {
  return view.data.failures && button("✕ Failures", () => openSide(view, "failures"));
}

function failureList(view) {
  const { rows, total, felt, sentence, demands } = view.data.failures;
  const kinds = Object.keys(KINDS).filter((kind) => rows.some((row) => row.kind === kind));
  const wanted = kinds.includes(view.failureKind) ? view.failureKind : "";
  const choice = el("select", { change: () => { view.failureKind = choice.value; refreshList(view); view.sideBody.querySelector("select").focus(); } },
    el("option", { value: "" }, "everything"), kinds.map((kind) => el("option", { value: kind, selected: kind === wanted }, `${KINDS[kind].toLowerCase()}s`)));
  const rest = [rows.length < felt && `the worst ${rows.length} of ${felt.toLocaleString("en-GB")}`, total > felt && `${countText(total - felt, "other")} touch no demand`].filter(Boolean).join("; ");
  return el("div", {},
    el("h2", {}, "Single failures, the worst first", rest && el("span", { class: "muted" }, ` (${rest})`)),
    el("p", { class: "sentence" }, nameOf(sentence)),
    kinds.length > 1 && el("label", { class: "colour-by" }, el("span", {}, "What fails"), choice),
    el("ol", { class: "demands failures" }, rows.filter((row) => !wanted || row.kind === wanted).map((row) => failureItem(view, row, demands.length))));
}

function failureItem(view, failure, total) {
  const isLit = view.highlight?.failure === failure;
  return el("li", {},
    button([
      el("span", { class: "demand-title" },
        el("strong", {}, el("span", { class: "muted" }, `${failure.rank}. ${KINDS[failure.kind]} `), nameOfFailure(view, failure)),
        el("span", { class: "nowrap" }, `${failure.cut.length.toLocaleString("en-GB")} of ${total.toLocaleString("en-GB")} cut off`)),
      meterOf((failure.cut.length + failure.ended.length) / (total || 1)),
      el("span", { class: "muted" }, restText(view, failure)),
    ], () => (isLit ? clearHighlight(view) : showFailure(view, failure)), { "aria-pressed": String(Boolean(isLit)) }),
    isLit && view.failureTools?.(failure),
    isLit && effectList(view, failure));
}

function effectText(view, failure) {
  const total = view.data.failures.demands.length.toLocaleString("en-GB");
  return [`${failure.cut.length.toLocaleString("en-GB")} of ${total} demands cut off`, restText(view, failure)].filter(Boolean).join(" · ");
}

// Demands that are not cut off, but lose a route that their key takes now.
function turnedAway({ cut, ended, links }) {
  const gone = new Set([...cut, ...ended]);
  const failed = new Set(links.map((link) => link.link_id));
  const isHit = (route) => route.role !== "protection" && route.links.some((id) => failed.has(id));
  return [...new Set(links.flatMap((link) => link.demands))].filter((demand) => !gone.has(demand) && demand.routes.some(isHit));
}

function restText(view, failure) {
  const { ended, narrowed, lost_bps, links, kind } = failure;
  const turned = turnedAway(failure).length;
  return [
    ended.length > 0 && `${ended.length.toLocaleString("en-GB")} more end here`,
    view.data.plan && `${rateText(lost_bps)} no longer served`,
    shareText(failure),
    turned > 0 && `${countText(turned, "other loses", "others lose")} a route in use`,
    narrowed > 0 && `${narrowed.toLocaleString("en-GB")} narrowed`,
    kind !== "link" && `${countText(links.length, "link")} down`,
  ].filter(Boolean).join(" · ");
}

// What is served once the key that is left has been divided anew.
function shareText({ served, served_bound }) {
  const percent = (share) => `${Number((100 * share).toPrecision(3))} %`;
  if (served !== null) return `divided anew, ${percent(served)} of all requested key is served`;
  return served_bound !== null && `divided anew, at most ${percent(served_bound)} of all requested key is served`;
}

function effectList(view, { cut, ended }) {
  const item = (demand) => el("li", {}, view.data.plan
    ? button([el("span", {}, titleOf(view, demand)), el("span", { class: "muted" }, rateText(demand.served_bps))], () => showDemand(view, demand))
    : titleOf(view, demand));
  const part = (title, demands) => {
    if (demands.length === 0) return null;
    const items = [...demands].sort((a, b) => (b.served_bps || 0) - (a.served_bps || 0)).slice(0, MOST_CUT_LISTED).map(item);
    const more = demands.length - MOST_IN_LIST;
    return [
      el("h3", {}, title), el("ul", { class: "rows" }, items.slice(0, MOST_IN_LIST)),
      more > 0 && el("details", {}, el("summary", {}, `and ${countText(more, "other")}`), el("ul", { class: "rows" }, items.slice(MOST_IN_LIST)),
        demands.length > MOST_CUT_LISTED && el("p", { class: "muted" }, `The first ${MOST_CUT_LISTED} are shown; the CSV has all.`)),
    ];
  };
  return el("div", { class: "effects" }, part("Cut off", cut), part("End where it fails", ended));
}

function showFailure(view, failure) {
  openList(view, "failures");
  showHighlight(view, failureHighlight(view, failure));
}

function failureHighlight(view, failure) {
  const { data } = view;
  const touched = [...failure.cut, ...failure.ended];
  const routes = touched.flatMap((demand) => demand.routes || []);
  const failedNodes = new Set(failure.kind === "node" ? [failure.id] : []);
  const nodes = new Set([...failedNodes, ...touched.flatMap((row) => [row.node_a, row.node_b]), ...routes.flatMap((route) => route.nodes)]);
  const failed = new Set(failure.links.map((link) => link.link_id));
  const places = [...[...nodes].map((id) => placeOf(data.node.get(id))), ...failure.links.flatMap((link) => [link.points[0], link.points.at(-1)])];
  const words = ["Fails: ", el("strong", {}, KINDS[failure.kind].toLowerCase(), " ", nameOfFailure(view, failure)), `. ${effectText(view, failure)}.`];
  return { failure, words, places, nodes, failed, failedNodes, links: new Set(routes.flatMap((route) => route.links)), lines: cutLines(view, failure) };
}

// Who no longer reaches whom, and a cross on every link that fails; a node has its own.
function cutLines(view, { kind, cut, ended, links }) {
  const { map, data } = view;
  const pane = map.getPane("trunk-cut") || map.createPane("trunk-cut");
  Object.assign(pane.style, { zIndex: 420, pointerEvents: "none" });
  view.cutSheet ??= L.svg({ pane: "trunk-cut", padding: 0.4 });
  const pairs = new Map([...cut, ...ended].map((demand) => [[demand.node_a, demand.node_b].sort().join(" "), demand]));
  const places = (demand) => [demand.node_a, demand.node_b].map((id) => placeOf(data.node.get(id)));
  const lines = [...pairs.values()].slice(0, MOST_CUT_DRAWN).map((demand) =>
    L.polyline(places(demand), { renderer: view.cutSheet, pane: "trunk-cut", interactive: false, className: "cut-line" }));
  const marks = view.many || kind === "node" ? [] : links.filter((link) => link.usable).map((link) => noKeyMark(link));
  return L.layerGroup([...lines, ...marks]);
}

// In the story of a link or node: what its failure would do, and that of all it shares a risk with.
function failureSection(view, kind, id, groups = []) {
  const { failures } = view.data;
  if (!failures) return null;
  const failure = failures.at.get(`${kind} ${id}`);
  if (!failure && failures.rows.length < failures.felt) return null;
  const together = groups.map((group) => failures.at.get(`risk group ${group}`)).filter(Boolean);
  const effect = ({ cut, ended }) => `${countText(cut.length, "demand")} cut off${ended.length > 0 ? `, ${ended.length} end here` : ""}`;
  const item = (row, words) => el("li", {}, button([el("span", {}, words), el("span", { class: "muted" }, "show")], () => showFailure(view, row)));
  return [
    el("h3", {}, "If it fails"),
    !failure && el("p", { class: "muted" }, "No demand is cut off."),
    el("ul", { class: "rows" }, failure && item(failure, effect(failure)),
      together.map((row) => item(row, ["with all of ", nameOf(row.id), `: ${effect(row)}`]))),
  ];
}
