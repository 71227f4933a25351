// Where one writes: a message, a reply, or (after a slash) a command.

import { commandLine } from "./commandline.js";
import { commandItems, slashCommands } from "./commands.js";
import * as candidates from "./candidates.js";
import { element, fill, icon } from "./element.js";
import { fileTile } from "./filetile.js";
import { act } from "./live.js";
import { ReplyBar } from "./replybar.js";
import { Suggestions } from "./suggestions.js";
import { chooseFiles, filesOf } from "./uploads.js";
import { openChannel, withMentions, world } from "./world.js";

const PHONE = matchMedia("(max-width: 760px)");
const MENTION = /(^|\s)@([\p{L}\p{N}_-]*)$/u;

/** The composer; `started(answer, name)` is told of each command that was sent. */
export class Composer {
  constructor(host, { started }) {
    this.started = started;
    this.line = null;
    this.tiles = [];
    this.drafts = new Map();
    this.build(host);
    this.listen();
  }

  build(host) {
    this.error = element("p", { class: "composer-error", role: "alert" });
    this.help = element("p", { class: "composer-help", "aria-live": "polite" });
    this.reply = new ReplyBar(() => this.answer(null));
    this.tray = element("div", { class: "tray" });
    this.input = element("textarea", {
      class: "composer-input",
      id: "composer-input",
      rows: 1,
      "aria-label": "Message",
      maxLength: 6000,
    });
    this.plus = element(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Attach files" },
      icon("plus"),
    );
    this.go = element(
      "button",
      { type: "button", class: "icon-button go", "aria-label": "Send" },
      icon("send"),
    );
    this.place = element("div", { class: "composer-place" }, this.input);
    this.box = element(
      "div",
      { class: "composer-box" },
      this.tray,
      element("div", { class: "composer-line" }, this.plus, this.place, this.go),
    );
    this.node = element("section", { class: "composer", "aria-label": "Write" });
    this.suggestions = new Suggestions(this.node);
    this.suggestions.attach(this.input);
    this.node.append(this.error, this.help, this.reply.node, this.box);
    host.append(this.node);
  }

