// The open channel's messages: in order, changing where they stand, kept at the end while it is seen.

import { element, fill, icon } from "./element.js";
import { act } from "./live.js";
import { openMenu, under } from "./menu.js";
import { isPrivate, messageNode } from "./message.js";
import { orComplain } from "./notices.js";
import { openChannel, world } from "./world.js";

const NEAR_END_PX = 120;

/** The list of messages; `reply(message)` is called when somebody wants to reply. */
export class Log {
  constructor(host, { reply }) {
    this.messages = [];
    this.failures = new Map();
    this.start = element("div", { class: "log-start" });
    this.list = element("ol", { class: "messages", role: "list" });
    this.local = element("ol", { class: "messages local", role: "list" });
    this.node = element(
      "div",
      { class: "log", role: "log", "aria-label": "Messages", tabIndex: 0 },
      element("div", { class: "log-inside" }, this.start, this.list, this.local),
    );
    this.tools = {
      reply,
      find: (id) => this.messages.find((one) => one.id === id),
      remove: (message) => orComplain(act("delete", { message: message.id })),
      menu: (message, button) => this.openMenu(message, under(button)),
    };
    this.node.addEventListener("contextmenu", (event) => this.rightClick(event));
    this.node.addEventListener("keydown", (event) => this.keyed(event));
    this.atEnd = true;
    this.lastTop = this.lastHeight = 0;
    this.node.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.stay()).observe(this.node.firstElementChild);
    new ResizeObserver(() => this.stay()).observe(this.node);
    host.append(this.node);
  }

  /** Show these messages instead of those that are shown. */
  replace(messages) {
    this.messages = [...messages];
    fill(this.list);
    this.messages.forEach((_, at) => this.draw(at));
    this.introduce();
    this.atEnd = true;
    this.stay();
    this.offerFocus();
  }

  /** Show a message that is new or has changed. */
  put(message) {
    const known = this.messages.findIndex((one) => one.id === message.id);
    if (known >= 0) {
      this.messages[known] = message;
      this.draw(known, true);
      this.stay();
      return;
    }
    const id = BigInt(message.id);
    const before = this.messages.findLastIndex((one) => BigInt(one.id) < id);
    this.messages.splice(before + 1, 0, message);
    this.draw(before + 1);
    if (this.messages[before + 2]) this.draw(before + 2, true);
    if (message.sandbox?.mine) this.atEnd = true;
    this.stay();
    this.offerFocus();
  }

  /** Take a message away. */
  drop(id) {
    const at = this.messages.findIndex((one) => one.id === id);
    if (at < 0) return;
    this.messages.splice(at, 1);
    const node = this.list.children[at];
    const focused = node.contains(document.activeElement);
    node.remove();
    if (this.messages[at]) this.draw(at, true);
    this.offerFocus();
    if (focused) (this.list.lastElementChild?.querySelector("article") ?? this.node).focus();
  }

  /** Say under a message that its button did not work. */
  fail(id, text) {
    this.failures.set(id, text);
    const at = this.messages.findIndex((one) => one.id === id);
    if (at >= 0) this.draw(at, true);
  }

  draw(at, replaces = false) {
    const message = this.messages[at];
    const node = messageNode(message, this.messages[at - 1], this.tools);
    const failure = this.failures.get(message.id);
    if (failure)
      node
        .querySelector(".body")
        .append(element("p", { class: "failure" }, icon("warning", 16), failure));
    const old = this.list.children[at];
    if (!replaces) {
      this.list.insertBefore(node, old ?? null);
      return;
    }
    const focus = focusIn(old);
    keepRevealed(old, node);
    old.replaceWith(node);
    if (focus) (node.querySelector(focus) ?? node.querySelector("article")).focus();
    this.offerFocus();
  }

  introduce() {
    const channel = openChannel();
    if (!channel) return;
    const dm = channel.kind === "dm";
    const name = dm ? channel.name : `#${channel.name}`;
    const words = dm
      ? `Your direct messages with ${name}.`
      : `This is the beginning of ${name} in ${world.guild.name}.`;
    fill(
      this.start,
      element("span", { class: "log-mark" }, icon(dm ? "at" : "hash", 30)),
      element("h2", {}, dm ? name : `Welcome to ${name}`),
      element("p", { class: "quiet" }, words),
    );
  }

  /** Only whoever scrolls up leaves the end; a message that grows does not. */
  scrolled() {
    const { scrollTop, scrollHeight } = this.node;
    const up = scrollTop < this.lastTop && scrollHeight === this.lastHeight;
    if (this.distance() < NEAR_END_PX) this.atEnd = true;
    else if (up) this.atEnd = false;
    this.lastTop = scrollTop;
    this.lastHeight = scrollHeight;
  }

  distance() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight;
  }

  stay() {
    if (this.atEnd) this.node.scrollTop = this.node.scrollHeight;
  }

  /** One message can be reached by Tab; arrows go on from there. */
  offerFocus() {
    const articles = [...this.list.querySelectorAll("article")];
    articles.forEach((one, at) => (one.tabIndex = at === articles.length - 1 ? 0 : -1));
  }

  keyed(event) {
    const article = event.target.closest?.("article");
    if (event.target !== article) return;
    const articles = [...this.list.querySelectorAll("article")];
    const at = articles.indexOf(article);
    const goals = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: articles.length - 1 };
    if (
      event.key === "ContextMenu" ||
      (event.key === "F10" && event.shiftKey) ||
      event.key === "Enter"
    ) {
      const box = article.getBoundingClientRect();
      this.openMenu(this.messages[at], { x: box.left + 72, y: box.top + 24 });
    } else if (event.key in goals) {
      if (at === articles.length - 1 && event.key === "ArrowDown")
        document.querySelector("#composer-input")?.focus();
      else articles[Math.max(0, goals[event.key])]?.focus();
    } else return;
    event.preventDefault();
  }

  rightClick(event) {
    const node = event.target.closest(".message[data-id]");
    if (!node || event.target.closest("a") || String(getSelection())) return;
    event.preventDefault();
    this.openMenu(this.messages[[...this.list.children].indexOf(node)], {
      x: event.clientX,
      y: event.clientY,
    });
  }

  openMenu(message, point) {
    const items = [];
    if (message.sandbox?.may_reply)
      items.push({ label: "Reply", icon: "reply", act: () => this.tools.reply(message) });
    if (message.content)
      items.push({
        label: "Copy text",
        icon: "copy",
        act: () => orComplain(navigator.clipboard.writeText(message.content)),
      });
    if (message.sandbox?.may_delete || isPrivate(message)) {
      const label = isPrivate(message) ? "Dismiss message" : "Delete message";
      items.push({ label, icon: "trash", danger: true, act: () => this.tools.remove(message) });
    }
    const apps = isPrivate(message) ? [] : world.commands.message;
    if (apps.length)
      items.push("Apps", ...apps.map((command) => this.appItem(command, { message: message.id })));
    if (!items.length) items.push("Nothing can be done with this message.");
    openMenu("Message", items, point);
  }

  appItem(command, target) {
    const use = async () => {
      const answer = await orComplain(act("menu", { name: command.name, ...target }));
      if (answer)
        this.node.dispatchEvent(
          new CustomEvent("used", { detail: { answer, name: command.name } }),
        );
    };
    return { label: command.name, icon: "app", act: use };
  }
}

function focusIn(node) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  if (!focused) return null;
  const { customId } = focused.dataset;
  if (customId) return `[data-custom-id="${CSS.escape(customId)}"]`;
  const label = focused.getAttribute("aria-label");
  return label ? `[aria-label="${CSS.escape(label)}"]` : "article";
}

/** What was uncovered stays uncovered when the message changes. */
function keepRevealed(old, node) {
  const covers = [...node.querySelectorAll(".spoiler")];
  [...old.querySelectorAll(".spoiler")].forEach((one, at) => {
    if (one.classList.contains("revealed") && covers[at]?.textContent === one.textContent)
      covers[at].click();
  });
}
