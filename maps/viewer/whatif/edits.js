// The list of edits is the whole state. It stands in the address, so that a link shares it; undo goes back to earlier
// lists. The server keeps nothing of it.

const FRAGMENT = "#edits=";

// Base64 for addresses, of JSON in UTF-8.
function encodeEdits(edits) {
  const letters = Array.from(new TextEncoder().encode(JSON.stringify(edits)), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function decodeEdits(text) {
  const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const edits = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (!Array.isArray(edits) || !edits.every((edit) => edit && typeof edit === "object" && typeof edit.do === "string")) {
    throw new Error("not a list of edits");
  }
  return edits;
}

// The edits of the address; null where they cannot be read.
function editsOfAddress() {
  if (!location.hash.startsWith(FRAGMENT)) return [];
  try {
    return decodeEdits(location.hash.slice(FRAGMENT.length));
  } catch {
    return null;
  }
}

function writeAddress(edits) {
  const hash = edits.length > 0 ? FRAGMENT + encodeEdits(edits) : "";
  if (location.hash !== hash) history.replaceState(null, "", location.pathname + location.search + hash);
}

const KEY_OF = { cut_link: "link_id", change_link: "link_id", cut_node: "node_id", change_demand: "demand_id", add_demand: "demand_id", remove_demand: "demand_id" };

function isSame(a, b) {
  return a.do === b.do && a[KEY_OF[a.do]] === b[KEY_OF[b.do]];
}

// A list with one edit more. What is said again of the same thing takes the place of what was said before; the scale
// comes last, for all demands that there are.
function withEdit(edits, edit) {
  const found = edits.findIndex((other) => isSame(other, edit));
  if (edit.do === "scale_demands") return [...edits.filter((other) => other.do !== edit.do), ...(edit.factor === 1 ? [] : [edit])];
  if (edit.do === "remove_demand") {
    const wasAdded = edits.some((other) => other.do === "add_demand" && other.demand_id === edit.demand_id);
    const rest = edits.filter((other) => other.demand_id !== edit.demand_id);
    return wasAdded ? rest : [...rest, edit];
  }
  if (found < 0) return [...edits, edit];
  return edits.with ? edits.with(found, edit) : edits.map((other, i) => (i === found ? edit : other));
}

function withoutEdit(edits, edit) {
  return edits.filter((other) => !isSame(other, edit));
}

function findEdit(view, edit) {
  return view.live.edits.find((other) => isSame(other, edit));
}

// --- undo -------------------------------------------------------------------------------------------

function startHistory(edits) {
  return { edits, earlier: edits.map((_, i) => edits.slice(0, i)), later: [] };
}

// Takes another list, and has it planned.
function setEdits(view, edits) {
  const { live } = view;
  if (encodeEdits(edits) === encodeEdits(live.edits)) return;
  Object.assign(live, { earlier: [...live.earlier, live.edits].slice(-200), edits, later: [] });
  afterEdits(view);
}

function addEdit(view, edit) {
  setEdits(view, withEdit(view.live.edits, edit));
}

function undo(view) {
  const { live } = view;
  if (live.earlier.length === 0) return;
  Object.assign(live, { later: [live.edits, ...live.later], edits: live.earlier.at(-1), earlier: live.earlier.slice(0, -1) });
  afterEdits(view);
}

function redo(view) {
  const { live } = view;
  if (live.later.length === 0) return;
  Object.assign(live, { earlier: [...live.earlier, live.edits], edits: live.later[0], later: live.later.slice(1) });
  afterEdits(view);
}

function afterEdits(view) {
  view.live.problems = [];
  view.live.comparing = false;
  view.root.dataset.live = "busy";
  writeAddress(view.live.edits);
  // Not at once: what was clicked would be gone before the click is through, and Leaflet take it for one on the map.
  setTimeout(() => {
    refreshPanel(view);
    planAnew(view);
  });
}
