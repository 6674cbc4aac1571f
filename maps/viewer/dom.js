// Makes elements. Text from tables enters the page only as text nodes and attribute values made here:
// no markup is ever parsed from data.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  const wanted = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
  node.append(...wanted);
  return node;
}

function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Letters that turn the direction of writing or break lines, unseen: "\u202egnp.exe" would show as "exe.png".
const UNSEEN = /([\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069])/;

// A name, kept apart from what stands around it whatever its direction of writing. Unseen letters stay in the text,
// each alone in a box, where it turns nothing around.
function nameOf(text) {
  const parts = text.split(UNSEEN).map((part, i) => (i % 2 === 0 ? part : unseenLetter(part)));
  return el("bdi", { lang: /\p{Script=Han}/u.test(text) ? "zh" : null }, parts);
}

function unseenLetter(letter) {
  return el("span", { class: "unseen", title: `U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` }, letter);
}

function nameOfNode(view, id) {
  return nameOf(view.data.node.get(id).name);
}

function titleOf(view, row) {
  return [nameOfNode(view, row.node_a), " – ", nameOfNode(view, row.node_b)];
}

function localTitleOf(view, row) {
  const names = [row.node_a, row.node_b].map((id) => view.data.node.get(id).name_local);
  return names.every(Boolean) ? [nameOf(names[0]), " – ", nameOf(names[1])] : null;
}

// An element that shows one colour on a light ground and another on a dark one.
function tinted(node, { light, dark }) {
  node.style.setProperty("--on-light", light);
  node.style.setProperty("--on-dark", dark);
  return node;
}

function button(text, action, attributes = {}) {
  return el("button", { type: "button", click: action, ...attributes }, text);
}

// Panels lie on the map; what happens in them is not for the map.
function keepFromMap(node) {
  L.DomEvent.disableClickPropagation(node);
  L.DomEvent.disableScrollPropagation(node);
  return node;
}
