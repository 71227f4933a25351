// One message as Discord shows it, built anew from its JSON whenever that changes.

import { components } from "./components.js";
import { element, icon } from "./element.js";
import { embed } from "./embed.js";
import { appTag, displayName, face } from "./faces.js";
import { attachments } from "./media.js";
import { plainWords, prose } from "./prose.js";
import { writtenAt } from "./timestamps.js";
import { unknown, unknownKeys } from "./unknown.js";

const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;
const [DEFAULT, REPLY, SLASH, CONTEXT_MENU] = [0, 19, 20, 23];
const TOGETHER_MS = 7 * 60 * 1000;
const KNOWN = new Set([
  ...[
    "id",
    "channel_id",
    "guild_id",
    "type",
    "author",
    "member",
    "content",
    "embeds",
    "attachments",
  ],
  ...["components", "flags", "timestamp", "edited_timestamp", "mentions", "mention_roles"],
  ...["mention_everyone", "message_reference", "referenced_message", "interaction_metadata"],
  ...["interaction", "sandbox", "tts", "pinned", "webhook_id", "application_id", "nonce"],
]);

/** Whether only the reader sees it. */
export function isPrivate(message) {
  return Boolean(message.flags & EPHEMERAL);
}

/** The list entry of a message; `before` is the one above it, `tools` as for the toolbar. */
export function messageNode(message, before, tools) {
  const follows = before !== undefined && belongsTo(before, message);
  const kinds = [
    "message",
    follows && "follows",
    isPrivate(message) && "private",
    message.sandbox?.pings_me && "pings",
  ];
  const name = displayName(message.author);
  const label = [
    name,
    isPrivate(message) && "only you can see this",
    message.sandbox?.pings_me && "mentions you",
  ];
  const article = element(
    "article",
    { tabIndex: -1, "aria-label": label.filter(Boolean).join(", ") },
    context(message, tools),
    element(
      "div",
      { class: "gutter" },
      follows
        ? writtenAt(message.timestamp)
        : face(message.author.id, name, { bot: message.author.bot }),
    ),
    element(
      "div",
      { class: "body" },
      !follows && head(message, name),
      said(message),
      footer(message, tools),
    ),
    toolbar(message, tools),
  );
  return element(
    "li",
    { class: kinds.filter(Boolean).join(" "), data: { id: message.id } },
    article,
  );
}

function belongsTo(before, message) {
  return (
    before.author.id === message.author.id &&
    message.type === DEFAULT &&
    isPrivate(before) === isPrivate(message) &&
    Date.parse(message.timestamp) - Date.parse(before.timestamp) < TOGETHER_MS
  );
}

// above the message

function context(message, tools) {
  if (message.type === REPLY) return replyLine(target(message, tools));
  const user = message.interaction_metadata?.user;
  if (!user || (message.type !== SLASH && message.type !== CONTEXT_MENU)) {
    return message.message_reference ? replyLine(target(message, tools)) : null;
  }
  const command = message.sandbox?.command;
  const what =
    message.type === SLASH ? `/${command ?? "a command"}` : (command ?? "a message menu");
  const name = displayName(user);
  return element(
    "div",
    { class: "context" },
    face(user.id, name, { small: true }),
    element("span", { class: "context-name" }, name),
    " used ",
    element("span", { class: "context-command" }, what),
  );
}

/** The message replied to, as it stands here now; what came along with the reply may be older. */
function target(message, tools) {
  const known = message.message_reference && tools.find?.(message.message_reference.message_id);
  return known ?? message.referenced_message;
}

function replyLine(target) {
  if (!target)
    return element(
      "div",
      { class: "context" },
      icon("reply", 14),
      element("em", {}, "The original message was deleted or is not known."),
    );
  const name = displayName(target.author);
  const words = plainWords(target.content ?? "");
  const jump = () => {
    const node = document.querySelector(`[data-id="${CSS.escape(target.id)}"] article`);
    node?.scrollIntoView({ block: "center" });
    node?.focus();
  };
  return element(
    "div",
    { class: "context" },
    face(target.author.id, name, { bot: target.author.bot, small: true }),
    element("span", { class: "context-name" }, name),
    element(
      "button",
      {
        type: "button",
        class: "context-text",
        "aria-label": `Replies to ${name}: ${words || "files"}; go there`,
        on: { click: jump },
      },
      words.slice(0, 160) || "Press to see the attachment",
    ),
  );
}

function head(message, name) {
  return element(
    "div",
    { class: "head" },
    element("span", { class: "author" }, name),
    message.author.bot && appTag(),
    writtenAt(message.timestamp),
  );
}

// the message itself

function said(message) {
  if (message.flags & LOADING) return thinking(message);
  const known = [DEFAULT, REPLY, SLASH, CONTEXT_MENU].includes(message.type);
  return [
    !known && unknown(`a message of type ${message.type}`, { type: message.type }),
    message.content && content(message),
    attachments(message.attachments ?? []),
    (message.embeds ?? []).map(embed),
    components(message.components ?? [], message),
    unknownKeys("a message", message, KNOWN),
  ];
}

function content(message) {
  const node = prose(message.content);
  if (message.edited_timestamp) {
    node.append(element("span", { class: "edited", title: message.edited_timestamp }, " (edited)"));
  }
  return node;
}

function thinking(message) {
  const dots = element(
    "span",
    { class: "dots", "aria-hidden": "true" },
    element("i"),
    element("i"),
    element("i"),
  );
  return element("div", { class: "thinking" }, dots, `${displayName(message.author)} is thinking…`);
}

function footer(message, tools) {
  const took = message.sandbox?.answer_ms;
  const speed =
    typeof took === "number" && element("span", { class: "speed" }, `answered in ${took} ms`);
  if (!isPrivate(message)) return speed ? element("div", { class: "aside" }, speed) : null;
  const dismiss = element(
    "button",
    { type: "button", class: "text-button", on: { click: () => tools.remove(message) } },
    "Dismiss message",
  );
  return element(
    "div",
    { class: "aside shown" },
    icon("eye", 14),
    element("span", {}, "Only you can see this • "),
    dismiss,
    speed,
  );
}

function toolbar(message, tools) {
  const name = displayName(message.author);
  const reply =
    message.sandbox?.may_reply &&
    element(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": `Reply to ${name}`,
        title: "Reply",
        on: { click: () => tools.reply(message) },
      },
      icon("reply"),
    );
  const more = element(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": `More for this message of ${name}`,
      "aria-haspopup": "menu",
      title: "More",
    },
    icon("more"),
  );
  more.addEventListener("click", () => tools.menu(message, more));
  return element("div", { class: "toolbar" }, reply, more);
}
