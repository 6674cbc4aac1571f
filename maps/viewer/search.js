// Search over nodes, links and demands, in every name they have. The key "/" goes there.

const MOST_FOUND = 12;

function searchIndex(view) {
  const names = (id) => {
    const node = view.data.node.get(id);
    return [node.name, node.name_local, node.city, id];
  };
  const entry = (kind, words, content, show) => ({ kind, text: words.filter(Boolean).join("\n").toLowerCase(), content, show });
  return [
    ...view.data.nodes.map((node) => entry("node", names(node.node_id), () => namesOf(node), () => showNode(view, node))),
    ...view.data.links.map((link) => entry("link", [link.link_id, ...names(link.node_a), ...names(link.node_b)], () => titleOf(view, link), () => showLink(view, link))),
    ...view.data.demands.map((demand) => entry("demand", [demand.demand_id, ...names(demand.node_a), ...names(demand.node_b)], () => titleOf(view, demand), () => showDemand(view, demand))),
  ];
}

function find(index, words) {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return [];
  const rank = ({ text }) => {
    const around = `\n${text}\n`;
    return around.includes(`\n${wanted}\n`) ? 0 : around.includes(`\n${wanted}`) ? 1 : 2;
  };
  return index.filter((entry) => entry.text.includes(wanted)).sort((a, b) => rank(a) - rank(b)).slice(0, MOST_FOUND);
}

function searchBox(view) {
  let index = null;
  const list = el("ul", { id: "trunk-found", class: "found", role: "listbox", "aria-label": "Found", hidden: true });
  const input = el("input", {
    type: "search", class: "search", placeholder: "Search node, link or demand  ( / )", autocomplete: "off", spellcheck: "false",
    role: "combobox", "aria-label": "Search node, link or demand", "aria-controls": "trunk-found", "aria-expanded": "false", "aria-autocomplete": "list",
  });
  let found = [];
  let chosen = 0;
  const choose = (entry) => {
    hide();
    entry.show();
  };
  const hide = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = () => {
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
    if (found.length > 0) input.setAttribute("aria-activedescendant", `trunk-found-${chosen}`);
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const refresh = () => {
    if (input.value.trim()) index ??= searchIndex(view);
    found = find(index, input.value);
    chosen = 0;
    list.replaceChildren(...found.map((entry, i) => foundItem(entry, i, choose)));
    if (found.length === 0) list.append(el("li", { class: "muted" }, "nothing of that name"));
    list.hidden = input.value.trim() === "";
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark();
  };
  input.addEventListener("input", refresh);
  input.addEventListener("click", refresh); // not "focus": a popup that closes gives the focus back
  input.addEventListener("blur", hide);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && list.hidden) refresh();
    else if (step && found.length > 0) {
      event.preventDefault();
      chosen = (chosen + step + found.length) % found.length;
      mark();
    } else if (event.key === "Enter" && found[chosen] && !list.hidden) {
      choose(found[chosen]);
    } else if (event.key === "Escape") {
      input.value = "";
      hide();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    input.focus();
  });
  return el("div", { class: "search-box" }, input, list);
}

function foundItem(entry, i, choose) {
  return el(
    "li", { id: `trunk-found-${i}`, role: "option", mousedown: () => choose(entry) },
    el("span", {}, entry.content()), el("span", { class: "muted" }, entry.kind),
  );
}
