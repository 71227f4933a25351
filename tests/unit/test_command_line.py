"""The command line: subcommands, exit codes, one line for each thing that is wrong."""

import asyncio
import logging
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import ModuleType

import pytest

from bot import __main__ as command_line
from bot.__main__ import main
from bot.clock import SystemClock
from bot.errors import ConfigurationError, Unreachable
from bot.sandbox.page import serve
from bot.sandbox.page.real_images import RealKey
from bot.sandbox.page.serve import PageOptions
from bot.settings import Settings
from bot.store import open_store

ROOT = Path(__file__).parents[2]
TOKEN, KEY = "token-of-the-bot", "sk_0123456789abcdef"

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a developer's .env is not read


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("APIMODELS_API_KEY", KEY)


class Apps:
    """In place of `bot.app`: remembers what it was run with, and ends as it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, outcome: int | BaseException = 0) -> None:
        self.runs: list[tuple[Settings, bool]] = []
        self._outcome = outcome
        module = ModuleType("bot.app")
        module.run = self.run  # type: ignore[attr-defined] # a module is what its attributes are
        monkeypatch.setitem(sys.modules, "bot.app", module)
        monkeypatch.setattr("bot.app", module, raising=False)

    async def run(self, settings: Settings, *, replace_commands: bool) -> int:
        self.runs.append((settings, replace_commands))
        if isinstance(self._outcome, int):
            return self._outcome
        raise self._outcome


def test_run_without_a_token_says_how_to_get_one_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "discord.com/developers" in said.err
    assert "darkroom sandbox" in said.err


def test_run_without_a_key_says_how_to_get_one_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    assert main(["run"]) == 2
    assert capsys.readouterr().err.startswith("APIMODELS_API_KEY is missing")


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(("options", "replace"), [([], False), (["--replace-commands"], True)])
def test_run_hands_the_settings_down_and_its_code_up(
    monkeypatch: pytest.MonkeyPatch, options: list[str], replace: bool
) -> None:
    apps = Apps(monkeypatch, 7)
    assert main(["run", *options]) == 7
    ((settings, replaced),) = apps.runs
    assert (settings.token, replaced) == (TOKEN, replace)


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("error", "code"),
    [(ConfigurationError("PORT is taken."), 2), (Unreachable("Discord is away."), 75)],
)
def test_known_ends_have_their_code_and_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
) -> None:
    Apps(monkeypatch, error)
    assert main(["run"]) == code
    assert capsys.readouterr().err == f"{error}\n"


@pytest.mark.usefixtures("complete")
def test_a_fault_of_ours_is_1_with_a_traceback_that_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Apps(monkeypatch, RuntimeError(f"went wrong with {TOKEN} and {KEY}"))
    assert main(["run"]) == 1
    said = capsys.readouterr().err
    assert "RuntimeError: went wrong with *** and ***" in said
    assert '"level": "critical"' in said


@pytest.mark.usefixtures("complete")
def test_an_interrupt_outside_the_bots_own_handling_is_130(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Apps(monkeypatch, KeyboardInterrupt())
    assert main(["run"]) == 130


def test_every_wrong_setting_is_one_line_and_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "many")
    monkeypatch.setenv("DISCORD_TOKEN", "has blanks in it")
    for command in (["run"], ["check"], ["backup", "copy.db"]):
        assert main(command) == 2
        lines = capsys.readouterr().err.splitlines()
        assert [line.split()[0] for line in lines] == ["DISCORD_TOKEN", "PORT"]


def test_check_says_its_findings_on_standard_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///darkroom.db")
    assert main(["check"]) == 2
    said = capsys.readouterr()
    assert "FAIL  Discord     DISCORD_TOKEN is missing" in said.out
    assert said.err == ""


def test_the_scripted_sandbox_starts_the_bot_with_this_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[tuple[list[str], Path]] = []

    async def run_sandbox(command: list[str], folder: Path, say: object) -> int:
        calls.append((command, folder))
        return 0

    module = ModuleType("bot.sandbox.command")
    module.run_sandbox = run_sandbox  # type: ignore[attr-defined] # as above
    monkeypatch.setitem(sys.modules, "bot.sandbox.command", module)
    assert main(["sandbox", "--script", "--folder", "here"]) == 0
    assert main(["sandbox", "--script"]) == 0
    bot = [sys.executable, "-m", "bot", "run"]
    assert calls == [(bot, Path("here")), (bot, Path("sandbox-pictures"))]


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[PageOptions]:
    """What the page was opened with."""
    calls: list[PageOptions] = []

    async def run_page(command: list[str], options: PageOptions, say: object) -> int:
        assert command == [sys.executable, "-m", "bot", "run"]
        calls.append(options)
        return 0

    monkeypatch.setattr(serve, "run_page", run_page)
    return calls


def test_the_sandbox_opens_the_page(pages: list[PageOptions]) -> None:
    assert main(["sandbox"]) == 0
    settings = ["--set", "COOLDOWN_SECONDS=60", "--set", "log_level=DEBUG"]
    assert main(["sandbox", "--port", "4711", "--no-browser", *settings]) == 0
    plain, told = pages
    assert (plain.port, plain.browser, plain.settings, plain.real) == (0, True, {}, None)
    assert (told.port, told.browser) == (4711, False)
    assert told.settings == {"COOLDOWN_SECONDS": "60", "LOG_LEVEL": "DEBUG"}


def test_the_real_api_needs_a_key(
    pages: list[PageOptions],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["sandbox", "--real-api"]) == 2
    assert capsys.readouterr().err.startswith("APIMODELS_API_KEY is missing")
    monkeypatch.setenv("APIMODELS_API_KEY", KEY)
    assert main(["sandbox", "--real-api"]) == 0
    (options,) = pages
    base = "https://apimodels.app/api/v1"
    assert options.real == RealKey(KEY, base, "gpt-image-2-beta", "*.apimodels.app")
    assert KEY not in repr(options)


def test_the_sandboxs_image_api_needs_no_key_and_has_a_database_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    apps = Apps(monkeypatch)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    assert main(["run", "--sandbox-api"]) == 0
    ((settings, _),) = apps.runs
    assert settings.token == TOKEN
    assert settings.apimodels_base_url.startswith("http://127.0.0.1:")
    assert settings.result_hosts.allows(f"{settings.apimodels_base_url}/x.png")
    assert settings.database_url == "sqlite:///data/darkroom.db.sandbox"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "70000"], "a number from 0 to 65535"),
        (["--port", "many"], "a number from 0 to 65535"),
        (["--set", "COOLDOWN_SECONDS"], "is not NAME=VALUE"),
        (["--script", "--real-api"], "not allowed with"),
    ],
)
def test_wrong_options_of_the_sandbox_are_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["sandbox", *arguments])
    assert caught.value.code == 2
    assert says in capsys.readouterr().err


def test_backup_copies_the_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///darkroom.db")
    assert main(["backup", "copy.db"]) == 2
    assert "there is no database" in capsys.readouterr().err
    asyncio.run(_make_database())
    assert main(["backup", "copy.db"]) == 0
    assert (tmp_path / "copy.db").stat().st_size > 0
    assert capsys.readouterr().out == "The copy is copy.db.\n"
    assert main(["backup", "copy.db"]) == 2


async def _make_database() -> None:
    async with open_store("sqlite:///darkroom.db", SystemClock()):
        pass


def test_version_also_works_uninstalled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(command_line, "version", lambda _: "1.2.3")
    assert main(["version"]) == 0
    monkeypatch.setattr(command_line, "version", missing)
    assert main(["version"]) == 0
    assert capsys.readouterr().out == "darkroom 1.2.3\ndarkroom (not installed)\n"


@pytest.mark.parametrize("arguments", [[], ["paint"], ["run", "--fast"], ["backup"]])
def test_an_unknown_command_or_option_is_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: darkroom" in capsys.readouterr().err


def test_a_line_that_the_terminal_cannot_show_is_said_anyway(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "out").open("w", encoding="cp1252") as file:
        monkeypatch.setattr(sys, "stdout", file)
        command_line._say("a \u2192 b")
    assert (tmp_path / "out").read_text("cp1252") == "a ? b\n"


def test_python_m_bot_is_the_same_program(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 2
    assert process.stdout == ""
    assert len(process.stderr.splitlines()) == 1
    assert process.stderr.startswith("DISCORD_TOKEN is missing")


def test_the_log_is_set_up_before_the_bot_runs(
    monkeypatch: pytest.MonkeyPatch, complete: None
) -> None:
    Apps(monkeypatch)
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    assert main(["run"]) == 0
    assert logging.getLogger().level == logging.ERROR
