// What a click tells: where every decibel and every bit of a link goes, and what a node holds.

const MOST_IN_LIST = 8;

function openPopup(view, content, place, lift) {
  const before = document.activeElement;
  const back = before && before.closest(".story") ? view.popupReturn : before;
  const { left, top: panels, right, bottom: strip = 0 } = view.room();
  const bottom = strip && strip + 50; // so that the link is seen between its story and the strip
  const banner = view.banner.hidden || view.narrow() ? 0 : view.banner.offsetTop + view.banner.offsetHeight;
  const top = Math.max(panels, banner);
  const popup = L.popup({
    className: "trunk-popup", maxWidth: 340, minWidth: 270, maxHeight: Math.max(200, Math.min(560, view.map.getSize().y - top - bottom - 60)),
    offset: [0, lift], autoPanPaddingTopLeft: [left + 12, top + 12], autoPanPaddingBottomRight: [right + 24, bottom + 24],
  }).setLatLng(place).setContent(content);
  popup.on("remove", () => {
    view.root.classList.remove("with-popup");
    if (content.contains(document.activeElement) || document.activeElement === document.body) view.popupReturn?.focus({ preventScroll: true });
  });
  popup.openOn(view.map);
  view.popupReturn = back;
  view.root.classList.add("with-popup");
  content.focus({ preventScroll: true });
}

function storyOf(title, subtitle, ...rest) {
  return el("article", { class: "story", tabindex: "-1" }, el("h2", {}, title), subtitle && el("p", { class: "muted" }, subtitle), rest);
}

function facts(rows) {
  const shown = rows.filter((row) => row && row[1] !== null && row[1] !== undefined);
  return el("dl", { class: "facts" }, shown.map(([term, value]) => [el("dt", {}, term), el("dd", {}, value)]));
}

function stackedBar(parts, text) {
  const shown = parts.filter((part) => isNumber(part.value) && part.value > 0);
  const total = shown.reduce((sum, part) => sum + part.value, 0);
  if (!(total > 0)) return null;
  const spoken = shown.map((part) => `${part.title} ${text(part.value)}`).join(", ");
  const bar = el("div", { class: "bar", role: "img", "aria-label": spoken });
  for (const part of shown) {
    const piece = tinted(el("span", { class: "tint" }), part);
    piece.style.width = `${(100 * part.value) / total}%`;
    bar.append(piece);
  }
  const key = shown.map((part) => el("li", {}, tinted(el("span", { class: "swatch tint" }), part), `${part.title} ${text(part.value)}`));
  return [bar, el("ul", { class: "bar-key" }, key)];
}

function partsOf(row, parts) {
  return parts.map((part) => ({ ...part, value: row[part.key] }));
}

// Nobody measured a link to a satellite: its figures are given.
function measuredTag(view, link) {
  return el("span", { class: "tag" }, isDownlink(view, link) ? "given" : "measured");
}

function isDownlink(view, link) {
  return [link.node_a, link.node_b].some((id) => view.data.node.get(id).kind === "satellite");
}

function originSection(view, row, what) {
  const source = row.source && view.data.sources[row.source];
  const cited = source ? [nameOf(source.citation), source.secondary && " (quoted in another text)"] : row.source && nameOf(row.source);
  return el("p", { class: "origin muted" }, `${what}: `, el("strong", {}, row.basis), cited && [", ", cited]);
}

function linkPopup(view, link) {
  const measured = (link.measured || "").split(";");
  const step = view.data.plan && stepOf(view, link, view.data.style.measures[0]);
  const pill = step && tinted(el("span", { class: "pill" }, percentText(link.utilisation)), step);
  const module = moduleTitle(view.data, link);
  const equipment = module && [nameOf(module), link.module_pairs > 1 && ` × ${link.module_pairs} pairs`];
  return storyOf(
    titleOf(view, link),
    [localTitleOf(view, link), localTitleOf(view, link) && " · ", lengthText(link.length_km), " · ", nameOf(link.link_id)],
    !link.usable && el("p", { class: "alarm" }, "✕ This link makes no key."),
    view.linkTools?.(link),
    lossSection(view, link, measured.includes("loss_db")),
    bitSection(view, link),
    facts([
      ["Key rate", [rateText(link.key_rate_bps), " ", measured.includes("key_rate_bps") && measuredTag(view, link)]],
      measured.includes("key_rate_bps") && isNumber(link.model_key_rate_bps) && ["Model says", rateText(link.model_key_rate_bps)],
      view.data.plan && ["Load", rateText(link.load_bps)],
      view.data.plan && link.reserved_bps > 0 && ["Held for protection", rateText(link.reserved_bps)],
      view.data.plan && ["Utilisation", pill],
      view.data.plan && isNumber(link.headroom_bps) && ["To spare", rateText(link.headroom_bps)],
      isNumber(link.qber) && ["QBER", `${digits(link.qber * 100, 2)} %`],
      isNumber(link.bound_bps) && ["Repeaterless bound", rateText(link.bound_bps)],
      ["Modules", equipment],
      link.via && ["Light passes", viaNames(view, link)],
      isNumber(link.year) && ["In service from", String(link.year)],
      link.risk_groups && ["Fails together with", nameOf(link.risk_groups)],
      link.coexistence && ["Coexistence profile", nameOf(link.coexistence)],
    ]),
    originSection(view, link, "Fibre data"),
    demandSection(view, link.demands, `${countText(link.demands.length, "demand")} over this link`),
    failureSection(view, "link", link.link_id, listOf(link.risk_groups)),
  );
}

