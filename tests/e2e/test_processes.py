"""How the command line ends: exit codes, and the one line that says what to do."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.process import Ended, free_port, run_to_end
from tests.e2e.stage import Stage
from tests.e2e.stage import stage as opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOWHERE = "http://127.0.0.1:9"


def complaint(ended: Ended) -> str:
    """The one line that is no record of the log, without a traceback anywhere."""
    assert "Traceback" not in ended.err
    lines = [line for line in ended.err.splitlines() if not line.startswith("{")]
    (line,) = lines
    return line


async def _run(stage: Stage, folder: Path, **changes: str | None) -> Ended:
    """`darkroom run` in a folder of its own with other settings; None removes one."""
    own = {"DATABASE_URL": f"sqlite:///{folder / 'own.db'}", "PORT": str(free_port())}
    merged: Mapping[str, str | None] = stage.bot.env | own | changes
    settings = {name: value for name, value in merged.items() if value is not None}
    return await run_to_end("run", settings=settings, folder=folder)


@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "APIMODELS_API_KEY"])
async def test_a_missing_secret_is_one_line_that_names_it(
    stage: Stage, tmp_path: Path, name: str
) -> None:
    ended = await _run(stage, tmp_path, **{name: None})
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert complaint(ended).startswith(f"{name} is missing: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://root:hunter2hunter2@db/x"),
        ("COOLDOWN_SECONDS", "soon"),
        ("DISCORD_TOKEN", "two words"),
        ("PUBLIC_URL", "http://darkroom.example.org"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
async def test_a_wrong_setting_is_one_line_without_its_value(
    stage: Stage, tmp_path: Path, name: str, value: str
) -> None:
    ended = await _run(stage, tmp_path, **{name: value})
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert complaint(ended).startswith(f"{name} is not usable: it must be ")
    assert value not in ended.err


async def test_two_wrong_settings_are_two_lines(stage: Stage, tmp_path: Path) -> None:
    ended = await _run(stage, tmp_path, PORT="many", COOLDOWN_SECONDS="soon")
    assert ended.code == 2
    assert [line.split()[0] for line in ended.err.splitlines()] == ["PORT", "COOLDOWN_SECONDS"]


async def test_half_of_discords_addresses_are_refused(stage: Stage, tmp_path: Path) -> None:
    ended = await _run(stage, tmp_path, DISCORD_GATEWAY_URL=None)
    assert ended.code == 2
    assert "DISCORD_API_URL and DISCORD_GATEWAY_URL must be set together" in complaint(ended)


async def test_a_token_that_discord_refuses_ends_with_what_to_do(
    stage: Stage, tmp_path: Path
) -> None:
    token = "MTIz.not-the-right-one"
    ended = await _run(stage, tmp_path, DISCORD_TOKEN=token)
    assert ended.code == 2
    assert complaint(ended).startswith("DISCORD_TOKEN is refused by Discord: ")
    assert token not in ended.err


async def test_a_database_in_use_ends_with_what_to_do(stage: Stage, tmp_path: Path) -> None:
    ended = await _run(stage, tmp_path, DATABASE_URL=stage.bot.env["DATABASE_URL"])
    assert ended.code == 2
    assert complaint(ended).startswith("DATABASE_URL: another Darkroom process is using ")


async def test_a_port_in_use_ends_with_what_to_do(stage: Stage, tmp_path: Path) -> None:
    ended = await _run(stage, tmp_path, PORT=stage.bot.env["PORT"])
    assert ended.code == 2
    assert "cannot listen there" in complaint(ended)
    assert complaint(ended).endswith("choose another PORT.")


async def test_a_gateway_that_refuses_for_good_ends_the_bot_with_what_to_do(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as one:
        await one.discord.gateway.close(4014)
        assert await one.bot.wait() == 2
        assert "4014" in str(one.bot.lines[-1])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def idle(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Both stand-ins and no bot."""
    async with opened(tmp_path_factory.mktemp("idle"), started=False) as one:
        yield one


async def _check(stage: Stage, folder: Path, **changes: str) -> Ended:
    return await run_to_end("check", settings=stage.bot.env | changes, folder=folder)


