"""Rules for message components: nesting, limits, unique custom_ids, Components V2.

DOC:components/reference. Each fault becomes an entry of a 50035 tree.
"""

from typing import TYPE_CHECKING, Any

from bot.sandbox.limits import check_url
from bot.sandbox.problems import Form
from bot.sandbox.records import AnyJson, Json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROW, BUTTON, STRING_SELECT = 1, 2, 3
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LINK_STYLE, PREMIUM_STYLE = 5, 6

_IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
_TOP_V2 = (*_IN_CONTAINER, CONTAINER)
TOTAL = 40
TEXT_TOTAL = 4000
ROWS = 5
CUSTOM_ID = 100


class ComponentCheck:
    """Walks one message's component tree; afterwards holds what it found.

    Attributes:
        references: path and URL of every media item that uses `attachment://`.
    """

    def __init__(self, form: Form, *, v2: bool) -> None:
        self.references: list[tuple[str, str]] = []
        self._form = form
        self._v2 = v2
        self._count = 0
        self._text_length = 0
        self._custom_ids: set[str] = set()
        self._checks: Mapping[int, Callable[[str, Json], None]] = {
            ROW: self._row,
            BUTTON: self._button,
            SECTION: self._section,
            TEXT: self._text,
            THUMBNAIL: self._thumbnail,
            GALLERY: self._gallery,
            FILE: self._file,
            CONTAINER: self._container,
        } | dict.fromkeys(SELECTS, self._select)

    def check(self, components: object) -> None:
        """Note every fault of the tree in the form."""
        limit = TOTAL if self._v2 else ROWS
        top = self._form.count("components", components, limit)
        self._each("components", top, _TOP_V2 if self._v2 else (ROW,))
        if self._count > TOTAL:
            message = f"The total number of components cannot exceed {TOTAL}"
            self._form.error("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", message)
        if self._text_length > TEXT_TOTAL:
            message = f"The total displayable text cannot exceed {TEXT_TOTAL}"
            self._form.error("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)

    def _each(self, path: str, nodes: list[Any], allowed: tuple[int, ...]) -> None:
        for index, node in enumerate(nodes):
            self._one(f"{path}.{index}", node, allowed)

    def _one(self, path: str, node: object, allowed: tuple[int, ...]) -> None:
        kind = node.get("type") if isinstance(node, dict) else None
        if not isinstance(node, dict) or kind not in allowed:
            values = ", ".join(map(str, allowed))
            message = f'Value of field "type" must be one of ({values}).'
            self._form.error(f"{path}.type", "UNION_TYPE_CHOICES", message)
            return
        self._count += 1
        if check := self._checks.get(kind):
            check(path, node)

    def _row(self, path: str, node: Json) -> None:
        children = self._form.count(f"{path}.components", node.get("components"), 5, least=1)
        kinds = [child.get("type") for child in children if isinstance(child, dict)]
        if len(kinds) > 1 and any(kind in SELECTS for kind in kinds):
            message = "The specified component exceeds the maximum width"
            self._form.error(f"{path}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)
        self._each(f"{path}.components", children, (BUTTON, *SELECTS))

    def _button(self, path: str, node: Json) -> None:
        style = node.get("style")
        if style not in range(1, 7):
            message = "Value must be one of {1, 2, 3, 4, 5, 6}."
            self._form.error(f"{path}.style", "BASE_TYPE_CHOICES", message)
        self._form.longer(f"{path}.label", node.get("label"), 80)
        if not node.get("label") and not node.get("emoji") and style != PREMIUM_STYLE:
            message = "A button needs a label or an emoji."
            self._form.error(f"{path}.label", "BUTTON_COMPONENT_INVALID", message)
        if style == LINK_STYLE:
            self._link(path, node)
        elif style != PREMIUM_STYLE:
            self._custom_id(path, node)
            if node.get("url") is not None:
                message = "A custom id and url cannot both be specified"
                self._form.error(path, "COMPONENT_CUSTOM_ID_AND_URL", message)

    def _link(self, path: str, node: Json) -> None:
        check_url(self._form, f"{path}.url", node.get("url"), ("http", "https", "discord"))
        if len(str(node.get("url"))) > 512:
            message = "Must be 512 or fewer in length."
            self._form.error(f"{path}.url", "BASE_TYPE_MAX_LENGTH", message)
        if node.get("custom_id"):
            message = "A custom id and url cannot both be specified"
            self._form.error(path, "COMPONENT_CUSTOM_ID_AND_URL", message)

    def _custom_id(self, path: str, node: Json) -> None:
        custom_id = node.get("custom_id")
        self._form.longer(f"{path}.custom_id", custom_id, CUSTOM_ID, least=1)
        if str(custom_id) in self._custom_ids:
            message = "Component custom id cannot be duplicated"
            self._form.error(f"{path}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        self._custom_ids.add(str(custom_id))

    def _select(self, path: str, node: Json) -> None:
        self._custom_id(path, node)
        check_select(self._form, path, node)

    def _section(self, path: str, node: Json) -> None:
        texts = self._form.count(f"{path}.components", node.get("components"), 3, least=1)
        self._each(f"{path}.components", texts, (TEXT,))
        self._one(f"{path}.accessory", node.get("accessory"), (BUTTON, THUMBNAIL))

    def _text(self, path: str, node: Json) -> None:
        self._form.longer(f"{path}.content", node.get("content"), TEXT_TOTAL, least=1)
        self._text_length += len(str(node.get("content", "")))

    def _thumbnail(self, path: str, node: Json) -> None:
        self._form.longer(f"{path}.description", node.get("description"), 1024)
        self._item(f"{path}.media", node.get("media"), ("http", "https", "attachment"))

    def _gallery(self, path: str, node: Json) -> None:
        items = self._form.count(f"{path}.items", node.get("items"), 10, least=1)
        for index, item in enumerate(items):
            self._thumbnail(f"{path}.items.{index}", item if isinstance(item, dict) else {})

    def _file(self, path: str, node: Json) -> None:
        self._item(f"{path}.file", node.get("file"), ("attachment",))

    def _container(self, path: str, node: Json) -> None:
        children = self._form.count(f"{path}.components", node.get("components"), TOTAL, least=1)
        self._each(f"{path}.components", children, _IN_CONTAINER)

    def _item(self, path: str, media: object, schemes: tuple[str, ...]) -> None:
        url = media.get("url") if isinstance(media, dict) else None
        check_url(self._form, f"{path}.url", url, schemes)
        if str(url).startswith("attachment://"):
            self.references.append((f"{path}.url", str(url)))


def check_select(form: Form, path: str, node: Json) -> None:
    """A select's own limits, in a message or in a modal."""
    form.longer(f"{path}.placeholder", node.get("placeholder"), 150)
    check_span(form, path, node, least=0, most=25)
    if node.get("type") != STRING_SELECT:
        return
    options = form.count(f"{path}.options", node.get("options"), 25, least=1)
    check_options(form, f"{path}.options", options)


def check_options(form: Form, path: str, options: list[Any]) -> None:
    """Labels, values and descriptions of at most 100 characters; values are unique."""
    seen: set[str] = set()
    for index, option in enumerate(options):
        entry = option if isinstance(option, dict) else {}
        where = f"{path}.{index}"
        form.longer(f"{where}.label", entry.get("label"), 100, least=1)
        form.longer(f"{where}.value", entry.get("value"), 100, least=1)
        form.longer(f"{where}.description", entry.get("description"), 100)
        if str(entry.get("value")) in seen:
            message = "The specified option value is already used"
            form.error(f"{where}.value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
        seen.add(str(entry.get("value")))


def check_span(form: Form, path: str, node: Json, *, least: int, most: int) -> None:
    """`min_values` and `max_values` lie within bounds and in order."""
    low, high = node.get("min_values"), node.get("max_values")
    form.whole(f"{path}.min_values", low, least, most)
    form.whole(f"{path}.max_values", high, max(1, low if isinstance(low, int) else 0), most)


def numbered(components: list[Json]) -> tuple[Json, ...]:
    """A copy of the tree in which every component has the `id` that Discord gives it."""
    taken = iter(range(1, 1000))

    def copy(node: AnyJson) -> AnyJson:
        if isinstance(node, list):
            return [copy(child) for child in node]
        if not isinstance(node, dict):
            return node
        own = {"id": node.get("id") or next(taken)} if "type" in node else {}
        return own | {key: copy(value) for key, value in node.items() if key != "id" or not own}

    return tuple(copy(component) for component in components)


def walk(nodes: AnyJson) -> list[Json]:
    """Every component of a tree, outside in, in reading order."""
    found: list[Json] = []
    if isinstance(nodes, (list, tuple)):
        for node in nodes:
            found += walk(node)
    elif isinstance(nodes, dict):
        if "type" in nodes:
            found.append(nodes)
        for key in ("components", "component", "accessory"):
            found += walk(nodes.get(key))
    return found
