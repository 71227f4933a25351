// DOM nodes out of values. Strings become text nodes, so nothing that a stranger wrote is markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with properties and children.
 *
 * `class`, `data` and `on` are special; `aria-*`, `role` and other names with a dash become
 * attributes, as does `attributes`; everything else is set as a property. Children that are null,
 * undefined or false are left out.
 */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined && value !== null) assign(node, name, value);
  }
  append(node, children);
  return node;
}

/** Put children behind those that are there. */
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

/** Put these children in the place of those that are there. */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

function assign(node, name, value) {
  if (name === "class") node.className = value;
  else if (name === "data") Object.assign(node.dataset, value);
  else if (name === "on") {
    for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
  } else if (name === "role" || name.includes("-")) node.setAttribute(name, String(value));
  else if (name === "attributes") {
    for (const [key, text] of Object.entries(value)) node.setAttribute(key, String(text));
  } else node[name] = value;
}

const PATHS = {
  hash: "M9 3 7 21M17 3l-2 18M4 8.5h17M3 15.5h17",
  lock: "M6 11h12v9H6zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11",
  warning: "M12 4 2.5 20h19zM12 10v5M12 17.6v.2",
  at: "M15.5 12a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zM15.5 8.5v5a2.6 2.6 0 0 0 5.2 0V12a8.7 8.7 0 1 0-3.4 6.9",
  people:
    "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5c0-3 2.9-5 6.5-5s6.5 2 6.5 5M16 5a3.3 3.3 0 0 1 0 6.4M18 14.8c2 .6 3.5 2.2 3.5 4.7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  reply: "M9.5 6 4 11.5 9.5 17M4.5 11.5H14a6 6 0 0 1 6 6V19",
  trash: "M4 6.5h16M9.5 6.5V4h5v2.5M6 6.5 7 20h10l1-13.5M10 10.5v6M14 10.5v6",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  file: "M6 3h8l4.5 4.5V21H6zM14 3v5h4.5",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.2h.01",
  app: "M12 3l2.6 5.6 6 .7-4.4 4.2 1.2 6-5.4-3-5.4 3 1.2-6L3.4 9.3l6-.7z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM14.8 12a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0z",
  menu: "M4 7h16M4 12h16M4 17h16",
  wire: "M3 8h13M12.5 4 17 8l-4.5 4M21 16H8M11.5 12 7 16l4.5 4",
  bolt: "M13 2.5 5 14h6l-1 7.5L19 10h-6.5z",
  sun: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M4.9 4.9l1.8 1.8M17.3 17.3l1.8 1.8M19.1 4.9l-1.8 1.8M6.7 17.3l-1.8 1.8",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  send: "M4 4l17 8-17 8 3-8zM7 12h8",
  down: "M6 9.5l6 6 6-6",
  power: "M12 3v8M7 5.8a8 8 0 1 0 10 0",
  copy: "M8 8h12v12H8zM5 16H4V4h12v1",
  open: "M13 4h7v7M20 4l-9 9M17 14v6H4V7h6",
  check: "M5 12.5l4.5 4.5L19 7.5",
};

/** One of our line drawings, hidden from screen readers: what it means is said beside it. */
export function icon(name, size = 20) {
  const svg = document.createElementNS(SVG, "svg");
  const sizes = { viewBox: "0 0 24 24", width: size, height: size };
  for (const [key, value] of Object.entries({ ...sizes, "aria-hidden": "true", class: "icon" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
