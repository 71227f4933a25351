// The commands of the bot as one can type them: `/name`, or `/name group subcommand`.

import { element } from "./element.js";
import { face } from "./faces.js";
import { world } from "./world.js";

const GROUPS = [1, 2];

/** Every command that can be sent from here: {name, description, options}. */
export function slashCommands() {
  return world.commands.slash.flatMap((one) => leaves(one, one.name));
}

/** List entries for what was typed behind the slash; names that begin with it come first. */
export function commandItems(typed) {
  const wanted = typed.toLowerCase().trim();
  const fitting = slashCommands().filter(({ name, description }) =>
    `${name} ${description}`.toLowerCase().includes(wanted),
  );
  const rank = ({ name }) => (name.startsWith(wanted) ? 0 : name.includes(wanted) ? 1 : 2);
  return fitting.sort((a, b) => rank(a) - rank(b)).map(item);
}

function leaves(node, name) {
  const below = (node.options ?? []).filter((one) => GROUPS.includes(one.type));
  if (below.length) return below.flatMap((one) => leaves(one, `${name} ${one.name}`));
  return [{ name, description: node.description ?? "", options: node.options ?? [] }];
}

function item(command) {
  const names = command.options
    .slice(0, 3)
    .map((one) => element("span", { class: "option-hint" }, one.name));
  const more =
    command.options.length > 3
      ? element("span", { class: "option-hint more" }, `+${command.options.length - 3}`)
      : null;
  return {
    label: `/${command.name}`,
    detail: command.description,
    extra: element("span", { class: "option-hints", "aria-hidden": "true" }, names, more),
    icon: face(world.bot.id, world.bot.name, { bot: true }),
    command,
  };
}
