// A menu of things to do: opened by a right-click, by a "..." button, or by the menu key.

import { element, fill, icon } from "./element.js";

let node = null;
let origin = null;

/** Open a menu at a point; `items` are {label, icon, danger, act} or a text as a heading. */
export function openMenu(label, items, { x, y }) {
  node ??= build();
  if (node.matches(":popover-open")) node.hidePopover();
  origin = document.activeElement;
  node.setAttribute("aria-label", label);
  fill(
    node,
    items.map((item) => (typeof item === "string" ? heading(item) : entry(item))),
  );
  node.showPopover();
  const box = node.getBoundingClientRect();
  node.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
  node.style.top = `${Math.max(8, Math.min(y, innerHeight - box.height - 8))}px`;
  node.querySelector("[role=menuitem]")?.focus();
}

/** The point at which a menu of this button opens. */
export function under(button) {
  const box = button.getBoundingClientRect();
  return { x: box.left, y: box.bottom + 4 };
}

function build() {
  const menu = element("div", { class: "menu", role: "menu", popover: "auto" });
  menu.addEventListener("keydown", walk);
  menu.addEventListener("toggle", (event) => {
    const inside =
      menu.contains(document.activeElement) || document.activeElement === document.body;
    if (event.newState === "closed" && inside) origin?.focus();
  });
  document.body.append(menu);
  return menu;
}

function heading(text) {
  return element("div", { class: "menu-heading", role: "presentation" }, text);
}

function entry(item) {
  const press = () => {
    node.hidePopover();
    item.act();
  };
  return element(
    "button",
    {
      type: "button",
      class: item.danger ? "menu-item danger" : "menu-item",
      role: "menuitem",
      tabIndex: -1,
      on: { click: press },
    },
    element("span", {}, item.label),
    item.icon && icon(item.icon, 18),
  );
}

function walk(event) {
  const entries = [...node.querySelectorAll("[role=menuitem]")];
  const at = entries.indexOf(document.activeElement);
  const goals = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 };
  if (event.key === "Tab") node.hidePopover();
  if (!(event.key in goals)) return;
  event.preventDefault();
  entries[(goals[event.key] + entries.length) % entries.length]?.focus();
}
