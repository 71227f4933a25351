// A select menu: a button with a list under it, in messages and in forms.

import * as candidates from "./candidates.js";
import { append, element, fill, icon } from "./element.js";

const STRING = 3;
const SOURCES = {
  5: () => candidates.people(),
  6: () => candidates.roles(),
  7: () => [...candidates.people(), ...candidates.roles()],
  8: (node) => candidates.channels(node.channel_types),
};
export const SELECT_TYPES = [STRING, 5, 6, 7, 8];
let last = 0;

/**
 * A select menu of any type. `chosen` is called with the values once the choice is made: at once
 * when one is wanted, when the list closes when several are.
 */
export function picker(data, { label, chosen, disabled = false }) {
  last += 1;
  const items = data.type === STRING ? data.options.map(optionItem) : SOURCES[data.type](data);
  const most = data.max_values ?? 1;
  const picked = new Set(defaults(data, items));
  const list = element("div", {
    class: "picker-list",
    role: "listbox",
    id: `picker-${last}`,
    tabIndex: -1,
    popover: "auto",
    "aria-label": label,
  });
  if (most > 1) list.setAttribute("aria-multiselectable", "true");
  const text = element("span", { class: "picker-text" });
  const button = element(
    "button",
    {
      type: "button",
      class: "picker",
      disabled,
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-controls": list.id,
    },
    text,
    icon("down", 18),
  );
  const state = { data, items, most, picked, list, button, text, label, chosen, before: "" };
  wire(state);
  write(state);
  return {
    node: element("div", { class: "picker-box" }, button, list),
    values: () => values(state),
    button,
  };
}

function optionItem(option) {
  return {
    label: option.label,
    detail: option.description,
    value: option.value,
    key: option.value,
    default: option.default,
    icon: option.emoji?.name ? element("span", { class: "emoji" }, option.emoji.name) : null,
  };
}

function defaults(data, items) {
  const given = (data.default_values ?? []).map(({ id }) => id);
  return items.filter((item) => item.default || given.includes(item.key)).map((item) => item.key);
}

function values({ items, picked }) {
  return items.filter((item) => picked.has(item.key)).map((item) => item.value);
}

function write({ data, items, picked, text, button, label }) {
  const names = items.filter((item) => picked.has(item.key)).map((item) => item.label);
  const shown = names.join(", ") || data.placeholder || "Make a selection";
  fill(text, shown);
  text.classList.toggle("quiet", !names.length);
  button.setAttribute("aria-label", names.length ? `${label}: ${shown}` : label);
}

function wire(state) {
  const { list, button, items } = state;
  fill(
    list,
    items.map((item) => entry(state, item)),
    !items.length && element("div", { class: "quiet picker-none" }, "Nothing to choose from"),
  );
  button.addEventListener("click", () => list.togglePopover());
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    list.showPopover();
  });
  list.addEventListener("beforetoggle", (event) => event.newState === "open" && place(state));
  list.addEventListener("toggle", (event) => toggled(state, event.newState === "open"));
  list.addEventListener("keydown", (event) => walk(list, event));
}

function entry(state, item) {
  const node = element("div", { class: "picker-entry", role: "option", tabIndex: -1 });
  node.setAttribute("aria-selected", String(state.picked.has(item.key)));
  const words = element(
    "span",
    { class: "picker-words" },
    element("span", {}, item.label),
    item.detail && element("span", { class: "quiet" }, item.detail),
  );
  append(node, [item.icon, words, element("span", { class: "tick" }, icon("check", 16))]);
  node.addEventListener("click", () => take(state, item, node));
  return node;
}

function take(state, item, node) {
  const { picked, most, list } = state;
  if (most === 1) {
    picked.clear();
    for (const other of list.children) other.setAttribute("aria-selected", "false");
    picked.add(item.key);
  } else if (picked.has(item.key)) picked.delete(item.key);
  else if (picked.size < most) picked.add(item.key);
  node.setAttribute("aria-selected", String(picked.has(item.key)));
  write(state);
  if (most === 1) list.hidePopover();
}

function place({ list, button }) {
  const box = button.getBoundingClientRect();
  const below = innerHeight - box.bottom - 12;
  const above = box.top - 12;
  list.style.width = `${box.width}px`;
  list.style.left = `${box.left}px`;
  list.style.maxHeight = `${Math.min(320, Math.max(below, above))}px`;
  const under = below >= Math.min(220, above);
  list.style.top = under ? `${box.bottom + 4}px` : "auto";
  list.style.bottom = under ? "auto" : `${innerHeight - box.top + 4}px`;
}

function toggled(state, open) {
  const { list, button, picked, chosen, data } = state;
  button.setAttribute("aria-expanded", String(open));
  const now = JSON.stringify([...picked].sort());
  if (open) {
    state.before = now;
    (list.querySelector('[aria-selected="true"]') ?? list.firstElementChild)?.focus();
    return;
  }
  button.focus();
  if (now !== state.before && picked.size >= (data.min_values ?? 1)) chosen?.(values(state));
}

function walk(list, event) {
  const entries = [...list.querySelectorAll("[role=option]")];
  const at = entries.indexOf(document.activeElement);
  const goals = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 };
  if (event.key in goals) entries[(goals[event.key] + entries.length) % entries.length]?.focus();
  else if (event.key === "Enter" || event.key === " ") document.activeElement.click();
  else if (event.key === "Tab") list.hidePopover();
  else return;
  if (event.key !== "Tab") event.preventDefault();
  event.stopPropagation();
}
