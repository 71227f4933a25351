// Discord's markdown as DOM nodes: text stays text, mentions are shown but inert.

import { element } from "./element.js";
import { outsideLink } from "./links.js";
import { parse, parseInline } from "./markdown.js";
import { isMoment, isStyle, moment } from "./timestamps.js";
import { nameOf } from "./world.js";

const WRAPPED = { bold: "strong", italic: "em", underline: "u", strike: "s" };
const DRAWN = {
  text: (node) => node.value,
  code: (node) => element("code", { class: "code" }, node.value),
  codeblock: drawCodeBlock,
  quote: (node) => element("blockquote", { class: "quote" }, draw(node.children)),
  heading: drawHeading,
  list: drawList,
  link: (node) => outsideLink(node.url, draw(node.children)),
  spoiler: (node) => spoiler(draw(node.children)),
  moment: drawMoment,
  user: (node) => mention(`@${nameOf("user", node.id) ?? "unknown-user"}`),
  role: (node) => mention(`@${nameOf("role", node.id) ?? "unknown-role"}`),
  channel: (node) => mention(`#${nameOf("channel", node.id) ?? "unknown"}`),
  command: (node) => mention(`/${node.name}`),
  place: (node) => mention(`#${node.place}`),
  everyone: (node) => mention(`@${node.name}`),
  emoji: (node) => element("span", { class: "emoji" }, `:${node.name}:`),
};

/** A whole text with its blocks. */
export function prose(text) {
  return element("div", { class: "prose" }, draw(parse(text)));
}

/** The words of a text on one line, without formatting; spoilers stay covered. */
export function plainWords(text) {
  const node = prose(text);
  for (const cover of node.querySelectorAll(".spoiler")) cover.textContent = "▇▇▇";
  return node.textContent.replace(/\s+/g, " ").trim();
}

/** One line, for titles and names. */
export function inlineProse(text) {
  return draw(parseInline(text));
}

/** Something that is covered until it is pressed. */
export function spoiler(children, label = "Spoiler, press to reveal") {
  const inside = element("span", { class: "spoiler-inside", inert: true }, children);
  const cover = element("span", { class: "spoiler", role: "button", tabIndex: 0 }, inside);
  cover.setAttribute("aria-label", label);
  const reveal = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    if (!inside.inert) return;
    event.preventDefault();
    event.stopPropagation();
    inside.inert = false;
    cover.classList.add("revealed");
    for (const name of ["role", "tabindex", "aria-label"]) cover.removeAttribute(name);
  };
  cover.addEventListener("click", reveal, true);
  cover.addEventListener("keydown", reveal);
  return cover;
}

function draw(nodes) {
  return nodes.map((node) => {
    if (WRAPPED[node.kind]) return element(WRAPPED[node.kind], {}, draw(node.children));
    return DRAWN[node.kind](node);
  });
}

function mention(name) {
  return element("span", { class: "mention" }, name);
}

function drawMoment(node) {
  return isStyle(node.style) && isMoment(node.seconds)
    ? moment(node.seconds, node.style)
    : node.source;
}

function drawCodeBlock(node) {
  const label = node.language ? `Code, ${node.language}` : "Code";
  return element(
    "pre",
    { class: "codeblock", tabIndex: 0, "aria-label": label, role: "region" },
    element("code", {}, node.value),
  );
}

/** Headings of strangers are no headings of this page, so they carry their level as a class. */
function drawHeading(node) {
  const kind = node.level ? `heading heading-${node.level}` : "subtext";
  return element("div", { class: kind }, draw(node.children));
}

function drawList(node) {
  const list = element(node.start === null ? "ul" : "ol", { class: "list" });
  if (node.start !== null) list.start = node.start;
  for (const item of node.items) list.append(element("li", {}, draw(item)));
  return list;
}