function viaNames(view, link) {
  return listOf(link.via).map((id, i) => [i > 0 && ", ", nameOf(view.data.node.has(id) ? view.data.node.get(id).name : id)]);
}

function lossSection(view, link, isMeasured) {
  const parts = partsOf(link, view.data.style.loss_parts);
  const isSpace = isDownlink(view, link);
  if (isMeasured) parts[0].title = isSpace ? "Free space, as given" : "Span, as measured";
  else if (isSpace) parts[0].title = "Free space";
  const whole = parts.reduce((sum, part) => sum + (part.value || 0), 0);
  const inside = isNumber(link.receiver_loss_db) && ` (link ${lossText(link.loss_db)})`;
  return [el("h3", {}, `Loss budget ${lossText(whole)}`, inside, isMeasured && [" ", measuredTag(view, link)]), stackedBar(parts, lossText)];
}

function bitSection(view, link) {
  if (!(link.sifted_rate_bps > 0)) return null;
  const heading = el("h3", {}, `Sifted bits ${rateText(link.sifted_rate_bps)}`);
  const flow = el("p", { class: "muted" }, `of ${rateText(link.detected_per_s, "clicks")} in ${rateText(link.sent_per_s, "pulses")} sent, each second`);
  if (!(link.model_key_rate_bps > 0)) return [heading, flow, el("p", { class: "muted" }, "None is left as key: the errors or the loss are too high.")];
  return [heading, stackedBar(partsOf(link, view.data.style.bit_parts), rateText), flow];
}

function demandSection(view, demands, title) {
  if (!view.data.plan || demands.length === 0) return null;
  const largest = [...demands].sort((a, b) => b.served_bps - a.served_bps);
  const items = largest.slice(0, MOST_IN_LIST).map((demand) =>
    el("li", {}, button([el("span", {}, titleOf(view, demand)), el("span", { class: "muted" }, rateText(demand.served_bps))], () => showDemand(view, demand))),
  );
  const more = demands.length - items.length;
  return [el("h3", {}, title), el("ul", { class: "rows" }, items), more > 0 && el("p", { class: "muted" }, `and ${more} more`)];
}

function nodePopup(view, node) {
  const symbol = view.data.style.symbols[node.symbol];
  const neighbours = node.links.map((link) => {
    const other = link.node_a === node.node_id ? link.node_b : link.node_a;
    return el("li", {}, button([nameOfNode(view, other), el("span", { class: "muted" }, rateText(link.key_rate_bps))], () => showLink(view, link)));
  });
  const passing = node.passing.reduce((sum, route) => sum + route.rate_bps, 0);
  return storyOf(
    nameOf(node.name),
    [node.name_local && [nameOf(node.name_local), " · "], symbol.title],
    view.nodeTools?.(node),
    facts([
      node.city && node.city !== node.name && ["City", nameOf(node.city)],
      view.data.plan && ["Keys passing through", passing > 0 ? `${rateText(passing)} on ${countText(node.passing.length, "route")}` : "none"],
      isNumber(node.altitude_m) && ["Altitude", `${digits(node.altitude_m, 0)} m`],
      isNumber(node.year) && ["In service from", String(node.year)],
      ["Place", `${digits(node.lat_deg, 3)}°, ${digits(node.lon_deg, 3)}°`],
    ]),
    originSection(view, node, "Data"),
    passSection(view, node),
    el("h3", {}, countText(node.links.length, "link")),
    el("ul", { class: "rows" }, neighbours),
    demandSection(view, node.demands, countText(node.demands.length, "demand") + " ending here"),
    failureSection(view, "node", node.node_id),
  );
}
