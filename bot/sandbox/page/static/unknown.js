// What this page cannot draw is named and shown as data: nothing is dropped silently.

import { element } from "./element.js";

/** A fold with a name and the JSON behind it. */
export function unknown(what, value) {
  return element(
    "details",
    { class: "unknown" },
    element("summary", {}, `Unknown to this page: ${what}`),
    element("pre", { tabIndex: 0 }, JSON.stringify(value, null, 2)),
  );
}

/** A fold for each key that is not known and says something. */
export function unknownKeys(what, object, known) {
  const strange = Object.entries(object).filter(([key, value]) => !known.has(key) && says(value));
  return strange.map(([key, value]) => unknown(`${what} with “${key}”`, value));
}

function says(value) {
  if (value === null || value === undefined || value === false || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}
