// The list that opens above what is being typed: commands, choices, people. A combobox's listbox.

import { element, fill } from "./element.js";

const MOST = 25;
let last = 0;

/** One list that belongs to one input at a time; `host` is where it stands. */
export class Suggestions {
  constructor(host) {
    last += 1;
    this.id = `suggestions-${last}`;
    this.list = element("div", { class: "suggestion-list", role: "listbox", id: this.id });
    this.title = element("div", { class: "suggestion-title" });
    this.node = element("div", { class: "suggestions", hidden: true }, this.title, this.list);
    // Pressing an entry must not take the focus from the input.
    this.node.addEventListener("mousedown", (event) => event.preventDefault());
    this.items = [];
    this.input = null;
    host.append(this.node);
  }

  get open() {
    return !this.node.hidden;
  }

  /** Prepare an input for being completed from this list. */
  attach(input) {
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", this.id);
    input.autocomplete = "off";
  }

  /** Show items ({label, detail, icon}) for an input; `pick` gets the one that is taken. */
  show(input, title, items, pick, preselect = true) {
    if (this.input && this.input !== input) this.hide();
    this.input = input;
    this.pick = pick;
    this.items = items.slice(0, MOST);
    if (!this.items.length) {
      this.hide();
      return;
    }
    fill(this.title, title);
    this.list.setAttribute("aria-label", title);
    fill(
      this.list,
      this.items.map((item, index) => this.entry(item, index)),
    );
    this.node.hidden = false;
    input.setAttribute("aria-expanded", "true");
    this.mark(preselect ? 0 : -1);
  }

  hide() {
    this.node.hidden = true;
    this.items = [];
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
    this.input = null;
  }

  /** Whether a key was meant for the list. */
  key(event) {
    if (!this.open) return false;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      const count = this.items.length;
      this.mark(
        (Math.max(this.active, steps[event.key] > 0 ? -1 : 0) + steps[event.key] + count) % count,
      );
    } else if (
      (event.key === "Enter" || event.key === "Tab") &&
      !event.shiftKey &&
      this.active >= 0
    ) {
      this.take(this.active);
    } else if (event.key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  entry(item, index) {
    const id = `${this.id}-${index}`;
    return element(
      "div",
      {
        class: "suggestion",
        role: "option",
        id,
        on: { click: () => this.take(index), mousemove: () => this.mark(index) },
      },
      item.icon,
      element("span", { class: "suggestion-label" }, item.label),
      item.extra,
      item.detail && element("span", { class: "suggestion-detail" }, item.detail),
    );
  }

  mark(index) {
    if (index === this.active && this.list.children[index]?.classList.contains("active")) return;
    this.active = index;
    [...this.list.children].forEach((node, at) => {
      node.classList.toggle("active", at === index);
      node.setAttribute("aria-selected", String(at === index));
    });
    const node = this.list.children[index];
    if (node) {
      this.input.setAttribute("aria-activedescendant", node.id);
      node.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  take(index) {
    const item = this.items[index];
    const pick = this.pick;
    this.hide();
    pick(item);
  }
}
