// A slash command's options as fields, each with the rules that Discord's client applies.

import * as candidates from "./candidates.js";
import { element, fill, icon } from "./element.js";
import { fileTile } from "./filetile.js";
import { act } from "./live.js";
import { chooseFiles } from "./uploads.js";

const [STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT] = [
  3, 4, 5, 6, 7, 8, 9, 10, 11,
];
const LONGEST = 6000;
const AUTOCOMPLETE_AFTER_MS = 150;
const KINDS = {
  [STRING]: "text",
  [INTEGER]: "whole number",
  [BOOLEAN]: "true or false",
  [USER]: "person",
  [CHANNEL]: "channel",
  [ROLE]: "role",
  [MENTIONABLE]: "person or role",
  [NUMBER]: "number",
  [ATTACHMENT]: "file",
};
const LISTS = {
  [BOOLEAN]: () => [
    { label: "True", value: true },
    { label: "False", value: false },
  ],
  [USER]: () => candidates.people(),
  [CHANNEL]: (spec) => candidates.channels(spec.channel_types),
  [ROLE]: () => candidates.roles(),
  [MENTIONABLE]: () => [...candidates.people(), ...candidates.roles()],
};
let last = 0;

/** What an option takes, in words: "text, required, up to 4000 characters". */
export function describe(spec) {
  const { min_length, max_length, min_value, max_value } = spec;
  const parts = [KINDS[spec.type] ?? `type ${spec.type}`, spec.required ? "required" : "optional"];
  if (min_length > 1) parts.push(`at least ${min_length} characters`);
  if (max_length) parts.push(`up to ${max_length} characters`);
  if (min_value !== undefined) parts.push(`from ${min_value}`);
  if (max_value !== undefined) parts.push(`to ${max_value}`);
  return parts.join(", ");
}

/**
 * The field of one option. `tools` has `suggestions`, `command` (its full name), `others()` (the
 * values so far), and `remove` for an option that may be left out.
 *
 * The field has `node`, `focus()`, and `read()`, which gives {value}, {} when it is empty, or
 * {error}; a file's field has `put(file)` too.
 */
export function optionField(spec, tools) {
  last += 1;
  const id = `option-${last}`;
  if (spec.type === ATTACHMENT) return fileField(spec, tools, id);
  const listed = spec.choices?.length || spec.autocomplete || LISTS[spec.type];
  return listed ? listField(spec, tools, id) : textField(spec, tools, id);
}

/** Whether this page has a field for the option. */
export function hasField(spec) {
  return spec.type in KINDS;
}

function frame(spec, tools, id, ...inside) {
  const remove =
    tools.remove &&
    element(
      "button",
      {
        type: "button",
        class: "option-remove",
        "aria-label": `Remove option ${spec.name}`,
        on: { click: tools.remove },
      },
      icon("close", 14),
    );
  return element(
    "div",
    { class: "option", data: { option: spec.name } },
    element("label", { class: "option-name", htmlFor: id }, spec.name),
    inside,
    remove,
  );
}

function labelled(input, spec, id) {
  input.id = id;
  input.setAttribute("aria-description", `${spec.description ?? ""} (${describe(spec)})`);
  if (spec.required) input.setAttribute("aria-required", "true");
  return input;
}

// texts and numbers

function textField(spec, tools, id) {
  const wide = spec.type === STRING;
  const input = labelled(
    element(wide ? "textarea" : "input", { class: "option-input", spellcheck: wide }),
    spec,
    id,
  );
  if (wide) input.rows = 1;
  else input.inputMode = spec.type === INTEGER ? "numeric" : "decimal";
  const node = frame(spec, tools, id, input);
  if (wide) node.classList.add("wide");
  const read = () => (wide ? readText(spec, input.value) : readNumber(spec, input.value));
  return {
    spec,
    node,
    input,
    read,
    focus: () => input.focus(),
    fillIn: (text) => (input.value = text),
  };
}

function readText(spec, typed) {
  const text = typed.trim();
  if (!text) return {};
  const least = spec.min_length || 1;
  const most = spec.max_length || LONGEST;
  const length = text.length;
  if (length >= least && length <= most) return { value: text };
  return { error: `${spec.name}: ${least} to ${most} characters are needed; these are ${length}.` };
}

