// Short sentences at the edge of the page, read aloud: what was refused, what went wrong.

import { element, icon } from "./element.js";

const STAYS_MS = 8000;
let place = null;

/** Say something that went wrong; it goes by itself or by its button. */
export function complain(text) {
  place ??= build();
  const close = element(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Dismiss" },
    icon("close", 16),
  );
  const notice = element(
    "div",
    { class: "notice" },
    icon("warning", 20),
    element("p", {}, text),
    close,
  );
  close.addEventListener("click", () => notice.remove());
  place.append(notice);
  setTimeout(() => notice.remove(), STAYS_MS);
}

/** Run something, and say it when it is refused. Gives undefined then. */
export async function orComplain(doing) {
  try {
    return await doing;
  } catch (error) {
    complain(error.message);
    return undefined;
  }
}

function build() {
  const node = element("div", { class: "notices", role: "alert" });
  document.body.append(node);
  return node;
}
