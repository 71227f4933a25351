// Switches for trouble, as the sandbox offers them.

import { element, fill } from "./element.js";
import { act } from "./live.js";
import { orComplain } from "./notices.js";

const MADE = { switch: makeSwitch, button: makeButton, choice: makeChoice };

/** Draw the items by group, in their order; gives how many are on. */
export function drawTrouble(host, items) {
  const focused = host.contains(document.activeElement)
    ? document.activeElement.closest("[data-item]")?.dataset.item
    : null;
  const groups = Map.groupBy ? Map.groupBy(items, (one) => one.group) : grouped(items);
  fill(
    host,
    [...groups].map(([title, members]) =>
      element(
        "section",
        { class: "trouble-group", "aria-label": title },
        element("h3", { class: "section-title" }, title),
        members.map(row),
      ),
    ),
  );
  if (focused)
    host.querySelector(`[data-item="${CSS.escape(focused)}"] :is(button, select)`)?.focus();
  return items.filter((one) => one.kind === "switch" && one.on).length;
}

function grouped(items) {
  const groups = new Map();
  for (const one of items) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}

function row(item) {
  const id = `trouble-${item.id}`;
  const words = element(
    "div",
    { class: "trouble-words" },
    element("span", { class: "trouble-title", id }, item.title),
    element("span", { class: "quiet", id: `${id}-says` }, item.says),
  );
  const make = MADE[item.kind];
  const control = make
    ? make(item, id)
    : element("span", { class: "quiet" }, `unknown kind ${item.kind}`);
  if (make) control.setAttribute("aria-describedby", `${id}-says`);
  return element(
    "div",
    { class: item.available ? "trouble-row" : "trouble-row off", data: { item: item.id } },
    words,
    control,
  );
}

function send(item, values = {}) {
  return orComplain(act("trouble", { item: item.id, ...values }));
}

function makeSwitch(item, id) {
  const press = () => send(item, { on: !item.on });
  return element(
    "button",
    {
      type: "button",
      class: "switch",
      role: "switch",
      "aria-checked": item.on,
      "aria-labelledby": id,
      disabled: !item.available,
      on: { click: press },
    },
    element("span", { class: "knob" }),
  );
}

function makeButton(item, id) {
  return element(
    "button",
    {
      type: "button",
      class: "button secondary",
      "aria-labelledby": id,
      disabled: !item.available,
      on: { click: () => send(item) },
    },
    "Do it",
  );
}

function makeChoice(item, id) {
  const list = element(
    "select",
    { class: "form-input", "aria-labelledby": id, disabled: !item.available },
    item.options.map((one) =>
      element("option", { value: one.value, selected: one.value === item.value }, one.title),
    ),
  );
  list.addEventListener("change", () => send(item, { value: list.value }));
  return list;
}
