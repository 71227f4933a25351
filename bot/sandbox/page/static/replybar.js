// The bar over the composer that says to whom one replies, with the switch for the ping.

import { element, fill, icon } from "./element.js";
import { displayName } from "./faces.js";

/** What is being replied to; `ended()` is called when its button ends that. */
export class ReplyBar {
  constructor(ended) {
    this.ended = ended;
    this.message = null;
    this.ping = true;
    this.node = element("div", { class: "reply-bar", hidden: true });
  }

  /** Reply to this message from now on; null ends that. */
  show(message) {
    this.message = message;
    this.ping = true;
    this.node.hidden = !message;
    if (message) this.draw();
  }

  draw() {
    const ping = element(
      "button",
      { type: "button", class: "ping", "aria-pressed": "true" },
      "@ on",
    );
    ping.title = "Whether the reply notifies its author";
    ping.addEventListener("click", () => {
      this.ping = !this.ping;
      ping.setAttribute("aria-pressed", String(this.ping));
      fill(ping, this.ping ? "@ on" : "@ off");
    });
    const label = { type: "button", class: "icon-button", "aria-label": "Stop replying" };
    const close = element("button", { ...label, on: { click: this.ended } }, icon("close", 16));
    const name = element("strong", {}, displayName(this.message.author));
    fill(this.node, element("span", { class: "reply-words" }, "Replying to ", name), ping, close);
  }
}
