// Message components: buttons, select menus, and the layout kinds of Components V2.

import { element, fill, icon } from "./element.js";
import { hex } from "./embed.js";
import { safeAddress } from "./links.js";
import { act } from "./live.js";
import { fileCard, gallery, mediaPicture, nameIn, picture } from "./media.js";
import { orComplain } from "./notices.js";
import { picker, SELECT_TYPES } from "./picker.js";
import { prose, spoiler } from "./prose.js";
import { unknown } from "./unknown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger" };
const [ROW, BUTTON, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER] = [
  1, 2, 9, 10, 11, 12, 13, 14, 17,
];
const [LINK, PREMIUM] = [5, 6];
const SMALL = { width: 85, height: 85 };

const DRAWN = {
  [ROW]: (node, message) =>
    element("div", { class: "row" }, components(node.components ?? [], message)),
  [BUTTON]: button,
  [SECTION]: section,
  [TEXT]: (node) => prose(node.content ?? ""),
  [THUMBNAIL]: (node) => covered(node, picture(mediaPicture(node), SMALL)),
  [GALLERY]: (node) => gallery((node.items ?? []).map(mediaPicture)),
  [FILE]: file,
  [SEPARATOR]: separator,
  [CONTAINER]: container,
};

/** The nodes of a component list; each kind that this page does not know is shown as data. */
export function components(list, message) {
  return list.map((node) => {
    if (SELECT_TYPES.includes(node.type)) return select(node, message);
    const draw = DRAWN[node.type];
    return draw ? draw(node, message) : unknown(`a component of type ${node.type}`, node);
  });
}

/** A button; what its press asks for is known once the sandbox has an answer. */
function button(node, message) {
  const label = [emojiText(node.emoji), node.label].filter(Boolean).join(" ");
  if (node.style === LINK) return linkButton(node, label);
  if (node.style === PREMIUM || !STYLES[node.style]) {
    return unknown(`a button of style ${node.style}`, node);
  }
  const face = element(
    "button",
    {
      type: "button",
      class: `button ${STYLES[node.style]}`,
      disabled: node.disabled === true,
      data: { customId: node.custom_id },
    },
    label,
  );
  face.addEventListener("click", () =>
    press(face, "click", { message: message.id, button: node.custom_id }),
  );
  return face;
}

function linkButton(node, label) {
  const href = safeAddress(node.url);
  if (href === null) return unknown("a link that no browser should follow", node);
  return element(
    "a",
    {
      class: "button secondary",
      href,
      target: "_blank",
      rel: "noopener noreferrer nofollow",
      title: href,
    },
    label,
    icon("open", 14),
  );
}

function select(node, message) {
  const label = node.placeholder || "Select menu";
  const chosen = (values) =>
    press(made.button, "select", { message: message.id, menu: node.custom_id, values });
  const made = picker(node, { label, chosen, disabled: node.disabled === true });
  return made.node;
}

async function press(face, what, values) {
  if (face.getAttribute("aria-busy") === "true") return;
  face.setAttribute("aria-busy", "true");
  const answer = await orComplain(act(what, values));
  const done = () => face.removeAttribute("aria-busy");
  if (!answer) {
    done();
    return;
  }
  const event = new CustomEvent("pressed", {
    bubbles: true,
    detail: { ...answer, message: values.message, done },
  });
  face.dispatchEvent(event);
}

function emojiText(emoji) {
  if (!emoji?.name) return "";
  return emoji.id ? `:${emoji.name}:` : emoji.name;
}

function section(node, message) {
  const words = element(
    "div",
    { class: "section-words" },
    components(node.components ?? [], message),
  );
  const beside = node.accessory ? components([node.accessory], message) : [];
  return element("div", { class: "section" }, words, beside);
}

function file(node, message) {
  const url = node.file?.url;
  const known = message.attachments?.find((one) => one.url === url);
  return covered(
    node,
    fileCard(node.name ?? known?.filename ?? nameIn(url), url, node.size ?? known?.size),
  );
}

function separator(node) {
  const room = node.spacing === 2 ? "large" : "small";
  return element("div", { class: `separator ${room}${node.divider === false ? "" : " line"}` });
}

function container(node, message) {
  const box = element("div", { class: "container" });
  if (Number.isInteger(node.accent_color)) box.style.setProperty("--edge", hex(node.accent_color));
  fill(box, components(node.components ?? [], message));
  return covered(node, box);
}

function covered(node, shown) {
  return node.spoiler ? spoiler([shown]) : shown;
}