function readNumber(spec, typed) {
  const text = typed.trim();
  if (!text) return {};
  const value = Number(text);
  if (!Number.isFinite(value)) return { error: `${spec.name}: “${text}” is not a number.` };
  if (spec.type === INTEGER && !Number.isSafeInteger(value))
    return { error: `${spec.name}: a whole number is needed.` };
  if (value < (spec.min_value ?? -Infinity))
    return { error: `${spec.name}: at least ${spec.min_value}.` };
  if (value > (spec.max_value ?? Infinity))
    return { error: `${spec.name}: at most ${spec.max_value}.` };
  return { value };
}

// choices, autocomplete, people, roles, channels

function listField(spec, tools, id) {
  const input = labelled(element("input", { class: "option-input", size: 12 }), spec, id);
  const field = { spec, input, node: frame(spec, tools, id, input), picked: null, timer: 0 };
  tools.suggestions.attach(input);
  const show = () => offer(field, tools);
  input.addEventListener("focus", show);
  input.addEventListener("click", show);
  input.addEventListener("input", () => {
    field.picked = null;
    show();
  });
  input.addEventListener("blur", () => tools.suggestions.hide());
  return Object.assign(field, {
    read: () => readListed(field),
    focus: () => input.focus(),
    fillIn: (text) => (input.value = text),
  });
}

function fixedItems(spec) {
  if (spec.choices?.length)
    return spec.choices.map((one) => ({ label: one.name, value: one.value }));
  return LISTS[spec.type]?.(spec) ?? [];
}

async function offer(field, tools) {
  const { spec, input } = field;
  const typed = field.picked ? "" : input.value;
  const items = spec.autocomplete
    ? await suggested(field, tools, typed)
    : candidates.matching(fixedItems(spec), typed);
  if (items === null || document.activeElement !== input) return;
  const pick = (item) => {
    field.picked = item;
    input.value = item.label;
    tools.picked?.(field);
  };
  tools.suggestions.show(input, spec.description || spec.name, items, pick, typed !== "");
}

/** The bot's own suggestions, asked for once the typing pauses; null when more was typed since. */
async function suggested(field, tools, typed) {
  clearTimeout(field.timer);
  const round = (field.round = (field.round ?? 0) + 1);
  await new Promise((resolve) => (field.timer = setTimeout(resolve, AUTOCOMPLETE_AFTER_MS)));
  if (round !== field.round) return null;
  try {
    const values = { name: tools.command, option: field.spec.name, typed, options: tools.others() };
    const answer = await act("autocomplete", values);
    if (round !== field.round) return null;
    return answer.choices.map((one) => ({ label: one.name, value: one.value }));
  } catch (error) {
    return [{ label: typed, value: typed, detail: error.message }];
  }
}

function readListed({ spec, input, picked }) {
  if (picked) return { value: picked.value };
  const typed = input.value.trim();
  if (!typed) return {};
  const bare = (text) => text.toLowerCase().replace(/^[@#]/, "");
  const same = fixedItems(spec).find((item) => bare(item.label) === bare(typed));
  if (same) return { value: same.value };
  if (spec.autocomplete)
    return spec.type === STRING ? readText(spec, typed) : readNumber(spec, typed);
  return { error: `${spec.name}: “${typed}” is not among the choices.` };
}

// files

function fileField(spec, tools, id) {
  const accept = (spec.file_types ?? [])
    .map((one) => (one.startsWith(".") ? one : `${one}/*`))
    .join(",");
  const choose = labelled(
    element(
      "button",
      { type: "button", class: "drop" },
      icon("plus", 18),
      "Choose, drop or paste a file",
    ),
    spec,
    id,
  );
  choose.removeAttribute("aria-required"); // a button has no such state; the description says it
  choose.setAttribute("aria-label", `${spec.name}: choose a file`);
  const slot = element("span", { class: "slot" }, choose);
  const field = { spec, node: frame(spec, tools, id, slot), tile: null };
  field.node.classList.add("file");
  field.focus = () => (field.tile ? field.tile.node.querySelector("button") : choose).focus();
  field.put = (file) => {
    field.tile?.node.remove();
    const tile = fileTile(file, () => {
      if (field.tile !== tile) return;
      field.tile = null;
      fill(slot, choose);
    });
    field.tile = tile;
    fill(slot, tile.node);
  };
  field.read = () =>
    field.tile ? { later: field.tile.ready.then((sent) => sent && { upload: sent }) } : {};
  choose.addEventListener("click", async () => {
    const [file] = await chooseFiles({ accept });
    if (file) field.put(file);
  });
  return field;
}
