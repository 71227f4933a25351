// The bot's process: its state, its log, and the buttons that kill and start it.

import { element, fill, icon } from "./element.js";
import { act } from "./live.js";
import { orComplain } from "./notices.js";

const WORDS = {
  starting: "Bot starts",
  online: "Bot runs",
  offline: "Bot is offline",
  stopped: "Bot is stopped",
  killed: "Bot was killed",
  died: "Bot died",
};
const FORWARD_S = 15 * 60;
const DOWN = new Set(["stopped", "killed", "died"]);

/** The state with its button, always at hand. */
export function drawBotControl(host, bot) {
  const down = DOWN.has(bot.state);
  const focused = host.contains(document.activeElement);
  const button = element(
    "button",
    {
      type: "button",
      class: `button bot-button ${down ? "success" : "danger"}`,
      on: { click: () => orComplain(act(down ? "start" : "kill")) },
    },
    icon("power", 16),
    element("span", {}, down ? "Start the bot" : "Kill the bot"),
  );
  const state = element(
    "span",
    { class: `bot-state bot-${bot.state}`, role: "status", title: bot.says },
    element("span", { class: "bot-words" }, WORDS[bot.state] ?? bot.state),
  );
  fill(host, state, button);
  if (focused) button.focus();
}

/** The process in full: sentence, exit code, polite restart, last lines of its log. */
export function drawBotDetails(host, bot, clockOffsetS) {
  const restart = element(
    "button",
    { type: "button", class: "button secondary", on: { click: () => orComplain(act("restart")) } },
    "Stop politely and start",
  );
  const code =
    bot.exit_code === null
      ? null
      : element("p", { class: "quiet" }, `It ended with exit code ${bot.exit_code}.`);
  const open = host.querySelector("details")?.open ?? bot.state === "died";
  const log = element(
    "details",
    { class: "bot-log", open },
    element("summary", {}, "Last lines of its log"),
    element("pre", { tabIndex: 0 }, (bot.log ?? []).join("\n") || "Nothing yet."),
  );
  fill(
    host,
    element("p", { class: bot.state === "died" ? "bot-says died" : "bot-says" }, bot.says),
    code,
    element("div", { class: "row" }, restart, clockButton()),
    element("p", { class: "quiet" }, clockWords(clockOffsetS)),
    log,
  );
}

function clockButton() {
  const forward = () => orComplain(act("clock", { seconds: FORWARD_S }));
  const properties = { type: "button", class: "button secondary", on: { click: forward } };
  return element("button", properties, "Clock forward 15 min");
}

function clockWords(offsetS) {
  if (offsetS <= 0) return "Discord's clock is right; forward, and interaction tokens expire.";
  return `Discord's clock runs ahead: +${Math.round(offsetS / 60)} min.`;
}
