// Interactions on their way: "sending" until the bot answers, a red line when it does not.

import { element, fill, icon } from "./element.js";
import { face } from "./faces.js";
import { myself, world } from "./world.js";

const states = new Map();
const open = new Map();

/** Follow an interaction: `ended` is called once with its push, also when that came before. */
export function follow(id, ended) {
  const known = states.get(id);
  if (known && known.state !== "sent") ended(known);
  else open.set(id, ended);
}

/** The sandbox told of an interaction. */
export function interactionChanged(push) {
  states.set(push.id, push);
  if (push.state === "sent") return;
  open.get(push.id)?.(push);
  open.delete(push.id);
}

/** Show a command in the log until it is answered. */
export function showPending(list, id, what) {
  const me = myself();
  const state = element(
    "div",
    { class: "thinking" },
    element("span", { class: "spinner", "aria-hidden": "true" }),
    "Sending command…",
  );
  const row = element(
    "li",
    { class: "message" },
    element(
      "div",
      { class: "article" },
      element(
        "div",
        { class: "context" },
        face(me?.id ?? "", me?.name ?? "", { small: true }),
        element("span", { class: "context-name" }, me?.name ?? "You"),
        " used ",
        element("span", { class: "context-command" }, what),
      ),
      element("div", { class: "gutter" }, face(world.bot.id, world.bot.name, { bot: true })),
      element(
        "div",
        { class: "body" },
        element("div", { class: "head" }, element("span", { class: "author" }, world.bot.name)),
        state,
      ),
    ),
  );
  list.append(row);
  follow(id, (push) => (push.state === "failed" ? failed(row, state, push) : row.remove()));
}

function failed(row, state, push) {
  const dismiss = element(
    "button",
    { type: "button", class: "text-button", on: { click: () => row.remove() } },
    "Dismiss message",
  );
  state.className = "failure";
  state.setAttribute("role", "alert");
  fill(state, icon("warning", 16), `${push.error ?? "The application did not respond"}. `, dismiss);
}
