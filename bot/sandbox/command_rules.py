"""Rules for a command as it is registered; each fault becomes an entry of a 50035 tree.

DOC:interactions/application-commands.
"""

import unicodedata
from collections import Counter
from typing import Any

from bot.sandbox.problems import Form, problem
from bot.sandbox.records import Json

SLASH, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
_CHOOSABLE = (STRING, INTEGER, NUMBER)
_LIMITS = {SLASH: 100, USER: 15, MESSAGE: 15}
_TOTAL_CHARACTERS = 8000
_WHOLE = 2**53
LOCALES = frozenset(
    {"id", "da", "de", "en-GB", "en-US", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl"}
    | {"no", "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi"}
    | {"th", "zh-CN", "ja", "zh-TW", "ko"}
)


def check_commands(form: Form, commands: list[Any]) -> None:
    """Check a whole bulk overwrite: numbers per type, duplicates, and each command.

    Raises:
        ApiProblem: 30032 for too many commands of a type.
    """
    kinds = Counter(str(c.get("type", SLASH)) for c in commands if isinstance(c, dict))
    for kind, limit in _LIMITS.items():
        if kinds[str(kind)] > limit:
            raise problem(30032)
    seen: set[tuple[str, str]] = set()
    for index, command in enumerate(commands):
        path = str(index)
        if not isinstance(command, dict):
            form.error(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            continue
        key = (str(command.get("type", SLASH)), str(command.get("name")))
        if key in seen:
            message = "Application command names must be unique"
            form.error(f"{path}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        seen.add(key)
        _check_command(form, path, command)


def _check_command(form: Form, path: str, command: Json) -> None:
    kind = command.get("type", SLASH)
    _check_places(form, path, command)
    if kind not in tuple(_LIMITS):
        form.error(f"{path}.type", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
    elif kind == SLASH:
        _check_named(form, path, command)
        _check_options(form, path, command.get("options"), depth=0)
        if not form.wrong and _weight(command) > _TOTAL_CHARACTERS:
            message = f"Command exceeds maximum size ({_TOTAL_CHARACTERS})"
            form.error(path, "APPLICATION_COMMAND_TOO_LARGE", message)
    else:
        form.longer(f"{path}.name", command.get("name"), 32, least=1)
        for key in ("description", "options"):
            if command.get(key):
                message = f"Context menu commands cannot have {key}"
                form.error(f"{path}.{key}", "APPLICATION_COMMAND_CONTEXT_MENU", message)


def _check_places(form: Form, path: str, command: Json) -> None:
    for key, known in (("contexts", (0, 1, 2)), ("integration_types", (0, 1))):
        values = command.get(key)
        if values is None:
            continue
        if not isinstance(values, list) or not values or any(v not in known for v in values):
            message = f"Value must be one of {known}."
            form.error(f"{path}.{key}", "BASE_TYPE_CHOICES", message)
    bits = command.get("default_member_permissions")
    if bits is not None and not str(bits).isdigit():
        message = "Could not interpret the value as a permission set."
        form.error(f"{path}.default_member_permissions", "NUMBER_TYPE_COERCE", message)


def _check_named(form: Form, path: str, node: Json) -> None:
    _check_name(form, f"{path}.name", node.get("name"))
    form.longer(f"{path}.description", node.get("description"), 100, least=1)
    for key, limit in (("name_localizations", 32), ("description_localizations", 100)):
        for locale, text in _texts(form, path, node, key).items():
            where = f"{path}.{key}.{locale}"
            if locale not in LOCALES:
                form.error(where, "ENUM_TYPE_COERCE", f"Value {locale!r} is not a locale.")
            elif limit == 32:
                _check_name(form, where, text)
            else:
                form.longer(where, text, limit, least=1)


def _texts(form: Form, path: str, node: Json, key: str) -> Json:
    """A dictionary of localisations; anything else is noted and counts as none."""
    texts = node.get(key)
    if texts is None or isinstance(texts, dict):
        return texts or {}
    form.error(f"{path}.{key}", "DICT_TYPE_CONVERT", "Only dictionaries may be used")
    return {}


def _check_name(form: Form, path: str, name: object) -> None:
    form.longer(path, name, 32, least=1)
    if isinstance(name, str) and name and not is_command_name(name):
        message = "Command name is invalid"
        form.error(path, "APPLICATION_COMMAND_INVALID_NAME", message)


def is_command_name(name: str) -> bool:
    """Letters, digits, `-_'`, Devanagari or Thai signs; lower case where there is one."""
    return name == name.lower() and all(map(_in_name, name))


def _in_name(character: str) -> bool:
    return (
        character in "-_'"
        or unicodedata.category(character)[0] in "LN"
        or "\u0900" <= character <= "\u097f"
        or "\u0e00" <= character <= "\u0e7f"
    )


def _check_options(form: Form, path: str, options: object, *, depth: int) -> None:
    listed = form.count(f"{path}.options", options, 25)
    names: set[str] = set()
    optional_seen = False
    for index, option in enumerate(listed):
        where = f"{path}.options.{index}"
        if not isinstance(option, dict):
            form.error(where, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            continue
        _check_option(form, where, option, depth=depth)
        name = str(option.get("name"))
        if name in names:
            message = "Option name is duplicated"
            form.error(f"{where}.name", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", message)
        names.add(name)
        if option.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            form.error(where, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional_seen |= not option.get("required")
    kinds = {o.get("type") in (SUBCOMMAND, GROUP) for o in listed if isinstance(o, dict)}
    if len(kinds) > 1:
        message = "Sub-command and sub-command group option types are mutually exclusive"
        form.error(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)


def _check_option(form: Form, path: str, option: Json, *, depth: int) -> None:
    _check_named(form, path, option)
    kind = option.get("type")
    if kind in (SUBCOMMAND, GROUP):
        # command -> group -> subcommand, and no deeper
        if depth > (1 if kind == SUBCOMMAND else 0):
            message = "Sub-commands cannot be nested this deeply"
            form.error(f"{path}.type", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)
        _check_options(form, path, option.get("options"), depth=depth + 1)
    elif not isinstance(kind, int) or kind not in range(STRING, ATTACHMENT + 1):
        form.error(f"{path}.type", "BASE_TYPE_CHOICES", "Value must be one of {1..11}.")
    else:
        _check_value_option(form, path, option)


def _check_value_option(form: Form, path: str, option: Json) -> None:
    kind = option["type"]
    choices = form.count(f"{path}.choices", option.get("choices"), 25)
    if choices and (option.get("autocomplete") or kind not in _CHOOSABLE):
        message = "Choices cannot be used here or together with autocomplete"
        form.error(f"{path}.choices", "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", message)
    if option.get("autocomplete") and kind not in _CHOOSABLE:
        message = "Autocomplete is only for strings, integers and numbers"
        form.error(path, "APPLICATION_COMMAND_AUTOCOMPLETE_INVALID", message)
    check_choices(form, f"{path}.choices", choices, kind)
    _check_bounds(form, path, option, kind)


def _check_bounds(form: Form, path: str, option: Json, kind: int) -> None:
    for key, low in (("min_length", 0), ("max_length", 1)):
        form.whole(f"{path}.{key}", option.get(key), low, 6000)
        if option.get(key) is not None and kind != STRING:
            form.error(f"{path}.{key}", "BASE_TYPE_FORBIDDEN", "Only strings have a length.")
    for key in ("min_value", "max_value"):
        value = option.get(key)
        numeric = isinstance(value, (int, float)) and abs(value) <= _WHOLE
        if value is not None and (kind not in (INTEGER, NUMBER) or not numeric):
            message = "Must be a number of at most 2^53, on numbers."
            form.error(f"{path}.{key}", "NUMBER_TYPE_MAX", message)


def check_choices(form: Form, path: str, choices: list[Any], kind: int) -> None:
    """Names of 1 to 100 characters, values of the option's type; strings of at most 100."""
    names: set[str] = set()
    for index, choice in enumerate(choices):
        entry = choice if isinstance(choice, dict) else {}
        form.longer(f"{path}.{index}.name", entry.get("name"), 100, least=1)
        if str(entry.get("name")) in names:
            message = "Option choice names must be unique"
            form.error(f"{path}.{index}.name", "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME", message)
        names.add(str(entry.get("name")))
        value = entry.get("value")
        if kind == STRING:
            form.longer(f"{path}.{index}.value", value, 100, least=1)
        elif not isinstance(value, (int, float)) or abs(value) > _WHOLE:
            form.error(f"{path}.{index}.value", "NUMBER_TYPE_COERCE", "Value is not a number.")


def _weight(node: Json) -> int:
    """Characters of names, descriptions and values; the longest localisation counts."""
    total = 0
    for key in ("name", "description"):
        texts = [str(node.get(key) or ""), *(node.get(f"{key}_localizations") or {}).values()]
        total += max(map(len, texts))
    if isinstance(node.get("value"), str):
        total += len(node["value"])
    children = [*(node.get("options") or []), *(node.get("choices") or [])]
    return total + sum(_weight(child) for child in children if isinstance(child, dict))
