// Discord's `<t:seconds:style>`: a moment in the reader's own words, counting while it is looked at.

import { element } from "./element.js";

const LOCALE = navigator.language || "en";
const FORMATS = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
  s: { dateStyle: "short", timeStyle: "short" },
  S: { dateStyle: "short", timeStyle: "medium" },
};
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const LARGEST_S = 8_640_000_000_000; // beyond it JavaScript knows no date

/** Whether Discord knows this style. */
export function isStyle(style) {
  return style === "R" || Object.hasOwn(FORMATS, style);
}

/** Whether a date can be made of so many seconds since 1970. */
export function isMoment(seconds) {
  return Number.isFinite(seconds) && Math.abs(seconds) <= LARGEST_S;
}

/** A moment as text in one of Discord's styles. */
export function momentText(seconds, style) {
  if (style === "R") return relativeText(seconds - Date.now() / 1000);
  return new Intl.DateTimeFormat(LOCALE, FORMATS[style]).format(new Date(seconds * 1000));
}

/** "in 5 minutes", "2 days ago". */
export function relativeText(seconds) {
  const [unit, size] = UNITS.find(([, one]) => Math.abs(seconds) >= one) ?? UNITS.at(-1);
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

/** A moment that a message names; the relative ones tick. */
export function moment(seconds, style = "f") {
  const date = new Date(seconds * 1000);
  const title = new Intl.DateTimeFormat(LOCALE, FORMATS.F).format(date);
  const text = momentText(seconds, style);
  const data = { seconds: String(seconds), style };
  return element("time", { class: "moment", dateTime: date.toISOString(), title, data }, text);
}

/** When a message was written: the time today, the date before that. */
export function writtenAt(iso) {
  const date = new Date(iso);
  const today = new Date().toDateString() === date.toDateString();
  const format = today ? FORMATS.t : FORMATS.s;
  const text = new Intl.DateTimeFormat(LOCALE, format).format(date);
  return element("time", { class: "written", dateTime: iso, title: date.toLocaleString() }, text);
}

/** The hour, minute and second of a moment, for the drawer. */
export function clockText(iso) {
  return new Date(iso).toLocaleTimeString("en-GB");
}

function tick() {
  for (const node of document.querySelectorAll('time.moment[data-style="R"]')) {
    const text = momentText(Number(node.dataset.seconds), "R");
    if (node.textContent !== text) node.textContent = text;
  }
}

/** Keep every relative moment on the page true. */
export function startTicking() {
  setInterval(tick, 1000);
}
