// An embed: a card with a coloured edge.

import { element } from "./element.js";
import { outsideLink } from "./links.js";
import { picture } from "./media.js";
import { inlineProse, prose } from "./prose.js";
import { unknownKeys } from "./unknown.js";
import { writtenAt } from "./timestamps.js";

const KNOWN = new Set([
  ...["type", "color", "author", "title", "url", "description", "fields", "image", "thumbnail"],
  ...["footer", "timestamp", "flags"],
]);
const THUMBNAIL = { width: 80, height: 80 };
const IMAGE = { width: 400, height: 300 };

/** The card. A colour that is none is left out. */
export function embed(data) {
  const card = element("div", { class: "embed" });
  if (Number.isInteger(data.color)) card.style.setProperty("--edge", hex(data.color));
  const words = element("div", { class: "embed-words" }, ...head(data), ...body(data));
  card.append(words);
  if (data.thumbnail?.url) {
    const small = { ...data.thumbnail, alt: "", name: "thumbnail of the embed" };
    card.append(element("div", { class: "embed-thumbnail" }, picture(small, THUMBNAIL)));
  }
  if (data.image?.url) {
    const large = { ...data.image, alt: data.image.description ?? "", name: "of the embed" };
    card.append(element("div", { class: "embed-image" }, picture(large, IMAGE)));
  }
  card.append(...foot(data));
  const type = data.type && data.type !== "rich" ? { type: data.type } : {};
  card.append(
    ...unknownKeys("an embed", { ...data, ...type }, type.type ? without("type") : KNOWN),
  );
  return card;
}

/** A colour number as CSS writes it. */
export function hex(number) {
  return `#${(number & 0xffffff).toString(16).padStart(6, "0")}`;
}

function without(key) {
  return new Set([...KNOWN].filter((one) => one !== key));
}

function head({ author, title, url }) {
  const parts = [];
  if (author?.name) {
    const name = author.url ? outsideLink(author.url, author.name) : author.name;
    parts.push(element("div", { class: "embed-author" }, name));
  }
  if (title) {
    const words = inlineProse(title);
    parts.push(element("div", { class: "embed-title" }, url ? outsideLink(url, words) : words));
  }
  return parts;
}

function body({ description, fields }) {
  const parts = description ? [prose(description)] : [];
  if (!fields?.length) return parts;
  const nodes = fields.map((field) =>
    element(
      "div",
      { class: field.inline ? "field inline" : "field" },
      element("div", { class: "field-name" }, inlineProse(field.name ?? "")),
      prose(field.value ?? ""),
    ),
  );
  return [...parts, element("div", { class: "fields" }, nodes)];
}

function foot({ footer, timestamp }) {
  if (!footer?.text && !timestamp) return [];
  const text = footer?.text ? element("span", {}, footer.text) : null;
  const dot = text && timestamp ? " • " : null;
  return [element("div", { class: "embed-footer" }, text, dot, timestamp && writtenAt(timestamp))];
}
