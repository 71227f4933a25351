"""Limits on a message's text and embeds; each fault becomes an entry of a 50035 tree.

DOC:resources/message#embed-limits. Lengths are counted in code points.
"""

from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.problems import Form
from bot.sandbox.records import Json

CONTENT = 2000
EMBEDS = 10
EMBED_TEXT_TOTAL = 6000
ATTACHMENTS = 10
ATTACHMENT_DESCRIPTION = 1024
FILENAME = 1024
NONCE = 25
URL = 2048
EMBEDDABLE = (".jpg", ".jpeg", ".png", ".webp", ".gif")

_EMBED_TEXTS = {"title": 256, "description": 4096}
_FIELDS = 25
_BODY_KEYS = ("title", "description", "fields", "image", "thumbnail", "footer", "author", "video")


def check_content(form: Form, content: object) -> None:
    """At most 2000 characters."""
    if content is not None and not isinstance(content, str):
        form.error("content", "STRING_TYPE_CONVERT", 'Could not interpret "content" as string.')
    elif content is not None and len(content) > CONTENT:
        message = f"Must be {CONTENT} or fewer in length."
        form.error("content", "BASE_TYPE_MAX_LENGTH", message)


def check_embeds(form: Form, embeds: object) -> list[tuple[str, str]]:
    """Every limit of every embed.

    Returns:
        The path and URL of each `attachment://` reference.
    """
    references: list[tuple[str, str]] = []
    total = 0
    for index, embed in enumerate(form.count("embeds", embeds, EMBEDS)):
        path = f"embeds.{index}"
        if not isinstance(embed, dict):
            form.error(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            continue
        total += _check_embed(form, path, embed)
        references += _check_embed_urls(form, path, embed)
    if total > EMBED_TEXT_TOTAL:
        message = f"Embed size exceeds maximum size of {EMBED_TEXT_TOTAL}"
        form.error("embeds", "MAX_EMBED_SIZE_EXCEEDED", message)
    return references


def _check_embed(form: Form, path: str, embed: Json) -> int:
    """Check one embed's texts; the result is their total length."""
    if not any(embed.get(key) for key in _BODY_KEYS):
        form.error(f"{path}.description", "BASE_TYPE_REQUIRED", "This field is required")
    form.whole(f"{path}.color", embed.get("color"), 0, 0xFFFFFF)
    texts: list[tuple[str, object, int, int]] = [
        (key, embed.get(key), limit, 0) for key, limit in _EMBED_TEXTS.items()
    ]
    texts += _part(embed, "footer", "text", 2048) + _part(embed, "author", "name", 256)
    for index, field in enumerate(form.count(f"{path}.fields", embed.get("fields"), _FIELDS)):
        entry: dict[Any, Any] = field if isinstance(field, dict) else {}
        texts.append((f"fields.{index}.name", entry.get("name"), 256, 1))
        texts.append((f"fields.{index}.value", entry.get("value"), 1024, 1))
    for name, value, limit, least in texts:
        form.longer(f"{path}.{name}", value, limit, least=least)
    return sum(len(value) for _, value, _, _ in texts if isinstance(value, str))


def _part(embed: Json, part: str, key: str, limit: int) -> list[tuple[str, object, int, int]]:
    inner = embed.get(part)
    if not isinstance(inner, dict):
        return []
    return [(f"{part}.{key}", inner.get(key), limit, 1)]


def _check_embed_urls(form: Form, path: str, embed: Json) -> list[tuple[str, str]]:
    references = []
    if embed.get("url") is not None:
        check_url(form, f"{path}.url", embed["url"], ("http", "https"))
    for part, key in (
        ("image", "url"),
        ("thumbnail", "url"),
        ("footer", "icon_url"),
        ("author", "icon_url"),
        ("author", "url"),
    ):
        inner = embed.get(part)
        if not isinstance(inner, dict) or inner.get(key) is None:
            continue
        where = f"{path}.{part}.{key}"
        schemes = ("http", "https") if key == "url" and part == "author" else None
        check_url(form, where, inner[key], schemes or ("http", "https", "attachment"))
        if str(inner[key]).startswith("attachment://"):
            references.append((where, str(inner[key])))
    return references


def check_url(form: Form, path: str, url: object, schemes: tuple[str, ...]) -> None:
    """A URL of at most 2048 characters with one of the schemes and a host."""
    if not isinstance(url, str) or not 1 <= len(url) <= URL:
        form.error(path, "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {URL} in length.")
        return
    try:
        parts = urlsplit(url)
    except ValueError:
        form.error(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        return
    if parts.scheme not in schemes:
        allowed = ", ".join(f"'{scheme}'" for scheme in schemes)
        message = f"Scheme must be one of ({allowed})."
        form.error(path, "URL_TYPE_INVALID_SCHEME", message)
    elif not parts.netloc:
        form.error(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def check_references(form: Form, references: list[tuple[str, str]], names: set[str]) -> None:
    """Every `attachment://name` of an embed names a picture among the message's files."""
    for path, url in references:
        name = url.removeprefix("attachment://")
        if name not in names:
            form.error(path, "ATTACHMENT_NOT_FOUND", f"The attachment {name!r} was not found.")
        elif not name.lower().endswith(EMBEDDABLE):
            form.error(path, "ATTACHMENT_TYPE", "Only pictures can be shown in an embed.")
