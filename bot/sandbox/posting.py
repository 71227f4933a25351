"""From a request body to a message state: every rule for what a message may hold."""

from dataclasses import dataclass

from bot.sandbox import limits, mentions
from bot.sandbox.components import ComponentCheck, numbered, walk
from bot.sandbox.files import FilePlan, Files, check_sizes, plan_files, store_files
from bot.sandbox.mentions import Mentioned
from bot.sandbox.permissions import Permission
from bot.sandbox.problems import Form, problem
from bot.sandbox.records import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SUPPRESS_NOTIFICATIONS,
    AnyJson,
    Attachment,
    Channel,
    Json,
    MessageState,
)
from bot.sandbox.world import World

SUPPRESS_EMBEDS = 1 << 2
_SETTABLE = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
_LEGACY = ("content", "embeds", "poll", "sticker_ids")
_LEGACY_CODE = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the sender may do in this place.

    Attributes:
        request_limit_bytes: cap on all files together; Create Message has 25 MiB.
        default_mentions: what is parsed without `allowed_mentions`.
        may_be_ephemeral: whether the EPHEMERAL flag counts.
    """

    channel: Channel
    author_id: int
    permissions: int
    file_limit_bytes: int
    request_limit_bytes: int | None = None
    default_mentions: tuple[str, ...] = mentions.KINDS
    may_be_ephemeral: bool = False


def text_of(content: str, components: AnyJson) -> str:
    """All text of a message in which mentions count."""
    shown = [str(node.get("content", "")) for node in walk(components) if node.get("type") == 10]
    return "\n".join([content, *shown])


class Posting:
    """Checks bodies and composes message states; changes nothing but the CDN."""

    def __init__(self, world: World) -> None:
        self._world = world

    def compose(
        self, terms: Terms, body: Json, files: Files, old: MessageState | None = None
    ) -> tuple[MessageState, Mentioned]:
        """The state that this body makes, of a new message or of one that looked like `old`.

        Raises:
            ApiProblem: whatever Discord would refuse: 30015, 40005, 50006, 50013, 50035, 200000.
        """
        check_sizes(files, terms.file_limit_bytes, terms.request_limit_bytes)
        flags = _flags(terms, body, old)
        plan = self._checked(body, files, old, v2=bool(flags & COMPONENTS_V2))
        draft = _merged(body, old)
        self._permit(terms, body, files)
        self._screen(terms, draft)
        _not_empty(draft, plan, v2=bool(flags & COMPONENTS_V2))
        named = mentions.mentioned(
            self._world,
            terms.channel,
            text_of(draft["content"], draft["components"]),
            body.get("allowed_mentions"),
            author_id=terms.author_id,
            default=terms.default_mentions,
        )
        attachments = store_files(
            plan,
            self._world.cdn,
            self._world.snowflakes,
            terms.channel.id,
            ephemeral=bool(flags & EPHEMERAL),
        )
        return self._state(draft, attachments, flags, named), named

    def _checked(self, body: Json, files: Files, old: MessageState | None, *, v2: bool) -> FilePlan:
        form = Form()
        limits.check_content(form, body.get("content"))
        references = limits.check_embeds(form, body.get("embeds"))
        mentions.check_allowed(form, body.get("allowed_mentions"))
        tree = ComponentCheck(form, v2=v2)
        tree.check(body.get("components"))
        if v2:
            _check_legacy(form, body, old)
        plan = plan_files(form, body, files, old)
        limits.check_references(form, references, plan.names)
        for path, url in tree.references:
            if url.removeprefix("attachment://") not in plan.linked:
                message = "The unfurled media item references an attachment that was not found."
                code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
                form.error(path, code, message)
        form.check()
        return plan

    def _permit(self, terms: Terms, body: Json, files: Files) -> None:
        if body.get("embeds") and not terms.permissions & Permission.EMBED_LINKS:
            raise problem(50013)
        if files and not terms.permissions & Permission.ATTACH_FILES:
            raise problem(50013)

    def _screen(self, terms: Terms, draft: Json) -> None:
        """AutoMod reads everything that is text."""
        guild = self._world.guild_of(terms.channel)
        if guild is None or not guild.blocked_words:
            return
        texts = [text_of(draft["content"], draft["components"])]
        for embed in draft["embeds"]:
            texts += [str(embed.get("title", "")), str(embed.get("description", ""))]
            texts += [f"{f['name']} {f['value']}" for f in embed.get("fields") or []]
        whole = "\n".join(texts).casefold()
        if any(word.casefold() in whole for word in guild.blocked_words):
            raise problem(200000)

    def _state(
        self, draft: Json, attachments: tuple[Attachment, ...], flags: int, named: Mentioned
    ) -> MessageState:
        urls = {f"attachment://{a.filename}": self._world.cdn.url(a.path) for a in attachments}
        return MessageState(
            at=self._world.clock.now(),
            content=draft["content"],
            embeds=tuple(_rewritten(embed, urls) for embed in draft["embeds"]),
            components=numbered(_rewritten(draft["components"], urls)),
            attachments=attachments,
            flags=flags,
            mentioned=named.user_ids,
            mentions_everyone=named.everyone,
        )


def flag_bits(body: Json) -> int:
    """The flags of a body; 0 when there are none or they are no number."""
    asked = body.get("flags")
    return asked if isinstance(asked, int) else 0


def _flags(terms: Terms, body: Json, old: MessageState | None) -> int:
    asked = flag_bits(body)
    if old is None:
        return asked & (_SETTABLE | (EPHEMERAL if terms.may_be_ephemeral else 0))
    # Components V2 can be set by an edit but never taken away; the wait is over
    kept = old.flags & ~LOADING
    if body.get("flags") is not None:
        kept &= ~SUPPRESS_EMBEDS
    return kept | asked & (SUPPRESS_EMBEDS | COMPONENTS_V2)


def _check_legacy(form: Form, body: Json, old: MessageState | None) -> None:
    """Components V2 has no content, embeds, polls or stickers; an upgrade must clear them."""
    message = "The field cannot be used when the IS_COMPONENTS_V2 flag is set."
    for key in _LEGACY:
        if body.get(key):
            form.error(key, _LEGACY_CODE, message)
    if "embeds" in body and body["embeds"] is None:
        # GH discord/discord-api-docs#7787
        form.error("embeds", _LEGACY_CODE, message)
    if old is None or old.flags & COMPONENTS_V2:
        return
    for key, value in (("content", old.content), ("embeds", old.embeds)):
        if value and key not in body:
            form.error(key, _LEGACY_CODE, message)


def _merged(body: Json, old: MessageState | None) -> Json:
    """The body over the old state; what is not named stays."""
    base: Json = {"content": "", "embeds": (), "components": ()}
    if old is not None:
        base = {"content": old.content, "embeds": old.embeds, "components": old.components}
    given = {key: body[key] for key in base if key in body}
    return {
        "content": str(given.get("content", base["content"]) or "").strip(),
        "embeds": list(given.get("embeds", base["embeds"]) or []),
        "components": list(given.get("components", base["components"]) or []),
    }


def _not_empty(draft: Json, plan: FilePlan, *, v2: bool) -> None:
    files = plan.kept or plan.new
    something = draft["components"] if v2 else any(draft.values()) or files
    if not something:
        raise problem(50006)


def _rewritten(node: AnyJson, urls: dict[str, str]) -> AnyJson:
    """The same JSON with `attachment://` references replaced by the files' URLs."""
    if isinstance(node, dict):
        return {key: _rewritten(value, urls) for key, value in node.items()}
    if isinstance(node, list):
        return [_rewritten(value, urls) for value in node]
    return urls.get(node, node) if isinstance(node, str) else node
