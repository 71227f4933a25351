// The left side: the server's channels, and who one is.

import { element, fill, icon } from "./element.js";
import { face } from "./faces.js";
import { act } from "./live.js";
import { openMenu } from "./menu.js";
import { orComplain } from "./notices.js";
import { myself, world } from "./world.js";

const ROLES = { member: "Member", moderator: "Moderator", admin: "Admin", newcomer: "Newcomer" };

/** The channels and the own person; draws itself anew from the world. */
export class Sidebar {
  constructor(host) {
    this.unread = new Map();
    this.guild = element("h1", { class: "guild" });
    this.channels = element("nav", { class: "channels", "aria-label": "Channels" });
    this.me = element("div", { class: "me" });
    host.append(this.guild, this.channels, this.me);
  }

  draw() {
    fill(this.guild, world.guild.name);
    this.unread.delete(world.channel);
    const text = world.channels.filter((one) => !["dm", "category"].includes(one.kind));
    const direct = world.channels.filter((one) => one.kind === "dm");
    const focused = this.channels.contains(document.activeElement)
      ? document.activeElement.dataset.channel
      : null;
    fill(
      this.channels,
      section("Text channels", text, this.unread),
      section("Direct messages", direct, this.unread),
    );
    if (focused) this.channels.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
    this.drawMe();
  }

  /** A message came in a channel that is not open. */
  heard(message) {
    const before = this.unread.get(message.channel_id) ?? 0;
    this.unread.set(message.channel_id, before + (message.sandbox?.pings_me ? 1 : 0));
    this.draw();
  }

  drawMe() {
    const me = myself();
    if (!me) return;
    const words = element(
      "span",
      { class: "me-words" },
      element("span", { class: "me-name" }, me.name),
      element("span", { class: "quiet" }, ROLES[me.role] ?? me.role),
    );
    const button = element(
      "button",
      {
        type: "button",
        class: "me-button",
        "aria-haspopup": "menu",
        "aria-label": `You are ${me.name}, ${ROLES[me.role] ?? me.role}. Switch who you are`,
      },
      face(me.id, me.name),
      words,
      icon("down", 18),
    );
    button.addEventListener("click", () => choosePerson(button));
    const focused = this.me.contains(document.activeElement);
    fill(this.me, button);
    if (focused) button.focus();
  }
}

function section(title, channels, unread) {
  if (!channels.length) return null;
  const id = `channels-${title.split(" ")[0].toLowerCase()}`;
  return [
    element("h2", { class: "section-title", id }, title),
    element(
      "ul",
      { role: "list", "aria-labelledby": id },
      channels.map((one) => entry(one, unread)),
    ),
  ];
}

function entry(channel, unread) {
  const open = channel.id === world.channel;
  const mentions = unread.get(channel.id) ?? 0;
  const marks = [channel.nsfw && "age-restricted", !channel.write && "read only"].filter(Boolean);
  const label = [
    channel.name,
    ...marks,
    unread.has(channel.id) && "unread",
    mentions && `${mentions} mentions`,
  ]
    .filter(Boolean)
    .join(", ");
  const kind = [
    "channel",
    open && "open",
    unread.has(channel.id) && "unread",
    channel.kind === "thread" && "thread",
  ];
  const button = element(
    "button",
    {
      type: "button",
      class: kind.filter(Boolean).join(" "),
      "aria-label": label,
      data: { channel: channel.id },
      on: { click: () => orComplain(act("open", { channel: channel.id })) },
    },
    channel.kind === "dm"
      ? face(world.bot.id, channel.name, { bot: true, small: true })
      : icon("hash", 18),
    element("span", { class: "channel-name" }, channel.name),
    channel.nsfw && element("span", { class: "channel-mark" }, "18+"),
    !channel.write && icon("lock", 15),
    mentions > 0 && element("span", { class: "badge" }, mentions),
  );
  if (open) button.setAttribute("aria-current", "page");
  return element("li", {}, button);
}

function choosePerson(button) {
  const items = world.people.map((one) => ({
    label: `${one.name} · ${ROLES[one.role] ?? one.role}`,
    icon: one.person === world.me ? "check" : null,
    act: () => orComplain(act("be", { person: one.person })),
  }));
  const box = button.getBoundingClientRect();
  openMenu("Switch who you are", ["Be somebody else", ...items], {
    x: box.left,
    y: box.top - 60 - 36 * items.length,
  });
}
