"""What README and .env.example say is what the program does."""

import re
import shlex
from decimal import Decimal
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.catalogue import MODELS
from bot.check.on_discord import our_commands
from bot.models import State
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLE = ROOT / ".env.example"
NAMES = {field.upper() for field in Settings.model_fields}
BLOCKS = re.findall(r"(?m)^ {4,}(\S.*)$", README)
SPOKEN = BLOCKS + re.findall(r"`([^`\n]+)`", README)


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    lines = re.findall(r"(?m)^\| (.+) \|$", section(title))
    return [[cell.strip() for cell in line.split(" | ")] for line in lines[1:]]


def test_the_readmes_table_has_every_setting_and_no_other() -> None:
    assert [name for name, _, _ in rows("Configuration")] == [
        field.upper() for field in Settings.model_fields
    ]


def test_the_readmes_defaults_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults = Settings.from_env(None)
    for name, default, _ in rows("Configuration"):
        if default == "-":
            assert getattr(defaults, name.lower()) is None
        else:
            monkeypatch.setenv(name, default)
    assert Settings.from_env(None) == defaults


def test_the_example_file_names_every_setting_once_and_no_other() -> None:
    names = re.findall(r"(?m)^(?:# )?([A-Z_]+)=", EXAMPLE.read_text("utf-8"))
    assert sorted(names) == sorted(NAMES)


def test_the_example_file_changes_nothing_as_it_stands() -> None:
    assert Settings.from_env(EXAMPLE) == Settings.from_env(None)


def test_the_example_files_values_are_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    lines = re.findall(r"(?m)^(?:# )?([A-Z_]+=.*)$", EXAMPLE.read_text("utf-8"))
    file.write_text("\n".join(lines), "utf-8")
    assert Settings.from_env(file) == Settings.from_env(None)
    without_default = {line[:-1] for line in lines if line.endswith("=")}
    unset = {name for name in NAMES if getattr(Settings.from_env(None), name.lower()) is None}
    assert without_default == unset


def test_every_setting_of_the_example_file_is_explained() -> None:
    paragraphs = EXAMPLE.read_text("utf-8").split("\n\n")
    for paragraph in paragraphs:
        lines = paragraph.splitlines()
        settings = [line for line in lines if re.match(r"(# )?[A-Z_]+=", line)]
        notes = [line for line in lines if line not in settings and line.strip("# -")]
        assert bool(settings) <= bool(notes), paragraph


def test_the_readme_tells_the_prices_of_the_catalogue() -> None:
    costs = section("What a picture costs")
    default = Settings.from_env(None).apimodels_model
    assert f"**${Decimal(MODELS[default].price_micro_usd) / 1_000_000}**" in costs
    for model in MODELS.values():
        assert f"${Decimal(model.price_micro_usd) / 1_000_000}" in costs
        assert f"`{model.name}`" in costs


def test_the_readme_tells_every_state_of_a_picture() -> None:
    assert [state for state, _ in rows("How a picture lives")] == list(State)


@pytest.mark.parametrize("command", sorted({text for text in SPOKEN if text.startswith("make ")}))
def test_every_make_command_of_the_readme_exists(command: str) -> None:
    target = command.split()[1]
    assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text("utf-8"))


def darkroom_commands() -> list[str]:
    """Everything after `darkroom`, `python -m bot` or the container's name in the README."""
    starts = r"^(?:\.venv/bin/darkroom|darkroom|py(?:thon)? -m bot|docker run .* darkroom) (.+)$"
    found = (re.match(starts, text) for text in SPOKEN)
    return sorted({match[1] for match in found if match})


@pytest.mark.parametrize("command", darkroom_commands())
def test_every_darkroom_command_of_the_readme_exists(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*shlex.split(command), "--help"])
    assert caught.value.code == 0
    assert f"usage: darkroom {command.split()[0]}" in capsys.readouterr().out


def test_the_readme_names_every_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    offered = set(re.findall(r"(?m)^    (\w+) ", capsys.readouterr().out))
    assert offered == {command.split()[0] for command in darkroom_commands()}


def test_every_option_in_the_readme_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for row in rows("Command line"):
        with pytest.raises(SystemExit):
            main([row[0].strip("`").split()[1], "--help"])
        offered = capsys.readouterr().out
        assert all(option in offered for option in re.findall(r"--[a-z-]+", row[1]))


async def test_the_readmes_commands_in_discord_are_those_that_are_registered() -> None:
    spoken = [row[0] for row in rows("Commands in Discord")]
    told = {}
    for name, *options in (one.strip("`").split() for one in spoken if one[0] == "`"):
        told[name] = options
    commands = our_commands(Settings.from_env(None))
    registered = {
        f"/{command['name']}": [option["name"] for option in command["options"]]
        for command in commands
        if command["type"] == 1
    }
    menus = [command["name"] for command in commands if command["type"] == 3]
    assert [one.partition(" in ")[0].strip("*") for one in spoken if one[0] == "*"] == menus
    assert told.keys() == registered.keys()
    for name, options in registered.items():
        shortened = [*options[:3], "...", *options[-2:]] if len(options) > 5 else options
        assert told[name] == shortened
