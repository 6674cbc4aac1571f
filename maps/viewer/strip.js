// Strip maps: the chains of the network, each straightened, in a panel below the map. The pictures come as nested
// lists of elements; only the elements of a drawing are made from them.

const DRAWN = ["svg", "rect", "line", "path", "text", "tspan", "title"];

function pictureOf(view, [tag, attributes, text, children]) {
  if (!DRAWN.includes(tag)) return null;
  const kinds = (attributes.class || "").split(" ");
  const node = svg(tag, attributes, text, children.map((child) => pictureOf(view, child)));
  const tint = kinds.map((kind) => view.data.style.strip_colours[kind]).find(Boolean);
  if (tint) tinted(node, tint).classList.add("strip-tint");
  return node;
}

function stripButton(view) {
  return view.data.plan && view.data.plan.strips.length > 0 && button("▭ Strip", () => openStrip(view), { class: "wide-only" });
}

function drawStripPanel(view) {
  const strips = view.data.plan ? view.data.plan.strips : [];
  const choice = el("select", { "aria-label": "Chain", change: () => showStrip(view, Number(choice.value)) },
    strips.map(({ title }, i) => el("option", { value: i }, title)));
  view.stripBody = el("div", { class: "strip-body", tabindex: "0", role: "region", "aria-label": "Strip map" });
  view.strip = keepFromMap(el("section", { class: "panel strip", hidden: true, "aria-label": "Strip maps" },
    el("div", { class: "side-head" }, choice, button("✕", () => closeStrip(view), { class: "close", "aria-label": "Close the strip map" })),
    view.stripBody));
  view.stripBody.addEventListener("click", (event) => {
    const link = view.data.link.get(event.target.closest("[data-link]")?.getAttribute("data-link"));
    if (link) showLink(view, link);
  });
  view.strip.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    closeStrip(view);
  });
  view.root.append(view.strip);
}

function showStrip(view, number) {
  const key = view.data.style.loss_parts.map((part) => el("li", {}, tinted(el("span", { class: "swatch tint" }), part), part.title));
  view.stripBody.replaceChildren(
    pictureOf(view, view.data.plan.strips[number].picture),
    el("ul", { class: "bar-key" }, el("li", {}, "Loss:"), key, el("li", {}, "Line and load: coloured by utilisation")),
  );
}

function openStrip(view) {
  view.stripReturn = document.activeElement;
  if (!view.stripBody.firstChild) showStrip(view, 0);
  view.strip.hidden = false;
  view.root.classList.add("with-strip");
  view.stripBody.focus({ preventScroll: true });
  if (!view.highlight) fitNetwork(view);
  placeLabels(view);
}

function closeStrip(view) {
  view.strip.hidden = true;
  view.root.classList.remove("with-strip");
  view.stripReturn?.focus();
  if (!view.highlight) fitNetwork(view);
  placeLabels(view);
}
