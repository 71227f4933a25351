"""The operator's commands, on the database of a bot that runs."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.clock import SystemClock
from bot.store import SqlStore, open_store
from tests.store.asking import ANA, GUILD, admit, answer, ready, request

URL = "sqlite:///darkroom.db"

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a developer's .env is not read
    monkeypatch.setenv("DATABASE_URL", URL)


class Running:
    """A bot's store, open and locked in this process while commands run."""

    def __init__(self, runner: asyncio.Runner, store: SqlStore) -> None:
        self.runner = runner
        self.store = store


@pytest.fixture
def running() -> Iterator[Running]:
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        opening = open_store(URL, SystemClock())
        store = runner.run(opening.__aenter__())
        stack.callback(lambda: runner.run(opening.__aexit__(None, None, None)))
        yield Running(runner, store)


def paused(running: Running) -> bool:
    usage, _ = running.runner.run(running.store.houses.judged(ANA, GUILD))
    return usage.paused


def test_pause_and_resume_reach_the_running_bot(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pause"]) == 0
    assert paused(running)
    assert main(["usage"]) == 0
    assert main(["resume"]) == 0
    assert not paused(running)
    said = capsys.readouterr().out
    assert "Paused: no new picture is taken on." in said
    assert "paused: yes; `darkroom resume` goes on" in said


def test_block_and_unblock_reach_the_running_bot(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["block", str(GUILD)]) == 0
    assert running.runner.run(running.store.houses.blocked_servers()) == [GUILD]
    assert main(["usage"]) == 0
    assert f"blocked servers: {GUILD}" in capsys.readouterr().out
    assert main(["unblock", str(GUILD)]) == 0
    assert running.runner.run(running.store.houses.blocked_servers()) == []


def test_usage_tells_pictures_money_failures_and_the_month(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> None:
        await ready(running.store)
        await answer(running.store, await admit(running.store))

    running.runner.run(work())
    assert main(["usage"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "today: 1 picture, $0.012"
    assert lines[3] == "this month: $0.012 of $25.00, 1 waiting"


def test_export_prints_one_object_a_line(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    running.runner.run(ready(running.store))
    running.runner.run(ready(running.store, request(person_id=ANA + 1)))
    running.runner.run(
        running.store.houses.change_house_rules(
            GUILD, ANA, "Reset", lambda _: "told", lambda rules: type(rules)(spoiler=True)
        )
    )
    assert main(["export"]) == 0
    kept = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [next(iter(one)) for one in kept] == ["server", "person", "person"]
    assert main(["export", "--person", str(ANA)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["pictures"][0]["prompt"] == "a cat and a dog"


@pytest.mark.parametrize(
    "command", [["usage"], ["pause"], ["resume"], ["block", "7"], ["unblock", "7"], ["export"]]
)
def test_without_a_database_one_line_says_so_and_none_is_made(
    command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(command) == 2
    assert "there is no database" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_another_version_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "darkroom.db").touch()
    assert main(["pause"]) == 2
    assert "of another version" in capsys.readouterr().err
    assert (tmp_path / "darkroom.db").stat().st_size == 0


@pytest.mark.parametrize("server", ["x", "0", "-7", "9223372036854775808", "7" * 5000, "\u0667"])
def test_a_server_that_is_no_id_is_refused(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["block", "--", server]) == 2
    assert main(["export", f"--person={server}"]) == 2
    assert capsys.readouterr().err.count("an id of Discord's") == 2
