// Who and what is there, as the sandbox last told it, with lookups by id.

export const world = {
  me: "",
  guild: { id: "", name: "" },
  bot: { id: "", name: "", online: false },
  channel: "",
  channels: [],
  members: [],
  roles: [],
  people: [],
  limits: { message_chars: 2000, files: 10, upload_bytes: 26_214_400 },
  commands: { slash: [], message: [], user: [] },
};

/** The open channel, or undefined before anything is known. */
export function openChannel() {
  return world.channels.find((one) => one.id === world.channel);
}

/** The person at this page: `person` is what the sandbox calls them, `id` their account. */
export function myself() {
  return world.people.find((one) => one.person === world.me);
}

/** What a mention of this id says; null when nobody knows. */
export function nameOf(kind, id) {
  const lists = { user: world.members, role: world.roles, channel: world.channels };
  const found = lists[kind].find((one) => one.id === id);
  if (found) return found.name;
  return kind === "user" ? (world.people.find((one) => one.id === id)?.name ?? null) : null;
}

/** A text in which people's names after an @ are the mentions that Discord sends. */
export function withMentions(text) {
  const named = [...world.members].sort((a, b) => b.name.length - a.name.length);
  return named.reduce(
    (so_far, one) => so_far.replace(mentionPattern(one.name), `<@${one.id}>`),
    text,
  );
}

function mentionPattern(name) {
  const literal = name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return new RegExp(`(?<!<)@${literal}(?![\\p{L}\\p{N}_])`, "gu");
}
