// The right side: everybody who is here, by what they may do.

import { element, fill } from "./element.js";
import { appTag, face } from "./faces.js";
import { openMenu } from "./menu.js";
import { myself, world } from "./world.js";

const GROUPS = [
  ["admin", "Admins"],
  ["moderator", "Moderators"],
  ["bot", "Apps"],
  ["member", "Members"],
  ["newcomer", "Newcomers"],
];

/** Draw the list; `tools` has `mention(name)` and `appItem(command, target)` for the menu. */
export function drawPeople(host, tools) {
  const known = new Set(GROUPS.map(([role]) => role));
  const sections = GROUPS.map(([role, title]) =>
    section(
      title,
      world.members.filter((one) => one.role === role),
      tools,
    ),
  );
  const others = section(
    "Others",
    world.members.filter((one) => !known.has(one.role)),
    tools,
  );
  fill(host, sections, others);
}

function section(title, members, tools) {
  if (!members.length) return null;
  return [
    element("h2", { class: "section-title" }, `${title} — ${members.length}`),
    element(
      "ul",
      { role: "list" },
      members.map((one) => element("li", {}, person(one, tools))),
    ),
  ];
}

function person(member, tools) {
  const away = member.bot && !world.bot.online;
  const mine = member.id === myself()?.id;
  const label = [member.name, member.bot && "app", away && "offline", mine && "you"]
    .filter(Boolean)
    .join(", ");
  const button = element(
    "button",
    {
      type: "button",
      class: away ? "person away" : "person",
      "aria-label": label,
      "aria-haspopup": "menu",
    },
    element(
      "span",
      { class: "presence-face" },
      face(member.id, member.name, { bot: member.bot }),
      element("span", { class: away ? "presence" : "presence on" }),
    ),
    element("span", { class: "person-name" }, member.name),
    member.bot && appTag(),
    mine && element("span", { class: "quiet" }, "you"),
  );
  const open = (point) => {
    const apps = world.commands.user.map((command) => tools.appItem(command, { user: member.id }));
    openMenu(
      member.name,
      [
        { label: `Mention ${member.name}`, icon: "at", act: () => tools.mention(member.name) },
        ...(apps.length ? ["Apps", ...apps] : []),
      ],
      point,
    );
  };
  button.addEventListener("click", () => {
    const box = button.getBoundingClientRect();
    open({ x: box.left - 60, y: box.bottom });
  });
  button.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    open({ x: event.clientX, y: event.clientY });
  });
  return button;
}