  listen() {
    const { input } = this;
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.keyed(event));
    input.addEventListener("blur", () => this.suggestions.hide());
    this.plus.addEventListener("click", async () => this.put(await chooseFiles({ several: true })));
    this.go.addEventListener("click", () => (this.line ? this.line.send() : this.send()));
    this.node.addEventListener("paste", (event) => {
      const files = filesOf(event.clipboardData);
      if (!files.length) return;
      event.preventDefault();
      this.put(files);
    });
  }

  /** The open channel, or what one may do there, has changed. */
  refresh(channelChanged) {
    const channel = openChannel();
    if (channelChanged) this.changeChannel(channel);
    const may = channel?.write ?? false;
    this.input.disabled = !may;
    this.plus.disabled = this.go.disabled = !may || (!this.line && !channel.attach);
    this.go.disabled = !may;
    const where = channel?.kind === "dm" ? `@${channel.name}` : `#${channel?.name ?? ""}`;
    this.input.placeholder = may
      ? `Message ${where}${PHONE.matches ? "" : ", or / for commands"}`
      : "You may not write in this channel.";
    this.input.setAttribute("aria-label", `Message ${where}`);
  }

  changeChannel(channel) {
    if (this.at) this.drafts.set(this.at, this.input.value);
    this.at = channel?.id;
    this.leave();
    this.answer(null);
    for (const tile of [...this.tiles]) tile.node.remove();
    this.tiles = [];
    this.input.value = this.drafts.get(this.at) ?? "";
    this.say("");
    this.grow();
  }

  /** Write somebody's name where the cursor is. */
  mention(name) {
    this.leave("", true);
    this.input.setRangeText(`@${name} `, this.input.selectionStart, this.input.selectionEnd, "end");
    this.input.focus();
    this.grow();
  }

  focus() {
    if (this.line) this.line.focus();
    else this.input.focus();
  }

  say(text) {
    fill(this.error, text);
  }

  explain(text) {
    fill(this.help, text);
  }

  /** Take files that were dropped, pasted or chosen: into the command, or along with the message. */
  put(files) {
    if (!files.length) return;
    if (this.line) {
      this.line.put(files);
      return;
    }
    if (!openChannel()?.attach) {
      this.say("You may not attach files in this channel.");
      return;
    }
    const room = world.limits.files - this.tiles.length;
    if (files.length > room)
      this.say(`A message takes ${world.limits.files} files; the rest was left out.`);
    for (const file of files.slice(0, room)) {
      const tile = fileTile(file, () => (this.tiles = this.tiles.filter((one) => one !== tile)));
      this.tiles.push(tile);
      this.tray.append(tile.node);
    }
    this.input.focus();
  }

  /** Reply to a message; null ends that. */
  answer(message) {
    this.reply.show(message);
    if (!message) return;
    this.leave();
    this.input.focus();
  }

  /** Begin to fill in a command; `values` are texts by option. */
  begin(command, values = {}) {
    this.suggestions.hide();
    this.say("");
    this.line = commandLine(command, {
      suggestions: this.suggestions,
      fallback: this.go,
      say: (text) => this.say(text),
      explain: (text) => this.explain(text),
      sent: (answer, name) => this.sentCommand(answer, name),
      left: (typed) => this.leave(typed ?? "", true),
    });
    fill(this.place, this.line.node);
    this.node.classList.add("commanding");
    for (const [option, text] of Object.entries(values)) this.line.fillIn(option, text);
    const files = this.tiles.map((tile) => tile.file);
    for (const tile of this.tiles.splice(0)) tile.node.remove();
    if (files.length) this.line.put(files);
    this.refresh(false);
    this.line.focus();
  }

  /** Begin the command of this name, if it is offered here. */
  beginNamed(name, values) {
    const command = slashCommands().find((one) => one.name === name);
    if (command) this.begin(command, values);
    return command !== undefined;
  }

  leave(typed = "", focus = false) {
    this.explain("");
    if (!this.line) return;
    this.line = null;
    this.say("");
    this.suggestions.hide();
    this.node.classList.remove("commanding");
    fill(this.place, this.input);
    this.input.value = typed;
    this.refresh(false);
    if (focus) this.input.focus();
    if (typed) this.typed();
  }

  sentCommand(answer, name) {
    this.leave("", true);
    this.started(answer, name);
  }

  typed() {
    this.grow();
    this.say("");
    const { value, selectionStart } = this.input;
    const slash = /^\/([^\n]*)$/.exec(value);
    const at = MENTION.exec(value.slice(0, selectionStart));
    if (slash && !this.reply.message) this.offerCommands(slash[1]);
    else if (at) this.offerPeople(at[2]);
    else this.suggestions.hide();
  }

  offerCommands(typed) {
    const items = commandItems(typed);
    const exact = items.find(({ command }) => `${command.name} ` === typed);
    if (exact) this.begin(exact.command);
    else
      this.suggestions.show(
        this.input,
        items.length ? `Commands of ${world.bot.name}` : "",
        items,
        ({ command }) => this.begin(command),
      );
  }

  offerPeople(typed) {
    const items = candidates.matching(candidates.people(), typed);
    this.suggestions.show(this.input, "People", items, ({ label }) => this.complete(typed, label));
  }

  complete(typed, name) {
    const { input } = this;
    const from = input.selectionStart - typed.length;
    input.setRangeText(`${name} `, from, input.selectionStart, "end");
    this.typed();
  }

  grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 220)}px`;
  }

  keyed(event) {
    if (this.suggestions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape" && this.reply.message) this.answer(null);
    else if (event.key === "ArrowUp" && !this.input.value) {
      event.preventDefault();
      document.querySelector(".message:last-child article")?.focus();
    }
  }

  async send() {
    const text = withMentions(this.input.value.trim());
    if (!text && !this.tiles.length) return;
    if (text.length > world.limits.message_chars) {
      this.say(
        `A message has at most ${world.limits.message_chars} characters; this one has ${text.length}.`,
      );
      return;
    }
    const tiles = [...this.tiles];
    const uploads = (await Promise.all(tiles.map((tile) => tile.ready))).filter(Boolean);
    try {
      await this.deliver(text, uploads);
    } catch (error) {
      this.say(error.message);
      return;
    }
    for (const tile of tiles) tile.node.remove();
    this.tiles = this.tiles.filter((tile) => !tiles.includes(tile));
    this.input.value = "";
    this.answer(null);
    this.grow();
  }

  deliver(text, uploads) {
    const { message, ping } = this.reply;
    if (!message) return act("send", { text, uploads });
    return act("reply", { message: message.id, text, uploads, ping });
  }
}
