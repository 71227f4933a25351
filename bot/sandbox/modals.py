"""Rules for a modal: title, one to five labels, texts or rows, and what may stand in them."""

from bot.sandbox.components import SELECTS, check_options, check_select, check_span
from bot.sandbox.problems import Form
from bot.sandbox.records import Json

ROW, TEXT_INPUT, TEXT, LABEL = 1, 4, 10, 18
FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 19, 21, 22, 23
_FIELDS = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX)
TITLE = 45


def check_modal(form: Form, data: Json) -> None:
    """Note every fault of a modal's data, below `data`."""
    form.longer("data.title", data.get("title"), TITLE, least=1)
    form.longer("data.custom_id", data.get("custom_id"), 100, least=1)
    top = form.count("data.components", data.get("components"), 5, least=1)
    seen: set[str] = set()
    for index, node in enumerate(top):
        _check_top(form, f"data.components.{index}", node if isinstance(node, dict) else {}, seen)


def _check_top(form: Form, path: str, node: Json, seen: set[str]) -> None:
    kind = node.get("type")
    if kind == LABEL:
        form.longer(f"{path}.label", node.get("label"), 45, least=1)
        form.longer(f"{path}.description", node.get("description"), 100)
        _check_field(form, f"{path}.component", node.get("component"), seen, _FIELDS)
    elif kind == ROW:
        children = form.count(f"{path}.components", node.get("components"), 1, least=1)
        for child in children[:1]:
            _check_field(form, f"{path}.components.0", child, seen, (TEXT_INPUT,))
    elif kind != TEXT:
        form.error(f"{path}.type", "UNION_TYPE_CHOICES", "Value must be one of (1, 10, 18).")


def _check_field(
    form: Form,
    path: str,
    node: object,
    seen: set[str],
    kinds: tuple[int, ...],
) -> None:
    if not isinstance(node, dict) or node.get("type") not in kinds:
        values = ", ".join(map(str, kinds))
        form.error(f"{path}.type", "UNION_TYPE_CHOICES", f"Value must be one of ({values}).")
        return
    custom_id = node.get("custom_id")
    form.longer(f"{path}.custom_id", custom_id, 100, least=1)
    if str(custom_id) in seen:
        message = "Component custom id cannot be duplicated"
        form.error(f"{path}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", message)
    seen.add(str(custom_id))
    _check_kind(form, path, node)


def _check_kind(form: Form, path: str, node: Json) -> None:
    kind = node["type"]
    if kind == TEXT_INPUT:
        _check_text_input(form, path, node, in_row=".components.0" in path[len("data.") :])
    elif kind in SELECTS:
        check_select(form, path, node)
    elif kind == FILE_UPLOAD:
        check_span(form, path, node, least=0, most=10)
    elif kind in (RADIO, CHECKBOXES):
        least = 2 if kind == RADIO else 1
        options = form.count(f"{path}.options", node.get("options"), 10, least=least)
        check_options(form, f"{path}.options", options)


def _check_text_input(form: Form, path: str, node: Json, *, in_row: bool) -> None:
    if node.get("style") not in (1, 2):
        form.error(f"{path}.style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
    form.longer(f"{path}.label", node.get("label"), 45, least=1 if in_row else 0)
    form.longer(f"{path}.placeholder", node.get("placeholder"), 100)
    form.longer(f"{path}.value", node.get("value"), 4000)
    least, most = node.get("min_length"), node.get("max_length")
    form.whole(f"{path}.min_length", least, 0, 4000)
    form.whole(f"{path}.max_length", most, max(1, least if isinstance(least, int) else 0), 4000)
