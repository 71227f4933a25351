"""Filling in a modal and choosing in a menu, as Discord's client does."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from bot.sandbox import command_rules as kinds
from bot.sandbox.client_rules import ClientRefused, ClientRules, HasUser, OptionValue, Resolved
from bot.sandbox.modals import CHECKBOX, CHECKBOXES, FILE_UPLOAD, LABEL, RADIO, ROW, TEXT_INPUT
from bot.sandbox.records import Channel, Json, Role, Upload, User

_REFERENCES = {5: kinds.USER_OPTION, 6: kinds.ROLE, 7: kinds.MENTIONABLE, 8: kinds.CHANNEL}
_STRING_SELECT = 3

FieldValue: TypeAlias = str | bool | Sequence[str | Upload | Channel | Role | User | HasUser]


def filled(
    rules: ClientRules,
    user: User,
    modal: Json,
    values: Mapping[str, FieldValue],
    resolved: Resolved,
) -> list[Json]:
    """The `components` of a submit.

    Raises:
        ClientRefused: for an unknown field or a value that a field does not take.
    """
    left = dict(values)
    built = [_top(rules, user, node, left, resolved) for node in modal["components"]]
    if left:
        raise ClientRefused(f"the modal has no field {', '.join(sorted(left))}")
    return built


def _top(
    rules: ClientRules, user: User, node: Json, left: dict[str, FieldValue], resolved: Resolved
) -> Json:
    own = {"type": node["type"], "id": node.get("id", 0)}
    if node["type"] == LABEL:
        field = node["component"]
        names = (field["custom_id"], node["label"])
        return own | {"component": _field(rules, user, field, names, left, resolved)}
    if node["type"] == ROW:
        field = node["components"][0]
        names = (field["custom_id"], field.get("label") or "")
        return own | {"components": [_field(rules, user, field, names, left, resolved)]}
    return own


def _field(
    rules: ClientRules,
    user: User,
    field: Json,
    names: tuple[str, str],
    left: dict[str, FieldValue],
    resolved: Resolved,
) -> Json:
    given = next((left.pop(name) for name in names if name in left), None)
    own = {"type": field["type"], "id": field.get("id", 0), "custom_id": field["custom_id"]}
    kind = field["type"]
    if kind == TEXT_INPUT:
        return own | {"value": _text(field, given)}
    if kind == CHECKBOX:
        return own | {"value": bool(field.get("default") if given is None else given)}
    if kind == RADIO:
        return own | {"value": next(iter(_chosen(field, given)), None)}
    if kind in (_STRING_SELECT, CHECKBOXES):
        return own | {"values": _chosen(field, given)}
    several = _several(field, rules.preselected(field) if given is None else given)
    if kind == FILE_UPLOAD:
        return own | {"values": [rules.upload(v, user, resolved, field) for v in several]}
    references = [rules.reference(_REFERENCES[kind], v, resolved) for v in several]
    return own | {"values": references}


def _text(field: Json, given: FieldValue | None) -> str:
    text = field.get("value") or "" if given is None else given
    if not isinstance(text, str):
        raise ClientRefused(f"{field['custom_id']}: text is needed")
    least = field.get("min_length") or (1 if field.get("required", True) else 0)
    most = field.get("max_length") or 4000
    empty_is_fine = not text and not field.get("required", True)
    if not empty_is_fine and not least <= len(text) <= most:
        raise ClientRefused(f"{field['custom_id']}: {least} to {most} characters are needed")
    return text


def _several(field: Json, given: FieldValue | None) -> list[Any]:
    """The values of a field that takes several, their number checked."""
    if given is None:
        values: list[Any] = []
    else:
        values = [given] if isinstance(given, (str, bool)) else list(given)
    required = field.get("required", True)
    least = field.get("min_values")
    least = (1 if required else 0) if least is None else least
    most = field.get("max_values") or (10 if field["type"] == CHECKBOXES else 1)
    if (values or required) and not least <= len(values) <= most:
        raise ClientRefused(f"{field['custom_id']}: {least} to {most} are needed")
    return values


def _chosen(field: Json, given: FieldValue | None) -> list[str]:
    options = field.get("options") or []
    if given is None:
        given = [option["value"] for option in options if option.get("default")]
    by_label = {option["label"]: option["value"] for option in options}
    values = [str(by_label.get(str(value), value)) for value in _several(field, given)]
    if not set(values) <= set(by_label.values()):
        raise ClientRefused(f"{field['custom_id']}: that is not offered")
    return values


def chosen_values(
    rules: ClientRules, node: Json, chosen: Sequence[OptionValue], resolved: Resolved
) -> list[str]:
    """A select's values, checked as the client does.

    Raises:
        ClientRefused: for too few, too many, or something that is not offered.
    """
    least, most = node.get("min_values"), node.get("max_values")
    if not (1 if least is None else least) <= len(chosen) <= (most or 1):
        raise ClientRefused("too few or too many were chosen")
    if node["type"] != _STRING_SELECT:
        kind = _REFERENCES[node["type"]]
        return [rules.reference(kind, value, resolved) for value in chosen]
    by_name = {option["label"]: option["value"] for option in node["options"]}
    values = [str(by_name.get(str(value), value)) for value in chosen]
    if not set(values) <= set(by_name.values()):
        raise ClientRefused("that is not among the menu's options")
    return values
