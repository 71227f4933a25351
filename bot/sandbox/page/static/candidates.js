// The people, roles and channels that an option or a select menu can name.

import { icon } from "./element.js";
import { face } from "./faces.js";
import { world } from "./world.js";

const CHANNEL_TYPES = { text: 0, dm: 1, category: 4, thread: 11 };

/** People as list entries; `value` is what the sandbox takes. */
export function people() {
  return world.members.map((one) => ({
    label: one.name,
    detail: one.bot ? "app" : one.role,
    icon: face(one.id, one.name, { bot: one.bot, small: true }),
    value: { user: one.id },
    key: one.id,
  }));
}

/** Roles as list entries. */
export function roles() {
  return world.roles.map((one) => ({
    label: `@${one.name}`,
    detail: "role",
    icon: icon("people", 18),
    value: { role: one.id },
    key: one.id,
  }));
}

/** Channels as list entries; `types` are Discord's channel types, all when there are none. */
export function channels(types) {
  const fitting = world.channels.filter(
    (one) => one.kind !== "dm" && (!types?.length || types.includes(CHANNEL_TYPES[one.kind])),
  );
  return fitting.map((one) => ({
    label: `#${one.name}`,
    detail: "channel",
    icon: icon("hash", 18),
    value: { channel: one.id },
    key: one.id,
  }));
}

/** Entries whose label holds what was typed, the ones that begin with it first. */
export function matching(items, typed) {
  const wanted = typed
    .trim()
    .toLowerCase()
    .replace(/^[@#/]/, "");
  const bare = (item) => item.label.toLowerCase().replace(/^[@#/]/, "");
  const held = items.filter((item) => bare(item).includes(wanted));
  return held.sort(
    (a, b) => Number(bare(b).startsWith(wanted)) - Number(bare(a).startsWith(wanted)),
  );
}
