"""`darkroom sandbox`: the scripted conversation goes well with the real bot, and only then."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from bot.sandbox.command import run_sandbox
from bot.sandbox.images_tasks import TaskPlan
from bot.sandbox.painter import Look

BOT = [sys.executable, "-m", "bot", "run"]
QUICK = TaskPlan(pending_s=0.1, processing_s=0.4, look=Look(long_edge=256))


class Terminal:
    """Collects what is printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture(autouse=True)
def operators_own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment nor a .env of the operator may reach the sandbox's bot."""
    monkeypatch.setenv("DISCORD_GUILD_ID", "not a number")
    monkeypatch.setenv("POLL_INTERVAL_SECONDS", "never")
    (tmp_path / ".env").write_text("DISCORD_TOKEN=wrong\nLOG_LEVEL=LOUD\n")
    monkeypatch.chdir(tmp_path)


async def test_the_conversation_goes_well_and_shows_every_state(
    tmp_path: Path, terminal: Terminal
) -> None:
    folder = tmp_path / "pictures"
    code = await run_sandbox(BOT, folder, terminal.say, QUICK)
    assert code == 0, terminal.text
    for word in ("(grey)", "(blurple)", "(green)", "(red)", "only for Mia", "Not charged"):
        assert word in terminal.text
    names = ["1-imagine.png", "2-edit.png", "3-fusion.png"]
    assert sorted(path.name for path in folder.glob("*.png")) == names
    for name in names:
        with Image.open(folder / name) as picture:
            picture.load()
        assert str(folder / name) in terminal.text


async def test_an_expectation_that_fails_ends_it_with_one(
    tmp_path: Path, terminal: Terminal
) -> None:
    refused = TaskPlan(pending_s=0, processing_s=0.2, failure=("Upstream is busy", None))
    code = await run_sandbox(BOT, tmp_path, terminal.say, refused)
    assert code == 1
    assert "✗ Not so: it went from pending over processing to completed." in terminal.lines
    assert "its last lines" in terminal.text


async def test_a_bot_that_ends_at_once_is_told_with_its_log(
    tmp_path: Path, terminal: Terminal
) -> None:
    broken = [sys.executable, "-c", "print('no such setting'); raise SystemExit(2)"]
    assert await run_sandbox(broken, tmp_path, terminal.say, QUICK) == 1
    assert "✗ The bot ended with exit code 2." in terminal.lines
    assert "  no such setting" in terminal.lines
