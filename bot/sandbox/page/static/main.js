// Puts the page together: each push goes to the part that shows it.

import { drawBotControl, drawBotDetails } from "./botstate.js";
import { Composer } from "./composer.js";
import { Drawer } from "./drawer.js";
import { takeDrops } from "./dropping.js";
import { element, fill, icon } from "./element.js";
import { hint } from "./hint.js";
import { connect, on } from "./live.js";
import { Log } from "./log.js";
import { openModal } from "./modal.js";
import { complain } from "./notices.js";
import { drawPeople } from "./people.js";
import { follow, interactionChanged, showPending } from "./pending.js";
import { Sidebar } from "./sidebar.js";
import { themeButton } from "./theme.js";
import { startTicking } from "./timestamps.js";
import { drawTrouble } from "./trouble.js";
import { openChannel, world } from "./world.js";

const part = (id) => document.getElementById(id);
const chat = part("chat");
const sidebar = new Sidebar(part("sidebar"));
const drawer = new Drawer(part("drawer"), (open) => {
  part("drawer-button").setAttribute("aria-expanded", String(open));
  document.body.classList.toggle("drawer-open", open);
  tellPeople();
  if (!open) part("drawer-button").focus();
});
const log = new Log(part("log"), { reply: (message) => composer.answer(message) });
const composer = new Composer(part("composer"), {
  started: (answer, name) => started(answer, `/${name}`),
});
let bot = null;
let clockOffsetS = 0;

function started({ interaction }, what) {
  showPending(log.local, interaction, what);
  log.atEnd = true;
  log.stay();
}

log.node.addEventListener("used", ({ detail }) => started(detail.answer, detail.name));
log.node.addEventListener("pressed", ({ detail }) => {
  follow(detail.interaction, (push) => {
    detail.done();
    if (push.state === "failed") log.fail(detail.message, push.error ?? "This interaction failed");
  });
});

// the head of the chat

function drawHead() {
  const channel = openChannel();
  if (!channel) return;
  const dm = channel.kind === "dm";
  const marks = [channel.nsfw && "Age-restricted", !channel.write && "Read only"].filter(Boolean);
  fill(
    part("channel-title"),
    icon(dm ? "at" : "hash", 22),
    element("span", { class: "title-text" }, channel.name),
    marks.map((one) => element("span", { class: "title-mark" }, one)),
  );
  document.title = `${dm ? "@" : "#"}${channel.name} · Darkroom sandbox`;
}

function tellPeople() {
  const shown = getComputedStyle(part("people")).display !== "none";
  part("people-button").setAttribute("aria-expanded", String(shown));
}

function toggler(id, name, className) {
  const button = part(id);
  button.append(icon(name));
  button.addEventListener("click", () => {
    const on = document.body.classList.toggle(className);
    button.setAttribute("aria-expanded", String(on));
    tellPeople();
  });
}

function closeSidebar() {
  document.body.classList.remove("sidebar-open");
  part("sidebar-button").setAttribute("aria-expanded", "false");
}

addEventListener("resize", tellPeople);
tellPeople();
part("sidebar-button").setAttribute("aria-label", "Channels");
toggler("sidebar-button", "menu", "sidebar-open");
toggler("people-button", "people", "people-toggled");
part("drawer-button").prepend(icon("wire"));
part("drawer-button").addEventListener("click", () => drawer.toggle());
part("shade").addEventListener("click", closeSidebar);
document.addEventListener("keydown", (event) => event.key === "Escape" && closeSidebar());
part("theme").replaceWith(themeButton());

// what the sandbox tells

on("connection", (there) => {
  part("lost").hidden = there;
});
on("hello", ({ people, limits, mode, mode_says }) => {
  Object.assign(world, { people, limits: { ...world.limits, ...limits } });
  part("mode").classList.toggle("real", mode !== "sandbox");
  fill(
    part("mode"),
    icon(mode === "sandbox" ? "eye" : "warning", 16),
    element("span", {}, mode_says),
  );
});
on("world", (push) => {
  const changed = push.channel !== world.channel || push.me !== world.me;
  Object.assign(world, push);
  if (changed) closeSidebar();
  sidebar.draw();
  drawHead();
  composer.refresh(changed);
  drawPeople(part("people-list"), {
    appItem: (command, target) => log.appItem(command, target),
    mention: (name) => composer.mention(name),
  });
});
on("commands", ({ slash, message, user }) => {
  world.commands = { slash, message, user };
});
on("messages", ({ messages }) => {
  fill(log.local);
  log.replace(messages);
});
on("message", ({ message }) => {
  if (message.channel_id === world.channel) log.put(message);
  else if (!message.edited_timestamp && !message.sandbox?.mine) sidebar.heard(message);
});
on("deleted", ({ channel, id }) => channel === world.channel && log.drop(id));
on("interaction", interactionChanged);
on("modal", ({ interaction, modal }) => {
  openModal(interaction, modal, (answer) => {
    follow(
      answer.interaction,
      (push) => push.state === "failed" && complain(push.error ?? "This form was not answered"),
    );
  });
});
on("wire", (push) => drawer.wire.take(push));
on("tasks", (push) => drawer.tasks.take(push));
on("trouble", ({ items }) => drawer.mark(drawTrouble(drawer.trouble, items)));
on("bot", (push) => {
  if (push.state === "died" && bot?.state !== "died") complain(push.says);
  bot = push;
  drawBot();
});
on("clock", ({ offset_s }) => {
  clockOffsetS = offset_s;
  drawBot();
});

function drawBot() {
  if (!bot) return;
  drawBotControl(part("bot"), bot);
  drawBotDetails(drawer.bot, bot, clockOffsetS);
}

const dropsTo = () =>
  composer.line
    ? "Drop to put it into the command"
    : `Drop to send it to #${openChannel()?.name ?? ""}`;
takeDrops(chat, dropsTo, (files) => composer.put(files));
hint(part("hint"), (name, values) => {
  if (!composer.beginNamed(name, values))
    complain("The bot has not offered its commands yet; wait a moment.");
});
startTicking();
connect();
