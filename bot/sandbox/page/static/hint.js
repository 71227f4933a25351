// Two lines for somebody who sees this page for the first time.

import { element, icon } from "./element.js";

const KEY = "darkroom-hint";
const PROMPT = "A red fox on a mountain ridge at dawn";

/** The hint, or nothing once it was put away; `begin(command, values)` starts a command. */
export function hint(host, begin) {
  if (putAway()) return;
  const close = element(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Put the hint away" },
    icon("close", 16),
  );
  const start = element(
    "button",
    {
      type: "button",
      class: "button primary",
      on: { click: () => begin("imagine", { prompt: PROMPT }) },
    },
    "Fill in /imagine",
  );
  const node = element(
    "section",
    { class: "hint", "aria-label": "First steps" },
    element(
      "div",
      { class: "hint-words" },
      element(
        "p",
        {},
        element("strong", {}, "1. "),
        "Type ",
        element("kbd", {}, "/imagine"),
        ", say what the picture should show, press ",
        element("kbd", {}, "Enter"),
        ".",
      ),
      element(
        "p",
        {},
        element("strong", {}, "2. "),
        "While it is processing, press ",
        element("b", {}, "Kill the bot"),
        ", then ",
        element("b", {}, "Start the bot"),
        ": the picture still arrives.",
      ),
    ),
    start,
    close,
  );
  close.addEventListener("click", () => {
    node.remove();
    remember();
  });
  host.append(node);
}

function putAway() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(KEY, "seen");
  } catch {
    // without storage it comes again at the next visit
  }
}
