// The title panel: what this is, search, what the colours mean, theme, tables, print.

function drawPanel(view) {
  const { data } = view;
  const measures = el("select", { "aria-label": "Colour by", change: (event) => colourBy(view, event.target.value) },
    data.style.measures.map((measure) => el("option", { value: measure.key }, measure.title)));
  view.panel = keepFromMap(el("section", { class: "panel title-panel", "aria-label": "About this map" },
    el("h1", {}, nameOf(data.title)),
    data.title_local && el("p", { class: "muted subtitle" }, nameOf(data.title_local)),
    el("ul", { class: "tiles" }, tiles(data).map(([value, label, meaning]) => el("li", { title: meaning }, el("strong", {}, value), el("span", {}, label)))),
    searchBox(view),
    el("label", { class: "colour-by" }, el("span", {}, "Colour by"), measures),
    el("div", { class: "buttons" },
      button("◐ Theme", () => setTheme(view, view.theme === "dark" ? "light" : "dark"), { "aria-label": "Light or dark theme" }),
      button("☰ Table", () => openSide(view, "links")),
      data.plan && button("⇄ Demands", () => openSide(view, "demands")),
      failureButton(view),
      hasPasses(view) && button("✦ Passes", () => openSide(view, "passes")),
      stripButton(view),
      button("Print", () => window.print(), { class: "wide-only" })),
    notes(view)));
  view.root.append(view.panel);
  const title = view.panel.querySelector("h1");
  if (title.scrollHeight > title.clientHeight + 1) title.tabIndex = 0; // so that the keyboard can scroll it
  new ResizeObserver(() => view.root.style.setProperty("--panel-bottom", `${view.panel.offsetTop + view.panel.offsetHeight}px`)).observe(view.panel);
}

function tiles(data) {
  const dead = data.links.filter((link) => !link.usable).length;
  const km = data.links.reduce((sum, link) => sum + link.length_km, 0);
  const factor = data.plan && data.plan.growth_factor;
  const grown = factor > 0 && factor < 0.01 ? "< × 0.01" : `× ${digits(factor, 2)}`;
  const growth = isNumber(factor) ? [[grown, "growth", "All demands together can be multiplied by this and still be served"]] : [];
  return [
    [digits(data.nodes.length, 0), "nodes"], [digits(data.links.length, 0), "links"], [digits(km, 0), "km"],
    ...growth, ...(dead > 0 ? [[digits(dead, 0), "no key", "Links that make no key"]] : []),
  ];
}

function notes(view) {
  const { description, warnings } = view.data;
  return [
    description && el("details", { class: "wide-only" }, el("summary", {}, "About"), el("p", {}, nameOf(description))),
    warnings.length > 0 && el("details", { class: "wide-only" }, el("summary", {}, countText(warnings.length, "note")),
      el("ul", {}, warnings.slice(0, 50).map((warning) => el("li", {}, nameOf(warning))))),
  ];
}

function colourBy(view, key) {
  view.measure = view.data.style.measures.find((measure) => measure.key === key);
  restyleLinks(view);
  refreshLegend(view);
  placeLabels(view);
}

function setTheme(view, theme) {
  view.theme = theme;
  view.root.dataset.theme = theme;
  restyleLinks(view);
}
