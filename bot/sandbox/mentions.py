"""Who is mentioned in a text and who is really pinged, under `allowed_mentions`."""

import re
from dataclasses import dataclass

from bot.sandbox.permissions import Permission
from bot.sandbox.problems import Form
from bot.sandbox.records import Channel, Json
from bot.sandbox.world import World

_USER = re.compile(r"<@!?(\d{1,20})>")
_ROLE = re.compile(r"<@&(\d{1,20})>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_CODE = re.compile(r"```.*?```|``.*?``|`[^`]*`", re.DOTALL)
KINDS = ("users", "roles", "everyone")


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What a text mentions: ids for the payload's `mentions`, and who is notified."""

    user_ids: frozenset[int] = frozenset()
    everyone: bool = False
    pings: frozenset[int] = frozenset()


def check_allowed(form: Form, allowed: object) -> None:
    """The rules for `allowed_mentions` itself: known kinds, no contradiction, at most 100."""
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        form.error("allowed_mentions", "MODEL_TYPE_CONVERT", "Only dictionaries may be used")
        return
    parse = form.count("allowed_mentions.parse", allowed.get("parse"), len(KINDS))
    for index, kind in enumerate(parse):
        if kind not in KINDS:
            message = "Value must be one of ('users', 'roles', 'everyone')."
            form.error(f"allowed_mentions.parse.{index}", "BASE_TYPE_CHOICES", message)
    for kind in ("users", "roles"):
        ids = form.count(f"allowed_mentions.{kind}", allowed.get(kind), 100)
        if not all(str(one).isdigit() for one in ids):
            form.error(f"allowed_mentions.{kind}", "NUMBER_TYPE_COERCE", "Value is not snowflake.")
        if ids and kind in parse:
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            code = "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"
            form.error("allowed_mentions", code, message)


def mentioned(
    world: World,
    channel: Channel,
    text: str,
    allowed: Json | None,
    *,
    author_id: int,
    default: tuple[str, ...] = KINDS,
) -> Mentioned:
    """What a text mentions; without `allowed_mentions` the `default` kinds are parsed.

    What stands in code is no mention.
    """
    text = _CODE.sub(" ", text)
    rules: Json = {"parse": list(default)} if allowed is None else allowed
    users = _ids(_USER, text, rules, "users") & set(world.users)
    pings = {u for u in users if world.permissions(u, channel) & Permission.VIEW_CHANNEL}
    guild = world.guild_of(channel)
    if guild is None:
        return Mentioned(frozenset(users), pings=frozenset(pings))
    may_all = bool(world.permissions(author_id, channel) & Permission.MENTION_EVERYONE)
    for role_id in _ids(_ROLE, text, rules, "roles") & set(guild.roles):
        if may_all or guild.roles[role_id].mentionable:
            pings |= {m.user_id for m in guild.members.values() if role_id in m.role_ids}
    everyone = may_all and "everyone" in (rules.get("parse") or []) and bool(_EVERYONE.search(text))
    if everyone:
        pings |= set(guild.members)
    return Mentioned(frozenset(users), everyone, frozenset(pings - {author_id}))


def _ids(pattern: re.Pattern[str], text: str, rules: Json, kind: str) -> set[int]:
    named = {int(found) for found in pattern.findall(text)}
    if kind in (rules.get("parse") or []):
        return named
    return named & {int(one) for one in rules.get(kind) or []}
