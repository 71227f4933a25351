// A slash command being filled in: its name, a field for each option, chips for those left out.

import { element, fill } from "./element.js";
import { act } from "./live.js";
import { openMenu, under } from "./menu.js";
import { describe, hasField, optionField } from "./options.js";
import { unknown } from "./unknown.js";

const CHIPS = 3;
const ATTACHMENT = 11;

/**
 * Fill in a command. `tools` has `suggestions`, `say(text)` for what is wrong and `explain(text)`
 * for what a field takes, `sent(answer, name)` and `left()` for the two ways out.
 *
 * The result has `node`, `focus()`, `put(files)` for files from anywhere, and `send()`.
 */
export function commandLine(command, tools) {
  const fields = element("div", { class: "option-fields" });
  const chips = element("div", { class: "option-chips" });
  const name = element("span", { class: "command-name" }, `/${command.name}`);
  const node = element(
    "div",
    { class: "command-line", role: "group", "aria-label": `Command /${command.name}` },
    name,
    fields,
    chips,
  );
  const line = { command, tools, fields, chips, node, shown: [], busy: false };
  for (const spec of command.options.filter((one) => one.required)) add(line, spec);
  for (const spec of command.options.filter((one) => !hasField(one))) {
    node.append(unknown(`an option of type ${spec.type}`, spec));
  }
  drawChips(line);
  node.addEventListener("keydown", (event) => keyed(line, event));
  node.addEventListener("focusin", (event) => explain(line, event.target));
  return {
    node,
    // As in Discord, Enter sends a command that needs nothing.
    focus: () => (line.shown[0] ?? tools.fallback).focus(),
    fillIn: (option, text) => line.shown.find((one) => one.spec.name === option)?.fillIn?.(text),
    put: (files) => put(line, files),
    send: () => send(line),
  };
}

function add(line, spec) {
  const { suggestions } = line.tools;
  const remove = spec.required ? null : () => drop(line, field);
  const others = () =>
    Object.fromEntries(
      line.shown.flatMap((one) => {
        const read = one.read();
        return "value" in read && one !== field ? [[one.spec.name, read.value]] : [];
      }),
    );
  const field = optionField(spec, { suggestions, remove, others, command: line.command.name });
  line.shown.push(field);
  line.fields.append(field.node);
  drawChips(line);
  return field;
}

function drop(line, field) {
  line.shown = line.shown.filter((one) => one !== field);
  field.node.remove();
  drawChips(line);
  (line.shown.at(-1) ?? { focus: () => line.tools.fallback.focus() }).focus();
}

function left(line) {
  const shown = new Set(line.shown.map((one) => one.spec));
  return line.command.options.filter((one) => !shown.has(one) && hasField(one));
}

/** Chips of the next file and of what is no file; the rest behind one more. */
function drawChips(line) {
  const open = left(line);
  const file = open.find((one) => one.type === ATTACHMENT);
  const first = [file, ...open.filter((one) => one.type !== ATTACHMENT)]
    .filter(Boolean)
    .slice(0, CHIPS);
  const rest = open.filter((one) => !first.includes(one));
  const chip = (spec) =>
    element(
      "button",
      {
        type: "button",
        class: "chip",
        title: spec.description,
        "aria-label": `Add option ${spec.name}: ${spec.description}`,
        on: { click: () => add(line, spec).focus() },
      },
      `+ ${spec.name}`,
    );
  const more = element(
    "button",
    { type: "button", class: "chip", "aria-haspopup": "menu" },
    `${rest.length} more`,
  );
  more.addEventListener("click", () => {
    const items = rest.map((spec) => ({ label: spec.name, act: () => add(line, spec).focus() }));
    openMenu("More options", items, under(more));
  });
  fill(line.chips, first.map(chip), rest.length > 0 && more);
}

function explain(line, target) {
  const field = line.shown.find((one) => one.node.contains(target));
  if (field)
    line.tools.explain(
      `${field.spec.name}: ${field.spec.description ?? ""} (${describe(field.spec)})`,
    );
}

function keyed(line, event) {
  if (line.tools.suggestions.key(event)) return;
  const typing = event.target.matches("input, textarea");
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && typing) {
    event.preventDefault();
    send(line);
  } else if (event.key === "Escape") line.tools.left();
  else if (event.key === "Backspace" && typing && !event.target.value) backspace(line, event);
}

function backspace(line, event) {
  const at = line.shown.findIndex((one) => one.node.contains(event.target));
  if (at < 0) return;
  event.preventDefault();
  if (!line.shown[at].spec.required) drop(line, line.shown[at]);
  else if (at === 0) line.tools.left(`/${line.command.name}`);
  else line.shown[at - 1].focus();
}

/** Give files to the file options that are still empty, in order; those that fit nowhere are told. */
function put(line, files) {
  let over = 0;
  for (const file of files) {
    const field = line.shown.find((one) => one.put && !one.tile) ?? added(line);
    if (field) field.put(file);
    else over += 1;
  }
  if (over) line.tools.say(`/${line.command.name} takes no more files; ${over} left out.`);
}

function added(line) {
  const spec = left(line).find((one) => one.type === ATTACHMENT);
  return spec && add(line, spec);
}

async function send(line) {
  if (line.busy) return;
  line.tools.say("");
  line.busy = true;
  try {
    const options = await read(line);
    if (options)
      line.tools.sent(await act("slash", { name: line.command.name, options }), line.command.name);
  } catch (error) {
    line.tools.say(error.message);
  } finally {
    line.busy = false;
  }
}

/** The values by option, or null after telling what is wrong with the first that is. */
async function read(line) {
  const options = {};
  for (const field of line.shown) {
    const input = field.input ?? field.node;
    const found = field.read();
    const missing = field.spec.required && !("value" in found) && !("later" in found);
    const error = found.error ?? (missing ? `${field.spec.name} is required.` : null);
    field.node.classList.toggle("wrong", error !== null);
    if (field.input) input.setAttribute("aria-invalid", String(error !== null));
    if (error !== null) {
      line.tools.say(error);
      field.focus();
      return null;
    }
    if ("value" in found) options[field.spec.name] = found.value;
    if ("later" in found) options[field.spec.name] = await found.later;
    if (options[field.spec.name] === null) return null;
  }
  return options;
}