async def test_a_check_before_the_first_start_says_what_is_right(
    idle: Stage, tmp_path: Path
) -> None:
    ended = await _check(idle, tmp_path)
    assert ended.code == 0, ended
    findings = _findings(ended)
    assert findings["token"].startswith(f"darkroom, application {idle.discord.application_id}")
    assert findings["API key"] == f"right, at {idle.api.base_url}"
    assert findings["balance"] == "$100.00, 1,666 pictures"
    assert findings["model"] == "gpt-image-2-beta, $0.06 a picture"
    assert findings["commands"] == "changed: the next start registers them"
    assert findings["servers"] == "1 with every permission that is needed"
    assert findings["database"].endswith("will be made at the first start")
    assert f"client_id={idle.discord.application_id}" in findings["invite"]
    assert "scope=bot+applications.commands" in findings["invite"]
    _tells_no_secret(idle, ended)
    # It cost nothing, and changed nothing anywhere.
    assert not any(entry.charged or entry.task_id for entry in idle.api.ledger)
    assert not any(route.startswith(("PUT", "POST", "PATCH")) for route in idle.discord.wire.counts)
    assert not Path(idle.bot.env["DATABASE_URL"].removeprefix("sqlite:///")).exists()


async def test_a_check_beside_the_running_bot_finds_it(stage: Stage, tmp_path: Path) -> None:
    ended = await _check(stage, tmp_path)
    assert ended.code == 0, ended
    findings = _findings(ended)
    assert findings["commands"].startswith("registered: ")
    assert findings["database"].endswith("can be written")
    assert findings["PUBLIC_URL"] == f"{stage.bot.env['PUBLIC_URL']} leads to a running Darkroom"
    _tells_no_secret(stage, ended)


async def test_a_check_says_what_is_wrong_and_what_to_do(idle: Stage, tmp_path: Path) -> None:
    idle.api.models.pop("gpt-image-2-beta", None)
    ended = await _check(idle, tmp_path, DISCORD_TOKEN="MTIz.not-the-right-one")
    assert ended.code == 2
    assert "DISCORD_TOKEN is not known to Discord" in ended.out
    assert "gpt-image-2-beta is not offered any more" in ended.out
    wrong = await _check(idle, tmp_path, APIMODELS_API_KEY="sk_not_the_right_one")
    assert wrong.code == 2
    assert "the image API does not know it" in wrong.out
    assert "Traceback" not in ended.err + wrong.err


async def test_a_check_without_discord_ends_with_a_code_for_supervisors(
    idle: Stage, tmp_path: Path
) -> None:
    ended = await _check(idle, tmp_path, DISCORD_API_URL=f"{NOWHERE}/api/v10")
    assert ended.code == 75
    assert "Traceback" not in ended.err


async def test_an_unreachable_discord_ends_with_a_code_for_supervisors(
    unreachable: Ended,
) -> None:
    """It was started first of all, and has tried for half a minute."""
    assert unreachable.code == 75
    assert complaint(unreachable).startswith("Discord cannot be reached: Cannot connect to host")
    tries = [json.loads(line) for line in unreachable.err.splitlines() if line.startswith("{")]
    assert sum(line["event"] == "discord is out of reach" for line in tries) >= 4


async def test_the_sandbox_plays_its_conversation_without_any_setting(sandbox: Ended) -> None:
    """It was started first of all, as `python -m bot sandbox` with nothing set."""
    assert sandbox.code == 0, sandbox
    assert "Traceback" not in sandbox.err
    for word in ("/imagine", "/edit", "/fuse", "(green)", "(red)", "Next picture", "policy"):
        assert word in sandbox.out
    assert "✗" not in sandbox.out


def _findings(ended: Ended) -> dict[str, str]:
    """What each finding says, by its name."""
    lines = [line for line in ended.out.splitlines() if not line.startswith(" ")]
    return {line[6:17].strip(): line[18:] for line in lines}


def _tells_no_secret(stage: Stage, ended: Ended) -> None:
    for secret in (stage.discord.token, stage.api.key):
        assert secret not in ended.out + ended.err
