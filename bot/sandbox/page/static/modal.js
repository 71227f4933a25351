// A form that the bot opened: texts, choices, files, sent together.

import { element, fill, icon } from "./element.js";
import { fileTile } from "./filetile.js";
import { act } from "./live.js";
import { picker, SELECT_TYPES } from "./picker.js";
import { prose } from "./prose.js";
import { unknown } from "./unknown.js";
import { chooseFiles, filesOf } from "./uploads.js";
import { world } from "./world.js";

const [ROW, TEXT_INPUT, TEXT, LABEL, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX] = [
  1, 4, 10, 18, 19, 21, 22, 23,
];
const PARAGRAPH = 2;
const MADE = {
  [TEXT_INPUT]: textInput,
  [FILE_UPLOAD]: fileUpload,
  [RADIO]: (field, label) => options(field, label, "radio"),
  [CHECKBOXES]: (field, label) => options(field, label, "checkbox"),
  [CHECKBOX]: checkbox,
};
let last = 0;

/** Show a form; `sent(answer)` is told of the interaction that its sending makes. */
export function openModal(interaction, data, sent) {
  last += 1;
  const fields = [];
  const error = element("p", { class: "form-error", role: "alert" });
  const title = element("h2", { id: `modal-${last}` }, data.title);
  const close = element(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Close" },
    icon("close"),
  );
  const cancel = element("button", { type: "button", class: "button plain" }, "Cancel");
  const submit = element("button", { type: "submit", class: "button primary" }, "Submit");
  const form = element(
    "form",
    { method: "dialog", noValidate: true },
    element("header", { class: "modal-head" }, face(), title, close),
    element(
      "div",
      { class: "modal-body" },
      data.components.map((node) => part(node, fields)),
      error,
    ),
    element("footer", { class: "modal-foot" }, cancel, submit),
  );
  const dialog = element("dialog", { class: "modal", "aria-labelledby": title.id }, form);
  for (const one of [close, cancel]) one.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send({ interaction, fields, error, dialog, submit, sent });
  });
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector(".modal-body :is(input, textarea, button)")?.focus();
}

function face() {
  return element("span", { class: "modal-app quiet" }, `${world.bot.name} asks`);
}

async function send({ interaction, fields, error, dialog, submit, sent }) {
  fill(error);
  submit.disabled = true;
  try {
    const values = {};
    for (const field of fields) values[field.name] = await field.read();
    sent(await act("submit", { interaction, values }));
    dialog.close();
  } catch (refused) {
    fill(error, refused.message);
  } finally {
    submit.disabled = false;
  }
}

function part(node, fields) {
  if (node.type === TEXT) return prose(node.content ?? "");
  if (node.type === ROW) {
    return (node.components ?? []).map((one) => labelled(one, { label: one.label ?? "" }, fields));
  }
  if (node.type === LABEL) return labelled(node.component, node, fields);
  return unknown(`a form part of type ${node.type}`, node);
}

/** A field with its label, its description and its mark when it must be filled in. */
function labelled(field, { label, description }, fields) {
  const make = SELECT_TYPES.includes(field?.type) ? select : MADE[field?.type];
  if (!make) return unknown(`a form field of type ${field?.type}`, field);
  const made = make(field, label);
  fields.push({ name: field.custom_id, read: made.read });
  const required = field.required ?? field.type !== CHECKBOX;
  const mark = required && element("span", { class: "required", title: "required" }, " *");
  const head = made.own
    ? null
    : element("label", { class: "form-label", htmlFor: made.id }, label, mark);
  return element(
    "div",
    { class: "form-field" },
    head,
    description && element("p", { class: "quiet" }, description),
    made.node,
  );
}

function nextId() {
  last += 1;
  return `field-${last}`;
}

function textInput(field) {
  const id = nextId();
  const long = field.style === PARAGRAPH;
  const most = field.max_length ?? 4000;
  const input = element(long ? "textarea" : "input", {
    id,
    class: "form-input",
    value: field.value ?? "",
    placeholder: field.placeholder ?? "",
    maxLength: most,
  });
  if (long) input.rows = 4;
  if (field.required ?? true) input.setAttribute("aria-required", "true");
  const count = element("span", { class: "form-count quiet", "aria-hidden": "true" });
  const write = () => fill(count, most - input.value.length);
  input.addEventListener("input", write);
  write();
  return {
    id,
    node: element("div", { class: "form-text" }, input, count),
    read: () => input.value,
  };
}

function select(field, label) {
  const made = picker(field, { label });
  made.button.id = nextId();
  return { id: made.button.id, node: made.node, read: () => made.values() };
}

function options(field, label, type) {
  const name = nextId();
  const entries = (field.options ?? []).map((option) => {
    const input = element("input", {
      type,
      name,
      value: option.value,
      checked: option.default === true,
    });
    const words = element(
      "span",
      {},
      option.label,
      option.description && element("span", { class: "quiet" }, ` ${option.description}`),
    );
    return element("label", { class: "form-option" }, input, words);
  });
  const node = element(
    "fieldset",
    { class: "form-options" },
    element("legend", { class: "form-label" }, label),
    entries,
  );
  const chosen = () => [...node.querySelectorAll("input:checked")].map((one) => one.value);
  return { own: true, node, read: () => chosen() };
}

function checkbox(field, label) {
  const input = element("input", { type: "checkbox", checked: field.default === true });
  return {
    own: true,
    node: element("label", { class: "form-option" }, input, element("span", {}, label)),
    read: () => input.checked,
  };
}

function fileUpload(field, label) {
  const id = nextId();
  const most = field.max_values ?? 1;
  const tray = element("div", { class: "tray" });
  let tiles = [];
  const put = (files) => {
    for (const file of files.slice(0, most - tiles.length)) {
      const tile = fileTile(file, () => (tiles = tiles.filter((one) => one !== tile)));
      tiles.push(tile);
      tray.append(tile.node);
    }
  };
  const choose = element(
    "button",
    { type: "button", id, class: "drop", "aria-label": `${label}: choose a file` },
    icon("plus", 18),
    most > 1 ? `Up to ${most} files` : "Choose, drop or paste a file",
  );
  choose.addEventListener("click", async () => put(await chooseFiles({ several: most > 1 })));
  const node = element("div", { class: "form-files" }, tray, choose);
  for (const [kind, key] of [
    ["drop", "dataTransfer"],
    ["paste", "clipboardData"],
  ]) {
    node.addEventListener(kind, (event) => {
      event.preventDefault();
      event.stopPropagation();
      put(filesOf(event[key]));
    });
  }
  node.addEventListener("dragover", (event) => event.preventDefault());
  const read = async () => {
    const sent = await Promise.all(tiles.map((tile) => tile.ready));
    return sent.filter(Boolean).map((one) => ({ upload: one }));
  };
  return { id, node, read };
}
