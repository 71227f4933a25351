// The drawer with the other side: what the image API did, what crossed the wire, what can go wrong.

import { element, fill, icon } from "./element.js";
import { Tasks } from "./tasks.js";
import { Wire } from "./wire.js";

const TABS = [
  ["tasks", "Pictures"],
  ["wire", "Wire"],
  ["trouble", "Trouble"],
];

/** The drawer; `toggled(open)` is called when it opens or closes. */
export class Drawer {
  constructor(host, toggled) {
    this.host = host;
    this.toggled = toggled;
    this.bot = element("div", { class: "bot-details" });
    this.panels = new Map();
    this.tabs = new Map();
    const list = element("div", {
      class: "tabs",
      role: "tablist",
      "aria-label": "Behind the scenes",
    });
    const close = element(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": "Close the drawer",
        on: { click: () => this.toggle(false) },
      },
      icon("close"),
    );
    host.append(
      element("header", { class: "drawer-head" }, element("h2", {}, "Behind the scenes"), close),
      list,
    );
    for (const [id, title] of TABS) this.addTab(list, id, title);
    list.addEventListener("keydown", (event) => this.walk(event));
    this.tasks = new Tasks(this.panels.get("tasks"));
    this.wire = new Wire(this.panels.get("wire"));
    this.trouble = element("div", { class: "trouble" });
    this.panels.get("trouble").append(this.bot, this.trouble);
    host.addEventListener("keydown", (event) => event.key === "Escape" && this.toggle(false));
    this.choose("tasks");
  }

  addTab(list, id, title) {
    const panel = element("div", {
      class: "panel",
      role: "tabpanel",
      id: `panel-${id}`,
      "aria-labelledby": `tab-${id}`,
      tabIndex: 0,
    });
    const tab = element(
      "button",
      {
        type: "button",
        class: "tab",
        role: "tab",
        id: `tab-${id}`,
        "aria-controls": panel.id,
        on: { click: () => this.choose(id) },
      },
      title,
    );
    this.tabs.set(id, tab);
    this.panels.set(id, panel);
    list.append(tab);
    this.host.append(panel);
  }

  choose(id) {
    for (const [one, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(one === id));
      tab.tabIndex = one === id ? 0 : -1;
      this.panels.get(one).hidden = one !== id;
    }
  }

  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tabs = [...this.tabs.values()];
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  }

  /** Say on the tab how much trouble is switched on. */
  mark(count) {
    fill(
      this.tabs.get("trouble"),
      "Trouble",
      count > 0 && element("span", { class: "badge" }, count),
    );
  }

  toggle(open = this.host.hidden) {
    this.host.hidden = !open;
    this.toggled(open);
    if (open) [...this.tabs.values()].find((tab) => tab.tabIndex === 0).focus();
  }
}
