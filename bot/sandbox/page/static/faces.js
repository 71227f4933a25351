// Round faces with an initial: this page knows no pictures of people.

import { element, icon } from "./element.js";

const HUES = 8;

/** A face whose colour follows from the id; a bot's carries our drawing. */
export function face(id, name, { bot = false, small = false } = {}) {
  const kind = `face ${bot ? "face-bot" : `hue-${hueOf(id)}`}${small ? " face-small" : ""}`;
  const inside = bot ? icon("image", small ? 11 : 22) : initial(name);
  return element("span", { class: kind, "aria-hidden": "true" }, inside);
}

function initial(name) {
  const first = [...new Intl.Segmenter().segment(name || "?")][0];
  return first.segment.toUpperCase();
}

function hueOf(id) {
  let sum = 0;
  for (const char of String(id)) sum = (sum * 31 + char.charCodeAt(0)) % 9973;
  return sum % HUES;
}

/** What Discord calls a user: the display name, or the account's. */
export function displayName(user) {
  return user?.global_name || user?.username || "Somebody";
}

/** The small mark of an application. */
export function appTag() {
  return element("span", { class: "app-tag" }, "APP");
}
